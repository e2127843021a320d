"""Sending money back, once for what it is for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backoffice.models import Customer, Order, Refund
from backoffice.rules import refunds as rules
from backoffice.states import PaymentMethod, RefundState


def parts_of(order: Order, refund_fen: int) -> list[rules.RefundPart]:
    """How a refund of an order splits over the ways it was paid."""
    return rules.parts(
        refund_fen, order.amount_fen, order.payment_method, order.gift_card_fen, order.balance_fen
    )


def send_refund(session: Session, order: Order, refund_fen: int, source: str, now: datetime) -> list[Refund]:
    """Records the refund (one row for each way) and credits the balance at once where it goes there."""
    sent = []
    for part in parts_of(order, refund_fen):
        instant = rules.is_instant(part.method)
        refund = Refund(
            customer_id=order.customer_id,
            order_number=order.number,
            source=source,
            method=part.method,
            amount_fen=part.amount_fen,
            state=RefundState.ARRIVED if instant else RefundState.SENT,
            created_at=now,
            arrives_by=rules.arrives_by(part.method, now.date()),
        )
        order.refunds.append(refund)
        if part.method is PaymentMethod.BALANCE:
            customer = session.get_one(Customer, order.customer_id, with_for_update=True)
            customer.balance_fen += part.amount_fen
        sent.append(refund)
    session.flush()
    return sent
