"""Tickets with what was said, from `data/tickets.yml`: old ones solved, young ones open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import yaml

from backoffice.models import Order, Ticket, TicketComment
from backoffice.rules import service_hours
from backoffice.seed.numbers import Numbers
from backoffice.seed.orders import Purchase
from backoffice.seed.people import DATA, customer_id
from backoffice.states import OrderState, TicketPriority, TicketState

_LONGEST_AGE_HOURS = 60 * 24
_LIVELY = 0.4
"""The share younger than two days, of which some are still open."""


@dataclass(frozen=True)
class Matter:
    """What a kind of ticket is about, and how the talk went."""

    kind: str
    subject: str
    about: OrderState | None
    """The state of the order it hangs on; None: no order."""
    priority: TicketPriority
    talk: tuple[tuple[str, str], ...]
    """(who, what): the customer's words, the first answer, the solution."""


def read_matters() -> list[Matter]:
    entries = yaml.safe_load((DATA / "tickets.yml").read_text(encoding="utf-8"))
    return [
        Matter(
            kind=entry["kind"],
            subject=entry["subject"],
            about=OrderState(entry["about"]) if entry["about"] else None,
            priority=TicketPriority(entry["priority"]),
            talk=tuple((who, text) for who, text in entry["talk"]),
        )
        for entry in entries
    ]


def make_tickets(
    rng: Random, numbers: Numbers, now: datetime, purchases: Sequence[Purchase], customers: range, count: int
) -> list[Ticket]:
    """`count` tickets; `customers` are the numbers of those who may have one without an order."""
    by_state: dict[OrderState, list[Order]] = {}
    for purchase in purchases:
        by_state.setdefault(purchase.order.state, []).append(purchase.order)
    matters = [matter for matter in read_matters() if matter.about is None or by_state.get(matter.about)]
    tickets = []
    for _ in range(count):
        matter = rng.choice(matters)
        order = rng.choice(by_state[matter.about]) if matter.about else None
        age = timedelta(minutes=60 * rng.randint(1, 48 if rng.random() < _LIVELY else _LONGEST_AGE_HOURS))
        created_at = now - age
        if order:
            # A ticket is younger than what it is about.
            moments = (order.completed_at, order.signed_at, order.shipped_at, order.paid_at, order.created_at)
            latest = next(moment for moment in moments if moment)
            created_at = max(created_at, latest + (now - latest) * 0.2).replace(microsecond=0)
        owner = order.customer_id if order else customer_id(rng.choice(customers))
        tickets.append(make_ticket(rng, numbers, now, owner, matter, created_at, order))
    return tickets


def make_ticket(
    rng: Random,
    numbers: Numbers,
    now: datetime,
    owner: str,
    matter: Matter,
    created_at: datetime,
    order: Order | None = None,
) -> Ticket:
    """A ticket as its age has it: answered after a while, solved by the time promised."""
    due_at = service_hours.due(matter.kind, matter.priority, created_at)
    span = due_at - created_at
    moments = (created_at, created_at + span * 0.2, created_at + span * rng.uniform(0.5, 0.95))
    said = [
        TicketComment(time=moment.replace(microsecond=0), author=who, text=text)
        for moment, (who, text) in zip(moments, matter.talk, strict=True)
        if moment <= now
    ]
    state = (TicketState.OPEN, TicketState.WORKING, TicketState.SOLVED)[len(said) - 1]
    if state is TicketState.SOLVED and now - due_at > timedelta(days=7):
        state = TicketState.CLOSED
    return Ticket(
        number=numbers.take("GD", created_at),
        customer_id=owner,
        kind=matter.kind,
        subject=matter.subject,
        state=state,
        priority=matter.priority,
        order_number=order.number if order else None,
        created_at=created_at,
        due_at=due_at,
        updated_at=said[-1].time,
        comments=said,
    )
