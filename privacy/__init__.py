"""Masks personal data in customers' messages.

    >>> mask("我叫李建国，电话13812345678")
    '我叫李**，电话138****5678'

Standard library only, and nothing else of this project: everything that logs, stores or shows messages may import it.
Work is proportional to the length of the text, whatever the text.
"""

from __future__ import annotations

from privacy.engine import scan
from privacy.forms import masked
from privacy.spans import TYPES, Span

__all__ = ["TYPES", "Span", "find", "kept", "mask"]

_CALLED_BACK = frozenset({"phone", "email"})


def mask(text: str) -> str:
    """The text with the hidden part of every value replaced by `*`; same length, and masking it again changes nothing."""
    return scan(text).text


def kept(text: str) -> str:
    """The text as people's records keep it: as `mask`, but for the number or address at which somebody wants to be answered."""
    for span in reversed(scan(text).spans):
        if span.type not in _CALLED_BACK:
            text = text[: span.start] + masked(span.type, text[span.start : span.end]) + text[span.end :]
    return text


def find(text: str) -> tuple[Span, ...]:
    """Where the values stand, in order, never overlapping."""
    return scan(text).spans
