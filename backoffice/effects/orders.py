"""Cancelling, changing, urging an order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.effects import find
from backoffice.effects.facts import order_facts
from backoffice.effects.points import move_points
from backoffice.effects.refunds import send_refund
from backoffice.effects.tickets import open_ticket, same_open_ticket
from backoffice.effects.work import Work
from backoffice.models import Coupon, Order, Product, Ticket
from backoffice.problems import Problem, refused
from backoffice.rules import orders as rules
from backoffice.rules.cities import complete_address
from backoffice.rules.points import returned_expiry
from backoffice.states import CancelReason, CouponState, InvoiceState, OrderState, TicketPriority


def cancel(work: Work, number: str, reason: str | None) -> Order:
    """Cancels what has not shipped; a merchant's paid order is only asked for and waits for its answer."""
    order = find.order(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.cancel(order_facts(order))).ok:
        raise refused(verdict)
    order.cancel_reason = reason or CancelReason.CUSTOMER.label
    order.cancel_reason_code = CancelReason.CUSTOMER
    if order.state is OrderState.PAID and order_facts(order).is_merchant:
        order.cancel_requested_at = work.now
    else:
        end(work.session, order, CancelReason.CUSTOMER, work.now)
    return order


def withdraw_cancel(work: Work, number: str) -> Order:
    order = find.order(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.withdraw_cancel(order_facts(order))).ok:
        raise refused(verdict)
    order.cancel_requested_at = order.cancel_reason = order.cancel_reason_code = None
    return order


def end(session: Session, order: Order, reason: CancelReason, when: datetime) -> None:
    """Ends an order that has not shipped: goods, coupon, points and money go back where they came from."""
    order.state = OrderState.CANCELLED
    order.cancelled_at = when
    order.cancel_reason = order.cancel_reason or reason.label
    order.cancel_reason_code = reason
    order.cancel_requested_at = None
    quantities = {item.sku: 0 for item in order.items}
    for item in order.items:
        quantities[item.sku] += item.quantity
    locked = select(Product).where(Product.sku.in_(quantities)).order_by(Product.sku).with_for_update()
    for goods in session.scalars(locked.execution_options(populate_existing=True)):
        goods.stock += quantities[goods.sku]
    for coupon in session.scalars(
        select(Coupon).where(Coupon.order_number == order.number).with_for_update()
    ):
        coupon.state = CouponState.UNUSED
        coupon.order_number = None
    move_points(
        session,
        order.customer_id,
        order.points_used,
        "取消订单退回",
        when,
        order_number=order.number,
        expires_on=returned_expiry(order.created_at.date(), when.date()),
    )
    for invoice in order.invoices:
        invoice.state = InvoiceState.VOIDED
        invoice.open_key = None
    if order.paid_at is not None:
        send_refund(session, order, order.amount_fen, f"cancel:{order.number}", when)


def change(work: Work, number: str, wanted: rules.OrderChange) -> Order:
    """Changes recipient, phone, address, remark, delivery date. The same value again is no change."""
    order = find.order(work.session, work.customer.id, number, lock=True)
    if wanted.remark is not None and len(wanted.remark) > rules.REMARK_LENGTH:
        detail = f"订单备注最多 {rules.REMARK_LENGTH} 字，请缩短后再提交。"
        raise Problem(422, "remark_too_long", detail, for_customer=True)
    address = complete_address(wanted.address, order.province, order.city) if wanted.address else None
    differing = rules.OrderChange(
        recipient=wanted.recipient,
        phone=wanted.phone,
        address=wanted.address if address != order.address else None,
        remark=wanted.remark,
        delivery_date=wanted.delivery_date if wanted.delivery_date != order.delivery_date else None,
    )
    if not (verdict := rules.change(order_facts(order), differing, work.today)).ok:
        raise refused(verdict)
    order.recipient = differing.recipient or order.recipient
    order.phone = differing.phone or order.phone
    if differing.remark is not None:
        order.remark = differing.remark
    if differing.address and address:
        order.address = address
        order.address_changes += 1
    if differing.delivery_date:
        order.delivery_date = differing.delivery_date
        order.delivery_date_changes += 1
    return order


def urge(work: Work, number: str) -> tuple[Order, Ticket]:
    """Counts the urge; the warehouse gets one ticket an order, however often it is urged."""
    order = find.order(work.session, work.customer.id, number, lock=True)
    facts = order_facts(order)
    if not (verdict := rules.urge(facts)).ok:
        raise refused(verdict)
    order.urged_count += 1
    order.promised_ship_by = order.promised_ship_by or rules.promised_ship_by(facts)
    late = order.promised_ship_by is not None and order.promised_ship_by < work.now
    ticket = same_open_ticket(work, "shipping_urge", order.number) or open_ticket(
        work,
        kind="shipping_urge",
        subject=f"催发货 {order.number}",
        order_number=order.number,
        priority=TicketPriority.URGENT if late else TicketPriority.NORMAL,
    )
    return order, ticket
