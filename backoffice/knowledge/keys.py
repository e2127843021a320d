"""What an entry's key looks like; apart from the rest, so that readers of files need nothing else."""

KEY = r"^[a-z0-9][a-z0-9._-]{0,79}$"
