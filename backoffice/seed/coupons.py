"""Coupons: used on orders, given back, still to use, lapsed (document 06; those of a level by 07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from random import Random

from backoffice.clock import SHANGHAI, end_of
from backoffice.models import Coupon, Customer, Order
from backoffice.states import CancelReason, CouponKind, CouponState, Level, OrderState, SellerType


@dataclass(frozen=True)
class Face:
    """What is printed on a coupon."""

    name: str
    kind: CouponKind
    threshold_fen: int
    value_fen: int
    scope: str = "自营商品通用"


PLATFORM = {
    1000: Face("满 59 减 10", CouponKind.PLATFORM, 5900, 1000),
    2000: Face("满 129 减 20", CouponKind.PLATFORM, 12900, 2000),
    3000: Face("满 299 减 30", CouponKind.PLATFORM, 29900, 3000),
}
"""By value in fen: the orders' discounts are these."""
WELCOME = tuple(replace(face, name=f"新人礼 {face.name}") for face in PLATFORM.values())
"""What new accounts fetch within their first days (document 06, 新人有什么优惠)."""
FREIGHT = Face("免运费券", CouponKind.FREIGHT, 0, 600, "自营普通商品的基础运费")
SORRY = Face("10 元无门槛券", CouponKind.COMPENSATION, 0, 1000, "全场通用")
_FREIGHT_A_MONTH = {Level.BASIC: 0, Level.SILVER: 1, Level.GOLD: 3, Level.DIAMOND: 6}
_BIRTHDAY_YUAN = {Level.SILVER: 10, Level.GOLD: 30, Level.DIAMOND: 80}
_SORRY_DAYS = 7
_VALID_DAYS = 15
_NEWCOMER = timedelta(days=7)


class CouponBook:
    """Makes coupons with growing numbers, each in the state its dates and order give it."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.coupons: list[Coupon] = []

    def add(
        self, customer_id: str, face: Face, since: datetime, days: int, order: Order | None = None
    ) -> Coupon:
        """Valid from `since` to the end of the `days`-th day after; used where there is an order."""
        valid_to = end_of(since.date() + timedelta(days=days))
        coupon = Coupon(
            id=f"CP{len(self.coupons) + 1:08}",
            customer_id=customer_id,
            name=face.name,
            kind=face.kind,
            threshold_fen=face.threshold_fen,
            value_fen=face.value_fen,
            scope=face.scope,
            state=CouponState.USED
            if order
            else CouponState.UNUSED
            if valid_to >= self._now
            else CouponState.EXPIRED,
            valid_from=since,
            valid_to=valid_to,
            order_number=order.number if order else None,
        )
        self.coupons.append(coupon)
        return coupon


def make_coupons(
    rng: Random,
    book: CouponBook,
    customers: Sequence[Customer],
    orders: Mapping[str, Sequence[Order]],
    now: datetime,
) -> None:
    for customer in customers:
        if now - customer.registered_at < _NEWCOMER:
            for face in WELCOME:
                book.add(customer.id, face, customer.registered_at, _VALID_DAYS)
            continue
        for order in orders.get(customer.id, ()):
            _of_order(rng, book, order)
        _of_level(rng, book, customer, now)
        for _ in range(rng.randint(0, 2)):
            face = rng.choice(list(PLATFORM.values()))
            book.add(customer.id, face, now - timedelta(days=rng.randint(0, 12)), _VALID_DAYS)
        if rng.random() < 0.4:
            book.add(customer.id, PLATFORM[1000], now - timedelta(days=rng.randint(20, 60)), _VALID_DAYS)


def _of_order(rng: Random, book: CouponBook, order: Order) -> None:
    """The coupon behind a discount, back in hand after a cancellation; one more for what was sold out."""
    if order.discount_fen:
        face = PLATFORM[order.discount_fen]
        if order.seller_type is SellerType.MERCHANT:
            face = replace(face, kind=CouponKind.SHOP, scope=order.seller_name)
        since = order.created_at - timedelta(hours=rng.randint(1, 120))
        cancelled = order.state is OrderState.CANCELLED
        book.add(order.customer_id, face, since, _VALID_DAYS, None if cancelled else order)
    if order.cancel_reason_code is CancelReason.OUT_OF_STOCK and order.cancelled_at:
        book.add(order.customer_id, SORRY, order.cancelled_at, _SORRY_DAYS)


def _of_level(rng: Random, book: CouponBook, customer: Customer, now: datetime) -> None:
    """Free freight for the month, and in a birthday's month its coupon (document 07)."""
    first = datetime.combine(now.date().replace(day=1), time.min, SHANGHAI)
    days_in_month = ((first + timedelta(days=31)).replace(day=1) - first).days
    for _ in range(rng.randint(0, _FREIGHT_A_MONTH[customer.level])):
        book.add(customer.id, FREIGHT, first, days_in_month - 1)
    yuan = _BIRTHDAY_YUAN.get(customer.level)
    if yuan and rng.random() < 1 / 12:
        face = Face(f"生日礼券 {yuan} 元", CouponKind.BIRTHDAY, 0, yuan * 100)
        book.add(customer.id, face, first, 29)
