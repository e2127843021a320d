"""What customers get: the published set, a number that tells when it changed, and the facts in it.

The set changes by publishing and by the calendar (an entry's first and last day); `revision` counts both, so
an index that holds the set of a revision is right until the revision is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from backoffice.knowledge.content import Content, Fact
from backoffice.models import KnowledgeEntry, KnowledgeRevision, KnowledgeVersion

_DAYS_BITS = 20


@dataclass(frozen=True)
class PublishedEntry:
    """One entry as it is live: what a search engine indexes and what it answers with.

    Attributes:
        answer: Markdown.
        short: shorter answers by channel name.
        source: where an import found it: {"file": …, "place": …, "page": …}; empty for what people wrote.
    """

    key: str
    version: int
    question: str
    variants: tuple[str, ...]
    answer: str
    short: Mapping[str, str] = field(default_factory=dict)
    category: str = ""
    scene: str = ""
    tags: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedFact:
    """A fact and the entry that says it."""

    fact: Fact
    key: str
    version: int
    question: str


def published(session: Session, now: datetime) -> list[PublishedEntry]:
    """All entries that customers get at `now`, by key."""
    today = now.date()
    rows = session.execute(
        select(
            KnowledgeVersion.key, KnowledgeVersion.version, KnowledgeVersion.content, KnowledgeVersion.source
        )
        .join(
            KnowledgeEntry,
            and_(
                KnowledgeEntry.key == KnowledgeVersion.key,
                KnowledgeEntry.live_version == KnowledgeVersion.version,
            ),
        )
        .where(
            or_(KnowledgeEntry.live_from.is_(None), KnowledgeEntry.live_from <= today),
            or_(KnowledgeEntry.live_until.is_(None), KnowledgeEntry.live_until >= today),
        )
        .order_by(KnowledgeVersion.key)
    )
    return [live_entry(key, version, content, source) for key, version, content, source in rows]


_TODAY = bindparam("today", type_=Date())
_REVISION = select(
    select(func.coalesce(func.max(KnowledgeRevision.revision), 0)).scalar_subquery(),
    select(func.count()).where(KnowledgeEntry.live_from <= _TODAY).scalar_subquery(),
    select(func.count()).where(KnowledgeEntry.live_until < _TODAY).scalar_subquery(),
)


def revision(session: Session, now: datetime) -> int:
    """Rises whenever `published` becomes another set, by publishing or a day's turn. One cheap statement."""
    told = session.execute(_REVISION, {"today": now.date()}).one()
    # Publishing outweighs whatever the calendar counts: an entry that leaves takes its days with it.
    return (int(told[0]) << _DAYS_BITS) + int(told[1]) + int(told[2])


def facts(session: Session, now: datetime) -> dict[str, PublishedFact]:
    """Every published fact by its name."""
    return {
        fact.name: PublishedFact(fact, entry.key, entry.version, entry.question)
        for entry in published(session, now)
        for fact in entry.facts
    }


def live_entry(
    key: str, version: int, content: Content | Mapping[str, Any], source: Mapping[str, Any] | None
) -> PublishedEntry:
    """A version's content as the search sees it; `content` may be as stored."""
    said = content.stored() if isinstance(content, Content) else content
    return PublishedEntry(
        key=key,
        version=version,
        question=said["question"],
        variants=tuple(said.get("variants", ())),
        answer=said["answer"],
        short=said.get("short", {}),
        category=said["category"],
        scene=said.get("scene", ""),
        tags=tuple(said.get("tags", ())),
        facts=tuple(Fact.model_validate(fact) for fact in said.get("facts", ())),
        source=source or {},
    )


def holds_on(content: Content, day: date) -> bool:
    """Whether a day lies in an entry's validity."""
    return (content.valid_from or day) <= day <= (content.valid_until or day)
