"""Working days as the documents count them: Monday to Friday (public holidays are not known here)."""

from __future__ import annotations

from datetime import date, timedelta


def add_workdays(day: date, count: int) -> date:
    """The `count`-th working day after `day`; `day` itself where count is 0."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
