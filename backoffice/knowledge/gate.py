"""What publishing would do to customers' questions, before it does it.

Every entry has questions that must find it: its own title, those people wrote down, those that customers
called helpful. They are asked of the search as it is and as it would be; the questions of the entries nearby
are asked too, because an entry that says more takes questions from its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.knowledge.content import Content
from backoffice.knowledge.published import PublishedEntry, holds_on, live_entry, published
from backoffice.models import KnowledgeEntry, KnowledgeRegression, KnowledgeRevision, KnowledgeVersion
from backoffice.problems import not_found
from backoffice.states import SearchDecision

NEIGHBOURS = 8
OFFERED = 3
"""So many questions a customer is offered to choose from."""
_TITLE = "title"


class Hit(Protocol):
    """One entry found."""

    @property
    def key(self) -> str: ...
    @property
    def score(self) -> float: ...


class Found(Protocol):
    """What the search makes of a question, the best hit first."""

    @property
    def decision(self) -> SearchDecision: ...
    @property
    def hits(self) -> Sequence[Hit]: ...


class Searcher(Protocol):
    """A search over a fixed set of entries."""

    def search(self, question: str) -> Found: ...


Build = Callable[[Sequence[PublishedEntry]], Searcher]
"""Makes a searcher of entries."""


class Held(IntEnum):
    """How well a question finds the entry it belongs to."""

    LOST = 0
    OFFERED = 1
    ANSWERED = 2


@dataclass(frozen=True)
class Answered:
    """What a question comes to: the decision and the entry on top."""

    decision: SearchDecision
    key: str | None
    held: Held


@dataclass(frozen=True)
class Change:
    """A question whose answer would be another.

    Attributes:
        key: the entry that it belongs to.
        origin: own, helpful, or title where it is the entry's question itself.
        is_broken: it finds its entry worse than now, or is asked of a new entry and does not find it.
    """

    question: str
    key: str
    origin: str
    before: Answered
    after: Answered
    is_broken: bool


@dataclass(frozen=True)
class GateReport:
    """What was asked, and what would change. `changes_before`: the revision's count that it was made at."""

    asked: int
    changes: tuple[Change, ...]
    changes_before: int

    @property
    def broken(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.is_broken)


@dataclass(frozen=True)
class _Asked:
    question: str
    origin: str


def report(session: Session, now: datetime, keys: Iterable[str], build: Build) -> GateReport:
    """What publishing the newest versions of `keys` together would change. Raises the 404 problem."""
    changes_before = count_of_changes(session)
    would_be = _newest(session, now, sorted(set(keys)))
    asked, changes = compare(session, published(session, now), would_be, build)
    return GateReport(asked, changes, changes_before)


def compare(
    session: Session,
    before: Sequence[PublishedEntry],
    would_be: Mapping[str, PublishedEntry | None],
    build: Build,
) -> tuple[int, tuple[Change, ...]]:
    """(how many questions were asked, those that change) if `would_be` replaced its keys; None: retired."""
    after = [entry for entry in before if entry.key not in would_be]
    after += [entry for entry in would_be.values() if entry is not None]
    after.sort(key=lambda entry: entry.key)
    return _compare(build(before), build(after), after, set(would_be), _regressions(session))


def whole(session: Session, now: datetime, build: Build) -> tuple[int, tuple[Change, ...]]:
    """Every question of every published entry against the search as it is: (asked, those that miss)."""
    entries = published(session, now)
    searcher = build(entries)
    regressions = _regressions(session)
    missed = []
    asked = 0
    for entry in entries:
        for one in _questions(entry, regressions):
            asked += 1
            found = _answered(searcher, one.question, entry.key)
            if found.held is Held.LOST:
                missed.append(Change(one.question, entry.key, one.origin, found, found, True))
    return asked, tuple(missed)


def count_of_changes(session: Session) -> int:
    """How often anything was published or retired so far."""
    return session.scalar(select(func.coalesce(func.max(KnowledgeRevision.revision), 0))) or 0


def _compare(
    now: Searcher,
    then: Searcher,
    after: Sequence[PublishedEntry],
    changed: set[str],
    regressions: Mapping[str, list[_Asked]],
) -> tuple[int, tuple[Change, ...]]:
    by_key = {entry.key: entry for entry in after}
    touched = [by_key[key] for key in sorted(changed) if key in by_key]
    nearby = _neighbours(now, then, touched, regressions) - changed
    changes = []
    asked = 0
    for entry in (*touched, *(by_key[key] for key in sorted(nearby) if key in by_key)):
        for one in _questions(entry, regressions):
            asked += 1
            was, will = (_answered(each, one.question, entry.key) for each in (now, then))
            is_broken = will.held < was.held or (entry.key in changed and will.held is Held.LOST)
            if is_broken or (was.decision, was.key) != (will.decision, will.key):
                changes.append(Change(one.question, entry.key, one.origin, was, will, is_broken))
    return asked, tuple(sorted(changes, key=lambda change: not change.is_broken))


def _neighbours(
    now: Searcher, then: Searcher, touched: Sequence[PublishedEntry], regressions: Mapping[str, list[_Asked]]
) -> set[str]:
    found: set[str] = set()
    for entry in touched:
        told = [one.question for one in _questions(entry, regressions)]
        for question in dict.fromkeys((*told, *entry.variants[:NEIGHBOURS])):
            for searcher in (now, then):
                found |= {hit.key for hit in searcher.search(question).hits[:NEIGHBOURS]}
    return found


def _questions(entry: PublishedEntry, regressions: Mapping[str, list[_Asked]]) -> list[_Asked]:
    told = {entry.question: _Asked(entry.question, _TITLE)}
    for one in regressions.get(entry.key, ()):
        told.setdefault(one.question, one)
    return list(told.values())


def _answered(searcher: Searcher, question: str, key: str) -> Answered:
    found = searcher.search(question)
    top = found.hits[0].key if found.hits and found.decision is not SearchDecision.PASS else None
    held = Held.LOST
    if found.decision is SearchDecision.ANSWER and top == key:
        held = Held.ANSWERED
    elif found.decision is SearchDecision.CLARIFY and key in [hit.key for hit in found.hits[:OFFERED]]:
        held = Held.OFFERED
    return Answered(found.decision, top, held)


def _newest(session: Session, now: datetime, keys: Sequence[str]) -> dict[str, PublishedEntry | None]:
    """The newest version of each; None where it would not hold today."""
    found: dict[str, PublishedEntry | None] = {}
    for key in keys:
        entry = session.get(KnowledgeEntry, key)
        if entry is None:
            raise not_found()
        row = session.get_one(KnowledgeVersion, (key, entry.version))
        content = Content.model_validate(row.content)
        holds = holds_on(content, now.date())
        found[key] = live_entry(key, entry.version, content, row.source) if holds else None
    return found


def _regressions(session: Session) -> dict[str, list[_Asked]]:
    found: dict[str, list[_Asked]] = {}
    for row in session.scalars(select(KnowledgeRegression).order_by(KnowledgeRegression.id)):
        found.setdefault(row.key, []).append(_Asked(row.question, row.origin.value))
    return found
