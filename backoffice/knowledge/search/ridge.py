"""A linear reading of each entry, learned from its texts: which numbers of a sentence speak for it and
not for others.

Ridge regression from a row of numbers to "is this entry's", solved in closed form. It needs no
iterations, gives the
same result everywhere, and tells exactly what it would have said had a row not been there, which is
what the combiner
is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ridge:
    """Attributes:
    weights: numbers × entries.
    inverse: numbers × numbers, of the regularised products; tells how much a row spoke for itself.
    """

    weights: NDArray[np.float32]
    inverse: NDArray[np.float32]

    def scores(self, row: NDArray[np.float32]) -> NDArray[np.float32]:
        """One for each entry, about 0 to 1."""
        return row @ self.weights

    def without(
        self,
        row: NDArray[np.float32],
        hidden: NDArray[np.float32],
        entry: int,
        importance: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """`scores` as if the rows `hidden` (of one entry, with their importance) had not been learned
        from."""
        spread = hidden @ self.inverse
        shared = (spread @ hidden.T) * importance
        said = hidden @ self.weights
        said[:, entry] -= 1
        away = np.linalg.solve(np.eye(len(hidden)) * (1 + 1e-4) - shared, said)
        return np.asarray(row @ self.weights + ((spread @ row) * importance) @ away, np.float32)


class Learner:
    """Takes rows in portions, so that not all of them need to be held at once, and gives the Ridge."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._products: NDArray[np.float64] | None = None
        self._sums: NDArray[np.float32] | None = None

    def add(
        self, rows: NDArray[np.float32], owners: NDArray[np.int64], importance: NDArray[np.float32]
    ) -> None:
        """Rows (texts × numbers, an entry's after one another), each with its entry and how much it
        counts."""
        if not len(rows):
            return
        size = rows.shape[1]
        if self._products is None or self._sums is None:
            self._products = np.zeros((size, size))
            self._sums = np.zeros((size, self._entries), np.float32)
        weighed = rows * importance[:, None]
        self._products += weighed.T @ rows
        starts = np.flatnonzero(np.r_[True, np.diff(owners) > 0])
        self._sums[:, owners[starts]] += np.add.reduceat(weighed, starts, axis=0).T

    def learned(self, penalty: float) -> Ridge:
        """From all that was added."""
        assert self._products is not None
        assert self._sums is not None
        inverse = np.linalg.inv(self._products + penalty * np.eye(len(self._products))).astype(np.float32)
        return Ridge(inverse @ self._sums, inverse)
