"""How an after-sales slip stands, as `data/after_sales/follow_ups.yml` names it, with its facts."""

from __future__ import annotations

from typing import Any

from actions import focus, wiring
from actions.base import Turn
from actions.facts import facts
from actions.gateways.after_sales import Return
from actions.order_states import past_day, summed

STATUS = "status"
NO_MONEY = ("rejected", "withdrawn", "closed")
"""States in which no money comes back any more."""


def told(slip: Return) -> dict[str, Any]:
    """A slip's facts for a response's `{placeholders}`."""
    return facts(
        slip, "slip", "title", "state", "next_step", "pickup", "review",
        number="order_number", kind="kind_label", refund="refund_amount", route="refund_route", eta="refund_eta",
        instead="to_variant", ticket="review_ticket", point="service_point.name", point_address="service_point.address",
        point_phone="service_point.phone", point_hours="service_point.hours",
    )  # fmt: skip


def speak_of(turn: Turn, slip: Return, what: str = STATUS, again: str | None = None) -> None:
    """The slip is what the talk is about now."""
    turn.before += focus.put(turn, "return", slip.slip, slip.title, what, states(slip), slip.order_number, again)


@focus.looks_at("return")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How a slip stands, and its facts with the parts of its refund and what sending it back takes."""
    slip = await turn.call(wiring.gateways().after_sales.get, turn.reader, spoken.id)
    more = facts(slip, "freight_hint", "freight_kept", "goods_eta", "send_to", sent="refund_sent", last_day="refund_arrives")
    days = {"arrives": (slip.refund_arrives or "")[5:], "send_by": (slip.send_by or "")[5:]}
    back = "" if slip.state_code in NO_MONEY else slip.refund_amount or ""
    coins = slip.points_back if back else 0
    return states(slip), {**told(slip), **more, **days, "parts": summed(slip.parts), "back": back, "coins": coins}


def states(slip: Return) -> list[str]:
    """The slip's states, the most special first: with its kind before it, without, and the kind alone."""
    special = {
        "by_person": bool(slip.review),
        "fetched": bool(slip.pickup) and slip.state_code == "awaiting_goods",
        "freight_kept": slip.freight_kept not in ("", "0.00"),
        "arrived": past_day(slip.refund_arrives) or slip.state_code == "refunded",
        "too_late": slip.state_code == "awaiting_goods" and past_day(slip.send_by),
        "nearby": bool(slip.service_point),
    }
    flags = [state for state, is_so in special.items() if is_so]
    own = f"{slip.kind}_{slip.state_code}"
    return [*(f"{own}_{flag}" for flag in flags), own, *flags, slip.state_code, slip.kind]
