"""Declared rules that decide what the marts are made of, and a report that counts whatever a rule touched.

Duplicates and floods stay in the lake and out of the marts; what is missing or impossible stays in the marts, marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ibis import _
from ibis.expr.types import Table

from analytics.marts.stream import MINUTE, is_
from analytics.project import Project


@dataclass(frozen=True)
class Finding:
    """What a rule met: `count` of `of`, and what was done about it."""

    rule: str
    label: str
    count: int
    of: int
    done: str

    @property
    def rate(self) -> float:
        """The part that the rule met."""
        return self.count / self.of if self.of else 0.0


def doubles(events: Table) -> Table:
    """Which events are another one's second delivery: their digest, and the id that counts."""
    return events.group_by("digest").agg(times=_.count(), first=_.event_id.min()).filter(_.times > 1)


def floods(events: Table, project: Project) -> Table:
    """The conversations in which nobody can have typed that fast."""
    rule = project.rules["flood"]
    pace = (
        events.filter(_.type == "user")
        .mutate(slice=_.at_ms // (rule["minutes"] * MINUTE))
        .group_by("conversation_id", "slice")
        .agg(messages=_.count())
    )
    return pace.filter(_.messages > rule["messages"]).select("conversation_id").distinct()


def cleaned(events: Table, doubled: Table, flooded: Table) -> Table:
    """The events that the marts are made of."""
    once = events.left_join(doubled, "digest").filter(_.first.isnull() | (_.first == _.event_id))
    kept = once.drop("digest_right", "times", "first")
    return kept.filter(_.type != "unreadable").anti_join(flooded, "conversation_id")


def findings(events: Table, doubled: Table, flooded: Table, turns: Table, project: Project) -> list[Finding]:
    """The data-quality report."""
    said = events.filter(_.type == "user")
    of = {"events": _number(events.count()), "messages": _number(said.count()), "turns": _number(turns.count())}
    twice = doubled.agg(more=(_.times - 1).sum()).more.fill_null(0).as_scalar()
    abuse = project.names("abuse", "intents")
    told = [
        ("unreadable", "读不懂的事件", events.filter(_.type == "unreadable").count(), "events", "留在湖里，不进指标"),
        ("duplicates", "重复投递的事件", twice, "events", "只算第一次"),
        ("floods", "刷屏的消息", said.semi_join(flooded, "conversation_id").count(), "messages", "整个会话不进指标"),
        ("no_time", "没有时间的事件", events.filter(_.at_ms == 0).count(), "events", "算在 1970-01-01"),
        ("imputed", "响应时间异常", turns.filter(_.answer_imputed).count(), "turns", "按主题平均补上并标记"),
        ("unanswered", "没有回复的轮次", turns.filter(_.replies == 0).count(), "turns", "响应时间留空"),
        ("no_intent", "没有意图的轮次", turns.filter(_.intent.isnull()).count(), "turns", "意图留空"),
        ("abuse", "辱骂", turns.filter(is_(_.intent, abuse)).count(), "turns", "照算"),
    ]
    return [Finding(rule, label, _number(count), of[what], done) for rule, label, count, what, done in told]


def _number(counted: Any) -> int:
    return int(counted.to_pyarrow().as_py())
