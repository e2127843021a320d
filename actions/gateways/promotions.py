"""What the shop gives back or off: coupons, and the difference after a price drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller

ALL = 100


@dataclass(frozen=True)
class Coupon:
    """A coupon.

    Attributes:
        state_code: unused, used, expired.
        valid_to: ISO 8601.
        unusable: why it cannot be used now, in the shop's words; None where it can.
        returned_from: the cancelled order it came back from, or None.
    """

    name: str
    scope: str
    state_code: str
    valid_to: str
    unusable: str | None
    returned_from: str | None


@dataclass(frozen=True)
class Fitting:
    """A coupon held against an order. `lacks`: why it cannot be used, in the shop's words; None where it can. `pays`: what is
    left to pay with it, in yuan."""

    name: str
    valid_to: str
    lacks: str | None
    pays: str


@dataclass(frozen=True)
class Quote:
    """What a price protection would pay back now. Amounts in yuan; route and eta in the shop's words."""

    item: str
    paid: str
    current: str
    amount: str
    route: str
    eta: str
    quantity: int


@dataclass(frozen=True)
class Protection(Quote):
    """A price protection that was granted. `refund_code`: sent, arrived; `arrives_by`: ISO 8601 day."""

    number: str
    order_number: str
    refund_code: str
    arrives_by: str
    created_at: str


class PromotionGateway(Protocol):
    """Port to coupons and price protection. All calls see only `caller.customer`'s."""

    def coupons(self, caller: Caller) -> list[Coupon]:
        """All coupons, soonest to lapse first."""

    def fitting(self, caller: Caller, order_number: str) -> list[Fitting]:
        """The coupons that can be used now, held against an order; what fits first, the best first. Raises NotFound."""

    def quote(self, caller: Caller, order_number: str, line: int | None) -> Quote:
        """What would be paid back. Raises Rejected (`price_not_lower`, …)."""

    def protect(self, caller: Caller, order_number: str, line: int | None) -> Protection:
        """Pay the difference back. Raises Rejected."""

    def protections(self, caller: Caller) -> list[Protection]:
        """What was paid back so far, newest first."""


class HttpPromotions:
    """`PromotionGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def coupons(self, caller: Caller) -> list[Coupon]:
        return [_coupon(item) for item in self._http.get("/coupons", caller, limit=ALL)["items"]]

    def fitting(self, caller: Caller, order_number: str) -> list[Fitting]:
        held = self._http.get("/coupons/fitting", caller, order_number=order_number)["items"]
        return [Fitting(each["name"], each["valid_to"], each["lacks"], each["pays"]) for each in held]

    def quote(self, caller: Caller, order_number: str, line: int | None) -> Quote:
        answer = self._http.get("/price-protections/quote", caller, order_number=order_number, line=line)
        return Quote(**_quoted(answer))

    def protect(self, caller: Caller, order_number: str, line: int | None) -> Protection:
        body = {"order_number": order_number, "line": line}
        return _protection(self._http.post("/price-protections", caller, body))

    def protections(self, caller: Caller) -> list[Protection]:
        return [_protection(item) for item in self._http.get("/price-protections", caller)["items"]]


def _coupon(data: dict[str, Any]) -> Coupon:
    return Coupon(
        name=data["name"],
        scope=data["scope"],
        state_code=data["state_code"],
        valid_to=data["valid_to"],
        unusable=data.get("unusable_reason"),
        returned_from=data.get("returned_from"),
    )


def _quoted(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "item": data["item"],
        "paid": data["paid_unit_price"],
        "current": data["current_price"],
        "amount": data["amount"],
        "route": data["refund_route"],
        "eta": data["refund_eta"],
        "quantity": data["quantity"],
    }


def _protection(data: dict[str, Any]) -> Protection:
    return Protection(
        **_quoted(data),
        number=data["number"],
        order_number=data["order_number"],
        refund_code=data["refund_state_code"],
        arrives_by=data["arrives_by"],
        created_at=data["created_at"],
    )
