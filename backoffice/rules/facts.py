"""What the rules look at, and what they answer. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backoffice.states import (
    Carrier,
    Category,
    OrderState,
    PriceKind,
    ReturnRule,
    SellerType,
    ShipmentState,
)


@dataclass(frozen=True)
class Decision:
    """Allowed or refused; `detail` is kind Chinese with the next step, `deadline` the last day it holds."""

    ok: bool
    code: str = "ok"
    detail: str | None = None
    deadline: date | None = None


def allow(deadline: date | None = None) -> Decision:
    return Decision(ok=True, deadline=deadline)


def refuse(code: str, detail: str, deadline: date | None = None) -> Decision:
    return Decision(ok=False, code=code, detail=detail, deadline=deadline)


@dataclass(frozen=True)
class LineFacts:
    """One line of an order with its goods as they are today and what has happened to it so far."""

    line: int
    title: str
    """Name and variant as a customer knows them."""
    category: Category
    quantity: int
    unit_price_fen: int
    paid_fen: int
    price_kind: PriceKind
    return_rule: ReturnRule
    opened: bool
    activated: bool
    is_large: bool
    warranty_months: int
    merchant_price_protection: bool
    current_price_fen: int
    stock: int
    on_sale: bool
    open_slip: str | None = None
    """An open after-sales slip that covers the line."""
    asked_back: bool = False
    """Such a slip asks for its money back; an exchange or a repair does not."""
    refunded: bool = False
    """Its money was already given back."""
    ended_slips: int = 0
    """Slips withdrawn or closed for reasons other than quality."""
    rejected_slip: str | None = None
    """The last request for it was turned down: what follows is a dispute, and a person's."""
    exchanged: int = 0
    protected_times: int = 0
    protected_unit_fen: int = 0
    """What price protection already gave back, a piece."""


@dataclass(frozen=True)
class OrderFacts:
    number: str
    state: OrderState
    seller_type: SellerType
    seller_name: str
    is_enterprise: bool
    created_at: datetime
    paid_at: datetime | None
    signed_at: datetime | None
    completed_at: datetime | None
    cancel_requested_at: datetime | None
    province: str
    city: str
    address: str
    address_changes: int
    delivery_date: date | None
    delivery_date_changes: int
    carrier: Carrier | None
    shipment_state: ShipmentState | None
    reroutes: int
    amount_fen: int
    gift_card_fen: int
    refunded_fen: int
    has_invoice: bool
    lines: tuple[LineFacts, ...]
    shipped_at: datetime | None = None
    promised_ship_by: datetime | None = None
    promised_date: date | None = None
    reached_at: datetime | None = None
    """Signed, or at a pick-up point."""
    delay_excuse: str | None = None
    """Why the shop does not answer for a delay, as far as the parcel's record tells."""
    compensated_at: datetime | None = None

    @property
    def is_merchant(self) -> bool:
        return self.seller_type is SellerType.MERCHANT

    @property
    def is_large(self) -> bool:
        return any(line.is_large for line in self.lines)

    @property
    def was_signed(self) -> bool:
        return self.state in (OrderState.SIGNED, OrderState.COMPLETED) and self.signed_at is not None


def last_day(signed_at: datetime, days: int) -> date:
    """Periods start at midnight after signing: `days` of them end with this day."""
    return signed_at.date() + timedelta(days=days)
