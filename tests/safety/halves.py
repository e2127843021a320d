"""Sentences that measure danger, anger and masking, each set in two halves; `…_fresh` were written before the last tuning,
by who tuned, the others by other hands.

Errors are looked at in one half only (`seen`: the first byte of the sentence's SHA-256 is even); the other (`apart`) gives
figures and is never read. A figure of the first alone says how well it was learned by heart.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from privacy import find

FOLDER = Path(__file__).parent
HALVES = ("seen", "apart")


def half(text: str) -> str:
    """Which half a sentence is in."""
    return HALVES[hashlib.sha256(text.encode()).digest()[0] % 2]


def lines(name: str) -> list[str]:
    """The first column of a set's rows."""
    rows = (FOLDER / name).read_text("utf-8").splitlines()
    return [row.split("\t")[0] for row in rows if row.strip() and not row.startswith("#")]


def share(texts: Iterable[str], which: str, held: Callable[[str], bool]) -> float:
    """The share of a half for which it holds."""
    told = [held(text) for text in texts if half(text) == which]
    return sum(told) / len(told)


def masked(name: str, which: str) -> Iterator[float]:
    """The share of values hidden, then that of sentences without values that were touched all the same."""
    rows = [row.split("\t", 1) for row in (FOLDER / name).read_text("utf-8").splitlines() if "\t" in row]
    mine = [(text, _values(values)) for text, values in rows if half(text) == which and not text.startswith("#")]
    values = [_hidden(text, value) for text, told in mine for value in told]
    clean = [bool(find(text)) for text, told in mine if not told]
    yield sum(values) / len(values)
    yield sum(clean) / len(clean)


def _values(told: str) -> list[str]:
    """A JSON list, or values with bars between them."""
    return list(json.loads(told)) if told.startswith("[") else [value for value in told.split("|") if value]


def _hidden(text: str, value: str) -> bool:
    hidden = {at for span in find(text) for at in range(span.start, span.end)}
    starts = (at for at in range(len(text)) if text.startswith(value, at))
    return any(all(at in hidden or text[at] in " -" for at in range(start, start + len(value))) for start in starts)
