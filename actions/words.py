"""Which variant of a response the customer's words call for, and how an action opens a form.

A designer writes the words beside the wording: regular expressions in a response's `metadata: {words: [...]}`.
The longest match wins.
"""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import ActiveLoop, EventType, SlotSet

from actions.base import REQUESTED_SLOT, Turn


def variant_meant(turn: Turn, response: str, text: str, key: str = "words") -> str:
    """The variant of `response` whose words fit best; empty where none does."""
    best, length = "", 0
    for name in turn.domain.get("responses") or {}:
        if name.startswith(f"{response}_"):
            for words in metadata(turn, name).get(key) or []:
                found = re.search(words, text, re.IGNORECASE)
                if found and len(found[0]) > length:
                    best, length = name[len(response) + 1 :], len(found[0])
    return best


def fits(turn: Turn, response: str, text: str) -> bool:
    """Whether one of a response's own words is in the text."""
    return any(re.search(words, text, re.IGNORECASE) for words in metadata(turn, response).get("words") or [])


def metadata(turn: Turn, response: str) -> dict[str, Any]:
    """What stands beside a response's wording."""
    variants = (turn.domain.get("responses") or {}).get(response) or [{}]
    return dict(variants[0].get("metadata") or {})


def opened(form: str, slot: str) -> list[EventType]:
    """Events that open a form out of an action: it then asks for its slot in the same turn."""
    return [SlotSet(REQUESTED_SLOT, None), SlotSet(slot, None), ActiveLoop(form)]
