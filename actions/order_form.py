"""Forms about one order: which one is meant, whether the shop's rules allow what is wished, and the end of it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import wiring
from actions.base import OTHER, REQUESTED_SLOT, Button, CustomerAction, Turn, over
from actions.choice import closest, option, placed
from actions.facts import facts
from actions.forms import Ask, Form, kinds
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.orders import Order
from actions.repeated_contact import asked_again

BESIDE = ("orders_title", "orders_checked", "orders_offered")
"""What is kept of the order beside its number."""
OF_ORDER = ("_line", "_pieces", "_checked", "_confirmed")
"""Endings of slots that belong to one order and fall with it."""
REMEMBERED = 4  # messages, this one included, for which a typed order number stays the one that is meant


class OrderForm(Form):
    """A form about one order: by its number, by what the list showed, or the one just spoken of.

    Attributes:
        operation: the rule of the shop that must allow it (a key of `Order.allowed`), or None.
        states: state codes of the orders worth offering; empty for all.
        lists: whether a fresh wish means all orders, and only words that point back mean the one just spoken of.
    """

    operation: str | None = None
    states: tuple[str, ...] = ()
    lists = False
    releases = True
    beside = BESIDE
    shared = ("orders_number",)

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """Find the order, then the rest."""
        filled = await self._order(turn)
        turn.tracker.slots.update(filled)
        if turn.slot("orders_checked") != self._checked(False):
            filled.update(await self.fill_rest(turn))
        return filled

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The slots beside the order."""
        return {}

    def rest(self, turn: Turn) -> list[str]:
        """The slots asked once the order is known and the shop's rules allow the operation."""
        return [slot for slot in self.asks if slot != "orders_number"]

    def slots(self, turn: Turn) -> list[str]:
        """The order first; nothing more where the rules forbid it anyway."""
        return [
            "orders_number",
            *([] if turn.slot("orders_checked") == self._checked(False) else self.rest(turn)),
        ]

    def spoken_of(self, turn: Turn) -> list[EventType]:
        return spoken_of(turn)

    async def _order(self, turn: Turn) -> dict[str, Any]:
        if turn.intent not in self.starts and any(turn.intent in form.starts for form in _order_forms()):
            return {}  # another wish with an order in it (台灯那个，想退货): the other form takes both
        named = turn.entity("orders_number")
        if named == OTHER:
            return _no_order()
        if (
            not named
            and turn.slot("orders_number")
            and turn.slot("orders_checked") in map(self._checked, (True, False))
        ):
            return {}
        number = named or turn.slot("orders_number") or self._from_list(turn) or await self._obvious(turn)
        if not number:
            return {}
        try:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
        except NotFound:
            turn.utter("utter_orders_not_found", number=number)
            return _no_order()
        allowed = order.allowed[self.operation].ok if self.operation else True
        return {
            "orders_number": order.number,
            "orders_title": order.title,
            "orders_checked": self._checked(allowed),
        }

    def _taken_back(self, turn: Turn, slot: str) -> dict[str, Any]:
        """Another order: what was of the first one falls with it; 上面那个 is the one above it in the list."""
        if slot != "orders_number":
            return super()._taken_back(turn, slot)
        before = turn.slot("orders_number")
        of_order = [
            name for name in turn.tracker.slots if name.endswith(OF_ORDER) and turn.slot(name) is not None
        ]
        words, emptied = turn.text, super()._taken_back(turn, slot)
        emptied |= {name: None for name in ("orders_title", "orders_last", *of_order)}
        turn.tracker.slots.update(emptied)
        turn.tracker.latest_message["text"] = turn.cue("value") or words
        numbers = [each["number"] for each in turn.slot("orders_offered") or []]
        step = -1 if turn.cue("above") is not None else 1 if turn.cue("below") is not None else 0
        if step and before in numbers and 0 <= numbers.index(before) + step < len(numbers):
            number = numbers[numbers.index(before) + step]
            entity = {"entity": "orders_number", "value": number}
            turn.tracker.latest_message["entities"] = [entity]
        return emptied

    def _checked(self, allowed: bool) -> str:
        """What is remembered of the shop's rules; another form must ask them anew."""
        return f"{self.form}:{'possible' if allowed else 'refused'}"

    def _from_list(self, turn: Turn) -> str | None:
        """Which of the offered orders the words mean: 第二个, the number's tail, a day, or part of a title."""
        offered: list[dict[str, str]] = turn.slot("orders_offered") or []
        if not self.asked(turn, "orders_number") or not offered:
            return None
        titles = {each["number"]: each["title"] for each in offered}
        place = placed(turn, list(titles))
        if place is not None:
            return place
        numbers = list(titles)
        tails = [n for n in numbers if any(n.endswith(tail) for tail in re.findall(r"\d{3,}", turn.text))]
        day = str(turn.entity("date") or "")[:10].replace("-", "")
        of_day = [n for n in numbers if len(day) == 8 and n.startswith(day)]
        for found in (tails, of_day):
            if len(found) == 1:
                return found[0]
        return closest(turn.text.strip(), titles)

    async def _obvious(self, turn: Turn) -> str | None:
        """When the form starts: the order whose goods are named, the one just spoken of, or the only one there is."""
        if turn.slot(REQUESTED_SLOT) == "orders_number":
            return None
        orders = wiring.gateways().orders
        found = await turn.call(orders.recent, turn.reader, self.states, AskOrdersNumber.offered)
        named = closest(turn.text, {order.number: order.title for order in found}) or _typed_before(turn)
        if named or (turn.slot("orders_last") and self._means_the_last(turn)):
            return named or str(turn.slot("orders_last"))
        return found[0].number if len(found) == 1 else None

    def _means_the_last(self, turn: Turn) -> bool:
        """Whether a wish without an order is about the one last spoken of: what is done to one is, unless another list
        was asked for; where it stands is where the words point back (那它到哪了) or a button below the answer says so."""
        if turn.cue("others") is not None:
            return False
        if turn.cue("points") is not None or turn.cue("follows") is not None:
            return True
        if self.lists:
            return False
        return self.operation is not None or turn.intent.startswith("after_sales_") or _below_an_answer(turn)


