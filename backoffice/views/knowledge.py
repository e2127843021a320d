"""The knowledge base as the API tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from backoffice.knowledge.content import Content
from backoffice.knowledge.gate import Answered, Change
from backoffice.knowledge.imports.plan import Action, Plan
from backoffice.knowledge.misses import MissGroup
from backoffice.knowledge.published import PublishedFact
from backoffice.models import (
    AskedQuestion,
    KnowledgeEntry,
    KnowledgeEvent,
    KnowledgeRegression,
    KnowledgeVersion,
)
from backoffice.views.base import Time, View


class EntryLine(View):
    key: str = Field(examples=["faq-01-001"])
    question: str = Field(examples=["自营订单满多少包邮？"])
    category: str = Field(examples=["运费"])
    scene: str
    state: str = Field(description="最新一版的状态", examples=["已发布"])
    state_code: str = Field(examples=["published"])
    version: int = Field(description="最新一版；修改时要带上", examples=[3])
    live_version: int | None = Field(description="客户看到的一版；null 表示没有上线", examples=[2])
    updated_at: Time
    updated_by: str


class EntryView(EntryLine):
    content: Content = Field(description="最新一版的内容")
    source: dict[str, Any] | None = Field(description="导入自哪里：文件、位置、页码")
    note: str
    created_at: Time


class EntryPage(View):
    items: list[EntryLine]
    total: int
    states: dict[str, int] = Field(description="各状态的条数（不受筛选影响）")
    categories: dict[str, int] = Field(description="各类别的条数（不受筛选影响）")


class VersionView(View):
    key: str
    version: int
    is_live: bool
    content: Content
    source: dict[str, Any] | None
    note: str
    author: str
    created_at: Time
    published_at: Time | None
    published_by: str | None


class VersionPage(View):
    items: list[VersionView]
    total: int


class FieldDiff(View):
    field: str = Field(examples=["answer"])
    before: Any
    after: Any
    lines: list[str] = Field(description="逐行比较：“- ”删去，“+ ”新增，“  ”不变")


class DiffView(View):
    key: str
    before: int
    after: int
    fields: list[FieldDiff] = Field(description="只列有变化的")


class EventView(View):
    id: int
    at: Time
    author: str
    action: str = Field(examples=["publish"])
    key: str
    version: int
    detail: dict[str, Any]


class EventPage(View):
    items: list[EventView]
    total: int


class RegressionView(View):
    id: int
    key: str
    question: str
    origin: str = Field(examples=["自写"])
    origin_code: str = Field(examples=["own"])
    author: str
    created_at: Time


class RegressionPage(View):
    items: list[RegressionView]
    total: int


class AnsweredView(View):
    decision: str = Field(examples=["answer"])
    key: str | None = Field(description="排在最前的条目")


class ChangeView(View):
    question: str
    key: str = Field(description="问题属于哪个条目")
    origin: str = Field(description="title（条目自己的问题）、own、helpful")
    before: AnsweredView
    after: AnsweredView
    is_broken: bool


class GateView(View):
    ok: bool = Field(description="没有改坏的问题")
    asked: int = Field(description="一共问了几个问题")
    changes: list[ChangeView] = Field(description="回答会变的问题，改坏的在前")


class FactView(View):
    name: str = Field(examples=["freight_free_yuan"])
    type: str = Field(examples=["number"])
    value: str = Field(examples=["99"])
    unit: str = Field(examples=["元"])
    label: str = Field(examples=["包邮门槛"])
    key: str
    version: int
    question: str


class FactPage(View):
    items: list[FactView]
    revision: int


class ImportLine(View):
    action: str = Field(description="make 新建、change 改、leave 不动、refuse 拒绝", examples=["make"])
    place: str = Field(examples=["连接与使用 > 首次配对"])
    reason: str
    key: str | None
    question: str
    category: str
    is_category_proposed: bool = Field(description="类别是系统建议的")
    changed: list[str] = Field(description="哪些内容变了")
    by_hand: bool = Field(description="上次导入之后人工改过")


class ImportView(View):
    file: str
    dry_run: bool
    published: bool
    counts: dict[str, int] = Field(examples=[{"make": 12, "change": 0, "leave": 3, "refuse": 1}])
    items: list[ImportLine]
    gate: GateView | None = Field(description="直接发布时，对已有问题的影响")


class QuestionView(View):
    id: int
    asked_at: Time
    question: str
    decision: str = Field(examples=["pass"])
    keys: list[str]
    score: float | None
    channel: str
    conversation_id: str | None
    key: str | None
    outcome: str | None = Field(examples=["helpful"])
    outcome_at: Time | None


class QuestionPage(View):
    items: list[QuestionView]
    total: int


class MissView(View):
    representative: str
    count: int
    examples: list[str]
    last_asked: Time
    channels: list[str]


class MissPage(View):
    items: list[MissView]
    total: int = Field(description="一共几组")
    questions: int = Field(description="一共几次提问")


def _line(entry: KnowledgeEntry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "question": entry.question,
        "category": entry.category,
        "scene": entry.scene,
        "state": entry.state.label,
        "state_code": entry.state.value,
        "version": entry.version,
        "live_version": entry.live_version,
        "updated_at": entry.updated_at,
        "updated_by": entry.updated_by,
    }


def entry_line(entry: KnowledgeEntry) -> EntryLine:
    return EntryLine(**_line(entry))


def entry_view(entry: KnowledgeEntry, version: KnowledgeVersion) -> EntryView:
    """`version` is the entry's newest."""
    return EntryView(
        **_line(entry),
        content=Content.model_validate(version.content),
        source=version.source,
        note=version.note,
        created_at=entry.created_at,
    )


