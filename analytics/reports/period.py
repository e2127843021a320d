"""The days that a report is about, and those that they are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from analytics.problems import SettingError

Kind = Literal["daily", "weekly", "monthly"]
LABELS: dict[Kind, str] = {"daily": "日报", "weekly": "周报", "monthly": "月报"}
HISTORY_DAYS = 28
"""What is compared needs four weeks before it; what needs many days (levels, experiments) looks back so far."""


@dataclass(frozen=True)
class Period:
    """From `since` to before `until`, business days."""

    kind: Kind
    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since).days

    @property
    def before(self) -> Period:
        """As many days, whole weeks earlier, so that the weekdays are the same."""
        shift = timedelta(weeks=math.ceil(self.days / 7))
        return Period(self.kind, self.since - shift, self.until - shift)

    @property
    def history(self) -> date:
        """The first day that is looked at for comparison."""
        return self.since - timedelta(days=HISTORY_DAYS)

    @property
    def lately(self) -> date:
        """The first day of the last four weeks up to the end, or of the period where it is longer."""
        return min(self.since, self.until - timedelta(days=HISTORY_DAYS))

    @property
    def title(self) -> str:
        """For headings, the last day included."""
        last = self.until - timedelta(days=1)
        return f"{self.since:%Y-%m-%d}" if self.days == 1 else f"{self.since:%Y-%m-%d} 至 {last:%Y-%m-%d}"


def period_of(kind: Kind, since: date | None, until: date | None, last: date) -> Period:
    """What is asked for; where days are left out, the last whole day, seven days or month that is known.

    Args:
        until: the first day no longer meant.
        last: the last day with data.

    Raises SettingError where nothing lies between the two days.
    """
    if until is None and since is not None:
        until = _after(kind, since)
    if until is None:
        until = last.replace(day=1) if kind == "monthly" and last.day < 28 else last + timedelta(days=1)
    if since is None:
        since = _before(kind, until)
    if since >= until:
        raise SettingError(f"--since {since} 要早于 --until {until}（--until 当天不算在内）")
    return Period(kind, since, until)


def _after(kind: Kind, since: date) -> date:
    if kind == "monthly":
        return (since.replace(day=1) + timedelta(days=32)).replace(day=1)
    return since + timedelta(days=1 if kind == "daily" else 7)


def _before(kind: Kind, until: date) -> date:
    if kind == "monthly":
        return (until - timedelta(days=1)).replace(day=1)
    return until - timedelta(days=1 if kind == "daily" else 7)
