"""Live conversations: scripts in YAML, one file a topic, played over REST against the three real processes.

`scripts.py` reads them and says what they may hold; `test_live.py` plays them, each as one test.
"""
