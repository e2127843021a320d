"""After-sales: money back, goods back, another piece, a repair; how a slip is going; withdrawing it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import at_once, focus, given, order_states, own_case, pictures, slips, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, over
from actions.complaints import escalate, handed_over
from actions.forms import UNCLEAR, Ask, Form, confirmed
from actions.gateways.after_sales import Costs, Options, Return, Variant, Wish
from actions.gateways.belongings import ORDER, SLIP, Thing
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.orders import Order, Rule
from actions.order_form import OrderAction, OrderForm, names_goods
from actions.order_states import speak_of_refusal, told
from actions.readings import place, reading
from actions.references import (
    MORE,
    at_place,
    belongings,
    find,
    find_line,
    kept,
    offered,
    one_of,
    option,
    page,
    settled,
)

STATUS = "after_sales_ask_status"
MISSING = "missing"
WARRANTY_PASSED, REVIEW_BY_PERSON, RETURN_INSTEAD = "warranty_passed", "review_by_person", "return_instead"
OPEN_EXISTS = "return_open_exists"
SELF = "self"  # the customer sends the goods
FETCHED = "fetched"  # somebody comes, whenever
CHOOSE = "choose"  # asks for the times at which they can be fetched
NOTHING_LEFT = ["-"]
SIZE, LOOKS = "size", ("colour", "size")
LETTERS = ("XS", "S", "M", "L", "XL", "XXL", "XXXL")
RELATIVE, FIGURE = re.compile(r"[+-]\d+(?:\.\d+)?"), re.compile(r"\d+(?:\.\d+)?")
"""One size bigger as it is read (+1), and a size in figures."""
WORDS, BUTTONS = 120, 8
NUMBER = re.compile(r"(?<!\d)\d{2,3}(?!\d)")
ASKED_LATELY = 4  # of the customer's messages, for which a question is put again in fewer words
EARLIEST = 6  # before this hour nobody fetches: three o'clock is in the afternoon
HOUR, HOURS = re.compile(r"(\d{1,2}):"), re.compile(r"(\d{1,2}):00-(\d{1,2}):00")

REASON_SLOTS = ("after_sales_reason", "after_sales_reason_code")
AFTER_REASON = ("after_sales_paid", "after_sales_variant", "after_sales_pickup", "after_sales_confirmed")
"""What is asked once there is a reason: at these, another one may be given."""


class ValidateAfterSalesForm(OrderForm):
    """Which order, which piece of it, why, what instead, when it is fetched, and: shall I open the slip?

    The kind is the intent's own. What the shop's rules say depends on the reason, so they are asked with it.
    """

    states = ("shipped", "signed", "completed")

    def rest(self, turn: Turn) -> list[str]:
        """One piece needs no choice; what the shop does not offer is not asked."""
        wanted = {
            "after_sales_line": turn.slot("after_sales_pieces"),
            "after_sales_reason": True,
            "after_sales_paid": turn.slot("after_sales_warranty"),
            "after_sales_variant": turn.slot("after_sales_variants"),
            "after_sales_pickup": turn.slot("after_sales_pickups"),
            "after_sales_confirmed": True,
        }
        if turn.slot("after_sales_paid") is False or turn.slot("after_sales_partial"):
            return []
        return [slot for slot, is_wanted in wanted.items() if is_wanted]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The order and what the message says; then the shop's rules, where something they hang on has changed."""
        self.operation = None
        pieces = _pieces(turn)
        filled: dict[str, Any] = {"after_sales_quantity": pieces} if pieces else {}
        if turn.cue("partial") is not None:
            filled["after_sales_partial"] = True
        turn.tracker.slots.update(filled)
        filled.update(await super().fill(turn))
        turn.tracker.slots.update(filled)
        number, kind = turn.slot("orders_number"), turn.slot("after_sales_kind")
        changed = {name for name in ("orders_number", "after_sales_line", "after_sales_reason") if filled.get(name)}
        if number and kind and (changed or turn.intent == f"after_sales_{kind}"):
            filled.update(await self._judged(turn, number, kind))
            turn.tracker.slots.update(filled)
        if turn.slot("after_sales_pickups"):
            picked = self._pickup(turn)
            else_said = {"after_sales_reason", "after_sales_variant"} & filled.keys()
            if picked.get("after_sales_pickup") is not None or not else_said:  # 要41的, asked when to fetch it
                filled.update(picked)
        return filled

    def confirmation(self, turn: Turn, slot: str) -> dict[str, Any]:
        """对，就一个: a yes to fewer pieces than a slip takes is none."""
        answer, pieces = super().confirmation(turn, slot), _pieces(turn)
        if not pieces or not self.asked(turn, "after_sales_confirmed") or answer.get(slot) is False:
            return answer
        fewer = pieces < (turn.slot("after_sales_whole") or {}).get("count", 0)
        if not fewer:
            return {**answer, "after_sales_quantity": None}
        return {"after_sales_quantity": pieces, slot: None}

    async def _judged(self, turn: Turn, number: str, kind: str) -> dict[str, Any]:
        """What the shop's rules make of it: refused, or what is still to be chosen."""
        order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
        many = len(order.items) > 1 and order.state_code != "shipped"
        named = turn.slot("after_sales_line") or (turn.slot("orders_line") if many else None)
        line = int(named or 0) or None
        filled: dict[str, Any] = {
            "after_sales_pieces": [{"line": i.line, "title": i.title} for i in order.items] if many else None,
            **({"after_sales_line": line} if line else {}),
        }
        before = self._told(turn, number)
        if turn.slot("after_sales_reason") is None and before:
            filled |= {"after_sales_reason": before.value, "after_sales_reason_code": before.code}
            turn.tracker.slots.update(filled)
        reason = turn.slot("after_sales_reason")
        options = await turn.call(*_look(turn, number, line))
        if reason and before and not turn.slot("after_sales_reason_code"):
            filled["after_sales_reason_code"] = options.reason_code
        expired = kind == "repair" and options.rules[kind].code == WARRANTY_PASSED
        payable = expired and (many and line is None or options.warranty_ends is not None)
        settled = reason is not None and (line is not None or not many)
        if settled and kind == "refund" and options.rules[kind].code == RETURN_INSTEAD and options.rules["return"].ok:
            kind = filled["after_sales_kind"] = "return"  # the money comes back with the goods: that is what is asked for
            turn.utter("utter_after_sales_return_instead")
        fits = options.rules[kind].ok if settled else kind in options.ever
        filled["orders_checked"] = self._checked(fits or payable)
        if not settled:
            return filled
        filled["after_sales_warranty"] = options.rules[kind].detail if payable else None
        costs = options.costs.get(kind) if not payable else None
        filled["after_sales_whole"] = _whole(order, line, options.amounts.get(kind), options.reason_code, costs)
        pickups = [list(pickup) for pickup in options.pickups.get(kind, ())] or None
        filled["after_sales_pickups"] = pickups
        if turn.slot("after_sales_pickup") not in (None, SELF, *(value for value, _ in pickups or ())):
            filled["after_sales_pickup"] = None  # another reason, and nobody comes then
        return {**filled, **self._variants(turn, kind, options)}

    def _told(self, turn: Turn, number: str) -> given.Given | None:
        """What was said of these goods before the form came to ask for the reason."""
        told: dict[str, str] = turn.slot("after_sales_told") or {}
        if told.get("number") == number and told.get("text"):
            return given.Given(given.REASON, told["text"], told.get("code"))
        heard = given.known(turn, given.REASON)
        if heard and self._says_nothing(turn, heard.value):
            heard = given.earlier(turn, given.REASON)
        return None if heard and self._says_nothing(turn, heard.value) else heard

    def _says_nothing(self, turn: Turn, reason: str) -> bool:
        """Whether a repair is wanted and all that is told is that it is broken: who repairs has to know what is."""
        asked = self.asked(turn, "after_sales_reason")
        return not asked and turn.slot("after_sales_kind") == "repair" and given.only_broken(turn, reason)

    def _variants(self, turn: Turn, kind: str, options: Options) -> dict[str, Any]:
        """What an exchange sends instead: named, the same again for what is faulty, or to be chosen."""
        if kind != "exchange" or options.reason_code == MISSING or not options.variants:
            return {name: None for name in ("after_sales_variants", "after_sales_variant") if turn.slot(name) is not None}
        words = wished_for(f"{turn.slot('after_sales_reason') or ''}{turn.text}")
        earlier = [known.value for known in (given.known(turn, kind) for kind in LOOKS) if known]
        own, others = _sent_instead(options)
        named = wished_looks(entities(turn, *LOOKS) or earlier, own, options.variants)
        wanted = meant_variant(words, named, others, own.name if own else None)
        if wanted is None and own and own.stock > 0 and (options.reason_code in given.FAULTS or len(options.variants) == 1):
            wanted = own
        choices = [variant.name for variant in others if variant.stock > 0]
        filled: dict[str, Any] = {"after_sales_variants": near(choices, own, options.reason_code) or NOTHING_LEFT}
        if wanted is not None and wanted.stock > 0:
            return {**filled, "after_sales_variant": wanted.name}
        if wanted is not None:
            turn.utter("utter_after_sales_variant_out_of_stock", instead=wanted.name)
        return {**filled, "after_sales_variant": None}

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The piece by its button, place or name; the reason in the customer's own words; choices; then yes or no."""
        filled: dict[str, Any] = {}
        if self.asked(turn, "after_sales_line"):
            filled.update(await self._line_of(turn))
        filled.update(self._reason(turn))
        if self.asked(turn, "after_sales_variant") or self._another_variant(turn):
            filled.update(await self._variant(turn))
        for slot in ("after_sales_paid", "after_sales_confirmed"):
            filled.update(self.confirmation(turn, slot))
        return filled

    def _another_variant(self, turn: Turn) -> bool:
        """Whether a later answer names a colour or a size: that one is to be sent instead."""
        later = turn.slot(REQUESTED_SLOT) in AFTER_REASON and turn.slot("after_sales_variants") and not turn.pressed
        return bool(later and entities(turn, "colour", "size"))

    def _reason(self, turn: Turn) -> dict[str, Any]:
        """Why, in the customer's words, with what it comes to. Another one later takes the place of the first, or is added
        to it; what is denied is asked for again."""
        told, before = given.said(turn, given.REASON), turn.slot("after_sales_reason")
        if told and before is None and self._says_nothing(turn, told.value):
            return {}
        if before and self.asked(turn, "after_sales_pickup") and turn.entity("after_sales_pickup") and not turn.pressed:
            return {}  # 来家里拿吧，我腿脚不好: why it is to be fetched, not why it is returned
        if told is None and before is None:  # an answer, by what it does, in words that no example is like
            none = turn.asks or _answers_another(turn) or given.said(turn, given.DENIED, given.ASIDE) is not None
            words = {} if none else self.words(turn, "after_sales_reason", ())
            return {**words, "after_sales_reason_code": None} if words else {}
        if told is None:
            taken_back = before and given.said(turn, given.DENIED) and turn.slot(REQUESTED_SLOT) in AFTER_REASON
            return dict.fromkeys(REASON_SLOTS) if taken_back else {}
        denied, code = given.said(turn, given.DENIED), turn.slot("after_sales_reason_code")
        if before is None:
            number = turn.slot("orders_number")
            earlier = self._told(turn, str(number)) if number and not denied else None
            told = earlier if earlier and earlier.code in given.FAULTS and told.code not in given.FAULTS else told
            return {"after_sales_reason": told.value, "after_sales_reason_code": told.code}
        if turn.slot(REQUESTED_SLOT) not in AFTER_REASON or told.value in before:
            return {}
        corrects = (turn.tracker.latest_message.get("act") or {}).get("name") == "correct"
        if denied or corrects or turn.cue("value") is not None:
            return {"after_sales_reason": told.value, "after_sales_reason_code": told.code}
        if before in told.value:
            return {"after_sales_reason": told.value, **({"after_sales_reason_code": told.code} if code != told.code else {})}
        if code in given.FAULTS and told.code not in given.FAULTS:
            return {}  # what is said beside a fault that stands (电饭煲接着弄吧) is none
        if code == told.code or code in given.FAULTS:
            return {"after_sales_reason": turn.joined((before, told.value))}
        return {"after_sales_reason": told.value, "after_sales_reason_code": told.code}

    async def _line_of(self, turn: Turn) -> dict[str, Any]:
        line = await find_line(turn, turn.slot("orders_number"), turn.entity("after_sales_line"), asked=True)
        return again(turn, "after_sales_line") if line is None else {"after_sales_line": line}

    async def _variant(self, turn: Turn) -> dict[str, Any]:
        """By its button, or in words; what is out of stock is said to be."""
        pressed = turn.entity("after_sales_variant")
        number, line = turn.slot("orders_number"), turn.slot("after_sales_line")
        options = await turn.call(*_look(turn, number, int(line) if line else None))
        own, others = _sent_instead(options)
        before, asked = turn.slot("after_sales_variant"), self.asked(turn, "after_sales_variant")
        if turn.intent == "chat_affirm" and own and asked:
            pressed = own.name
        named = wished_looks(entities(turn, *LOOKS), own, options.variants)
        named += NUMBER.findall(wished_for(turn.typed))  # 浅灰40
        wanted = meant_variant(wished_for(str(pressed or turn.text)), named, options.variants, before)
        if wanted is None and not asked:
            turn.utter("utter_after_sales_variant_unknown", instead=turn.joined(entities(turn, "colour", "size")))
            return {"after_sales_variant": None}
        if wanted is None:
            return again(turn, "after_sales_variant")
        if wanted not in others:
            turn.utter("utter_after_sales_variant_same", instead=wanted.name)
            return {"after_sales_variant": None}
        if wanted.stock <= 0:
            turn.utter("utter_after_sales_variant_out_of_stock", instead=wanted.name)
            return {"after_sales_variant": None}
        return {"after_sales_variant": wanted.name}

    def _pickup(self, turn: Turn) -> dict[str, Any]:
        """By its button, its place in the list, its day and part of the day, said now or before; a part of the day alone
        keeps the day; a no sends the goods oneself."""
        times: list[list[str]] = turn.slot("after_sales_pickups") or []
        asked, before = self.asked(turn, "after_sales_pickup"), turn.slot("after_sales_pickup")
        pressed = turn.entity("after_sales_pickup")
        away = reading("after_sales_away", turn.typed) is not None
        if pressed == SELF or (asked and turn.intent == "chat_deny" and not away):
            return {"after_sales_pickup": SELF}
        told = given.said if asked or before else given.known
        days, time = _days(told(turn, "day", "days")), told(turn, "span")
        days = days or (_days(given.known(turn, "day", "days")) if asked and time else None)
        if not (asked or pressed or days or time):
            return {}
        if asked and away and not (days or time or pressed):
            turn.utter("utter_after_sales_pickup_away")
            return {"after_sales_pickup": None}
        comes = pressed == FETCHED or (asked and turn.told("yes") is not None)
        pressed = None if pressed == FETCHED else pressed
        pressed = (at_place(turn, [value for value, _ in times]) if asked else None) or pressed
        kept = before[:10] if before not in (None, SELF) and not days else ""
        half = before[11:] if before not in (None, SELF) and not time else ""
        fitting, any_time = fits(times, days, time), asked and turn.cue("any") is not None
        if any_time and not fitting:  # 后天上午行不，不行你看着选
            fitting = [value for value, _ in times]
        if (days or time) and not fitting:
            known = asked or before is not None
            if known:
                turn.utter("utter_after_sales_pickup_out_of_range")
            return {"after_sales_pickup": None} if known else {}
        first = next((v for v in fitting if (kept and v.startswith(kept)) or (half and v.endswith(half))), None)
        first = first or (fitting[0] if fitting else None)
        if asked and comes and not (days or time or pressed) and len(times) > 1 and not any_time:
            turn.utter("utter_after_sales_pickup_when")
            return {"after_sales_pickup": None}
        chosen = pressed or (first if days or time or any_time or (asked and comes) else None)
        if chosen in [value for value, _ in times]:
            return {"after_sales_pickup": chosen} if chosen != before else {}
        return again(turn, "after_sales_pickup") if asked else {}


