"""Looking at a customer's payments: what the orders and refunds say, and whether a person looks already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.clock import SHANGHAI
from backoffice.effects import find
from backoffice.models import Order, Ticket
from backoffice.rules import payments as rules
from backoffice.rules import refunds
from backoffice.states import PaymentMethod, PaymentProblem, RefundState, TicketState

TICKET = "payment_problem"
_ORDERS = 20
_TOP_UPS = ("充值", "话费", "流量")


@dataclass(frozen=True)
class PaymentCheck:
    """What was found, the order it is about, the open ticket about it, and the one that settles it."""

    problem: PaymentProblem
    finding: rules.Finding
    order: Order | None
    ticket: Ticket | None
    settled: Ticket | None = None


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
    ticket = _open_ticket(session, customer_id, about)
    may_be = rules.may_be_settled(problem, finding) and ticket is None
    settled = _settled(session, customer_id, named, about, now) if may_be else None
    if settled is None:
        return PaymentCheck(problem, finding, about, ticket)
    about = next((order for order in orders if order.number == settled.order_number), about)
    return PaymentCheck(problem, _as_settled(finding, settled, about), about, None, settled)


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


def _settled(
    session: Session, customer_id: str, named: Order | None, newest: Order | None, now: datetime
) -> Ticket | None:
    """The last ticket about a payment that somebody answered: of the order that is named, else of the newest
    one or of what was reported after that was paid."""
    of_order = [Ticket.order_number == named.number] if named else []
    ended = Ticket.state.in_([TicketState.SOLVED, TicketState.CLOSED])
    mine = select(Ticket).where(Ticket.customer_id == customer_id, Ticket.kind == TICKET, ended, *of_order)
    last = session.scalars(mine.order_by(Ticket.updated_at.desc(), Ticket.number.desc())).first()
    if last is None or not last.comments or (not named and now - last.updated_at > rules.LOOKED_AT):
        return None
    paid = newest.paid_at if newest and last.order_number != newest.number else None
    return last if named or paid is None or last.created_at >= paid else None


def _as_settled(finding: rules.Finding, ticket: Ticket, order: Order | None) -> rules.Finding:
    """What a person found; money that was sent back is there by the last day of its way."""
    back = order is not None and rules.SENT_BACK in ticket.comments[-1].text
    last = refunds.arrives_by(order.payment_method, ticket.updated_at.date()) if order and back else None
    until = datetime.combine(last, time(23, 59), SHANGHAI) if last else None
    number = order.number if order else None
    return replace(finding, code="settled", needs_person=False, order=number, until=until)


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
