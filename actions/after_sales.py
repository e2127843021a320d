"""After-sales: money back, goods back, another piece, a repair; how a slip is going; withdrawing it."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import wiring
from actions.base import REQUESTED_SLOT, Button, CustomerAction, Turn, over
from actions.choice import chosen, option, placed
from actions.complaints import escalate, handed_over
from actions.facts import facts
from actions.forms import UNCLEAR, Ask, Form, confirmed, tidy
from actions.gateways.after_sales import Options, Return, Variant, Wish
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.orders import Order, Rule
from actions.order_form import OrderAction, OrderForm, told

NO_REASON, MISSING, FAULTS = "no_reason", "missing", ("quality", "damaged", "wrong_item", "missing")
WARRANTY_PASSED, REVIEW_BY_PERSON = "warranty_passed", "review_by_person"
SELF = "self"  # the customer sends the goods
CHOOSE = "choose"  # asks for the times at which they can be fetched
NOTHING_LEFT = ["-"]
WORDS, BUTTONS = 120, 8
HOUR, HOURS = re.compile(r"(\d{1,2}):"), re.compile(r"(\d{1,2}):00-(\d{1,2}):00")

REASON_INTENTS = (
    "after_sales_report_problem",
    "after_sales_refund",
    "after_sales_return",
    "after_sales_exchange",
    "after_sales_repair",
    "complaints_file",
    "products_ask_detail",
    "feedback_rate",
    "orders_cancel",  # 不想要了
    "orders_change",
    "orders_urge_shipping",
    "logistics_urge",
    "logistics_report_problem",
    "after_sales_cancel",
    "promotions_price_protection",
    "products_ask_price",
    "products_ask_stock",
    "chat_smalltalk",
    "chat_abuse",
    "faq",
)


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
        if turn.slot("after_sales_paid") is False:
            return []
        return [slot for slot, is_wanted in wanted.items() if is_wanted]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The order and what the message says; then the shop's rules, where something they hang on has changed."""
        self.operation = None
        first: dict[str, Any] = {}
        begins = turn.intent in self.starts and turn.slot(REQUESTED_SLOT) is None and not turn.pressed
        if begins and not (turn.slot("after_sales_told") or {}).get("number"):
            first["after_sales_told"] = {"text": turn.text.strip()}
            turn.tracker.slots.update(first)
        filled = {**first, **await super().fill(turn)}
        turn.tracker.slots.update(filled)
        number, kind = turn.slot("orders_number"), turn.slot("after_sales_kind")
        changed = {"orders_number", "after_sales_line", "after_sales_reason"} & {k for k, v in filled.items() if v}
        if number and kind and (changed or turn.intent == f"after_sales_{kind}"):
            filled.update(await self._judged(turn, number, kind))
        return filled

    async def _judged(self, turn: Turn, number: str, kind: str) -> dict[str, Any]:
        """What the shop's rules make of it: refused, or what is still to be chosen."""
        order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
        many = len(order.items) > 1 and order.state_code != "shipped"
        line = int(turn.slot("after_sales_line") or 0) or None
        filled: dict[str, Any] = {
            "after_sales_pieces": [{"line": i.line, "title": i.title} for i in order.items] if many else None
        }
        reason, guessed = turn.slot("after_sales_reason"), self._told(turn, number)
        look = wiring.gateways().after_sales.options
        options = await turn.call(look, turn.reader, number, line, reason or guessed)
        meant = (turn.slot("after_sales_told") or {}).get("number")  # told as what is wrong with these goods
        if reason is None and guessed and (meant or options.reason_code != NO_REASON or options.person):
            reason = filled["after_sales_reason"] = guessed
        expired = kind == "repair" and options.rules[kind].code == WARRANTY_PASSED
        payable = expired and (many and line is None or options.warranty_ends is not None)
        settled = reason is not None and (line is not None or not many)
        fits = options.rules[kind].ok if settled else kind in options.ever
        filled["orders_checked"] = self._checked(fits or payable)
        if not settled:
            return filled
        filled["after_sales_warranty"] = options.rules[kind].detail if payable else None
        filled["after_sales_pickups"] = [list(pickup) for pickup in options.pickups.get(kind, ())] or None
        return {**filled, **self._variants(turn, kind, options)}

    def _told(self, turn: Turn, number: str) -> str | None:
        """What was said of these goods before the form came to ask for the reason."""
        told: dict[str, str] = turn.slot("after_sales_told") or {}
        return told.get("text") if told.get("number") in (None, number) else None

    def _variants(self, turn: Turn, kind: str, options: Options) -> dict[str, Any]:
        """What an exchange sends instead: named, the same again for what is faulty, or to be chosen."""
        if kind != "exchange" or options.reason_code == MISSING or not options.variants:
            return {name: None for name in ("after_sales_variants", "after_sales_variant") if turn.slot(name) is not None}
        words = " ".join(str(turn.slot(name) or "") for name in ("after_sales_reason",)) + turn.text
        wanted = meant_variant(words, entities(turn, "colour", "size"), options.variants)
        own = next((variant for variant in options.variants if variant.own), None)
        if wanted is None and own and own.stock > 0 and (options.reason_code in FAULTS or len(options.variants) == 1):
            wanted = own
        choices = [variant.name for variant in options.variants if variant.stock > 0]
        filled: dict[str, Any] = {"after_sales_variants": near(choices, own.name if own else "") or NOTHING_LEFT}
        if wanted is not None and wanted.stock > 0:
            return {**filled, "after_sales_variant": wanted.name}
        if wanted is not None:
            turn.utter("utter_after_sales_variant_out_of_stock", instead=wanted.name)
        return {**filled, "after_sales_variant": None}

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The piece by its button, place or name; the reason in the customer's own words; choices; then yes or no."""
        filled: dict[str, Any] = {}
        if self.asked(turn, "after_sales_line"):
            filled.update(self._line(turn))
        if not turn.pressed:
            if not turn.entity("orders_number"):  # another order is another wish
                filled.update(self.words(turn, "after_sales_reason", REASON_INTENTS))
            if turn.intent == "after_sales_report_problem" and turn.slot("after_sales_reason") is None:
                filled["after_sales_reason"] = tidy(turn.text)
        if self.asked(turn, "after_sales_variant"):
            filled.update(await self._variant(turn))
        if self.asked(turn, "after_sales_pickup"):
            filled.update(self._pickup(turn))
        for slot in ("after_sales_paid", "after_sales_confirmed"):
            filled.update(self.confirmation(turn, slot))
        return filled

    def _line(self, turn: Turn) -> dict[str, Any]:
        pieces: list[dict[str, Any]] = turn.slot("after_sales_pieces") or []
        line = chosen(turn, {p["line"]: p["title"] for p in pieces}, turn.entity("after_sales_line"), turn.text.strip())
        return again(turn, "after_sales_line") if line is None else {"after_sales_line": line}

    async def _variant(self, turn: Turn) -> dict[str, Any]:
        """By its button, or in words; what is out of stock is said to be."""
        pressed = turn.entity("after_sales_variant")
        number, line = turn.slot("orders_number"), turn.slot("after_sales_line")
        look = wiring.gateways().after_sales.options
        options = await turn.call(look, turn.reader, number, int(line) if line else None, turn.slot("after_sales_reason"))
        own = next((variant for variant in options.variants if variant.own), None)
        if turn.intent == "chat_affirm" and own:
            pressed = own.name
        wanted = meant_variant(str(pressed or turn.text), entities(turn, "colour", "size"), options.variants)
        if wanted is None:
            return again(turn, "after_sales_variant")
        if wanted.stock <= 0:
            turn.utter("utter_after_sales_variant_out_of_stock", instead=wanted.name)
            return {"after_sales_variant": None}
        return {"after_sales_variant": wanted.name}

    def _pickup(self, turn: Turn) -> dict[str, Any]:
        """By its button, its place in the list, its day and part of the day; a no sends the goods oneself."""
        offered: list[list[str]] = turn.slot("after_sales_pickups") or []
        pressed = turn.entity("after_sales_pickup")
        if pressed == SELF or turn.intent == "chat_deny":
            return {"after_sales_pickup": SELF}
        pressed = placed(turn, [value for value, _ in offered]) or pressed
        day, time = turn.entity("date"), turn.entity("time")
        fitting = [
            value
            for value, label in offered
            if (not day or value.startswith(str(day))) and (not time or is_within(str(time), label))
        ]
        if (day or time) and not fitting:
            turn.utter("utter_after_sales_pickup_out_of_range")
            return {"after_sales_pickup": None}
        chosen = pressed or (fitting[0] if (day or time) else None)
        known = chosen in [value for value, _ in offered]
        return {"after_sales_pickup": chosen} if known else again(turn, "after_sales_pickup")


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
        turn.utter("utter_ask_after_sales_reason", str(turn.slot("after_sales_kind")), title=turn.slot("orders_title"))
        return []


