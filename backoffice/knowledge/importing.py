"""An import from beginning to end, as the API and the command line do it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.effects.knowledge import Editing
from backoffice.knowledge import gate
from backoffice.knowledge.gate import Build, Change
from backoffice.knowledge.imports.plan import Categorise, Plan, apply, plan
from backoffice.knowledge.imports.proposals import Reading
from backoffice.knowledge.published import holds_on, live_entry, published
from backoffice.knowledge.publishing import breaks


@dataclass(frozen=True)
class Import:
    """What somebody asks to be brought in. `publish`: live at once, without a review."""

    reading: Reading
    by: str
    category: str | None = None
    publish: bool = False


@dataclass(frozen=True)
class ImportGate:
    """What publishing an import at once would change for the questions that are answered now."""

    asked: int
    changes: tuple[Change, ...]

    def hold(self, despite: Collection[str]) -> None:
        """Raises the 409 problem where a question answered now would be answered worse, and is not named.

        New entries that do not find themselves are only told: nothing that customers have gets worse.
        """
        worse = [change for change in self.changes if change.after.held < change.before.held]
        if unnamed := [change for change in worse if change.question not in despite]:
            raise breaks(unnamed)


def run(work: Editing, asked: Import, *, dry_run: bool) -> Plan:
    """The plan, and unless it is a dry run, its drafts (or published entries) in this transaction."""
    planned = plan(work.session, asked.reading, categoriser(work.session), asked.category)
    if not dry_run:
        apply(work, planned, publish=asked.publish)
    return planned


def look_at(session: Session, now: datetime, asked: Import, build: Build) -> ImportGate:
    """Asks the gate about everything that an import would make or change."""
    planned = plan(session, asked.reading, None, asked.category)
    would_be = {
        line.key: live_entry(line.key, 0, line.content, None)
        for line in planned.lines
        if line.key and line.content and holds_on(line.content, now.date())
    }
    asked_count, changes = gate.compare(session, published(session, now), would_be, build)
    return ImportGate(asked_count, changes)


def categoriser(session: Session) -> Categorise | None:
    """Proposes categories after those of the entries there are; None where those are too few."""
    from backoffice.knowledge.categories import learnt

    return learnt(session)
