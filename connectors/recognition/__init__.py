"""What pictures and recordings say. Read in a process of its own: Rasa's stays small, and survives what kills a decoder."""