class AskAfterSalesVariant(CustomerAction):
    """Offers the colours and sizes in stock; with none left, money instead."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        choices = turn.slot("after_sales_variants") or []
        values = {"title": turn.slot("orders_title"), "number": turn.slot("orders_number")}
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
        turn.utter("utter_ask_after_sales_pickup", str(turn.slot("after_sales_kind")), buttons=buttons)
        return []


class AskAfterSalesConfirmed(CustomerAction):
    """Reads back what is about to be opened."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        kind, pickup = str(turn.slot("after_sales_kind")), turn.slot("after_sales_pickup")
        labels = dict(turn.slot("after_sales_pickups") or [])
        resent = kind == "exchange" and not turn.slot("after_sales_variant")
        fetched = "_fetched" if pickup in labels else ""
        values = {
            "title": turn.slot("orders_title"),
            "reason": turn.slot("after_sales_reason"),
            "instead": turn.slot("after_sales_variant") or "",
            "pickup": labels.get(pickup, ""),
        }
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
        """Say why not, with what can be done instead; an argued refusal goes to a person with a ticket."""
        if rule.code != REVIEW_BY_PERSON:
            raise Rejected(rule.code, rule.detail)
        await self.to_person(turn, order, "refund_dispute", rule.detail)

    async def to_person(self, turn: Turn, order: Order, kind: str, detail: str) -> None:
        """A ticket with the customer's words, then a person."""
        words = str(turn.slot("after_sales_reason") or turn.slot("after_sales_problem") or turn.text)[:WORDS]
        gateway, conversation = wiring.gateways().tickets, turn.tracker.sender_id
        ticket = await turn.call(gateway.open, turn.writer, kind, order.title[:WORDS], words, order.number, conversation)
        turn.utter("utter_after_sales_person", kind, ticket=ticket.number, detail=detail, **told(order))
        escalate(turn, ticket.number, kind)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not; the order and what was said of it stay known to the next try."""
        number = turn.slot("orders_number")
        turn.utter("utter_after_sales_open_rejected", error.code, detail=error.detail, number=number)
        words = turn.slot("after_sales_reason") or turn.slot("after_sales_problem")
        kept = {"number": number, "text": words} if words else None
        return [*self._done(turn), SlotSet("after_sales_told", kept)]


class ActionAfterSalesOpen(AfterSalesAction):
    """Opens the return slip, once, and tells its number and what comes next."""

    gathered = (
        "after_sales_kind", "after_sales_line", "after_sales_pieces", "after_sales_reason", "after_sales_confirmed",
        "after_sales_variant", "after_sales_variants", "after_sales_pickup", "after_sales_pickups", "after_sales_paid",
        "after_sales_warranty", "after_sales_told",
    )  # fmt: skip

    async def finish(self, turn: Turn, order: Order) -> None:
        """Open it, or leave it."""
        kind = turn.slot("after_sales_kind")
        if kind is None:
            raise Unavailable("the form ended without a kind")
        reason, paid = turn.slot("after_sales_reason"), turn.slot("after_sales_paid")
        line = int(turn.slot("after_sales_line") or 0) or (order.items[0].line if len(order.items) == 1 else None)
        gateway = wiring.gateways().after_sales
        options = await turn.call(gateway.options, turn.reader, order.number, line, reason)
        rule = options.rules[kind]
        if paid is False:
            turn.utter("utter_after_sales_kept", **told(order))
            return
        refused = not rule.ok and not (paid and rule.code == WARRANTY_PASSED)
        if refused and (rule.code == REVIEW_BY_PERSON or not await turn.written()):
            await self.refuse(turn, order, rule)
            return
        if not confirmed(turn, "after_sales_confirmed"):
            turn.utter("utter_after_sales_kept", **told(order))
            return
        pickup = turn.slot("after_sales_pickup")
        variant = turn.slot("after_sales_variant")
        fetched = None if pickup in (None, SELF) else str(pickup)
        wish = Wish(order.number, line, kind, reason, variant, fetched, bool(paid), options.reason_code)
        slip = await turn.call(gateway.open, turn.writer, wish)
        if slip.review:
            turn.utter("utter_after_sales_opened", "review", **stub(slip))
            escalate(turn, slip.review_ticket or "", "review")
        else:
            near_by = "_point" if kind == "repair" and slip.service_point else ""
            turn.utter("utter_after_sales_opened", f"{kind}{near_by}", **stub(slip))


class ValidateAfterSalesProblemForm(OrderForm):
    """Something is wrong with the goods and nothing was asked yet: which order, and what is wrong."""

    states = ("signed", "shipped", "completed")

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The words first: they are said before the order is known."""
        said: dict[str, Any] = {}
        if turn.intent in self.starts and not turn.pressed:
            said["after_sales_problem"] = tidy(turn.text)
        return {**said, **await super().fill(turn)}

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The words, where they were asked for."""
        return {} if turn.pressed else self.words(turn, "after_sales_problem", REASON_INTENTS)


class ActionAfterSalesPropose(AfterSalesAction):
    """Proposes what the shop does about these goods for this fault now; buttons start it with what is known."""

    gathered = ("after_sales_problem",)

    async def finish(self, turn: Turn, order: Order) -> None:
        """Offer what fits; danger and children's purchases are a person's."""
        words = turn.slot("after_sales_problem")
        if not words:
            raise Unavailable("the form ended without a problem")
        options = await turn.call(wiring.gateways().after_sales.options, turn.reader, order.number, None, words)
        if options.person:
            await self.to_person(turn, order, "review", "")
            return
        if not options.proposed:
            await self.refuse(turn, order, options.rules["repair" if order.state_code == "completed" else "return"])
            return
        pick = partial(option, "orders_number", order.number)
        buttons = [pick(label, intent=f"after_sales_{kind}") for kind, label in options.proposed]
        turn.utter("utter_after_sales_propose", options.reason_code, buttons=buttons, **told(order))

    def _done(self, turn: Turn) -> list[EventType]:
        number, words = turn.slot("orders_number"), turn.slot("after_sales_problem")
        kept = {"number": number, "text": words} if number and words else None
        return [*super()._done(turn), SlotSet("after_sales_told", kept)]


class ActionAfterSalesStatus(CustomerAction):
    """How a slip is going: the named one, the only open one, or a choice; and when its goods are fetched."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer from the after-sales desk."""
        gateway = wiring.gateways().after_sales
        named = turn.entity("after_sales_slip")
        try:
            slips = [await turn.call(gateway.get, turn.reader, named)] if named else None
        except NotFound:
            turn.utter("utter_after_sales_not_found", slip=named)
            return []
        if slips and turn.entity("after_sales_pickup"):
            await self._fetch(turn, slips[0], str(turn.entity("after_sales_pickup")))
            return []
        if slips is None:
            slips = await turn.call(gateway.recent, turn.reader, True) or await turn.call(gateway.recent, turn.reader)
            slips = slips[:5]
        if not slips:
            turn.utter("utter_after_sales_none")
        elif len(slips) > 1:
            turn.utter("utter_after_sales_which", buttons=[slip_button(s, "after_sales_ask_status") for s in slips])
        else:
            slip = slips[0]
            fetched = "_fetched" if slip.pickup and slip.state_code == "awaiting_goods" else ""
            turn.utter("utter_after_sales_status", "review" if slip.review else f"{slip.state_code}{fetched}", **stub(slip))
        return []

    async def _fetch(self, turn: Turn, slip: Return, pickup: str) -> None:
        """Offer the times, or take the one that was pressed."""
        gateway = wiring.gateways().after_sales
        if pickup != CHOOSE:
            turn.utter("utter_after_sales_fetched", **stub(await turn.call(gateway.fetch, turn.writer, slip.slip, pickup)))
            return
        options = await turn.call(gateway.options, turn.reader, slip.order_number, None, None)
        offered = options.pickups.get(slip.kind, ())
        if not offered:
            turn.utter("utter_after_sales_status_rejected", "pickup_not_offered", detail="")
            return
        pick = partial(option, "after_sales_slip", slip.slip, intent="after_sales_ask_status")
        buttons = [pick(label, after_sales_pickup=value) for value, label in offered]
        turn.utter("utter_after_sales_fetch", buttons=buttons, slip=slip.slip)


