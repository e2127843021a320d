"""Tickets: complaints, investigations and whatever a person has to look at."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.handoffs import TranscriptLine
from backoffice.api.inputs import (
    Body,
    ConversationId,
    Limit,
    LongText,
    Offset,
    OrderNumber,
    Printable,
    TicketPath,
)
from backoffice.api.routing import Router
from backoffice.effects import find, tickets
from backoffice.effects.work import Work
from backoffice.models import Ticket
from backoffice.rules import complaints
from backoffice.rules.tickets import ONCE_PER_ORDER
from backoffice.states import TicketPriority, TicketState
from backoffice.views.tickets import ComplaintLookView, TicketPage, TicketView, ticket_view
from privacy import kept

router = Router(prefix="/tickets", tags=["tickets"])


Sentiment = Literal["satisfied", "neutral", "dissatisfied", "angry"]


class TicketBody(Body):
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")] = Field(
        description="complaint、payment_problem、goods_problem、callback……", examples=["complaint"]
    )
    subject: Annotated[str, StringConstraints(min_length=1, max_length=120), Printable] = Field(
        examples=["配送员态度不好"]
    )
    text: LongText | None = Field(default=None, examples=["打电话时大声嚷"])
    order_number: OrderNumber | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    conversation_id: ConversationId | None = None
    sentiment: Sentiment = Field(default="neutral", description="客户的情绪，投诉定级用")
    transcript: list[TranscriptLine] = Field(default=[], max_length=200, description="投诉前的对话")


class ComplaintLookBody(Body):
    text: LongText = Field(examples=["快递一周了还没到，我要投诉"])
    sentiment: Sentiment = "neutral"
    order_number: OrderNumber | None = None


class CommentBody(Body):
    text: LongText = Field(examples=["补充：外箱也破了"])


@router.post(
    "",
    status_code=201,
    summary="新建工单；投诉按规则定级",
    description="投诉（kind=complaint）按内容、情绪、重复次数、金额和等级定级。同一件事还有没办完的投诉时，补充到那一张。同一订单的重复联系只有一张未办完的工单（200）。",
    responses={200: {"model": TicketView, "description": "已有的工单，补充了内容"}, **WRITES},
    response_model=TicketView,
)
def create_ticket(body: TicketBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, TicketView]:
        order = None
        if body.order_number:
            order = find.order(work.session, work.customer.id, body.order_number, lock=True)
        if body.kind == "complaint":
            complaint = tickets.Complaint(
                subject=body.subject,
                text=body.text or body.subject,
                sentiment=body.sentiment,
                order=order,
                priority=body.priority,
                conversation_id=body.conversation_id,
                transcript=[line.model_dump() for line in body.transcript],
            )
            return 201, ticket_view(tickets.file_complaint(work, complaint))
        if order and body.kind in ONCE_PER_ORDER:
            known = tickets.same_open_ticket(work, body.kind, order.number)
            if known:
                return 200, ticket_view(
                    tickets.add_comment(work, known, tickets.CUSTOMER, body.text or body.subject)
                )
        ticket = tickets.open_ticket(
            work,
            kind=body.kind,
            subject=body.subject,
            text=body.text,
            order_number=order.number if order else None,
            priority=body.priority,
            conversation_id=body.conversation_id,
        )
        ticket.sentiment = body.sentiment
        ticket.transcript = [{**line.model_dump(), "text": kept(line.text)} for line in body.transcript]
        return 201, ticket_view(ticket)

    return once(body, effect)


@router.post("/complaint-look", summary="投诉会怎样受理（不登记）", responses=READS)
def look_at_complaint(body: ComplaintLookBody, look: CustomerReading) -> ComplaintLookView:
    order = find.order(look.session, look.customer.id, body.order_number) if body.order_number else None
    work = Work(look.session, look.now, look.customer)
    graded = complaints.grade(tickets.complaint_facts(work, body.text, body.sentiment, order))
    about = complaints.subject(body.text)
    return ComplaintLookView(
        is_bare=complaints.is_bare(body.text),
        needs_order=bool(about and about.needs_order),
        about=about.about if about else None,
        grade=graded.grade.label,
        grade_code=graded.grade.value,
        remedy=complaints.remedy(body.text, order.state if order else None),
    )


@router.get("", summary="客户的工单，新的在前", responses=READS)
def list_tickets(
    look: CustomerReading,
    open: Annotated[bool | None, Query(description="true 只看没办完的")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> TicketPage:
    mine = [Ticket.customer_id == look.customer.id]
    if open is not None:
        is_open = Ticket.state.in_([TicketState.OPEN, TicketState.WORKING])
        mine.append(is_open if open else ~is_open)
    total = look.session.scalar(select(func.count()).select_from(Ticket).where(*mine)) or 0
    page = select(Ticket).where(*mine).options(selectinload(Ticket.comments))
    page = page.order_by(Ticket.created_at.desc(), Ticket.number.desc()).limit(limit).offset(offset)
    return TicketPage(items=[ticket_view(ticket) for ticket in look.session.scalars(page)], total=total)


@router.get("/{number}", summary="一张工单", responses=READS)
def get_ticket(number: TicketPath, look: CustomerReading) -> TicketView:
    return ticket_view(find.ticket(look.session, look.customer.id, number))


@router.post("/{number}/comments", summary="补充材料", responses=WRITES, response_model=TicketView)
def comment_ticket(number: TicketPath, body: CommentBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, TicketView]:
        return 200, ticket_view(tickets.comment(work, number, body.text))

    return once(body, effect)


@router.post("/{number}/urge", summary="催办（每天 2 次）", responses=WRITES, response_model=TicketView)
def urge_ticket(number: TicketPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, TicketView]:
        return 200, ticket_view(tickets.urge(work, number))

    return once(None, effect)


@router.post("/{number}/withdraw", summary="撤回投诉", responses=WRITES, response_model=TicketView)
def withdraw_ticket(number: TicketPath, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, TicketView]:
        return 200, ticket_view(tickets.withdraw(work, number))

    return once(None, effect)