def _pieces(turn: Turn) -> int | None:
    """How many of them the message names: 买了两个，退一个 means one."""
    if turn.pressed:
        return None
    values = turn.tracker.latest_message.get("values") or []
    counts = [int(v["value"]) for v in values if v["kind"] == "quantity" and str(v["value"]).isdigit()]
    return min(counts, default=None)


def _whole(order: Order, line: int | None, amount: str | None, reason_code: str, costs: Costs | None = None) -> dict[str, Any]:
    """What a slip takes, for the shop takes whole lines, and a parcel on its way as a whole: name, pieces, the money that
    comes back where any does, and what it costs. `parted`: whether it matters that fewer are meant."""
    items = [item for item in order.items if line in (None, item.line) or order.state_code == "shipped"]
    title = items[0].title if len(items) == 1 and len(order.items) > 1 else order.title
    count = sum(item.quantity for item in items)
    parted = reason_code != MISSING or amount is not None
    return {"title": title, "count": count, "amount": amount, "parted": parted, "costs": asdict(costs) if costs else {}}


def _answers_another(turn: Turn) -> bool:
    """Whether the words give another slot's value, or only name goods: 上门拿 明天上午, asked for the reason."""
    reference = turn.tracker.latest_message.get("reference") or {}
    other = given.said(turn, "day", "days", "span", "colour", "size") or turn.entity("after_sales_pickup")
    return bool(other or (reference.get("bare") and reference.get("conditions")))


