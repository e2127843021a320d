"""What the figures mean: each module answers one question of an analyst from plain data frames, and reads nothing."""
