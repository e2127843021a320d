"""The shop's goods: which ones are meant, what they cost, what their pages say. Visitors may ask too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Found:
    """A product that words may mean. `best`: nothing else fits clearly better."""

    sku: str
    product_id: str
    name: str
    kind: str
    in_stock: bool
    best: bool


@dataclass(frozen=True)
class Variant:
    """One colour, size or package. `state` is the shop's word, `state_code`: in_stock, few_left, out_of_stock, discontinued."""

    sku: str
    name: str
    price: str
    stock: int
    state: str
    state_code: str
    restock_hint: str


@dataclass(frozen=True)
class Product:
    """A product and all its variants; `sku` is the one asked for."""

    sku: str
    product_id: str
    name: str
    seller: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Fact:
    """One thing that the product's page says."""

    name: str
    value: str


@dataclass(frozen=True)
class Answer:
    """What the page says to a question (`facts`; empty: nothing), and all that it says."""

    sku: str
    name: str
    general: bool
    facts: tuple[Fact, ...]
    recorded: tuple[Fact, ...]


@dataclass(frozen=True)
class Coupon:
    """A coupon of the customer's that one piece can take now."""

    name: str
    price_after: str
    valid_to: str


@dataclass(frozen=True)
class Offer:
    """What a variant costs. `since` and `was` tell of the last change of price; `coupons`, the most valuable first."""

    price: str
    since: str | None
    was: str | None
    lowest: str
    coupons: tuple[Coupon, ...]


@dataclass(frozen=True)
class Pick:
    """A recommended product and why."""

    sku: str
    name: str
    price: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Recommendation:
    """At most three products. `open`: nothing was said to choose by."""

    picks: tuple[Pick, ...]
    open: bool


class ProductGateway(Protocol):
    """Port to the catalogue. `caller.customer` may be None."""

    def named(self, name: str) -> list[Found]:
        """The products of that name, model or category, best first."""

    def meant(self, text: str) -> list[Found]:
        """The products that a sentence may speak of, best first."""

    def get(self, sku: str) -> Product:
        """A product by one of its variants. Raises NotFound."""

    def answer(self, sku: str, question: str) -> Answer:
        """What the product's page says to a question. Raises NotFound."""

    def offer(self, caller: Caller, sku: str) -> Offer:
        """What a variant costs, with the caller's coupons. Raises NotFound."""

    def recommend(
        self, caller: Caller, kind: str | None, text: str, colour: str | None, amounts: list[int]
    ) -> Recommendation:
        """What to buy; a proven caller's earlier purchases count. `amounts` in yuan."""

    def of_order(self, caller: Caller, number: str) -> list[Found]:
        """The products of one of the caller's orders. Raises NotFound."""


class HttpProducts:
    """`ProductGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def named(self, name: str) -> list[Found]:
        return [_found(item) for item in self._http.get("/products/search", name=name[:100])["items"]]

    def meant(self, text: str) -> list[Found]:
        return [_found(item) for item in self._http.get("/products/search", text=text[:500])["items"]]

    def get(self, sku: str) -> Product:
        data = self._http.get(f"/products/{sku}")
        return Product(
            sku=data["sku"],
            product_id=data["product_id"],
            name=data["name"],
            seller=data["seller_name"],
            variants=tuple(
                Variant(
                    sku=each["sku"],
                    name=each["variant"],
                    price=each["price"],
                    stock=each["stock"],
                    state=each["stock_state"],
                    state_code=each["stock_state_code"],
                    restock_hint=each.get("restock_hint") or "",
                )
                for each in data["variants"]
            ),
        )

    def answer(self, sku: str, question: str) -> Answer:
        data = self._http.get(f"/products/{sku}/answer", question=question[:500])
        facts, recorded = (tuple(Fact(f["name"], f["value"]) for f in data[key]) for key in ("facts", "recorded"))
        return Answer(data["sku"], data["name"], bool(data["general"]), facts, recorded)

    def offer(self, caller: Caller, sku: str) -> Offer:
        data = self._http.get(f"/products/{sku}/offer", caller)
        coupons = tuple(Coupon(c["name"], c["price_after"], c["valid_to"]) for c in data["coupons"])
        return Offer(data["price"], data.get("since"), data.get("was"), data["lowest"], coupons)

    def recommend(
        self, caller: Caller, kind: str | None, text: str, colour: str | None, amounts: list[int]
    ) -> Recommendation:
        query = {"kind": kind, "text": text[:500] or None, "colour": colour, "amount": amounts[:4] or None}
        data = self._http.get("/products/recommendations", caller, **query)
        picks = (Pick(p["sku"], p["name"], p["price"], tuple(p["why"])) for p in data["items"])
        return Recommendation(tuple(picks), bool(data["open"]))

    def of_order(self, caller: Caller, number: str) -> list[Found]:
        items = self._http.get(f"/orders/{number}", caller)["items"]
        return [Found(item["sku"], item["sku"], item["product"], "", True, True) for item in items]


def _found(data: dict[str, Any]) -> Found:
    return Found(data["sku"], data["product_id"], data["name"], data["kind"], data["in_stock"], data["best"])
