"""Logistics: the coupon for an order that came, or left, late."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from rasa_sdk.events import EventType

from actions import focus, wiring
from actions.base import OTHER, Button, CustomerAction, Turn, button, when
from actions.facts import facts
from actions.forms import confirmed
from actions.gateways.belongings import ORDER
from actions.gateways.compensations import Due
from actions.gateways.errors import GatewayError
from actions.gateways.orders import Order
from actions.order_form import OrderAction, OrderForm
from actions.order_states import told
from actions.references import CHOICES, Found, belongings, choices, find

OPERATION = "compensation"
KIND, OFFERED, GIVEN = "compensation", "offered", "given"
"""What the talk calls a coupon for lateness, and what may have been told of it."""
AGREED = {"logistics_agreed": "yes"}
"""The entity of who says yes where the coupon and why it is due were told: nothing is asked again."""


class ValidateLogisticsCompensationForm(OrderForm):
    """Which order, and, knowing the coupon: shall I ask for it?"""

    operation, states = OPERATION, ("paid", "shipped", "signed")

    async def _order(self, turn: Turn) -> dict[str, Any]:
        """Another one than the one offered is one of those that are due a coupon too, where any are."""
        before, filled = turn.slot("orders_number"), await super()._order(turn)
        if turn.entity("orders_number") != OTHER:
            return filled
        due = [each for each in await self._due(turn) if each != before]
        things = (await belongings(turn)).of_kind(ORDER)
        left = Found(tuple(thing for thing in things if thing.id in due))
        return {**filled, **choices(ORDER, left)} if left.fits else filled

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """The order that the words mean; where they mean none, or several, one that is due a coupon, whichever was spoken of."""
        asked, filled = self.asked(turn, "orders_number"), await super()._meant(turn)
        found = await find(turn, ORDER, states=self.states, spoken_of=turn.slot("orders_last"), asked=asked)
        if found.one or found.missing or (asked and not found.described):
            return filled
        due = await self._due(turn)
        left = tuple(thing for thing in found.fits if thing.id in due)
        if not left or filled.get("orders_number") in due:
            return filled
        if len(left) == 1:
            return {**filled, "orders_number": left[0].id, "orders_line": None, CHOICES: None}
        return {**filled, "orders_number": None, **choices(ORDER, replace(found, fits=left))}

    async def _due(self, turn: Turn) -> list[str]:
        return [each.order for each in await turn.call(wiring.gateways().compensations.due, turn.reader)]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The shop's offer for the order; then yes or no, unless it was agreed to when it was told."""
        number, filled = turn.slot("orders_number"), self.confirmation(turn, "logistics_confirmed")
        if number and (turn.slot("logistics_due") or {}).get("order") != number:
            due = await turn.call(wiring.gateways().compensations.quote, turn.reader, number)
            filled["logistics_due"] = asdict(due)
        agreed = number and all(turn.entity(name) == value for name, value in AGREED.items())
        return {**filled, "logistics_confirmed": True} if agreed else filled


class AskLogisticsConfirmed(CustomerAction):
    """Tells why a coupon is due, and which, and asks whether to apply for it."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        due = turn.slot("logistics_due") or {}
        turn.utter("utter_ask_logistics_confirmed", **due)
        if due:
            speak_of(turn, Due(**due))
        return []


class ActionLogisticsCompensation(OrderAction):
    """Has the coupon given, once; what the shop refuses is said in its words."""

    operation = OPERATION
    gathered = ("logistics_due", "logistics_confirmed")

    async def finish(self, turn: Turn, order: Order) -> None:
        """Apply, or leave it."""
        if not confirmed(turn, "logistics_confirmed"):
            turn.utter("utter_logistics_compensation_kept", **told(order))
            return
        due = turn.slot("logistics_due") or {}
        given = await turn.call(wiring.gateways().compensations.apply, turn.writer, order.number)
        turn.utter("utter_logistics_compensated", **facts(given, "order", "title", "coupon", "scope", until="valid_to"))
        until = when(given.valid_to)
        shown = [{"name": given.coupon, "scope": given.scope, "until": until}]
        turn.before += focus.put(turn, "coupon", given.number, given.coupon, "list", order=order.number, shown=shown)
        turn.before += focus.put(
            turn, KIND, order.number, given.title, GIVEN, _states(due.get("kind_code"), GIVEN), order.number,
            coupon=given.coupon, until=until, kind_code=due.get("kind_code"),
        )  # fmt: skip


async def due_to(turn: Turn, order: Order) -> Due | None:
    """What an order is due now, to be told beside how it stands; None where nothing is, or the shop does not say."""
    if not order.allowed[OPERATION].ok:
        return None
    try:
        due: Due = await turn.call(wiring.gateways().compensations.quote, turn.reader, order.number)
    except GatewayError:
        return None
    return due


def worth(due: Due | None) -> dict[str, Any]:
    """What a response that offers the coupon quotes of it: `{coupon}`."""
    return {} if due is None else {"coupon": due.coupon}


def speak_of(turn: Turn, due: Due) -> None:
    """The coupon that was offered is what the talk is about: 是现金吗, 才五块 ask about it."""
    quoted: dict[str, Any] = {"coupon": due.coupon, "days": due.days, "number": due.order, "kind_code": due.kind_code}
    turn.before += focus.put(
        turn, KIND, due.order, due.title, OFFERED, _states(due.kind_code, OFFERED), due.order, **quoted
    )


def _states(kind_code: str | None, stands: str) -> list[str]:
    return [*([f"{kind_code}_{stands}", kind_code] if kind_code else []), stands]


@focus.looks_at(KIND)
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """As it was told, and the level by which it was reckoned."""
    return _states(spoken.facts.get("kind_code"), spoken.told), {"level": turn.slot("account_level") or ""}


def applying(turn: Turn, number: str) -> Button:
    """A button that applies for this order, below words that tell what is given and why."""
    intent = ValidateLogisticsCompensationForm.starts[0]
    return button(str(turn.wording(f"utter_label_{intent}")), intent, json.dumps({"orders_number": number, **AGREED}))


def buttons(turn: Turn, due: Due | None) -> list[Button]:
    """That button, where something is due."""
    return [] if due is None else [applying(turn, due.order)]
