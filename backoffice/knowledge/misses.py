"""What customers ask and hear nothing about: the unanswered questions, those that mean the same together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from backoffice.models import AskedQuestion
from backoffice.states import QuestionOutcome, SearchDecision

Vectors = Callable[[Sequence[str]], NDArray[Any]]
"""A row of numbers for each sentence; near sentences have near rows."""
DISTINCT_AT_MOST = 1500
"""The newest so many sentences are grouped: the work grows with their square."""
_NEAR_IN_MEANING, _NEAR_IN_CHARACTERS = 0.5, 0.62
"""Cosine distances below which groups are joined: of sentence vectors, and of the characters shared."""
_EXAMPLES = 5
_BARE = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class MissGroup:
    """Questions that mean about the same; `representative` is the one nearest to all."""

    representative: str
    count: int
    examples: tuple[str, ...]
    last_asked: datetime
    channels: tuple[str, ...]


def misses(
    session: Session, now: datetime, days: int = 30, vectors: Vectors | None = None
) -> list[MissGroup]:
    """Groups of what was passed, called unhelpful or handed over in the last `days`, the largest first."""
    rows = session.scalars(
        select(AskedQuestion)
        .where(
            AskedQuestion.asked_at >= now - timedelta(days=days),
            or_(
                AskedQuestion.decision == SearchDecision.PASS,
                AskedQuestion.outcome.in_([QuestionOutcome.UNHELPFUL, QuestionOutcome.HANDED_OVER]),
            ),
        )
        .order_by(AskedQuestion.id.desc())
        .limit(DISTINCT_AT_MOST * 10)
    )
    asked: dict[str, list[AskedQuestion]] = {}
    for row in rows:
        bare = _BARE.sub("", row.question).lower() or row.question
        if bare in asked or len(asked) < DISTINCT_AT_MOST:
            asked.setdefault(bare, []).append(row)
    texts = [same[0].question for same in asked.values()]
    if not texts:
        return []
    told = list(asked.values())
    matrix = (vectors or character_vectors)(texts)
    near = _NEAR_IN_MEANING if vectors else _NEAR_IN_CHARACTERS
    groups = [_group(members, told, matrix) for members in cluster(matrix, near)]
    return sorted(groups, key=lambda group: (-group.count, group.representative))


def _group(members: list[int], asked: list[list[AskedQuestion]], matrix: NDArray[Any]) -> MissGroup:
    rows = [row for member in members for row in asked[member]]
    centre = matrix[members].mean(axis=0)
    nearest = sorted(members, key=lambda member: -float(matrix[member] @ centre))
    texts = [asked[member][0].question for member in nearest]
    return MissGroup(
        representative=texts[0],
        count=len(rows),
        examples=tuple(texts[:_EXAMPLES]),
        last_asked=max(row.asked_at for row in rows),
        channels=tuple(channel for channel, _ in Counter(row.channel for row in rows).most_common()),
    )


def character_vectors(texts: Sequence[str]) -> NDArray[Any]:
    """TF-IDF of character n-grams, rows of length 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32, max_features=20_000
    )
    try:
        return np.asarray(vectoriser.fit_transform(texts).toarray())
    except ValueError:  # nothing but what the vectoriser leaves out
        return np.zeros((len(texts), 1), dtype=np.float32)


def cluster(matrix: NDArray[Any], near: float) -> list[list[int]]:
    """Rows by group: each a list of row numbers; average linkage over cosine distances."""
    if len(matrix) == 1:
        return [[0]]
    from sklearn.cluster import AgglomerativeClustering

    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit = matrix / np.where(lengths == 0, 1, lengths)
    distances = np.clip(1 - unit @ unit.T, 0, None)
    grouping = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=near
    )
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(grouping.fit_predict(distances)):
        groups.setdefault(int(label), []).append(row)
    return list(groups.values())