def _goods(turn: Turn) -> str:
    """What it is about: the piece of the order, where one is known, else the order."""
    line = turn.slot("after_sales_line") or turn.slot("orders_line")
    pieces: list[dict[str, Any]] = turn.slot("after_sales_pieces") or []
    return str(next((piece["title"] for piece in pieces if str(piece["line"]) == str(line)), turn.slot("orders_title")))


def _look(turn: Turn, number: str, line: int | None) -> tuple[Any, ...]:
    """The question what the shop does about these goods for the reason that was given."""
    reason, code = turn.slot("after_sales_reason"), turn.slot("after_sales_reason_code")
    return wiring.gateways().after_sales.options, turn.reader, number, line, reason, code if reason else None


class AskAfterSalesLine(CustomerAction):
    """Offers the pieces of the order as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which piece."""
        pieces = turn.slot("after_sales_pieces") or []
        buttons = [option("after_sales_line", p["line"], p["title"]) for p in pieces]
        turn.utter("utter_ask_after_sales_line", buttons=buttons)
        return []


class AskAfterSalesReason(CustomerAction):
    """Asks why, in words that fit the kind of request."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.utter("utter_ask_after_sales_reason", str(turn.slot("after_sales_kind")), title=_goods(turn))
        return []


class AskAfterSalesVariant(CustomerAction):
    """Offers the colours and sizes in stock; with none left, money instead."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        choices = turn.slot("after_sales_variants") or []
        values = {"title": _goods(turn), "number": turn.slot("orders_number")}
        if choices == NOTHING_LEFT:
            turn.utter("utter_ask_after_sales_variant", "none_left", **values)
            return []
        buttons = [option("after_sales_variant", name, name) for name in choices]
        turn.utter("utter_ask_after_sales_variant", buttons=buttons, **values)
        return []


