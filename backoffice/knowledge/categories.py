"""Proposing an entry's category after those of the entries there are: n-grams and a linear model."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from backoffice.knowledge.imports.plan import UNSORTED, Categorise, Guess
from backoffice.models import KnowledgeEntry, KnowledgeVersion
from backoffice.states import KnowledgeState

_FOLDS = 5
_ENTRIES_AT_MOST = 5000


@dataclass(frozen=True)
class Accuracy:
    """How well labels are proposed, by cross-validation over the entries themselves.

    Attributes:
        entries: those whose label another one has, too; the others cannot be learnt.
        first: share whose label is proposed; `in_three`: among the three nearest.
        most_common: share of the largest label, what a guess without reading would get.
    """

    entries: int
    alone: int
    labels: int
    first: float
    in_three: float
    most_common: float


@dataclass(frozen=True)
class Labelled:
    """Entries to learn from, one place each in the three."""

    texts: list[str]
    categories: list[str]
    scenes: list[str]


def learnt(session: Session) -> Categorise | None:
    """A function from texts to categories and scenes; None where all entries have one category."""
    known = labelled(session)
    if len(set(known.categories)) < 2:
        return None

    def categorise(wanted: Sequence[str]) -> list[Guess]:
        scenes = _guessed(known.texts, known.scenes, wanted)
        return [
            Guess(*pair) for pair in zip(_guessed(known.texts, known.categories, wanted), scenes, strict=True)
        ]

    return categorise


def _guessed(texts: Sequence[str], labels: Sequence[str], wanted: Sequence[str]) -> list[str]:
    if len(set(labels)) < 2:
        return [labels[0]] * len(wanted)
    model = _model()
    model.fit(texts, labels)
    return [str(each) for each in model.predict(list(wanted))]


def labelled(session: Session) -> Labelled:
    """Question and answer of every entry that has a category of its own, the newest changes first."""
    newest = and_(
        KnowledgeEntry.key == KnowledgeVersion.key, KnowledgeEntry.version == KnowledgeVersion.version
    )
    rows = session.execute(
        select(KnowledgeVersion.content, KnowledgeEntry.category, KnowledgeEntry.scene)
        .join(KnowledgeEntry, newest)
        .where(KnowledgeEntry.state != KnowledgeState.RETIRED, KnowledgeEntry.category != UNSORTED)
        .order_by(KnowledgeEntry.updated_at.desc(), KnowledgeEntry.key)
        .limit(_ENTRIES_AT_MOST)
    ).all()
    # The question says more than as many words of the answer.
    texts = [
        "\n".join((content["question"], content["question"], content["answer"])) for content, _, _ in rows
    ]
    return Labelled(texts, [category for _, category, _ in rows], [scene for _, _, scene in rows])


def accuracy(texts: Sequence[str], categories: Sequence[str]) -> Accuracy | None:
    """Five folds over the labels that two entries or more have; None where there are too few.

    Entries without a label (an empty one) are left out.
    """
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    counts = Counter(each for each in categories if each)
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
        alone=len(texts) - len(kept),
        labels=len(set(wanted)),
        first=first / len(kept),
        in_three=in_three / len(kept),
        most_common=max(Counter(wanted).values()) / len(kept),
    )


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=1)
    # Many categories have one entry so far: that is no regression problem.
    warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
    return make_pipeline(vectors, LinearSVC(C=1.0, class_weight="balanced"))
