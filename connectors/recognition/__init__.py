"""What pictures and recordings say, read in a process of its own: Rasa's stays as small as it is, and survives what kills a decoder."""
