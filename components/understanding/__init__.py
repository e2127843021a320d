"""Reads a message against the talk: what was just spoken of, asked and offered."""
