"""The joint reading: kernel ridge regression over all signs and the vector of a text at once.

What two texts share is the weighed mean of their cosines, bent (`exp`) so that a text near to one counts
for more than one half near to many. Solved over texts: some thousands are one system of as many equations,
a second or two; of more than `MOST_TEXTS` there is no joint reading. A text that comes is first learned
beside the others, which stay as they are (`stepped`): a moment's work, near to the exact solution, which
then follows. The exact one is kept on disk, so that a process that starts with the same texts has it at once.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.grams import BUCKETS, Counts
from backoffice.knowledge.search.sparse import SparsePart
from backoffice.knowledge.search.together import Together

MOST_TEXTS = 12_000
_SHARES = {"characters": 0.25, "sounds": 0.25, "meanings": 0.125}
_VECTORS = 0.375
_BENT, _PENALTY = 2.0, 0.125
_SCALE = 127.0
_PORTION = 512
_KEPT = 4
"""Solutions kept in a folder: the shop's before and after its last changes, and of what runs beside it."""

_log = logging.getLogger("backoffice.knowledge")

Signs = dict[str, Counts]
Asked = tuple[Signs, NDArray[np.float32] | None]
"""A text: its signs and its vector."""


class Kernel:
    """How much any text shares with each of an index's, 0 to 1."""

    def __init__(self, parts: dict[str, SparsePart], dense: NDArray[np.int8] | None) -> None:
        """`dense`: a row of each text, as integers up to 127."""
        self.texts = len(parts["meanings"].rows.starts) - 1
        self._parts = [_Postings(parts[name], share) for name, share in _SHARES.items()]
        self._dense = None if dense is None else dense.astype(np.float32) / np.float32(_SCALE)

    def shared(self, asked: Sequence[Asked]) -> NDArray[np.float32]:
        """Of texts, each its signs and vector, to all: a row of each."""
        told = np.zeros((len(asked), self.texts), np.float32)
        for row, (signs, _) in zip(told, asked, strict=True):
            for part in self._parts:
                part.add(signs[part.name], row)
        vectors = [vector for _, vector in asked if vector is not None]
        if self._dense is None or len(vectors) < len(asked):
            return _bent(told / np.float32(1 - _VECTORS))
        return _bent(told + (np.stack(vectors) * np.float32(_VECTORS)) @ self._dense.T)

    def fingerprint(self, owners: NDArray[np.int64]) -> str:
        """Of all that the exact solution follows from."""
        told = blake2b(repr((_SHARES, _VECTORS, _BENT, _PENALTY)).encode(), digest_size=12)
        for part in self._parts:
            for array in (part.starts, part.rows, part.weights):
                told.update(np.ascontiguousarray(array))
        if self._dense is not None:
            told.update(np.ascontiguousarray(self._dense))
        told.update(np.ascontiguousarray(owners))
        return told.hexdigest()

    def own(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """Of some of the index's own texts to all: rows × texts."""
        told = np.zeros((len(rows), self.texts), np.float32)
        for place, row in enumerate(rows):
            for part in self._parts:
                part.add(part.counts(row), told[place])
        if self._dense is None:
            return _bent(told / np.float32(1 - _VECTORS))
        vectors = self._dense[rows] * np.float32(_VECTORS)
        for first in range(0, len(rows), _PORTION):
            cut = slice(first, first + _PORTION)
            told[cut] = _bent(told[cut] + vectors[cut] @ self._dense.T)
        return told


class Joint:
    """What was learned. `inverse` (texts × texts) is kept for training only."""

    def __init__(
        self, kernel: Kernel, duals: NDArray[np.float32], inverse: NDArray[np.float32] | None = None
    ) -> None:
        self._kernel = kernel
        self.duals = duals
        self._inverse = inverse
        self._together = Together(self._scores)

    def _scores(self, asked: list[Asked]) -> list[NDArray[np.float32]]:
        return list(self._kernel.shared(asked) @ self.duals)

    def scores(
        self,
        signs: Signs,
        vector: NDArray[np.float32] | None,
        hidden: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float32]:
        """One for each entry, about 0 to 1; as if the texts `hidden` had not been learned from."""
        if hidden is None or not len(hidden):
            return self._together((signs, vector))
        assert self._inverse is not None
        (shared,) = self._kernel.shared([(signs, vector)])
        told = shared @ self.duals
        own = self._inverse[hidden]
        away = np.linalg.solve(own[:, hidden], self.duals[hidden])
        return np.asarray(told - (own @ shared) @ away, np.float32)


def exact(
    kernel: Kernel,
    owners: NDArray[np.int64],
    entries: int,
    folder: Path | None = None,
    for_training: bool = False,
) -> Joint:
    """The solution, from `folder` where it holds it; `owners`: of each text, the entry's number."""
    path = folder / f"joint-{kernel.fingerprint(owners)}.npy" if folder and not for_training else None
    duals = _read(path, (kernel.texts, entries)) if path else None
    if duals is not None:
        return Joint(kernel, duals)
    system = kernel.own(range(kernel.texts))
    system[np.diag_indices(kernel.texts)] += _PENALTY
    right = np.zeros((kernel.texts, entries), np.float32)
    right[np.arange(kernel.texts), owners] = 1
    if for_training:
        inverse = np.linalg.inv(system)
        return Joint(kernel, inverse @ right, inverse)
    duals = solved(system, right)
    if path:
        _keep(path, duals)
    return Joint(kernel, duals)


def solved(system: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """What times the positive `system` is `right`: by Cholesky, both in place, portion by portion.

    Half the work of `numpy.linalg.solve`, and without its copy of the system; scipy's would hold up whoever
    searches for seconds.
    """
    cuts = [slice(first, min(first + _PORTION, len(system))) for first in range(0, len(system), _PORTION)]
    for cut in cuts:
        first, last = cut.start, cut.stop
        system[first:, cut] -= system[first:, :first] @ system[cut, :first].T
        system[cut, cut] = np.linalg.cholesky(system[cut, cut])
        system[last:, cut] = np.linalg.solve(system[cut, cut], system[last:, cut].T).T
    for cut in cuts:
        known = system[cut, : cut.start] @ right[: cut.start]
        right[cut] = np.linalg.solve(system[cut, cut], right[cut] - known)
    for cut in reversed(cuts):
        known = system[cut.stop :, cut].T @ right[cut.stop :]
        right[cut] = np.linalg.solve(system[cut, cut].T, right[cut] - known)
    return right


def stepped(
    kernel: Kernel, owners: NDArray[np.int64], known: NDArray[np.float32], fresh: NDArray[np.int64]
) -> Joint:
    """Near the solution: `known` (texts × entries) holds for all texts but `fresh`, which are learned
    beside it."""
    if not len(fresh):
        return Joint(kernel, known)
    shared = kernel.own(fresh.tolist())
    wanted = -(shared @ known)
    wanted[np.arange(len(fresh)), owners[fresh]] += 1
    system = shared[:, fresh]
    system[np.diag_indices(len(fresh))] += _PENALTY
    duals = known.copy()
    duals[fresh] = np.linalg.solve(system, wanted)
    return Joint(kernel, duals)


def _read(path: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """What was kept; None where nothing was, or it is damaged."""
    try:
        told = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    whole = told.shape == shape and told.dtype == np.float32 and bool(np.isfinite(told).all())
    return told if whole else None


def _keep(path: Path, duals: NDArray[np.float32]) -> None:
    """Beside the newest few; what cannot be kept is solved again."""
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.save(file, duals)
        part.replace(path)
    except OSError as error:
        _log.warning("joint reading not kept cause=%s", type(error).__name__)
    with suppress(OSError):
        kept = sorted(path.parent.glob("joint-*.npy"), key=lambda each: each.stat().st_mtime, reverse=True)
        for old in (part, *kept[_KEPT:]):
            old.unlink(missing_ok=True)


def _bent(told: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.exp(np.float32(_BENT) * (told - 1)), np.float32)


class _Postings:
    """A part's rows, found by sign; `share`: how much the part's cosine counts."""

    def __init__(self, part: SparsePart, share: float) -> None:
        self.name = part.name
        self._part = part
        self._share = np.float32(share)
        rows = part.rows
        self._texts = len(rows.starts) - 1
        order = np.argsort(rows.numbers, kind="stable")
        self.rows = np.repeat(np.arange(self._texts, dtype=np.int32), np.diff(rows.starts))[order]
        self.weights = part.weights[order]
        self.starts = np.searchsorted(rows.numbers[order], np.arange(BUCKETS + 1)).astype(np.int32)

    def counts(self, row: int) -> Counts:
        """Of one of the rows."""
        return self._part.rows.one(row)

    def add(self, told: Counts, to: NDArray[np.float32]) -> None:
        """Adds the share of the cosine of a text to each row."""
        weights = self._part.weigh(told) * self._share
        first = self.starts[told[0]]
        lengths = self.starts[told[0] + 1] - first
        places = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
        shares = self.weights[places] * np.repeat(weights, lengths)
        to += np.bincount(self.rows[places], shares, minlength=self._texts).astype(np.float32)