class ValidateAfterSalesCancelForm(Form):
    """Which open slip, and: really?"""


    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The named slip, or the only open one."""
        named = turn.entity("after_sales_slip")
        gateway = wiring.gateways().after_sales
        if named:
            try:
                await turn.call(gateway.get, turn.reader, named)
                return {"after_sales_slip": named}
            except NotFound:
                turn.utter("utter_chat_not_found")
                return {"after_sales_slip": None}
        if turn.slot("after_sales_slip") is None:
            slips = await turn.call(gateway.recent, turn.reader, True)
            return {"after_sales_slip": slips[0].slip} if len(slips) == 1 else {}
        return self.confirmation(turn, "after_sales_cancel_confirmed")


class AskAfterSalesSlip(Ask):
    """Offers the open slips as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which slip; with none open the form ends and its action says so."""
        slips = await turn.call(wiring.gateways().after_sales.recent, turn.reader, True)
        if not slips:
            return self.nothing()
        turn.utter("utter_ask_after_sales_slip", buttons=[slip_button(s, "chat_inform") for s in slips[:5]])
        return []


class ActionAfterSalesCancel(CustomerAction):
    """Withdraws the request, once, if the customer said yes."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Withdraw, or leave it."""
        gateway = wiring.gateways().after_sales
        slip = turn.slot("after_sales_slip")
        if slip is None:
            if await turn.call(gateway.recent, turn.reader, True):
                raise Unavailable("the form ended without a slip")
            turn.utter("utter_after_sales_none_open")
        elif confirmed(turn, "after_sales_cancel_confirmed"):
            turn.utter("utter_after_sales_withdrawn", **stub(await turn.call(gateway.withdraw, turn.writer, slip)))
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


