"""The search of one process: follows the published set, answers questions, never stops for a rebuild.

A thread looks at the store's revision when something was written, a few times a second at most; where it
rose, the next index is built beside the one that answers, from it, and takes its place in one step. Another
thread then learns what takes seconds, and what it made takes the place.
"""

from __future__ import annotations

import copy
import ctypes
import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from backoffice.clock import Clock
from backoffice.database import PROJECT_ROOT, Changes, Database
from backoffice.knowledge.published import PublishedEntry, published, revision
from backoffice.knowledge.search.combiner import OFFERED, Combiner, CombinerDamaged, Judged, load, shipped
from backoffice.knowledge.search.encoder import BundledEncoder, Encoder, EncoderUnavailable
from backoffice.knowledge.search.endpoint import EndpointEncoder
from backoffice.knowledge.search.index import Index, Question, lead_of
from backoffice.knowledge.search.manual import models, spelled_out, subjects, within
from backoffice.knowledge.search.normalising import normalise
from backoffice.knowledge.search.talk import SHORTEST, Talk, fitting, judge_in_talk
from backoffice.knowledge.search.vectors import VectorStore
from backoffice.settings import Embeddings
from backoffice.states import SearchDecision

CACHE_FOLDER = PROJECT_ROOT / "var" / "knowledge"
"""Caches; may be deleted at any time."""
LOOK_SECONDS = 0.2
_CALENDAR_SECONDS = 2.0  # how late a day's turn, or that the endpoint is to be tried again, may be noticed
_FIRST_SECONDS = 60.0
_ENDPOINT_AGAIN_SECONDS = 30.0
MOST_HITS = 10
_SAYS_SOMETHING = re.compile(r"\w")

_log = logging.getLogger("backoffice.knowledge")


@dataclass(frozen=True)
class Hit:
    """An entry that may answer.

    Attributes:
        score: probability that it answers, 0 to 1.
        lead: the sentences of the answer that are nearest to the question, in the answer's order.
    """

    entry: PublishedEntry
    score: float
    lead: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Of the entry."""
        return self.entry.key


@dataclass(frozen=True)
class Found:
    """What the search makes of a question; hits best first, also with `pass`."""

    decision: SearchDecision
    hits: tuple[Hit, ...]


class EntrySearch:
    """A search over entries at hand, without a store: for gates, proposals and measures."""

    def __init__(
        self,
        entries: Sequence[PublishedEntry],
        vectors: VectorStore | None,
        combiner: Combiner | None = None,
        before: EntrySearch | None = None,
    ) -> None:
        self.index: Index = Index(entries, vectors, before.index if before else None)
        self.combiner = combiner or shipped()
        self._written = _written(entries)
        self._titles = [entry.question for entry in entries]
        self._manuals = subjects(self._titles)
        self._models = models(self._manuals)
        self._places = {entry.key: place for place, entry in enumerate(entries)}

    def learned(self) -> EntrySearch:
        """The same with the exact joint reading: seconds of work for some thousands of texts."""
        other = copy.copy(self)
        other.index = self.index.learned()
        return other

    def search(
        self, question: str, k: int = OFFERED, by_words: bool = False, talk: Talk | None = None
    ) -> Found:
        """Up to `k` hits and the decision; `by_words`: without the encoder; `talk`: what it was asked in.

        Raises EncoderUnavailable.
        """
        read = self.index.read(question, by_words=by_words) if self.index.entries else None
        if read is None or not _SAYS_SOMETHING.search(read.text):
            return Found(SearchDecision.PASS, ())
        goods = talk.goods if talk else ""
        named = spelled_out(question, self._models)

        def look(text: str) -> Judged:
            return self.combiner.judge(self.index.look(self.index.read(text, by_words=by_words)))

        def judge_words(read: Question) -> Judged:
            fits = fitting(named, goods, self.combiner.judge(self.index.look(read)), self._titles)
            return within(read.text, fits, self._manuals, look, self.combiner.answer)

        def judge(read: Question) -> Judged:
            words = spelled_out(read.text, self._models)
            told = judge_words(read)
            if words == read.text:
                return told
            spelled = judge_words(self.index.read(words, by_words=by_words))
            return max(told, spelled, key=lambda each: each.first)

        judged = judge(read)
        if talk:
            judged = judge_in_talk(
                question,
                talk,
                judged,
                lambda text: judge(self.index.read(text, by_words=by_words)),
                self._titles,
                self._places.get(self._written.get(_bare(normalise(talk.told)), talk.told)),
            )
        hits = tuple(
            Hit(
                self.index.entries[entry],
                min(max(float(score), 0.0), 1.0),
                lead_of(self.index, int(entry), read),
            )
            for entry, score in zip(judged.entries[:k], judged.scores[:k], strict=True)
        )
        key = None if talk and len(question) < SHORTEST else self._written.get(_bare(read.text))
        if key:  # written word for word: nothing is left to judge
            place = self._places[key]
            told = Hit(self.index.entries[place], 1.0, lead_of(self.index, place, read))
            others = tuple(hit for hit in hits if hit.key != key)
            return Found(SearchDecision.ANSWER, (told, *others)[:k])
        return Found(judged.decision, hits)

    def entry(self, key: str, question: str) -> Hit | None:
        """The entry with this key, told as the answer to `question`; None where it is not published."""
        place = self._places.get(key)
        if place is None:
            return None
        lead = lead_of(self.index, place, self.index.read(question, by_words=True))
        return Hit(self.index.entries[place], 1.0, lead)


def _written(entries: Sequence[PublishedEntry]) -> dict[str, str]:
    """Each question as it is written → its entry's key; one that two entries have belongs to neither."""
    keys: dict[str, set[str]] = {}
    for entry in entries:
        for text in (entry.question, *entry.variants):
            keys.setdefault(_bare(normalise(text)), set()).add(entry.key)
    return {text: next(iter(owners)) for text, owners in keys.items() if text and len(owners) == 1}


