"""灵犀币: what a purchase earns and when it lapses (document 07)."""

from __future__ import annotations

from datetime import date, timedelta

from backoffice.states import Level

POINTS_PER_YUAN = 100
"""100 灵犀币 are worth 1 yuan."""
_TENTHS_PER_YUAN = {Level.BASIC: 10, Level.SILVER: 12, Level.GOLD: 15, Level.DIAMOND: 20}


def earned(paid_fen: int, level: Level) -> int:
    """For goods paid (freight left out): 1, 1.2, 1.5 or 2 a yuan by level, whole ones only."""
    return max(paid_fen, 0) * _TENTHS_PER_YUAN[level] // 1000


def expiry(received: date) -> date:
    """Points of one year lapse at the end of the next."""
    return date(received.year + 1, 12, 31)


def returned_expiry(spent: date, today: date) -> date:
    """Points given back keep their date; had they lapsed meanwhile, they live 30 more days.

    The oldest are spent first, so those spent in a year would have lapsed at its end at the earliest.
    """
    lapsed = date(spent.year, 12, 31)
    return lapsed if lapsed >= today else today + timedelta(days=30)
