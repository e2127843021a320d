"""Reads all that a customer has: rows with the few columns that tell one thing from another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from backoffice.models import Invoice, Order, OrderItem, Product, Return, Shipment, Ticket

MOST = 300
"""The newest of each; what is older is found by its number."""


@dataclass(frozen=True)
class Belongings:
    """Rows of each table, the newest first; `pieces`: by the number of their order."""

    orders: Sequence[Any]
    pieces: dict[str, list[Row[Any]]]
    returns: Sequence[Any]
    invoices: Sequence[Any]
    tickets: Sequence[Any]


def of(session: Session, customer_id: str) -> Belongings:
    """What is the customer's."""
    orders = session.execute(
        select(
            Order.number,
            Order.legacy_number,
            Order.state,
            Order.amount_fen,
            Order.seller_name,
            Order.created_at,
            Order.paid_at,
            Order.shipped_at,
            Order.signed_at,
            Order.completed_at,
            Order.cancelled_at,
            Order.cancel_requested_at,
            Shipment.tracking_number,
            Shipment.state.label("shipment_state"),
        )
        .outerjoin(Shipment, Shipment.order_number == Order.number)
        .where(Order.customer_id == customer_id)
        .order_by(Order.created_at.desc(), Order.number.desc())
        .limit(MOST)
    ).all()
    pieces: dict[str, list[Row[Any]]] = defaultdict(list)
    for piece in session.execute(
        select(
            OrderItem.order_number,
            OrderItem.line,
            OrderItem.product_name,
            OrderItem.variant,
            OrderItem.quantity,
            OrderItem.unit_price_fen,
            OrderItem.paid_fen,
            Product.category,
            Product.attributes,
        )
        .join(Order, Order.number == OrderItem.order_number)
        .join(Product, Product.sku == OrderItem.sku)
        .where(Order.customer_id == customer_id)
        .order_by(OrderItem.order_number, OrderItem.line)
    ):
        pieces[piece.order_number].append(piece)
    slips = session.execute(
        select(
            Return.slip,
            Return.order_number,
            Return.line,
            Return.kind,
            Return.state,
            Return.refund_fen,
            Return.created_at,
        )
        .where(Return.customer_id == customer_id)
        .order_by(Return.created_at.desc(), Return.slip.desc())
        .limit(MOST)
    ).all()
    invoices = session.execute(
        select(
            Invoice.number,
            Invoice.order_number,
            Invoice.title,
            Invoice.state,
            Invoice.amount_fen,
            Invoice.created_at,
            Invoice.issued_at,
        )
        .where(Invoice.customer_id == customer_id)
        .order_by(Invoice.created_at.desc(), Invoice.number.desc())
        .limit(MOST)
    ).all()
    tickets = session.execute(
        select(
            Ticket.number,
            Ticket.order_number,
            Ticket.kind,
            Ticket.subject,
            Ticket.state,
            Ticket.created_at,
        )
        .where(Ticket.customer_id == customer_id)
        .order_by(Ticket.created_at.desc(), Ticket.number.desc())
        .limit(MOST)
    ).all()
    return Belongings(orders, pieces, slips, invoices, tickets)
