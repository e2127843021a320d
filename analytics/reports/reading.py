"""What the analyses read from the marts: small frames, aggregated by the engine that holds the data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import ibis
import pandas as pd
from ibis.expr.types import Table

ASKED_AT_MOST = 20_000
UNDERSTOOD_AT_MOST = 3_000
TEXTS_AT_MOST = 150_000
SURE = 0.8
SHANGHAI = "Asia/Shanghai"


def between(table: Table, since: date, until: date) -> Table:
    """Rows of the days from `since` to before `until`."""
    return table.filter(table.day >= since, table.day < until)


def local_time(ms: pd.Series) -> pd.Series:
    """Milliseconds since 1970 as the shop's wall clock."""
    return pd.to_datetime(ms, unit="ms", utc=True).dt.tz_convert(SHANGHAI).dt.tz_localize(None)


def days_known(marts: Any) -> tuple[date, date] | None:
    """The first and last day with a session; None while there is none."""
    sessions = marts.table("sessions")
    row = sessions.aggregate(first=sessions.day.min(), last=sessions.day.max()).to_pandas().iloc[0]
    if pd.isna(row["first"]):
        return None
    return pd.Timestamp(row["first"]).date(), pd.Timestamp(row["last"]).date()


def intent_days(marts: Any, since: date, until: date) -> pd.DataFrame:
    """For `topics.hot_topics`: messages by day and intent, those that were not understood left out."""
    turns = between(marts.table("turns"), since, until).filter(lambda t: ~t.fallback & t.intent.notnull())
    counted = _days(turns.group_by(["day", "intent"]).aggregate(count=turns.count()).to_pandas())
    per_day = counted.groupby("day")["count"].sum().rename("messages")
    return counted.rename(columns={"intent": "topic"}).join(per_day, on="day")


def text_days(marts: Any, since: date, until: date) -> pd.DataFrame:
    """What customers typed: `day`, `text`, `count`; at most 150,000 different rows, drawn at random above that."""
    turns = between(marts.table("turns"), since, until).filter(lambda t: ~t.button & t.text.notnull())
    texts = turns.group_by(["day", "text"]).aggregate(count=turns.count()).to_pandas()
    if len(texts) > TEXTS_AT_MOST:
        texts = texts.sort_values(["day", "text"]).sample(TEXTS_AT_MOST, random_state=1)
    return _days(texts)


def hours(marts: Any, since: date, until: date) -> pd.DataFrame:
    """What is watched, by local hour, quiet hours too, from the first day on which anything is known.

    Columns: `sessions` begun, `turns`, and of these `fallbacks`, `misses`, `handoffs`, `angry`, `silent` (no answer at
    all), `broken` (the shop's systems did not answer).
    """
    turns = between(marts.table("turns"), since, until)
    counted = (
        turns.group_by(["day", "hour"])
        .aggregate(
            turns=turns.count(),
            fallbacks=turns.fallback.sum(),
            misses=turns.missed.sum(),
            handoffs=turns.handed_over.sum(),
            angry=(turns.sentiment == "angry").sum(),
            silent=turns.answered_by.isnull().sum(),
            broken=turns.response.contains("unavailable").sum(),
        )
        .to_pandas()
    )
    whole = pd.date_range(since, until, freq="h", inclusive="left")
    if counted.empty:
        return pd.DataFrame(0.0, index=whole, columns=["sessions", *counted.columns[2:]])
    begun = between(marts.table("sessions"), since, until)
    sessions = begun.group_by(["day", "hour"]).aggregate(sessions=begun.count()).to_pandas()
    counted = counted.merge(sessions, how="left", on=["day", "hour"])
    at = pd.to_datetime(counted.pop("day")) + pd.to_timedelta(counted.pop("hour"), unit="h")
    # What was before the first visit known at all is not known; it was not quiet.
    known = whole[whole >= at.min().normalize()]
    return counted.set_axis(at).astype(float).reindex(known).fillna(0.0)


