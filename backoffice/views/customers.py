"""Customers, coupons and points as the API tells them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import Field

from backoffice.models import Coupon, Customer, GiftCard, Order, PointsEntry
from backoffice.money import yuan
from backoffice.rules.levels import Progress
from backoffice.states import CouponState
from backoffice.views.base import Day, Money, Time, View, masked_phone


class CustomerView(View):
    id: str = Field(examples=["C000001"])
    name: str
    nickname: str | None
    phone_masked: str = Field(examples=["138****5678"])
    level: str = Field(examples=["金卡"])
    level_code: str = Field(examples=["gold"])
    tags: list[str]
    points: int
    balance: Money


class CustomerPage(View):
    items: list[CustomerView]
    total: int


class CouponView(View):
    id: str = Field(examples=["CP000001"])
    name: str = Field(examples=["满 129 减 20"])
    kind: str = Field(examples=["平台券"])
    kind_code: str = Field(examples=["platform"])
    state: str = Field(examples=["未使用"])
    state_code: str = Field(examples=["unused"])
    threshold: Money
    value: Money
    scope: str
    valid_from: Time
    valid_to: Time
    order_number: str | None
    returned_from: str | None = Field(description="从这个已取消的订单退回来的", examples=[None])
    unusable_reason: str | None = Field(examples=[None, "2026-11-01 已过期，不能延期"])


class CouponPage(View):
    items: list[CouponView]
    total: int


class FittingView(View):
    """A coupon held against an order."""

    name: str = Field(examples=["满 129 减 20"])
    valid_to: Time
    lacks: str | None = Field(description="用不上的原因", examples=[None, "还差 30.00 元才够门槛"])
    pays: Money = Field(description="用了以后要付的钱")


class FittingsView(View):
    items: list[FittingView]


class PointsEntryView(View):
    change: int
    reason: str
    order_number: str | None
    time: Time
    expires_on: Day | None


class PointsView(View):
    balance: int
    worth: Money = Field(description="100 个灵犀币抵 1 元")
    expiring: int = Field(description="到期日清零的数量")
    expires_on: Day
    entries: list[PointsEntryView]


class GiftCardView(View):
    tail: str = Field(examples=["8821"], description="卡号后四位")
    face: Money
    balance: Money
    valid_to: Day


class AssetsView(View):
    """What a customer has in the account, and what of it lapses soonest."""

    level: str = Field(examples=["金卡"])
    level_code: str = Field(examples=["gold"])
    spent: Money = Field(description="近 365 天已完成订单的实付，扣除退款")
    next_level: str | None = Field(examples=["钻石"])
    next_level_missing: Money | None
    next_level_on: Day | None = Field(description="下一次定级的日子")
    points: int
    points_worth: Money
    points_expiring: int
    points_expire_on: Day
    balance: Money
    gift_cards: list[GiftCardView] = Field(description="还有余额的，快到期的在前")
    gift_cards_total: Money
    coupons: int = Field(description="现在能用的张数")
    coupon_expires_on: Day | None


def assets_view(
    customer: Customer,
    points: PointsView,
    spent_fen: int,
    progress: Progress | None,
    cards: list[GiftCard],
    coupons: list[Coupon],
) -> AssetsView:
    return AssetsView(
        level=customer.level.label,
        level_code=customer.level.value,
        spent=yuan(spent_fen),
        next_level=progress.level.label if progress else None,
        next_level_missing=yuan(progress.missing_fen) if progress else None,
        next_level_on=progress.on if progress else None,
        points=points.balance,
        points_worth=points.worth,
        points_expiring=points.expiring,
        points_expire_on=points.expires_on,
        balance=yuan(customer.balance_fen),
        gift_cards=[
            GiftCardView(
                tail=card.tail,
                face=yuan(card.face_fen),
                balance=yuan(card.balance_fen),
                valid_to=card.valid_to.date(),
            )
            for card in cards
        ],
        gift_cards_total=yuan(sum(card.balance_fen for card in cards)),
        coupons=len(coupons),
        coupon_expires_on=min((coupon.valid_to.date() for coupon in coupons), default=None),
    )


def customer_view(customer: Customer) -> CustomerView:
    return CustomerView(
        id=customer.id,
        name=customer.name,
        nickname=customer.nickname,
        phone_masked=masked_phone(customer.phone),
        level=customer.level.label,
        level_code=customer.level.value,
        tags=customer.tags,
        points=customer.points,
        balance=yuan(customer.balance_fen),
    )


def coupon_state(coupon: Coupon, now: datetime) -> CouponState:
    """An unused coupon lapses by itself."""
    if coupon.state is CouponState.UNUSED and coupon.valid_to < now:
        return CouponState.EXPIRED
    return coupon.state


def coupon_view(coupon: Coupon, now: datetime, cancelled: Sequence[Order] = ()) -> CouponView:
    """`cancelled`: the customer's cancelled orders that had used a coupon, newest first."""
    state = coupon_state(coupon, now)
    reason = None
    if state is CouponState.EXPIRED:
        reason = f"{coupon.valid_to:%Y-%m-%d} 已过期，不能延期"
    elif state is CouponState.USED:
        reason = f"已用于订单 {coupon.order_number}" if coupon.order_number else "已经使用"
    elif coupon.valid_from > now:
        reason = f"{coupon.valid_from:%Y-%m-%d} 起可用"
    return CouponView(
        id=coupon.id,
        name=coupon.name,
        kind=coupon.kind.label,
        kind_code=coupon.kind.value,
        state=state.label,
        state_code=state.value,
        threshold=yuan(coupon.threshold_fen),
        value=yuan(coupon.value_fen),
        scope=coupon.scope,
        valid_from=coupon.valid_from,
        valid_to=coupon.valid_to,
        order_number=coupon.order_number,
        returned_from=next((order.number for order in cancelled if _gave_back(order, coupon)), None),
        unusable_reason=reason,
    )


def fitting_view(coupon: Coupon, lacks: str | None, pays_fen: int) -> FittingView:
    return FittingView(name=coupon.name, valid_to=coupon.valid_to, lacks=lacks, pays=yuan(pays_fen))


def _gave_back(order: Order, coupon: Coupon) -> bool:
    """A cancelled order's coupon is free again and remembers no order: its value and its dates tell."""
    return (
        coupon.state is not CouponState.USED
        and coupon.value_fen == order.discount_fen
        and coupon.valid_from <= order.created_at <= coupon.valid_to
    )


def points_view(customer: Customer, entries: list[PointsEntry], later: int, today: date) -> PointsView:
    """`later`: points received that live beyond this year; the oldest are spent first."""
    return PointsView(
        balance=customer.points,
        worth=yuan(customer.points),
        expiring=max(0, customer.points - later),
        expires_on=date(today.year, 12, 31),
        entries=[
            PointsEntryView(
                change=entry.change,
                reason=entry.reason,
                order_number=entry.order_number,
                time=entry.created_at,
                expires_on=entry.expires_on,
            )
            for entry in entries
        ],
    )
