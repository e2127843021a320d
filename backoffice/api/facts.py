"""What happened in the shop, in bulk, for analytics: flat rows, oldest first, times in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.api.context import Reading, problems
from backoffice.api.inputs import Offset
from backoffice.api.routing import Router
from backoffice.clock import in_shanghai
from backoffice.effects.handoffs import promised_by
from backoffice.models import AskedQuestion, Feedback, Handoff, Order, Return, Ticket
from backoffice.states import HandoffState
from backoffice.views.base import View

router = Router(prefix="/facts", tags=["facts"])

Row = dict[str, str | int | float | None]
Many = Annotated[int, Query(ge=1, le=1000, description="最多几条")]


class FactKind(StrEnum):
    """What there are rows of."""

    HANDOFFS = "handoffs"
    TICKETS = "tickets"
    RETURNS = "returns"
    ORDERS = "orders"
    RATINGS = "ratings"
    QUESTIONS = "questions"


class FactsPage(View):
    items: list[Row] = Field(description="列见分析的数据字典（lingxi-analytics dictionary）")
    more: bool = Field(description="后面还有：offset 加上这一页的条数再取")


@router.get("/{kind}", summary="分析用的事实，旧的在前", responses=problems(404))
def list_facts(kind: FactKind, look: Reading, limit: Many = 500, offset: Offset = 0) -> FactsPage:
    model, order, row = _KINDS[kind]
    found = list(look.session.scalars(select(model).order_by(*order).limit(limit + 1).offset(offset)))
    return FactsPage(items=[row(look.session, each) for each in found[:limit]], more=len(found) > limit)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(in_shanghai(moment).timestamp() * 1000)


def _handoff(session: Session, handoff: Handoff) -> Row:
    until = handoff.connected_at or (handoff.closed_at if handoff.state is not HandoffState.WAITING else None)
    return {
        "handoff_id": handoff.id,
        "conversation_id": handoff.conversation_id,
        "customer_id": handoff.customer_id,
        "state": handoff.state.value,
        "reason": handoff.reason,
        "agent_id": handoff.agent_id,
        "created_ms": _ms(handoff.created_at),
        "connected_ms": _ms(handoff.connected_at),
        "closed_ms": _ms(handoff.closed_at),
        "promised_ms": _ms(promised_by(session, handoff)),
        "waited_ms": None if until is None else round((until - handoff.created_at).total_seconds() * 1000),
    }


def _ticket(_: Session, ticket: Ticket) -> Row:
    return {
        "ticket": ticket.number,
        "conversation_id": ticket.conversation_id,
        "customer_id": ticket.customer_id,
        "kind": ticket.kind,
        "grade": ticket.priority.value,
        "state": ticket.state.value,
        "created_ms": _ms(ticket.created_at),
        "promised_ms": _ms(ticket.due_at),
        "closed_ms": None if ticket.state.is_open else _ms(ticket.updated_at),
    }


def _return(_: Session, slip: Return) -> Row:
    return {
        "slip": slip.slip,
        "customer_id": slip.customer_id,
        "kind": slip.kind.value,
        "state": slip.state.value,
        "created_ms": _ms(slip.created_at),
        "amount": slip.refund_fen / 100,
    }


def _order(_: Session, order: Order) -> Row:
    return {
        "order": order.number,
        "customer_id": order.customer_id,
        "state": order.state.value,
        "created_ms": _ms(order.created_at),
        "amount": order.amount_fen / 100,
    }


def _rating(_: Session, feedback: Feedback) -> Row:
    return {
        "rating": str(feedback.id),
        "conversation_id": feedback.conversation_id,
        "kind": feedback.kind.value,
        "score": feedback.score,
        "text": feedback.text,
        "created_ms": _ms(feedback.created_at),
    }


def _question(_: Session, asked: AskedQuestion) -> Row:
    return {
        "question": str(asked.id),
        "conversation_id": asked.conversation_id,
        "text": asked.question,
        "decision": asked.decision.value,
        "entry": asked.key,
        "outcome": None if asked.outcome is None else asked.outcome.value,
        "at_ms": _ms(asked.asked_at),
    }


_KINDS: dict[FactKind, tuple[Any, tuple[Any, ...], Callable[[Session, Any], Row]]] = {
    FactKind.HANDOFFS: (Handoff, (Handoff.created_at, Handoff.id), _handoff),
    FactKind.TICKETS: (Ticket, (Ticket.created_at, Ticket.number), _ticket),
    FactKind.RETURNS: (Return, (Return.created_at, Return.slip), _return),
    FactKind.ORDERS: (Order, (Order.created_at, Order.number), _order),
    FactKind.RATINGS: (Feedback, (Feedback.id,), _rating),
    FactKind.QUESTIONS: (AskedQuestion, (AskedQuestion.id,), _question),
}
