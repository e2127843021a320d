"""Orders: where one stands, hurry it, cancel it, change it."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import EventType

from actions import addresses, at_once, compensations, days, focus, given, money_back, parcels, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, said, when
from actions.forms import confirmed
from actions.gateways.belongings import ORDER
from actions.gateways.errors import Rejected
from actions.gateways.orders import Order
from actions.order_form import BESIDE, OrderAction, OrderForm, names_goods
from actions.order_states import backs, goods, money, paid, past, speak_of, states, told
from actions.readings import reading
from actions.references import find_line

SENT = "order_shipped"  # the shop's code for an order that cannot be hurried in the warehouse any more
DAY = "delivery_date"
VARIANT = "variant"  # colour, size, quantity: what no order lets change
# The kinds of values that are a field's.
KINDS = {
    "recipient": (given.NAME,), "phone": ("phone",), "address": (given.ADDRESS, given.ROOM), "remark": (given.REMARK,),
    DAY: ("day",),
}  # fmt: skip
CHECKS, GOES_ON = "checks", "goes_on"
"""The cues of who only makes sure that nothing was done, and of who asks whether all goes on as before."""
UNDER_WAY = ("unpaid", "paid", "shipped")
LATE = "paid_late"  # the variant of an order that should have been sent
PHONE = re.compile(r"1\d{10}")
SHAPES = ("phone", DAY)  # what is no such value is said to be none
FREE = ("recipient", "remark")  # may be anything
APART = (*SHAPES, "recipient")  # another value in its place is what is to be changed


class ValidateOrdersStatusForm(OrderForm):
    """Which order."""

    lists = True


class ActionOrdersStatus(OrderAction):
    """Says where an order stands, what happens next, and what it is due for lateness; a response for each state."""

    async def finish(self, turn: Turn, order: Order) -> None:
        """Answer from the order system; a parcel's latest news is part of the answer."""
        if turn.cue(CHECKS) is not None and not any(each.order == order.number for each in focus.of(turn)):
            turn.utter("utter_orders_untouched", order.state_code, **told(order), address=order.address)
        news = ""
        if order.state_code == "shipped":
            shipment = await turn.call(wiring.gateways().logistics.of_order, turn.reader, order.number)
            parcels.speak_of(turn, shipment, order.title)
            news = f"{when(shipment.last_time)} {parcels.news(shipment)}"
        variant = self._variant(turn, order)
        due = await compensations.due_to(turn, order) if variant == LATE else None
        facts = {**told(order), **money(order), "news": news, **compensations.worth(due)}
        turn.utter("utter_orders_status", f"{variant}_due" if due else variant, **facts)
        money_back.tell_beside(turn, facts)
        if due:
            compensations.speak_of(turn, due)
        speak_of(turn, order, again=ValidateOrdersStatusForm.starts[0])

    def _variant(self, turn: Turn, order: Order) -> str:
        """The state, and what is special about it; to who asks whether it goes on as before, that it does."""
        if turn.cue(GOES_ON) is not None and order.state_code == "paid" and states(order)[-1] == "paid" and in_time(order):
            return "goes_on"
        if order.state_code == "unpaid":
            return states(order)[0]
        if order.state_code == "paid":
            if order.cancel_decide_by:
                return "paid_reviewing"
            return ("paid" if paid(order) else "on_delivery") + ("_late" if past(order.promised_ship_by) else "")
        if order.state_code == "cancelled":
            return "cancelled_back" if len(backs(order)) == 1 else "cancelled" if paid(order) else "cancelled_unpaid"
        return order.state_code


@at_once.tells(ValidateOrdersStatusForm.starts[0])
async def where_orders_stand(turn: Turn) -> bool:
    """Of the orders that are not at their end, or of the newest."""
    orders = await at_once.meant(turn, ORDER, lambda order: order.state_code in UNDER_WAY)
    for each in orders:
        await ActionOrdersStatus().finish(turn, await turn.call(wiring.gateways().orders.get, turn.reader, each.id))
    return bool(orders)


def in_time(order: Order) -> bool:
    """Whether nothing keeps it from leaving when it was promised."""
    return bool(order.promised_ship_by) and not order.cancel_decide_by and not past(order.promised_ship_by)


CANCELLED = "cancelled"


