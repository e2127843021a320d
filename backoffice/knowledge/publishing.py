"""Publishing behind the gate: what it breaks must be named by the reviewer, or nothing is published."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from backoffice.effects import knowledge as effects
from backoffice.effects.knowledge import Editing
from backoffice.knowledge import gate
from backoffice.knowledge.gate import Build, Change, GateReport
from backoffice.models import KnowledgeEntry
from backoffice.problems import FieldError, Problem

_NAMED = 20


def publish(
    work: Editing,
    versions: Mapping[str, int | None],
    looked: GateReport,
    build: Build,
    despite: Collection[str] = (),
) -> list[KnowledgeEntry]:
    """Makes the newest versions of these entries live, all or none.

    Args:
        versions: key → the version that the reviewer saw, None for whichever is the newest.
        looked: the gate's report from before this transaction; asked anew where others published since.
        despite: the questions that may break, in the reviewer's name.

    Raises:
        Problem: 409 `breaks_questions` with the questions that are not named in `despite`.
    """
    # From here on nobody else publishes until this transaction ends.
    if effects.raise_revision(work.session) != looked.changes_before + 1:
        looked = gate.report(work.session, work.now, versions, build)
    unnamed = [change for change in looked.broken if change.question not in despite]
    if unnamed:
        raise breaks(unnamed)
    detail: dict[str, Any] = {"asked": looked.asked}
    if broken := [
        {"question": change.question, "key": change.key, "now": change.after.key} for change in looked.broken
    ]:
        detail["despite"] = broken
    return effects.publish(work, versions, detail)


def breaks(changes: list[Change]) -> Problem:
    """The refusal, with each question and what it would find instead."""
    errors = [
        FieldError(
            field=change.question,
            message=f"属于 {change.key}，发布后"
            + (f"会答成 {change.after.key}" if change.after.key else "会答不上来"),
        )
        for change in changes[:_NAMED]
    ]
    return Problem(
        409,
        "breaks_questions",
        f"发布会改坏 {len(changes)} 个问题的回答。请修改条目，或由审核人逐条点名后再发布。",
        errors=errors,
    )
