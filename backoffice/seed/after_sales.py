"""After-sales slips of every kind and state, refunds, and price differences paid back.

Like orders, a slip's whole course is planned and cut at `now`; what is refused by the rules is never seeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from backoffice.clock import end_of
from backoffice.effects.facts import order_facts
from backoffice.models import Order, PriceProtection, Product, Refund, Return, ReturnEvent
from backoffice.rules import policy, price_protection, refunds, returns
from backoffice.seed.numbers import Numbers
from backoffice.seed.orders import Purchase
from backoffice.states import (
    OrderState,
    RefundState,
    ReturnKind,
    ReturnReason,
    ReturnState,
    SellerType,
    ShipmentState,
)

RETURN_ADDRESSES = (
    "浙江省杭州市余杭区样例物流园3号库 灵犀售后组 0571-00000103",
    "广东省广州市白云区示例仓储中心2号门 灵犀售后组 020-00000207",
    "湖北省武汉市东西湖区测试产业园9栋 灵犀售后组 027-00000309",
)
MERCHANT_RETURN_ADDRESS = "浙江省义乌市演示路66号 {seller}售后部 0579-00000412"

_TRANSFER_TAKES = timedelta(hours=60)

_REASONS: dict[ReturnReason, tuple[str, ...]] = {
    ReturnReason.NO_REASON: ("不想要了", "和想象的不一样", "买重复了"),
    ReturnReason.SIZE: ("尺码偏小，想换大一码", "颜色不合适", "大小不合适"),
    ReturnReason.QUALITY: ("用了两天出现故障", "有划痕，质量问题", "充不进电，疑似坏了"),
    ReturnReason.DAMAGED: ("外箱压扁，里面破损", "收到时已经碎了"),
    ReturnReason.WRONG_ITEM: ("发错颜色了", "发错货，不是我买的型号"),
    ReturnReason.MISSING: ("少发了一件配件", "漏发赠品"),
}


@dataclass(frozen=True)
class Course:
    """The states a slip goes through, each with the hours after the one before."""

    steps: tuple[tuple[ReturnState, int], ...]

    def reviewed_in(self, hours: int) -> Course:
        """The same with another time for the review: none for goods that are approved at once."""
        first, (second, _), *rest = self.steps
        return Course((first, (second, hours), *rest))


_REVIEWED = (ReturnState.REVIEWING, 0)
_APPROVED = (ReturnState.AWAITING_GOODS, 8)
_ARRIVED = (ReturnState.INSPECTING, 70)

RETURNED = Course((_REVIEWED, _APPROVED, _ARRIVED, (ReturnState.REFUNDING, 30)))
"""The money's arrival follows from the way it goes."""
EXCHANGED = Course((_REVIEWED, _APPROVED, _ARRIVED, (ReturnState.DONE, 24)))
REPAIRED = Course((_REVIEWED, _APPROVED, (ReturnState.REPAIRING, 60), (ReturnState.DONE, 240)))
PAID_BACK = Course((_REVIEWED, (ReturnState.REFUNDING, 12)))
_WITHDRAWN = Course((_REVIEWED, _APPROVED, (ReturnState.WITHDRAWN, 20)))
_CLOSED = Course((_REVIEWED, _APPROVED, (ReturnState.CLOSED, 24 * policy.SEND_BACK_DAYS)))
_REJECTED = Course((_REVIEWED, (ReturnState.REJECTED, 20)))

_COURSES: dict[ReturnKind, dict[Course, int]] = {
    ReturnKind.RETURN: {RETURNED: 14, _WITHDRAWN: 2, _CLOSED: 2, _REJECTED: 2},
    ReturnKind.EXCHANGE: {EXCHANGED: 1},
    ReturnKind.REPAIR: {REPAIRED: 1},
    ReturnKind.REFUND: {PAID_BACK: 4, _REJECTED: 1},
}
_WISHES: dict[tuple[ReturnKind, ReturnReason], int] = {
    (ReturnKind.RETURN, ReturnReason.NO_REASON): 40,
    (ReturnKind.RETURN, ReturnReason.QUALITY): 12,
    (ReturnKind.EXCHANGE, ReturnReason.SIZE): 18,
    (ReturnKind.EXCHANGE, ReturnReason.WRONG_ITEM): 4,
    (ReturnKind.REPAIR, ReturnReason.QUALITY): 14,
    (ReturnKind.REFUND, ReturnReason.DAMAGED): 8,
    (ReturnKind.REFUND, ReturnReason.MISSING): 4,
}


