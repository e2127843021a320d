"""From a message and the conversation before it to a short list of checked commands (docs/adr/0017)."""
