"""Demand by half-hour: how many contacts each half-hour of the coming days will bring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

SLOTS = 48
HELD_BACK_DAYS = 7
LEAST_DAYS = 14
RECENT = 21.0
"""Days after which a day counts for 1/e: a shop changes."""


@dataclass(frozen=True)
class Forecast:
    """`slots`: `day`, `slot` (0 to 47), `expected`, `high` (not passed on 9 of 10 days).

    Attributes:
        error: weighted absolute error in the last week, which was held back: 0.2 means off by a fifth.
        naive_error: of saying that it will be as a week before.
    """

    slots: pd.DataFrame
    error: float
    naive_error: float


def half_hours(contacts: pd.DataFrame, since: date, until: date) -> pd.DataFrame:
    """Contacts by half-hour, empty ones too: `day`, `slot`, `count`.

    Args:
        contacts: `at`, the local time at which each began.
    """
    days = [since + timedelta(days=each) for each in range((until - since).days)]
    whole = pd.MultiIndex.from_product([days, range(SLOTS)], names=["day", "slot"])
    at = contacts["at"]
    counted = contacts.groupby(
        [at.dt.date.rename("day"), (at.dt.hour * 2 + at.dt.minute // 30).rename("slot")]
    ).size()
    return counted.reindex(whole, fill_value=0).rename("count").reset_index()


def forecast(history: pd.DataFrame, days: int = 7) -> Forecast | None:
    """The coming `days` after the history; None where less than two weeks are known.

    Args:
        history: as `half_hours` gives it, whole days.
    """
    last = history["day"].max() if len(history) else None
    if last is None or history["day"].nunique() < LEAST_DAYS:
        return None
    edge = last - timedelta(days=HELD_BACK_DAYS - 1)
    known, held = history[history["day"] < edge], history[history["day"] >= edge]
    error = _error(held["count"], _fitted(known, held))
    ahead = pd.DataFrame(
        [(last + timedelta(days=each + 1), slot) for each in range(days) for slot in range(SLOTS)],
        columns=["day", "slot"],
    )
    expected = _fitted(history, ahead)
    spread = _dispersion(history["count"], _fitted(history, history))
    ahead["expected"] = expected
    ahead["high"] = expected + 1.2816 * np.sqrt(spread * expected)
    return Forecast(ahead, error, _error(held["count"], _week_before(history, held)))


def _features(slots: pd.DataFrame) -> pd.DataFrame:
    weekday = slots["day"].map(lambda day: day.weekday())
    return pd.DataFrame(
        {"slot": slots["slot"], "weekday": weekday, "shape": (weekday >= 5) * SLOTS + slots["slot"]}
    )


def _fitted(known: pd.DataFrame, asked: pd.DataFrame) -> NDArray[np.float64]:
    """A Poisson regression: each weekday's level times the half-hour's share, working days and weekends apart."""
    age = known["day"].map(lambda day: (known["day"].max() - day).days).to_numpy(float)
    model = make_pipeline(
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        PoissonRegressor(alpha=1e-3, solver="newton-cholesky"),
    )
    with threadpool_limits(1):  # small matrices: threads would only wait for one another
        model.fit(_features(known), known["count"], poissonregressor__sample_weight=np.exp(-age / RECENT))
    return np.asarray(model.predict(_features(asked)))


def _week_before(history: pd.DataFrame, held: pd.DataFrame) -> NDArray[np.float64]:
    counts = history.set_index(["day", "slot"])["count"]
    before = [(day - timedelta(days=7), slot) for day, slot in zip(held["day"], held["slot"], strict=True)]
    return np.asarray(counts.reindex(before, fill_value=0), float)


def _error(told: pd.Series, said: NDArray[np.float64]) -> float:
    return float(np.abs(told.to_numpy(float) - said).sum() / max(told.sum(), 1))


def _dispersion(told: pd.Series, said: NDArray[np.float64]) -> float:
    return max(1.0, float(((told.to_numpy(float) - said) ** 2 / np.maximum(said, 0.05)).mean()))