def asked_in_vain(marts: Any, since: date, until: date) -> pd.DataFrame:
    """For `questions.unanswered`: messages that got no answer that fits, the newest."""
    turns = between(marts.table("turns"), since, until)
    asked = turns.filter(lambda t: (t.fallback | t.missed) & ~t.button & ~t.with_agent & t.text.notnull())
    told = asked.select("text", "at_ms", "missed", conversation="conversation_id")
    return told.order_by(ibis.desc("at_ms")).limit(ASKED_AT_MOST).to_pandas()


def understood(marts: Any, since: date, until: date) -> pd.DataFrame:
    """For `questions.unanswered`: the most frequent sentences whose intent is sure."""
    turns = between(marts.table("turns"), since, until)
    sure = turns.filter(
        lambda t: (
            ~t.fallback
            & ~t.missed
            & ~t.button
            & (t.confidence >= SURE)
            & t.intent.notnull()
            & t.asked.isnull()
        )
    )
    counted = sure.group_by(["text", "intent"]).aggregate(count=sure.count())
    return counted.order_by(ibis.desc("count"), "text").limit(UNDERSTOOD_AT_MOST).to_pandas()


def sentences(marts: Any, speakers: Iterable[str], since: date, until: date) -> pd.DataFrame:
    """For `quality.violations`: each different sentence of these speakers, how often, and one conversation it stands in."""
    messages = between(marts.table("messages"), since, until)
    messages = messages.filter(lambda m: m.text.notnull() & m.speaker.isin(sorted(speakers)))
    return (
        messages.group_by(["speaker", "agent_id", "text"])
        .aggregate(
            count=messages.count(), conversation_id=messages.conversation_id.min(), at_ms=messages.at_ms.min()
        )
        .order_by("at_ms", "text")
        .to_pandas()
    )


def outcomes(marts: Any, since: date, until: date) -> pd.DataFrame:
    """For `experiment.compare`: a row a customer with `bucket`, and the means of `solved`, `handed_over` and `score`."""
    sessions = between(marts.table("sessions"), since, until).filter(lambda s: s.ab_bucket.notnull())
    return (
        sessions.group_by(["customer_id", "ab_bucket"])
        .aggregate(
            solved=sessions.outcome.isin(["confirmed"]).mean(),
            handed_over=sessions.handed_over.mean(),
            score=sessions.score.mean(),
        )
        .rename(bucket="ab_bucket")
        .order_by("customer_id")
        .to_pandas()
    )


def contacts(marts: Any, since: date, until: date) -> pd.DataFrame:
    """For `demand.half_hours`: when customers came to people (`at`, local)."""
    turns = between(marts.table("turns"), since, until).filter(lambda t: t.handed_over)
    return pd.DataFrame({"at": local_time(turns.select("at_ms").to_pandas()["at_ms"])})


def on_duty(marts: Any, since: date, until: date) -> pd.DataFrame:
    """Different people who wrote in each half-hour: `day`, `slot`, `agents`."""
    messages = between(marts.table("messages"), since, until).filter(lambda m: m.speaker == "agent")
    told = messages.select("agent_id", "at_ms").to_pandas()
    at = local_time(told["at_ms"])
    told = told.assign(day=at.dt.date, slot=at.dt.hour * 2 + at.dt.minute // 30)
    return told.groupby(["day", "slot"])["agent_id"].nunique().rename("agents").reset_index()


def rows(marts: Any, table: str, since: date, until: date) -> pd.DataFrame:
    """A small mart's rows of these days."""
    return between(marts.table(table), since, until).to_pandas()


def conversation(marts: Any, conversation_id: str) -> pd.DataFrame:
    """What was said in one conversation, in order; masked, as everything in the lake."""
    messages = marts.table("messages")
    return messages.filter(messages.conversation_id == conversation_id).order_by("n").to_pandas()


def _days(frame: pd.DataFrame) -> pd.DataFrame:
    """Some engines answer with timestamps for dates."""
    return frame.assign(day=pd.to_datetime(frame["day"]).dt.date)
