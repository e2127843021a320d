"""The shop's parcels: where they are, and what can be asked of the carrier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller
from actions.gateways.orders import Rule


@dataclass(frozen=True)
class Shipment:
    """A parcel on its way.

    Attributes:
        state: the shop's word; `state_code`: created, in_transit, out_for_delivery, at_pickup_point, signed, returning.
        promised_date: YYYY-MM-DD. late: past that date and not signed. stalled: 72 hours without news.
        keep_until: YYYY-MM-DD, the last day at the pick-up point.
        courier_phone: the virtual number that works on the delivery day only, else None.
    """

    tracking_number: str
    order_number: str
    carrier: str
    state: str
    state_code: str
    promised_date: str | None
    late: bool
    stalled: bool
    last_time: str
    last_place: str
    last_text: str
    courier_name: str | None
    courier_phone: str | None
    carrier_code: str = "lingxi"
    pickup_code: str | None = None
    arrangement: str | None = None
    keep_until: str | None = None


@dataclass(frozen=True)
class UrgedParcel:
    """A pressed parcel. `promise` is what the carrier does now, in the shop's words."""

    ticket_number: str
    late: bool
    promise: str


@dataclass(frozen=True)
class Arrangeable:
    """Whether a delivery can be arranged so, and what can be chosen: days YYYY-MM-DD, times of day; `city`: the only
    one a parcel can be redirected in; `named`: who is to take it, where the words name somebody."""

    rule: Rule
    dates: tuple[str, ...]
    time_slots: tuple[str, ...]
    city: str
    named: str | None = None


@dataclass(frozen=True)
class Investigation:
    """What follows a report; `new` is False where the parcel was already being looked into."""

    ticket_number: str
    new: bool


class LogisticsGateway(Protocol):
    """Port to the parcel system. All calls see only `caller.customer`'s parcels."""

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        """The parcel of an order. Raises Rejected(`not_shipped`)."""

    def get(self, caller: Caller, tracking_number: str) -> Shipment:
        """A parcel by its tracking number. Raises NotFound."""

    def urge(self, caller: Caller, tracking_number: str) -> UrgedParcel:
        """Press for delivery. Raises Rejected."""

    def arrangeable(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Arrangeable:
        """Whether that could be arranged; without a value, whether it is worth asking for one."""

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        """Have it delivered in a certain way: date, time_slot, pickup_point, door, leave_with, refuse, reroute."""

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> Investigation:
        """Report a delivery gone wrong (signed_not_received, lost, wrong_place, wrong_trace, stalled). Raises Rejected."""


class HttpLogistics:
    """`LogisticsGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        return _shipment(self._http.get(f"/orders/{order_number}/shipment", caller))

    def get(self, caller: Caller, tracking_number: str) -> Shipment:
        return _shipment(self._http.get(f"/shipments/{tracking_number}", caller))

    def urge(self, caller: Caller, tracking_number: str) -> UrgedParcel:
        answer = self._http.post(f"/shipments/{tracking_number}/urge", caller, {})
        return UrgedParcel(answer["ticket_number"], bool(answer["shipment"]["late"]), answer["promise"])

    def arrangeable(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Arrangeable:
        body = {"how": how, "value": value}
        answer = self._http.post(f"/shipments/{tracking_number}/arrange-look", caller, body)
        told = answer["permission"]
        rule = Rule(bool(told["ok"]), told.get("code") or "", told.get("detail") or "")
        return Arrangeable(rule, tuple(answer["dates"]), tuple(answer["time_slots"]), answer["city"], answer["named"])

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        body = {"how": how, "value": value}
        return _shipment(self._http.post(f"/shipments/{tracking_number}/arrange", caller, body)["shipment"])

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> Investigation:
        body = {"problem": problem, "text": text}
        answer = self._http.post(f"/shipments/{tracking_number}/report", caller, body)
        return Investigation(answer["number"], bool(answer["is_new"]))


def _shipment(data: dict[str, Any]) -> Shipment:
    last = data.get("last_trace") or {}
    courier = data.get("courier") or {}
    return Shipment(
        tracking_number=data["tracking_number"],
        order_number=data["order_number"],
        carrier=data["carrier"]["name"],
        state=data["state"],
        state_code=data["state_code"],
        promised_date=data.get("promised_date"),
        late=bool(data.get("late")),
        stalled=bool(data.get("stalled")),
        last_time=last.get("time") or "",
        last_place=last.get("place") or "",
        last_text=last.get("text") or "",
        courier_name=courier.get("name"),
        courier_phone=courier.get("phone"),
        carrier_code=data["carrier"]["code"],
        pickup_code=data.get("pickup_code"),
        arrangement=data.get("arrangement"),
        keep_until=data.get("keep_until"),
    )
