"""Orders: what is bought, what is paid for it, and when it is paid, shipped, signed and completed.

An order's whole life is planned from the moment it is made and then cut at `now`, so that states and
times of every order agree with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from backoffice.clock import SHANGHAI
from backoffice.models import Order, OrderItem, Product
from backoffice.rules.points import POINTS_PER_YUAN
from backoffice.rules.policy import AUTO_COMPLETE_DAYS
from backoffice.seed.catalogue import HISTORY_DAYS, Goods, price_at
from backoffice.seed.numbers import Numbers
from backoffice.seed.people import Home, Shopper, Tier, Words
from backoffice.states import (
    CancelReason,
    Category,
    OrderState,
    PaymentMethod,
    PriceKind,
    ReturnRule,
    SellerType,
)

COD_LIMIT_FEN = 500_000
"""Cash on delivery: one order up to 5,000 yuan (document 02, 货到付款有什么限制)."""
_PAY_WITHIN = timedelta(minutes=30)
_PAY_FLASH_WITHIN = timedelta(minutes=10)
_PAY_TRANSFER_WITHIN = timedelta(hours=72)
_RECENT_DAYS = 40
_ORDERS_BY_HOUR = (2, 1, 0, 0, 0, 0, 1, 2, 4, 6, 8, 7, 8, 6, 6, 6, 5, 5, 6, 8, 10, 11, 9, 5)
_LEGACY_BEFORE_DAYS = 180

_CUSTOMERS_REASONS = ("不想要了", "规格拍错了，重新下单", "地址填错了", "忘记用券了", "买重复了")
_PAYMENTS = {
    PaymentMethod.WECHAT: 45,
    PaymentMethod.ALIPAY: 28,
    PaymentMethod.DEBIT_CARD: 8,
    PaymentMethod.CREDIT_CARD: 8,
    PaymentMethod.UNIONPAY: 4,
    PaymentMethod.INSTALMENT: 4,
    PaymentMethod.CASH_ON_DELIVERY: 3,
}


@dataclass(frozen=True)
class Line:
    """What goes into the basket."""

    product: Product
    quantity: int = 1
    price_kind: PriceKind = PriceKind.NORMAL
    opened: bool = False
    activated: bool = False


@dataclass(frozen=True)
class Life:
    """The moments of an order; those that never come (or have not come yet) are None."""

    created_at: datetime
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    promised_date: date | None = None
    """Shown with the order; belongs to the parcel."""
    signed_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: CancelReason | None = None

    def until(self, now: datetime) -> Life:
        """Only what has happened by `now`."""
        return replace(
            self,
            paid_at=_past(self.paid_at, now),
            shipped_at=_past(self.shipped_at, now),
            signed_at=_past(self.signed_at, now),
            completed_at=_past(self.completed_at, now),
            cancelled_at=_past(self.cancelled_at, now),
            cancel_reason=self.cancel_reason if _past(self.cancelled_at, now) else None,
        )


@dataclass(frozen=True)
class Purchase:
    """An order beside the plan it came from: the parcel's route needs what is still to come."""

    order: Order
    home: Home
    plan: Life


def make_purchase(
    numbers: Numbers,
    now: datetime,
    shopper: Shopper,
    lines: Sequence[Line],
    plan: Life,
    payment: PaymentMethod = PaymentMethod.WECHAT,
    discount_fen: int = 0,
    remark: str = "",
    is_enterprise: bool = False,
) -> Purchase:
    """An order as it stands at `now`. All lines are one seller's."""
    life = plan.until(now)
    seller = lines[0].product
    on_delivery = payment is PaymentMethod.CASH_ON_DELIVERY
    place = shopper.home.place
    ship_within = timedelta(hours=48 if seller.seller_type is SellerType.MERCHANT else 24)
    paid_or_ordered = life.created_at if on_delivery else life.paid_at
    order = Order(
        number=numbers.take("", life.created_at),
        legacy_number=None,
        customer_id=shopper.customer.id,
        state=_state(life, on_delivery),
        created_at=life.created_at,
        pay_by=None if on_delivery else life.created_at + _pay_within(lines, payment),
        paid_at=life.signed_at if on_delivery else life.paid_at,
        promised_ship_by=paid_or_ordered + ship_within if paid_or_ordered else None,
        shipped_at=life.shipped_at,
        signed_at=life.signed_at,
        completed_at=life.completed_at,
        cancelled_at=life.cancelled_at,
        cancel_reason=None,
        cancel_reason_code=life.cancel_reason,
        seller_type=seller.seller_type,
        seller_name=seller.seller_name,
        is_enterprise=is_enterprise,
        goods_fen=0,
        freight_fen=0,
        discount_fen=discount_fen,
        points_used=0,
        amount_fen=0,
        payment_method=payment,
        gift_card_fen=0,
        balance_fen=0,
        recipient=shopper.customer.name,
        phone=shopper.customer.phone,
        province=place.province,
        city=place.city,
        address=shopper.home.address,
        remark=remark,
        items=[
            OrderItem(
                line=number,
                sku=line.product.sku,
                product=line.product,
                product_name=line.product.name,
                variant=line.product.variant,
                quantity=line.quantity,
                unit_price_fen=_unit_price(line, life.created_at),
                paid_fen=0,
                price_kind=line.price_kind,
                opened=line.opened,
                activated=line.activated,
            )
            for number, line in enumerate(lines, start=1)
        ],
    )
    if life.cancel_reason:
        order.cancel_reason = life.cancel_reason.label
    settle(order, place.tier)
    return Purchase(order, shopper.home, plan)


