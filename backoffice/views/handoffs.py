"""Conversations that people have or wait for, as the API and the agents' page tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.effects import handoffs
from backoffice.effects.returns import slip_title
from backoffice.models import Customer, Handoff, HandoffMessage, Order, Return
from backoffice.money import yuan
from backoffice.rules.handoff_reasons import in_words, topics
from backoffice.rules.service_hours import in_hours
from backoffice.states import OPEN_RETURN_STATES, HandoffState
from backoffice.views.base import Money, Time, View, masked_phone

_LAST_ORDERS = 5
_SENTIMENTS = {"satisfied": "满意", "neutral": "平和", "dissatisfied": "不满", "angry": "生气"}


class HandoffView(View):
    id: str = Field(examples=["HO0a1b2c3d4e5f60718293a4b5"])
    conversation_id: str
    customer_id: str | None
    state: str = Field(examples=["排队中"])
    state_code: str = Field(examples=["waiting"])
    position: int | None = Field(description="排队位置，1 表示下一位", examples=[1])
    in_hours: bool = Field(description="现在是否有人工在线（每天 8:00 至 24:00）")
    answer_by: Time | None = Field(description="留言的回复时限：工单上的时间，也是告诉客户的时间")
    overdue: bool = Field(description="留言过了时限还没有回复")
    left_label: str | None = Field(description="为什么成了留言", examples=["夜间留言"])
    ticket_number: str | None
    reason: str
    reason_label: str = Field(examples=["客户要求人工"])
    intent: str | None
    sentiment: str | None = Field(examples=["angry"])
    sentiment_label: str | None = Field(examples=["生气"])
    topics: list[str] = Field(description="客户说到的事", examples=[["订单", "物流"]])
    customer_name: str | None
    level: str | None = Field(examples=["金卡"])
    level_code: str | None = Field(examples=["gold"])
    agent_id: str | None
    agent_name: str | None
    created_at: Time
    connected_at: Time | None
    closed_at: Time | None
    waited_seconds: int = Field(description="到接入为止排了多久；还没接入的到现在")
    last_seq: int = Field(description="最后一条消息的编号")


class CardOrderView(View):
    number: str
    title: str
    state: str
    amount: Money
    created_at: Time


class CardReturnView(View):
    slip: str
    kind: str
    title: str
    state: str
    created_at: Time


class CardView(View):
    """What an agent should see of the customer at a glance."""

    id: str
    name: str
    level: str
    level_code: str
    phone_masked: str
    tags: list[str]
    points: int
    orders: list[CardOrderView]
    open_returns: list[CardReturnView]


class HandoffDetailView(HandoffView):
    """For the person who takes over: also what was said and what is known."""

    transcript: list[dict[str, Any]]
    slots: dict[str, Any]
    tags: list[str] = Field(description="客户说过的意图")
    customer: CardView | None


class HandoffCounts(View):
    open: int = Field(description="排队中和已接入的")
    mine: int = Field(description="这位客服正在服务的")
    left: int = Field(description="等回复的留言")
    overdue: int = Field(description="过了时限的留言")


class HandoffPage(View):
    items: list[HandoffView]
    total: int
    counts: HandoffCounts


class HandoffMessageView(View):
    seq: int
    who: str = Field(examples=["客户"])
    who_code: str = Field(examples=["customer"])
    author: str | None = Field(examples=["小李"])
    text: str
    media: list[dict[str, Any]]
    at: Time
    delivered: bool = Field(description="客服的回复是否已送达客户；其他消息总是 true")


class HandoffMessagesView(View):
    state: str
    state_code: str
    last_seq: int
    items: list[HandoffMessageView]


def handoff_view(session: Session, handoff: Handoff, now: datetime) -> HandoffView:
    return HandoffView(**_fields(session, handoff, now))


def handoff_detail_view(session: Session, handoff: Handoff, now: datetime) -> HandoffDetailView:
    customer = session.get(Customer, handoff.customer_id) if handoff.customer_id else None
    return HandoffDetailView(
        **_fields(session, handoff, now),
        transcript=handoff.transcript,
        slots=handoff.slots,
        tags=handoff.tags,
        customer=_card(session, customer) if customer else None,
    )


def message_view(said: HandoffMessage, undelivered: set[str]) -> HandoffMessageView:
    return HandoffMessageView(
        seq=said.seq,
        who=said.who.label,
        who_code=said.who.value,
        author=said.author,
        text=said.text,
        media=said.media,
        at=said.at,
        delivered=said.key not in undelivered,
    )


def _card(session: Session, customer: Customer) -> CardView:
    mine = select(Order).where(Order.customer_id == customer.id).order_by(Order.created_at.desc())
    slips = (
        select(Return)
        .where(Return.customer_id == customer.id, Return.state.in_(OPEN_RETURN_STATES))
        .order_by(Return.created_at.desc())
    )
    return CardView(
        id=customer.id,
        name=customer.name,
        level=customer.level.label,
        level_code=customer.level.value,
        phone_masked=masked_phone(customer.phone),
        tags=customer.tags,
        points=customer.points,
        orders=[
            CardOrderView(
                number=order.number,
                title=" ".join([order.items[0].product_name, order.items[0].variant])
                + (f" 等{len(order.items)}种" if len(order.items) > 1 else ""),
                state=order.state.label,
                amount=yuan(order.amount_fen),
                created_at=order.created_at,
            )
            for order in session.scalars(mine.limit(_LAST_ORDERS))
        ],
        open_returns=[
            CardReturnView(
                slip=slip.slip,
                kind=slip.kind.label,
                title=slip_title(slip),
                state=slip.state.label,
                created_at=slip.created_at,
            )
            for slip in session.scalars(slips)
        ],
    )


def _fields(session: Session, handoff: Handoff, now: datetime) -> dict[str, Any]:
    left = handoff.state is HandoffState.TICKETED
    promised = handoffs.promised_by(session, handoff)
    customer = session.get(Customer, handoff.customer_id) if handoff.customer_id else None
    until = handoff.connected_at or handoff.closed_at or now
    return {
        "id": handoff.id,
        "conversation_id": handoff.conversation_id,
        "customer_id": handoff.customer_id,
        "state": handoff.state.label,
        "state_code": handoff.state.value,
        "position": handoffs.position(session, handoff),
        "in_hours": in_hours(now),
        "answer_by": promised,
        "overdue": bool(promised and promised < now),
        "left_label": ("无人接入" if in_hours(handoff.created_at) else "夜间留言") if left else None,
        "ticket_number": handoff.ticket_number,
        "reason": handoff.reason,
        "reason_label": in_words(handoff.reason),
        "intent": handoff.intent,
        "sentiment": handoff.sentiment,
        "sentiment_label": _SENTIMENTS.get(handoff.sentiment or ""),
        "topics": topics(handoff.tags),
        "customer_name": customer.name if customer else None,
        "level": customer.level.label if customer else None,
        "level_code": customer.level.value if customer else None,
        "agent_id": handoff.agent_id,
        "agent_name": handoff.agent_name,
        "created_at": handoff.created_at,
        "connected_at": handoff.connected_at,
        "closed_at": handoff.closed_at,
        "waited_seconds": max(0, int((until - handoff.created_at).total_seconds())),
        "last_seq": handoff.last_seq,
    }
