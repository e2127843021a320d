"""What dialects say, in the common speech: `data/lexicon/dialects.yml`, meaning → what is said, regular expressions.

Of a normalised text. The first that fits at a place is taken; doing it again changes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from rasa.shared.utils.io import read_yaml_file

FILE = Path(__file__).resolve().parents[1] / "data" / "lexicon" / "dialects.yml"


def read(path: Path = FILE) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """A pattern of all that is said, and the meanings: group n of the pattern says meaning n - 1. Without a file nothing is."""
    told = read_yaml_file(path)["dialects"] if path.is_file() else {}
    said = "|".join(f"({'|'.join(each)})" for each in told.values())
    return re.compile(said or "(?!)"), tuple(told)
