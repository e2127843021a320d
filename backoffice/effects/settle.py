"""What happens by itself when its time has come, done for a customer before anything else is.

Unpaid orders lapse, merchants' silence agrees, signed orders complete, slips are approved or closed,
invoices are issued, refunds arrive. Doing it when the customer is looked at needs no clockwork, and what a
customer sees never lags behind the documents' periods.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Date, String, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from backoffice.clock import SHANGHAI
from backoffice.effects import find
from backoffice.effects.facts import order_facts
from backoffice.effects.orders import end
from backoffice.effects.points import move_points
from backoffice.effects.returns import approve, enter
from backoffice.models import Customer, Invoice, Moment, Order, Refund, Return
from backoffice.rules.invoices import due, first_state
from backoffice.rules.points import earned, expiry
from backoffice.rules.policy import AUTO_COMPLETE_DAYS, MERCHANT_CANCEL_REVIEW
from backoffice.states import (
    CancelReason,
    InvoiceState,
    OrderState,
    RefundState,
    ReturnState,
)

_STEPS = 4
"""The longest chain: approved, refund sent, refund arrived, slip ended."""

# What is due, written once: making such a statement costs more than asking it.
_CUSTOMER = bindparam("customer", type_=String())
_NOW = bindparam("now", type_=Moment())
_REVIEWED_BEFORE = bindparam("reviewed_before", type_=Moment())
_SIGNED_BEFORE = bindparam("signed_before", type_=Moment())
_TODAY = bindparam("today", type_=Date())

_ORDER_DUE: ColumnElement[bool] = or_(
    and_(Order.state == OrderState.UNPAID, Order.pay_by < _NOW),
    and_(Order.state == OrderState.PAID, Order.cancel_requested_at <= _REVIEWED_BEFORE),
    and_(Order.state == OrderState.SIGNED, Order.signed_at < _SIGNED_BEFORE),
)
_ARRIVED = exists().where(
    Refund.source == "return:" + Return.slip, Refund.state == RefundState.ARRIVED
) & ~exists().where(Refund.source == "return:" + Return.slip, Refund.state == RefundState.SENT)
_RETURN_DUE: ColumnElement[bool] = or_(
    and_(Return.state == ReturnState.REVIEWING, Return.review_by <= _NOW),
    and_(Return.state == ReturnState.AWAITING_GOODS, Return.send_by < _NOW),
    and_(Return.state == ReturnState.REFUNDING, _ARRIVED),
)
_INVOICE_DUE: ColumnElement[bool] = and_(
    Invoice.state.in_([InvoiceState.ISSUING, InvoiceState.CHANGING]), Invoice.due_at <= _NOW
)
_REFUND_DUE: ColumnElement[bool] = and_(Refund.state == RefundState.SENT, Refund.arrives_by < _TODAY)
_ANYTHING_DUE = select(
    or_(
        exists().where(Order.customer_id == _CUSTOMER, _ORDER_DUE),
        exists().where(Return.customer_id == _CUSTOMER, _RETURN_DUE),
        exists().where(Invoice.customer_id == _CUSTOMER, _INVOICE_DUE),
        exists().where(Refund.customer_id == _CUSTOMER, _REFUND_DUE),
    )
)


def is_due(session: Session, customer_id: str, now: datetime) -> bool:
    """Whether anything of the customer's waits to be settled: one cheap question before every read."""
    return bool(session.scalar(_ANYTHING_DUE, {"customer": customer_id, **_moments(now)}))


def settle(session: Session, customer_id: str, now: datetime) -> None:
    """Does all that is due for the customer. Doing it again does nothing.

    One thing may make another due (an approved slip is closed days later), when nobody looked for long.
    """
    for _ in range(_STEPS):
        if not is_due(session, customer_id, now):
            return
        _settle_once(session, customer_id, now)


def _settle_once(session: Session, customer_id: str, now: datetime) -> None:
    told = {"customer": customer_id, **_moments(now)}
    orders = select(Order.number).where(Order.customer_id == _CUSTOMER, _ORDER_DUE).order_by(Order.number)
    for number in session.scalars(orders, told).all():
        _settle_order(session, find.order(session, customer_id, number, lock=True), now)
    refunds = select(Refund).where(Refund.customer_id == _CUSTOMER, _REFUND_DUE).with_for_update()
    for refund in session.scalars(refunds, told):
        refund.state = RefundState.ARRIVED
    session.flush()
    slips = select(Return.slip).where(Return.customer_id == _CUSTOMER, _RETURN_DUE).order_by(Return.slip)
    for slip_number in session.scalars(slips, told).all():
        slip = find.slip(session, customer_id, slip_number, lock=True)
        still = select(Return.slip).where(Return.slip == slip_number, _RETURN_DUE)
        if session.scalar(still, told):
            _settle_return(session, slip, now)
    invoices = select(Invoice).where(Invoice.customer_id == _CUSTOMER, _INVOICE_DUE).with_for_update()
    for invoice in session.scalars(invoices, told):
        invoice.state = InvoiceState.ISSUED
        invoice.issued_at = invoice.sent_at = invoice.due_at
    session.flush()


def _moments(now: datetime) -> dict[str, datetime | date]:
    """What the statements compare with."""
    return {
        "now": now,
        "reviewed_before": now - MERCHANT_CANCEL_REVIEW,
        "signed_before": _completes_if_signed_before(now),
        "today": now.date(),
    }


def _completes_if_signed_before(now: datetime) -> datetime:
    """Goods signed on any day before this midnight have had their ten days."""
    day = now.date() - timedelta(days=AUTO_COMPLETE_DAYS - 1)
    return datetime.combine(day, time(), SHANGHAI)


def _settle_order(session: Session, order: Order, now: datetime) -> None:
    if order.state is OrderState.UNPAID and order.pay_by and order.pay_by < now:
        end(session, order, CancelReason.PAYMENT_EXPIRED, order.pay_by)
    elif order.state is OrderState.PAID and order.cancel_requested_at:
        agreed = order.cancel_requested_at + MERCHANT_CANCEL_REVIEW
        if agreed <= now:
            end(session, order, CancelReason.CUSTOMER, agreed)
    elif order.state is OrderState.SIGNED and order.signed_at:
        day = order.signed_at.date() + timedelta(days=AUTO_COMPLETE_DAYS)
        if day <= now.date():
            complete(session, order, datetime.combine(day, time(), SHANGHAI))


def complete(session: Session, order: Order, when: datetime) -> None:
    """Confirms receipt: points are given (not for businesses, not for freight), invoices begin."""
    order.state = OrderState.COMPLETED
    order.completed_at = when
    facts = order_facts(order)
    if not order.is_enterprise:
        customer = session.get_one(Customer, order.customer_id)
        move_points(
            session,
            order.customer_id,
            earned(order.amount_fen - order.freight_fen - facts.refunded_fen, customer.level),
            "购物",
            when,
            order_number=order.number,
            expires_on=expiry(when.date()),
        )
    for invoice in order.invoices:
        if invoice.state is InvoiceState.WAITING:
            invoice.state = first_state(order_facts(order))
            invoice.due_at = due(invoice.type, invoice.state, when)


def _settle_return(session: Session, slip: Return, now: datetime) -> None:
    if slip.state is ReturnState.REVIEWING and slip.review_by:
        approve(session, slip, slip.review_by)
    elif slip.state is ReturnState.AWAITING_GOODS and slip.send_by:
        enter(slip, ReturnState.CLOSED, slip.send_by)
    elif slip.state is ReturnState.REFUNDING:
        enter(slip, ReturnState.REFUNDED, now)
