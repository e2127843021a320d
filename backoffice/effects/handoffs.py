"""Giving a conversation to a person: one open handoff each, what both sides say in it, a ticket to ask after.

Messages are numbered in the order they were written down. The customer's come in prefixes of the
conversation (from the assistant with each message, from its tracker after a restart) of which the lacking
part is taken: so their order is the customer's, whoever brings them. What the assistant is to be told is
written to the outbox with its cause.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from backoffice.clock import system_clock
from backoffice.effects.tickets import CUSTOMER, STAFF, add_comment, open_ticket
from backoffice.effects.work import Work
from backoffice.models import Handoff, HandoffMessage, KnowledgeEntry, Moment, Order, OutboxItem, Ticket
from backoffice.problems import not_found, refused
from backoffice.rules import complaints
from backoffice.rules.facts import refuse
from backoffice.rules.handoff_reasons import DANGER, UNASKED, danger_in_words, in_words, topics
from backoffice.rules.service_hours import due, in_hours
from backoffice.states import HandoffState, Level, OutboxKind, Speaker, TicketPriority, TicketState
from privacy import kept

OPEN = (HandoffState.WAITING, HandoffState.CONNECTED)
_PROMISED = "handoff"
"""The kind of ticket that stands for a conversation: its `due_at` is the one promise of an answer."""
_STRENGTH = {"dissatisfied": 1, "angry": 2}
_SUBJECT_LENGTH = 60
_TELLING = 5  # characters of words that tell a matter
_WANTS_PERSON = re.compile(r"人工|真人|客服|活人|找(?:个|你们)?人")
_OF_ORDERS = ("orders_number", "complaints_order", "orders_last")
_ENTRY = "faq_key"
"""Slot: the entry of the knowledge that the talk was about last."""
_ORDER_NUMBER = re.compile(r"(?<!\d)20\d{10}(?!\d)")
_OPEN_TICKETS, _MOST_NAMED = "tickets_open", 5
_DANGER_FIRST = 9
_FIRST_SERVED = {Level.GOLD: 1, Level.DIAMOND: 2}
WAITS_AT_MOST = timedelta(minutes=15)
"""People usually take over within half a minute (document 10); nobody is kept from the bot longer."""

_CLAIM = text(
    """
    INSERT INTO handoffs (id, conversation_id, open_key, customer_id, state, priority,
                          reason, transcript, slots, tags, last_seq, created_at)
    VALUES (:id, :conversation, :conversation, NULL, 'waiting', 0, '', '[]', '{}', '[]', 0, :now)
    ON CONFLICT (open_key) DO NOTHING RETURNING id
    """
).bindparams(bindparam("now", type_=Moment()))


@dataclass(frozen=True)
class Said:
    """A message of the customer's; `message_id` tells a repeat, `sentiment` is how the assistant reads it."""

    message_id: str
    text: str
    at: datetime
    media: list[dict[str, Any]] = field(default_factory=list)
    sentiment: str | None = None


@dataclass(frozen=True)
class Agent:
    id: str
    name: str


@dataclass(frozen=True)
class HandoffRequest:
    conversation_id: str
    reason: str
    intent: str | None = None
    sentiment: str | None = None
    tags: list[str] = field(default_factory=list)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)


