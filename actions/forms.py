"""How a form fills itself. `validate_<form>` is asked at every turn of the form; it takes what the message gives,
checks it with the shop, and names the slot to ask for next. It never speaks of failures: a form that cannot go on
ends, and the form's own action then says why, once."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import wiring
from actions.base import OTHER, REQUESTED_SLOT, Button, CustomerAction, Turn, button, over
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.identity import IdentityError
from actions.gateways.orders import Order

UNCLEAR = ("chat_inform", "nlu_fallback", "chat_out_of_scope")


class Form(CustomerAction):
    """Base of all `validate_<form>` actions. `slots` are asked in this order.

    Attributes:
        form: the form's name in the domain.
        starts: the intents that start this form.
    """

    form = ""
    starts: tuple[str, ...] = ()

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return f"validate_{self.form}"

    @abstractmethod
    def slots(self, turn: Turn) -> list[str]:
        """The slots still worth asking for, in order; may shrink as slots are filled."""

    @abstractmethod
    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The slots that this message fills; a None asks again."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Fill, then name the next slot."""
        filled = await self.fill(turn)
        turn.tracker.slots.update(filled)
        missing = [slot for slot in self.slots(turn) if turn.slot(slot) is None]
        if not filled and missing and turn.intent in self.starts:
            filled = {missing[0]: None}  # the same wish again: ask again, where Rasa would give the form up
        asked = SlotSet(REQUESTED_SLOT, missing[0] if missing else None)
        return [*(SlotSet(name, value) for name, value in filled.items()), asked]

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """End silently; the form's action says how to sign in."""
        return over()

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """End silently; the form's action asks the shop again and says why not."""
        return over()

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """End silently; the form's action meets the same failure and apologises."""
        return over()

    def asked(self, turn: Turn, slot: str) -> bool:
        """Whether the customer was just asked for that slot."""
        return bool(turn.slot(REQUESTED_SLOT) == slot)

    def confirmation(self, turn: Turn, slot: str) -> dict[str, Any]:
        """Yes or no to what was just asked."""
        if self.asked(turn, slot) and turn.intent in ("chat_affirm", "chat_deny"):
            return {slot: turn.intent == "chat_affirm"}
        return {}

    def words(self, turn: Turn, slot: str, intents: tuple[str, ...]) -> dict[str, Any]:
        """The customer's own words as the value, where they were asked and the message is no other request."""
        if self.asked(turn, slot) and turn.intent in (*UNCLEAR, *intents) and turn.text.strip():
            return {slot: turn.text.strip()}
        return {}


class OrderForm(Form):
    """A form about one order: by its number, by what the list showed, or the one just spoken of.

    Attributes:
        operation: the rule of the shop that must allow it (a key of `Order.allowed`), or None.
        states: state codes of the orders worth offering; empty for all.
    """

    operation: str | None = None
    states: tuple[str, ...] = ()

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

    @abstractmethod
    def rest(self, turn: Turn) -> list[str]:
        """The slots asked once the order is known and the shop's rules allow the operation."""

    def slots(self, turn: Turn) -> list[str]:
        """The order first; nothing more where the rules forbid it anyway."""
        return ["orders_number", *([] if turn.slot("orders_checked") == self._checked(False) else self.rest(turn))]

    async def _order(self, turn: Turn) -> dict[str, Any]:
        if turn.intent not in self.starts and any(turn.intent in form.starts for form in _order_forms()):
            return {}  # another wish with an order in it (台灯那个，想退货): the other form takes both
        named = turn.entity("orders_number")
        if named == OTHER:
            return _no_order()
        if not named and turn.slot("orders_number") and turn.slot("orders_checked") in map(self._checked, (True, False)):
            return {}
        number = named or turn.slot("orders_number") or self._from_list(turn) or await self._obvious(turn)
        if not number:
            if self.asked(turn, "orders_number") and turn.intent in UNCLEAR:
                turn.utter("utter_orders_choice_unclear")
                return _no_order()
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

    def _checked(self, allowed: bool) -> str:
        """What is remembered of the shop's rules; another form must ask them anew."""
        return f"{self.form}:{'possible' if allowed else 'refused'}"

    def _from_list(self, turn: Turn) -> str | None:
        """Which of the offered orders the words mean: 第二个, the number's tail, or part of a title."""
        offered: list[dict[str, str]] = turn.slot("orders_offered") or []
        if not self.asked(turn, "orders_number") or not offered:
            return None
        ordinal = turn.entity("ordinal")
        if ordinal is not None and -len(offered) <= int(ordinal) <= len(offered) and int(ordinal) != 0:
            place = int(ordinal)
            return offered[place - 1 if place > 0 else place]["number"]
        words = turn.text.strip()
        tails = [o["number"] for o in offered if len(words) >= 3 and words.isdigit() and o["number"].endswith(words)]
        return tails[0] if len(tails) == 1 else _meant(words, {o["number"]: o["title"] for o in offered})

    async def _obvious(self, turn: Turn) -> str | None:
        """When the form starts: the order whose goods are named, the one just spoken of, or the only one there is."""
        if turn.slot(REQUESTED_SLOT) == "orders_number":
            return None
        orders = wiring.gateways().orders
        found = await turn.call(orders.recent, turn.reader, self.states, AskOrdersNumber.offered)
        named = _meant(turn.text, {order.number: order.title for order in found})
        if named or (self.operation and turn.slot("orders_last")):
            return named or str(turn.slot("orders_last"))
        return found[0].number if len(found) == 1 else None


