"""Starts Lingxi: the first `.env`, the model, and the three processes of the Procfile."""
