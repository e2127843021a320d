"""A topic is its folder under `data/`: what it declares, and how its forms begin, go on and end.

Read by the model's training (`components/topic_importer.py`) and by the action server; needs neither Rasa nor its SDK.
"""
