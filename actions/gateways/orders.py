"""The shop's order system: what a customer bought, and what may still be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class OrderItem:
    """One line of an order. `line` is 1-based; `category`: the shop's code for the class of goods (digital, apparel, …);
    `amount`: yuan paid for it."""

    line: int
    title: str
    quantity: int
    category: str = ""
    amount: str = ""


@dataclass(frozen=True)
class Rule:
    """Whether the shop's rules allow something now; where not, why (`code`) and its words for it (`detail`); `deadline`: the
    last day on which they do or did (YYYY-MM-DD), where days are counted."""

    ok: bool
    code: str
    detail: str
    deadline: str | None = None


@dataclass(frozen=True)
class OrderRefund:
    """Money on its way back: how much, which way, and how long that takes, in the shop's words.

    Attributes:
        source: what for: cancel, return, price.
        state_code: sent, arrived.
        sent_at: ISO 8601 time with offset; `arrives_by`: YYYY-MM-DD, the last day on which it should have arrived.
    """

    amount: str
    route: str
    eta: str
    source: str = ""
    state_code: str = ""
    sent_at: str = ""
    arrives_by: str = ""


@dataclass(frozen=True)
class AmountPart:
    """A part of an amount, in the shop's words; what was taken off is negative."""

    label: str
    amount: str


@dataclass(frozen=True)
class Order:
    """An order as the customer may see it.

    Attributes:
        state: the shop's word (Chinese); `state_code`: unpaid, paid, shipped, signed, completed, cancelled.
        allowed: what the shop's rules allow now, by name: cancel, change, urge, return, exchange, repair, refund.
        times: ISO 8601 times with offset, by name (created_at, paid_at, …); absent when it did not happen.
        cancel_decide_by: until when the merchant answers the wish to cancel; None where none is open.
        parts: what the amount is made of.
        merchant: whether a merchant sells it, and not the shop itself.
        refund_route: where its money goes if it comes back, and how long that takes (`refund_eta`), in the shop's words.
        points_used: coins that paid a part; they come back as coins.
        apology: the coupon for what was cancelled because it was sold out, and until when it holds (ISO 8601); None without.
    """

    number: str
    title: str
    state: str
    state_code: str
    amount: str
    seller: str
    payment_method: str
    address: str
    times: dict[str, str]
    promised_ship_by: str | None
    pay_by: str | None
    delivery_date: str | None
    cancel_reason: str | None
    tracking_number: str | None
    carrier: str | None
    open_return: str | None
    items: tuple[OrderItem, ...]
    allowed: dict[str, Rule]
    cancel_decide_by: str | None = None
    refunds: tuple[OrderRefund, ...] = ()
    parts: tuple[AmountPart, ...] = ()
    merchant: bool = False
    refund_route: str = ""
    refund_eta: str = ""
    points_used: int = 0
    apology: str | None = None
    apology_until: str | None = None


class OrderGateway(Protocol):
    """Port to the order system. All calls act for `caller.customer` and see only that customer's orders."""

    def get(self, caller: Caller, number: str) -> Order:
        """One order by its number. Raises NotFound."""

    def cancel(self, caller: Caller, number: str, reason: str | None) -> Order:
        """Cancel. Raises Rejected (`order_shipped`, …)."""

    def change(self, caller: Caller, number: str, changes: dict[str, str]) -> Order:
        """Change any of recipient, phone, address, remark, delivery_date, all or none. Raises Rejected."""

    def urge(self, caller: Caller, number: str) -> Urged:
        """Ask the warehouse to hurry. Raises Rejected."""


@dataclass(frozen=True)
class Urged:
    """A hurried shipment: by when it ships, and the ticket that follows it."""

    promised_ship_by: str | None
    ticket_number: str | None


class HttpOrders:
    """`OrderGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def get(self, caller: Caller, number: str) -> Order:
        return _order(self._http.get(f"/orders/{number}", caller))

    def cancel(self, caller: Caller, number: str, reason: str | None) -> Order:
        return _order(self._http.post(f"/orders/{number}/cancel", caller, {"reason": reason}))

    def change(self, caller: Caller, number: str, changes: dict[str, str]) -> Order:
        return _order(self._http.patch(f"/orders/{number}", caller, changes))

    def urge(self, caller: Caller, number: str) -> Urged:
        answer = self._http.post(f"/orders/{number}/urge", caller, {})
        return Urged(answer.get("promised_ship_by"), answer.get("ticket_number"))


def _order(data: dict[str, Any]) -> Order:
    shipment = data.get("shipment") or {}
    times = ("created_at", "paid_at", "shipped_at", "signed_at", "completed_at", "cancelled_at")
    return Order(
        number=data["number"],
        title=data["title"],
        state=data["state"],
        state_code=data["state_code"],
        amount=data["amount"],
        seller=data["seller"]["name"],
        merchant=data["seller"].get("type") == "merchant",
        payment_method=data.get("payment_method") or "",
        address=data.get("address") or "",
        times={name: data[name] for name in times if data.get(name)},
        promised_ship_by=data.get("promised_ship_by"),
        pay_by=data.get("pay_by"),
        delivery_date=data.get("delivery_date"),
        cancel_reason=data.get("cancel_reason"),
        tracking_number=shipment.get("tracking_number"),
        carrier=_carrier(shipment),
        open_return=data.get("open_return"),
        items=tuple(
            OrderItem(i["line"], _title(i), i["quantity"], i.get("category_code") or "", str(i.get("amount") or ""))
            for i in data["items"]
        ),
        allowed={n: Rule(bool(r["ok"]), r.get("code") or "", r.get("detail") or "") for n, r in data["allowed"].items()},
        cancel_decide_by=(data.get("cancel_request") or {}).get("decide_by"),
        refunds=tuple(_refund(refund) for refund in data.get("refunds") or ()),
        parts=tuple(AmountPart(part["label"], part["amount"]) for part in data.get("parts") or ()),
        refund_route=data.get("refund_route") or "",
        refund_eta=data.get("refund_eta") or "",
        points_used=int(data.get("points_used") or 0),
        apology=(data.get("apology") or {}).get("coupon"),
        apology_until=(data.get("apology") or {}).get("valid_to"),
    )


def _refund(data: dict[str, Any]) -> OrderRefund:
    return OrderRefund(
        data["amount"], data["route"], data["eta"], data["source"], data["state_code"], data["sent_at"], data["arrives_by"]
    )


def _title(item: dict[str, Any]) -> str:
    return f"{item['product']} {item.get('variant') or ''}".strip()


def _carrier(shipment: dict[str, Any]) -> str | None:
    carrier = shipment.get("carrier")
    return carrier["name"] if isinstance(carrier, dict) else carrier