def open_handoff(work: Work, wanted: HandoffRequest) -> tuple[bool, Handoff]:
    """(whether it is new, the conversation's open handoff).

    The customer always gets a ticket number to keep. Out of hours the ticket stands for the conversation
    until people are back; who comes again then keeps the ticket, and with it the promise.
    """
    session = work.session
    handoff_id = _claim(work, wanted.conversation_id)
    ticket: Ticket | None = None
    if handoff_id is None:
        known = session.scalars(
            select(Handoff)
            .where(Handoff.open_key == wanted.conversation_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        _must_be_same_person(known, work)
        if wanted.reason == DANGER:
            _make_grave(work, known, wanted)
        if known.state in OPEN:
            return False, known
        if not in_hours(work.now):
            _describe(known, wanted, _open_tickets(work, known.ticket_number))
            return False, known
        ticket = _ticket(work, known)
        _end(known, work)
        session.flush()
        handoff_id = _claim(work, wanted.conversation_id)
    if ticket is None and wanted.reason in UNASKED and not in_hours(work.now):
        raise refused(refuse("handoff_nobody_there", "人工客服的时间是每天 8:00 至 24:00，现在没有同事在。"))
    handoff = session.get_one(Handoff, handoff_id)
    if work.acting:
        handoff.customer_id = work.acting.id
        handoff.priority = _FIRST_SERVED.get(work.acting.level, 0)
    _describe(handoff, wanted, _open_tickets(work, ticket.number if ticket else None))
    staffed = in_hours(work.now)
    order = _order_of(work, wanted)
    ticket = ticket or open_ticket(
        work,
        kind=_PROMISED,
        subject=_subject(wanted, order, _matter(session, wanted), staffed=staffed),
        text=_last_words(wanted),
        order_number=order,
        conversation_id=wanted.conversation_id,
    )
    handoff.ticket_number = ticket.number
    if wanted.reason == DANGER:
        _mark_grave(work, handoff, ticket)
    if not staffed:
        handoff.state = HandoffState.TICKETED
    session.flush()
    return True, handoff


def _last_words(wanted: HandoffRequest) -> str:
    """What the ticket says: the customer's own words that tell the matter, and the last; without any, why."""
    last = next((text for text in reversed(_said(wanted)) if text.strip()), in_words(wanted.reason))
    told = _telling(wanted)
    return last if told in last else f"{told}\n{last}"


def _said(wanted: HandoffRequest) -> list[str]:
    """The customer's own words, oldest first, as they are kept."""
    lines = (line for line in wanted.transcript if line.get("who") == Speaker.CUSTOMER)
    return [kept(str(line.get("text") or "")) for line in lines]


def _telling(wanted: HandoffRequest) -> str:
    """The customer's last words that tell more than: a person."""
    telling = (text for text in reversed(_said(wanted)) if len(text) >= _TELLING)
    return next((text for text in telling if not _WANTS_PERSON.search(text)), "")


def _matter(session: Session, wanted: HandoffRequest) -> str:
    """What the talk was about: the entry of the knowledge that was told last, else the last wish's topic."""
    entry = session.get(KnowledgeEntry, str(wanted.slots.get(_ENTRY) or ""))
    return entry.category if entry else next(iter(reversed(topics([*wanted.tags, wanted.intent or ""]))), "")


def _subject(wanted: HandoffRequest, order: str | None, matter: str, *, staffed: bool) -> str:
    """What the ticket is called: the matter, the order, the last words that tell more than: a person."""
    told = " ".join(_telling(wanted).split())
    parts = ("转人工" if staffed else "留言", matter, f"订单 {order}" if order else "", told)
    return " · ".join(filter(None, parts))[:_SUBJECT_LENGTH]


def _order_of(work: Work, wanted: HandoffRequest) -> str | None:
    """The customer's order that the talk was about: of what was being done, else the last number said.

    None that nobody spoke of: what somebody is at already is named to the person beside it.
    """
    if work.acting is None:
        return None
    known = [str(wanted.slots.get(name) or "") for name in _OF_ORDERS]
    said = [found for text in _said(wanted) for found in _ORDER_NUMBER.findall(text)]
    for number in filter(None, [*known, *reversed(said)]):
        mine = select(Order.number).where(Order.number == number, Order.customer_id == work.acting.id)
        if found := work.session.scalar(mine):
            return str(found)
    return None


def _open_tickets(work: Work, own: str | None = None) -> list[Ticket]:
    """What somebody is at for the customer already, newest first, beside the handoff's own."""
    if work.acting is None:
        return []
    states = [state for state in TicketState if state.is_open]
    theirs = select(Ticket).where(Ticket.customer_id == work.acting.id, Ticket.state.in_(states))
    found = work.session.scalars(theirs.order_by(Ticket.created_at.desc()).limit(_MOST_NAMED))
    return [ticket for ticket in found if ticket.number != own]


def _make_grave(work: Work, handoff: Handoff, wanted: HandoffRequest) -> None:
    """Somebody who waits, or has a person already, is in danger now: the open ticket becomes grave."""
    handoff.slots = {**handoff.slots, **wanted.slots}
    if ticket := _ticket(work, handoff):
        add_comment(work, ticket, CUSTOMER, _last_words(wanted))
        _mark_grave(work, handoff, ticket)
    handoff.reason = wanted.reason


def _mark_grave(work: Work, handoff: Handoff, ticket: Ticket) -> None:
    ticket.priority = TicketPriority.MAJOR
    label = danger_in_words(handoff.slots.get("danger"))
    ticket.subject = f"{label}：{_last_words_of(ticket)}"[:_SUBJECT_LENGTH]
    ticket.tags = list(dict.fromkeys([*ticket.tags, label]))
    ticket.due_at = min(ticket.due_at, due(_PROMISED, TicketPriority.MAJOR, work.now))
    ticket.respond_by = complaints.respond_by(TicketPriority.MAJOR, work.now)
    ticket.close_by = complaints.close_by(TicketPriority.MAJOR, work.now)
    handoff.priority = _DANGER_FIRST


def _last_words_of(ticket: Ticket) -> str:
    return " ".join(ticket.comments[-1].text.splitlines()[-1].split()) if ticket.comments else ""


def _describe(handoff: Handoff, wanted: HandoffRequest, open_tickets: Sequence[Ticket]) -> None:
    handoff.reason = wanted.reason
    handoff.intent = wanted.intent
    handoff.sentiment = _stronger(wanted.sentiment, handoff.sentiment)
    handoff.tags = wanted.tags
    handoff.transcript = [{**line, "text": kept(str(line.get("text") or ""))} for line in wanted.transcript]
    others = "、".join(f"{ticket.number} {ticket.subject}" for ticket in open_tickets)
    handoff.slots = {**wanted.slots, **({_OPEN_TICKETS: others} if others else {})}


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


def take(work: Work, handoff_id: str, agent: Agent) -> Handoff:
    """The agent has the conversation, and the customer is told who. A repeat changes nothing."""
    handoff = _to_serve(work, handoff_id)
    if handoff.state is HandoffState.CONNECTED:
        if handoff.agent_id != agent.id:
            raise refused(refuse("handoff_taken", f"{handoff.agent_name} 已经接入了这个会话。"))
        return handoff
    handoff.state = HandoffState.CONNECTED
    handoff.agent_id, handoff.agent_name = agent.id, agent.name
    handoff.connected_at = work.now
    _mark_ticket(work, handoff, TicketState.WORKING)
    _note(work, handoff, "taken", f"{agent.name} 已接入")
    greeting = f"您好，我是人工客服{agent.name}，前面的对话我已经看到了，这就为您处理。"
    _say(work, handoff, f"{handoff.id}-taken", greeting)
    return handoff


def reply(work: Work, handoff_id: str, agent: Agent, text: str, reply_id: str) -> HandoffMessage:
    """The agent's words, accepted; the outbox brings them to the customer. Once for each `reply_id`.

    Where nobody took over in time it is the answer that was promised: the ticket is solved with it.
    """
    handoff = find_handoff(work.session, handoff_id, None, lock=True)
    if known := _message(work.session, handoff.id, f"agent:{reply_id}"):
        return known
    match handoff.state:
        case HandoffState.TICKETED:
            return _answer_left(work, handoff, agent, text, reply_id)
        case HandoffState.CLOSED:
            raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
        case HandoffState.WAITING:
            raise refused(refuse("handoff_not_taken", "请先接入这个会话，再回复客户。"))
    if handoff.agent_id != agent.id:
        raise refused(refuse("handoff_taken", f"{handoff.agent_name} 已经接入了这个会话。"))
    return _say(work, handoff, reply_id, text)


def _answer_left(work: Work, handoff: Handoff, agent: Agent, text: str, reply_id: str) -> HandoffMessage:
    handoff.agent_id, handoff.agent_name = agent.id, agent.name
    opening = f"您好，我是人工客服{agent.name}，回复您的留言（工单 {handoff.ticket_number}）："
    said = _say(work, handoff, reply_id, f"{opening}\n{text}")
    if ticket := _ticket(work, handoff):
        add_comment(work, ticket, STAFF, text)
    _mark_ticket(work, handoff, TicketState.SOLVED)
    _note(work, handoff, "answered", "已回复留言")
    _end(handoff, work)
    return said


def heard(work: Work, handoff_id: str, said: Sequence[Said]) -> Handoff:
    """The customer's messages, oldest first; those known already change nothing."""
    handoff = find_handoff(work.session, handoff_id, work.acting.id if work.acting else None, lock=True)
    if handoff.state not in OPEN:
        raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
    _must_be_same_person(handoff, work)
    keys = [f"customer:{each.message_id}" for each in said]
    known = set(
        work.session.scalars(
            select(HandoffMessage.key).where(
                HandoffMessage.handoff_id == handoff.id, HandoffMessage.key.in_(keys)
            )
        )
    )
    for key, each in zip(keys, said, strict=True):
        if key not in known:
            known.add(key)
            handoff.sentiment = _stronger(handoff.sentiment, each.sentiment)
            _write(work, handoff, key, Speaker.CUSTOMER, each.text, each.at, media=each.media)
    return handoff


def close(work: Work, handoff_id: str) -> Handoff:
    """The person is done; the assistant takes over again."""
    handoff = find_handoff(work.session, handoff_id, work.acting.id if work.acting else None, lock=True)
    if handoff.state is HandoffState.CLOSED:
        raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
    was_open = handoff.state in OPEN
    _mark_ticket(work, handoff, TicketState.SOLVED)
    _end(handoff, work)
    if was_open:
        _note(work, handoff, "closed", "人工服务已结束")
        _tell_ended(work, handoff, "closed")
    else:
        _note(work, handoff, "closed", "留言已结束，没有回复")
    return handoff


def leave(work: Work, handoff_id: str) -> Handoff:
    """The customer waits no longer. Refused once somebody has taken over: the customer is in a talk then."""
    handoff = find_handoff(work.session, handoff_id, work.acting.id if work.acting else None, lock=True)
    if handoff.state is HandoffState.CONNECTED:
        raise refused(refuse("handoff_taken", f"{handoff.agent_name} 已经接入了这个会话。"))
    if handoff.state is not HandoffState.WAITING:
        raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
    _mark_ticket(work, handoff, TicketState.CLOSED)
    _note(work, handoff, "left", "客户不等了，已离开排队")
    _end(handoff, work)
    _tell_ended(work, handoff, "left")
    return handoff


def leave_unanswered(work: Work) -> list[Handoff]:
    """Nobody came in time, or the people have gone home: tickets stand for these conversations now."""
    late = select(Handoff).where(Handoff.state == HandoffState.WAITING)
    if in_hours(work.now):
        late = late.where(Handoff.created_at < work.now - WAITS_AT_MOST)
    found = list(work.session.scalars(late.with_for_update(skip_locked=True)))
    for handoff in found:
        handoff.state = HandoffState.TICKETED
        if ticket := _ticket(work, handoff):
            ticket.due_at = min(ticket.due_at, due(_PROMISED, ticket.priority, work.now))
        _note(work, handoff, "ticketed", "没有客服接入，已转为留言")
        _tell_ended(work, handoff, "unanswered")
    return found


def messages(session: Session, handoff_id: str, after: int, limit: int) -> list[HandoffMessage]:
    """What was said above number `after`, oldest first."""
    mine = select(HandoffMessage).where(HandoffMessage.handoff_id == handoff_id, HandoffMessage.seq > after)
    return list(session.scalars(mine.order_by(HandoffMessage.seq).limit(limit)))


def has_picture(session: Session, handoff_id: str, media_id: str) -> bool:
    """Whether the customer sent this picture in this handoff, or in the talk before it."""
    mine = select(HandoffMessage.media).where(HandoffMessage.handoff_id == handoff_id)
    before = session.scalar(select(Handoff.transcript).where(Handoff.id == handoff_id)) or []
    shown = [*session.scalars(mine), *(line.get("media") or [] for line in before)]
    return any(each.get("id") == media_id for media in shown for each in media)


@dataclass(frozen=True)
class Counts:
    """How many conversations wait in each of the desk's trays; `mine`: those an agent has."""

    open: int
    mine: int
    left: int
    overdue: int


def counts(session: Session, agent_id: str | None, now: datetime) -> Counts:
    """What is to be done at the desk."""
    of = select(func.count()).select_from(Handoff)
    left = Handoff.state == HandoffState.TICKETED
    late = of.join(Ticket, Ticket.number == Handoff.ticket_number).where(left, Ticket.due_at < now)
    mine = of.where(Handoff.state == HandoffState.CONNECTED, Handoff.agent_id == agent_id)
    asked = [of.where(Handoff.state.in_(OPEN)), mine, of.where(left), late]
    return Counts(*(session.scalar(each) or 0 for each in asked))


def promised_by(session: Session, handoff: Handoff) -> datetime | None:
    """By when the customer was told to have an answer; None while nobody has been promised one."""
    if handoff.state is not HandoffState.TICKETED or not handoff.ticket_number:
        return None
    return session.get_one(Ticket, handoff.ticket_number).due_at


def undelivered(session: Session, handoff_id: str) -> set[str]:
    """Keys of the replies that the customer does not have yet."""
    waiting = select(OutboxItem.key).where(OutboxItem.handoff_id == handoff_id, OutboxItem.sent_at.is_(None))
    return {f"agent:{key}" for key in session.scalars(waiting)}


def _to_serve(work: Work, handoff_id: str) -> Handoff:
    handoff = find_handoff(work.session, handoff_id, None, lock=True)
    if handoff.state not in OPEN:
        raise refused(refuse("handoff_closed", "这次人工服务已经结束了。"))
    return handoff


def _message(session: Session, handoff_id: str, key: str) -> HandoffMessage | None:
    mine = select(HandoffMessage).where(HandoffMessage.handoff_id == handoff_id, HandoffMessage.key == key)
    return session.scalars(mine).one_or_none()


def _say(work: Work, handoff: Handoff, reply_id: str, text: str) -> HandoffMessage:
    key, author = f"agent:{reply_id}", handoff.agent_name
    said = _write(work, handoff, key, Speaker.AGENT, text, work.now, author=author)
    body = {"text": text, "agent_id": handoff.agent_id, "agent_name": handoff.agent_name}
    _to_outbox(work, handoff, OutboxKind.REPLY, reply_id, body)
    return said


def _note(work: Work, handoff: Handoff, key: str, text: str) -> None:
    _write(work, handoff, f"system:{key}", Speaker.SYSTEM, text, work.now)


def _tell_ended(work: Work, handoff: Handoff, how: str) -> None:
    _to_outbox(work, handoff, OutboxKind.ENDED, f"{handoff.id}-ended", {"how": how})


def _write(
    work: Work,
    handoff: Handoff,
    key: str,
    who: Speaker,
    text: str,
    at: datetime,
    *,
    author: str | None = None,
    media: list[dict[str, Any]] | None = None,
) -> HandoffMessage:
    """The next message; the handoff's row must be locked."""
    handoff.last_seq += 1
    said = HandoffMessage(
        handoff_id=handoff.id,
        seq=handoff.last_seq,
        key=key,
        who=who,
        author=author,
        text=text,
        media=media or [],
        at=at,
    )
    work.session.add(said)
    return said


def _to_outbox(work: Work, handoff: Handoff, kind: OutboxKind, key: str, body: dict[str, Any]) -> None:
    now = system_clock()
    work.session.add(
        OutboxItem(
            handoff_id=handoff.id,
            conversation_id=handoff.conversation_id,
            kind=kind,
            key=key,
            body=body,
            created_at=now,
            next_try_at=now,
        )
    )


def _ticket(work: Work, handoff: Handoff) -> Ticket | None:
    return work.session.get(Ticket, handoff.ticket_number) if handoff.ticket_number else None


def _mark_ticket(work: Work, handoff: Handoff, state: TicketState) -> None:
    if ticket := _ticket(work, handoff):
        ticket.state, ticket.updated_at = state, work.now


def _stronger(one: str | None, other: str | None) -> str | None:
    """The stronger of two moods: the tag of a talk is the worst of it."""
    return other if _STRENGTH.get(other or "", 0) > _STRENGTH.get(one or "", 0) else one


def _end(handoff: Handoff, work: Work) -> None:
    """Nobody needs the customer's name and address in what was said any more: from now on it is a record."""
    mine = select(HandoffMessage).where(HandoffMessage.handoff_id == handoff.id)
    mine = mine.where(HandoffMessage.who == Speaker.CUSTOMER)
    for message in work.session.scalars(mine):
        message.text = kept(message.text)
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