class AskAfterSalesPickup(CustomerAction):
    """Offers the times at which the goods can be fetched."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        offered: list[list[str]] = turn.slot("after_sales_pickups") or []
        buttons = [option("after_sales_pickup", value, label) for value, label in offered]
        turned = _turned(turn)
        if turned:
            turn.utter("utter_after_sales_turned", turned, instead=turn.slot("after_sales_variant") or "")
        again = turned or turn.uttered("utter_ask_after_sales_pickup", ASKED_LATELY)
        fee = ((turn.slot("after_sales_whole") or {}).get("costs") or {}).get("fetched") or ""
        variant = "again" if again else str(turn.slot("after_sales_kind"))
        turn.utter("utter_ask_after_sales_pickup", variant, buttons=buttons, fee=fee)
        return []


def _costs(turn: Turn, kind: str, fetched: bool) -> str:
    """What this will cost and how long it takes, before it is agreed to."""
    costs: dict[str, str] = (turn.slot("after_sales_whole") or {}).get("costs") or {}
    cost, eta = costs.get("fetched" if fetched else "send") or "", costs.get("goods_eta")
    words = turn.wording(f"utter_after_sales_words_costs_{kind}") if eta else None
    return words.format(cost=cost, eta=eta) if words else cost


def _turned(turn: Turn) -> str:
    """Which kind this message has made of the one that the form was about (还是换40码吧), and whether what is sent instead is
    known; empty where it has not."""
    kind, before = turn.slot("after_sales_kind"), None
    events = list(turn.tracker.events)
    latest = max((place for place, event in enumerate(events) if event["event"] == "user"), default=0)
    opened = max((place for place, event in enumerate(events) if event["event"] == "active_loop"), default=latest)
    for event in events[:latest] if opened < latest else ():
        if event["event"] == "slot" and event["name"] == "after_sales_kind":
            before = event["value"]
    if before in (None, kind):
        return ""
    return f"{kind}_known" if kind == "exchange" and turn.slot("after_sales_variant") else str(kind)


class AskAfterSalesConfirmed(CustomerAction):
    """Reads back what is about to be opened."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        kind, pickup = str(turn.slot("after_sales_kind")), turn.slot("after_sales_pickup")
        labels = dict(turn.slot("after_sales_pickups") or [])
        resent = kind == "exchange" and not turn.slot("after_sales_variant")
        fetched = "_fetched" if pickup in labels else ""
        whole: dict[str, Any] = turn.slot("after_sales_whole") or {}
        count, amount = whole.get("count") or 1, whole.get("amount")
        pieces, back = turn.wording("utter_after_sales_words_pieces") or "", turn.wording("utter_after_sales_words_back") or ""
        values = {
            "title": whole.get("title") or turn.slot("orders_title"),
            "reason": turn.slot("after_sales_reason"),
            "instead": turn.slot("after_sales_variant") or "",
            "pickup": labels.get(pickup, ""),
            "pieces": pieces.format(count=count) if count > 1 else "",
            "back": back.format(amount=amount) if amount else "",
            "costs": _costs(turn, kind, bool(fetched)),
        }
        meant = turn.slot("after_sales_quantity")
        if meant and meant < count and whole.get("parted"):
            fetch = turn.wording("utter_after_sales_words_fetch") or ""
            values["fetch"] = fetch.format(pickup=values["pickup"]) if fetched else ""
            turn.utter("utter_ask_after_sales_confirmed_whole", kind, **values, count=count, meant=meant)
            return []
        turn.utter("utter_ask_after_sales_confirmed", "resend" if resent else f"{kind}{fetched}", **values)
        return []


