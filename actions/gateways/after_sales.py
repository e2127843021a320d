"""The shop's after-sales desk: refunds, returns, exchanges, repairs, each with a return slip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller
from actions.gateways.orders import AmountPart, Rule

REASON_LENGTH = 200


@dataclass(frozen=True)
class Return:
    """A return slip.

    Attributes:
        kind_label, state: the shop's words; `state_code`: reviewing, awaiting_goods, inspecting, repairing, refunding,
            refunded, done, rejected, withdrawn, closed.
        refund_amount: yuan with two decimals, or None where no money moves.
        next_step: what the customer does or waits for next, in the shop's words.
        pickup: when the goods are fetched, in the shop's words; None where they are sent.
        review: why a person has to decide, with the ticket's number (`review_ticket`); None where none has to.
        service_point: name, address, phone and hours of the nearest one, for repairs.
        to_variant: what an exchange sends instead.
        parts: what the refund is made of; `freight_kept`: what was paid for freight and does not come back (yuan).
        refund_sent: ISO 8601 time; `refund_arrives`: YYYY-MM-DD, the last day; None where nothing was sent yet.
        freight_hint: who pays for sending it back; `goods_eta`: when exchanged or mended goods come; the shop's words.
        send_by: YYYY-MM-DD, until when the goods must be sent; `send_to`: the address.
        points_back: coins that were used and come back with the money, as coins.
    """

    slip: str
    order_number: str
    title: str
    kind_label: str
    state: str
    state_code: str
    refund_amount: str | None
    refund_route: str | None
    refund_eta: str | None
    next_step: str
    pickup: str | None = None
    review: str | None = None
    review_ticket: str | None = None
    service_point: ServicePoint | None = None
    to_variant: str | None = None
    kind: str = ""
    paid: bool = False
    parts: tuple[AmountPart, ...] = ()
    refund_sent: str | None = None
    refund_arrives: str | None = None
    freight_kept: str = ""
    freight_hint: str = ""
    goods_eta: str | None = None
    send_by: str | None = None
    send_to: str | None = None
    points_back: int = 0


@dataclass(frozen=True)
class ServicePoint:
    """Where goods are repaired."""

    name: str
    address: str
    phone: str
    hours: str


@dataclass(frozen=True)
class Wish:
    """What a slip is to be opened for. `pickup`, `to_variant` and `paid` (a repair out of warranty) may be left out.

    `reason` is the customer's words, `reason_code` what they were taken for when the customer was told what follows from it.
    """

    order_number: str
    line: int | None
    kind: str
    reason: str | None
    to_variant: str | None = None
    pickup: str | None = None
    paid: bool = False
    reason_code: str | None = None


@dataclass(frozen=True)
class Variant:
    """A colour or size of the same goods."""

    name: str
    stock: int
    own: bool


@dataclass(frozen=True)
class Costs:
    """In the shop's words: what it costs the customer to `send` the goods, or to have them `fetched`, and when they come back
    (`goods_eta`); empty where there is nothing of the kind."""

    send: str = ""
    fetched: str = ""
    goods_eta: str = ""


@dataclass(frozen=True)
class Options:
    """What the shop's rules say of an order's goods for what the customer told.

    Attributes:
        reason_code: no_reason, size, quality, damaged, wrong_item, missing.
        rules: by kind (refund, return, exchange, repair), for this reason.
        ever: the kinds that some reason would allow.
        proposed: the kinds that fit the reason, the best first: (kind, the shop's word for it).
        person: the rule that wants a person for what was told (safety, minor), or None.
        amounts: by kind, what comes back for these goods (yuan with two decimals), where money does.
        costs: by kind, what it takes to send the goods back, and how long new or mended ones take.
        pickups: by kind, the times at which goods can be fetched: (value, the shop's words).
        variants: of the one line asked about; warranty_ends: YYYY-MM-DD, or None where there is no warranty.
    """

    reason_code: str
    rules: dict[str, Rule]
    ever: frozenset[str]
    proposed: tuple[tuple[str, str], ...]
    pickups: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()
    warranty_ends: str | None = None
    person: str | None = None
    amounts: dict[str, str] = field(default_factory=dict)
    costs: dict[str, Costs] = field(default_factory=dict)


class AfterSalesGateway(Protocol):
    """Port to the after-sales desk. All calls see only `caller.customer`'s slips."""

    def options(
        self, caller: Caller, order_number: str, line: int | None, text: str | None, code: str | None = None
    ) -> Options:
        """What can be done about these goods, given the customer's words and what they come to. Raises NotFound."""

    def open(self, caller: Caller, wish: Wish) -> Return:
        """Open a slip; kind is refund, return, exchange or repair. Raises Rejected (`return_window_passed`, …)."""

    def fetch(self, caller: Caller, slip: str, pickup: str) -> Return:
        """Fix or change when the goods are fetched. Raises Rejected (`pickup_out_of_range`, …)."""

    def get(self, caller: Caller, slip: str) -> Return:
        """One slip. Raises NotFound."""

    def withdraw(self, caller: Caller, slip: str) -> Return:
        """Withdraw the request. Raises Rejected."""


class HttpAfterSales:
    """`AfterSalesGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def options(
        self, caller: Caller, order_number: str, line: int | None, text: str | None, code: str | None = None
    ) -> Options:
        words = text[:REASON_LENGTH] if text else None
        body = {"order_number": order_number, "line": line, "text": words, "reason_code": code}
        return _options(self._http.post("/returns/options", caller, body))

    def open(self, caller: Caller, wish: Wish) -> Return:
        body = {
            "order_number": wish.order_number,
            "line": wish.line,
            "kind": wish.kind,
            "reason": wish.reason[:REASON_LENGTH] if wish.reason else None,
            "reason_code": wish.reason_code,
            "to_variant": wish.to_variant,
            "pickup": wish.pickup,
            "is_paid": wish.paid or None,
        }
        return _return(self._http.post("/returns", caller, body))

    def fetch(self, caller: Caller, slip: str, pickup: str) -> Return:
        return _return(self._http.post(f"/returns/{slip}/pickup", caller, {"pickup": pickup}))

    def get(self, caller: Caller, slip: str) -> Return:
        return _return(self._http.get(f"/returns/{slip}", caller))

    def withdraw(self, caller: Caller, slip: str) -> Return:
        return _return(self._http.post(f"/returns/{slip}/cancel", caller, {}))


def _return(data: dict[str, Any]) -> Return:
    review = data.get("review_by_person") or {}
    pickup = data.get("pickup") or {}
    point = data.get("service_point")
    return Return(
        slip=data["slip"],
        order_number=data["order_number"],
        title=data.get("item") or "",
        kind_label=data["kind_label"],
        state=data["state"],
        state_code=data["state_code"],
        refund_amount=data.get("refund_amount"),
        refund_route=data.get("refund_route"),
        refund_eta=data.get("refund_eta"),
        next_step=data.get("next_step") or "",
        pickup=pickup.get("label"),
        review=review.get("why"),
        review_ticket=review.get("ticket_number"),
        service_point=ServicePoint(point["name"], point["address"], point["phone"], point["hours"]) if point else None,
        to_variant=data.get("to_variant"),
        kind=data["kind"],
        paid=bool(data.get("is_paid_repair")),
        parts=tuple(AmountPart(part["label"], part["amount"]) for part in data["refund_parts"]),
        refund_sent=data.get("refund_sent_at"),
        refund_arrives=data.get("refund_arrives_by"),
        freight_kept=data["freight_kept"],
        freight_hint=data["freight_hint"],
        goods_eta=data.get("goods_eta"),
        send_by=data.get("deadline"),
        send_to=data.get("return_address"),
        points_back=int(data.get("points_back") or 0),
    )


def _options(data: dict[str, Any]) -> Options:
    kinds = {item["kind"]: item for item in data["kinds"]}
    return Options(
        reason_code=data["reason_code"],
        rules={kind: _rule(item["permission"]) for kind, item in kinds.items()},
        ever=frozenset(kind for kind, item in kinds.items() if item["is_ever_possible"]),
        proposed=tuple((p["kind"], p["label"]) for p in data["proposed"]),
        pickups={kind: tuple((p["value"], p["label"]) for p in item["pickups"]) for kind, item in kinds.items()},
        variants=tuple(Variant(v["variant"], v["stock"], v["is_own"]) for v in data["variants"]),
        warranty_ends=data.get("warranty_ends"),
        person=data.get("review_by_person"),
        amounts={kind: item["refund_amount"] for kind, item in kinds.items() if item.get("refund_amount")},
        costs={
            kind: Costs(item.get("cost_sent") or "", item.get("cost_fetched") or "", item.get("goods_eta") or "")
            for kind, item in kinds.items()
        },
    )


def _rule(data: dict[str, Any]) -> Rule:
    return Rule(bool(data["ok"]), data.get("code") or "", data.get("detail") or "", data.get("deadline"))
