"""The shop's time: Asia/Shanghai whatever the machine's zone, and frozen where a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

Clock = Callable[[], datetime]
"""Gives the current moment, aware, in Shanghai's zone."""


def system_clock() -> datetime:
    return datetime.now(SHANGHAI)


def frozen_clock(moment: datetime) -> Clock:
    """A clock that always tells `moment` (LINGXI_CLOCK); a naive one is Shanghai's time."""
    told = in_shanghai(moment)
    return lambda: told


def in_shanghai(moment: datetime) -> datetime:
    """The same moment in Shanghai's zone; a naive one is taken as Shanghai's."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=SHANGHAI)
    return moment.astimezone(SHANGHAI)


def end_of(day: date) -> datetime:
    """The last second of a Shanghai day: periods counted in days end there."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI)
