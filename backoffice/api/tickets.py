"""Tickets: complaints, investigations and whatever a person has to look at."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
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
from backoffice.effects import find, tickets
from backoffice.effects.work import Work
from backoffice.models import Ticket
from backoffice.states import TicketPriority, TicketState
from backoffice.views.tickets import TicketPage, TicketView, ticket_view

router = APIRouter(prefix="/tickets", tags=["tickets"])


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


class CommentBody(Body):
    text: LongText = Field(examples=["补充：外箱也破了"])


@router.post("", status_code=201, summary="新建工单", responses=WRITES, response_model=TicketView)
def create_ticket(body: TicketBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, TicketView]:
        number = body.order_number
        if number:
            number = find.order(work.session, work.customer.id, number).number
        ticket = tickets.open_ticket(
            work,
            kind=body.kind,
            subject=body.subject,
            text=body.text,
            order_number=number,
            priority=body.priority,
            conversation_id=body.conversation_id,
        )
        return 201, ticket_view(ticket)

    return once(body, effect)


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