def entities(turn: Turn, *names: str) -> list[str]:
    """The values of these entities in the latest message."""
    return [str(e["value"]) for e in turn.tracker.latest_message.get("entities") or [] if e["entity"] in names]


def meant_variant(words: str, values: list[str], variants: tuple[Variant, ...]) -> Variant | None:
    """The variant that is named whole, or by a colour or size while the rest stays as bought."""
    compact = "".join(words.split())
    whole = [variant for variant in variants if "".join(variant.name.split()) in compact]
    if whole:
        return max(whole, key=lambda variant: len(variant.name))
    own = {part for variant in variants if variant.own for part in variant.name.split()}
    named = {part for variant in variants for part in variant.name.split() if any(_same(part, value) for value in values)}
    fitting = [v for v in variants if named and named <= set(v.name.split())]
    return max(fitting, key=lambda v: len(own & set(v.name.split())), default=None)


def near(names: list[str], own: str) -> list[str]:
    """The names that share most with what was bought, as many as buttons fit."""
    parts = set(own.split())
    return sorted(names, key=lambda name: -len(parts & set(name.split())))[:BUTTONS]


def _same(part: str, value: str) -> bool:
    return part == value or (len(part) > 1 and (part in value or value in part))


def is_within(time: str, pickup: str) -> bool:
    """Whether a time of day (a word, HH:MM, or from/to) and a pick-up's hours (`… 8:00-12:00 …`) share any."""
    told, hours = [int(hour) for hour in HOUR.findall(time)], HOURS.search(pickup)
    if not told or not hours:
        return time in pickup
    begins, ends = told[0], told[1] if len(told) > 1 else told[0] + 1
    return max(begins, int(hours[1])) < min(ends, int(hours[2]))


def slip_button(slip: Return, intent: str) -> Button:
    """A button that picks a slip: `退货 蓝牙耳机 LX-B3 待寄回`."""
    return option("after_sales_slip", slip.slip, slip.kind_label, slip.title, slip.state, intent=intent)


def stub(slip: Return) -> dict[str, Any]:
    """A slip's facts for a response's `{placeholders}`."""
    return facts(
        slip, "slip", "title", "state", "next_step", "pickup", "review",
        number="order_number", kind="kind_label", refund="refund_amount", route="refund_route", eta="refund_eta",
        instead="to_variant", ticket="review_ticket", point="service_point.name", point_address="service_point.address",
        point_phone="service_point.phone", point_hours="service_point.hours",
    )  # fmt: skip
