"""Changing the knowledge base: every change is a new version and a line of the audit, in one transaction.

Whoever changes what is published raises the revision first: its row makes publishers take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backoffice.knowledge.content import Content
from backoffice.models import KnowledgeEntry, KnowledgeEvent, KnowledgeRegression, KnowledgeVersion
from backoffice.problems import not_found, refused
from backoffice.rules import knowledge as rules
from backoffice.states import KnowledgeState, RegressionOrigin

_MANY = 500
_RAISE = text(
    "INSERT INTO knowledge_revision (id, revision) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET revision = knowledge_revision.revision + 1 RETURNING revision"
)


@dataclass(frozen=True)
class Editing:
    """A transaction of somebody who changes entries."""

    session: Session
    now: datetime
    author: str

    def entry(self, key: str, expected: int | None = None) -> KnowledgeEntry:
        """Locked until the transaction ends. Raises 404, or 409 where `expected` is not its version."""
        found = self.session.get(KnowledgeEntry, key, with_for_update=True, populate_existing=True)
        if found is None:
            raise not_found()
        if not (verdict := rules.is_newest(found.version, expected)).ok:
            raise refused(verdict)
        return found

    def entries(self, versions: Mapping[str, int | None]) -> list[KnowledgeEntry]:
        """As `entry`, for many keys (each with its expected version), by key: no two wait for each other."""
        keys = sorted(versions)
        found: list[KnowledgeEntry] = []
        for start in range(0, len(keys), _MANY):
            some = select(KnowledgeEntry).where(KnowledgeEntry.key.in_(keys[start : start + _MANY]))
            locked = some.order_by(KnowledgeEntry.key).with_for_update()
            found += self.session.scalars(locked.execution_options(populate_existing=True))
        if len(found) < len(keys):
            raise not_found()
        for entry in found:
            if not (verdict := rules.is_newest(entry.version, versions[entry.key])).ok:
                raise refused(verdict)
        return found

    def note(self, entry: KnowledgeEntry, action: str, **detail: Any) -> None:
        """Adds a line to the audit."""
        self.session.add(
            KnowledgeEvent(
                at=self.now,
                author=self.author,
                action=action,
                key=entry.key,
                version=entry.version,
                detail=detail,
            )
        )


@dataclass(frozen=True)
class Imported:
    """Where a version came from, and a digest of each field that the file spoke of."""

    source: Mapping[str, Any]
    digests: Mapping[str, str]


def content_of(session: Session, key: str, version: int) -> Content:
    """What a version said. Raises the 404 problem."""
    row = session.get(KnowledgeVersion, (key, version))
    if row is None:
        raise not_found()
    return Content.model_validate(row.content)


def create(work: Editing, key: str, content: Content) -> KnowledgeEntry:
    """A new entry's draft. Raises the 409 problem where the key is taken."""
    create_many(work, [(key, content, None)])
    return work.session.get_one(KnowledgeEntry, key)


def create_many(work: Editing, new: Sequence[tuple[str, Content, Imported | None]]) -> None:
    """New entries' drafts, all or none. Raises the 409 problem where a key is taken."""
    if not new:
        return
    about = {"created_at": work.now, "author": work.author}
    entries = [
        {
            "key": key,
            "state": KnowledgeState.DRAFT,
            "version": 1,
            "question": content.question,
            "category": content.category,
            "scene": content.scene,
            "created_at": work.now,
            "updated_at": work.now,
            "updated_by": work.author,
        }
        for key, content, _ in new
    ]
    versions = [
        {
            "key": key,
            "version": 1,
            "content": content.stored(),
            "source": dict(imported.source) if imported else None,
            "imported": dict(imported.digests) if imported else {},
            "is_import": imported is not None,
            "note": "",
            **about,
        }
        for key, content, imported in new
    ]
    events: list[dict[str, Any]] = [
        {
            "at": work.now,
            "author": work.author,
            "action": "import" if imported else "create",
            "key": key,
            "version": 1,
            "detail": {},
        }
        for key, _, imported in new
    ]
    try:
        with work.session.begin_nested():
            work.session.execute(insert(KnowledgeEntry), entries)
    except IntegrityError:
        raise refused(rules.key_taken(new[0][0] if len(new) == 1 else "")) from None
    work.session.execute(insert(KnowledgeVersion), versions)
    work.session.execute(insert(KnowledgeEvent), events)


def edit(
    work: Editing,
    key: str,
    expected: int | None,
    content: Content,
    note: str = "",
    imported: Imported | None = None,
    action: str = "edit",
) -> KnowledgeEntry:
    """A new draft; what is live stays live. The same content again changes nothing."""
    entry = work.entry(key, expected)
    before = work.session.get_one(KnowledgeVersion, (key, entry.version))
    same = Content.model_validate(before.content) == content
    if same and imported is None and entry.state is not KnowledgeState.RETIRED:
        return entry
    entry.version += 1
    entry.state = KnowledgeState.DRAFT
    entry.question, entry.category, entry.scene = content.question, content.category, content.scene
    entry.updated_at, entry.updated_by = work.now, work.author
    _keep(work, entry, content, note, imported, before)
    work.note(entry, action, **({"note": note} if note else {}))
    return entry


def _keep(
    work: Editing,
    entry: KnowledgeEntry,
    content: Content,
    note: str,
    imported: Imported | None,
    before: KnowledgeVersion,
) -> None:
    work.session.add(
        KnowledgeVersion(
            key=entry.key,
            version=entry.version,
            content=content.stored(),
            source=dict(imported.source) if imported else before.source,
            imported={**before.imported, **imported.digests} if imported else before.imported,
            is_import=imported is not None,
            note=note,
            author=work.author,
            created_at=work.now,
        )
    )