def make_returns(
    rng: Random,
    numbers: Numbers,
    now: datetime,
    purchases: Sequence[Purchase],
    variants: Mapping[str, Sequence[Product]],
    share: float,
) -> None:
    """Slips for about `share` of the orders signed, and for some still on the way.

    `variants`: every variant of a product, by the product's id.
    """
    for purchase in purchases:
        order = purchase.order
        if rng.random() > share:
            continue
        if order.state in (OrderState.SIGNED, OrderState.COMPLETED):
            _crowd_return(rng, numbers, now, order, variants)
        elif order.state is OrderState.SHIPPED:
            _intercept(rng, numbers, now, order)


def make_return(
    rng: Random,
    numbers: Numbers,
    now: datetime,
    order: Order,
    line: int,
    kind: ReturnKind,
    reason: ReturnReason,
    created_at: datetime,
    course: Course,
    text: str | None = None,
    to_variant: str | None = None,
) -> Return:
    """A slip as far as it has come by `now`, with the refund where money was sent."""
    judged = order_facts(order)
    request = returns.Request(kind, reason, (judged.lines[line - 1],))
    review_by = returns.review_by(judged, request, created_at)
    if not returns.needs_review(judged, request):
        course = course.reviewed_in(0)
    elif review_by and review_by - created_at < timedelta(hours=course.steps[1][1]):
        course = course.reviewed_in(1)
    slip = Return(
        slip=numbers.take("TH", created_at),
        customer_id=order.customer_id,
        order=order,
        line=line,
        kind=kind,
        state=ReturnState.REVIEWING,
        reason=text or rng.choice(_REASONS[reason]),
        reason_code=reason,
        to_variant=to_variant,
        refund_fen=returns.refund_fen(request),
        created_at=created_at,
        events=[],
    )
    moment = created_at
    for state, hours in course.steps:
        moment += timedelta(hours=hours)
        if state is ReturnState.CLOSED and slip.send_by:
            moment = slip.send_by
        if moment <= now:
            _enter(rng, slip, state, moment)
    if slip.state is ReturnState.REFUNDING:
        arrived_at = refund(order, f"return:{slip.slip}", slip.refund_fen, slip.events[-1].time, now)
        if arrived_at <= now:
            _enter(rng, slip, ReturnState.REFUNDED, arrived_at)
    if slip.state is ReturnState.REVIEWING:
        slip.review_by = review_by
    if slip.state.is_open:
        slip.open_key = f"{order.number}:{line}"
    return slip


def _enter(rng: Random, slip: Return, state: ReturnState, moment: datetime) -> None:
    slip.state = state
    slip.events.append(ReturnEvent(time=moment, state=state))
    if state is ReturnState.AWAITING_GOODS:
        slip.send_by = end_of(moment.date() + timedelta(days=policy.SEND_BACK_DAYS))
        merchant = slip.order.seller_type is SellerType.MERCHANT
        address = MERCHANT_RETURN_ADDRESS if merchant else rng.choice(RETURN_ADDRESSES)
        slip.return_address = address.format(seller=slip.order.seller_name)


def refund(order: Order, source: str, amount_fen: int, sent: datetime, now: datetime) -> datetime:
    """Sends money back the way it was paid, and says when the last of it arrives.

    That is at once for balance and gift cards, else some hours later, and never after the last day
    that the way allows.
    """
    arrived_at = sent
    for part in refunds.parts(
        amount_fen, order.amount_fen, order.payment_method, order.gift_card_fen, order.balance_fen
    ):
        last_day = refunds.arrives_by(part.method, sent.date())
        there_at = sent if refunds.is_instant(part.method) else min(sent + _TRANSFER_TAKES, end_of(last_day))
        arrived_at = max(arrived_at, there_at)
        order.refunds.append(
            Refund(
                customer_id=order.customer_id,
                source=source,
                method=part.method,
                amount_fen=part.amount_fen,
                state=RefundState.ARRIVED if there_at <= now else RefundState.SENT,
                created_at=sent,
                arrives_by=last_day,
            )
        )
    return arrived_at


