"""A linear reading of each entry, learned from its texts: which numbers of a sentence speak for it and not for others.

Ridge regression from a row of numbers to "is this entry's", solved in closed form. It needs no iterations, gives the
same result everywhere, and tells exactly what it would have said had a row not been there, which is what the combiner
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
        """`scores` as if the rows `hidden` (of one entry, with their importance) had not been learned from."""
        spread = hidden @ self.inverse
        shared = (spread @ hidden.T) * importance
        said = hidden @ self.weights
        said[:, entry] -= 1
        away = np.linalg.solve(np.eye(len(hidden)) * (1 + 1e-4) - shared, said)
        return np.asarray(row @ self.weights + ((spread @ row) * importance) @ away, np.float32)


def learn(
    rows: NDArray[np.float32],
    owners: NDArray[np.int64],
    importance: NDArray[np.float32],
    entries: int,
    penalty: float,
) -> Ridge:
    """Learns from rows (texts × numbers), each with the entry it belongs to and how much it counts."""
    weighed = rows * importance[:, None]
    products = (weighed.T @ rows).astype(np.float64)
    products[np.diag_indices_from(products)] += penalty
    inverse = np.linalg.inv(products)
    sums = np.zeros((rows.shape[1], entries), np.float32)
    starts = np.flatnonzero(np.r_[True, np.diff(owners) > 0])
    sums[:, owners[starts]] = np.add.reduceat(weighed, starts, axis=0).T
    return Ridge((inverse @ sums).astype(np.float32), inverse.astype(np.float32))
