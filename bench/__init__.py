"""Measures the assistant beside Rasa's default recipe: see README.md."""