def settle(order: Order, tier: Tier) -> None:
    """Adds up the order and shares discount and points over its lines; the last line takes the rounding."""
    order.goods_fen = sum(item.unit_price_fen * item.quantity for item in order.items)
    off_fen = order.discount_fen + order.points_used * 100 // POINTS_PER_YUAN
    goods_paid_fen = order.goods_fen - off_fen
    left_fen = goods_paid_fen
    for item in order.items[:-1]:
        item.paid_fen = item.unit_price_fen * item.quantity * goods_paid_fen // order.goods_fen
        left_fen -= item.paid_fen
    order.items[-1].paid_fen = left_fen
    order.freight_fen = _freight(order, tier, goods_paid_fen)
    order.amount_fen = goods_paid_fen + order.freight_fen


def make_crowd_purchases(
    rng: Random,
    numbers: Numbers,
    now: datetime,
    shoppers: Sequence[Shopper],
    goods: Sequence[Goods],
    words: Words,
    count: int,
) -> list[Purchase]:
    """`count` orders of the crowd, a third of them recent enough to be talked about."""
    shelves = _shelves(goods)
    appetites = [shopper.appetite for shopper in shoppers]
    purchases = []
    for number in range(count):
        [shopper] = rng.choices(shoppers, appetites)
        created_at = _created(rng, now, number)
        lines = _basket(rng, shelves, shopper, created_at)
        enterprise = "企业采购" in shopper.customer.tags and lines[0].product.seller_type is SellerType.SELF
        payment = _payment(rng, shopper, lines, created_at, enterprise)
        purchase = make_purchase(
            numbers,
            now,
            shopper,
            lines,
            plan_life(rng, shopper.home.place.tier, lines, created_at, payment),
            payment=payment,
            discount_fen=_discount(rng, lines, created_at),
            remark=rng.choice(words.remarks) if rng.random() < 0.12 else "",
            is_enterprise=enterprise,
        )
        order = purchase.order
        if order.cancel_reason_code is CancelReason.CUSTOMER:
            order.cancel_reason = rng.choice(_CUSTOMERS_REASONS)
        if (now - created_at).days > _LEGACY_BEFORE_DAYS and rng.random() < 0.4:
            order.legacy_number = f"LX{order.number[:8]}00{order.number[8:]}"
        if order.state is OrderState.PAID and rng.random() < 0.2:
            order.delivery_date = now.date() + timedelta(days=rng.randint(2, 5))
        if order.seller_type is SellerType.SELF and not on_delivery(order) and rng.random() < 0.06:
            order.gift_card_fen = min(rng.choice((5000, 10000, 20000)), order.amount_fen // 2)
        purchases.append(purchase)
    return purchases


def on_delivery(order: Order) -> bool:
    return order.payment_method is PaymentMethod.CASH_ON_DELIVERY


def plan_life(
    rng: Random, tier: Tier, lines: Sequence[Line], created_at: datetime, payment: PaymentMethod
) -> Life:
    """The whole life of an order, as if nothing were still to come."""
    fate = rng.random()
    if fate < 0.04 and payment is not PaymentMethod.CASH_ON_DELIVERY:
        return Life(
            created_at,
            cancelled_at=created_at + _pay_within(lines, payment),
            cancel_reason=CancelReason.PAYMENT_EXPIRED,
        )
    pays_after = _hours(rng, 1, 60) if payment is PaymentMethod.BANK_TRANSFER else None
    paid_at = created_at + (pays_after or timedelta(seconds=rng.randint(20, 590)))
    if fate < 0.1:
        return Life(
            created_at,
            paid_at=paid_at,
            cancelled_at=paid_at + timedelta(minutes=rng.randint(5, 600)),
            cancel_reason=rng.choice(
                (
                    CancelReason.CUSTOMER,
                    CancelReason.CUSTOMER,
                    CancelReason.CUSTOMER,
                    CancelReason.OUT_OF_STOCK,
                    CancelReason.PRICE_MISTAKE,
                    CancelReason.UNDELIVERABLE,
                    CancelReason.RISK,
                )
            ),
        )
    shipped_at, promised = _shipping(rng, tier, lines[0].product, paid_at)
    arrives = promised
    if rng.random() < 0.06:
        arrives += timedelta(days=rng.randint(1, 4))
    elif promised - shipped_at.date() > timedelta(days=2) and rng.random() < 0.4:
        arrives -= timedelta(days=1)
    rings = time(rng.randint(11, 19), rng.randint(0, 59), rng.randint(0, 59))
    signed_at = datetime.combine(arrives, rings, SHANGHAI)
    if rng.random() < 0.25:
        completed_at = signed_at + timedelta(hours=rng.randint(4, 100))
    else:
        completed_at = completes_by_itself(signed_at)
    return Life(created_at, paid_at, shipped_at, promised, signed_at, completed_at)


def completes_by_itself(signed_at: datetime) -> datetime:
    """The start of the tenth day after signing (document 02, 订单状态分别是什么意思)."""
    return datetime.combine(signed_at.date() + timedelta(days=AUTO_COMPLETE_DAYS), time.min, SHANGHAI)


def _shipping(rng: Random, tier: Tier, product: Product, paid_at: datetime) -> tuple[datetime, date]:
    """When it leaves and the day it is promised for (document 01, 一般几天能送到 and 截单时间)."""
    if product.seller_type is SellerType.MERCHANT:
        shipped_at = paid_at + _hours(rng, 4, 46)
        return shipped_at, shipped_at.date() + timedelta(days=rng.randint(3, 5))
    if tier == "next_day" and not product.is_large:
        shipped_at = paid_at + _hours(rng, 1, 8)
        cut_off = paid_at + timedelta(hours=2)
        return shipped_at, cut_off.date() + timedelta(days=1)
    shipped_at = paid_at + _hours(rng, 2, 23)
    days = rng.randint(5, 8) if tier == "remote" else rng.randint(2, 4)
    return shipped_at, shipped_at.date() + timedelta(days=days)


def _hours(rng: Random, low: int, high: int) -> timedelta:
    return timedelta(seconds=rng.randint(low * 3600, high * 3600))


def _state(life: Life, on_delivery: bool) -> OrderState:
    if life.cancelled_at:
        return OrderState.CANCELLED
    if life.completed_at:
        return OrderState.COMPLETED
    if life.signed_at:
        return OrderState.SIGNED
    if life.shipped_at:
        return OrderState.SHIPPED
    return OrderState.PAID if life.paid_at or on_delivery else OrderState.UNPAID


def _past(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment and moment <= now else None


def _pay_within(lines: Sequence[Line], payment: PaymentMethod) -> timedelta:
    """Document 02, 下单以后多久不付款会自动取消."""
    if payment is PaymentMethod.BANK_TRANSFER:
        return _PAY_TRANSFER_WITHIN
    return _PAY_FLASH_WITHIN if any(line.price_kind is PriceKind.FLASH for line in lines) else _PAY_WITHIN


def _unit_price(line: Line, moment: datetime) -> int:
    price_fen = price_at(line.product, moment)
    return price_fen * 85 // 1000 * 10 if line.price_kind is PriceKind.FLASH else price_fen


def _freight(order: Order, tier: Tier, goods_paid_fen: int) -> int:
    """Document 01, 自营订单满多少包邮, 生鲜商品的运费, 偏远地区; merchants here ask 8 yuan below 49."""
    if order.seller_type is SellerType.MERCHANT:
        return 0 if goods_paid_fen >= 4900 else 800
    if order.items[0].product.category is Category.FRESH:
        return 0 if goods_paid_fen >= 7900 else 1200
    if tier == "remote":
        return 0 if goods_paid_fen >= 19900 else 1500
    return 0 if goods_paid_fen >= 9900 else 600


def _created(rng: Random, now: datetime, number: int) -> datetime:
    """A few minutes ago for the first dozen, within forty days for a third, any time before for the rest.

    People buy by day and in the evening; nobody has bought anything after `now`.
    """
    if number < 12:
        return now - timedelta(seconds=rng.randint(30, 540))
    recent = rng.random() < 0.36
    days = rng.triangular(0, _RECENT_DAYS, 0) if recent else rng.uniform(_RECENT_DAYS, HISTORY_DAYS - 20)
    moment = now - timedelta(days=days)
    [hour] = rng.choices(range(24), _ORDERS_BY_HOUR)
    moment = moment.replace(hour=hour, minute=rng.randint(0, 59), second=rng.randint(0, 59), microsecond=0)
    return moment if moment <= now - timedelta(minutes=12) else moment - timedelta(days=1)


@dataclass(frozen=True)
class _Shelf:
    """Goods that go into one parcel: one seller's, fresh food and large appliances apart."""

    apart: bool
    goods: list[Goods]
    weights: list[float]
    """Cheap things are bought more often than dear ones."""

    @property
    def is_large(self) -> bool:
        return self.goods[0].first.is_large


def _shelves(goods: Sequence[Goods]) -> list[_Shelf]:
    shelves: dict[tuple[str, bool, bool], _Shelf] = {}
    for one in goods:
        product = one.first
        fresh = product.category is Category.FRESH
        key = product.seller_name, fresh, product.is_large
        shelf = shelves.setdefault(key, _Shelf(fresh or product.is_large, [], []))
        shelf.goods.append(one)
        shelf.weights.append(product.price_fen**-0.35)
    return list(shelves.values())


def _basket(rng: Random, shelves: Sequence[_Shelf], shopper: Shopper, created_at: datetime) -> list[Line]:
    remote = shopper.home.place.tier == "remote"
    reachable = [shelf for shelf in shelves if not (remote and shelf.apart)]
    [shelf] = rng.choices(reachable, [len(shelf.goods) for shelf in reachable])
    count = 1 if shelf.is_large else rng.choice((1, 1, 1, 2, 3))
    picks = {one.product_id: one for one in rng.choices(shelf.goods, shelf.weights, k=count)}
    return [_line(rng, rng.choice(one.variants), created_at) for one in picks.values()]


def _line(rng: Random, product: Product, created_at: datetime) -> Line:
    cheap = product.price_fen < 20000
    flash = product.seller_type is SellerType.SELF and created_at.hour in (10, 14, 20) and rng.random() < 0.15
    return Line(
        product,
        quantity=rng.choice((1, 1, 1, 2, 3)) if cheap and not flash else 1,
        price_kind=PriceKind.FLASH if flash else PriceKind.NORMAL,
        opened=product.return_rule in (ReturnRule.MEDIA, ReturnRule.OPENED_FOOD) and rng.random() < 0.4,
        activated=product.return_rule is ReturnRule.ACTIVATABLE and rng.random() < 0.7,
    )


def _payment(
    rng: Random, shopper: Shopper, lines: Sequence[Line], created_at: datetime, enterprise: bool
) -> PaymentMethod:
    if enterprise and rng.random() < 0.6:
        return PaymentMethod.BANK_TRANSFER
    [method] = rng.choices(list(_PAYMENTS), list(_PAYMENTS.values()))
    if method is PaymentMethod.CASH_ON_DELIVERY and not _may_pay_on_delivery(shopper, lines, created_at):
        return PaymentMethod.WECHAT
    return method


def _may_pay_on_delivery(shopper: Shopper, lines: Sequence[Line], created_at: datetime) -> bool:
    """Document 02, 货到付款有什么限制."""
    return (
        shopper.home.place.house_carrier
        and lines[0].product.seller_type is SellerType.SELF
        and all(
            line.product.category is not Category.FRESH
            and not line.product.is_large
            and line.price_kind is PriceKind.NORMAL
            for line in lines
        )
        and sum(_unit_price(line, created_at) * line.quantity for line in lines) <= COD_LIMIT_FEN
    )


def _discount(rng: Random, lines: Sequence[Line], created_at: datetime) -> int:
    """A platform coupon on one order in six, where its threshold is met; flash prices take none."""
    if any(line.price_kind is not PriceKind.NORMAL for line in lines) or rng.random() > 1 / 6:
        return 0
    goods_fen = sum(_unit_price(line, created_at) * line.quantity for line in lines)
    for threshold_fen, value_fen in ((29900, 3000), (12900, 2000), (5900, 1000)):
        if goods_fen >= threshold_fen:
            return value_fen
    return 0