def refund_cancelled(now: datetime, purchases: Sequence[Purchase]) -> None:
    """What was paid for orders that were cancelled afterwards."""
    for purchase in purchases:
        order = purchase.order
        if order.state is OrderState.CANCELLED and order.paid_at and order.cancelled_at:
            refund(order, f"cancel:{order.number}", order.amount_fen, order.cancelled_at, now)


def protect_prices(
    rng: Random, numbers: Numbers, now: datetime, purchases: Sequence[Purchase], share: float
) -> None:
    """Pays the difference to some of those who bought shortly before a price fell."""
    for purchase in purchases:
        order = purchase.order
        if rng.random() > share or order.returns or order.paid_at is None:
            continue
        judged = order_facts(order)
        for line in judged.lines:
            if not price_protection.eligible(judged, line, now.date()).ok:
                continue
            found = price_protection.difference(line)
            since = max(change.since for change in order.items[line.line - 1].product.prices)
            asked_at = since + timedelta(minutes=rng.randint(30, 600))
            if not isinstance(found, price_protection.Difference) or not order.paid_at < asked_at < now:
                continue
            number = numbers.take("JB", asked_at)
            order.price_protections.append(
                PriceProtection(
                    number=number,
                    customer_id=order.customer_id,
                    line=line.line,
                    paid_unit_fen=found.paid_unit_fen,
                    current_fen=found.current_fen,
                    quantity=found.quantity,
                    amount_fen=found.amount_fen,
                    created_at=asked_at,
                )
            )
            refund(order, f"price:{number}", found.amount_fen, asked_at, now)


def _crowd_return(
    rng: Random, numbers: Numbers, now: datetime, order: Order, variants: Mapping[str, Sequence[Product]]
) -> Return | None:
    """A slip the rules allow, or None where they refuse what this customer wished."""
    assert order.signed_at
    item = rng.choice(order.items)
    [(kind, reason)] = rng.choices(list(_WISHES), list(_WISHES.values()))
    created_at = order.signed_at + timedelta(minutes=rng.randint(60, 5 * 1440))
    if created_at > now:
        created_at = (order.signed_at + (now - order.signed_at) * 0.5).replace(microsecond=0)
    judged = order_facts(order)
    request = returns.Request(kind, reason, (judged.lines[item.line - 1],))
    if not returns.decide(judged, request, created_at).ok:
        return None
    to_variant = item.variant if kind is ReturnKind.EXCHANGE else None
    if reason is ReturnReason.SIZE:
        siblings = variants[item.product.product_id]
        others = [one.variant for one in siblings if one.stock and one.sku != item.sku]
        if not others:
            return None
        to_variant = rng.choice(others)
    courses = _COURSES[kind]
    [course] = rng.choices(list(courses), list(courses.values()))
    if course is _REJECTED and not returns.needs_review(judged, request):
        course = RETURNED
    return make_return(
        rng, numbers, now, order, item.line, kind, reason, created_at, course, to_variant=to_variant
    )


def _intercept(rng: Random, numbers: Numbers, now: datetime, order: Order) -> None:
    """Money back for a parcel still on its way: it is stopped and comes home first."""
    shipment = order.shipment
    if shipment is None or shipment.state is not ShipmentState.IN_TRANSIT:
        return
    line = order.items[0].line if len(order.items) == 1 else None
    asked_at = max(shipment.created_at, now - timedelta(hours=rng.randint(1, 12)))
    Return(
        slip=numbers.take("TH", asked_at),
        customer_id=order.customer_id,
        order=order,
        line=line,
        open_key=f"{order.number}:{line or '*'}",
        kind=ReturnKind.REFUND,
        state=ReturnState.REVIEWING,
        reason=rng.choice(_REASONS[ReturnReason.NO_REASON]),
        reason_code=ReturnReason.NO_REASON,
        intercepts=True,
        refund_fen=order.amount_fen - sum(refund.amount_fen for refund in order.refunds),
        created_at=asked_at,
        events=[ReturnEvent(time=asked_at, state=ReturnState.REVIEWING)],
    )
