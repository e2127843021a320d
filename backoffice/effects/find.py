"""Finding what is the customer's own; another's is as missing as what does not exist."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from backoffice.models import Invoice, Order, OrderItem, Return, Shipment, Ticket
from backoffice.problems import not_found


def orders_of(customer_id: str) -> Select[Order]:
    """A customer's orders with everything the rules look at."""
    return (
        select(Order)
        .where(Order.customer_id == customer_id)
        .options(
            selectinload(Order.items).joinedload(OrderItem.product),
            joinedload(Order.shipment).selectinload(Shipment.traces),
            selectinload(Order.returns),
            selectinload(Order.refunds),
            selectinload(Order.invoices),
            selectinload(Order.price_protections),
            joinedload(Order.compensation),
        )
    )


def order(session: Session, customer_id: str, number: str, *, lock: bool = False) -> Order:
    """By its number or legacy number. Raises the 404 problem."""
    own = Order.customer_id == customer_id
    this = or_(Order.number == number, Order.legacy_number == number)
    if lock:
        # Locked before the rest is read, so that what is read is what the last writer left.
        session.execute(select(Order.number).where(own, this).with_for_update())
    query = orders_of(customer_id).where(this).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none() or _missing()


def shipment(session: Session, customer_id: str, tracking_number: str, *, lock: bool = False) -> Shipment:
    number = session.scalar(
        select(Shipment.order_number)
        .join(Order)
        .where(Shipment.tracking_number == tracking_number, Order.customer_id == customer_id)
    )
    found = order(session, customer_id, number, lock=lock).shipment if number else None
    return found or _missing()


def slip(session: Session, customer_id: str, number: str, *, lock: bool = False) -> Return:
    mine = select(Return).where(Return.slip == number, Return.customer_id == customer_id)
    found = session.scalars(mine).one_or_none() or _missing()
    if lock:
        order(session, customer_id, found.order_number, lock=True)
        session.refresh(found)
    return found


def invoice(session: Session, customer_id: str, number: str, *, lock: bool = False) -> Invoice:
    mine = select(Invoice).where(Invoice.number == number, Invoice.customer_id == customer_id)
    found = session.scalars(mine).one_or_none() or _missing()
    if lock:
        order(session, customer_id, found.order_number, lock=True)
        session.refresh(found)
    return found


def ticket(session: Session, customer_id: str, number: str, *, lock: bool = False) -> Ticket:
    query = select(Ticket).where(Ticket.number == number, Ticket.customer_id == customer_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none() or _missing()


def _missing() -> NoReturn:
    raise not_found()
