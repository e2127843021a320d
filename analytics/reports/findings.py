"""What the first page says: what changed, why it matters, what to do next, whom it concerns, and the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import yaml

from analytics.analyses.anomalies import Anomaly
from analytics.analyses.experiment import Comparison, Decision
from analytics.analyses.staffing import Goal
from analytics.reports import reading
from analytics.reports.shown import count, number, percent
from analytics.reports.study import COMPARED, GOAL, Figure, Study

EVIDENCE = 5
FIGURES, HOT, GROUPS, SHORTAGES = 4, 3, 4, 2
SHORT_SLOTS = 2
"""Half-hours in a row that must lack people."""
BUSY = 1.0
"""Contacts of a half-hour below which nobody is waited for: the nights."""
STABLE = 0.7
LEFT_OFTEN = 5
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Evidence:
    """What somebody said, and where to read on; the conversation is empty where the sentence stands in many."""

    text: str
    conversation: str = ""


@dataclass(frozen=True)
class Finding:
    """One thing to know. `people` is whom it concerns, in Chinese."""

    kind: str
    people: str
    what: str
    why: str
    next: str
    evidence: tuple[Evidence, ...] = ()


@cache
def wording() -> dict[str, Any]:
    """The declared texts."""
    return dict(yaml.safe_load(Path(__file__).with_name("findings.yml").read_text("utf-8")))


def findings(marts: Any, study: Study) -> list[Finding]:
    """The most pressing first: what broke, what customers meet, what to write, whom to roster, what was learned."""
    return [
        *(finding for _, finding in anomaly_findings(marts, study.anomalies)),
        *_hot(marts, study),
        *_figures(marts, study),
        *_groups(study),
        *_agents(marts, study),
        *_violations(study),
        *_roster(study),
        *_forms(marts, study),
        *_experiments(study),
    ]


def _finding(kind: str, evidence: list[Evidence] | None = None, **values: Any) -> Finding:
    text = wording()["findings"][kind]
    told = {name: str(text[name]).format(**values) for name in ("what", "why", "next")}
    return Finding(kind, wording()["people"][text["who"]], **told, evidence=tuple(evidence or ())[:EVIDENCE])


def anomaly_findings(marts: Any, found: list[Anomaly]) -> Iterator[tuple[list[Anomaly], Finding]]:
    """Signals that are off at the same time are one thing."""
    for together in episodes(found):
        start, end = min(each.start for each in together), max(each.end for each in together)
        names = wording()["signals"]
        worst = max(together, key=lambda each: abs(each.z))
        finding = _finding(
            "anomaly",
            _turns(marts, start, end, worst.signal),
            start=f"{start:%m-%d %H:%M}",
            end=f"{end:%m-%d %H:%M}" if end.date() != start.date() else f"{end:%H:%M}",
            signals="、".join(dict.fromkeys(names[each.signal] for each in together)),
            details="；".join(_detail(each) for each in together),
            z=number(abs(worst.z)),
        )
        yield together, finding


def episodes(found: list[Anomaly]) -> list[list[Anomaly]]:
    """Anomalies that overlap in time, together."""
    groups: list[list[Anomaly]] = []
    for each in sorted(found, key=lambda one: one.start):
        if groups and each.start < max(one.end for one in groups[-1]):
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _detail(each: Anomaly) -> str:
    name = wording()["signals"][each.signal]
    show = count if each.signal == "sessions" else percent
    return f"{name} {show(each.value)}，往常 {show(each.expected)}"


FLAGS = {"fallbacks": "fallback", "misses": "missed", "handoffs": "handed_over"}


def _turns(marts: Any, start: pd.Timestamp, end: pd.Timestamp, signal: str) -> list[Evidence]:
    turns = reading.between(marts.table("turns"), start.date(), (end + pd.Timedelta(days=1)).date())
    since, until = (int(at.tz_localize(reading.SHANGHAI).timestamp() * 1000) for at in (start, end))
    told = turns.filter((turns.at_ms >= since) & (turns.at_ms < until) & turns.text.notnull())
    if signal in FLAGS:
        told = told.filter(told[FLAGS[signal]])
    elif signal == "angry":
        told = told.filter(told.sentiment == "angry")
    elif signal == "silent":
        told = told.filter(told.answered_by.isnull())
    elif signal == "broken":
        told = told.filter(told.response.contains("unavailable"))
    return _evidence(told.order_by("at_ms"))


def _evidence(table: Any, text: str = "text") -> list[Evidence]:
    rows = table.select(text, "conversation_id").limit(EVIDENCE).to_pandas()
    return [Evidence(*row) for row in rows.itertuples(index=False, name=None)]


def _hot(marts: Any, study: Study) -> Iterator[Finding]:
    """Hot intents, and hot words of messages whose intent was not told yet."""
    turns = reading.between(marts.table("turns"), study.period.since, study.period.until)
    typed = turns.filter(~turns.button & turns.text.notnull())
    told: list[str] = []
    for frame, column in ((study.hot, "intent"), (study.hot_words, "text")):
        for row in frame.itertuples(index=False):
            said = typed.filter(
                typed[column] == row.topic if column == "intent" else typed.text.contains(row.topic)
            )
            intents = (
                said.group_by("intent")
                .aggregate(count=said.count())
                .order_by(ibis.desc("count"))
                .limit(1)
                .to_pandas()
            )
            matter = str(intents["intent"].get(0))
            if intents.empty or matter in told or len(told) >= HOT:
                continue
            told.append(matter)
            yield _finding(
                "new_topic" if row.new else "hot_topic",
                _evidence(said.order_by(ibis.desc("at_ms"))),
                topic=row.topic,
                count=count(row.count),
                expected=number(row.expected),
                q=f"{row.q:.2g}",
            )


def _figures(marts: Any, study: Study) -> Iterator[Finding]:
    notable = [each for each in study.figures if each.notable]
    for figure in sorted(notable, key=lambda each: (not each.worse, -abs(each.t or 0)))[:FIGURES]:
        parts, evidence = _carried_by(marts, study, figure)
        up = (figure.value or 0) > (figure.before or 0)
        yield _finding(
            "figure",
            evidence,
            label=figure.metric.label,
            direction=wording()["directions"]["up" if up else "down"],
            before=figure.metric.shown(figure.before),
            value=figure.metric.shown(figure.value),
            t=number(abs(figure.t or 0)),
            parts=parts,
        )


def _carried_by(marts: Any, study: Study, figure: Figure) -> tuple[str, list[Evidence]]:
    sentences = []
    sessions = reading.between(marts.table("sessions"), study.period.since, study.period.until)
    for part, table in figure.parts.items():
        if table.empty:
            continue
        most = table.iloc[0]
        sentences.append(
            wording()["findings"]["figure"]["part"].format(
                part=wording()["parts"][part],
                name=most["part"],
                before=figure.metric.shown(most["value_before"]),
                value=figure.metric.shown(most["value_now"]),
            )
        )
        if len(sentences) == 1:
            sessions = sessions.filter(sessions[part] == most["part"])
    worst = sessions.filter(sessions.first_text.notnull()).order_by(
        sessions.score.fill_null(6), ibis.desc(sessions.handed_over), ibis.desc(sessions.turns)
    )
    return "；".join(sentences) + ("。" if sentences else ""), _evidence(worst, "first_text")


def _groups(study: Study) -> Iterator[Finding]:
    for group in study.groups[:GROUPS]:
        evidence = [Evidence(text) for text in group.variants]
        evidence[0] = Evidence(group.question, group.conversations[0])
        yield _finding(
            f"group_{group.proposal}",
            evidence,
            question=group.question,
            count=count(group.count),
            intent=group.intent,
            variants=len(group.variants),
        )


def _agents(marts: Any, study: Study) -> Iterator[Finding]:
    if study.levels is None:
        return
    middle = study.levels.median(numeric_only=True)
    low = study.levels[(study.levels["level"] == "low") & (study.levels["stability"] >= STABLE)]
    if len(low) > len(study.levels) / 3:  # nobody stands out
        return
    sessions = reading.between(marts.table("sessions"), study.period.lately, study.period.until)
    for agent, row in low.iterrows():
        theirs = sessions.filter((sessions.agent_id == agent) & sessions.first_text.notnull())
        said = study.violations[study.violations["agent_id"] == agent]
        evidence = [Evidence(each.text, each.conversation_id) for each in said.head(3).itertuples()]
        evidence += _evidence(
            theirs.order_by(theirs.score.fill_null(6), ibis.desc(theirs.answer_ms)), "first_text"
        )
        yield _finding(
            "agent_low",
            evidence,
            agent=agent,
            stability=percent(row["stability"]),
            answer=number(row["answer_s"]),
            answer_all=number(middle["answer_s"]),
            score=number(row["score"]),
            score_all=number(middle["score"]),
            resolved=percent(row["resolved_rate"]),
            resolved_all=percent(middle["resolved_rate"]),
        )


def _violations(study: Study) -> Iterator[Finding]:
    theirs = study.violations[study.violations["severity"].isin(["high", "middle"])]
    for _, rows in theirs.groupby("rule", sort=False):
        rows = rows.sort_values("count", ascending=False)
        first = rows.iloc[0]
        yield _finding(
            "violation",
            [Evidence(row.text, row.conversation_id) for row in rows.itertuples()],
            label=first["label"],
            count=count(rows["count"].sum()),
            why=first["why"],
        )


def shortages(roster: pd.DataFrame) -> list[pd.DataFrame]:
    """Half-hours in a row with fewer people on duty than are needed, the largest lack first."""
    if roster.empty:
        return []
    lack = (roster["needed"] > roster["on_duty"]) & (roster["expected"] >= BUSY)
    runs = ((lack != lack.shift()) | (roster["day"] != roster["day"].shift())).cumsum()
    found = [rows for _, rows in roster[lack].groupby(runs[lack]) if len(rows) >= SHORT_SLOTS]
    return sorted(found, key=lambda rows: -float((rows["needed"] - rows["on_duty"]).sum()))


def _roster(study: Study) -> Iterator[Finding]:
    goal: Goal = GOAL
    for rows in shortages(study.roster)[:SHORTAGES]:
        first, last = rows.iloc[0], rows.iloc[-1]
        yield _finding(
            "roster",
            when=f"{WEEKDAYS[first['day'].weekday()]} {_clock(first['slot'])}–{_clock(last['slot'] + 1)}",
            needed=count(rows["needed"].max()),
            on_duty=count(rows["on_duty"].min()),
            expected=number(rows["expected"].mean()),
            minutes=number(study.roster.attrs["work_seconds"] / 60),
            share=percent(goal.share),
            seconds=count(goal.seconds),
        )


def _clock(slot: int) -> str:
    return f"{slot // 2:02d}:{slot % 2 * 30:02d}"


def _forms(marts: Any, study: Study) -> Iterator[Finding]:
    stuck = study.forms[(study.forms["left"].fillna(0) >= LEFT_OFTEN) & study.forms["asked"].notna()]
    for row in stuck.sort_values("left", ascending=False).head(1).itertuples(index=False):
        sessions = marts.table("sessions")
        at = sessions.filter(
            sessions.conversation_id.isin(list(row.conversations)) & sessions.first_text.notnull()
        )
        yield _finding(
            "form",
            _evidence(at, "first_text"),
            form=row.form,
            asked=row.asked,
            left=count(row.left),
            begun=count(row.begun),
            completed=percent(row.completed),
        )


def _experiments(study: Study) -> Iterator[Finding]:
    for outcome, told in study.comparisons.items():
        if told.decision is Decision.GO_ON:
            continue
        show = number if outcome == "score" else percent
        kind = {Decision.NO_DIFFERENCE: "none", Decision.LOPSIDED: "lopsided"}.get(told.decision, "higher")
        yield _finding(
            f"experiment_{kind}",
            outcome=wording()["outcomes"][outcome],
            better="B" if told.decision is Decision.B_HIGHER else "A",
            a=show(told.mean_a),
            b=show(told.mean_b),
            difference=show(abs(told.difference)),
            low=show(told.always_low),
            high=show(told.always_high),
            matters=show(COMPARED[outcome]),
            size=count(told.size_a + told.size_b),
            size_a=count(told.size_a),
            size_b=count(told.size_b),
        )
        if told.decision is Decision.LOPSIDED:
            return  # the same draw stands behind all of them


def comparison_rows(comparisons: dict[str, Comparison]) -> pd.DataFrame:
    """The comparisons as a table."""
    return pd.DataFrame([{"outcome": name, **vars(told)} for name, told in comparisons.items()])