class AfterSalesAction(OrderAction):
    """What ends with the after-sales desk, or with a person where the shop's rules want one."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Do it; a person's matter is handed over afterwards."""
        before = turn.slot("complaints_escalation")
        events = await super().work(turn)
        person = handed_over(turn, before)
        return [*(e for e in events if not person or e["event"] != "followup"), *person]

    async def refuse(self, turn: Turn, order: Order, rule: Rule) -> None:
        """Say why not, with what can be done instead; an argued refusal goes to a person with a ticket. Of goods that a slip is
        open for, how that slip stands: 我要退的那个 speaks of it."""
        slip = await self._open_slip(turn, order) if rule.code == OPEN_EXISTS else None
        if slip:
            found = await turn.call(wiring.gateways().after_sales.get, turn.reader, slip.id)
            slips.speak_of(turn, found, again=STATUS)
            fetched = "_fetched" if found.pickup else ""
            sending: dict[str, Any] = {"send_to": found.send_to or "", "send_by": found.send_by or ""}
            turn.utter("utter_after_sales_open_exists", f"{found.state_code}{fetched}", **slips.told(found), **sending)
            return
        if rule.code != REVIEW_BY_PERSON:
            raise Rejected(rule.code, rule.detail)
        await self.to_person(turn, order, "refund_dispute", rule.detail)

    async def _open_slip(self, turn: Turn, order: Order) -> Thing | None:
        """The slip that is open for these goods; of several the one of the line that is meant."""
        line = int(turn.slot("after_sales_line") or turn.slot("orders_line") or 0)
        found = [slip for slip in (await belongings(turn)).of_kind(SLIP) if slip.open and slip.order == order.number]
        return next((slip for slip in found if line and slip.line == line), found[0] if found else None)

    async def to_person(self, turn: Turn, order: Order, kind: str, detail: str) -> None:
        """A ticket with the customer's words, then a person."""
        words = str(turn.slot("after_sales_reason") or turn.slot("after_sales_problem") or turn.text)[:WORDS]
        gateway, conversation = wiring.gateways().tickets, turn.tracker.sender_id
        ticket = await turn.call(gateway.open, turn.writer, kind, order.title[:WORDS], words, order.number, conversation)
        await pictures.attach(turn, ticket.number)
        turn.utter("utter_after_sales_person", kind, ticket=ticket.number, detail=detail, **told(order))
        escalate(turn, ticket.number, kind)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not; the order and what was said of it stay known to the next try."""
        number = turn.slot("orders_number")
        turn.utter("utter_after_sales_open_rejected", error.code, detail=error.detail, number=number)
        speak_of_refusal(turn, error)
        words = turn.slot("after_sales_reason") or turn.slot("after_sales_problem")
        code = turn.slot("after_sales_reason_code")
        kept = {"number": number, "text": words, **({"code": code} if code else {})} if words else None
        return [*self._done(turn), SlotSet("after_sales_told", kept)]


class ActionAfterSalesOpen(AfterSalesAction):
    """Opens the return slip, once, and tells its number and what comes next."""

    gathered = (
        "after_sales_kind", "after_sales_line", "after_sales_pieces", *REASON_SLOTS, "after_sales_confirmed",
        "after_sales_variant", "after_sales_variants", "after_sales_pickup", "after_sales_pickups", "after_sales_paid",
        "after_sales_warranty", "after_sales_told", "after_sales_quantity", "after_sales_whole", "after_sales_partial",
    )  # fmt: skip
    uses = (given.REASON, "day", "span", "colour", "size")

    async def finish(self, turn: Turn, order: Order) -> None:
        """Open it, or leave it."""
        kind = turn.slot("after_sales_kind")
        if kind is None:
            raise Unavailable("the form ended without a kind")
        reason, paid = turn.slot("after_sales_reason"), turn.slot("after_sales_paid")
        line = int(turn.slot("after_sales_line") or 0) or (order.items[0].line if len(order.items) == 1 else None)
        gateway = wiring.gateways().after_sales
        options = await turn.call(*_look(turn, order.number, line))
        rule = options.rules[kind]
        order_states.speak_of(turn, order)
        if turn.slot("after_sales_partial"):
            turn.finished = False
            turn.utter("utter_after_sales_partial", **{**told(order), "title": _goods(turn)})
            return
        if paid is False:
            turn.utter("utter_after_sales_kept", **told(order))
            return
        refused = not rule.ok and not (paid and rule.code == WARRANTY_PASSED)
        if refused and (rule.code == REVIEW_BY_PERSON or not await turn.written()):
            await self.refuse(turn, order, rule)
            return
        if not confirmed(turn, "after_sales_confirmed"):
            turn.utter("utter_after_sales_kept", **{**told(order), "title": _goods(turn)})
            return
        pickup = turn.slot("after_sales_pickup")
        variant = turn.slot("after_sales_variant")
        fetched = None if pickup in (None, SELF) else str(pickup)
        wish = Wish(order.number, line, kind, reason, variant, fetched, bool(paid), options.reason_code)
        slip = await turn.call(gateway.open, turn.writer, wish)
        await pictures.attach(turn, slip.slip)
        slips.speak_of(turn, slip, "open")
        if slip.review:
            turn.utter("utter_after_sales_opened", "review", **slips.told(slip))
            escalate(turn, slip.review_ticket or "", "review")
        else:
            near_by = "_point" if kind == "repair" and slip.service_point else ""
            whole = _whole(order, line, None, "")
            values = {**slips.told(slip), "title": whole["title"], "count": whole["count"]}
            said: dict[str, Any] = {name: self._worded(turn, name, values, there) for name, there in (
                ("pieces", whole["count"] > 1), ("fetch", bool(slip.pickup)), ("swap", bool(slip.to_variant)),
            )}  # fmt: skip
            resent = kind == "exchange" and options.reason_code == MISSING
            turn.utter("utter_after_sales_opened", "resend" if resent else f"{kind}{near_by}", **values, **said)

    def _worded(self, turn: Turn, name: str, values: dict[str, Any], there: bool) -> str:
        """A part of the sentence that says what was asked for, where there is any of it."""
        return (turn.wording(f"utter_after_sales_words_{name}") or "").format(**values) if there else ""


class ValidateAfterSalesProblemForm(OrderForm):
    """Something is wrong with the goods and nothing was asked yet: which order, and what is wrong."""

    states = ("signed", "shipped", "completed")

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The words first: they are said before the order is known."""
        said: dict[str, Any] = {}
        if turn.intent in self.starts and not turn.pressed:
            told, before = given.known(turn, given.REASON), turn.slot("after_sales_told") or {}
            if told:  # a message that tells no fault is none: it is asked for
                said["after_sales_problem"] = told.value
            same = before.get("code") in given.FAULTS and before["number"] == turn.slot("orders_last")
            same = same and not names_goods(turn)
            if told and same and told.value not in before["text"]:  # 第一次用就这样: more of the story, and the fault stands
                said["after_sales_problem"] = turn.joined((before["text"], told.value))
                said["after_sales_reason_code"] = before["code"]
        return {**said, **await super().fill(turn)}

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The words, where they were asked for."""
        told = given.said(turn, given.REASON)
        if told and self.asked(turn, "after_sales_problem"):
            return {"after_sales_problem": told.value}
        return {} if turn.asks or _answers_another(turn) else self.words(turn, "after_sales_problem", self.starts)


class ActionAfterSalesPropose(AfterSalesAction):
    """Proposes what the shop does about these goods for this fault now; buttons start it with what is known."""

    gathered = ("after_sales_problem", "after_sales_reason_code")

    async def finish(self, turn: Turn, order: Order) -> None:
        """Offer what fits; danger and children's purchases are a person's."""
        words = turn.slot("after_sales_problem")
        if not words:
            raise Unavailable("the form ended without a problem")
        heard = given.known(turn, given.REASON)
        code = turn.slot("after_sales_reason_code") or (heard.code if heard and heard.value == words else None)
        options = await turn.call(wiring.gateways().after_sales.options, turn.reader, order.number, None, words, code)
        turn.tracker.slots["after_sales_reason_code"] = options.reason_code  # what was promised for this fault holds
        if options.person:
            await self.to_person(turn, order, "review", "")
            return
        if not options.proposed:
            await self.refuse(turn, order, options.rules["repair" if order.state_code == "completed" else "return"])
            return
        pick = partial(option, "orders_number", order.number)
        buttons = [pick(label, intent=f"after_sales_{kind}") for kind, label in options.proposed]
        ways = own_case.until(turn, options, [kind for kind, _ in options.proposed])
        ways = (turn.wording("utter_after_sales_words_ways") or "").format(ways=ways) if ways else ""
        turn.utter("utter_after_sales_propose", options.reason_code, buttons=buttons, **told(order), ways=ways)
        order_states.speak_of(turn, order)

    def _done(self, turn: Turn) -> list[EventType]:
        number, words = turn.slot("orders_number"), turn.slot("after_sales_problem")
        code = turn.slot("after_sales_reason_code")
        kept = {"number": number, "text": words, **({"code": code} if code else {})} if number and words else None
        return [*super()._done(turn), SlotSet("after_sales_told", kept)]


class ActionAfterSalesStatus(CustomerAction):
    """How a slip is going: the named one, the only open one, or a choice; and when its goods are fetched."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer from the after-sales desk."""
        gateway = wiring.gateways().after_sales
        named = turn.entity("after_sales_slip")
        try:
            found = [await turn.call(gateway.get, turn.reader, named)] if named and named != MORE else None
        except NotFound:
            turn.utter("utter_after_sales_not_found", slip=named)
            return []
        pickup = turn.entity("after_sales_pickup")
        if found is None and pickup == CHOOSE:
            number = await self._spoken(turn)
            found = [await turn.call(gateway.get, turn.reader, number)] if number else None
        if found and pickup not in (None, SELF, FETCHED):
            await self._fetch(turn, found[0], str(pickup))
            return []
        if found is None and await _of_cancelled(turn) and await at_once.tell(turn, at_once.MONEY_BACK):
            return []
        if found is None:
            choice, number = await one_of(turn, SLIP, "after_sales_slip", is_open)
            if number is None and choice:
                buttons = page(turn, "after_sales_slip", choice, "after_sales_ask_status")
                turn.utter("utter_after_sales_which", buttons=buttons)
                return kept(turn, SLIP, choice)
            found = [await turn.call(gateway.get, turn.reader, number)] if number else []
        if not found:
            turn.utter("utter_after_sales_none")
            return []
        self.tell(turn, found[0])
        return []

    def tell(self, turn: Turn, slip: Return) -> None:
        """How a slip is going."""
        slips.speak_of(turn, slip, again=STATUS)
        fetched = "_fetched" if slip.pickup and slip.state_code == "awaiting_goods" else ""
        turn.utter("utter_after_sales_status", "review" if slip.review else f"{slip.state_code}{fetched}", **slips.told(slip))

    async def _spoken(self, turn: Turn) -> str | None:
        """The slip just spoken of, or the only one whose goods are still with the customer."""
        spoken = next((each.id for each in focus.of(turn, "return")), None)
        waiting = [slip.id for slip in (await belongings(turn)).of_kind(SLIP) if is_open(slip)]
        return spoken if spoken in waiting else waiting[0] if len(waiting) == 1 else None

    async def _fetch(self, turn: Turn, slip: Return, pickup: str) -> None:
        """Offer the times, or take the one that was pressed, or the only one that was said."""
        gateway = wiring.gateways().after_sales
        times: Sequence[Sequence[str]] = ()
        if pickup == CHOOSE:
            options = await turn.call(gateway.options, turn.reader, slip.order_number, None, None)
            times = options.pickups.get(slip.kind, ())
            days, time = _days(given.said(turn, "day", "days")), given.said(turn, "span")
            fitting = fits(times, days, time)
            half = (slip.pickup or "")[6:8]
            fitting = [v for v in fitting if not time and half and v.endswith(half)] or fitting
            if (days or time) and times and not fitting:
                turn.utter("utter_after_sales_pickup_out_of_range")
            elif (days or time) and len(fitting) == 1:
                pickup = fitting[0]
        if pickup != CHOOSE:
            slip = await turn.call(gateway.fetch, turn.writer, slip.slip, pickup)
            turn.utter("utter_after_sales_fetched", **slips.told(slip))
            slips.speak_of(turn, slip, "fetch")
            return
        if not times:
            turn.utter("utter_after_sales_status_rejected", "pickup_not_offered", detail="")
            return
        pick = partial(option, "after_sales_slip", slip.slip, intent="after_sales_ask_status")
        buttons = [pick(label, after_sales_pickup=value) for value, label in times]
        turn.utter("utter_after_sales_fetch", buttons=buttons, slip=slip.slip)