def _bare(plain: str) -> str:
    return "".join(sign for sign in plain if sign.isalnum())


class KnowledgeSearch:
    """`start` and `stop` with the application."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        folder: Path | None,
        endpoint: Encoder | None = None,
    ) -> None:
        """`folder` keeps caches that may be deleted at any time; None keeps none. `endpoint` beats the
        bundled encoder."""
        self._database = database
        self._clock = clock
        self._folder = folder
        self._bundled = bundled_vectors(folder)
        self._endpoint = (
            VectorStore(endpoint, folder / "vectors.db" if folder else None) if endpoint else None
        )
        self._endpoint_down_until = 0.0
        self._combiner = combiner_of(folder)
        self._current: tuple[int, VectorStore, EntrySearch] | None = None
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._building = threading.Lock()
        self._changes = Changes(database, _CALENDAR_SECONDS)
        self._threads = [
            threading.Thread(target=self._repeat, args=(work,), name=name, daemon=True)
            for name, work in (("knowledge", self._follow_changes), ("knowledge-learning", self.learn))
        ]

    def start(self) -> None:
        """Begins to follow the store."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Until the first index is there or could not be made, a minute at most."""
        self._ready.wait(_FIRST_SECONDS)

    def stop(self) -> None:
        """Ends after the look that runs."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(10)
        self._changes.close()

    def search(self, question: str, k: int = OFFERED, talk: Talk | None = None) -> Found:
        """Up to `k` hits and the decision, in a talk if there is one; waits for the first index."""
        wanted = min(max(k, 1), MOST_HITS)
        current = self._ready_search()
        try:
            return current.search(question, wanted, talk=talk)
        except EncoderUnavailable as error:
            self._endpoint_fails(error)
            # The next index, of the bundled encoder, is a moment away.
            return current.search(question, wanted, by_words=True, talk=talk)

    def entry(self, key: str, question: str) -> Hit | None:
        """A published entry, told as the answer to `question`; None where it is not published."""
        return self._ready_search().entry(key, question)

    def follow(self) -> bool:
        """Builds the index of the store's revision where it is another; whether it did."""
        with self._building:
            with self._database.read() as session:
                now = self._clock()
                told = revision(session, now)
                source = self._source()
                if self._current is not None and self._current[:2] == (told, source):
                    return False
                entries = published(session, now)
            began = time.monotonic()
            before = self._current[2] if self._current is not None and self._current[1] is source else None
            try:
                made = EntrySearch(entries, source, self._combiner, before)
            except EncoderUnavailable as error:
                self._endpoint_fails(error)
                source = self._bundled
                made = EntrySearch(entries, source, self._combiner)
            self._current = told, source, made
            _give_back()
            _log.info(
                "knowledge index entries=%d encoder=%s ms=%d",
                len(entries),
                source.encoder.name,
                1000 * (time.monotonic() - began),
            )
            return True

    def learn(self) -> bool:
        """Makes the index at hand exact where it is near only; whether it did."""
        current = self._current
        if current is None or current[2].index.is_exact:
            return False
        began = time.monotonic()
        made = current[2].learned()
        with self._building:
            # Another that was published meanwhile is nearer to what customers must get.
            if self._current is not current:
                return False
            self._current = *current[:2], made
        _give_back()
        _log.info(
            "knowledge learned entries=%d ms=%d", len(made.index.entries), 1000 * (time.monotonic() - began)
        )
        return True

    def _source(self) -> VectorStore:
        if self._endpoint is not None and time.monotonic() >= self._endpoint_down_until:
            return self._endpoint
        return self._bundled

    def _endpoint_fails(self, cause: Exception) -> None:
        self._endpoint_down_until = time.monotonic() + _ENDPOINT_AGAIN_SECONDS
        _log.warning("embeddings endpoint fails, the bundled encoder answers cause=%s", cause)

    def _ready_search(self) -> EntrySearch:
        if self._current is None and self._threads[0].is_alive():
            self.wait()
        if self._current is None:
            self.follow()
        assert self._current is not None
        return self._current[2]

    def _follow_changes(self) -> bool:
        if not self._changes():
            return False
        try:
            return self.follow()
        except BaseException:
            self._changes.again()
            raise
        finally:
            self._ready.set()

    def _repeat(self, work: Callable[[], bool]) -> None:
        while True:
            try:
                work()
            except (SQLAlchemyError, sqlite3.Error) as error:
                _log.warning("knowledge store fails cause=%s", type(error).__name__)
            except Exception:
                _log.exception("knowledge index fails")
            if self._stopping.wait(LOOK_SECONDS):
                return


def _give_back() -> None:
    """Building frees some fifty MiB in small pieces, which glibc would keep."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


@cache
def bundled_vectors(folder: Path | None) -> VectorStore:
    """The bundled encoder, one in a process, its vectors kept in `folder`."""
    return VectorStore(BundledEncoder(folder), folder / "vectors.db" if folder else None)


def combiner_of(folder: Path | None) -> Combiner:
    """The one trained on this shop's entries, where `folder` holds one, else the shipped one."""
    path = folder / "combiner.json" if folder else None
    if path is not None and path.is_file():
        try:
            return load(path)
        except (CombinerDamaged, OSError) as error:
            _log.warning("combiner refused, the shipped one answers cause=%s", type(error).__name__)
    return shipped()


def endpoint_of(embeddings: Embeddings | None) -> Encoder | None:
    """The configured endpoint's encoder."""
    return EndpointEncoder(embeddings.url, embeddings.model, embeddings.key) if embeddings else None
