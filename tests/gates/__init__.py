"""Accuracy gates: what the newest model understands, against thresholds.yml. `make gate`."""
