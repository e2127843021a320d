"""Which goods the page shows: the house's models first, then some of every department."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from backoffice.models import Product
from backoffice.states import SellerType

_OF_EACH_DEPARTMENT = 3


@dataclass(frozen=True)
class Card:
    """One product as its card tells it; prices in fen, of the cheapest variant."""

    department: str
    name: str
    seller: str | None
    """A merchant's name; None for the shop's own."""
    price_fen: int
    was_fen: int | None
    """The price before, where it has fallen."""
    variants: int
    in_stock: bool
    flagship: bool


def goods_to_show(session: Session) -> list[Card]:
    """Some goods on sale of each department, in the catalogue's order."""
    query = (
        select(Product)
        .where(Product.on_sale)
        .options(selectinload(Product.prices))
        .order_by(Product.product_id, Product.sku)
    )
    flagships: list[Card] = []
    shelves: dict[str, list[Card]] = {}
    for product_id, variants in groupby(session.scalars(query), key=lambda product: product.product_id):
        card = _card(list(variants), flagship=product_id.startswith("LX-"))
        if card.flagship:
            flagships.append(card)
        else:
            shelves.setdefault(card.department, []).append(card)
    return flagships + [card for shelf in shelves.values() for card in _spread(shelf)]


def _spread(shelf: list[Card]) -> list[Card]:
    """A few cards from all along the shelf rather than its first kind alone."""
    return shelf[:: max(1, len(shelf) // _OF_EACH_DEPARTMENT)][:_OF_EACH_DEPARTMENT]


def _card(variants: list[Product], flagship: bool) -> Card:
    cheapest = min(variants, key=lambda product: product.price_fen)
    before = cheapest.prices[1].price_fen if len(cheapest.prices) > 1 else 0
    return Card(
        department=str(cheapest.attributes.get("类目", "")).split(" · ")[0] or cheapest.category.label,
        name=cheapest.name,
        seller=cheapest.seller_name if cheapest.seller_type is SellerType.MERCHANT else None,
        price_fen=cheapest.price_fen,
        was_fen=before if before > cheapest.price_fen else None,
        variants=len(variants),
        in_stock=any(product.stock for product in variants),
        flagship=flagship,
    )
