"""Tickets: what a person has to look at, with a promise by when."""

from __future__ import annotations

from sqlalchemy import select

from backoffice.effects import find
from backoffice.effects.work import Work
from backoffice.models import Ticket, TicketComment
from backoffice.numbers import next_number
from backoffice.problems import refused
from backoffice.rules import tickets as rules
from backoffice.rules.service_hours import due
from backoffice.states import TicketPriority, TicketState

CUSTOMER, SYSTEM = "客户", "系统"


def open_ticket(
    work: Work,
    *,
    kind: str,
    subject: str,
    text: str | None = None,
    order_number: str | None = None,
    priority: TicketPriority = TicketPriority.NORMAL,
    conversation_id: str | None = None,
) -> Ticket:
    ticket = Ticket(
        number=next_number(work.session, Ticket.number, "GD", work.today),
        customer_id=work.acting.id if work.acting else None,
        kind=kind,
        subject=subject,
        state=TicketState.OPEN,
        priority=priority,
        order_number=order_number,
        conversation_id=conversation_id,
        created_at=work.now,
        due_at=due(kind, priority, work.now),
        updated_at=work.now,
        urged_that_day=0,
        comments=[TicketComment(time=work.now, author=CUSTOMER, text=text)] if text else [],
    )
    work.session.add(ticket)
    work.session.flush()
    return ticket


def same_open_ticket(work: Work, kind: str, order_number: str) -> Ticket | None:
    """The customer's open ticket of this kind about this order; the order's row must be locked."""
    return work.session.scalars(
        select(Ticket)
        .where(
            Ticket.customer_id == work.customer.id,
            Ticket.order_number == order_number,
            Ticket.kind == kind,
            Ticket.state.in_([TicketState.OPEN, TicketState.WORKING]),
        )
        .order_by(Ticket.number)
    ).first()


def comment(work: Work, number: str, text: str) -> Ticket:
    ticket = find.ticket(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.comment(ticket.state)).ok:
        raise refused(verdict)
    return add_comment(work, ticket, CUSTOMER, text)


def add_comment(work: Work, ticket: Ticket, author: str, text: str) -> Ticket:
    ticket.comments.append(TicketComment(time=work.now, author=author, text=text))
    ticket.updated_at = work.now
    return ticket


def urge(work: Work, number: str) -> Ticket:
    ticket = find.ticket(work.session, work.customer.id, number, lock=True)
    today = ticket.urged_that_day if ticket.urged_on == work.today else 0
    if not (verdict := rules.urge(ticket.state, today)).ok:
        raise refused(verdict)
    ticket.urged_on = work.today
    ticket.urged_that_day = today + 1
    return add_comment(work, ticket, SYSTEM, "客户催办，2 小时内专人回复。")
