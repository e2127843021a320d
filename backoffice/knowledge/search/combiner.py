"""From candidates' features to probabilities, and from these to what the assistant does.

Two small models, both plain numbers in a JSON file: one weighs the parts (which entry), one looks at
the winner and
tells how likely it is right, and how likely any of the first three is. A file that is not what it
should be is refused.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.index import FEATURES, Looked
from backoffice.states import SearchDecision

_VERSION = 2
OFFERED = 3
SIGNS = (
    "logit of the first",
    "logit of the first three",
    "score of the first",
    "lead over the second",
    "nearest asked, vectors",
    "nearest asked, meanings",
    "nearest asked, sounds",
    "ridge",
    "foreign",
)
"""What the second model looks at."""


class CombinerDamaged(ValueError):
    """The file holds no combiner."""


@dataclass(frozen=True)
class Judged:
    """Candidates best first, each with the probability that it answers.

    Attributes:
        first: probability that the best answers.
        any: probability that one of the first three does.
    """

    entries: NDArray[np.int64]
    scores: NDArray[np.float32]
    first: float
    any: float
    decision: SearchDecision


@dataclass(frozen=True)
class Combiner:
    """Attributes:
    mean, spread, weights: one for each of FEATURES.
    first, any: one for each of SIGNS and a constant.
    answer, offer: from which probabilities on to answer, to ask which.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    weights: NDArray[np.float32]
    first: NDArray[np.float64]
    any: NDArray[np.float64]
    answer: float
    offer: float

    def points(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much speaks for each candidate; shares follow by softmax."""
        return np.asarray(((features - self.mean) / self.spread) @ self.weights, np.float32)

    def judge(self, looked: Looked) -> Judged:
        """What to do, and with which entries."""
        if not len(looked.entries):
            return Judged(looked.entries, np.zeros(0, np.float32), 0.0, 0.0, SearchDecision.PASS)
        points = self.points(looked.features)
        order = np.argsort(-points, kind="stable")
        shares = softmax(points[order])
        signs = np.append(signs_of(points[order], looked.features[order], looked.foreign), 1.0)
        first, anything = _probability(float(signs @ self.first)), _probability(float(signs @ self.any))
        anything = max(first, anything)
        decision = SearchDecision.PASS
        if first >= self.answer:
            decision = SearchDecision.ANSWER
        elif anything >= self.offer:
            decision = SearchDecision.CLARIFY
        scores = shares * (first / max(float(shares[0]), 1e-9))
        scores[1:] = np.minimum(scores[1:], first)
        return Judged(looked.entries[order], scores.astype(np.float32), first, anything, decision)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "version": _VERSION,
            "features": {
                name: [round(float(n), 6) for n in row]
                for name, *row in zip(FEATURES, self.mean, self.spread, self.weights, strict=True)
            },
            "signs": {
                name: [round(float(n), 6) for n in row]
                for name, *row in zip((*SIGNS, "constant"), self.first, self.any, strict=True)
            },
            "answer": round(self.answer, 6),
            "offer": round(self.offer, 6),
        }


def read(told: Any) -> Combiner:
    """From JSON. Raises CombinerDamaged."""
    try:
        if told["version"] != _VERSION:
            raise CombinerDamaged("another version")
        rows = np.array([told["features"][name] for name in FEATURES], np.float64)
        signs = np.array([told["signs"][name] for name in (*SIGNS, "constant")], np.float64)
        answer, offer = float(told["answer"]), float(told["offer"])
        if rows.shape != (len(FEATURES), 3) or signs.shape != (len(SIGNS) + 1, 2):
            raise CombinerDamaged("wrong size")
        whole = np.isfinite(rows).all() and np.isfinite(signs).all() and np.isfinite([answer, offer]).all()
        if not whole or (rows[:, 1] <= 0).any():
            raise CombinerDamaged("numbers out of range")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CombinerDamaged(str(error)) from None
    mean, spread, weights = rows.T.astype(np.float32)
    return Combiner(mean, spread, weights, signs[:, 0], signs[:, 1], answer, offer)


def load(path: Path) -> Combiner:
    """From a file. Raises CombinerDamaged, OSError."""
    try:
        return read(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise CombinerDamaged(str(error)) from None


@cache
def shipped() -> Combiner:
    """The one that comes with the product, trained on the demo shop."""
    return read(json.loads(files(__package__).joinpath("combiner.json").read_text("utf-8")))


def softmax(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares that sum up to 1."""
    risen = np.exp(points - np.max(points))
    return np.asarray(risen / risen.sum(), np.float32)


def signs_of(
    points: NDArray[np.float32], features: NDArray[np.float32], foreign: float
) -> NDArray[np.float64]:
    """SIGNS of candidates that are given best first."""
    shares = softmax(points).astype(np.float64)
    best = features[0]
    return np.array(
        [
            _logit(float(shares[0])),
            _logit(float(shares[:OFFERED].sum())),
            float(points[0]),
            float(points[0] - points[1]) if len(points) > 1 else 5.0,
            best[_ASKED_VECTORS],
            best[_ASKED_MEANINGS],
            best[_ASKED_SOUNDS],
            best[_RIDGE],
            foreign,
        ]
    )


_ASKED_VECTORS = FEATURES.index("vectors.asked")
_ASKED_MEANINGS = FEATURES.index("meanings.asked")
_ASKED_SOUNDS = FEATURES.index("sounds.asked")
_RIDGE = FEATURES.index("ridge.all")


def _logit(share: float) -> float:
    share = min(max(share, 1e-4), 1 - 1e-4)
    return math.log(share / (1 - share))


def _probability(points: float) -> float:
    return 1 / (1 + math.exp(-min(max(float(points), -30.0), 30.0)))
