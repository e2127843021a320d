"""The index over one published set: immutable, built from the one before it, asked by many threads at once.

An entry is its rows: question, variants, the whole (question and answer), each sentence of the answer.
A question is
compared with the rows of some candidates in every part; the combiner makes one probability of all that.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.published import PublishedEntry
from backoffice.knowledge.search.concepts import concepts
from backoffice.knowledge.search.foreign import foreign
from backoffice.knowledge.search.grams import PARTS, Counts, counts
from backoffice.knowledge.search.joint import MOST_TEXTS, Joint, Kernel, exact, stepped
from backoffice.knowledge.search.normalising import normalise
from backoffice.knowledge.search.ridge import Learner, Ridge
from backoffice.knowledge.search.sparse import FirstLook, Rows, SparsePart, rows_of
from backoffice.knowledge.search.vectors import VectorStore

CANDIDATES = 16
"""So many of each of three first looks are compared exactly."""
_PENALTY = 1.0
_PORTION = 4096
_SCALE = 127.0
_MOST_SENTENCES, _SENTENCE = 24, 160
LEAD = 150
"""Characters of an answer that are told first, as far as whole sentences go."""
_SENTENCES = re.compile(r"[。；！？\n]+")
_TABLE = re.compile(r"(?:^[ ]*\|.*\|[ ]*(?:\n|$)){2,}", re.M)
_MARKUP = re.compile(r"[*_`>#|]+|^\s*[-+]\s+|<!--.*?-->", re.M)


class Kind(IntEnum):
    """What a row is of its entry."""

    QUESTION = 0
    VARIANT = 1
    WHOLE = 2
    SENTENCE = 3
    FOREIGN = 4


class Hide(IntEnum):
    """What training looks away from."""

    NOTHING = 0
    TEXT = 1
    VARIANTS = 2
    ENTRY = 3


_IMPORTANCE = np.array([1.0, 1.0, 0.5, 0.5, 1.0], np.float32)
FEATURES = (
    *(
        f"{part}.{group}"
        for part in ("vectors", *PARTS)
        for group in ("question", "whole", "sentence", "asked", "second", "few")
    ),
    "ridge.vectors",
    "ridge.all",
)
"""What is known of a candidate, in the order of a feature row."""


@dataclass(frozen=True)
class Question:
    """A question as every part reads it."""

    text: str
    vector: NDArray[np.float32] | None
    signs: dict[str, Counts]


@dataclass(frozen=True)
class Looked:
    """Candidates (entries' numbers) and a row of features for each.

    Attributes:
        foreign: how much speaks for what no entry answers, about 0 to 1.
    """

    entries: NDArray[np.int64]
    features: NDArray[np.float32]
    foreign: float


class Index:
    """Over the entries given, in their order, and what is foreign after them, as if it were one more entry.

    `vectors` None: the lexical parts answer alone.
    """

    def __init__(
        self,
        entries: Sequence[PublishedEntry],
        vectors: VectorStore | None,
        before: Index | None = None,
        for_training: bool = False,
    ) -> None:
        self.entries = tuple(entries)
        self._vectors = vectors
        texts: list[str] = []
        owners: list[int] = []
        kinds: list[int] = []
        for number, entry in enumerate(self.entries):
            for text, kind in _texts(entry):
                texts.append(text)
                owners.append(number)
                kinds.append(kind)
        told = set(texts)
        for text in foreign() if texts else ():
            if text not in told:
                texts.append(text)
                owners.append(len(self.entries))
                kinds.append(Kind.FOREIGN)
        self.texts = texts
        self.owners = np.array(owners, np.int64)
        self.kinds = np.array(kinds, np.int64)
        self._starts = np.searchsorted(self.owners, np.arange(len(self.entries) + 2))
        self.places: dict[bytes, int] = {_hash(text): place for place, text in enumerate(texts)}
        self.parts = {name: SparsePart(name, _rows(name, texts, before)) for name in PARTS}
        self._first_look = FirstLook(self.parts["meanings"], self.owners, len(self.entries) + 1)
        self._variants = np.bincount(self.owners[self.kinds == Kind.VARIANT], minlength=len(self.entries))
        self.importance = _IMPORTANCE[self.kinds] if texts else np.zeros(0, np.float32)
        self.dense: NDArray[np.int8] | None = None
        """A row of each text, as integers up to 127."""
        self._ridge: Ridge | None = None
        self._kernel: Kernel | None = None
        self._joint: Joint | None = None
        self.is_exact = True
        """Whether `learned` has nothing to add."""
        self.fresh = 0
        """So many texts are learned only nearly."""
        if texts:
            self._learn(before)
            self._join(before, for_training)

    def learned(self) -> Index:
        """The same index with the exact joint reading, where this one has a near one."""
        if self._kernel is None or self.is_exact:
            return self
        other = copy.copy(self)
        other._joint = exact(self._kernel, self.owners, len(self.entries) + 1, self._folder)
        other.is_exact, other.fresh = True, 0
        return other

    @property
    def _folder(self) -> Path | None:
        return self._vectors.folder if self._vectors is not None else None

    def _learn(self, before: Index | None) -> None:
        """Vectors and the reading by vectors alone, a portion of texts at a time."""
        if self._vectors is None:
            return
        learner = Learner(len(self.entries) + 1)
        vectors: list[NDArray[np.int8]] = []
        for first in range(0, len(self.texts), _PORTION):
            cut = slice(first, first + _PORTION)
            told = self._encoded(self.texts[cut], before)
            vectors.append(told)
            learner.add(told.astype(np.float32) / _SCALE, self.owners[cut], self.importance[cut])
        self.dense = np.concatenate(vectors)
        self._ridge = learner.learned(_PENALTY)

    def _join(self, before: Index | None, for_training: bool) -> None:
        """The joint reading: exact at the first time, then near the one before; none of too many texts."""
        if len(self.texts) > MOST_TEXTS:
            return
        self._kernel = Kernel(self.parts, self.dense)
        if before is None or before._joint is None:
            self._joint = exact(self._kernel, self.owners, len(self.entries) + 1, self._folder, for_training)
            return
        numbers = {entry.key: number for number, entry in enumerate(self.entries)}
        columns = np.array([*(numbers.get(entry.key, -1) for entry in before.entries), len(numbers)])
        kept = np.flatnonzero(columns >= 0)
        places = np.array([before.places.get(_hash(text), -1) for text in self.texts])
        # A text that moved to another entry is learned anew.
        same = (places >= 0) & (columns[before.owners[places]] == self.owners)
        known = np.zeros((len(self.texts), len(self.entries) + 1), np.float32)
        known[np.ix_(same, columns[kept])] = before._joint.duals[np.ix_(places[same], kept)]
        fresh = np.flatnonzero(~same)
        self._joint = stepped(self._kernel, self.owners, known, fresh)
        self.fresh = len(fresh)
        self.is_exact = False

    def _encoded(self, texts: Sequence[str], before: Index | None) -> NDArray[np.int8]:
        """Vectors of texts: the index before has most of them."""
        assert self._vectors is not None
        known = before.places if before is not None and before.dense is not None else {}
        places = [known.get(_hash(text), -1) for text in texts]
        missing = [number for number, place in enumerate(places) if place < 0]
        fresh = self._vectors.rows([dense_text(texts[number]) for number in missing])
        if len(missing) == len(texts) or before is None or before.dense is None:
            return _whole_numbers(fresh)
        rows = before.dense[places]
        if missing:
            rows[missing] = _whole_numbers(fresh)
        return rows

    def vector_of(self, row: int) -> NDArray[np.float32] | None:
        """The vector of one of the index's own texts."""
        return None if self.dense is None else self.dense[row].astype(np.float32) / _SCALE

    # ── asking ────────────────────────────────────────────────────────────────

    def read(self, text: str, vector: NDArray[np.float32] | None = None, by_words: bool = False) -> Question:
        """A question, normalised and read by every part; `by_words`: not by the encoder. Raises
        EncoderUnavailable."""
        plain = normalise(text)
        if vector is None and self._vectors is not None and not by_words:
            vector = self._vectors.encoder.encode([dense_text(plain)])[0]
        signs = {name: counts(name, plain) for name in PARTS}
        return Question(plain, vector, signs)

    def look(
        self,
        question: Question,
        own: int | None = None,
        hide: Hide = Hide.NOTHING,
    ) -> Looked:
        """The candidates and their features.

        Args:
            own: the entry that the question is known to belong to (in training): always a candidate; the
                number after the last is what is foreign.
            hide: what of that entry is looked away from.
        """
        hidden = self._hidden(question, own, hide)
        hide_own = hide == Hide.ENTRY
        by_vector = self._by_vector(question, hidden)
        joined = self._joined(question, by_vector, hidden)
        rough = self._first_look.scores(question.signs["meanings"])
        told = float(joined[-1])
        by_vector, joined, rough = by_vector[:-1], joined[:-1], rough[:-1]
        if hide_own and own is not None:
            for scores in (by_vector, joined, rough):
                scores[own] = -9.0
        found = np.unique(np.concatenate([_top(by_vector), _top(joined), _top(rough)]))
        if own is not None and own < len(self.entries) and not hide_own and own not in found:
            found = np.sort(np.append(found, own))
        spans = [(int(self._starts[entry]), int(self._starts[entry + 1])) for entry in found]
        shown = None
        if hidden is not None:
            gone = set(hidden.tolist())
            shown = [row not in gone for first, last in spans for row in range(first, last)]
        places = _Places(spans, self._variants[found])
        features = np.zeros((len(found), len(FEATURES)), np.float32)
        for number, name in enumerate(("vectors", *PARTS)):
            if name != "vectors":
                near = self.parts[name].similarities(question.signs[name], spans)
            elif self.dense is not None and question.vector is not None:
                rows = np.concatenate([self.dense[first:last] for first, last in spans])
                near = rows.astype(np.float32) @ (question.vector / _SCALE)
            else:
                continue
            if shown is not None:
                near = np.where(shown, near, 0.0)
            places.gather(near, features[:, 6 * number : 6 * number + 6])
        features[:, -2] = 2 * by_vector[found]
        features[:, -1] = 2 * joined[found]
        return Looked(found, features, told)

    def _hidden(self, question: Question, own: int | None, hide: Hide) -> NDArray[np.int64] | None:
        if own is None or hide == Hide.NOTHING:
            return None
        rows = np.arange(self._starts[own], self._starts[own + 1])
        if hide == Hide.TEXT:
            return rows[[self.texts[row] == question.text for row in rows]]
        return rows[self.kinds[rows] == Kind.VARIANT] if hide == Hide.VARIANTS else rows

    def _by_vector(self, question: Question, hidden: NDArray[np.int64] | None) -> NDArray[np.float32]:
        if self._ridge is None or self.dense is None or question.vector is None:
            return np.zeros(len(self.entries) + 1, np.float32)
        if hidden is None or not len(hidden):
            return self._ridge.scores(question.vector)
        told = self.dense[hidden].astype(np.float32) / _SCALE
        return self._ridge.without(
            question.vector, told, int(self.owners[hidden[0]]), self.importance[hidden]
        )

    def _joined(
        self, question: Question, by_vector: NDArray[np.float32], hidden: NDArray[np.int64] | None
    ) -> NDArray[np.float32]:
        if self._joint is None:
            return by_vector.copy()
        return self._joint.scores(question.signs, question.vector, hidden)


def dense_text(text: str) -> str:
    """What is encoded: the text with known words written in the one way, which the encoder alone does
    not know."""
    return concepts().canonical(text)


def sentences(answer: str) -> list[str]:
    """An answer's sentences, without Markdown's signs; a row of a table is one, with what its columns are."""
    plain = _MARKUP.sub(" ", _TABLE.sub(_told_rows, answer))
    told = [part.strip() for part in _SENTENCES.split(plain)]
    return [part for part in told if len(part) > 3][:_MOST_SENTENCES]


def _told_rows(table: re.Match[str]) -> str:
    """A table's rows, a line each: two columns as they stand, of more each but the first behind its name."""
    head, *rows = [
        [_SENTENCES.sub("，", cell.strip()) for cell in line.strip().strip("|").split("|")]
        for line in table[0].strip().splitlines()
    ]
    names = [f"{name} " if len(head) > 2 else "" for name in head[1:]]
    told = ("，".join(map("".join, zip(names, row[1:], strict=False))) for row in rows[1:])
    return "\n" + "\n".join(f"{row[0]}：{cells}" for row, cells in zip(rows[1:], told, strict=True)) + "\n"


def lead_of(index: Index, entry: int, question: Question) -> tuple[str, ...]:
    """The sentences that answer first, in the answer's order: the rule that it begins with, and those nearest
    to the question, up to `LEAD` characters. A table begins with no rule."""
    answer = index.entries[entry].answer
    told = sentences(answer)
    last = int(index._starts[entry + 1])
    first = last - len(told)
    if len(told) <= 1:
        return tuple(told)
    near = index.parts["meanings"].similarities(question.signs["meanings"], [(first, last)])
    if index.dense is not None and question.vector is not None:
        near = near + index.dense[first:last].astype(np.float32) @ (question.vector / _SCALE)
    best = [int(place) for place in np.argsort(-near, kind="stable")]
    chosen = {best[0]} if answer.lstrip().startswith("|") else {0, best[0]}
    left = LEAD - sum(len(told[place]) for place in chosen)
    for place in best:
        if place not in chosen and len(told[place]) <= left:
            chosen.add(place)
            left -= len(told[place])
    return tuple(told[place] for place in sorted(chosen))


def _texts(entry: PublishedEntry) -> list[tuple[str, int]]:
    question = normalise(entry.question)
    told = [(question, int(Kind.QUESTION))]
    seen = {question}
    for variant in entry.variants:
        plain = normalise(variant)
        if plain and plain not in seen:
            seen.add(plain)
            told.append((plain, int(Kind.VARIANT)))
    told.append((normalise(f"{entry.question} {_MARKUP.sub(' ', entry.answer)}"), int(Kind.WHOLE)))
    told += [
        (plain, int(Kind.SENTENCE))
        for sentence in sentences(entry.answer)
        if (plain := normalise(sentence[:_SENTENCE]) or " ")
    ]
    return told


def _whole_numbers(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.asarray(np.rint(rows * _SCALE), np.int8)


def _rows(part: str, texts: Sequence[str], before: Index | None) -> Rows:
    if before is None:
        return rows_of([counts(part, text) for text in texts])
    known = before.parts[part].rows
    places = [before.places.get(_hash(text)) for text in texts]
    return rows_of(
        [
            known.one(place) if place is not None else counts(part, text)
            for text, place in zip(texts, places, strict=True)
        ]
    )


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()


def _top(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    if len(scores) <= CANDIDATES:
        return np.arange(len(scores))
    return np.argpartition(-scores, CANDIDATES)[:CANDIDATES].astype(np.int64)


class _Places:
    """Where the rows of each candidate stand among all their rows: question, variants, whole, sentences."""

    def __init__(self, spans: Sequence[tuple[int, int]], variants: NDArray[np.int64]) -> None:
        lengths = np.array([last - first for first, last in spans])
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._question = first
        self._whole = first + 1 + variants
        self._asked = _padded(first, 1 + variants)
        self._sentences = _padded(self._whole + 1, lengths - variants - 2)

    def gather(self, near: NDArray[np.float32], columns: NDArray[np.float32]) -> None:
        """Fills the six columns of one part: the best of each group of rows, the second best, the mean
        of four."""
        # The last place stands for rows that an entry does not have.
        padded = np.append(near, np.float32(0))
        columns[:, 0] = padded[self._question]
        columns[:, 1] = padded[self._whole]
        columns[:, 2] = padded[self._sentences].max(axis=1)
        nearest = padded[self._asked]
        best = -np.sort(-nearest, axis=1)[:, :4]
        columns[:, 3] = best[:, 0]
        columns[:, 4] = best[:, 1]
        columns[:, 5] = best.sum(axis=1) / 4


def _padded(first: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of each candidate's rows in a line, at least four, -1 where there is none."""
    steps = np.arange(max(*lengths.tolist(), 4))
    return np.where(steps < lengths[:, None], first[:, None] + steps, -1)
