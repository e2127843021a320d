"""What a message means where it is said: `context + message → commands`, in YAML, read by the newest model without servers.

`cases.py` reads the files and says what they may hold; `test_understanding.py` asks the model. A file named `…_unseen.yml` is
written apart and never looked at while tuning: its figure is printed apart.
"""
