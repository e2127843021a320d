"""Proposals against the store: what would be made, changed, left or refused and why; and then doing it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.effects import knowledge as effects
from backoffice.effects.knowledge import Editing, Imported
from backoffice.knowledge.content import Content
from backoffice.knowledge.imports.proposals import Proposal, Reading
from backoffice.models import KnowledgeEntry, KnowledgeVersion
from backoffice.states import KnowledgeState

UNSORTED = "未分类"


class Guess(NamedTuple):
    """What a text without them might belong to."""

    category: str
    scene: str = ""


Categorise = Callable[[Sequence[str]], list[Guess]]
"""Proposes category and scene for each text."""
_SAME = re.compile(r"[\W_]+")
_MANY = 500


class Action(StrEnum):
    MAKE = "make"
    CHANGE = "change"
    LEAVE = "leave"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Line:
    """What an import does with one place of a file.

    Attributes:
        changed: the fields that a changed entry's new version has otherwise.
        by_hand: the entry was last changed by a person.
        was: its state until now; None: a new one.
    """

    action: Action
    place: str
    reason: str
    key: str | None = None
    question: str = ""
    category: str = ""
    is_category_proposed: bool = False
    changed: tuple[str, ...] = ()
    by_hand: bool = False
    was: KnowledgeState | None = None
    content: Content | None = None
    imported: Imported | None = None


@dataclass(frozen=True)
class Plan:
    """A dry run's result; `apply` does it."""

    file: str
    lines: tuple[Line, ...]

    def count(self, action: Action) -> int:
        return sum(line.action is action for line in self.lines)


@dataclass(frozen=True)
class _Known:
    """What the store has under a key."""

    state: KnowledgeState
    content: Content
    digests: Mapping[str, str]
    by_hand: bool


def plan(
    session: Session, reading: Reading, categorise: Categorise | None = None, category: str | None = None
) -> Plan:
    """What importing would do now. `category` is for proposals that name none, else `categorise` is asked."""
    refused = [Line(Action.REFUSE, each.place, each.reason) for each in reading.refusals]
    known = _known(session, [proposal.key for proposal in reading.proposals])
    asked = _questions(session)
    unsaid = [each for each in reading.proposals if each.category is None and each.key not in known]
    guesses = [Guess(category or UNSORTED)] * len(unsaid)
    if unsaid and categorise and not category:
        guesses = categorise([f"{each.question}\n{each.answer}" for each in unsaid])
    proposed = {id(each): guess for each, guess in zip(unsaid, guesses, strict=True)}
    lines: list[Line] = []
    seen: set[str] = set()
    for proposal in reading.proposals:
        if proposal.key in seen:
            lines.append(
                Line(Action.REFUSE, proposal.place, "文件里这个编号出现过了", proposal.key, proposal.question)
            )
            continue
        seen.add(proposal.key)
        line = _line(proposal, known.get(proposal.key), asked, proposed.get(id(proposal)), category is None)
        if line.content:
            asked.setdefault(_bare(line.content.question), proposal.key)
        lines.append(line)
    return Plan(reading.file, (*lines, *refused))


def _line(
    proposal: Proposal,
    known: _Known | None,
    asked: dict[str, str],
    guess: Guess | None,
    is_guess: bool,
) -> Line:
    digests = proposal.digests()
    new = {name for name, digest in digests.items() if not known or known.digests.get(name) != digest}
    if known and not new:
        kept = "已有条目改过，文件没有新内容" if known.by_hand else "内容没有变化"
        return Line(Action.LEAVE, proposal.place, kept, proposal.key, proposal.question)
    other = asked.get(_bare(proposal.question))
    if other and other != proposal.key:
        return Line(
            Action.REFUSE, proposal.place, f"同样的问题已有条目 {other}", proposal.key, proposal.question
        )
    said = {name: value for name, value in proposal.said().items() if name in new}
    if known:
        # What the file did not change stays as people have made it.
        said = {**known.content.model_dump(exclude_defaults=True), **said}
        if known.by_hand and proposal.variants is not None and "variants" in new:
            said["variants"] = tuple(dict.fromkeys((*proposal.variants, *known.content.variants)))
    else:
        said.setdefault("category", guess.category if guess else UNSORTED)
        if guess and guess.scene:
            said.setdefault("scene", guess.scene)
    try:
        content = Content.model_validate(said)
    except ValidationError as error:
        return Line(Action.REFUSE, proposal.place, reason_of(error), proposal.key, proposal.question)
    changed = tuple(_differences(known.content, content)) if known else ()
    if known and not changed and known.state is not KnowledgeState.RETIRED:
        return Line(Action.LEAVE, proposal.place, "内容没有变化", proposal.key, proposal.question)
    if known and known.state is KnowledgeState.RETIRED:
        reason = "条目已下线，内容有变化，生成新草稿"
    elif known and known.by_hand:
        reason = "内容有变化；条目改过，请核对新草稿"
    else:
        reason = "内容有变化" if known else "新条目"
    return Line(
        Action.CHANGE if known else Action.MAKE,
        proposal.place,
        reason,
        proposal.key,
        content.question,
        content.category,
        is_category_proposed=guess is not None and is_guess and known is None,
        changed=changed,
        by_hand=bool(known and known.by_hand),
        was=known.state if known else None,
        content=content,
        imported=Imported(proposal.source, digests),
    )


