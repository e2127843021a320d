"""From a Rasa tracker store to decisions: collects, cleans, measures and reports conversations."""
