"""Logistics: where a parcel is, hurry it, have it delivered in a certain way, report a delivery gone wrong."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from actions import wiring
from actions.base import Turn, when
from actions.forms import OrderAction, OrderForm
from actions.gateways.errors import NotFound
from actions.gateways.logistics import Shipment
from actions.gateways.orders import Order
from actions.orders import told

ON_THE_WAY = ("shipped",)
ARRIVED_OR_ON_THE_WAY = ("shipped", "signed")


class ParcelForm(OrderForm):
    """A form about a parcel: by its tracking number where one is given, else by its order."""

    states: tuple[str, ...] = ON_THE_WAY

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """A tracking number names the order too."""
        tracking = turn.entity("logistics_tracking_number")
        if tracking and not turn.slot("orders_number"):
            try:
                shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, tracking)
                turn.tracker.slots["orders_number"] = shipment.order_number
            except NotFound:
                turn.utter("utter_logistics_not_found", number=tracking)
        return await super().fill(turn)


class ParcelAction(OrderAction):
    """The action at the end of a `ParcelForm`."""

    async def finish(self, turn: Turn, order: Order) -> None:
        """With a parcel, go on; without, say where the order stands."""
        if order.tracking_number is None:
            turn.utter("utter_logistics_no_parcel", order.state_code, **told(order))
            return
        shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, order.tracking_number)
        await self.deliver(turn, shipment)

    @abstractmethod
    async def deliver(self, turn: Turn, shipment: Shipment) -> None:
        """What is done with the parcel. May raise GatewayError."""


class ValidateLogisticsTrackForm(ParcelForm):
    """Which parcel."""

    form = "logistics_track_form"
    starts = ("logistics_track",)

    def rest(self, turn: Turn) -> list[str]:
        """Nothing more."""
        return []


class ActionLogisticsTrack(ParcelAction):
    """Says where a parcel is and when it arrives; late and stalled ones are named so, with the next step."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_logistics_track"

    async def deliver(self, turn: Turn, shipment: Shipment) -> None:
        """Answer from the parcel's trace."""
        signed = shipment.state_code == "signed"
        trouble = "" if signed else "stalled" if shipment.stalled else "late" if shipment.late else ""
        turn.utter("utter_logistics_track", trouble or shipment.state_code, **parcel(shipment))


class ValidateLogisticsUrgeForm(ParcelForm):
    """Which parcel."""

    form = "logistics_urge_form"
    starts = ("logistics_urge",)

    def rest(self, turn: Turn) -> list[str]:
        """Nothing more."""
        return []


class ActionLogisticsUrge(ParcelAction):
    """Presses the carrier, and gives the number that follows it."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_logistics_urge"

    async def deliver(self, turn: Turn, shipment: Shipment) -> None:
        """Urge once."""
        ticket = await turn.call(wiring.gateways().logistics.urge, turn.writer, shipment.tracking_number)
        turn.utter("utter_logistics_urged", **parcel(shipment), ticket=ticket)


class ValidateLogisticsArrangeForm(ParcelForm):
    """Which parcel, how, and the detail of it."""

    form = "logistics_arrange_form"
    starts = ("logistics_arrange",)

    def rest(self, turn: Turn) -> list[str]:
        """Refusing and door delivery need no detail."""
        bare = turn.slot("logistics_how") in ("refuse", "door", "contact")
        return ["logistics_how"] if bare else ["logistics_how", "logistics_detail"]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The way from its words, the detail from the customer's own."""
        how = turn.slot("logistics_how") or turn.entity("logistics_how")
        filled = {"logistics_how": how} if how else {}
        if how == "date" and turn.entity("date") and turn.slot("logistics_detail") is None:
            return {**filled, "logistics_detail": str(turn.entity("date"))}
        return {**filled, **self.words(turn, "logistics_detail", ("logistics_arrange", "orders_change"))}


class ActionLogisticsArrange(ParcelAction):
    """Has the parcel delivered as wished, as far as the carrier allows."""

    gathered = ("logistics_how", "logistics_detail")

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_logistics_arrange"

    async def deliver(self, turn: Turn, shipment: Shipment) -> None:
        """Ask the carrier; the courier's contact is shown only on the delivery day."""
        how, detail = turn.slot("logistics_how"), turn.slot("logistics_detail")
        if how == "contact":
            turn.utter("utter_logistics_contact", "known" if shipment.courier_phone else "", **parcel(shipment))
            return
        gateway = wiring.gateways().logistics
        shipment = await turn.call(gateway.arrange, turn.writer, shipment.tracking_number, how, detail)
        turn.utter("utter_logistics_arranged", how, **parcel(shipment), detail=detail or "")


class ValidateLogisticsReportForm(ParcelForm):
    """Which parcel, and what went wrong."""

    form = "logistics_report_form"
    starts = ("logistics_report_problem",)
    states = ARRIVED_OR_ON_THE_WAY

    def rest(self, turn: Turn) -> list[str]:
        """What went wrong."""
        return ["logistics_problem"]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """From the message's words."""
        problem = turn.slot("logistics_problem") or turn.entity("logistics_problem")
        return {"logistics_problem": problem} if problem else {}


class ActionLogisticsReport(ParcelAction):
    """Opens an investigation and gives its number."""

    gathered = ("logistics_problem",)

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_logistics_report"

    async def deliver(self, turn: Turn, shipment: Shipment) -> None:
        """Report once."""
        problem = turn.slot("logistics_problem")
        gateway = wiring.gateways().logistics
        ticket = await turn.call(gateway.report, turn.writer, shipment.tracking_number, problem, None)
        turn.utter("utter_logistics_reported", problem, **parcel(shipment), ticket=ticket)


def parcel(shipment: Shipment) -> dict[str, Any]:
    """A parcel's facts for a response's `{placeholders}`."""
    return {
        "tracking": shipment.tracking_number,
        "number": shipment.order_number,
        "carrier": shipment.carrier,
        "state": shipment.state,
        "promised": shipment.promised_date or "",
        "time": when(shipment.last_time),
        "news": shipment.last_text,
        "courier": shipment.courier_name or "",
        "courier_phone": shipment.courier_phone or "",
    }
