"""When people are there and how soon they answer (document 10)."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from backoffice.clock import SHANGHAI
from backoffice.rules.workdays import add_workdays
from backoffice.states import TicketPriority

OPENS = time(8, 0)
"""Online service runs every day from 8:00 to 24:00."""
_NIGHT_ANSWER = time(12, 0)
_WORKDAY_ENDS = time(18, 0)

_HOURS = {
    "logistics_investigation": 48,
    "delivery_urge": 2,
    "shipping_urge": 24,
    "callback": 4,
    "installation_complaint": 48,
    "review": 24,
    "refund_dispute": 24,
    "repeated_contact": 4,
}
_WORKDAYS = {"complaint": 3, "invoice_complaint": 3, "invoice": 5}


def in_hours(now: datetime) -> bool:
    return now.timetz().replace(tzinfo=None) >= OPENS


def opens_after(now: datetime) -> datetime:
    """When people are back, seen from a moment at which nobody is there (between midnight and eight)."""
    return datetime.combine(now.date(), OPENS, SHANGHAI)


def night_answer_by(now: datetime) -> datetime:
    """What is left at night (between midnight and eight) is answered by noon of the morning that follows."""
    return datetime.combine(now.date(), _NIGHT_ANSWER, SHANGHAI)


def due(kind: str, priority: TicketPriority, now: datetime) -> datetime:
    """By when a ticket is to be dealt with: the promise for its kind, at most 24 h for urgent ones."""
    if kind in _WORKDAYS:
        promised = datetime.combine(add_workdays(now.date(), _WORKDAYS[kind]), _WORKDAY_ENDS, SHANGHAI)
    elif kind in _HOURS:
        promised = now + timedelta(hours=_HOURS[kind])
    else:
        promised = now + timedelta(hours=24)
        if not in_hours(now):
            promised = night_answer_by(now)
    if priority is TicketPriority.MAJOR:
        return min(promised, now + timedelta(hours=4))
    if priority is TicketPriority.URGENT:
        return min(promised, now + timedelta(hours=24))
    return promised