async def _of_cancelled(turn: Turn) -> bool:
    """Whether a cancelled order is meant, whose money comes back without a slip: it alone is described, or there are no slips."""
    slip = await find(turn, SLIP, wanted=is_open)
    if slip.described and not slip.missing:
        return False
    order = await find(turn, ORDER, states=("cancelled",))
    if order.described:
        return order.one is not None and order.one.state_code == "cancelled"
    return not (await belongings(turn)).of_kind(SLIP)


@at_once.tells(STATUS)
async def how_slips_are_going(turn: Turn) -> bool:
    """Of the open slips, or of the newest."""
    found = await at_once.meant(turn, SLIP, is_open)
    for each in found:
        ActionAfterSalesStatus().tell(turn, await turn.call(wiring.gateways().after_sales.get, turn.reader, each.id))
    return bool(found) or await at_once.tell(turn, at_once.MONEY_BACK)


class ValidateAfterSalesCancelForm(Form):
    """Which open slip, and: really?"""


    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The named slip, or the only open one."""
        named = turn.entity("after_sales_slip")
        gateway = wiring.gateways().after_sales
        if named and named != MORE:
            try:
                await turn.call(gateway.get, turn.reader, named)
                return {"after_sales_slip": named}
            except NotFound:
                turn.utter("utter_chat_not_found")
                return {"after_sales_slip": None}
        if turn.slot("after_sales_slip") is None:
            asked = self.asked(turn, "after_sales_slip")
            found = await find(turn, SLIP, wanted=is_open, asked=asked)
            filled = settled(turn, SLIP, "after_sales_slip", found, asked)
            if filled is not None:
                return filled
            still_open = [slip for slip in found.fits if slip.open]
            return {"after_sales_slip": still_open[0].id} if len(still_open) == 1 else {}
        return self.confirmation(turn, "after_sales_cancel_confirmed")


class AskAfterSalesSlip(Ask):
    """Offers the open slips as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which slip; with none open the form ends and its action says so."""
        choice = await offered(turn, SLIP, is_open)
        if not choice:
            return self.nothing()
        turn.utter("utter_ask_after_sales_slip", buttons=page(turn, "after_sales_slip", choice))
        return kept(turn, SLIP, choice)


class ActionAfterSalesCancel(CustomerAction):
    """Withdraws the request, once, if the customer said yes."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Withdraw, or leave it."""
        gateway = wiring.gateways().after_sales
        slip = turn.slot("after_sales_slip")
        if slip is None:
            if any(is_open(each) for each in (await belongings(turn)).of_kind(SLIP)):
                raise Unavailable("the form ended without a slip")
            turn.utter("utter_after_sales_none_open")
        elif confirmed(turn, "after_sales_cancel_confirmed"):
            withdrawn = await turn.call(gateway.withdraw, turn.writer, slip)
            turn.utter("utter_after_sales_withdrawn", **slips.told(withdrawn))
            slips.speak_of(turn, withdrawn, "withdraw")
        else:
            turn.utter("utter_after_sales_cancel_kept", slip=slip)
        return over("after_sales_slip", "after_sales_cancel_confirmed")

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, and forget the slip."""
        super().rejected(turn, error)
        return over("after_sales_slip", "after_sales_cancel_confirmed")


def again(turn: Turn, slot: str) -> dict[str, Any]:
    """Asks again where an answer was meant and not understood; another wish is left to its own rule."""
    return {slot: None} if turn.intent in UNCLEAR else {}


def _sent_instead(options: Options) -> tuple[Variant | None, tuple[Variant, ...]]:
    """The variant that was bought, and those that may be sent instead: itself only for what is faulty, or where there is no
    other."""
    own = next((variant for variant in options.variants if variant.own), None)
    if options.reason_code in given.FAULTS or len(options.variants) == 1:
        return own, options.variants
    return own, tuple(variant for variant in options.variants if not variant.own)


def entities(turn: Turn, *kinds: str) -> list[str]:
    """The values of these kinds in the latest message; of 黑白40换成黑白42 those that are wanted."""
    begins, ends = place("instead_of", turn.text)
    values = [] if turn.pressed else turn.tracker.latest_message.get("values") or []
    places = [(max(v.get("start", begins), begins) if v.get("start", -1) < 0 else v["start"], v) for v in values]
    return [str(v["value"]) for at, v in places if v["kind"] in kinds and begins <= at < max(ends, begins + 1)]


def meant_variant(words: str, values: list[str], variants: tuple[Variant, ...], before: str | None = None) -> Variant | None:
    """The variant that is named whole, or by a colour or size while the rest stays as chosen `before`, else as bought."""
    compact = "".join(words.split())
    whole = [variant for variant in variants if "".join(variant.name.split()) in compact]
    if whole:
        return max(whole, key=lambda variant: len(variant.name))
    own = set(before.split()) if before else {part for variant in variants if variant.own for part in variant.name.split()}
    named = {part for variant in variants for part in variant.name.split() if any(_same(part, value) for value in values)}
    fitting = [v for v in variants if named and named <= set(v.name.split())]
    return max(fitting, key=lambda v: len(own & set(v.name.split())), default=None)


def wished_for(words: str) -> str:
    """Of 黑白40换成黑白42 what is wanted."""
    begins, ends = place("instead_of", words)
    return words[begins:ends]


def near(names: list[str], own: Variant | None, reason_code: str) -> list[str]:
    """The names that share most with what was bought, as many as buttons fit; where its size is the trouble, the next sizes
    of it first."""
    parts = own.name.split() if own else []

    def distance(name: str) -> tuple[float, ...]:
        shared = len(set(parts) & set(name.split()))
        apart = _sizes_apart(parts, name.split())
        return (apart is None, abs(apart or 0), -shared) if reason_code == SIZE else (-shared,)

    return sorted(names, key=distance)[:BUTTONS]


def wished_looks(values: list[str], own: Variant | None, variants: tuple[Variant, ...]) -> list[str]:
    """The colours and sizes of an exchange: 大一号 is the size next to the bought one, unless another is named; what was bought
    is what is exchanged (42的小了，换大一号)."""
    parts = own.name.split() if own else []
    told = [value for value in values if not any(_same(part, value) for part in parts)]
    named = [value for value in told if not RELATIVE.fullmatch(value)]
    steps = [] if any(map(_size_in, named)) else [float(value) for value in told if RELATIVE.fullmatch(value)]
    sizes = {_sizes_apart(parts, v.name.split()): v.name.split() for v in variants}
    row = sorted(apart for apart in sizes if apart is not None) if parts else []
    for step in steps[-1:]:
        above, below = [apart for apart in row if apart > 0], [apart for apart in reversed(row) if apart < 0]
        way, at = above if step > 0 else below, int(abs(step)) - 1
        meant = step if step in row and abs(step) < 1 else way[at] if 0 <= at < len(way) else None
        named += [part for part in sizes[meant] if part not in parts] if meant is not None else []
    return named


def _size_in(part: str) -> float | None:
    """A size as a number, by which sizes follow each other: of 42, 1.8 and XL, not of 8GB+256GB."""
    if part.upper() in LETTERS:
        return float(LETTERS.index(part.upper()))
    return float(part) if FIGURE.fullmatch(part) else None


def _sizes_apart(own: list[str], other: list[str]) -> float | None:
    """How much bigger (-: smaller) a variant is, whose other parts are those of the bought one; None where it differs in more."""
    apart = [(mine, its) for mine, its in zip(own, other, strict=False) if mine != its]
    if len(own) != len(other) or len(apart) != 1:
        return None
    sizes = [_size_in(part) for part in apart[0]]
    return sizes[1] - sizes[0] if sizes[0] is not None and sizes[1] is not None else None


def _same(part: str, value: str) -> bool:
    if part.upper() in LETTERS:
        return "".join(filter(str.isascii, value)).upper() == part.upper()  # XL码 is no L
    return part == value or (len(part) > 1 and (part in value or value in part))


def _days(told: given.Given | None) -> tuple[str, str] | None:
    """The first and the last of the days that are told."""
    if told is None:
        return None
    first, _, last = told.value.partition("/")
    return first, last or first


def fits(times: Sequence[Sequence[str]], days: tuple[str, str] | None, time: given.Given | None) -> list[str]:
    """Of what is offered ([value, label], in order) the values within these days and at this time of day."""
    return [
        value
        for value, label in times
        if (not days or days[0] <= value[:10] <= days[1]) and (not time or is_within(time.value, label))
    ]


def is_within(time: str, pickup: str) -> bool:
    """Whether a time of day (a word, HH:MM, or from/to) and a pick-up's hours (`… 8:00-12:00 …`) share any."""
    told, hours = [int(hour) for hour in HOUR.findall(time)], HOURS.search(pickup)
    if not told or not hours:
        return time in pickup
    told = [hour + 12 if hour < EARLIEST else hour for hour in told]  # 三点以后
    begins, ends = told[0], told[1] if len(told) > 1 else told[0] + 1
    return max(begins, int(hours[1])) < min(ends, int(hours[2]))


def is_open(slip: Thing) -> bool:
    """Whether something is still to be done about it."""
    return slip.open
