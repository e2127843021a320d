"""Tickets: what a person has to look at, with a promise by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backoffice.effects import find
from backoffice.effects.work import Work
from backoffice.models import Order, Return, Ticket, TicketComment
from backoffice.numbers import next_number
from backoffice.problems import refused
from backoffice.rules import complaints
from backoffice.rules import tickets as rules
from backoffice.rules.service_hours import due
from backoffice.states import ReturnState, TicketPriority, TicketState
from privacy import kept

CUSTOMER, STAFF, SYSTEM = "客户", "客服", "系统"


def open_ticket(
    work: Work,
    *,
    kind: str,
    subject: str,
    text: str | None = None,
    order_number: str | None = None,
    priority: TicketPriority = TicketPriority.NORMAL,
    conversation_id: str | None = None,
    tags: Sequence[str] = (),
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
        tags=list(tags),
        transcript=[],
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


@dataclass(frozen=True)
class Complaint:
    """What somebody complains of. `sentiment` is the assistant's reading of the customer's words."""

    subject: str
    text: str
    sentiment: str = "neutral"
    order: Order | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    conversation_id: str | None = None
    transcript: Sequence[dict[str, Any]] = ()


def file_complaint(work: Work, complaint: Complaint) -> Ticket:
    """A graded ticket; the same matter again is added to the one that is open.

    The customer's promise is the document's, the house's targets follow the grade.
    """
    graded = complaints.grade(complaint_facts(work, complaint.text, complaint.sentiment, complaint.order))
    grade = complaints.graver(graded.grade, complaint.priority)
    if known := _same_matter(work, complaint):
        return _complained_again(work, known, complaint, grade, graded.tags)
    ticket = open_ticket(
        work,
        kind="complaint",
        subject=kept(complaint.subject),
        text=complaint.text,
        order_number=complaint.order.number if complaint.order else None,
        priority=grade,
        conversation_id=complaint.conversation_id,
        tags=graded.tags,
    )
    ticket.due_at = due("complaint", TicketPriority.NORMAL, work.now)
    ticket.sentiment = complaint.sentiment
    ticket.transcript = [{**line, "text": kept(str(line.get("text") or ""))} for line in complaint.transcript]
    ticket.respond_by = complaints.respond_by(grade, work.now)
    ticket.close_by = complaints.close_by(grade, work.now)
    return ticket


def _same_matter(work: Work, complaint: Complaint) -> Ticket | None:
    """The open complaint about the same order; of none, the one about the same thing of the same talk."""
    if complaint.order:
        return same_open_ticket(work, "complaint", complaint.order.number)
    if not complaint.conversation_id:
        return None
    mine = select(Ticket).where(
        Ticket.customer_id == work.customer.id,
        Ticket.kind == "complaint",
        Ticket.order_number.is_(None),
        Ticket.conversation_id == complaint.conversation_id,
        Ticket.state.in_([TicketState.OPEN, TicketState.WORKING]),
    )
    about = complaints.subject(complaint.text)
    for ticket in work.session.scalars(mine.order_by(Ticket.number.desc()).with_for_update()):
        before = complaints.subject(ticket.comments[0].text if ticket.comments else ticket.subject)
        if about is None or before is None or about == before:
            return ticket
    return None


def _complained_again(
    work: Work, ticket: Ticket, complaint: Complaint, grade: TicketPriority, tags: Sequence[str]
) -> Ticket:
    """The new words go to the ticket, which becomes as grave as they are; what was promised stays."""
    ticket.tags = list(dict.fromkeys([*ticket.tags, *tags]))
    if complaints.graver(grade, ticket.priority) != ticket.priority:
        ticket.priority = grade
        ticket.respond_by = complaints.respond_by(grade, work.now)
        ticket.close_by = complaints.close_by(grade, work.now)
    return add_comment(work, ticket, CUSTOMER, complaint.text)


def complaint_facts(work: Work, text: str, sentiment: str, order: Order | None) -> complaints.ComplaintFacts:
    """What the grading looks at: the customer's earlier reports, and the order complained of."""
    mine = [Ticket.customer_id == work.customer.id, Ticket.kind == "complaint"]
    still_open = Ticket.state.in_([TicketState.OPEN, TicketState.WORKING])
    rejected = before = None
    if order:
        about = [
            Ticket.customer_id == work.customer.id,
            Ticket.order_number == order.number,
            Ticket.kind != "handoff",
            Ticket.created_at >= work.now - timedelta(days=complaints.REPEAT_DAYS),
        ]
        before = work.session.scalar(select(func.count()).select_from(Ticket).where(*about))
        rejected = work.session.scalars(
            select(Return.slip).where(
                Return.order_number == order.number, Return.state == ReturnState.REJECTED
            )
        ).first()
    return complaints.ComplaintFacts(
        text=text,
        sentiment=sentiment,
        level=work.customer.level,
        order_state=order.state if order else None,
        order_fen=order.amount_fen if order else 0,
        open_before=work.session.scalar(select(func.count()).select_from(Ticket).where(*mine, still_open))
        or 0,
        on_order_before=before or 0,
        rejected_slip=rejected,
    )


def comment(work: Work, number: str, text: str) -> Ticket:
    ticket = find.ticket(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.comment(ticket.state)).ok:
        raise refused(verdict)
    return add_comment(work, ticket, CUSTOMER, text)


def add_comment(work: Work, ticket: Ticket, author: str, text: str) -> Ticket:
    ticket.comments.append(TicketComment(time=work.now, author=author, text=text))
    ticket.updated_at = work.now
    return ticket


def withdraw(work: Work, number: str) -> Ticket:
    """The customer takes a complaint back."""
    ticket = find.ticket(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.withdraw(ticket.kind, ticket.state)).ok:
        raise refused(verdict)
    ticket.state = TicketState.CLOSED
    return add_comment(work, ticket, SYSTEM, "客户撤回了投诉。")


def urge(work: Work, number: str) -> Ticket:
    ticket = find.ticket(work.session, work.customer.id, number, lock=True)
    today = ticket.urged_that_day if ticket.urged_on == work.today else 0
    if not (verdict := rules.urge(ticket.state, today)).ok:
        raise refused(verdict)
    ticket.urged_on = work.today
    ticket.urged_that_day = today + 1
    return add_comment(work, ticket, SYSTEM, "客户催办，2 小时内专人回复。")