class AskOrdersNumber(CustomerAction):
    """Offers the customer's own recent orders as buttons: nobody types a number."""

    offered = 5

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_ask_orders_number"

    async def work(self, turn: Turn) -> list[EventType]:
        """List the orders that fit the form; where none fits, all."""
        form = str((turn.tracker.active_loop or {}).get("name") or "")
        states = next((f.states for f in _order_forms() if f.form == form), ())
        orders = await turn.call(wiring.gateways().orders.recent, turn.reader, states, self.offered)
        if not orders and states:
            orders = await turn.call(wiring.gateways().orders.recent, turn.reader, (), self.offered)
        if not orders:
            return [SlotSet(REQUESTED_SLOT, None)]  # the form's action says so
        turn.utter("utter_ask_orders_number", form, buttons=[order_button(order) for order in orders])
        return [SlotSet("orders_offered", [{"number": o.number, "title": o.title} for o in orders])]

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """The form's action says how to sign in."""
        return [SlotSet(REQUESTED_SLOT, None)]

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """The form's action apologises."""
        return [SlotSet(REQUESTED_SLOT, None)]


def order_button(order: Order) -> Button:
    """A button that picks an order: `11-19 蓝牙耳机 LX-B3 已发货`."""
    title = f"{order.times['created_at'][5:10]} {order.title} {order.state}"
    return button(title, "chat_inform", json.dumps({"orders_number": order.number}))


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
            if self.operation and not order.allowed[self.operation].ok:
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
        forget = over("orders_number", "orders_title", "orders_checked", "orders_offered", *self.gathered)
        from actions.orders import asked_again  # which is made of these forms

        return [*forget, *([SlotSet("orders_last", number), *asked_again(turn, number)] if number else [])]


def _no_order() -> dict[str, Any]:
    return {"orders_number": None, "orders_title": None, "orders_checked": None, "orders_last": None}


def _order_forms() -> Iterator[type[OrderForm]]:
    """All kinds of order form, however deep."""
    waiting = OrderForm.__subclasses__()
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        yield form


def _meant(words: str, titles: dict[str, str]) -> str | None:
    """The key of the one title that shares more than any other with the words: at least two characters in a row."""
    shared = sorted(((_shared(words, title), key) for key, title in titles.items()), reverse=True)
    clear = shared and shared[0][0] >= 2 and (len(shared) == 1 or shared[0][0] > shared[1][0])
    return shared[0][1] if clear else None


def _shared(words: str, title: str) -> int:
    """Length of the longest run of characters that both share."""
    best = 0
    for start in range(len(words)):
        while words[start : start + best + 1] in title and start + best < len(words):
            best += 1
    return best
