"""Choosing one of several: by its button, by its place in the list, by its number's end or by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from actions.base import Button, Turn, button

T = TypeVar("T")
SHORTEST = 2  # so many characters name something


def option(entity: str, value: Any, *title: Any, intent: str = "chat_inform", **more: Any) -> Button:
    """A button that picks one thing: its title is these words, its payload `/intent{"entity": value, …}`."""
    return button(" ".join(str(word) for word in title), intent, json.dumps({entity: value, **more}))


def chosen(
    turn: Turn, titles: Mapping[T, str], pressed: Any = None, words: str | None = None, ends: Mapping[T, str] | None = None
) -> T | None:
    """Which of the offered is meant, as they stood in the list; None where it is not clear.

    `titles`: what each is called; `pressed`: what the button's entity says; `words`: what was typed, if not the whole
    message; `ends`: numbers by whose last digits they may be named too.
    """
    one = pushed(titles, pressed)
    if one is None:
        one = placed(turn, list(titles))
    return one if one is not None else named(turn.typed if words is None else words, titles, ends)


def pushed(titles: Mapping[T, Any], pressed: Any) -> T | None:
    """The one whose button was pressed."""
    return next((key for key in titles if pressed is not None and str(key) == str(pressed)), None)


def placed(turn: Turn, keys: Sequence[T]) -> T | None:
    """The one at the place that was said: the second, the last but one."""
    ordinal = turn.entity("ordinal")
    place = int(ordinal) if ordinal is not None else 0
    return keys[place - (place > 0)] if 0 < abs(place) <= len(keys) else None


def named(words: str, titles: Mapping[T, str], ends: Mapping[T, str] | None = None) -> T | None:
    """The only one whose title holds the words, or whose number ends with them."""
    if len(words) < SHORTEST:
        return None
    ends = ends or {}
    fitting = [key for key, title in titles.items() if words in title or ends.get(key, "").endswith(words)]
    return fitting[0] if len(fitting) == 1 else None


def closest(words: str, titles: Mapping[T, str]) -> T | None:
    """The one whose title shares a longer run of characters with the words than any other's: two at least."""
    shared = {key: _shared(words, title) for key, title in titles.items()}
    longest = max(shared.values(), default=0)
    fitting = [key for key, length in shared.items() if length == longest]
    return fitting[0] if longest >= SHORTEST and len(fitting) == 1 else None


def _shared(words: str, title: str) -> int:
    """Length of the longest run of characters that both share."""
    best = 0
    for start in range(len(words)):
        while words[start : start + best + 1] in title and start + best < len(words):
            best += 1
    return best
