"""One sparse part over all texts: rows of hashed signs, weighed by TF-IDF (cosine) or BM25.

Only raw counts are kept; weights follow from how common a sign is, so that a text that comes or goes changes nothing
of the other rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.grams import BUCKETS, Counts, counts

_K1, _B = 1.2, 0.75
_BM25_SCALE = 20.0
"""Brings BM25's sums near to the cosines of the other parts."""


@dataclass(frozen=True)
class Rows:
    """Counts of many texts: row `i` is `numbers[starts[i]:starts[i + 1]]`."""

    starts: NDArray[np.int64]
    numbers: NDArray[np.int32]
    often: NDArray[np.uint8]

    def one(self, row: int) -> Counts:
        """The counts of one text."""
        span = slice(int(self.starts[row]), int(self.starts[row + 1]))
        return self.numbers[span], self.often[span]


def rows_of(told: Sequence[Counts]) -> Rows:
    """Puts texts' counts after one another."""
    lengths = np.fromiter((len(numbers) for numbers, _ in told), np.int64, len(told))
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    if not told:
        return Rows(starts, np.zeros(0, np.int32), np.zeros(0, np.uint8))
    return Rows(
        starts, np.concatenate([numbers for numbers, _ in told]), np.concatenate([often for _, often in told])
    )


class SparsePart:
    """Similarities between a question and chosen rows."""

    def __init__(self, name: str, rows: Rows) -> None:
        self.name = name
        self.rows = rows
        self._bm25 = name == "words"
        texts = len(rows.starts) - 1
        common = np.bincount(rows.numbers, minlength=BUCKETS).astype(np.float32)
        if self._bm25:
            self.idf = np.log1p((texts - common + 0.5) / (common + 0.5)).astype(np.float32)
            lengths = _sums(rows.often.astype(np.float32), rows.starts)
            average = float(lengths.mean()) if texts else 1.0
            self._norms = (_K1 * (1 - _B + _B * lengths / max(average, 1e-6))).astype(np.float32)
        else:
            self.idf = (np.log((1 + texts) / (1 + common)) + 1).astype(np.float32)
            self._norms = self._lengths()

    def _lengths(self) -> NDArray[np.float32]:
        squares = (1 + np.log(self.rows.often.astype(np.float32))) * self.idf[self.rows.numbers]
        return np.maximum(np.sqrt(_sums(squares * squares, self.rows.starts)), 1e-6).astype(np.float32)

    def weigh(self, told: Counts) -> NDArray[np.float32]:
        """A question's weights, one for each of its signs."""
        numbers, often = told
        if self._bm25:
            return self.idf[numbers] * (1 / _BM25_SCALE)
        weights = (1 + np.log(often.astype(np.float32))) * self.idf[numbers]
        length = float(np.linalg.norm(weights))
        return weights / length if length else weights

    def question(self, text: str) -> Counts:
        """The counts of a normalised question."""
        return counts(self.name, text)

    def similarities(self, told: Counts, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of a question to the given rows, in their order."""
        starts, ends = self.rows.starts[rows], self.rows.starts[rows + 1]
        lengths = ends - starts
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        places = np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
        numbers = self.rows.numbers[places]
        # Only signs of the question count; most of a row's are not.
        asked = told[0]
        found = np.searchsorted(asked, numbers)
        np.minimum(found, max(len(asked) - 1, 0), out=found)
        hit = np.flatnonzero(asked[found] == numbers) if len(asked) else np.zeros(0, np.int64)
        weights = self.weigh(told)[found[hit]] if len(hit) else np.zeros(0, np.float32)
        row = np.repeat(np.arange(len(rows)), lengths)[hit]
        often = self.rows.often[places[hit]].astype(np.float32)
        if self._bm25:
            weights = weights * often * (_K1 + 1) / (often + self._norms[rows[row]])
        else:
            weights = weights * (1 + np.log(often)) * self.idf[numbers[hit]] / self._norms[rows[row]]
        return np.bincount(row, weights, minlength=len(rows)).astype(np.float32)


def _sums(values: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    running = np.concatenate([np.zeros(1), np.cumsum(values, dtype=np.float64)])
    return (running[starts[1:]] - running[starts[:-1]]).astype(np.float32)