@at_once.tells(at_once.MONEY_BACK)
async def what_became_of_the_money(turn: Turn) -> bool:
    """Of the cancelled orders, whose money comes back without a slip."""
    found = await at_once.meant(turn, ORDER, lambda order: order.state_code == CANCELLED, otherwise=False)
    for each in found:
        order = await turn.call(wiring.gateways().orders.get, turn.reader, each.id)
        if order.state_code == CANCELLED:
            tell_money_back(turn, order)
        else:
            await ActionOrdersStatus().finish(turn, order)
    return bool(found)


def tell_money_back(turn: Turn, order: Order) -> None:
    """When, how and how much of a cancelled order's money comes back."""
    response = focus.answer(turn, "order", "when_money", states(order))
    facts = {**told(order), **money(order)}
    turn.utter(response or f"utter_orders_status_{CANCELLED}", **facts)
    money_back.tell_beside(turn, facts)
    speak_of(turn, order, again=ValidateOrdersStatusForm.starts[0])


class ValidateOrdersUrgeForm(OrderForm):
    """Which unshipped order."""

    operation, states = "urge", ("paid",)


class ActionOrdersUrge(OrderAction):
    """Asks the warehouse to hurry."""

    operation = "urge"

    async def finish(self, turn: Turn, order: Order) -> None:
        """Urge once, tell by when it ships; who urges again hears that it was."""
        before = focus.urged(turn, "order", order.number)
        if before and not await turn.written():
            turn.finished = False
            turn.utter("utter_orders_urged_again", **told(order), ticket=before)
            speak_of(turn, order, "urge", ticket=before)
            return
        urged = await turn.call(wiring.gateways().orders.urge, turn.writer, order.number)
        late = past(urged.promised_ship_by)
        due = await compensations.due_to(turn, order) if late else None
        values = {**told(order), "ship_by": when(urged.promised_ship_by), "ticket": urged.ticket_number}
        whose = [*(["late"] if late else []), *(["merchant"] if order.merchant else []), *(["due"] if due else [])]
        turn.utter("utter_orders_urged", "_".join(whose), **values, **compensations.worth(due))
        if due:
            compensations.speak_of(turn, due)
        number = urged.ticket_number or ""
        speak_of(turn, order, "urge", ticket=number, **{focus.URGED: number})

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """What has been sent is hurried on its way."""
        if error.code != SENT:
            return super().rejected(turn, error)
        order = [{"entity": "orders_number", "value": turn.slot("orders_number")}]
        return [*self._done(turn), *said(turn, "logistics_urge", entities=order)]


class ValidateOrdersCancelForm(OrderForm):
    """Which order, and: really?"""

    operation, states = "cancel", ("unpaid", "paid")

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """Yes or no."""
        return self.confirmation(turn, "orders_cancel_confirmed")

    async def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """只取消裙子，其他照发: of the same order one thing among several; an order is cancelled whole."""
        corrected, number = await super()._correct(turn, asked), turn.slot("orders_number")
        if not corrected and number and turn.told("correct") and names_goods(turn):
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            if len(order.items) > 1 and await find_line(turn, number, None, asked=True):
                whole = focus.answer(turn, "order", "whole", states(order))
                turn.utter(str(whole), **told(order), goods=goods(order))
        return corrected


class ActionOrdersCancel(OrderAction):
    """Cancels the order, once, if the customer said yes."""

    operation = "cancel"
    gathered = ("orders_cancel_confirmed",)

    async def work(self, turn: Turn) -> list[EventType]:
        """Of an order that is cancelled already, what became of its money."""
        number = turn.slot("orders_number")
        if number and not await turn.written():
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            if order.state_code == CANCELLED:
                tell_money_back(turn, order)
                return [*self._done(turn), *await self._next(turn, number)]
        return await super().work(turn)

    async def finish(self, turn: Turn, order: Order) -> None:
        """Cancel and tell where the money goes, or leave it."""
        if not confirmed(turn, "orders_cancel_confirmed"):
            turn.utter("utter_orders_cancel_kept", **told(order))
            speak_of(turn, order)
            return
        order = await turn.call(wiring.gateways().orders.cancel, turn.writer, order.number, None)
        speak_of(turn, order, "cancel")
        if order.cancel_decide_by:
            turn.utter("utter_orders_cancel_requested", **told(order))
            return
        ways = {0: "unpaid", 1: "paid"}.get(len(order.refunds), "paid_split")
        turn.utter("utter_orders_cancelled", ways, **told(order))


