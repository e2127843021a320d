"""Tickets and feedback as the API tells them."""

from __future__ import annotations

from pydantic import Field

from backoffice.models import Feedback, Ticket
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


def feedback_view(feedback: Feedback) -> FeedbackView:
    return FeedbackView(
        id=feedback.id,
        kind=feedback.kind.value,
        kind_label=feedback.kind.label,
        score=feedback.score,
        text=feedback.text,
        created_at=feedback.created_at,
    )
