"""What a text is made of, for each of the sparse parts: counted, hashed signs.

A sign's number is the CRC of its letters, cut to `BUCKETS`: no vocabulary is kept, so a new word costs
nothing, and the
same text gives the same numbers in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.concepts import concepts, words
from backoffice.knowledge.search.pinyin import syllables

BUCKETS = 1 << 18
_MASK = BUCKETS - 1

Counts = tuple[NDArray[np.int32], NDArray[np.uint8]]
"""Numbers of signs, rising, and how often each stands in the text."""


def characters(text: str) -> Iterator[str]:
    """Runs of one to three characters."""
    bare = text.replace(" ", "")
    for size in (1, 2, 3):
        for start in range(len(bare) - size + 1):
            yield bare[start : start + size]


def sounds(text: str) -> Iterator[str]:
    """Runs of one to three syllables."""
    told = syllables(text)
    for size in (1, 2, 3):
        for start in range(len(told) - size + 1):
            yield " ".join(told[start : start + size])


def spoken_words(text: str) -> Iterator[str]:
    """jieba's words as they stand, and the concepts that they name."""
    yield from words(text)
    yield from concepts().marks(text)


def meanings(text: str) -> Iterator[str]:
    """Concepts, their kinds, and the words of the text with every known word written in the one way."""
    told = concepts()
    yield from told.marks(text)
    yield from words(told.canonical(text))


PARTS: dict[str, Callable[[str], Iterator[str]]] = {
    "characters": characters,
    "sounds": sounds,
    "words": spoken_words,
    "meanings": meanings,
}
"""The sparse parts. `words` is weighed by BM25, the others by TF-IDF."""


def counts(part: str, text: str) -> Counts:
    """The hashed signs of a normalised text."""
    found = Counter(crc32(sign.encode()) & _MASK for sign in PARTS[part](text))
    numbers = np.fromiter(sorted(found), np.int32, len(found))
    often = np.fromiter((min(found[int(number)], 255) for number in numbers), np.uint8, len(found))
    return numbers, often
