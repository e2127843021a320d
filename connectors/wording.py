"""What the channels themselves say to customers: the texts of wording.yml, by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


def say(text: str, /, **values: Any) -> str:
    """The text of this name, filled in. Raises KeyError."""
    return _texts()[text].format(**values)


@cache
def _texts() -> dict[str, str]:
    read: dict[str, str] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))
    return read
