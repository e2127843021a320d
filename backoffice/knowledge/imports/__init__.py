"""Reading documents into proposed entries: files → proposals (`reading`) → a plan for the store (`plan`)."""
