"""The shop's parcels: where they are, and what can be asked of the carrier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Shipment:
    """A parcel on its way.

    Attributes:
        state: the shop's word; `state_code`: created, in_transit, out_for_delivery, at_pickup_point, signed, returning.
        promised_date: YYYY-MM-DD. late: past that date and not signed. stalled: 72 hours without news.
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


class LogisticsGateway(Protocol):
    """Port to the parcel system. All calls see only `caller.customer`'s parcels."""

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        """The parcel of an order. Raises Rejected(`not_shipped`)."""

    def get(self, caller: Caller, tracking_number: str) -> Shipment:
        """A parcel by its tracking number. Raises NotFound."""

    def urge(self, caller: Caller, tracking_number: str) -> str | None:
        """Press for delivery; answers the ticket number that follows it. Raises Rejected."""

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        """Have it delivered in a certain way: date, time_slot, pickup_point, door, leave_with, refuse, reroute."""

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> str:
        """Report a delivery gone wrong (signed_not_received, lost, wrong_place, wrong_trace, stalled); ticket number."""


class HttpLogistics:
    """`LogisticsGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def of_order(self, caller: Caller, order_number: str) -> Shipment:
        """See `LogisticsGateway.of_order`."""
        return _shipment(self._http.get(f"/orders/{order_number}/shipment", caller))

    def get(self, caller: Caller, tracking_number: str) -> Shipment:
        """See `LogisticsGateway.get`."""
        return _shipment(self._http.get(f"/shipments/{tracking_number}", caller))

    def urge(self, caller: Caller, tracking_number: str) -> str | None:
        """See `LogisticsGateway.urge`."""
        answer = self._http.post(f"/shipments/{tracking_number}/urge", caller, {})
        number: str | None = answer.get("ticket_number")
        return number

    def arrange(self, caller: Caller, tracking_number: str, how: str, value: str | None) -> Shipment:
        """See `LogisticsGateway.arrange`."""
        body = {"how": how, "value": value}
        return _shipment(self._http.post(f"/shipments/{tracking_number}/arrange", caller, body)["shipment"])

    def report(self, caller: Caller, tracking_number: str, problem: str, text: str | None) -> str:
        """See `LogisticsGateway.report`."""
        body = {"problem": problem, "text": text}
        return str(self._http.post(f"/shipments/{tracking_number}/report", caller, body)["number"])


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
    )
