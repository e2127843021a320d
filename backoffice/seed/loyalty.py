"""Levels and 灵犀币, following from the orders (document 07)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple

from backoffice.clock import SHANGHAI, end_of
from backoffice.models import Customer, GiftCard, Order
from backoffice.rules import points
from backoffice.rules.levels import THRESHOLDS_FEN
from backoffice.seed.orders import Purchase, settle
from backoffice.states import Level, OrderState, ReturnState, SellerType

MAX_SHARE_PERCENT = 30
"""Points pay at most this share of the goods (document 07, 灵犀币怎么抵扣)."""


class Entry(NamedTuple):
    """A row of `PointsEntry`, plain because there are many."""

    customer_id: str
    change: int
    reason: str
    created_at: datetime
    order_number: str | None
    expires_on: date | None = None


def orders_by_customer(purchases: Sequence[Purchase]) -> dict[str, list[Order]]:
    by_customer: dict[str, list[Order]] = defaultdict(list)
    for purchase in purchases:
        by_customer[purchase.order.customer_id].append(purchase.order)
    return by_customer


def spent_fen(orders: Sequence[Order], today: date) -> int:
    """Paid for orders completed in the 365 days before this month's first day, less refunds.

    Levels are set anew on each first of a month (document 07, 会员等级什么时候升级和降级).
    """
    first = datetime.combine(today.replace(day=1), time.min, SHANGHAI)
    return sum(
        order.amount_fen - sum(refund.amount_fen for refund in order.refunds)
        for order in orders
        if order.completed_at and first - timedelta(days=365) <= order.completed_at < first
    )


def level_for(spent: int) -> Level:
    return next(level for level, least in reversed(THRESHOLDS_FEN.items()) if spent >= least)


def set_levels(customers: Sequence[Customer], orders: Mapping[str, Sequence[Order]], today: date) -> None:
    for customer in customers:
        customer.level = level_for(spent_fen(orders.get(customer.id, ()), today))


def spend_points(
    rng: Random,
    purchases: Sequence[Purchase],
    customers: Sequence[Customer],
    orders: Mapping[str, Sequence[Order]],
    now: datetime,
) -> None:
    """Lets some pay a part of an order still open with points they surely have.

    Only open orders: what was paid for completed ones has already made the levels.
    """
    by_id = {customer.id: customer for customer in customers}
    for purchase in purchases:
        order = purchase.order
        if not _takes_points(order) or rng.random() > 0.2:
            continue
        kept = [other for other in orders[order.customer_id] if not other.returns]
        received = earned(by_id[order.customer_id], kept, now)
        spare = sum(entry.change for entry in received if entry.created_at <= order.created_at)
        spare -= sum(other.points_used for other in orders[order.customer_id])
        most = order.goods_fen * MAX_SHARE_PERCENT // 100 * points.POINTS_PER_YUAN // 100
        used = min(spare, most) // 100 * 100
        if used > 0:
            order.points_used = used
            settle(order, purchase.home.place.tier)


def earned(customer: Customer, orders: Iterable[Order], now: datetime) -> list[Entry]:
    """What completed orders brought that is there at `now`: not lapsed. Business orders bring none."""
    entries = []
    for order in orders:
        if order.completed_at is None or order.is_enterprise:
            continue
        received = order.completed_at
        amount = points.earned(sum(item.paid_fen for item in order.items), customer.level)
        expires_on = points.expiry(received.date())
        if amount and now.date() <= expires_on:
            entries.append(Entry(customer.id, amount, "购物", received, order.number, expires_on))
    return entries


def make_points(
    rng: Random, customers: Sequence[Customer], orders: Mapping[str, Sequence[Order]], now: datetime
) -> list[Entry]:
    """Each customer's ledger, oldest first, and its sum on the card."""
    ledger: list[Entry] = []
    for customer in customers:
        bought = orders.get(customer.id, ())
        entries = earned(customer, bought, now)
        entries += _signing_in(rng, customer, now)
        received = {entry.order_number: entry for entry in entries if entry.order_number}
        for order in bought:
            if order.points_used:
                spent = -order.points_used
                entries.append(Entry(customer.id, spent, "订单抵扣", order.created_at, order.number))
            for slip in order.returns:
                if slip.state is ReturnState.REFUNDED and order.number in received:
                    bonus = received[order.number]
                    moment = max(slip.events[-1].time, bonus.created_at)
                    taken = min(bonus.change, points.earned(slip.refund_fen, customer.level))
                    entries.append(Entry(customer.id, -taken, "退货收回", moment, order.number))
        entries.sort(key=lambda entry: entry.created_at)
        customer.points = sum(entry.change for entry in entries)
        ledger += entries
    return ledger


def make_gift_cards(rng: Random, customers: Sequence[Customer], now: datetime) -> list[GiftCard]:
    """One account in five has a card or two, partly spent; the first account always has (for the demo)."""
    cards: list[GiftCard] = []
    for place, customer in enumerate(customers):
        for _ in range(rng.randint(1, 2) if place == 0 or rng.random() < 0.2 else 0):
            face_fen = rng.choice((10_000, 20_000, 50_000))
            bound_at = now - timedelta(days=rng.randint(1, 1000))
            cards.append(
                GiftCard(
                    id=f"LK{len(cards) + 1:06}",
                    customer_id=customer.id,
                    tail=f"{rng.randint(0, 9999):04}",
                    face_fen=face_fen,
                    balance_fen=face_fen - rng.randint(0, face_fen // 200) * 100,
                    bound_at=max(bound_at, customer.registered_at),
                    valid_to=end_of(bound_at.date() + timedelta(days=3 * 365)),
                )
            )
    return cards


def _takes_points(order: Order) -> bool:
    return (
        order.state in (OrderState.UNPAID, OrderState.PAID, OrderState.SHIPPED, OrderState.SIGNED)
        and order.seller_type is SellerType.SELF
        and not order.is_enterprise
    )


def _signing_in(rng: Random, customer: Customer, now: datetime) -> list[Entry]:
    moments = [now - timedelta(days=days) for days in rng.sample(range(1, 60), rng.randint(0, 6))]
    return [
        Entry(customer.id, rng.randint(1, 5), "签到", moment, None, points.expiry(moment.date()))
        for moment in moments
        if moment > customer.registered_at
    ]
