"""What the dashboard shows, worked out anew every few seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.alerts import Alert, alerts
from analytics.analyses import topics
from analytics.metrics import Metric, measure, read_metrics
from analytics.reports import reading
from analytics.schema import TABLES

TILES = (
    "sessions", "self_service_rate", "handoff_rate", "fallback_rate", "miss_rate", "first_response", "agent_response_time",
    "satisfaction",
)  # fmt: skip
SHANGHAI = ZoneInfo(reading.SHANGHAI)
HISTORY_DAYS = 28
LATEST = 12
ROWS = 200
_RATE = re.compile(r"avg\(case when (?P<holds>.+) then 1\.0 else 0\.0 end\)")
_MEAN = re.compile(r"avg\((?P<column>\w+)\)")


@dataclass(frozen=True)
class Tile:
    """A metric of the day, and of the same weekday a week before."""

    metric: Metric
    value: float | None
    before: float | None


@dataclass(frozen=True)
class Snapshot:
    """What is shown.

    Attributes:
        taken: when it was worked out.
        newest: when the newest message that is in it was said.
        day: what the figures are of: today, or the last day with messages where today has none.
        hours: of the day by hour: `sessions`, and `usual`, the median of the same weekday before.
        vain: the newest messages without an answer that fits: `text`, `conversation`.
    """

    taken: datetime
    newest: datetime
    day: date
    tiles: list[Tile]
    hours: pd.DataFrame
    alerts: list[Alert]
    hot: pd.DataFrame
    vain: pd.DataFrame


def snapshot(marts: Any, now: datetime) -> Snapshot | None:
    """Everything that is shown; None while there is no session."""
    known = reading.days_known(marts)
    if known is None:
        return None
    day = min(now.astimezone(SHANGHAI).date(), known[1])
    after, ago = day + timedelta(days=1), day - timedelta(days=7)
    hours = reading.hours(marts, day - timedelta(days=HISTORY_DAYS), after)
    messages = marts.table("messages")
    newest = messages.at_ms.max().execute()
    return Snapshot(
        taken=now,
        newest=datetime.fromtimestamp(int(newest) / 1000, SHANGHAI),
        day=day,
        tiles=_tiles(_values(marts, day, after), _values(marts, ago, ago + timedelta(days=1))),
        hours=_beside_usual(hours["sessions"], day),
        alerts=alerts(marts, now),
        hot=topics.hot_topics(
            reading.intent_days(marts, day - timedelta(days=HISTORY_DAYS), after), day, after
        ),
        vain=reading.asked_in_vain(marts, day, after).drop_duplicates("text").head(LATEST),
    )


def _values(marts: Any, since: date, until: date) -> dict[str, float]:
    told = measure(marts, TILES, since=since, until=until)
    return dict(zip(told["metric"], told["value"], strict=True))


def _tiles(now: dict[str, float], before: dict[str, float]) -> list[Tile]:
    return [Tile(read_metrics()[name], now.get(name), before.get(name)) for name in TILES]


def _beside_usual(sessions: pd.Series, day: date) -> pd.DataFrame:
    alike = sessions[(sessions.index.day_of_week == day.weekday()) & (sessions.index < pd.Timestamp(day))]
    today = sessions[sessions.index >= pd.Timestamp(day)]
    usual = alike.groupby(alike.index.hour).median()
    return pd.DataFrame({"sessions": today.to_numpy(), "usual": usual.reindex(range(len(today))).to_numpy()})


@dataclass(frozen=True)
class Behind:
    """The rows behind a number. `which` says in Chinese which of them are shown."""

    which: str
    rows: pd.DataFrame


def behind(marts: Any, name: str, day: date) -> Behind:
    """The rows of a metric's table that deserve a look: of a rate those on its bad side, of a mean the worst first."""
    metric = read_metrics()[name]
    where, order, which = [metric.where], "at_ms DESC", "全部，新的在前"
    time = "at_ms" if "at_ms" in TABLES[metric.of].names else "start_ms"
    if rate := _RATE.fullmatch(metric.value):
        good = metric.better == "up"
        where.append(f"{'not ' if good else ''}coalesce({rate['holds']}, false)")
        which = "没有做到的，新的在前" if good else "计入的，新的在前"
    elif mean := _MEAN.match(metric.value):
        order = f"{mean['column']} {'ASC' if metric.better == 'up' else 'DESC'}, at_ms DESC"
        which = "最差的在前"
    text = "text" if "text" in TABLES[metric.of].names else "first_text"
    extra = [
        column for column in ("intent", "outcome", "agent_id", "score") if column in TABLES[metric.of].names
    ]
    rows = marts.sql(
        f"SELECT {time} AS at_ms, conversation_id, {', '.join([f'{text} AS text', *extra])} FROM {metric.of}"
        f" WHERE day = DATE '{day}' AND {' AND '.join(f'({each})' for each in where)} ORDER BY {order} LIMIT {ROWS}",
        dialect="duckdb",
    ).to_pandas()
    return Behind(which, rows.assign(at=reading.local_time(rows["at_ms"]).dt.strftime("%H:%M:%S")))