def submit(work: Editing, key: str, expected: int | None) -> KnowledgeEntry:
    """Asks for a review."""
    entry = work.entry(key, expected)
    if not (verdict := rules.submit(entry.state)).ok:
        raise refused(verdict)
    return _enter(work, entry, KnowledgeState.IN_REVIEW, "submit")


def send_back(work: Editing, key: str, expected: int | None, reason: str) -> KnowledgeEntry:
    """A reviewer's no: the entry is a draft again."""
    entry = work.entry(key, expected)
    if not (verdict := rules.decide(entry.state)).ok:
        raise refused(verdict)
    return _enter(work, entry, KnowledgeState.DRAFT, "send_back", reason=reason)


def publish(
    work: Editing,
    versions: Mapping[str, int | None],
    detail: Mapping[str, Any] | None = None,
    *,
    unreviewed: bool = False,
) -> list[KnowledgeEntry]:
    """Makes the newest versions of these entries (key → number as the reviewer saw it) live, all or none.

    The caller has raised the revision. `unreviewed` takes drafts, too, and the audit says so.
    """
    told = {**(detail or {}), **({"reviewed": False} if unreviewed else {})}
    entries = work.entries(versions)
    newest = _newest(work.session, entries)
    with_facts = []
    for entry in entries:
        if not unreviewed and not (verdict := rules.decide(entry.state)).ok:
            raise refused(verdict)
        version = newest[entry.key]
        content = Content.model_validate(version.content)
        version.published_at, version.published_by = work.now, work.author
        entry.live_version = entry.version
        entry.live_from, entry.live_until = content.valid_from, content.valid_until
        _enter(work, entry, KnowledgeState.PUBLISHED, "publish", **told)
        if content.facts:
            with_facts.append(entry.key)
    work.session.flush()
    if with_facts:
        _one_entry_a_fact(work.session, with_facts)
    return entries


def _newest(session: Session, entries: Sequence[KnowledgeEntry]) -> dict[str, KnowledgeVersion]:
    found: dict[str, KnowledgeVersion] = {}
    is_newest = (KnowledgeEntry.key == KnowledgeVersion.key) & (
        KnowledgeEntry.version == KnowledgeVersion.version
    )
    session.flush()
    for start in range(0, len(entries), _MANY):
        keys = [entry.key for entry in entries[start : start + _MANY]]
        rows = select(KnowledgeVersion).join(KnowledgeEntry, is_newest).where(KnowledgeEntry.key.in_(keys))
        found |= {version.key: version for version in session.scalars(rows)}
    return found


def _one_entry_a_fact(session: Session, keys: Iterable[str]) -> None:
    """Raises the 409 problem where a fact of these entries is told by another one, too."""
    owners: dict[str, str] = {}
    mine = set(keys)
    live = (KnowledgeEntry.key == KnowledgeVersion.key) & (
        KnowledgeEntry.live_version == KnowledgeVersion.version
    )
    rows = session.execute(
        select(KnowledgeVersion.key, KnowledgeVersion.content)
        .join(KnowledgeEntry, live)
        .order_by(KnowledgeVersion.key)
    )
    for key, content in rows:
        for fact in content.get("facts", ()):
            other = owners.setdefault(fact["name"], key)
            if other != key and mine & {other, key}:
                raise refused(rules.fact_taken(fact["name"], other if key in mine else key))


def retire(work: Editing, key: str, expected: int | None, reason: str) -> KnowledgeEntry:
    """Customers no longer get it; it can be restored."""
    raise_revision(work.session)
    entry = work.entry(key, expected)
    if not (verdict := rules.retire(entry.state)).ok:
        raise refused(verdict)
    entry.live_version = entry.live_from = entry.live_until = None
    return _enter(work, entry, KnowledgeState.RETIRED, "retire", reason=reason)


def restore(work: Editing, key: str, expected: int | None, version: int) -> KnowledgeEntry:
    """An older version's content as the new draft."""
    content = content_of(work.session, key, version)
    return edit(work, key, expected, content, note=f"恢复第 {version} 版", action="restore")


def _enter(
    work: Editing, entry: KnowledgeEntry, state: KnowledgeState, action: str, **detail: Any
) -> KnowledgeEntry:
    entry.state = state
    entry.updated_at, entry.updated_by = work.now, work.author
    work.note(entry, action, **detail)
    return entry


def raise_revision(session: Session) -> int:
    """Tells every index that the published set is another, and keeps other publishers waiting until then."""
    return int(session.execute(_RAISE).scalar_one())


def add_regression(
    work: Editing, key: str, question: str, origin: RegressionOrigin = RegressionOrigin.OWN
) -> KnowledgeRegression:
    """A question that the entry must go on answering; adding it again changes nothing."""
    entry = work.entry(key)
    mine = select(KnowledgeRegression).where(
        KnowledgeRegression.key == key, KnowledgeRegression.question == question
    )
    if known := work.session.scalars(mine).one_or_none():
        return known
    count = select(func.count()).where(KnowledgeRegression.key == key)
    if not (verdict := rules.one_more_regression(work.session.scalar(count) or 0)).ok:
        raise refused(verdict)
    added = KnowledgeRegression(
        key=key, question=question, origin=origin, author=work.author, created_at=work.now
    )
    work.session.add(added)
    work.session.flush()
    work.note(entry, "add_regression", question=question, origin=origin.value)
    return added


def drop_regression(work: Editing, key: str, number: int) -> KnowledgeEntry:
    """Raises the 404 problem where the entry has no such question."""
    entry = work.entry(key)
    found = work.session.get(KnowledgeRegression, number)
    if found is None or found.key != key:
        raise not_found()
    work.session.execute(delete(KnowledgeRegression).where(KnowledgeRegression.id == number))
    work.note(entry, "drop_regression", question=found.question)
    return entry
