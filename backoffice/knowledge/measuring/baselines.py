"""What the search is held against: each known way alone, over the same texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.published import PublishedEntry
from backoffice.knowledge.search.concepts import words
from backoffice.knowledge.search.index import sentences
from backoffice.knowledge.search.normalising import normalise
from backoffice.knowledge.search.vectors import VectorStore

Ranking = Callable[[str], list[str]]
"""A question → keys of the three best entries."""


def rankings(entries: Sequence[PublishedEntry], vectors: VectorStore) -> dict[str, Ranking]:
    """The ways, by name. An entry is as near as its nearest text."""
    texts, owners = [], []
    for number, entry in enumerate(entries):
        for text in (
            entry.question,
            *entry.variants,
            f"{entry.question} {entry.answer}",
            *sentences(entry.answer),
        ):
            texts.append(normalise(text))
            owners.append(number)
    return {
        "BM25, jieba words": _ranking(entries, owners, _bm25(texts)),
        "character TF-IDF": _ranking(entries, owners, _tfidf(texts)),
        "encoder alone": _ranking(entries, owners, _encoder(texts, vectors)),
    }


def _ranking(
    entries: Sequence[PublishedEntry], owners: list[int], near: Callable[[str], NDArray[np.float64]]
) -> Ranking:
    starts = np.searchsorted(owners, np.arange(len(entries)))

    def rank(question: str) -> list[str]:
        best = np.maximum.reduceat(near(normalise(question)), starts)
        return [entries[number].key for number in np.argsort(-best, kind="stable")[:3]]

    return rank


def _bm25(texts: list[str]) -> Callable[[str], NDArray[np.float64]]:
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(analyzer=words)
    counts = counter.fit_transform(texts).astype(float).tocsr()
    lengths = np.asarray(counts.sum(1)).ravel()
    common = np.asarray((counts > 0).sum(0)).ravel()
    idf = np.log(1 + (len(texts) - common + 0.5) / (common + 0.5))
    row = np.repeat(np.arange(len(texts)), np.diff(counts.indptr))
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    counts.data = idf[counts.indices] * counts.data * 2.2 / (counts.data + norm[row])
    return lambda question: (counter.transform([question]) @ counts.T).toarray().ravel()


def _tfidf(texts: list[str]) -> Callable[[str], NDArray[np.float64]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    rows = vectorizer.fit_transform(texts)
    return lambda question: (vectorizer.transform([question]) @ rows.T).toarray().ravel()


def _encoder(texts: list[str], vectors: VectorStore) -> Callable[[str], NDArray[np.float64]]:
    rows = vectors.rows(texts)
    return lambda question: np.asarray(rows @ vectors.encoder.encode([question])[0], np.float64)
