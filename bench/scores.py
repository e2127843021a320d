"""What a list of expected and predicted labels says of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bench.parsing import is_rejected


class Pair(NamedTuple):
    """A sentence, what it means, and what the model took it for."""

    text: str
    expected: str
    predicted: str


class Row(NamedTuple):
    """One label: shares between 0 and 1, and the number of its sentences."""

    precision: float
    recall: float
    f1: float
    support: int


def accuracy(pairs: Sequence[Pair]) -> float:
    """The share that is right."""
    return sum(pair.expected == pair.predicted for pair in pairs) / len(pairs)


def macro_recall(pairs: Sequence[Pair], at_least: int = 5) -> float:
    """The mean over the labels with this many sentences, each counting the same."""
    rows = [row for row in by_label(pairs).values() if row.support >= at_least]
    return sum(row.recall for row in rows) / len(rows)


def by_label(pairs: Sequence[Pair]) -> dict[str, Row]:
    """Precision, recall, F1 and support of each expected label."""
    expected = Counter(pair.expected for pair in pairs)
    predicted = Counter(pair.predicted for pair in pairs)
    right = Counter(pair.expected for pair in pairs if pair.expected == pair.predicted)
    return {
        label: Row(
            precision=right[label] / predicted[label] if predicted[label] else 0.0,
            recall=right[label] / support,
            f1=2 * right[label] / (support + predicted[label]),
            support=support,
        )
        for label, support in sorted(expected.items())
    }


def rejected(pairs: Sequence[Pair]) -> float:
    """The share that the model takes for out of scope, or does not understand."""
    return sum(is_rejected(pair.predicted) for pair in pairs) / len(pairs)


def confusions(pairs: Sequence[Pair], number: int) -> list[tuple[str, str, list[str]]]:
    """The most frequent (expected, predicted) with their sentences."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for pair in pairs:
        if pair.expected != pair.predicted:
            wrong.setdefault((pair.expected, pair.predicted), []).append(pair.text)
    worst = sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(expected, predicted, texts) for (expected, predicted), texts in worst[:number]]
