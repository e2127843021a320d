"""How figures are written for people."""

from __future__ import annotations

import math
from typing import Protocol

NONE = "—"


class Measured(Protocol):
    """What has a unit."""

    @property
    def unit(self) -> str:
        """As the reader sees it; `%` for shares, which are kept as 0 to 1."""


def count(value: float | None) -> str:
    """A whole number with separators."""
    return NONE if value is None or math.isnan(value) else f"{value:,.0f}"


def number(value: float | None) -> str:
    """Up to two decimals."""
    return NONE if value is None or math.isnan(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    """A share of one."""
    return NONE if value is None or math.isnan(value) else f"{value * 100:.1f}%"


def shown(metric: Measured, value: float | None) -> str:
    """A metric's value with its unit."""
    if value is None or math.isnan(value):
        return NONE
    if metric.unit == "%":
        return percent(value)
    return f"{number(value)} {metric.unit}"
