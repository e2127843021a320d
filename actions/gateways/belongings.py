"""All that a customer has, in summaries: what is looked through to find which one is meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller

ORDER, SLIP, INVOICE, TICKET = "order", "return", "invoice", "ticket"


@dataclass(frozen=True)
class Piece:
    """A line of an order. `kind` is the shop's word for such goods, `category` a code; `unit_price` and `amount` are yuan."""

    line: int
    product: str
    variant: str
    kind: str
    unit_price: float
    amount: float
    quantity: int = 1
    category: str = ""

    @property
    def title(self) -> str:
        """蓝牙耳机 LX-B3 云白."""
        return f"{self.product} {self.variant}".strip()


@dataclass(frozen=True)
class Thing:
    """An order, a slip, an invoice or a ticket.

    Attributes:
        kind: order, return, invoice, ticket; `id`: its number.
        order: the number of its order, if any; `line`: the one line that a slip is for.
        title: what it is called; `label`: what more tells such things apart (退货), in the shop's words.
        state: the shop's word; `states`: codes, of its parcel and its slips too (`return:open`, `refund:refunded`).
        times: moments (ISO 8601) by what happened: created, paid, shipped, signed, completed, cancelled, issued.
        numbers: by which it may be named.
    """

    kind: str
    id: str
    order: str | None
    title: str
    state: str
    state_code: str
    amount: float
    times: dict[str, str]
    numbers: tuple[str, ...]
    pieces: tuple[Piece, ...]
    states: frozenset[str] = frozenset()
    seller: str = ""
    label: str = ""
    line: int | None = None
    open: bool = True


@dataclass(frozen=True)
class Belongings:
    """The newest first, each."""

    things: tuple[Thing, ...] = field(default=())

    def of_kind(self, *kinds: str) -> list[Thing]:
        """The orders, the slips, …"""
        return [thing for thing in self.things if thing.kind in kinds]


class BelongingsGateway(Protocol):
    """Port to what the customer has."""

    def of(self, caller: Caller) -> Belongings:
        """All of it (the newest hundreds), in one call."""


class HttpBelongings:
    """`BelongingsGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def of(self, caller: Caller) -> Belongings:
        return belongings(self._http.get("/belongings", caller))


def belongings(data: dict[str, Any]) -> Belongings:
    """The API's answer as things."""
    pieces = {each["number"]: tuple(_piece(item) for item in each["items"]) for each in data["orders"]}
    slips: dict[str, set[str]] = {}
    for slip in data["returns"]:
        told = {f"{slip['kind']}:{slip['state_code']}", f"{slip['kind']}:open" if slip["open"] else f"{slip['kind']}:over"}
        slips.setdefault(slip["order_number"], set()).update(told)
    return Belongings(
        (
            *(_order(each, pieces[each["number"]], slips.get(each["number"], set())) for each in data["orders"]),
            *(_slip(each, pieces.get(each["order_number"], ())) for each in data["returns"]),
            *(_invoice(each, pieces.get(each["order_number"], ())) for each in data["invoices"]),
            *(_ticket(each, pieces.get(each["order_number"] or "", ())) for each in data["tickets"]),
        )
    )


def _piece(item: dict[str, Any]) -> Piece:
    return Piece(
        item["line"], item["product"], item["variant"] or "", item["kind"], float(item["unit_price"]), float(item["amount"]),
        item["quantity"], item["category_code"],
    )  # fmt: skip


def _times(data: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: data[f"{name}_at"] for name in names if data.get(f"{name}_at")}


def _order(data: dict[str, Any], pieces: tuple[Piece, ...], slips: set[str]) -> Thing:
    return Thing(
        ORDER, data["number"], data["number"], data["title"], data["state"], data["state_code"], float(data["amount"]),
        _times(data, "created", "paid", "shipped", "signed", "completed", "cancelled"),
        tuple(n for n in (data["number"], data["legacy_number"], data["tracking_number"]) if n), pieces,
        frozenset({data["state_code"], data["shipment_state_code"] or "", *slips} - {""}), data["seller"],
    )  # fmt: skip


def _slip(data: dict[str, Any], pieces: tuple[Piece, ...]) -> Thing:
    covered = tuple(piece for piece in pieces if data["line"] in (None, piece.line))
    told = {data["state_code"], data["kind"], f"{data['kind']}:{data['state_code']}"}
    return Thing(
        SLIP, data["slip"], data["order_number"], data["title"], data["state"], data["state_code"], float(data["amount"]),
        _times(data, "created"), (data["slip"], data["order_number"]), covered,
        frozenset({*told, f"{data['kind']}:open" if data["open"] else f"{data['kind']}:over"}),
        label=data["kind_label"], line=data["line"], open=data["open"],
    )  # fmt: skip


def _invoice(data: dict[str, Any], pieces: tuple[Piece, ...]) -> Thing:
    return Thing(
        INVOICE, data["number"], data["order_number"], data["goods"], data["state"], data["state_code"], float(data["amount"]),
        _times(data, "created", "issued"), (data["number"], data["order_number"]), pieces, frozenset({data["state_code"]}),
        label=data["heading"], open=data["state_code"] != "voided",
    )  # fmt: skip


def _ticket(data: dict[str, Any], pieces: tuple[Piece, ...]) -> Thing:
    return Thing(
        TICKET, data["number"], data["order_number"], data["subject"], data["state"], data["state_code"], 0.0,
        _times(data, "created"), tuple(n for n in (data["number"], data["order_number"]) if n), pieces,
        frozenset({data["state_code"], data["kind"]}), open=data["open"],
    )  # fmt: skip
