"""Logistics: the coupon for an order that came, or left, late."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from rasa_sdk.events import EventType

from actions import focus, wiring
from actions.base import Button, CustomerAction, Turn, button, when
from actions.facts import facts
from actions.forms import confirmed
from actions.gateways.orders import Order
from actions.order_form import OrderAction, OrderForm
from actions.order_states import told
from actions.references import CHOICES

OPERATION = "compensation"


class ValidateLogisticsCompensationForm(OrderForm):
    """Which order, and, knowing the coupon: shall I ask for it?"""

    operation, states = OPERATION, ("paid", "shipped", "signed")

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """Where the words mean none of several orders, the only one that is due a coupon."""
        filled = await super()._meant(turn)
        if filled.get("orders_number") or filled.get(CHOICES) or self.asked(turn, "orders_number"):
            return filled
        due = await turn.call(wiring.gateways().compensations.due, turn.reader)
        return {**filled, "orders_number": due[0].order} if len(due) == 1 else filled

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The shop's offer for the order; then yes or no."""
        number, filled = turn.slot("orders_number"), self.confirmation(turn, "logistics_confirmed")
        if number and (turn.slot("logistics_due") or {}).get("order") != number:
            due = await turn.call(wiring.gateways().compensations.quote, turn.reader, number)
            filled["logistics_due"] = asdict(due)
        return filled


class AskLogisticsConfirmed(CustomerAction):
    """Tells why a coupon is due, and which, and asks whether to apply for it."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.utter("utter_ask_logistics_confirmed", **(turn.slot("logistics_due") or {}))
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
        given = await turn.call(wiring.gateways().compensations.apply, turn.writer, order.number)
        turn.utter("utter_logistics_compensated", **facts(given, "order", "title", "coupon", "scope", until="valid_to"))
        shown = [{"name": given.coupon, "scope": given.scope, "until": when(given.valid_to)}]
        turn.before += focus.put(turn, "coupon", given.number, given.coupon, "list", order=order.number, shown=shown)


def offered(turn: Turn, order: Order) -> list[Button]:
    """A button that applies for the order, where the shop would give something."""
    return [applying(turn, order.number)] if order.allowed[OPERATION].ok else []


def applying(turn: Turn, number: str) -> Button:
    """A button that applies for this order."""
    intent = ValidateLogisticsCompensationForm.starts[0]
    return button(str(turn.wording(f"utter_label_{intent}")), intent, json.dumps({"orders_number": number}))
