"""The trained assistant as a customer meets it: Rasa in this process, its actions too, over a shop in memory."""
