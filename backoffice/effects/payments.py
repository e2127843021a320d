"""Looking at a customer's payments: what the orders and refunds say, and whether a person looks already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.effects import find
from backoffice.models import Order, Ticket
from backoffice.rules import payments as rules
from backoffice.states import PaymentMethod, PaymentProblem, RefundState, TicketState

TICKET = "payment_problem"
_ORDERS = 20
_TOP_UPS = ("充值", "话费", "流量")


@dataclass(frozen=True)
class PaymentCheck:
    """What was found, the order it is about, and the open ticket about it."""

    problem: PaymentProblem
    finding: rules.Finding
    order: Order | None
    ticket: Ticket | None


def check(
    session: Session, customer_id: str, problem: PaymentProblem, order_number: str | None, now: datetime
) -> PaymentCheck:
    """Looks at the named order, or the newest ones. Raises the 404 problem."""
    newest = find.orders_of(customer_id).order_by(Order.created_at.desc(), Order.number.desc())
    orders = list(session.scalars(newest.limit(_ORDERS)))
    named = find.order(session, customer_id, order_number) if order_number else None
    if named and named.number not in {order.number for order in orders}:
        orders.append(named)
    facts = [_facts(order) for order in orders]
    finding = rules.diagnose(problem, facts, named.number if named else None, now)
    about = next((order for order in orders if order.number == finding.order), None)
    return PaymentCheck(problem, finding, about, _open_ticket(session, customer_id, about))


def _facts(order: Order) -> rules.PaymentFacts:
    return rules.PaymentFacts(
        number=order.number,
        state=order.state,
        goods=frozenset(item.sku for item in order.items),
        created_at=order.created_at,
        pay_by=order.pay_by,
        paid_at=order.paid_at,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason_code,
        by_transfer=order.payment_method is PaymentMethod.BANK_TRANSFER,
        is_top_up=any(word in item.product_name for item in order.items for word in _TOP_UPS),
        refund_arrives_by=max((refund.arrives_by for refund in order.refunds), default=None),
        refund_arrived=all(refund.state is RefundState.ARRIVED for refund in order.refunds),
    )


def _open_ticket(session: Session, customer_id: str, order: Order | None) -> Ticket | None:
    """The newest open ticket about the payment of this order (or of none)."""
    return session.scalars(
        select(Ticket)
        .where(
            Ticket.customer_id == customer_id,
            Ticket.kind == TICKET,
            Ticket.order_number == (order.number if order else None),
            Ticket.state.in_([TicketState.OPEN, TicketState.WORKING]),
        )
        .order_by(Ticket.number.desc())
    ).first()
