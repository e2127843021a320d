"""How figures are written for people."""

from __future__ import annotations

import math

NONE = "—"


def count(value: float | None) -> str:
    """A whole number with separators."""
    return NONE if value is None or math.isnan(value) else f"{value:,.0f}"


def number(value: float | None) -> str:
    """Up to two decimals."""
    return NONE if value is None or math.isnan(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    """A share of one."""
    return NONE if value is None or math.isnan(value) else f"{value * 100:.1f}%"