class ValidateOrdersChangeForm(OrderForm):
    """Which order, which of its fields, the new values, and: right so? What else is given to be changed is changed with it."""

    operation, states = "change", ("unpaid", "paid")
    beside = (*BESIDE, "orders_change_more")

    def rest(self, turn: Turn) -> list[str]:
        """In the order a person would ask; nothing where the shop changes no such thing."""
        if turn.slot("orders_change_field") == VARIANT:
            return ["orders_change_field"]
        return ["orders_change_field", "orders_change_value", "orders_change_confirmed"]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The field from its word or from what is given, the value from what is given; then yes or no."""
        known, begins = turn.slot("orders_change_field"), turn.slot(REQUESTED_SLOT) is None
        values = await self._values(turn)
        field = known or _named(turn, values)
        if (field == DAY or DAY in values) and turn.typed and reading("day_part", turn.typed):
            turn.utter("utter_orders_change_day_only")  # 周六下午
        other = next(iter(values), None)
        if known in APART and other and known not in values and turn.slot("orders_change_value") is None:
            field = other  # asked for the day, the address is told: that is what is to be changed
        only = _other_field(turn, known) if known and not values else None
        if only:
            emptied = [n for n in ("orders_change_value", "orders_change_more") if turn.slot(n) is not None]
            return {"orders_change_field": only, **dict.fromkeys(emptied)}
        filled = {"orders_change_field": field} if field != known else {}  # a slot set anew would count as an answer
        if not field or field == VARIANT:
            return filled
        if turn.slot("orders_change_value") is None:
            filled.update(await self._value(turn, field, values, begins))
            filled.update(_beside(turn, field, values))
            return filled
        same = values.get(field) == turn.slot("orders_change_value") and len(values) == 1  # 对对 8号楼1502室
        if self.asked(turn, "orders_change_confirmed") and values and not same:  # instead of a yes or a no, or beside one
            better = {"orders_change_value": values[field]} if field in values else {}
            return {**filled, **better, **_beside(turn, field, values)}
        answer = self.confirmation(turn, "orders_change_confirmed")
        if answer.get("orders_change_confirmed") is False:
            return {"orders_change_value": None}  # not so: ask for the right value
        return {**filled, **answer}

    async def _values(self, turn: Turn) -> dict[str, str]:
        """Field → what this message gives for it. A house number alone takes its place in the address as it stands."""
        found = {field: given.said(turn, *kinds) for field, kinds in KINDS.items() if field != DAY}
        values = {field: value.value for field, value in found.items() if value}
        day = _day(turn)
        values.update({DAY: day} if day else {})
        if found["address"]:
            values["address"] = addresses.wanted(turn, *await self._address(turn)) or found["address"].value
        if "phone" in values and not PHONE.fullmatch(values["phone"]):
            del values["phone"]
        if DAY in values and not _delivers(turn, others=len(values) > 1):
            del values[DAY]  # a day that is only told
        return values

    async def _address(self, turn: Turn) -> tuple[str, bool]:
        """The address that a part belongs to: the one about to be written, and that it is such, else the order's."""
        more = turn.slot("orders_change_more") or {}
        pending = turn.slot("orders_change_value") if turn.slot("orders_change_field") == "address" else more.get("address")
        number = turn.slot("orders_number")
        if pending or not number:
            return str(pending or ""), bool(pending)
        return (await turn.call(wiring.gateways().orders.get, turn.reader, number)).address, False

    async def _value(self, turn: Turn, field: str, values: dict[str, str], begins: bool) -> dict[str, Any]:
        """The field's new value: given now, or a little before the form began; in the customer's own words only where no
        form of it is known."""
        if field in values:
            return {"orders_change_value": values[field]}
        before = given.known(turn, *KINDS[field]) if begins else None
        if before:
            whole = addresses.placed((await self._address(turn))[0], before) if field == "address" else before.value
            return {"orders_change_value": whole}
        words = self.words(turn, "orders_change_value", ())
        if not words or field in values:
            return {}
        if field in SHAPES or given.said(turn, *(kind for kinds in KINDS.values() for kind in kinds)):
            turn.utter("utter_orders_change_unclear", field)
            return {"orders_change_value": None}
        return words if field in FREE else {"orders_change_value": None}


