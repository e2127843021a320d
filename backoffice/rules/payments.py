"""What the orders say about a payment that went wrong (document 02, 支付异常, 付款时限 and 充值).

The shop sees orders and its own refunds, never the customer's bank: where only the bank's or the payment
provider's books can tell, a person has to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backoffice.clock import SHANGHAI
from backoffice.rules.workdays import add_workdays
from backoffice.states import CancelReason, OrderState, PaymentProblem

NOTICE_WITHIN = timedelta(minutes=15)
"""A bank's notice may be late; until then the customer waits and does not pay again."""
RETURNED_WORKDAYS = 7
"""Money for an order that is gone comes back by itself within these."""
TOP_UP_WITHIN = timedelta(hours=24)
TWICE_WITHIN = timedelta(hours=24)
LOOKED_AT = timedelta(days=7)
SENT_BACK = "退回"
"""The word of a person's answer by which money was sent back."""


@dataclass(frozen=True)
class PaymentFacts:
    """An order as far as its payment goes."""

    number: str
    state: OrderState
    goods: frozenset[str]
    created_at: datetime
    pay_by: datetime | None
    paid_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: CancelReason | None
    by_transfer: bool
    """A company's bank transfer takes days; the order waits for it."""
    is_top_up: bool
    refund_arrives_by: date | None
    """The last day of what was sent back; None where nothing was."""
    refund_arrived: bool


@dataclass(frozen=True)
class Finding:
    """What is seen. `until` is by when it should settle by itself; then a person is not needed yet."""

    code: str
    needs_person: bool = False
    order: str | None = None
    other_order: str | None = None
    until: datetime | None = None


def diagnose(
    problem: PaymentProblem, orders: Sequence[PaymentFacts], named: str | None, now: datetime
) -> Finding:
    """`orders` newest first; `named` is the one the customer spoke of, where there is one."""
    recent = [
        order
        for order in orders
        if (order.number == named if named else now - order.created_at <= LOOKED_AT)
    ]
    match problem:
        case PaymentProblem.PAID_UNPAID:
            return _paid_unpaid(recent, now)
        case PaymentProblem.CHARGED_TWICE:
            return _charged_twice(recent, orders)
        case PaymentProblem.FAILED:
            return _failed(recent)
        case PaymentProblem.TOP_UP:
            return _top_up(recent, now)
        case PaymentProblem.OTHER:
            return Finding("nothing_seen", needs_person=True, order=named)


def may_be_settled(problem: PaymentProblem, finding: Finding) -> bool:
    """Whether a person's answer to a payment taken twice says more than the orders do."""
    return problem is PaymentProblem.CHARGED_TWICE and finding.needs_person


def _paid_unpaid(orders: Sequence[PaymentFacts], now: datetime) -> Finding:
    for order in orders:
        if order.state is OrderState.UNPAID and order.by_transfer:
            return Finding("transfer_waiting", order=order.number, until=order.pay_by)
        if order.state is OrderState.UNPAID:
            until = order.created_at + NOTICE_WITHIN
            if now < until:
                return Finding("notice_late", order=order.number, until=until)
            return Finding("no_payment_seen", needs_person=True, order=order.number)
        if order.state is OrderState.CANCELLED and order.cancelled_at:
            return _cancelled(order, order.cancelled_at, now)
    return _seen(orders)


def _cancelled(order: PaymentFacts, cancelled_at: datetime, now: datetime) -> Finding:
    if order.refund_arrives_by:
        return _refunded(order)
    until = datetime.combine(add_workdays(cancelled_at.date(), RETURNED_WORKDAYS), time(23, 59), SHANGHAI)
    if now <= until:
        return Finding("comes_back", order=order.number, until=until)
    return Finding("no_payment_seen", needs_person=True, order=order.number)


def _refunded(order: PaymentFacts) -> Finding:
    until = datetime.combine(order.refund_arrives_by or order.created_at.date(), time(23, 59), SHANGHAI)
    code = "refund_arrived" if order.refund_arrived else "refund_sent"
    return Finding(code, order=order.number, until=until)


def _charged_twice(orders: Sequence[PaymentFacts], near: Sequence[PaymentFacts]) -> Finding:
    paid = [order for order in orders if order.paid_at]
    for order in paid:
        for other in near:
            same = other.number != order.number and other.paid_at and other.goods == order.goods
            if same and abs(other.created_at - order.created_at) <= TWICE_WITHIN:
                given_back = next((o for o in (order, other) if o.refund_arrives_by), None)
                if given_back:
                    return _refunded(given_back)
                return Finding("two_orders", order=order.number, other_order=other.number)
    if paid:
        return Finding("one_payment_seen", needs_person=True, order=paid[0].number)
    return Finding("nothing_seen", needs_person=True, order=orders[0].number if orders else None)


def _failed(orders: Sequence[PaymentFacts]) -> Finding:
    for order in orders:
        if order.state is OrderState.UNPAID:
            return Finding("still_payable", order=order.number, until=order.pay_by)
    if orders and orders[0].cancel_reason is CancelReason.PAYMENT_EXPIRED:
        return Finding("order_lapsed", order=orders[0].number)
    return Finding("nothing_to_pay")


def _top_up(orders: Sequence[PaymentFacts], now: datetime) -> Finding:
    for order in orders:
        if order.is_top_up and order.paid_at:
            until = order.paid_at + TOP_UP_WITHIN
            if order.refund_arrives_by:
                return _refunded(order)
            if now < until:
                return Finding("top_up_waiting", order=order.number, until=until)
            return Finding("top_up_late", needs_person=True, order=order.number)
    return Finding("nothing_seen", needs_person=True)


def _seen(orders: Sequence[PaymentFacts]) -> Finding:
    for order in orders:
        if order.paid_at:
            return Finding("payment_seen", order=order.number)
    return Finding("nothing_seen", needs_person=True, order=orders[0].number if orders else None)
