"""Proposing an entry's category after those of the entries there are: n-grams and a linear model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from backoffice.knowledge.imports.plan import UNSORTED, Categorise
from backoffice.models import KnowledgeEntry, KnowledgeVersion
from backoffice.states import KnowledgeState

_FOLDS = 5
_ENTRIES_AT_MOST = 5000


@dataclass(frozen=True)
class Accuracy:
    """How well categories are proposed, by cross-validation over the entries themselves.

    Attributes:
        first: share whose category is proposed; `in_three`: among the three nearest.
        most_common: share of the largest category, what a guess without reading would get.
    """

    entries: int
    categories: int
    first: float
    in_three: float
    most_common: float


def learnt(session: Session) -> Categorise | None:
    """A function from texts to categories; None where there are not two categories to tell apart."""
    texts, categories = labelled(session)
    if len(set(categories)) < 2:
        return None

    def categorise(wanted: Sequence[str]) -> list[str]:
        model = _model()
        model.fit(texts, categories)
        return [str(each) for each in model.predict(list(wanted))]

    return categorise


def labelled(session: Session) -> tuple[list[str], list[str]]:
    """(question, variants and answer; category) of every entry that has a category of its own."""
    newest = and_(
        KnowledgeEntry.key == KnowledgeVersion.key, KnowledgeEntry.version == KnowledgeVersion.version
    )
    rows = session.execute(
        select(KnowledgeVersion.content, KnowledgeEntry.category)
        .join(KnowledgeEntry, newest)
        .where(KnowledgeEntry.state != KnowledgeState.RETIRED, KnowledgeEntry.category != UNSORTED)
        .order_by(KnowledgeEntry.updated_at.desc(), KnowledgeEntry.key)
        .limit(_ENTRIES_AT_MOST)
    ).all()
    texts = ["\n".join((content["question"], content["question"], content["answer"])) for content, _ in rows]
    return texts, [category for _, category in rows]


def accuracy(texts: Sequence[str], categories: Sequence[str]) -> Accuracy | None:
    """Five folds over the categories that have enough entries; None where there are too few."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    counts = Counter(categories)
    kept = [
        (text, category) for text, category in zip(texts, categories, strict=True) if counts[category] >= 2
    ]
    if len({category for _, category in kept}) < 2:
        return None
    told = np.array([text for text, _ in kept], dtype=object)
    wanted = np.array([category for _, category in kept], dtype=object)
    folds = StratifiedKFold(min(_FOLDS, min(Counter(wanted).values())), shuffle=True, random_state=0)
    first = in_three = 0
    for train, test in folds.split(told, wanted):
        model = _model()
        model.fit(told[train], wanted[train])
        scores = model.decision_function(told[test])
        if scores.ndim == 1:
            scores = np.stack([-scores, scores], axis=1)
        best = model.classes_[np.argsort(-scores, axis=1)[:, :3]]
        first += int((best[:, 0] == wanted[test]).sum())
        in_three += int((best == wanted[test][:, None]).any(axis=1).sum())
    return Accuracy(
        entries=len(kept),
        categories=len(set(wanted)),
        first=first / len(kept),
        in_three=in_three / len(kept),
        most_common=max(Counter(wanted).values()) / len(kept),
    )


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=1)
    return make_pipeline(vectors, LinearSVC(C=1.0, class_weight="balanced"))
