"""What the shop gives for an order that came, or left, late: a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Due:
    """What would be given now.

    Attributes:
        order: the order's number; `title`: what it is called.
        kind_code: late_delivery, late_shipping.
        reason: how late it is, in the shop's words.
        coupon: what the coupon is called; `days`: for how many days it is valid.
    """

    order: str
    title: str
    kind_code: str
    reason: str
    coupon: str
    days: int


@dataclass(frozen=True)
class Compensation:
    """What was given. `valid_to`: ISO 8601."""

    number: str
    order: str
    title: str
    coupon: str
    scope: str
    valid_to: str


class CompensationGateway(Protocol):
    """Port to compensations. All calls see only `caller.customer`'s."""

    def quote(self, caller: Caller, order_number: str) -> Due:
        """What would be given for an order. Raises Rejected (`compensation_not_late`, …)."""

    def due(self, caller: Caller) -> list[Due]:
        """What would be given for each of the newest orders; those for which nothing is are left out."""

    def apply(self, caller: Caller, order_number: str) -> Compensation:
        """Have it given, once an order. Raises Rejected."""


class HttpCompensations:
    """`CompensationGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def quote(self, caller: Caller, order_number: str) -> Due:
        return _due(self._http.get("/compensations/quote", caller, order_number=order_number))

    def due(self, caller: Caller) -> list[Due]:
        return [_due(each) for each in self._http.get("/compensations/offers", caller)["items"]]

    def apply(self, caller: Caller, order_number: str) -> Compensation:
        given = self._http.post("/compensations", caller, {"order_number": order_number})
        return Compensation(
            given["number"], given["order_number"], given["title"], given["coupon"], given["scope"], given["valid_to"]
        )


def _due(data: dict[str, Any]) -> Due:
    return Due(
        data["order_number"], data["title"], data["kind_code"], data["reason"], data["coupon"], data["valid_days"]
    )
