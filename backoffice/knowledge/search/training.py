"""Trains the combiner on the entries' own variants, without seeing the one that is asked about.

Questions of four kinds, as customers ask:

- a variant, as if it had never been written (what nobody foresaw),
- a variant with a part of its words gone or mistyped, the written one in place (what somebody foresaw
nearly),
- a variant whose entry has no variants (a fresh import),
- what nothing answers: a variant whose whole entry is hidden, and what is foreign (`unanswerable.yml`).

Only the first teaches distrust of variants, as writers avoid writing a thing twice; only the second,
blind trust.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import rjieba
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from backoffice.knowledge.search.combiner import (
    OFFERED,
    SIGNS,
    Combiner,
    signs_of,
)
from backoffice.knowledge.search.index import FEATURES, Hide, Index, Kind, Looked
from backoffice.knowledge.search.typos import mistyped

_PULL = 1e-2
_JOINT = 10.0
"""How strongly weights are held at "every part counts the same, the joint reading ten times as much"."""
_PASSED_AT_MOST = 0.035
"""Of answerable questions; asked for is 5 %, and a shop's customers differ from its writers."""
_ANSWERED_AT_MOST = 0.21
"""Of what is foreign. A variant whose entry is hidden teaches doubt, but does not count here: its neighbours
all but answer it."""
MOST_ASKED = 3000
_EVERY_THIRD = 0.34
_SHORTENED = 0.75


@dataclass(frozen=True)
class Example:
    """A question asked in training; `entry` None: nothing answers it; foreign: no shop's entry would."""

    looked: Looked
    entry: int | None
    weight: float
    is_foreign: bool = False


def train(index: Index, most: int = MOST_ASKED, seed: int = 0) -> Combiner:
    """The combiner for an index. The same index and seed give the same numbers.

    Args:
        most: of the entries' questions and variants, about so many are asked, evenly chosen.
    """
    chance = random.Random(seed)
    asked = list(_examples(index, chance, most))
    known = [each for each in asked if each.entry is not None]
    mean, spread, weights = _weigh(known)
    bare = Combiner(mean, spread, weights, np.zeros(len(SIGNS) + 1), np.zeros(len(SIGNS) + 1), 1, 1)
    return _decide(bare, asked)


def _examples(index: Index, chance: random.Random, most: int) -> Iterator[Example]:
    rows = np.flatnonzero(index.kinds <= Kind.VARIANT)
    for row in rows[:: max(1, len(rows) // most)]:
        text, entry = index.texts[row], int(index.owners[row])
        question = index.read(text, index.vector_of(int(row)))
        if index.kinds[row] == Kind.VARIANT:
            yield Example(index.look(question, own=entry, hide=Hide.TEXT), entry, 1.0)
            if chance.random() < _EVERY_THIRD:
                yield Example(index.look(question, own=entry, hide=Hide.VARIANTS), entry, 1.0)
            if chance.random() < _EVERY_THIRD:
                yield Example(index.look(question, own=entry, hide=Hide.ENTRY), None, 1.0)
        made = shortened(text, 0.5, chance) if chance.random() < _SHORTENED else mistyped(text, chance)
        yield Example(index.look(index.read(made), own=entry), entry, 1.0)
    nothing = len(index.entries)
    for row in np.flatnonzero(index.kinds == Kind.FOREIGN):
        text = index.texts[row]
        question = index.read(text, index.vector_of(int(row)))
        yield Example(index.look(question, own=nothing, hide=Hide.TEXT), None, 2.0, is_foreign=True)


def shortened(text: str, share: float, chance: random.Random) -> str:
    """The text without about a share of its words."""
    kept = [word for word in rjieba.cut(text) if chance.random() >= share]
    return "".join(kept) or text


def _weigh(
    known: Sequence[Example],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Weights of the parts: the right entry's share among the candidates becomes as large as it can."""
    stacked = np.concatenate([each.looked.features for each in known]).astype(np.float64)
    sizes = np.array([len(each.looked.entries) for each in known])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    group = np.repeat(np.arange(len(known)), sizes)
    right = starts + np.array([int(np.flatnonzero(each.looked.entries == each.entry)[0]) for each in known])
    importance = np.array([each.weight for each in known])
    importance /= importance.sum()
    mean = stacked.mean(0)
    spread = np.maximum(stacked.std(0), 1e-3)
    rows = (stacked - mean) / spread

    def loss(weights: NDArray[np.float64], middle: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        points = rows @ weights
        points -= np.maximum.reduceat(points, starts)[group]
        risen = np.exp(points)
        shares = risen / np.add.reduceat(risen, starts)[group]
        away = weights - middle
        value = -(importance * np.log(shares[right] + 1e-12)).sum() + _PULL * float(away @ away)
        slope = (shares * importance[group]) @ rows - importance @ rows[right] + 2 * _PULL * away
        return float(value), slope

    same = np.array([_JOINT if name == "ridge.all" else 1.0 for name in FEATURES])
    middle = min((level * same for level in (0.05, 0.1, 0.15, 0.2, 0.3)), key=lambda at: loss(at, at)[0])
    found = minimize(loss, middle, args=(middle,), jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return mean.astype(np.float32), spread.astype(np.float32), found.x.astype(np.float32)


def _decide(bare: Combiner, asked: Sequence[Example]) -> Combiner:
    """Calibrates "the first is right" and "one of three is", and sets the two limits."""
    signs, first, anything, weights = [], [], [], []
    for each in asked:
        points = bare.points(each.looked.features)
        order = np.argsort(-points, kind="stable")
        signs.append(signs_of(points[order], each.looked.features[order], each.looked.foreign))
        entries = each.looked.entries[order]
        first.append(each.entry is not None and entries[0] == each.entry)
        anything.append(each.entry is not None and each.entry in entries[:OFFERED])
        weights.append(each.weight)
    rows, weight = np.stack(signs), np.array(weights)
    can = np.array([each.entry is not None for each in asked])
    foreign = np.array([each.is_foreign for each in asked])
    right = _calibrated(rows, np.array(first), weight)
    any_right = _calibrated(rows, np.array(anything), weight)
    ones = np.hstack([rows, np.ones((len(rows), 1))])
    p_first = 1 / (1 + np.exp(-(ones @ right)))
    p_any = np.maximum(p_first, 1 / (1 + np.exp(-(ones @ any_right))))
    offer = _weighted_quantile(p_any[can], weight[can], _PASSED_AT_MOST)
    answer = _weighted_quantile(p_first[foreign], weight[foreign], 1 - _ANSWERED_AT_MOST)
    return Combiner(
        bare.mean, bare.spread, bare.weights, right, any_right, max(answer, offer), min(offer, answer)
    )


def _calibrated(
    rows: NDArray[np.float64], right: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    spread = np.maximum(rows.std(0), 1e-6)
    model = LogisticRegression(C=1.0, max_iter=300).fit(rows / spread, right, sample_weight=weight)
    return np.append(model.coef_[0] / spread, model.intercept_[0])


def _weighted_quantile(values: NDArray[np.float64], weight: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weight[order]) / weight.sum()
    return float(values[order][np.searchsorted(reached, share)])
