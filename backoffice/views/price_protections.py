"""Price protections as the API tells them."""

from __future__ import annotations

from pydantic import Field

from backoffice.effects.facts import goods_title
from backoffice.effects.refunds import parts_of
from backoffice.models import Order, PriceProtection
from backoffice.money import yuan
from backoffice.rules import refunds
from backoffice.rules.facts import LineFacts
from backoffice.rules.price_protection import Difference
from backoffice.states import RefundState
from backoffice.views.base import Day, Money, Time, View


class PriceProtectionView(View):
    number: str = Field(examples=["JB202611210001"])
    order_number: str
    line: int
    item: str = Field(examples=["蓝牙耳机 LX-B3 云白"])
    paid_unit_price: Money
    current_price: Money
    quantity: int
    amount: Money = Field(description="退回的差价")
    state: str = Field(examples=["已通过"])
    state_code: str = Field(examples=["approved"])
    refund_route: str = Field(examples=["原路退回微信支付"])
    refund_eta: str = Field(examples=["1 至 3 个工作日"])
    refund_state: str = Field(examples=["退款已发出"])
    refund_state_code: str = Field(examples=["sent"])
    arrives_by: Day
    created_at: Time


class PriceProtectionQuoteView(View):
    """What an application would pay back now; nothing is done yet."""

    order_number: str
    line: int
    item: str = Field(examples=["蓝牙耳机 LX-B3 云白"])
    paid_unit_price: Money
    current_price: Money
    quantity: int
    amount: Money = Field(description="能退的差价")
    refund_route: str = Field(examples=["原路退回微信支付"])
    refund_eta: str = Field(examples=["1 至 3 个工作日"])


class PriceProtectionPage(View):
    items: list[PriceProtectionView]
    total: int


def price_protection_view(protection: PriceProtection, order: Order) -> PriceProtectionView:
    money = parts_of(order, protection.amount_fen)
    item = next(item for item in order.items if item.line == protection.line)
    sent = [refund for refund in order.refunds if refund.source == protection.refund_source]
    under_way = any(refund.state is RefundState.SENT for refund in sent)
    state = RefundState.SENT if under_way else RefundState.ARRIVED
    return PriceProtectionView(
        number=protection.number,
        order_number=protection.order_number,
        line=protection.line,
        item=goods_title(item),
        paid_unit_price=yuan(protection.paid_unit_fen),
        current_price=yuan(protection.current_fen),
        quantity=protection.quantity,
        amount=yuan(protection.amount_fen),
        state="已通过",
        state_code="approved",
        refund_route=refunds.route(money),
        refund_eta=refunds.eta_of(money) or "即时到账",
        refund_state=state.label,
        refund_state_code=state.value,
        arrives_by=max((refund.arrives_by for refund in sent), default=protection.created_at.date()),
        created_at=protection.created_at,
    )


def quote_view(order: Order, line: LineFacts, drop: Difference) -> PriceProtectionQuoteView:
    money = parts_of(order, drop.amount_fen)
    return PriceProtectionQuoteView(
        order_number=order.number,
        line=line.line,
        item=line.title,
        paid_unit_price=yuan(drop.paid_unit_fen),
        current_price=yuan(drop.current_fen),
        quantity=drop.quantity,
        amount=yuan(drop.amount_fen),
        refund_route=refunds.route(money),
        refund_eta=refunds.eta_of(money) or "即时到账",
    )
