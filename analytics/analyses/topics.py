"""Hot topics: what customers bring up more than on the same weekdays before, and what they never brought up before."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.special import betainc
from scipy.stats import false_discovery_control

WEEKS = 4
FALSE_DISCOVERIES = 0.05
LEAST_COUNT = 5
LEAST_RATIO = 1.5


def hot_topics(daily: pd.DataFrame, since: date, until: date, *, weeks: int = WEEKS) -> pd.DataFrame:
    """Topics whose share of all messages has risen, the surest first.

    Args:
        daily: one row a `day` (date) and `topic` with its `count` of messages, and the `messages` of that day.
        since, until: the days looked at, the last not included.
        weeks: how many weeks before are compared with; of them only the weekdays that are looked at.

    Returns:
        `topic`, `count`, `expected` (at the share of before), `ratio`, `p`, `q` (the rate of false discoveries at which
        it would still be told), `new` (never seen before). Empty where no day of before is known.

    A topic's count follows a Poisson law whose rate is known only from before, widened by how much its days vary among
    themselves; p is the chance of a count as high (Gamma-Poisson predictive, Jeffreys' prior).
    """
    columns = ["topic", "count", "expected", "ratio", "p", "q", "new"]
    window = [since + timedelta(days=each) for each in range((until - since).days)]
    weekdays = {day.weekday() for day in window}
    before = daily[
        (daily["day"] < since)
        & (daily["day"] >= since - timedelta(weeks=weeks))
        & daily["day"].map(lambda day: day.weekday() in weekdays)
    ]
    now = daily[daily["day"].isin(window)]
    messages_now = now.drop_duplicates("day")["messages"].sum()
    per_day = before.drop_duplicates("day").set_index("day")["messages"]
    if not messages_now or not per_day.sum():
        return pd.DataFrame(columns=columns)
    counts = now.groupby("topic")["count"].sum()
    table = before.pivot_table(index="day", columns="topic", values="count", aggfunc="sum", fill_value=0)
    table = table.reindex(index=per_day.index, columns=counts.index, fill_value=0)
    seen = table.sum()
    spread = _dispersion(table, per_day)
    times_before = per_day.sum() / messages_now
    p = betainc(counts / spread, seen / spread + 0.5, 1 / (1 + times_before))
    found = pd.DataFrame(
        {
            "topic": counts.index,
            "count": counts.to_numpy(),
            "expected": (seen / times_before).to_numpy(),
            "p": np.asarray(p),
            "q": false_discovery_control(np.asarray(p)),
            "new": (seen == 0).to_numpy(),
        }
    )
    found["ratio"] = found["count"] / found["expected"].where(found["expected"] > 0)
    hot = (found["q"] <= FALSE_DISCOVERIES) & (found["count"] >= LEAST_COUNT)
    hot &= found["new"] | (found["ratio"] >= LEAST_RATIO)
    return found[hot].sort_values(["p", "count"], ascending=[True, False])[columns].reset_index(drop=True)


def _dispersion(table: pd.DataFrame, messages: pd.Series) -> pd.Series:
    """By topic: the variance of a day's count as a multiple of Poisson's, never below it."""
    expected = np.outer(messages / messages.sum(), table.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(expected > 0, (table.to_numpy() - expected) ** 2 / expected, 0.0)
    return pd.Series(np.maximum(squares.sum(axis=0) / max(len(table) - 1, 1), 1.0), index=table.columns)
