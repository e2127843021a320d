"""Tickets, handoffs and feedback as the API tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from backoffice.models import Feedback, Handoff, Ticket
from backoffice.rules.service_hours import in_hours, night_answer_by
from backoffice.states import HandoffState
from backoffice.views.base import Time, View


class CommentView(View):
    time: Time
    author: str = Field(examples=["客户"])
    text: str


class TicketView(View):
    number: str = Field(examples=["GD202611210001"])
    kind: str = Field(examples=["complaint"])
    subject: str
    state: str = Field(examples=["待处理"])
    state_code: str = Field(examples=["open"])
    priority: str = Field(examples=["一般"])
    priority_code: str = Field(examples=["normal"])
    order_number: str | None
    created_at: Time
    due_at: Time
    updated_at: Time
    respond_by: Time | None = Field(description="内部首次响应目标，不对客户承诺")
    close_by: Time | None = Field(description="内部办结目标（重大投诉）")
    tags: list[str] = Field(description="定级依据和投诉类别", examples=[["监管投诉", "配送延误"]])
    comments: list[CommentView]


class ComplaintLookView(View):
    """How a complaint would be taken, before it is filed."""

    is_bare: bool = Field(description="还没说出了什么事")
    needs_order: bool = Field(description="值得先问是哪个订单")
    about: str | None = Field(examples=["late"])
    grade: str = Field(examples=["一般"])
    grade_code: str = Field(examples=["normal"])
    remedy: str | None = Field(
        description="urge_shipping、urge_parcel、report_parcel、send_back、refund_status",
        examples=["urge_parcel"],
    )


class TicketPage(View):
    items: list[TicketView]
    total: int


class HandoffView(View):
    id: str = Field(examples=["HO0a1b2c3d4e5f60718293a4b5"])
    conversation_id: str
    customer_id: str | None
    state: str = Field(examples=["排队中"])
    state_code: str = Field(examples=["waiting"])
    position: int | None = Field(description="排队位置，1 表示下一位", examples=[1])
    in_hours: bool = Field(description="现在是否有人工在线（每天 8:00 至 24:00）")
    answer_by: Time | None = Field(description="非工作时间留言的回复时限")
    ticket_number: str | None
    reason: str
    intent: str | None
    created_at: Time
    closed_at: Time | None


class HandoffDetailView(HandoffView):
    """For the person who takes over: also what was said and what is known."""

    transcript: list[dict[str, Any]]
    slots: dict[str, Any]


class HandoffPage(View):
    items: list[HandoffDetailView]
    total: int


class FeedbackView(View):
    id: int
    kind: str = Field(examples=["rating"])
    kind_label: str = Field(examples=["评价"])
    score: int | None
    text: str | None
    created_at: Time


def ticket_view(ticket: Ticket) -> TicketView:
    return TicketView(
        number=ticket.number,
        kind=ticket.kind,
        subject=ticket.subject,
        state=ticket.state.label,
        state_code=ticket.state.value,
        priority=ticket.priority.label,
        priority_code=ticket.priority.value,
        order_number=ticket.order_number,
        created_at=ticket.created_at,
        due_at=ticket.due_at,
        updated_at=ticket.updated_at,
        respond_by=ticket.respond_by,
        close_by=ticket.close_by,
        tags=ticket.tags,
        comments=[
            CommentView(time=comment.time, author=comment.author, text=comment.text)
            for comment in ticket.comments
        ],
    )


def handoff_view(handoff: Handoff, position: int | None, now: datetime) -> HandoffView:
    return HandoffView(**_handoff_fields(handoff, position, now))


def handoff_detail_view(handoff: Handoff, position: int | None, now: datetime) -> HandoffDetailView:
    return HandoffDetailView(
        **_handoff_fields(handoff, position, now), transcript=handoff.transcript, slots=handoff.slots
    )


def _handoff_fields(handoff: Handoff, position: int | None, now: datetime) -> dict[str, Any]:
    left = handoff.state is HandoffState.TICKETED
    return {
        "id": handoff.id,
        "conversation_id": handoff.conversation_id,
        "customer_id": handoff.customer_id,
        "state": handoff.state.label,
        "state_code": handoff.state.value,
        "position": position,
        "in_hours": in_hours(now),
        "answer_by": night_answer_by(handoff.created_at) if left else None,
        "ticket_number": handoff.ticket_number,
        "reason": handoff.reason,
        "intent": handoff.intent,
        "created_at": handoff.created_at,
        "closed_at": handoff.closed_at,
    }


def feedback_view(feedback: Feedback) -> FeedbackView:
    return FeedbackView(
        id=feedback.id,
        kind=feedback.kind.value,
        kind_label=feedback.kind.label,
        score=feedback.score,
        text=feedback.text,
        created_at=feedback.created_at,
    )
