"""Giving a conversation to a person: one open handoff each, and a ticket the customer can ask after."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from backoffice.effects.tickets import open_ticket
from backoffice.effects.work import Work
from backoffice.models import Handoff, Moment, Ticket
from backoffice.problems import not_found, refused
from backoffice.rules.facts import refuse
from backoffice.rules.service_hours import in_hours
from backoffice.states import HandoffState, Level, TicketState

_OPEN = (HandoffState.WAITING, HandoffState.CONNECTED)
_FIRST_SERVED = {Level.GOLD: 1, Level.DIAMOND: 2}

_CLAIM = text(
    """
    INSERT INTO handoffs (id, conversation_id, open_key, customer_id, state, priority,
                          reason, transcript, slots, created_at)
    VALUES (:id, :conversation, :conversation, NULL, 'waiting', 0, '', '[]', '{}', :now)
    ON CONFLICT (open_key) DO NOTHING RETURNING id
    """
).bindparams(bindparam("now", type_=Moment()))


@dataclass(frozen=True)
class HandoffRequest:
    conversation_id: str
    reason: str
    intent: str | None = None
    transcript: list[dict[str, Any]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)


def open_handoff(work: Work, wanted: HandoffRequest) -> tuple[bool, Handoff]:
    """(whether it is new, the conversation's open handoff).

    The customer always gets a ticket number to keep. Out of hours the ticket stands for the conversation
    until people are back.
    """
    session = work.session
    handoff_id = _claim(work, wanted.conversation_id)
    if handoff_id is None:
        known = session.scalars(
            select(Handoff)
            .where(Handoff.open_key == wanted.conversation_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        _must_be_same_person(known, work)
        if known.state in _OPEN or not in_hours(work.now):
            return False, known
        _end(known, work)
        session.flush()
        handoff_id = _claim(work, wanted.conversation_id)
    handoff = session.get_one(Handoff, handoff_id)
    if work.acting:
        handoff.customer_id = work.acting.id
        handoff.priority = _FIRST_SERVED.get(work.acting.level, 0)
    handoff.reason = wanted.reason
    handoff.intent = wanted.intent
    handoff.transcript = wanted.transcript
    handoff.slots = wanted.slots
    staffed = in_hours(work.now)
    ticket = open_ticket(
        work,
        kind="handoff",
        subject="转人工" if staffed else "非工作时间留言",
        text=wanted.reason,
        conversation_id=wanted.conversation_id,
    )
    handoff.ticket_number = ticket.number
    if not staffed:
        handoff.state = HandoffState.TICKETED
    session.flush()
    return True, handoff


def _claim(work: Work, conversation_id: str) -> str | None:
    """Takes the conversation's one place; on PostgreSQL whoever comes second waits here for the first."""
    row = {"id": f"HO{secrets.token_hex(12)}", "conversation": conversation_id, "now": work.now}
    claimed: str | None = work.session.execute(_CLAIM, row).scalar_one_or_none()
    return claimed


def _must_be_same_person(handoff: Handoff, work: Work) -> None:
    """A conversation belongs to its first proven customer."""
    if work.acting and handoff.customer_id is None:
        handoff.customer_id = work.acting.id
        handoff.priority = _FIRST_SERVED.get(work.acting.level, 0)
    elif work.acting and handoff.customer_id != work.acting.id:
        raise not_found()


def find_handoff(
    session: Session, handoff_id: str, customer_id: str | None, *, lock: bool = False
) -> Handoff:
    """Its id is not guessable and proves the right to it; a named customer must be the one."""
    query = select(Handoff).where(Handoff.id == handoff_id)
    if customer_id:
        query = query.where(or_(Handoff.customer_id == customer_id, Handoff.customer_id.is_(None)))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    if (found := session.scalars(query).one_or_none()) is None:
        raise not_found()
    return found


def close(work: Work, handoff_id: str) -> Handoff:
    handoff = find_handoff(work.session, handoff_id, work.acting.id if work.acting else None, lock=True)
    if handoff.state is HandoffState.CLOSED:
        raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
    _end(handoff, work)
    return handoff


def _end(handoff: Handoff, work: Work) -> None:
    """What a person talked through is solved; a message left out of hours still wants its answer."""
    ticket = work.session.get(Ticket, handoff.ticket_number) if handoff.ticket_number else None
    if ticket and handoff.state is not HandoffState.TICKETED:
        ticket.state = TicketState.SOLVED
        ticket.updated_at = work.now
    handoff.state = HandoffState.CLOSED
    handoff.closed_at = work.now
    handoff.open_key = None


def position(session: Session, handoff: Handoff) -> int | None:
    """The place in the queue, 1 being next; None when not waiting. Higher levels go first."""
    if handoff.state is not HandoffState.WAITING:
        return None
    earlier = or_(
        Handoff.created_at < handoff.created_at,
        (Handoff.created_at == handoff.created_at) & (Handoff.id < handoff.id),
    )
    ahead = session.scalar(
        select(func.count())
        .select_from(Handoff)
        .where(
            Handoff.state == HandoffState.WAITING,
            or_(Handoff.priority > handoff.priority, (Handoff.priority == handoff.priority) & earlier),
        )
    )
    return (ahead or 0) + 1
