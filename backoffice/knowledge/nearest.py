"""A plain search over entries' questions by the characters they share: what the gate and the importers use
where no better engine is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from backoffice.knowledge.published import PublishedEntry
from backoffice.states import SearchDecision

_ANSWERS = 0.5
_OFFERS = 0.25
_TOP = 10


@dataclass(frozen=True)
class NearestHit:
    key: str
    score: float


@dataclass(frozen=True)
class NearestFound:
    decision: SearchDecision
    hits: tuple[NearestHit, ...]


class NearestQuestions:
    """TF-IDF of character n-grams; an entry is as near as the nearest of its question and variants."""

    def __init__(self, entries: Sequence[PublishedEntry]) -> None:
        self._keys = [entry.key for entry in entries for _ in (entry.question, *entry.variants)]
        texts = [text for entry in entries for text in (entry.question, *entry.variants)]
        self._vectors = self._rows = None
        if texts:
            self._vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
            self._rows = self._vectors.fit_transform(texts)

    def search(self, question: str) -> NearestFound:
        if self._vectors is None or self._rows is None:
            return NearestFound(SearchDecision.PASS, ())
        scores = (self._rows @ self._vectors.transform([question]).T).toarray().ravel()
        best: dict[str, float] = {}
        for row in np.argsort(-scores)[: _TOP * 20]:
            if scores[row] <= 0 or len(best) == _TOP:
                break
            best.setdefault(self._keys[row], float(min(scores[row], 1.0)))
        hits = tuple(NearestHit(key, score) for key, score in best.items())
        top = hits[0].score if hits else 0.0
        if top >= _ANSWERS:
            return NearestFound(SearchDecision.ANSWER, hits)
        return NearestFound(SearchDecision.CLARIFY if top >= _OFFERS else SearchDecision.PASS, hits)
