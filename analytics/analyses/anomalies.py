"""Anomalies: hours that are unlike the same hours before (robust z on a seasonal baseline)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

DAYS = 28
LEAST_SAMPLES = 5
ALARM = 5.0
TAIL = 0.5
"""An anomaly lasts while hours beside it deviate by this share of an alarm."""
MAD_TO_SIGMA = 1.4826
NOISE = 1.0
"""What chance alone gives a transformed count or rate, whatever its size (Anscombe; Freeman and Tukey)."""


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

    An hour is compared with the same hour of the working days (or of the weekends) in the four weeks before, by median
    and median absolute deviation, after a transform under which chance has the same size everywhere.
    """
    if hours.empty:
        return []
    rate = "n" in hours
    scored = _transformed(hours, rate)
    weekend = hours.index.day_of_week >= 5
    centre, scale = _baseline(scored, weekend)
    noise = NOISE / np.sqrt(hours["n"].clip(lower=1)) if rate else NOISE
    z = (scored - centre) / np.maximum(scale, noise)
    z = z.where((hours.index >= since) & (hours.index < until)).fillna(0)
    sides = np.sign(z).where(z.abs() >= alarm * TAIL, 0)
    found = []
    for _, run in z.groupby((sides != sides.shift()).cumsum()):
        if run.abs().max() < alarm:
            continue
        rows = hours.loc[run.index]
        usual = _inverse(centre.loc[run.index], rate)
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


def _transformed(hours: pd.DataFrame, rate: bool) -> pd.Series:
    if not rate:
        return 2 * np.sqrt(hours["value"] + 0.375)
    n = hours["n"]
    return 2 * np.arcsin(np.sqrt(((hours["value"] + 0.375) / (n + 0.75)).clip(0, 1))).where(n > 0)


def _inverse(scored: pd.Series, rate: bool) -> pd.Series:
    return np.sin(scored / 2) ** 2 if rate else np.maximum((scored / 2) ** 2 - 0.375, 0)


def _baseline(scored: pd.Series, weekend: np.ndarray) -> tuple[pd.Series, pd.Series]:
    """Median and robust deviation of the same hours before, hour by hour; nothing where too few are known."""
    centre, scale = pd.Series(np.nan, scored.index), pd.Series(np.nan, scored.index)
    for _, alike in scored.groupby([weekend, scored.index.hour]):
        before = alike.shift(1).rolling(f"{DAYS}D", min_periods=LEAST_SAMPLES)
        middle = before.median()
        centre.loc[alike.index] = middle
        deviation = before.apply(lambda window: np.nanmedian(np.abs(window - np.nanmedian(window))), raw=True)
        scale.loc[alike.index] = MAD_TO_SIGMA * deviation
    return centre, scale
