"""One sparse part over all texts: rows of hashed signs, weighed by TF-IDF (cosine) or BM25.

Only raw counts are kept; weights follow from how common a sign is, so that a text that comes or goes
changes nothing
of the other rows.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.grams import BUCKETS, Counts

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
    """Similarities between a question and spans of rows, and a first look over all entries."""

    def __init__(self, name: str, rows: Rows) -> None:
        self.name = name
        self.rows = rows
        self._bm25 = name == "words"
        texts = len(rows.starts) - 1
        common = np.bincount(rows.numbers, minlength=BUCKETS).astype(np.float32)
        often = rows.often.astype(np.float32)
        row = np.repeat(np.arange(texts), np.diff(rows.starts))
        if self._bm25:
            self.idf = np.log1p((texts - common + 0.5) / (common + 0.5)).astype(np.float32)
            lengths = _sums(often, rows.starts)
            norms = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()) if texts else 1.0, 1e-6))
            weights = often * (_K1 + 1) / (often + norms[row])
        else:
            self.idf = (np.log((1 + texts) / (1 + common)) + 1).astype(np.float32)
            weights = (1 + np.log(often)) * self.idf[rows.numbers]
            norms = np.maximum(np.sqrt(_sums(weights * weights, rows.starts)), 1e-6)
            weights = weights / norms[row]
        self.weights = weights.astype(np.float16)
        """Of every sign of every row."""

    def weigh(self, told: Counts) -> NDArray[np.float32]:
        """A question's weights, one for each of its signs."""
        numbers, often = told
        if self._bm25:
            return np.asarray(self.idf[numbers] * (1 / _BM25_SCALE), np.float32)
        weights = (1 + np.log(often.astype(np.float32))) * self.idf[numbers]
        length = float(np.linalg.norm(weights))
        return np.asarray(weights / length if length else weights, np.float32)

    def similarities(self, told: Counts, spans: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """Of a question to the rows of the spans (first row, row after the last), in their order."""
        starts = self.rows.starts
        cuts = [slice(int(starts[first]), int(starts[last])) for first, last in spans]
        numbers = np.concatenate([self.rows.numbers[cut] for cut in cuts])
        weights = np.concatenate([self.weights[cut] for cut in cuts])
        asked = _weights_of_signs()
        asked[told[0]] = self.weigh(told)
        shares = asked[numbers] * weights
        asked[told[0]] = 0
        lengths = np.concatenate([np.diff(starts[first : last + 1]) for first, last in spans])
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        return _sums(shares, ends)


class FirstLook:
    """Which entries share a part's signs with a question: an inverted index, an entry's best row by
    each sign."""

    def __init__(self, part: SparsePart, owners: NDArray[np.int64], entries: int) -> None:
        self._part = part
        self._entries = entries
        rows = part.rows
        owner = owners[np.repeat(np.arange(len(rows.starts) - 1), np.diff(rows.starts))]
        order = np.lexsort((-part.weights, owner, rows.numbers))
        numbers, owner = rows.numbers[order], owner[order]
        fresh = np.ones(len(order), bool)
        fresh[1:] = (numbers[1:] != numbers[:-1]) | (owner[1:] != owner[:-1])
        self._owners = owner[fresh].astype(np.int32)
        self._weights = part.weights[order][fresh]
        self._starts = np.searchsorted(numbers[fresh], np.arange(BUCKETS + 1)).astype(np.int32)

    def scores(self, told: Counts) -> NDArray[np.float32]:
        """One for each entry."""
        weights = self._part.weigh(told)
        cuts = [slice(int(self._starts[n]), int(self._starts[n + 1])) for n in told[0]]
        if not cuts:
            return np.zeros(self._entries, np.float32)
        owners = np.concatenate([self._owners[cut] for cut in cuts])
        shares = np.concatenate(
            [
                self._weights[cut].astype(np.float32) * weight
                for cut, weight in zip(cuts, weights, strict=True)
            ]
        )
        return np.bincount(owners, shares, minlength=self._entries).astype(np.float32)


_of_thread = threading.local()


def _weights_of_signs() -> NDArray[np.float32]:
    """A megabyte of zeros, one in each thread: who writes into it, cleans it."""
    if not hasattr(_of_thread, "weights"):
        _of_thread.weights = np.zeros(BUCKETS, np.float32)
    weights: NDArray[np.float32] = _of_thread.weights
    return weights


def _sums(values: NDArray[np.floating[Any]], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    running = np.concatenate([np.zeros(1), np.cumsum(values, dtype=np.float64)])
    return np.asarray(running[starts[1:]] - running[starts[:-1]], np.float32)
