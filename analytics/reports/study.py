"""All that is found out about a period, before a word is written about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from analytics.analyses import agents, changes, demand, quality, questions, staffing, topics, words
from analytics.analyses.anomalies import Anomaly, anomalies
from analytics.analyses.demand import Forecast
from analytics.analyses.experiment import ALPHA, Comparison, compare
from analytics.analyses.questions import Group
from analytics.metrics import Metric, measure, read_metrics
from analytics.reports import reading
from analytics.reports.period import Period
from analytics.schema import TABLES

COMPARED = {"solved": 0.03, "handed_over": 0.03, "score": 0.1}
"""Outcomes of an experiment, and the smallest difference that is worth anything. The first decides; the others guard it,
and share the chance of a false alarm."""
WATCHED = {"sessions": None, "fallbacks": "turns", "misses": "turns", "handoffs": "turns", "angry": "turns", "silent": "turns",
           "broken": "turns"}  # fmt: skip
"""Signals: a count, or a rate of how many."""
NOTABLE = 3.5
NOTABLE_SHARE = 0.05
PARTS = ("topic", "channel")
GOAL = staffing.Goal()

Step = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """A metric of the period beside the one before.

    Attributes:
        t: how many standard errors it moved, judged by how its days vary; None where too few are known.
        parts: what carries the change, where it is notable: by dimension, as `changes.contributions` tells.
    """

    metric: Metric
    value: float | None
    before: float | None
    n: int
    t: float | None
    parts: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def notable(self) -> bool:
        """Whether it moved more than its days usually do, and by enough to matter."""
        if self.t is None or self.value is None or not self.before:
            return False
        return abs(self.t) >= NOTABLE and abs(self.value / self.before - 1) >= NOTABLE_SHARE

    @property
    def worse(self) -> bool:
        """Whether it moved in the direction that is not wanted."""
        up = (self.value or 0) > (self.before or 0)
        return self.metric.better == ("down" if up else "up")


@dataclass(frozen=True)
class Study:
    """What was found; an empty frame, list or None where there was nothing to find it in."""

    period: Period
    figures: list[Figure]
    daily: pd.DataFrame
    hours: pd.DataFrame
    hot: pd.DataFrame
    hot_words: pd.DataFrame
    cloud: pd.DataFrame
    groups: list[Group]
    levels: pd.DataFrame | None
    violations: pd.DataFrame
    comparisons: dict[str, Comparison]
    forecast: Forecast | None
    roster: pd.DataFrame
    anomalies: list[Anomaly]
    forms: pd.DataFrame
    reasons: pd.DataFrame


def study(marts: Any, period: Period, *, at_once: int = 1, step: Step = lambda _: None) -> Study:
    """Find out everything. `step` hears in Chinese what is being done.

    Args:
        at_once: with how many customers a person talks at the same time.
    """
    since, until = period.since, period.until
    step("指标")
    daily = measure(marts, by=["day"], since=period.history, until=until)
    figures = _figures(marts, period, daily)
    step("热点")
    hot = topics.hot_topics(reading.intent_days(marts, period.history, until), since, until)
    texts = reading.text_days(marts, period.history, until)
    hot_words = topics.hot_topics(words.daily_words(texts), since, until)
    cloud = words.word_cloud(texts[texts["day"] >= since])
    step("没有答上的问题")
    groups = questions.unanswered(
        reading.asked_in_vain(marts, since, until), reading.understood(marts, period.history, until)
    )
    step("坐席")
    agent_days = reading.rows(marts, "agent_days", period.lately, until)
    levels = agents.levels(agent_days)
    step("服务质检")
    rules = quality.read_rules()
    said = reading.sentences(marts, {rule.speaker for rule in rules}, since, until)
    violations = quality.violations(said, rules)
    step("A/B 对比")
    comparisons = _comparisons(reading.outcomes(marts, period.lately, until))
    step("需求与排班")
    contacts = demand.half_hours(
        reading.contacts(marts, until - timedelta(weeks=8), until), _first_day(marts, period), until
    )
    forecast = demand.forecast(contacts)
    roster = _roster(forecast, agent_days, at_once, reading.on_duty(marts, until - timedelta(days=7), until))
    step("异常")
    hours = reading.hours(marts, period.history, until)
    return Study(
        period=period,
        figures=figures,
        daily=daily,
        hours=hours,
        hot=hot,
        hot_words=hot_words,
        cloud=cloud,
        groups=groups,
        levels=levels,
        violations=violations,
        comparisons=comparisons,
        forecast=forecast,
        roster=roster,
        anomalies=watch(hours, pd.Timestamp(since), pd.Timestamp(until)),
        forms=_forms(reading.rows(marts, "forms", since, until)),
        reasons=_reasons(reading.rows(marts, "sessions", since, until)),
    )


def watch(hours: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp) -> list[Anomaly]:
    """Anomalies of all watched signals between two local times, the latest first.

    Args:
        hours: as `reading.hours` gives it, with four weeks before `since`.
    """
    found = []
    for signal, of in WATCHED.items():
        frame = pd.DataFrame({"value": hours[signal]} | ({"n": hours[of]} if of else {}))
        found += anomalies(signal, frame, since, until)
    return sorted(found, key=lambda each: each.start, reverse=True)


def _figures(marts: Any, period: Period, daily: pd.DataFrame) -> list[Figure]:
    now = _whole(measure(marts, since=period.since, until=period.until))
    then = _whole(measure(marts, since=period.before.since, until=period.before.until))
    figures = []
    for metric in read_metrics().values():
        value, n = now.get(metric.name, (None, 0))
        before, _ = then.get(metric.name, (None, 0))
        t = _moved(daily[daily["metric"] == metric.name], period)
        figure = Figure(metric, value, before, n, t)
        if figure.notable:
            figure.parts.update(_parts(marts, metric, period))
        figures.append(figure)
    return figures


def _whole(measured: pd.DataFrame) -> dict[str, tuple[float | None, int]]:
    return {
        row.metric: (None if pd.isna(row.value) else float(row.value), int(row.n))
        for row in measured.itertuples(index=False)
    }


def _moved(days: pd.DataFrame, period: Period) -> float | None:
    """How far the period's days lie from the days before, in standard errors of such a difference."""
    days = days.dropna(subset=["value"])
    day = pd.to_datetime(days["day"]).dt.date
    now, before = days.loc[day >= period.since, "value"], days.loc[day < period.since, "value"]
    if not len(now) or len(before) < 7:
        return None
    spread = float(before.std(ddof=1)) * np.sqrt(1 / len(now) + 1 / len(before))
    return float((now.mean() - before.mean()) / spread) if spread > 0 else None