def apply(work: Editing, planned: Plan, *, publish: bool = False) -> list[str]:
    """Writes the drafts of a plan made in the same transaction; gives the keys made or changed.

    With `publish` they are live at once, without a review: for who says so explicitly.
    """
    doing = [(line.action, line.key, line.content, line.imported) for line in planned.lines]
    wanted = [(action, key, content, imported) for action, key, content, imported in doing if key and content]
    effects.create_many(work, [each[1:] for each in wanted if each[0] is Action.MAKE])
    for action, key, content, imported in wanted:
        if action is Action.CHANGE:
            effects.edit(work, key, None, content, imported=imported, action="import")
    keys = [key for _, key, _, _ in wanted]
    if publish and keys:
        publish_unreviewed(work, keys)
    return keys


def publish_unreviewed(work: Editing, keys: Iterable[str]) -> None:
    """Drafts become live as they are; the audit says that nobody reviewed them."""
    effects.raise_revision(work.session)
    effects.publish(work, dict.fromkeys(keys), unreviewed=True)


def reason_of(error: ValidationError) -> str:
    """What of a content does not do, in Chinese, without the values."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "内容"
    if first["type"] == "value_error":
        return f"{where}：{first['ctx']['error']}"
    told = {
        "string_too_long": "太长",
        "string_too_short": "是空的",
        "too_long": "太多",
        "string_pattern_mismatch": "格式不对",
        "missing": "缺少",
        "extra_forbidden": "没有这个字段",
    }
    what = told.get(first["type"], "日期写成 YYYY-MM-DD" if "date" in first["type"] else "填写有误")
    limit = first.get("ctx", {}).get("max_length")
    return f"{where}{what}" + (f"，最多 {limit}" if limit else "")


def _differences(before: Content, after: Content) -> Iterator[str]:
    for name in Content.model_fields:
        if getattr(before, name) != getattr(after, name):
            yield name


def _bare(question: str) -> str:
    return _SAME.sub("", question).lower()


def _questions(session: Session) -> dict[str, str]:
    rows = session.execute(
        select(KnowledgeEntry.question, KnowledgeEntry.key).where(
            KnowledgeEntry.state != KnowledgeState.RETIRED
        )
    )
    return {_bare(question): key for question, key in rows}


def _known(session: Session, keys: list[str]) -> dict[str, _Known]:
    found: dict[str, _Known] = {}
    for start in range(0, len(keys), _MANY):
        some = keys[start : start + _MANY]
        newest = (KnowledgeEntry.key == KnowledgeVersion.key) & (
            KnowledgeEntry.version == KnowledgeVersion.version
        )
        rows: Iterable[Any] = session.execute(
            select(
                KnowledgeEntry.key,
                KnowledgeEntry.state,
                KnowledgeVersion.content,
                KnowledgeVersion.imported,
                KnowledgeVersion.is_import,
            )
            .join(KnowledgeVersion, newest)
            .where(KnowledgeEntry.key.in_(some))
        )
        for key, state, content, imported, is_import in rows:
            found[key] = _Known(state, Content.model_validate(content), imported, not is_import)
    return found