def version_view(version: KnowledgeVersion, live: int | None) -> VersionView:
    return VersionView(
        key=version.key,
        version=version.version,
        is_live=version.version == live,
        content=Content.model_validate(version.content),
        source=version.source,
        note=version.note,
        author=version.author,
        created_at=version.created_at,
        published_at=version.published_at,
        published_by=version.published_by,
    )


def event_view(event: KnowledgeEvent) -> EventView:
    return EventView(
        id=event.id,
        at=event.at,
        author=event.author,
        action=event.action,
        key=event.key,
        version=event.version,
        detail=event.detail,
    )


def regression_view(regression: KnowledgeRegression) -> RegressionView:
    return RegressionView(
        id=regression.id,
        key=regression.key,
        question=regression.question,
        origin=regression.origin.label,
        origin_code=regression.origin.value,
        author=regression.author,
        created_at=regression.created_at,
    )


def gate_view(asked: int, changes: Iterable[Change]) -> GateView:
    told = [
        ChangeView(
            question=change.question,
            key=change.key,
            origin=change.origin,
            before=_answered(change.before),
            after=_answered(change.after),
            is_broken=change.is_broken,
        )
        for change in changes
    ]
    return GateView(ok=not any(change.is_broken for change in told), asked=asked, changes=told)


def _answered(answered: Answered) -> AnsweredView:
    return AnsweredView(decision=answered.decision.value, key=answered.key)


def fact_view(published: PublishedFact) -> FactView:
    fact = published.fact
    return FactView(
        name=fact.name,
        type=fact.type,
        value=fact.value,
        unit=fact.unit,
        label=fact.label,
        key=published.key,
        version=published.version,
        question=published.question,
    )


def import_view(plan: Plan, *, dry_run: bool, published: bool, gate: GateView | None = None) -> ImportView:
    return ImportView(
        file=plan.file,
        dry_run=dry_run,
        published=published,
        counts={action.value: plan.count(action) for action in Action},
        items=[
            ImportLine(
                action=line.action.value,
                place=line.place,
                reason=line.reason,
                key=line.key,
                question=line.question,
                category=line.category,
                is_category_proposed=line.is_category_proposed,
                changed=list(line.changed),
                by_hand=line.by_hand,
            )
            for line in plan.lines
        ],
        gate=gate,
    )


def question_view(question: AskedQuestion) -> QuestionView:
    return QuestionView(
        id=question.id,
        asked_at=question.asked_at,
        question=question.question,
        decision=question.decision.value,
        keys=question.keys,
        score=question.score,
        channel=question.channel,
        conversation_id=question.conversation_id,
        key=question.key,
        outcome=question.outcome.value if question.outcome else None,
        outcome_at=question.outcome_at,
    )


def miss_view(group: MissGroup) -> MissView:
    return MissView(
        representative=group.representative,
        count=group.count,
        examples=list(group.examples),
        last_asked=group.last_asked,
        channels=list(group.channels),
    )
