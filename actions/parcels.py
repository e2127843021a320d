"""How a parcel stands, as `data/logistics/follow_ups.yml` names it, with its facts."""

from __future__ import annotations

from typing import Any

from actions import focus, wiring
from actions.base import Turn
from actions.facts import facts
from actions.gateways.logistics import Shipment

STATUS = "status"
RESTING = ("signed", "at_pickup_point", "returning")


def told(shipment: Shipment) -> dict[str, Any]:
    """A parcel's facts for a response's `{placeholders}`."""
    return facts(
        shipment, "carrier", "state", "courier_phone", "pickup_code", "arrangement",
        tracking="tracking_number", number="order_number", promised="promised_date", time="last_time", courier="courier_name",
    ) | {"news": news(shipment)}  # fmt: skip


def news(shipment: Shipment) -> str:
    """The newest trace, with its place where the words do not name it."""
    named = shipment.last_place in shipment.last_text
    return shipment.last_text if named else f"{shipment.last_place} {shipment.last_text}"


def speak_of(turn: Turn, shipment: Shipment, title: str = "", what: str = STATUS, again: str | None = None, **facts: Any) -> None:
    """The parcel is what the talk is about now."""
    number = shipment.order_number
    turn.before += focus.put(
        turn, "parcel", shipment.tracking_number, title, what, states(shipment), number, again, **facts
    )


@focus.looks_at("parcel")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How a parcel stands, and its facts."""
    shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, spoken.id)
    return states(shipment), {**told(shipment), "until": (shipment.keep_until or "")[5:]}


def states(shipment: Shipment) -> list[str]:
    """The parcel's states, the most special first."""
    moving = shipment.state_code not in RESTING
    special = {
        "known_courier": shipment.state_code == "out_for_delivery" and bool(shipment.courier_phone),
        "stalled": moving and shipment.stalled,
        "late": moving and shipment.late,
        "unpromised": moving and not shipment.promised_date,
    }
    return [*(state for state, is_so in special.items() if is_so), shipment.state_code]
