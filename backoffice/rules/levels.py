"""How far a customer is from the next level (document 07, 会员等级怎么划分；什么时候升级和降级)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backoffice.states import Level

DAYS = 365
THRESHOLDS_FEN = {Level.BASIC: 0, Level.SILVER: 100_000, Level.GOLD: 500_000, Level.DIAMOND: 2_000_000}
"""Paid for completed orders within 365 days, lowest first."""


@dataclass(frozen=True)
class Progress:
    """The next level, what is still to be spent for it, and the day levels are set anew. None at the top."""

    level: Level
    missing_fen: int
    on: date


def next_level(level: Level, spent_fen: int, today: date) -> Progress | None:
    """Levels rise on each first of a month."""
    above = list(THRESHOLDS_FEN)[list(THRESHOLDS_FEN).index(level) + 1 :]
    if not above:
        return None
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return Progress(above[0], max(THRESHOLDS_FEN[above[0]] - spent_fen, 0), first)
