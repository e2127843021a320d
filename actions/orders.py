"""Orders: where one stands, hurry it, cancel it, change it."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from actions import wiring
from actions.base import Turn, when
from actions.forms import confirmed
from actions.gateways.orders import Order
from actions.order_form import OrderAction, OrderForm, told

VARIANT = "variant"  # colour, size, quantity: what no order lets change
# What the shop takes as these fields' values; everything else is the customer's own words.
SHAPES = {"phone": re.compile(r"1\d{10}"), "delivery_date": re.compile(r"\d{4}-\d\d-\d\d")}
# The entities by which they are found in a sentence.
TYPED_AS = {"phone": "phone", "delivery_date": "date", "address": "address"}


class ValidateOrdersStatusForm(OrderForm):
    """Which order."""

    lists = True


class ActionOrdersStatus(OrderAction):
    """Says where an order stands and what happens next; a response for each state."""

    async def finish(self, turn: Turn, order: Order) -> None:
        """Answer from the order system; a parcel's latest news is part of the answer."""
        news = ""
        if order.state_code == "shipped":
            shipment = await turn.call(wiring.gateways().logistics.of_order, turn.reader, order.number)
            news = f"{when(shipment.last_time)} {shipment.last_text}"
        turn.utter("utter_orders_status", self._variant(order), **told(order), news=news)

    def _variant(self, order: Order) -> str:
        """The state, and what is special about it."""
        if order.state_code == "paid":
            if order.cancel_decide_by:
                return "paid_reviewing"
            return ("paid" if paid(order) else "on_delivery") + ("_late" if past(order.promised_ship_by) else "")
        if order.state_code == "cancelled":
            return "cancelled" if paid(order) else "cancelled_unpaid"
        return order.state_code


class ValidateOrdersUrgeForm(OrderForm):
    """Which unshipped order."""

    operation, states = "urge", ("paid",)


class ActionOrdersUrge(OrderAction):
    """Asks the warehouse to hurry."""

    operation = "urge"

    async def finish(self, turn: Turn, order: Order) -> None:
        """Urge once, tell by when it ships."""
        urged = await turn.call(wiring.gateways().orders.urge, turn.writer, order.number)
        values = {**told(order), "ship_by": when(urged.promised_ship_by), "ticket": urged.ticket_number}
        turn.utter("utter_orders_urged", "late" if past(urged.promised_ship_by) else "", **values)


class ValidateOrdersCancelForm(OrderForm):
    """Which order, and: really?"""

    operation, states = "cancel", ("unpaid", "paid")

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """Yes or no."""
        return self.confirmation(turn, "orders_cancel_confirmed")


class ActionOrdersCancel(OrderAction):
    """Cancels the order, once, if the customer said yes."""

    operation = "cancel"
    gathered = ("orders_cancel_confirmed",)

    async def finish(self, turn: Turn, order: Order) -> None:
        """Cancel and tell where the money goes, or leave it."""
        if not confirmed(turn, "orders_cancel_confirmed"):
            turn.utter("utter_orders_cancel_kept", **told(order))
            return
        order = await turn.call(wiring.gateways().orders.cancel, turn.writer, order.number, None)
        if order.cancel_decide_by:
            turn.utter("utter_orders_cancel_requested", **told(order))
            return
        ways = {0: "unpaid", 1: "paid"}.get(len(order.refunds), "paid_split")
        turn.utter("utter_orders_cancelled", ways, **told(order))


class ValidateOrdersChangeForm(OrderForm):
    """Which order, which of its fields, the new value, and: right so?"""

    operation, states = "change", ("unpaid", "paid")

    def rest(self, turn: Turn) -> list[str]:
        """In the order a person would ask; nothing where the shop changes no such thing."""
        if turn.slot("orders_change_field") == VARIANT:
            return ["orders_change_field"]
        return ["orders_change_field", "orders_change_value", "orders_change_confirmed"]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The field from its word, the value from the customer's own words."""
        known = turn.slot("orders_change_field")
        field = known or turn.entity("orders_change_field") or _shown(turn)
        filled = {"orders_change_field": field} if field and not known else {}  # a slot set anew would count as an answer
        if field and field != VARIANT and turn.slot("orders_change_value") is None:
            filled.update(self._value(turn, field))
        answer = self.confirmation(turn, "orders_change_confirmed")
        if answer.get("orders_change_confirmed") is False:
            return {"orders_change_value": None}  # not so: ask for the right value
        if field and not answer and self.asked(turn, "orders_change_confirmed"):
            filled.update(self._better(turn, field))
        return {**filled, **answer}

    def _better(self, turn: Turn, field: str) -> dict[str, Any]:
        """A value of the field's shape instead of a yes or no: that one is meant (first the city, then the street)."""
        named = str(turn.entity(TYPED_AS.get(field, "")) or "")
        found = SHAPES[field].fullmatch(named) if field in SHAPES else re.search(re.escape(named) + ".*", turn.text, re.S)
        return {"orders_change_value": found[0].strip()} if named and found else {}

    def _value(self, turn: Turn, field: str) -> dict[str, Any]:
        """The new value, where the message holds one of the shape that this field has."""
        words = self.words(turn, "orders_change_value", ("orders_change", "logistics_arrange"))
        named = turn.entity(TYPED_AS.get(field, ""))
        if field in SHAPES:
            found = SHAPES[field].fullmatch(str(named or words.get("orders_change_value") or ""))
            if found:
                return {"orders_change_value": found[0]}
            if words:
                turn.utter("utter_orders_change_unclear", field)
                return {"orders_change_value": None}
            return {}
        if named and turn.intent == "orders_change":  # 改成文三路90号: not the words that lead up to it
            return {"orders_change_value": turn.text[max(turn.text.find(str(named)), 0) :].strip() if words else str(named)}
        return words


class ActionOrdersChange(OrderAction):
    """Changes one field of an order that has not shipped."""

    operation = "change"
    gathered = ("orders_change_field", "orders_change_value", "orders_change_confirmed")

    async def finish(self, turn: Turn, order: Order) -> None:
        """Change it and read back what stands now."""
        if turn.slot("orders_change_field") == VARIANT:
            turn.finished = False
            turn.utter("utter_orders_change_variant", **told(order))
            return
        confirmed(turn, "orders_change_confirmed")
        field, value = turn.slot("orders_change_field"), turn.slot("orders_change_value")
        order = await turn.call(wiring.gateways().orders.change, turn.writer, order.number, field, value)
        turn.utter("utter_orders_changed", field, **told(order), value=value)


def paid(order: Order) -> bool:
    """Whether money has come in; goods paid on delivery are shipped without."""
    return bool(order.times.get("paid_at"))


def past(moment: str | None) -> bool:
    """Whether a moment (ISO 8601 with offset) lies behind us."""
    return bool(moment) and datetime.fromisoformat(str(moment)) < datetime.now(timezone.utc)


def _shown(turn: Turn) -> str | None:
    """The field that is not named but shown by what is to be put there."""
    if turn.intent == "orders_change" and any(turn.entity(name) for name in ("colour", "size", "quantity")):
        return VARIANT
    return next((field for field in ("phone", "address") if turn.intent == "orders_change" and turn.entity(field)), None)
