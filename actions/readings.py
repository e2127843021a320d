"""What a customer's words say beyond their intent and entities: which kind of invoice, which trouble with a payment.

The words are in `readings.yml`, so that a new way of saying something needs no training.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actions.base import Turn

_FILE = Path(__file__).with_name("readings.yml")


def words(turn: Turn) -> str:
    """What was typed, with half-width signs; empty where a button was pressed."""
    return unicodedata.normalize("NFKC", turn.typed).strip()


def reading(name: str, text: str) -> str | None:
    """The first value of `name` whose words the text has."""
    for value, patterns in _compiled()[name].items():
        if any(pattern.search(text) for pattern in patterns):
            return str(value)
    return None


def captured(name: str, text: str) -> str | None:
    """The part of the text that stands where `name` would."""
    for pattern in _compiled()[name]:
        if match := pattern.search(text):
            return str(match[1])
    return None


def place(name: str, text: str) -> tuple[int, int]:
    """Where in the text stands what `name` captures; all of it where nothing does."""
    match = next(filter(None, (pattern.search(text) for pattern in _compiled()[name])), None)
    return match.span(1) if match else (0, len(text))


def patterns(name: str) -> dict[str, list[re.Pattern[str]]]:
    """The patterns of each value of `name`."""
    return dict(_compiled()[name])


@cache
def _compiled() -> dict[str, Any]:
    told = yaml.safe_load(_FILE.read_text("utf-8"))
    return {
        name: _patterns(values)
        if isinstance(values, list)
        else {value: _patterns(patterns) for value, patterns in values.items()}
        for name, values in told.items()
    }


def _patterns(patterns: list[str]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in patterns]
