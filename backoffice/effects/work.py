"""One transaction at work: the session, the moment, and the customer who acts (if any)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from backoffice.models import Customer


@dataclass(frozen=True)
class Work:
    session: Session
    now: datetime
    acting: Customer | None

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def customer(self) -> Customer:
        """The acting customer, on routes where there must be one."""
        if self.acting is None:
            raise LookupError("this work needs an acting customer")
        return self.acting
