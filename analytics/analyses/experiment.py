"""A/B comparison of two buckets: how large the difference is, how sure, and whether to stop.

Whoever looks every day and stops at the first p < 0.05 finds differences that are none. So each comparison has two
intervals: the one for a single look at the end (Newcombe's for rates, Welch's for means), and one that holds at every
look (asymptotic confidence sequence: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory
and asymptotic confidence sequences", 2021). The rule reads the second only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

Values = NDArray[np.float64]
ALPHA = 0.05
"""Share of comparisons without a difference that may be told as one."""
TIGHTEST_AT = 2000
"""The confidence sequence is narrowest, relative to a single look, at about so many customers."""
LOPSIDED = 0.001


class Decision(StrEnum):
    """What the stopping rule says."""

    B_HIGHER = "b_higher"
    A_HIGHER = "a_higher"
    NO_DIFFERENCE = "no_difference"
    GO_ON = "go_on"
    LOPSIDED = "lopsided"


@dataclass(frozen=True)
class Comparison:
    """Bucket B against bucket A.

    Attributes:
        difference: mean of B less mean of A, in the outcome's unit; `low`, `high` for a single look at the end.
        always_low, always_high: hold at every look.
        decision: `no_difference` when a difference that matters is excluded, `lopsided` when the buckets' sizes cannot
            come from an even draw, so that something sorts the customers.
    """

    size_a: int
    size_b: int
    mean_a: float
    mean_b: float
    difference: float
    low: float
    high: float
    always_low: float
    always_high: float
    decision: Decision


def compare(
    outcomes: pd.DataFrame, matters: float, *, alpha: float = ALPHA, even_split: bool = True
) -> Comparison | None:
    """Compare the two buckets; None while one of them has fewer than two customers.

    Args:
        outcomes: one row a unit of the draw (a customer): `bucket` ("a" or "b") and `outcome` (0 or 1, or a number).
        matters: the smallest difference that is worth anything, in the outcome's unit.
        alpha: smaller where several outcomes are compared at once.
        even_split: whether the draw was half and half.
    """
    told = outcomes.dropna(subset=["bucket", "outcome"])
    a = told.loc[told["bucket"] == "a", "outcome"].to_numpy(float)
    b = told.loc[told["bucket"] == "b", "outcome"].to_numpy(float)
    if len(a) < 2 or len(b) < 2:
        return None
    difference = float(b.mean() - a.mean())
    low, high = _single_look(a, b, alpha)
    half = _always(a, b, alpha)
    lopsided = even_split and stats.binomtest(len(a), len(a) + len(b)).pvalue < LOPSIDED
    return Comparison(
        size_a=len(a),
        size_b=len(b),
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        difference=difference,
        low=low,
        high=high,
        always_low=difference - half,
        always_high=difference + half,
        decision=Decision.LOPSIDED if lopsided else _decide(difference, half, matters),
    )


def _decide(difference: float, half: float, matters: float) -> Decision:
    if difference - half > 0:
        return Decision.B_HIGHER
    if difference + half < 0:
        return Decision.A_HIGHER
    if -matters < difference - half and difference + half < matters:
        return Decision.NO_DIFFERENCE
    return Decision.GO_ON


def _single_look(a: Values, b: Values, alpha: float) -> tuple[float, float]:
    if set(np.unique(np.concatenate([a, b]))) <= {0.0, 1.0}:
        low, high = confint_proportions_2indep(
            b.sum(), len(b), a.sum(), len(a), method="newcomb", alpha=alpha
        )
    else:
        low, high = stats.ttest_ind(b, a, equal_var=False).confidence_interval(1 - alpha)
    return float(low), float(high)


def _always(a: Values, b: Values, alpha: float) -> float:
    """Half the width of the confidence sequence for the difference of two means."""
    size = len(a) + len(b)
    variance = size * (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    rho = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / TIGHTEST_AT
    inner = 2 * (size * rho + 1) / (size**2 * rho) * math.log(math.sqrt(size * rho + 1) / alpha)
    return math.sqrt(variance * inner)
