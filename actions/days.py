"""A day as people tell one."""

from __future__ import annotations

from datetime import date

from actions.base import Turn


def with_weekday(turn: Turn, day: str) -> str:
    """`2026-12-05（周六）`; what is no day, or has more behind it, stays or keeps it."""
    told, space, more = day.partition(" ")
    try:
        weekday = date.fromisoformat(told).weekday()
    except ValueError:
        return day
    return f"{told}{turn.wording(f'utter_chat_weekday_{weekday}') or ''}{space}{more}"