def _named(turn: Turn, values: dict[str, str]) -> str | None:
    """The field that a word or a button names, unless what is given is for others only; else the first that is given."""
    named = turn.entity("orders_change_field")
    if turn.intent == "orders_change" and any(turn.entity(name) for name in ("colour", "size", "quantity")) and not values:
        return named or VARIANT
    if values and named not in values and turn.intent == "orders_change" and not turn.pressed:
        return next(iter(values))
    return str(named) if named else None


def _other_field(turn: Turn, known: str) -> str | None:
    """Another field than the one asked about, named without a value by who wants that one changed (改个电话就行)."""
    named = turn.entity("orders_change_field")
    wants = turn.intent in ValidateOrdersChangeForm.starts or turn.told("correct", "set") is not None
    return str(named) if named and named != known and wants and not turn.pressed and not turn.asks else None


def _beside(turn: Turn, field: str, values: dict[str, str]) -> dict[str, Any]:
    """What is changed beside the field that was asked about."""
    before = turn.slot("orders_change_more") or {}
    more = {**before, **{name: value for name, value in values.items() if name != field}}
    return {"orders_change_more": more} if more != before else {}


def _day(turn: Turn) -> str | None:
    """The day to deliver on: the one to which it is to be changed, else the last that is said, but none that tells which order
    is meant (今天下单的, 前天到的)."""
    conditions = (turn.tracker.latest_message.get("reference") or {}).get("conditions") or []
    telling = {each["said"] for each in conditions if each["by"] == "day" and each["sure"]}
    said = turn.tracker.latest_message.get("text") or ""
    values = [] if turn.pressed else turn.tracker.latest_message.get("values") or []
    told = [(v["value"], said[v["start"] : v["end"]], v["start"]) for v in values if v["kind"] == "day"]
    left = [(day, start) for day, words, start in told if words not in telling and not reading("day_over", words)]
    changed_to = [day for day, start in left if reading("day_wanted", said[:start].strip())]  # 改到5号，3号家里没人
    return str((changed_to or [day for day, _ in left])[-1]) if left else None


def _delivers(turn: Turn, others: bool) -> bool:
    """Whether a day is one to deliver on: asked for or named as such, or all that a wish to change gives. `others`: whether
    other fields are given too."""
    entities = turn.tracker.latest_message.get("entities") or []
    named = {str(e["value"]) for e in entities if e["entity"] == "orders_change_field"} | {turn.slot("orders_change_field")}
    return DAY in named or (turn.intent == "orders_change" and not others and named == {None})


def wanted(turn: Turn) -> dict[str, str]:
    """Field → new value, all that is to be changed."""
    first = {str(turn.slot("orders_change_field")): str(turn.slot("orders_change_value"))}
    return {**first, **(turn.slot("orders_change_more") or {})}


def listed(turn: Turn) -> str:
    """What is to be changed, in the shop's words; a day with its weekday."""
    changes = wanted(turn).items()
    return turn.joined(f"{turn.wording(f'utter_orders_field_{field}')} {_shown(turn, field, value)}" for field, value in changes)


def _shown(turn: Turn, field: str, value: str) -> str:
    return days.with_weekday(turn, value) if field == DAY else value


class AskOrdersChangeConfirmed(CustomerAction):
    """Reads back what is about to be changed."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.utter("utter_ask_orders_change_confirmed", changes=listed(turn))
        return []


class ActionOrdersChange(OrderAction):
    """Changes an order that has not shipped: all that was given, at once."""

    operation = "change"
    gathered = ("orders_change_field", "orders_change_value", "orders_change_more", "orders_change_confirmed")
    uses = tuple(kind for kinds in KINDS.values() for kind in kinds)

    async def finish(self, turn: Turn, order: Order) -> None:
        """Change it and read back what stands now."""
        if turn.slot("orders_change_field") == VARIANT:
            turn.finished = False
            turn.utter("utter_orders_change_variant", **told(order))
            speak_of(turn, order)
            return
        confirmed(turn, "orders_change_confirmed")
        changes = wanted(turn)
        order = await turn.call(wiring.gateways().orders.change, turn.writer, order.number, changes)
        field, value = next((field, _shown(turn, field, value)) for field, value in changes.items())
        if len(changes) > 1:
            field, value = "", listed(turn)
        turn.utter("utter_orders_changed", field, **told(order), value=value)
        speak_of(turn, order, "change")
