"""All that a customer has, in summaries: what the assistant looks through to find which one is meant."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import Row

from backoffice.effects.belongings import Belongings
from backoffice.money import yuan
from backoffice.rules.properties import kind_of
from backoffice.views.base import Money, Time, View
from backoffice.views.orders import state_word


class PieceSummary(View):
    line: int = Field(examples=[1])
    product: str = Field(examples=["蓝牙耳机 LX-B3"])
    variant: str = Field(examples=["云白"])
    kind: str = Field(description="商品的小类", examples=["蓝牙耳机"])
    category_code: str = Field(examples=["digital"])
    quantity: int
    unit_price: Money
    amount: Money


class OrderSummary(View):
    number: str = Field(examples=["202611210001"])
    title: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    legacy_number: str | None = Field(examples=["LX20261121000001"])
    tracking_number: str | None = Field(examples=["LXWL202611200001"])
    state: str = Field(examples=["待发货"])
    state_code: str = Field(examples=["paid"])
    shipment_state_code: str | None = Field(examples=["in_transit"])
    amount: Money
    seller: str = Field(examples=["灵犀自营"])
    created_at: Time
    paid_at: Time | None
    shipped_at: Time | None
    signed_at: Time | None
    completed_at: Time | None
    cancelled_at: Time | None
    items: list[PieceSummary]


class ReturnSummary(View):
    slip: str = Field(examples=["TH202611210001"])
    order_number: str
    line: int | None = Field(description="空表示整单")
    title: str = Field(examples=["运动鞋 42 码"])
    kind: str = Field(examples=["return"])
    kind_label: str = Field(examples=["退货"])
    state: str = Field(examples=["待寄回"])
    state_code: str = Field(examples=["awaiting_goods"])
    open: bool
    amount: Money
    created_at: Time


class InvoiceSummary(View):
    number: str = Field(examples=["FP202611210001"])
    order_number: str
    goods: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    heading: str = Field(description="抬头", examples=["王小明"])
    state: str = Field(examples=["已开具"])
    state_code: str = Field(examples=["issued"])
    amount: Money
    created_at: Time
    issued_at: Time | None


class TicketSummary(View):
    number: str = Field(examples=["GD202611210001"])
    order_number: str | None
    kind: str = Field(examples=["complaint"])
    subject: str
    state: str = Field(examples=["处理中"])
    state_code: str = Field(examples=["working"])
    open: bool
    created_at: Time


class BelongingsView(View):
    """The newest first, each."""

    orders: list[OrderSummary]
    returns: list[ReturnSummary]
    invoices: list[InvoiceSummary]
    tickets: list[TicketSummary]


def belongings_view(found: Belongings) -> BelongingsView:
    return BelongingsView(
        orders=[_order(order, found.pieces.get(order.number, [])) for order in found.orders],
        returns=[_slip(slip, found.pieces.get(slip.order_number, [])) for slip in found.returns],
        invoices=[_invoice(each, found.pieces.get(each.order_number, [])) for each in found.invoices],
        tickets=[_ticket(ticket) for ticket in found.tickets],
    )


def _order(order: Row[Any], pieces: list[Row[Any]]) -> OrderSummary:
    return OrderSummary(
        number=order.number,
        title=_title([piece.product_name for piece in pieces], pieces),
        legacy_number=order.legacy_number,
        tracking_number=order.tracking_number,
        state=state_word(order.state, order.shipment_state, asked_to_cancel=bool(order.cancel_requested_at)),
        state_code=order.state.value,
        shipment_state_code=order.shipment_state.value if order.shipment_state else None,
        amount=yuan(order.amount_fen),
        seller=order.seller_name,
        created_at=order.created_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        signed_at=order.signed_at,
        completed_at=order.completed_at,
        cancelled_at=order.cancelled_at,
        items=[
            PieceSummary(
                line=piece.line,
                product=piece.product_name,
                variant=piece.variant,
                kind=kind_of(piece.attributes),
                category_code=piece.category.value,
                quantity=piece.quantity,
                unit_price=yuan(piece.unit_price_fen),
                amount=yuan(piece.paid_fen),
            )
            for piece in pieces
        ],
    )


def _slip(slip: Row[Any], pieces: list[Row[Any]]) -> ReturnSummary:
    covered = [piece for piece in pieces if slip.line in (None, piece.line)]
    return ReturnSummary(
        slip=slip.slip,
        order_number=slip.order_number,
        line=slip.line,
        title=_title([f"{piece.product_name} {piece.variant}".strip() for piece in covered], covered),
        kind=slip.kind.value,
        kind_label=slip.kind.label,
        state=slip.state.label,
        state_code=slip.state.value,
        open=slip.state.is_open,
        amount=yuan(slip.refund_fen),
        created_at=slip.created_at,
    )


def _invoice(invoice: Row[Any], pieces: list[Row[Any]]) -> InvoiceSummary:
    return InvoiceSummary(
        number=invoice.number,
        order_number=invoice.order_number,
        goods=_title([piece.product_name for piece in pieces], pieces),
        heading=invoice.title,
        state=invoice.state.label,
        state_code=invoice.state.value,
        amount=yuan(invoice.amount_fen),
        created_at=invoice.created_at,
        issued_at=invoice.issued_at,
    )


def _ticket(ticket: Row[Any]) -> TicketSummary:
    return TicketSummary(
        number=ticket.number,
        order_number=ticket.order_number,
        kind=ticket.kind,
        subject=ticket.subject,
        state=ticket.state.label,
        state_code=ticket.state.value,
        open=ticket.state.is_open,
        created_at=ticket.created_at,
    )


def _title(names: list[str], pieces: list[Row[Any]]) -> str:
    """The first goods, and how many pieces where there are more lines."""
    count = sum(piece.quantity for piece in pieces)
    return names[0] if len(names) == 1 else f"{names[0]} 等{count}件" if names else ""
