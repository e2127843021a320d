"""Compensations for delays as the API tells them."""

from __future__ import annotations

from pydantic import Field

from backoffice.effects.compensations import coupon_name
from backoffice.models import Compensation, Order
from backoffice.money import yuan
from backoffice.rules import compensations, policy
from backoffice.views.base import Money, Time, View
from backoffice.views.orders import order_title


class CompensationView(View):
    number: str = Field(examples=["PF202611210001"])
    order_number: str
    title: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    kind: str = Field(examples=["延误赔付"])
    kind_code: str = Field(examples=["late_delivery"])
    amount: Money = Field(description="券的面额")
    coupon: str = Field(examples=["5 元无门槛券"])
    coupon_id: str = Field(examples=["CP202611210001"])
    scope: str = Field(examples=["全场通用"])
    valid_to: Time
    created_at: Time


class CompensationQuoteView(View):
    """What an application would give now; nothing is done yet."""

    order_number: str
    title: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    kind: str = Field(examples=["延误赔付"])
    kind_code: str = Field(examples=["late_delivery"])
    reason: str = Field(examples=["预计 11-25 送到，现在还没到"])
    amount: Money = Field(description="券的面额")
    coupon: str = Field(examples=["5 元无门槛券"])
    valid_days: int = Field(description="发券那天之后的天数", examples=[30])


class CompensationPage(View):
    items: list[CompensationView]
    total: int


class CompensationOffers(View):
    """One for each of the newest orders that is due a coupon now."""

    items: list[CompensationQuoteView]


def compensation_view(row: Compensation, order: Order) -> CompensationView:
    return CompensationView(
        number=row.number,
        order_number=order.number,
        title=order_title(order),
        kind=row.kind.label,
        kind_code=row.kind.value,
        amount=yuan(row.coupon.value_fen),
        coupon=row.coupon.name,
        coupon_id=row.coupon.id,
        scope=row.coupon.scope,
        valid_to=row.coupon.valid_to,
        created_at=row.created_at,
    )


def quote_view(order: Order, due: compensations.Compensation) -> CompensationQuoteView:
    return CompensationQuoteView(
        order_number=order.number,
        title=order_title(order),
        kind=due.kind.label,
        kind_code=due.kind.value,
        reason=due.reason,
        amount=yuan(due.value_fen),
        coupon=coupon_name(due),
        valid_days=policy.COMPENSATION_COUPON_DAYS,
    )
