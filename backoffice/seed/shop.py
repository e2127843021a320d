"""Puts the demo shop together and writes it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from backoffice.clock import in_shanghai
from backoffice.models import Coupon, Customer, GiftCard, PointsEntry, ShipmentTrace, Ticket
from backoffice.seed import after_sales, loyalty, orders, parcels, picker
from backoffice.seed.catalogue import Goods, read_catalogue
from backoffice.seed.coupons import CouponBook, make_coupons
from backoffice.seed.invoices import make_invoices
from backoffice.seed.numbers import Numbers
from backoffice.seed.orders import Purchase
from backoffice.seed.people import CUSTOMERS, make_shoppers, read_places, read_words
from backoffice.seed.tickets import make_tickets
from backoffice.states import OrderState

ORDERS = 3000
TICKETS = 140
RANDOM_SEED = 20260101
_ENDED = (OrderState.COMPLETED, OrderState.CANCELLED)
_RETURN_SHARE = 0.16
_PRICE_PROTECTION_SHARE = 0.5


@dataclass(frozen=True)
class Shop:
    """Everything to be written."""

    customers: list[Customer]
    goods: list[Goods]
    purchases: list[Purchase]
    traces: list[dict[str, Any]]
    ledger: list[loyalty.Entry]
    coupons: list[Coupon]
    tickets: list[Ticket]
    gift_cards: list[GiftCard]


def seed(session: Session, now: datetime, random_seed: int = RANDOM_SEED) -> bool:
    """Fills an empty database; does nothing (and says False) where there are customers.

    The same moment and seed make the same rows. A moment rather than a day: unpaid orders are minutes
    old, and nothing has happened that is still to come.
    """
    if session.scalar(select(Customer.id).limit(1)):
        return False
    with _no_garbage_collection():
        write(session, assemble(now, random_seed))
    return True


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """All rows live until they are written: looking for garbage among them takes a fifth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def assemble(now: datetime, random_seed: int = RANDOM_SEED, order_count: int = ORDERS) -> Shop:
    """The shop as it stands at `now`, in memory."""
    now = in_shanghai(now).replace(microsecond=0)

    def part(name: str) -> Random:
        """Each part has its own numbers: a new product does not change who shops."""
        return Random(f"{random_seed}:{name}")

    numbers, depot = Numbers(), parcels.Depot(part("depot"), now)
    words, places = read_words(), read_places()
    goods = read_catalogue(part("catalogue"), now)
    variants = {one.product_id: one.variants for one in goods}
    crowd = make_shoppers(part("people"), now, words, places, first=len(picker.PICKER) + 1)
    cast = picker.Cast(part("picker"), numbers, depot, now, goods, places, words)
    staged = cast.stage()
    count = order_count - len(staged)
    crowded = orders.make_crowd_purchases(part("orders"), numbers, now, crowd, goods, words, count)
    parcels.make_shipments(part("parcels"), depot, now, crowded, words)
    customers = [*cast.customers, *(shopper.customer for shopper in crowd)]
    by_customer = loyalty.orders_by_customer([*staged, *crowded])

    # Levels come from what is completed and points from levels; only then can points pay for open orders.
    ended = [one for one in crowded if one.order.state in _ENDED]
    still_open = [one for one in crowded if one.order.state not in _ENDED]
    aftermath = part("aftermath")
    after_sales.refund_cancelled(now, [*staged, *ended])
    after_sales.make_returns(aftermath, numbers, now, ended, variants, _RETURN_SHARE)
    after_sales.protect_prices(aftermath, numbers, now, ended, _PRICE_PROTECTION_SHARE)
    loyalty.set_levels(customers, by_customer, now.date())
    loyalty.spend_points(part("points"), still_open, customers, by_customer, now)
    after_sales.make_returns(aftermath, numbers, now, still_open, variants, _RETURN_SHARE)
    after_sales.protect_prices(aftermath, numbers, now, still_open, _PRICE_PROTECTION_SHARE)
    cast.play_out()

    make_invoices(part("invoices"), numbers, now, crowded, customers, words)
    ledger = loyalty.make_points(part("ledger"), customers, by_customer, now)
    book = CouponBook(now)
    make_coupons(part("coupons"), book, customers, by_customer, now)
    others = range(len(picker.PICKER) + 1, CUSTOMERS + 1)
    tickets = make_tickets(part("tickets"), numbers, now, crowded, others, TICKETS)
    return Shop(
        customers=customers,
        goods=goods,
        purchases=[*staged, *crowded],
        traces=depot.traces,
        ledger=ledger,
        coupons=book.coupons,
        tickets=[*cast.tickets, *tickets],
        gift_cards=loyalty.make_gift_cards(part("gift cards"), customers, now),
    )


def write(session: Session, shop: Shop) -> None:
    """In the order of the keys: what a row names is written before it."""
    session.add_all(shop.customers)
    session.add_all(product for one in shop.goods for product in one.variants)
    session.flush()
    session.add_all(one.order for one in shop.purchases)
    session.flush()
    session.execute(insert(ShipmentTrace), shop.traces)
    session.execute(insert(PointsEntry), [entry._asdict() for entry in shop.ledger])
    session.add_all([*shop.coupons, *shop.tickets, *shop.gift_cards])
    session.flush()
