"""The shop's time, for what the assistant reckons with: today, tomorrow, whether a day is over."""

from __future__ import annotations

import os
from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The shop's time, whatever the machine's zone. LINGXI_CLOCK (an ISO time, a naive one is Shanghai's) fixes it, as it
    does the back office's, so that both mean the same day."""
    fixed = os.environ.get("LINGXI_CLOCK")
    if not fixed:
        return datetime.now(SHANGHAI)
    moment = datetime.fromisoformat(fixed)
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment.astimezone(SHANGHAI)
