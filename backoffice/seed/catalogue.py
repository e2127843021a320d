"""The goods of the demo shop: reads `data/catalogue/*.yml`, gives variants their stock and price history.

A file is a department; brand × line is a product, and each combination of its variants is a row to sell.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from backoffice.models import PriceChange, Product
from backoffice.states import Category, ReturnRule, SellerType

FILES = Path(__file__).parent / "data" / "catalogue"
HISTORY_DAYS = 720
"""How far back prices are known; no order is older."""

_LINE_FIELDS = frozenset({"brand", "sku", "model", "title", "price", "return_rule", "price_drop"})


@dataclass(frozen=True)
class Goods:
    """One product: its variants (rows to sell), all of one seller and at prices that move together."""

    product_id: str
    kind: str
    """智能手机, 运动鞋, …"""
    variants: tuple[Product, ...]

    @property
    def first(self) -> Product:
        return self.variants[0]

    def variant(self, *words: str) -> Product:
        """The variant whose name has all `words`; raises LookupError where there is none."""
        for product in self.variants:
            if all(word in product.variant for word in words):
                return product
        raise LookupError(f"{self.product_id} has no variant {words}")


def read_catalogue(rng: Random, now: datetime) -> list[Goods]:
    """All goods in the order of the files."""
    goods: list[Goods] = []
    for department in _departments():
        for position, kind in enumerate(department["kinds"], start=1):
            brands = kind.get("brands", [{}])
            for count, (brand, line) in enumerate(itertools.product(brands, kind["lines"]), start=1):
                product_id = line.get("sku") or f"P{department['code']}{position:02}{count:02}"
                goods.append(_goods(rng, now, product_id, department, kind, brand, line))
    return goods


def price_at(product: Product, moment: datetime) -> int:
    """What the goods cost at that moment, in fen."""
    return max((change for change in product.prices if change.since <= moment), key=_since).price_fen


@cache
def _departments() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FILES.glob("*.yml"))]


def _since(change: PriceChange) -> datetime:
    return change.since


def _goods(
    rng: Random,
    now: datetime,
    product_id: str,
    department: dict[str, Any],
    kind: dict[str, Any],
    brand: dict[str, Any],
    line: dict[str, Any],
) -> Goods:
    model = brand.get("prefix", "") + line.get("model", "")
    name = " ".join(part for part in (brand.get("name") or line.get("brand"), model, line["title"]) if part)
    details = {key: value for key, value in line.items() if key not in _LINE_FIELDS}
    shelf = f"{department['department']} · {kind['name']}"
    attributes = {"类目": shelf, **details, **kind.get("attributes", {})}
    seller = brand.get("seller")
    base_fen = _round_price(line["price"] * 100 * brand.get("price", 1))
    flagship = "sku" in line
    steps = _flagship_steps(now, line.get("price_drop"), base_fen) if flagship else _price_steps(rng, now)
    discontinued = not flagship and rng.random() < 0.01

    variants = []
    options = list(_options(kind.get("variants", {})))
    for count, (variant, extra_fen) in enumerate(options, start=1):
        stock = 0 if discontinued else _stock(rng, flagship)
        back_on = (now + timedelta(days=rng.randint(7, 15))).date()
        variants.append(
            Product(
                sku=product_id if len(options) == 1 else f"{product_id}-{count:02}",
                product_id=product_id,
                name=name,
                variant=variant,
                category=Category(department["category"]),
                seller_type=SellerType.MERCHANT if seller else SellerType.SELF,
                seller_name=seller or "灵犀自营",
                price_fen=base_fen + extra_fen,
                stock=stock,
                restock_on=None if stock or discontinued else back_on,
                on_sale=not discontinued,
                is_large=kind.get("large", False),
                return_rule=ReturnRule(line.get("return_rule") or kind.get("return_rule", "standard")),
                warranty_months=kind.get("warranty_months", 0),
                merchant_price_protection=brand.get("price_protection", False),
                attributes=attributes,
                description="；".join(f"{key}：{value}" for key, value in list(details.items())[:3]),
                prices=[
                    PriceChange(since=since, price_fen=_round_price(base_fen * factor) + extra_fen)
                    for since, factor in steps
                ],
            )
        )
    return Goods(product_id, kind["name"], tuple(variants))


def _options(variants: dict[str, list[str | dict[str, int]]]) -> Iterator[tuple[str, int]]:
    """Every combination ("黑白 42 码") with what it costs more, in fen."""
    axes = [[_option(value) for value in values] for values in variants.values()] or [[("标准款", 0)]]
    for combination in itertools.product(*axes):
        yield " ".join(name for name, _ in combination), sum(extra for _, extra in combination)


def _option(value: str | dict[str, int]) -> tuple[str, int]:
    if isinstance(value, dict):
        [(name, yuan)] = value.items()
        return name, yuan * 100
    return value, 0


def _stock(rng: Random, flagship: bool) -> int:
    """Most are there, one in fifteen is not, some are few; the house's own models always are."""
    if flagship:
        return rng.randint(40, 400)
    if rng.random() < 1 / 15:
        return 0
    return rng.randint(1, 9) if rng.random() < 0.15 else rng.randint(10, 500)


def _flagship_steps(
    now: datetime, drop: dict[str, int] | None, price_fen: int
) -> list[tuple[datetime, float]]:
    """The house's models keep the price their handbooks name, but for a drop the file asks for."""
    if drop is None:
        return [(_morning(now, HISTORY_DAYS), 1.0)]
    before = drop["from"] * 100 / price_fen
    return [(_morning(now, HISTORY_DAYS), before), (_morning(now, drop["days_ago"]), 1.0)]


def _price_steps(rng: Random, now: datetime) -> list[tuple[datetime, float]]:
    """When the price changed, oldest first, each as a factor of today's price; the last is 1.

    One product in six fell in the last twelve days, inside many price-protection windows.
    """
    days = {HISTORY_DAYS, *(rng.randint(30, HISTORY_DAYS - 1) for _ in range(rng.randint(0, 3)))}
    factors = [rng.choice((0.92, 0.95, 1.0, 1.05, 1.08)) for _ in days]
    if rng.random() < 1 / 6:
        days.add(rng.randint(1, 12))
        factors[-1] = rng.choice((1.06, 1.1, 1.16))
        factors.append(1.0)
    factors[-1] = 1.0
    moments = [_morning(now, ago) for ago in sorted(days, reverse=True)]
    return list(zip(moments, factors, strict=True))


def _morning(now: datetime, days_ago: int) -> datetime:
    return (now - timedelta(days=days_ago)).replace(hour=10, minute=0, second=0, microsecond=0)


def _round_price(fen: float) -> int:
    """Whole yuan, as shops do; small prices keep ten fen."""
    return round(fen / 100) * 100 if fen >= 5000 else round(fen / 10) * 10
