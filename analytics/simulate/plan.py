"""What a simulated shop goes through, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

# How talkative each hour is: quiet nights, a forenoon, an afternoon and a long evening.
HOURS = (2, 1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 12, 9, 9, 11, 13, 12, 10, 9, 12, 15, 15, 11, 6)
WEEKDAYS = (1.05, 1.0, 0.98, 0.97, 1.0, 1.15, 1.2)


@dataclass(frozen=True)
class Plan:
    """A shop's days. Days of what happens count from the first day, 0; None: it does not happen.

    Attributes:
        conversations: visits on an ordinary day, on average.
        promotion: a day with three times the visits, and many questions about coupons and prices.
        defect: the first of four days on which customers report swollen power banks, more each day.
        outage: a day on which from 10:00 to 11:30 the shop's systems do not answer.
        bad_agent: an agent who is slow and curt.
        ab_effect: by how much wording b raises the probability that a customer says it is solved; 0: not at all.
        dirt: floods, redelivered events and jumping clocks, for the cleaning rules.
    """

    seed: int = 7
    start: date = date(2026, 10, 1)
    days: int = 30
    conversations: int = 200
    promotion: int | None = 10
    defect: int | None = 18
    outage: int | None = 24
    bad_agent: str | None = "A07"
    ab_effect: float = 0.12
    dirt: bool = False
    agents: tuple[str, ...] = field(default=tuple(f"A{n:02}" for n in range(1, 9)))

    def midnight(self, day: int) -> float:
        """When a day begins in the shop's time zone, in seconds since 1970."""
        return datetime.combine(self.start + timedelta(days=day), time(), SHANGHAI).timestamp()

    def visits(self, day: int) -> float:
        """How many new visits a day expects."""
        factor = WEEKDAYS[(self.start + timedelta(days=day)).weekday()]
        return self.conversations * factor * (3 if day == self.promotion else 1)

    def defect_share(self, day: int) -> float:
        """Which part of a day's visits reports the defect."""
        return 0.0 if self.defect is None or not 0 <= day - self.defect < 4 else 0.04 * (day - self.defect + 1)

    def broken(self, moment: float) -> bool:
        """Whether the shop's systems are out at a moment."""
        if self.outage is None:
            return False
        since = moment - self.midnight(self.outage)
        return 10 * 3600 <= since < 11.5 * 3600