def _parts(marts: Any, metric: Metric, period: Period) -> dict[str, pd.DataFrame]:
    found = {}
    for part in PARTS:
        if part not in TABLES[metric.of].names:
            continue
        now, before = (
            measure(marts, [metric.name], by=[part], since=each.since, until=each.until).rename(
                columns={part: "part"}
            )
            for each in (period, period.before)
        )
        found[part] = changes.contributions(now, before)
    return found


def _comparisons(outcomes: pd.DataFrame) -> dict[str, Comparison]:
    found = {}
    guards = len(COMPARED) - 1
    for place, (name, matters) in enumerate(COMPARED.items()):
        told = outcomes.rename(columns={name: "outcome"})[["bucket", "outcome"]]
        compared = compare(told, matters, alpha=ALPHA / guards if place else ALPHA)
        if compared:
            found[name] = compared
    return found


def _first_day(marts: Any, period: Period) -> Any:
    known = reading.days_known(marts)
    earliest = period.until - timedelta(weeks=8)
    return max(earliest, known[0]) if known else earliest


def _roster(
    forecast: Forecast | None, agent_days: pd.DataFrame, at_once: int, on_duty: pd.DataFrame
) -> pd.DataFrame:
    """People needed by half-hour of the coming week: `day`, `slot`, `expected`, `high`, `needed`, `on_duty` (a week ago)."""
    handled = agent_days.dropna(subset=["handling_ms"])
    if forecast is None or not handled["sessions"].sum():
        return pd.DataFrame(columns=["day", "slot", "expected", "high", "needed", "on_duty"])
    work = float(np.average(handled["handling_ms"], weights=handled["sessions"])) / 1000 / at_once
    roster = forecast.slots.copy()
    roster["needed"] = [staffing.agents_needed(high / 1800, work, GOAL) for high in roster["high"]]
    week_ago = on_duty.assign(day=on_duty["day"].map(lambda day: day + timedelta(days=7)))
    roster = roster.merge(week_ago, how="left", on=["day", "slot"]).rename(columns={"agents": "on_duty"})
    roster["on_duty"] = roster["on_duty"].fillna(0).astype(int)
    roster.attrs["work_seconds"] = work
    return roster


def _forms(forms: pd.DataFrame) -> pd.DataFrame:
    """By form: how often it was begun and completed, and the question at which most left."""
    if forms.empty:
        return pd.DataFrame(columns=["form", "begun", "completed", "asked", "left", "conversations"])
    begun = forms.groupby("form").agg(
        begun=("form", "size"), completed=("outcome", lambda told: (told == "completed").mean())
    )
    left = forms[forms["outcome"].isin(["left", "cancelled"])]
    at = left.groupby(["form", "last_asked"]).agg(
        left=("form", "size"), conversations=("conversation_id", lambda told: tuple(told.head(5)))
    )
    worst = (
        at.sort_values("left", ascending=False)
        .reset_index()
        .drop_duplicates("form")
        .rename(columns={"last_asked": "asked"})
    )
    return (
        begun.reset_index()
        .merge(worst, how="left", on="form")
        .sort_values("begun", ascending=False, ignore_index=True)
    )


def _reasons(sessions: pd.DataFrame) -> pd.DataFrame:
    handed: Sequence[str] = sessions.loc[sessions["handed_over"].astype(bool), "handoff_reason"].fillna(
        "unknown"
    )
    counted = (
        pd.Series(handed, dtype=object).value_counts().rename_axis("reason").rename("count").reset_index()
    )
    return counted.assign(share=counted["count"] / max(int(counted["count"].sum()), 1))
