"""Reads the shelf: what is on sale, what sells, what a customer has bought, which coupons a product takes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.models import Coupon, Order, OrderItem, PriceChange, Product
from backoffice.money import yuan
from backoffice.rules.properties import kind_of
from backoffice.rules.search import Found, search
from backoffice.rules.wishes import Bought, Offer
from backoffice.states import CouponKind, CouponState, OrderState, SellerType

SOLD_DAYS = 90
FALLEN_DAYS = 30
_BOUGHT_LATELY = 20


def find(session: Session, wanted: set[str]) -> list[Found[str]]:
    """The products that the words fit, best first."""
    shelf = select(Product.product_id, Product.name, Product.attributes).where(
        Product.sku.in_(select(func.min(Product.sku)).group_by(Product.product_id))
    )
    rows = [(key, f"{name} {kind_of(about)}".lower()) for key, name, about in session.execute(shelf)]
    return search(wanted, sorted(rows))


def offers(session: Session, now: datetime) -> list[Offer]:
    """Everything that can be bought now: a product once, at the price of its cheapest variant in stock."""
    sold = {
        key: int(pieces or 0)
        for key, pieces in session.execute(
            select(Product.product_id, func.sum(OrderItem.quantity))
            .join(OrderItem, OrderItem.sku == Product.sku)
            .join(Order, Order.number == OrderItem.order_number)
            .where(Order.created_at >= now - timedelta(days=SOLD_DAYS), Order.state != OrderState.CANCELLED)
            .group_by(Product.product_id)
        )
    }
    before = _prices_before(session, now)
    by_product: dict[str, list[Product]] = defaultdict(list)
    there = select(Product).where(Product.on_sale, Product.stock > 0).order_by(Product.sku)
    for product in session.scalars(there):
        by_product[product.product_id].append(product)
    cheapest = {key: min(same, key=lambda p: (p.price_fen, p.sku)) for key, same in by_product.items()}
    return [
        Offer(
            product_id=key,
            sku=product.sku,
            name=product.name,
            variants=tuple(each.variant for each in by_product[key]),
            price_fen=product.price_fen,
            attributes=product.attributes,
            sold=sold.get(key, 0),
            was_fen=before.get(product.sku),
        )
        for key, product in cheapest.items()
    ]


def bought(session: Session, customer_id: str) -> list[Bought]:
    """What the customer bought and kept in mind, the latest first."""
    rows = session.execute(
        select(Product.product_id, Product.name, Product.attributes)
        .join(OrderItem, OrderItem.sku == Product.sku)
        .join(Order, Order.number == OrderItem.order_number)
        .where(Order.customer_id == customer_id, Order.state != OrderState.CANCELLED)
        .order_by(Order.created_at.desc())
        .limit(_BOUGHT_LATELY)
    )
    return [Bought(key, name, kind_of(about)) for key, name, about in rows]


def coupons_for(session: Session, customer_id: str, product: Product, now: datetime) -> list[Coupon]:
    """The customer's coupons that one piece of the product can take now, the most valuable first.

    A platform or birthday coupon is for the house's own goods, a shop's for that shop's (document 06).
    """
    mine = select(Coupon).where(
        Coupon.customer_id == customer_id,
        Coupon.state == CouponState.UNUSED,
        Coupon.valid_from <= now,
        Coupon.valid_to >= now,
        Coupon.threshold_fen <= product.price_fen,
    )
    own = product.seller_type is SellerType.SELF

    def fits(coupon: Coupon) -> bool:
        if coupon.kind is CouponKind.SHOP:
            return coupon.scope == product.seller_name
        return coupon.kind is CouponKind.COMPENSATION or (own and coupon.kind is not CouponKind.FREIGHT)

    dearest = mine.order_by(Coupon.value_fen.desc(), Coupon.valid_to)
    return [coupon for coupon in session.scalars(dearest) if fits(coupon)]


@dataclass(frozen=True)
class Fitting:
    """A coupon held against an order.

    Attributes:
        lacks: kind Chinese, why it cannot be used; None where it can.
        pays_fen: what is left to pay with it.
    """

    coupon: Coupon
    lacks: str | None
    pays_fen: int


def coupons_on(session: Session, order: Order, now: datetime) -> list[Fitting]:
    """The customer's coupons that can be used now, held against an order: what fits first, the best first.

    The threshold is of the goods, without freight (document 06).
    """
    mine = select(Coupon).where(
        Coupon.customer_id == order.customer_id,
        Coupon.state == CouponState.UNUSED,
        Coupon.valid_from <= now,
        Coupon.valid_to >= now,
    )
    known = session.scalars(mine.order_by(Coupon.value_fen.desc(), Coupon.valid_to))
    held = [Fitting(each, _lacks(each, order), order.amount_fen - _worth(each, order)) for each in known]
    return sorted(held, key=lambda each: (each.lacks is not None, each.pays_fen))


def _worth(coupon: Coupon, order: Order) -> int:
    most = order.freight_fen if coupon.kind is CouponKind.FREIGHT else order.amount_fen - order.freight_fen
    return min(coupon.value_fen, max(most, 0))


def _lacks(coupon: Coupon, order: Order) -> str | None:
    own = order.seller_type is SellerType.SELF
    if coupon.kind is CouponKind.FREIGHT and not order.freight_fen:
        return "这单本来就没有运费，用不着"
    if coupon.kind is CouponKind.SHOP and (own or coupon.scope != order.seller_name):
        return f"只能用在“{coupon.scope}”的商品"
    if not own and coupon.kind not in (CouponKind.SHOP, CouponKind.COMPENSATION):
        return "只能用在自营商品，这单是商家的"
    short = coupon.threshold_fen - order.goods_fen
    return f"商品 {yuan(order.goods_fen)} 元，还差 {yuan(short)} 元才够门槛" if short > 0 else None


def variants(session: Session, product_ids: list[str]) -> dict[str, list[Product]]:
    """All variants of some products."""
    found: dict[str, list[Product]] = defaultdict(list)
    wanted = select(Product).where(Product.product_id.in_(product_ids)).order_by(Product.sku)
    for product in session.scalars(wanted):
        found[product.product_id].append(product)
    return found


def _prices_before(session: Session, now: datetime) -> dict[str, int]:
    """By sku, the price before the newest change, where that change is recent."""
    changes = session.execute(
        select(PriceChange.sku, PriceChange.price_fen, PriceChange.since).order_by(PriceChange.since)
    )
    by_sku: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for sku, price_fen, since in changes:
        by_sku[sku].append((price_fen, since))
    recent = now - timedelta(days=FALLEN_DAYS)
    return {sku: told[-2][0] for sku, told in by_sku.items() if len(told) > 1 and told[-1][1] >= recent}
