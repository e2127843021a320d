"""Forms about one order: which one is meant, whether the shop's rules allow what is wished, and the end of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import given, wiring
from actions.base import OTHER, CustomerAction, Turn, over
from actions.forms import Ask, Form, kinds
from actions.gateways.belongings import ORDER, Thing
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.orders import Order
from actions.order_states import speak_of_refusal
from actions.references import (
    CHOICES,
    GOODS,
    MORE,
    belongings,
    choices,
    described_before,
    find,
    find_line,
    found,
    kept,
    offered,
    page,
    pick,
    settled,
)
from actions.repeated_contact import asked_again

BESIDE = ("orders_title", "orders_checked", "orders_line")
"""What is kept of the order beside its number."""
OF_ORDER = ("_line", "_pieces", "_checked", "_confirmed")
"""Endings of slots that belong to one order and fall with it."""


ANOTHERS = "others"
"""What is remembered of an order that is none of the customer's, who says whose it is."""
OTHERS = ("others_account", "someone_elses")
"""The cues of who speaks of another person's thing."""


class OrderForm(Form):
    """A form about one order: by whatever describes it (`actions/references.py`), or the one just spoken of.

    Attributes:
        operation: the rule of the shop that must allow it (a key of `Order.allowed`), or None.
        states: state codes of the orders worth offering; empty for all.
        lists: whether a fresh wish means all orders, and only words that point back mean the one just spoken of.
        by_line: whether the rule is each line's own, so that what the shop says of the order is not said of a line.
    """

    operation: str | None = None
    by_line = False
    states: tuple[str, ...] = ()
    lists = False
    beside: tuple[str, ...] = BESIDE
    shared = ("orders_number",)

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """Find the order, then the rest."""
        filled = await self._order(turn)
        turn.tracker.slots.update(filled)
        if turn.slot("orders_checked") not in map(self._checked, (False, None)):
            filled.update(await self.fill_rest(turn))
        return filled

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The slots beside the order."""
        return {}

    def rest(self, turn: Turn) -> list[str]:
        """The slots asked once the order is known and the shop's rules allow the operation."""
        return [slot for slot in self.asks if slot != "orders_number"]

    def slots(self, turn: Turn) -> list[str]:
        """The order first; nothing more where the rules forbid it anyway, and nothing at all of another person's."""
        if turn.slot("orders_checked") == self._checked(None):
            return []
        return [
            "orders_number",
            *([] if turn.slot("orders_checked") == self._checked(False) else self.rest(turn)),
        ]

    async def _order(self, turn: Turn) -> dict[str, Any]:
        if turn.intent not in self.starts and any(turn.intent in form.starts for form in _order_forms()):
            return {}  # another wish with an order in it (台灯那个，想退货): the other form takes both
        named = turn.entity("orders_number")
        if named == OTHER:
            return _no_order()
        if named == MORE:
            named = None
        elif (
            not named
            and turn.slot("orders_number")
            and turn.slot("orders_checked") in map(self._checked, (True, False))
        ):
            return {}
        number = named or turn.slot("orders_number")
        filled = {} if number else await self._meant(turn)
        number = number or filled.get("orders_number")
        if not number:
            return filled
        try:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
        except NotFound:
            if any(turn.cue(name) is not None for name in OTHERS):
                return {**_no_order(), "orders_checked": self._checked(None)}
            turn.utter("utter_orders_not_found", number=number)
            return _no_order()
        line = filled.get("orders_line") or await self._line(turn, order)
        allowed = self.operation is None or order.allowed[self.operation].ok or (self.by_line and line is not None)
        return {
            **filled,
            **({"orders_line": line} if line != turn.slot("orders_line") else {}),
            "orders_number": order.number,
            "orders_title": order.title,
            "orders_checked": self._checked(allowed),
        }

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """The order that the words mean, and its line where they name one; else what may be chosen from.

        When the form starts and they mean none: the one described a moment ago, the one just spoken of, or the only one.
        """
        asked, last = self.asked(turn, "orders_number"), turn.slot("orders_last")
        found = await find(turn, ORDER, states=self.states, spoken_of=last, asked=asked)
        if last and found.one and found.one.id != last and await self._rather(turn, found.one, str(last)):
            return {"orders_number": str(last), CHOICES: None}
        filled = settled(turn, ORDER, "orders_number", found, asked)
        if filled is not None:
            several = last in [thing.id for thing in found.fits] and not found.one
            if several and self._means_the_last(turn):
                return {"orders_number": str(last)}
            return {**filled, **({"orders_line": found.line} if found.one else {})}
        if asked:
            return {}
        before = await described_before(turn, self.states)
        if before and before.one:
            return {"orders_number": before.one.id, "orders_line": before.line, CHOICES: None}
        if last and self._means_the_last(turn):
            return {"orders_number": str(last), CHOICES: None}
        if not self.states and 1 < len(found.fits) < len((await belongings(turn)).of_kind(ORDER)):
            return choices(ORDER, found)  # 怎么还没发货: one of those that are not sent
        only = found.fits[0].id if len(found.fits) == 1 else None
        return {**({"orders_number": only} if only else {}), CHOICES: None}

    async def _rather(self, turn: Turn, one: Thing, last: str) -> bool:
        """帮我催催，锅坏了等着用: whether the order spoken of is meant, whose goods are called so too, and not one with which
        this cannot be done."""
        spoken = next((thing for thing in (await belongings(turn)).of_kind(ORDER) if thing.id == last), None)
        if spoken is None or not self.states or one.state_code in self.states or spoken.state_code not in self.states:
            return False
        told = turn.tracker.latest_message.get("reference") or {}
        only_goods = all(each["by"] in GOODS for each in told.get("conditions") or [] if each["sure"])
        return only_goods and found(told, [spoken]).one is not None

    async def _line(self, turn: Turn, order: Order) -> int | None:
        """The line that the words name, these or those that left a choice of orders."""
        line: int | None = ((turn.slot(CHOICES) or {}).get("lines") or {}).get(order.number)
        if line is None and len(order.items) > 1 and not turn.pressed:
            line = await find_line(turn, order.number, None, asked=False)
        spoken = order.number in (turn.slot("orders_number"), turn.slot("orders_last"))
        return line if line is not None else turn.slot("orders_line") if spoken else None

    async def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """对，只退冲锋衣, where a scarf was shown: another piece of the order, or another order, takes its place. What is
        described is the thing itself: nothing changes; nobody has it: that is said."""
        correction, number = turn.told("correct"), turn.slot("orders_number")
        if correction is None or correction["slot"] != "orders_number" or not correction["value"] or asked == "orders_number":
            return await super()._correct(turn, asked)
        if not number or not names_goods(turn):
            return await super()._correct(turn, asked)
        told = turn.tracker.latest_message.get("reference") or {}
        things = (await belongings(turn)).of_kind(ORDER)
        mine = [thing for thing in things if number in thing.numbers]
        slot = next((name for name in self.slots(turn) if name.endswith("_line")), None)
        line = await find_line(turn, number, None, asked=True) if slot else None
        if slot and line:
            before = turn.slot(slot) or turn.slot("orders_line")
            return {} if str(line) == str(before) else super()._taken_back(turn, slot, correction["value"])
        worth = [thing for thing in things if not self.states or thing.state_code in self.states]
        meant = found(told, things, worth, asked=True)
        if meant.missing or not meant.described:
            turn.utter("utter_orders_none_fits", words=meant.missing or correction["value"])
            return {}
        corrects = (turn.tracker.latest_message.get("act") or {}).get("name") == "correct"
        only_kept = all(each.get("kept") for each in told.get("conditions") or [] if each["by"] in GOODS)
        if only_kept and corrects:  # not the one that is shown: which one is asked
            return super()._taken_back(turn, slot, None) if slot else self._taken_back(turn, "orders_number", None)
        if meant.one in mine or (only_kept and any(thing in mine for thing in meant.fits)):
            return {}
        return self._taken_back(turn, "orders_number", correction["value"])

    def _taken_back(self, turn: Turn, slot: str, value: str | None) -> dict[str, Any]:
        """Another order: what was of the first one falls with it; 上面那个 is the one above it in the list."""
        if slot != "orders_number":
            return super()._taken_back(turn, slot, value)
        before = turn.slot("orders_number")
        of_order = [
            name for name in turn.tracker.slots if name.endswith(OF_ORDER) and turn.slot(name) is not None
        ]
        words, emptied = turn.text, super()._taken_back(turn, slot, value)
        emptied |= {name: None for name in ("orders_title", "orders_last", *of_order)}
        turn.tracker.slots.update(emptied)
        turn.tracker.latest_message["text"] = value or words
        numbers = list((turn.slot(CHOICES) or {}).get("ids") or [])
        step = -1 if turn.cue("above") is not None else 1 if turn.cue("below") is not None else 0
        if step and before in numbers and 0 <= numbers.index(before) + step < len(numbers):
            number = numbers[numbers.index(before) + step]
            entity = {"entity": "orders_number", "value": number}
            turn.tracker.latest_message["entities"] = [entity]
        told = {**(turn.tracker.latest_message.get("reference") or {}), "spoken_of": before}
        turn.tracker.latest_message["reference"] = told
        return emptied

    def _checked(self, allowed: bool | None) -> str:
        """What is remembered of the shop's rules; another form must ask them anew. None: it is another person's order."""
        return f"{self.form}:{ANOTHERS if allowed is None else 'possible' if allowed else 'refused'}"

    def _means_the_last(self, turn: Turn) -> bool:
        """Whether a wish without an order is about the one last spoken of: what is done to one is, unless another list
        was asked for; where it stands is where the words point back (那它到哪了) or a button below the answer says so."""
        if turn.cue("others") is not None or turn.fresh:
            return False
        if turn.cue("points") is not None or turn.cue("follows") is not None:
            return True
        if self.lists:
            return False
        return self.operation is not None or turn.intent.startswith("after_sales_") or _below_an_answer(turn)


