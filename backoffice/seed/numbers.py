"""Numbers as the shop gives them out: a prefix, the day and four digits that grow through the day."""

from __future__ import annotations

from datetime import datetime

_SECONDS_A_DAY = 86_400
_SEEDED_NUMBERS = 9_000
"""Of 9,999 a day; the back office counts on from the highest."""


class Numbers:
    """Each number once. A later moment gets a higher number of its day."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, prefix: str, moment: datetime) -> str:
        """`prefix` + yyyymmdd + 4 digits, e.g. GD202611210417."""
        series = f"{prefix}{moment:%Y%m%d}"
        seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
        digits = 1 + seconds * _SEEDED_NUMBERS // _SECONDS_A_DAY
        while f"{series}{digits:04}" in self._taken:
            digits += 1
        number = f"{series}{digits:04}"
        self._taken.add(number)
        return number
