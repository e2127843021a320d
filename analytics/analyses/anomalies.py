"""Anomalies: hours that are unlike the same hours before (robust z on a seasonal baseline)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binom, norm

DAYS = 28
LEAST_SAMPLES = 5
ALARM = 5.0
TAIL = 0.5
"""An anomaly lasts while hours beside it deviate by this share of an alarm."""
MAD_TO_SIGMA = 1.4826
TINIEST = 1e-300


@dataclass(frozen=True)
class Anomaly:
    """Hours in a row that are off in the same direction.

    Attributes:
        signal: what was watched.
        start, end: local time; the end is that of the last hour.
        value, expected: over these hours: the sum of a count, or the rate.
        z: the largest deviation, in robust standard deviations; negative below.
    """

    signal: str
    start: pd.Timestamp
    end: pd.Timestamp
    value: float
    expected: float
    z: float


def anomalies(
    signal: str, hours: pd.DataFrame, since: pd.Timestamp, until: pd.Timestamp, *, alarm: float = ALARM
) -> list[Anomaly]:
    """What is off between two local times.

    Args:
        hours: indexed by local hour, no hour left out: `value` (a count), and for a rate `n` (of how many).

    An hour is compared with the same hour of the working days (or of the weekends) in the four weeks before: a count by
    the median and median absolute deviation of its square roots; a rate by the binomial chance of it at the rate of
    before, as a normal deviate, divided by how much more than chance the rate used to vary.
    """
    if hours.empty:
        return []
    expected, z = _rates(hours) if "n" in hours else _counts(hours["value"])
    z = z.where((hours.index >= since) & (hours.index < until)).fillna(0)
    sides = np.sign(z).where(z.abs() >= alarm * TAIL, 0)
    found = []
    for _, run in z.groupby((sides != sides.shift()).cumsum()):
        if run.abs().max() < alarm:
            continue
        rows, usual = hours.loc[run.index], expected.loc[run.index]
        rate = "n" in rows
        found.append(
            Anomaly(
                signal=signal,
                start=run.index[0],
                end=run.index[-1] + pd.Timedelta(hours=1),
                value=float(rows["value"].sum() / rows["n"].sum() if rate else rows["value"].sum()),
                expected=float(np.average(usual, weights=rows["n"]) if rate else usual.sum()),
                z=float(run.loc[run.abs().idxmax()]),
            )
        )
    return found


def _counts(value: pd.Series) -> tuple[pd.Series, pd.Series]:
    """What is usual, and how far each hour is from it."""
    root = 2 * np.sqrt(value + 0.375)  # chance has size 1 whatever the count (Anscombe)
    centre, scale = _baseline(root)
    return np.maximum((centre / 2) ** 2 - 0.375, 0), (root - centre) / np.maximum(scale, 1.0)


def _rates(hours: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    value, n = hours["value"], hours["n"]
    usual = (_sums(value) + 0.5) / (_sums(n) + 1)
    with np.errstate(invalid="ignore"):
        above = norm.isf(np.maximum(binom.sf(value - 1, n, usual), TINIEST))
        below = norm.isf(np.maximum(binom.cdf(value, n, usual), TINIEST))
        angle = 2 * np.arcsin(np.sqrt(((value + 0.375) / (n + 0.75)).clip(0, 1))).where(n > 0)
    deviate = pd.Series(np.where(value > n * usual, np.maximum(above, 0), -np.maximum(below, 0)), hours.index)
    _, scale = _baseline(angle)
    return usual, deviate / np.maximum((scale * np.sqrt(n)).fillna(1.0), 1.0)


def _alike(hours: pd.Series) -> Any:
    """The same hours of the same kind of day, together."""
    return hours.groupby([hours.index.day_of_week >= 5, hours.index.hour])


def _sums(hours: pd.Series) -> pd.Series:
    """Of the same hours before; nothing where too few are known."""
    sums = pd.Series(np.nan, hours.index)
    for _, alike in _alike(hours):
        sums.loc[alike.index] = alike.shift(1).rolling(f"{DAYS}D", min_periods=LEAST_SAMPLES).sum()
    return sums


def _baseline(scored: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Median and robust deviation of the same hours before; nothing where too few are known."""
    centre, scale = pd.Series(np.nan, scored.index), pd.Series(np.nan, scored.index)
    for _, alike in _alike(scored):
        before = alike.shift(1).rolling(f"{DAYS}D", min_periods=LEAST_SAMPLES)
        centre.loc[alike.index] = before.median()
        deviation = before.apply(lambda window: np.nanmedian(np.abs(window - np.nanmedian(window))), raw=True)
        scale.loc[alike.index] = MAD_TO_SIGMA * deviation
    return centre, scale