def names_goods(turn: Turn) -> bool:
    """Whether the words say what it is that is meant, and not only that it is another one."""
    told = turn.tracker.latest_message.get("reference") or {}
    return any(each["by"] in GOODS for each in told.get("conditions") or [])


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
    """Offers the customer's own orders as buttons, page by page: nobody types a number."""

    async def work(self, turn: Turn) -> list[EventType]:
        """List the orders that the words fit, else those that fit the form; where none does, all."""
        form = str((turn.tracker.active_loop or {}).get("name") or "")
        states = next((f.states for f in _order_forms() if f.form == form), ())
        orders = await offered(turn, ORDER, lambda order: order.state_code in states) or await offered(turn, ORDER)
        if not orders:
            return self.nothing()
        own = f"utter_which_{form}"  # not Rasa's utter_ask_<form>_<slot>: that would be said instead of this action
        response = own if turn.knows(own) else "utter_ask_orders_number"
        if (turn.slot(CHOICES) or {}).get("together"):
            turn.utter("utter_orders_one_by_one")
        turn.utter(response, buttons=page(turn, "orders_number", orders))
        return kept(turn, ORDER, orders)


class OrderAction(CustomerAction):
    """The action at the end of an `OrderForm`: what the form gathered is done in `finish`.

    Attributes:
        operation: the rule of the shop that must allow it (a key of `Order.allowed`), or None.
        of_line: the slot of the line, where the rule is each line's own and `finish` asks it for the one that is known.
        gathered: the form's own slots, forgotten at the end.
        uses: kinds of given values that are used up with it.
    """

    concludes = True
    operation: str | None = None
    of_line: str | None = None
    gathered: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @abstractmethod
    async def finish(self, turn: Turn, order: Order) -> None:
        """Do it and say it. May raise GatewayError."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask the shop's rules once more, then finish."""
        number = turn.slot("orders_number")
        if number:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            rule = None if self.operation is None else order.allowed[self.operation]
            by_line = self.of_line is not None and turn.slot(self.of_line) is not None
            if rule and not rule.ok and not by_line and not await turn.written():
                raise Rejected(rule.code, rule.detail)
            await self.finish(turn, order)
        elif str(turn.slot("orders_checked")).endswith(f":{ANOTHERS}"):
            turn.utter("utter_account_manage_others")
        elif (await belongings(turn)).of_kind(ORDER):
            raise Unavailable("the form ended without an order: the shop did not answer it")
        else:
            turn.utter("utter_orders_none")
        return [*self._done(turn), *await self._next(turn, number)]

    async def _next(self, turn: Turn, number: str | None) -> list[EventType]:
        """Where the same was wished for several orders (两单都取消), the others are offered, one press each."""
        told = turn.slot(CHOICES) or {}
        left = [other for other in told.get("ids") or [] if other != number]
        if not told.get("together") or not left:
            return []
        others = [order for order in (await belongings(turn)).of_kind(ORDER) if order.id in left]
        buttons = [pick("orders_number", order, told["together"]) for order in others]
        turn.utter("utter_orders_others", buttons=buttons, count=len(others))
        return [SlotSet(CHOICES, {**told, "ids": left})]

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not; the order stays the one spoken of."""
        super().rejected(turn, error)
        speak_of_refusal(turn, error)
        return self._done(turn)

    def _done(self, turn: Turn) -> list[EventType]:
        number = turn.slot("orders_number")
        forget = [*over("orders_number", *BESIDE, *self.gathered), *given.used(turn, self.uses)]
        return [*forget, *([SlotSet("orders_last", number), *asked_again(turn, number)] if number else [])]


def _no_order() -> dict[str, Any]:
    return {"orders_number": None, "orders_title": None, "orders_checked": None, "orders_last": None, CHOICES: None}


def _order_forms() -> Iterator[type[OrderForm]]:
    """All kinds of order form, however deep."""
    return kinds(OrderForm)