def _below_an_answer(turn: Turn) -> bool:
    """Whether this is a button pressed below what was said of an order."""
    if not turn.pressed:
        return False
    answers = {
        action().name() for action in kinds(OrderAction) if not getattr(action, "__abstractmethods__", None)
    }
    before = [event["name"] for event in turn.tracker.events if event["event"] == "action"]
    done = [
        name for name in before if name not in ("action_listen", (turn.tracker.active_loop or {}).get("name"))
    ]
    return bool(done) and done[-1] in answers


class AskOrdersNumber(Ask):
    """Offers the customer's own recent orders as buttons: nobody types a number."""

    offered = 5

    async def work(self, turn: Turn) -> list[EventType]:
        """List the orders that fit the form; where none fits, all."""
        form = str((turn.tracker.active_loop or {}).get("name") or "")
        states = next((f.states for f in _order_forms() if f.form == form), ())
        orders = await turn.call(wiring.gateways().orders.recent, turn.reader, states, self.offered)
        if not orders and states:
            orders = await turn.call(wiring.gateways().orders.recent, turn.reader, (), self.offered)
        if not orders:
            return self.nothing()
        own = f"utter_which_{form}"  # not Rasa's utter_ask_<form>_<slot>: that would be said instead of this action
        response = own if turn.knows(own) else "utter_ask_orders_number"
        turn.utter(response, buttons=[order_button(order) for order in orders])
        return [shown(orders)]


def order_button(order: Order) -> Button:
    """A button that picks an order: `11-19 蓝牙耳机 LX-B3 已发货`."""
    return option("orders_number", order.number, order.times["created_at"][5:10], order.title, order.state)


def shown(orders: list[Order]) -> EventType:
    """The event that remembers which orders were listed."""
    return SlotSet("orders_offered", [{"number": order.number, "title": order.title} for order in orders])


def told(order: Order) -> dict[str, Any]:
    """An order's facts for a response's `{placeholders}`."""
    refund = order.refunds[0] if order.refunds else None
    return {
        **facts(order, "number", "title", "state", "amount", "seller", "carrier", "pay_by"),
        **facts(
            order, payment="payment_method", created="times.created_at", paid="times.paid_at", signed="times.signed_at",
            completed="times.completed_at", cancelled="times.cancelled_at", ship_by="promised_ship_by",
            reason="cancel_reason", tracking="tracking_number", decide_by="cancel_decide_by",
        ),
        **facts(refund, "route", "eta"),
        "refunds": "\n".join(f"- {r.route} ¥{r.amount} ({r.eta})" for r in order.refunds),
    }  # fmt: skip


def spoken_of(turn: Turn) -> list[EventType]:
    """The order that a form was about stays the one spoken of."""
    number = turn.slot("orders_number")
    return [SlotSet("orders_last", number)] if number else []


class OrderAction(CustomerAction):
    """The action at the end of an `OrderForm`: what the form gathered is done in `finish`.

    Attributes:
        operation: the rule of the shop that must allow it (a key of `Order.allowed`), or None.
        gathered: the form's own slots, forgotten at the end.
    """

    concludes = True
    operation: str | None = None
    gathered: tuple[str, ...] = ()

    @abstractmethod
    async def finish(self, turn: Turn, order: Order) -> None:
        """Do it and say it. May raise GatewayError."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask the shop's rules once more, then finish."""
        number = turn.slot("orders_number")
        if number:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            if self.operation and not order.allowed[self.operation].ok and not await turn.written():
                rule = order.allowed[self.operation]
                raise Rejected(rule.code, rule.detail)
            await self.finish(turn, order)
        elif await turn.call(wiring.gateways().orders.recent, turn.reader, (), 1):
            raise Unavailable("the form ended without an order: the shop did not answer it")
        else:
            turn.utter("utter_orders_none")
        return self._done(turn)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not; the order stays the one spoken of."""
        super().rejected(turn, error)
        return self._done(turn)

    def _done(self, turn: Turn) -> list[EventType]:
        number = turn.slot("orders_number")
        forget = over("orders_number", *BESIDE, *self.gathered)
        return [*forget, *([SlotSet("orders_last", number), *asked_again(turn, number)] if number else [])]


def _no_order() -> dict[str, Any]:
    return {"orders_number": None, "orders_title": None, "orders_checked": None, "orders_last": None}


def _order_forms() -> Iterator[type[OrderForm]]:
    """All kinds of order form, however deep."""
    return kinds(OrderForm)


def _typed_before(turn: Turn) -> str | None:
    """The order whose number the customer typed a moment ago, before saying what is wanted: many begin so.

    None where another order was spoken of since, or is meant now.
    """
    if turn.cue("others") is not None:
        return None
    messages = 0
    for event in reversed(turn.tracker.events):
        if event["event"] == "slot" and event["name"] == "orders_last" and event["value"]:
            return None
        if event["event"] == "user":
            messages += 1
            if messages > REMEMBERED:
                return None
            entities = (event.get("parse_data") or {}).get("entities") or []
            numbers = [e["value"] for e in entities if e["entity"] == "orders_number" and e["value"] != OTHER]
            if numbers and not str(event.get("text") or "").startswith("/"):
                return str(numbers[-1])
    return None
