"""What a rule's figure comes to for the customer who asks: the last day for their order, the worth of their coins.

A designer says for which facts, by `utter_faq_case_<fact>`:

    metadata: {from: signed_at, goods: [apparel], needs: return}   # days from that time of the order spoken of; only for goods
                                                                   # of these classes; only while this is allowed
    metadata: {until: pay_by}                                      # the order's own moment
    metadata: {per_yuan: true}                                     # so many coins are one yuan
    metadata: {offers: logistics_compensation}                     # what an order of theirs is due by it: a yes applies for it

Variant `past` for a day gone by.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import compensations, focus, given, money_back, spoken_of, wiring
from actions.base import Turn, button, when
from actions.gateways.after_sales import Options
from actions.gateways.belongings import ORDER
from actions.gateways.errors import GatewayError
from actions.gateways.knowledge import Fact
from actions.gateways.orders import Order
from actions.order_states import speak_of
from actions.readings import reading
from actions.references import find
from actions.words import metadata
from topics import clock, forms

UNPAID, IN_TIME = "unpaid", "in_time"
SLIP_FORM, UNTIL_WHEN = "after_sales_form", "until_when"
"""The form that fills a slip in; what may be asked of it, beside how much comes back and what becomes of the coins."""
COINS, COMPLETED = "coins", "completed"
REPAIR = "repair"
WAYS = ("return", "exchange", REPAIR)
"""What can be done about goods that are broken."""
SECONDS = 1.5
_COUNT = re.compile(r"\d{2,}")
_CENT = Decimal("0.01")


async def say(turn: Turn, facts: Sequence[Fact]) -> None:
    """Say what there is to say; nothing to who is not signed in, or where the shop cannot be reached."""
    known = [(fact, metadata(turn, _response(fact))) for fact in facts if turn.knows(_response(fact))]
    if turn.customer is None or not known:
        return
    try:
        for fact, told in known:
            if told.get("per_yuan"):
                await _say_worth(turn, fact)
        number = turn.slot("orders_number") or await _named(turn) or turn.slot("orders_last")
        if number and any(told.get("from") or told.get("until") for _, told in known):
            _say_days(turn, await turn.call(wiring.gateways().orders.get, turn.reader, number), known)
    except GatewayError:
        return


async def offer(turn: Turn, facts: Sequence[Fact]) -> str | None:
    """Offer what is due by a rule just told for the order spoken of, or for the only one that is due anything; a yes means the
    payload that is returned."""
    response = next((_response(each) for each in facts if metadata(turn, _response(each)).get("offers")), None)
    if response is None or turn.customer is None or turn.busy:
        return None
    try:
        named = await _named(turn)
        due = await turn.call(wiring.gateways().compensations.due, turn.reader)
    except GatewayError:
        return None
    meant = [each for each in due if each.order == (named or turn.slot("orders_last"))]
    one = meant[0] if meant else due[0] if len(due) == 1 and not named else None
    if one is None:
        return None
    applies = compensations.applying(turn, one.order)
    turn.utter(response, buttons=[applies], order=one.title, reason=one.reason, coupon=one.coupon)
    compensations.speak_of(turn, one)
    return str(applies["payload"])


async def in_time(turn: Turn) -> list[EventType] | None:
    """Say whether there is still time for what is asked about, by the shop's rules for the customer's own order, and until when;
    for what is broken, by those for faults. None where that cannot be said."""
    wish = str(reading(IN_TIME, turn.typed) or _wished(turn))
    try:
        number, line = await _order_of(turn)
        order = await turn.call(wiring.gateways().orders.get, turn.reader, number) if number else None
        rule = order.allowed.get(wish) if order else None
        if order is None or rule is None:
            return None
        fault = fault_of(turn, order.number)
        if fault:
            return await _ways(turn, order, line, wish, fault)
        response, title, ways = f"utter_faq_in_time_{wish}", order.title, ""
        if line and len(order.items) > 1 and wish in WAYS:  # each piece has days of its own
            options = await turn.call(wiring.gateways().after_sales.options, turn.reader, order.number, line, None)
            rule, ways = options.rules[wish], until(turn, options, [wish])
            title = next((item.title for item in order.items if item.line == line), title)
        if not rule.ok:
            turn.utter(response, "past", order=title, detail=rule.detail)
        elif ways:
            label = turn.wording(f"utter_label_after_sales_{wish}")
            buttons = [button(label, f"after_sales_{wish}")] if label and not turn.busy else []
            turn.utter("utter_faq_in_time_line", buttons=buttons, order=title, ways=ways)
        else:
            label = turn.wording(f"utter_label_after_sales_{wish}")
            buttons = [button(label, f"after_sales_{wish}")] if label and not turn.busy else []
            turn.utter(response, buttons=buttons, order=order.title)
            asked = metadata(turn, response).get("rule")
            found = await turn.call(wiring.gateways().knowledge.search, str(asked)) if asked else None
            facts = found.hits[0].facts if found and found.decision == "answer" else ()
            _say_days(turn, order, [(fact, metadata(turn, _response(fact))) for fact in facts if turn.knows(_response(fact))])
    except GatewayError:
        return None
    speak_of(turn, order)
    return [SlotSet("orders_last", order.number), *([SlotSet("orders_line", line)] if line and not turn.busy else [])]


def asked_of_slip(turn: Turn) -> str | None:
    """What is asked of the slip that the open form fills in: until when it may be handed in, how much comes back, what
    becomes of the coins."""
    known = turn.slot("orders_number") and turn.slot("orders_checked") == f"{SLIP_FORM}:possible"
    if turn.customer is None or not turn.typed or not known or (turn.tracker.active_loop or {}).get("name") != SLIP_FORM:
        return None
    which = turn.slot("after_sales_pieces") and not turn.slot("after_sales_line")
    return None if which else reading("asked_of_slip", turn.typed)


async def of_slip(turn: Turn, asked: str) -> list[EventType] | None:
    """Say it, by the shop's rules for the goods and the reason so far; None where they say nothing of it."""
    kind, number, code = str(turn.slot("after_sales_kind")), str(turn.slot("orders_number")), turn.slot("after_sales_reason_code")
    line, reason = int(turn.slot("after_sales_line") or 0) or None, turn.slot("after_sales_reason")
    gateways = wiring.gateways()
    try:
        order = await turn.call(gateways.orders.get, turn.reader, number)
        options = await turn.call(gateways.after_sales.options, turn.reader, number, line, reason, code if reason else None)
    except GatewayError:
        return None
    title = next((item.title for item in order.items if item.line == line), order.title)
    ways, back = until(turn, options, [kind]), options.amounts.get(kind)
    if asked == COINS:
        return await _say_coins(turn, order)
    if asked == UNTIL_WHEN and options.rules[kind].ok and ways:
        again = "again" if turn.uttered("utter_faq_slip_until_when", 2) else ""
        turn.utter("utter_faq_slip_until_when", again, order=title, ways=ways)
        return []
    if asked == UNTIL_WHEN or back is None:
        return None
    named = money_back.sums_named(turn)
    near = next((each for each in named if abs(each - float(back)) < 1), None)
    words = turn.wording(f"utter_faq_words_sum_{'wrong' if near is None else 'right'}") if named else None
    shared = any(part.amount.startswith("-") for part in order.parts)
    says = (words or "").format(named=f"{named[0]:g}") if named else ""
    turn.utter("utter_faq_slip_comes_back", "shared" if shared else "", says=says, order=title, back=back)
    return []


async def _say_coins(turn: Turn, order: Order) -> list[EventType] | None:
    """What was paid with coins comes back; what the order brought is taken back, which it does only once it is completed."""
    try:
        assets = await turn.call(wiring.gateways().account.assets, turn.reader)
    except GatewayError:
        return None
    used = turn.wording(f"utter_faq_words_coins_{'used' if order.points_used else 'unused'}") or ""
    variant = COMPLETED if order.state_code == COMPLETED else ""
    turn.utter("utter_faq_slip_coins", variant, used=used.format(count=order.points_used), points=assets.points)
    return []


def after_refusal(turn: Turn, only_supposed: bool = False) -> focus.Spoken | None:
    """The refusal of a return, an exchange or a repair after which something else is asked: what if the goods break later, may
    they be exchanged then, until which day. `only_supposed`: nothing but the first."""
    refused, text = spoken_of.refused_lately(turn), turn.typed
    wish = refused.facts.get("wish") if refused else None
    if refused is None or wish is None or not text or turn.customer is None or turn.busy or fault_of(turn, refused.id):
        return None
    told = given.said(turn, given.REASON)
    breaks = reading("breaks", text) is not None or (told is not None and told.code in given.FAULTS)
    if reading("supposed", text) is not None and breaks:
        return refused
    until_when = reading("asked_of_slip", text) == UNTIL_WHEN and turn.uttered("utter_faq_if_broken", 2)
    asks = (turn.asks or turn.cue("whether") is not None) and not spoken_of.goods_named(turn)
    another = asks and _wished(turn) not in (None, wish)
    return refused if (another or until_when) and not only_supposed else None


async def if_broken(turn: Turn, refused: focus.Spoken) -> list[EventType] | None:
    """Which ways are open for goods that were refused, should they break, and until which day; None where none is."""
    line, wish = int(refused.facts.get("line") or 0) or None, _wished(turn)
    gateways = wiring.gateways()
    try:
        order = await turn.call(gateways.orders.get, turn.reader, refused.id)
        named = await find(turn, ORDER)
        line = (named.line if named.one and named.one.id == order.number else None) or line
        look = (turn.reader, order.number, line or (order.items[0].line if len(order.items) == 1 else None))
        sound = await turn.call(gateways.after_sales.options, *look, None)
        options = await turn.call(gateways.after_sales.options, *look, turn.typed, given.FAULTS[0])
    except GatewayError:
        return None
    known, asked = turn.uttered("utter_faq_if_broken", 2), [wish] if wish else WAYS
    if wish == REPAIR or reading("supposed", turn.typed) is not None:
        wish = None  # of what is broken
    sound_too = until(turn, sound, [wish]) if wish and sound.rules[wish].ok else ""
    ways = sound_too or until(turn, options, [kind for kind in (asked if known else WAYS) if options.rules[kind].ok])
    if not ways:
        return None
    title = next((item.title for item in order.items if item.line == line), order.title)
    label = turn.wording(f"utter_label_after_sales_{wish}") or ""
    if sound_too:
        turn.utter("utter_faq_in_time_line", buttons=[button(label, f"after_sales_{wish}")], order=title, ways=ways)
    else:
        variant = "too" if wish else "again" if known else ""
        turn.utter("utter_faq_if_broken", variant, order=title, ways=ways, wish=label)
    one = refused
    return focus.put(turn, one.kind, one.id, one.title, one.told, [], one.order, one.again, **one.facts)


async def asks_in_time(turn: Turn) -> bool:
    """Whether the message asks if there is still time (这个还来得及退吗), or of what is broken if it may be done (能换新的吗),
    and it is known of which order of the customer's."""
    in_words = reading(IN_TIME, turn.typed) is not None
    asks = turn.asks or turn.told("know") is not None
    if turn.customer is None or not asks or not (in_words or _wished(turn)):
        return False
    try:
        number, _ = await asyncio.wait_for(_order_of(turn), SECONDS)
    except (GatewayError, asyncio.TimeoutError):
        return False
    return number is not None and (in_words or fault_of(turn, number) is not None)


def fault_of(turn: Turn, number: str | None = None) -> given.Given | None:
    """The fault that was told of an order's goods, or now; what is only supposed (要是坏了) is none."""
    told: dict[str, str] = turn.slot("after_sales_told") or {}
    if told.get("code") in given.FAULTS and told.get("number") == number:
        return given.Given(given.REASON, told["text"], told["code"])
    heard = given.known(turn, given.REASON) if reading("supposed", turn.typed) is None else None
    return heard if heard and heard.code in given.FAULTS else None


def _wished(turn: Turn) -> str | None:
    """What of the three is asked about, whether it may be done."""
    return reading("may_be_done", turn.typed)


async def _ways(turn: Turn, order: Order, line: int | None, wish: str, fault: given.Given) -> list[EventType]:
    """Which ways are open for what is broken, and until which day; the fault stays told."""
    line = line or (order.items[0].line if len(order.items) == 1 else None)
    gateway = wiring.gateways().after_sales
    options = await turn.call(gateway.options, turn.reader, order.number, line, fault.value, fault.code)
    open_ways = [kind for kind in WAYS if options.rules[kind].ok]
    labels = {kind: turn.wording(f"utter_label_after_sales_{kind}") or kind for kind in open_ways}
    buttons = [] if turn.busy else [button(label, f"after_sales_{kind}") for kind, label in labels.items()]
    title = next((item.title for item in order.items if item.line == line), order.title)
    told = until(turn, options, open_ways)
    variant = "" if wish in open_ways else "past" if open_ways else "none"
    detail = options.rules[wish].detail
    turn.utter("utter_faq_in_time_fault", variant, buttons=buttons, order=title, ways=told, detail=detail)
    speak_of(turn, order)
    kept = {"number": order.number, "text": fault.value, "code": fault.code}
    way = wish if wish in open_ways else open_ways[0] if len(open_ways) == 1 else None
    offered = [SlotSet("chat_offered", f"after_sales_{way}")] if way and not turn.busy else []
    named = [SlotSet("orders_line", line)] if line and len(order.items) > 1 and not turn.busy else []
    return [SlotSet("orders_last", order.number), SlotSet("after_sales_told", kept), *offered, *named]


def until(turn: Turn, options: Options, kinds: Sequence[str]) -> str:
    """The ways that are open, each with its last day; empty where no days are counted."""
    told, today = [], clock.now().date().isoformat()
    for kind in kinds:
        last = options.rules[kind].deadline
        words = turn.wording(f"utter_faq_words_{'last_day' if last == today else 'until'}_{kind}")
        told += [words.format(until=last)] if words and last else []
    return turn.joined(told)


async def _order_of(turn: Turn) -> tuple[str | None, int | None]:
    """The number of the order that a form is about, that the words name, or that was spoken of last; and its line, if named."""
    if turn.slot("orders_number"):
        return str(turn.slot("orders_number")), turn.slot("after_sales_line") or turn.slot("orders_line")
    found = await find(turn, ORDER)
    if found.one and found.described:
        return str(found.one.id), found.line
    return str(turn.slot("orders_last") or "") or None, None


async def _named(turn: Turn) -> str | None:
    """The number of the one order of the customer's that the words name."""
    found = await find(turn, ORDER)
    return str(found.one.id) if found.one and found.described else None


def possible(turn: Turn) -> bool:
    """Say that the shop's rules allow what the open form is about, to who asks just that (拆过了还能退吗) where no entry does."""
    form, wish = str((turn.tracker.active_loop or {}).get("name")), (turn.told("know") or {}).get("intent")
    declared = forms.of_project().forms.get(form)
    if declared is None or wish not in declared.starts or turn.slot("orders_checked") != f"{form}:possible":
        return False
    turn.utter("utter_faq_possible", form.removesuffix("_form"), wish=turn.wording(f"utter_label_{wish}"))
    return True


def _response(fact: Fact) -> str:
    return f"utter_faq_case_{fact.name}"


async def _say_worth(turn: Turn, fact: Fact) -> None:
    """So many coins as the customer names, else as the customer has, in yuan."""
    named = [int(figure) for figure in _COUNT.findall(turn.typed) if figure != fact.value]
    count = max(named) if named else (await turn.call(wiring.gateways().account.assets, turn.reader)).points
    worth = (Decimal(count) / Decimal(fact.value)).quantize(_CENT)
    turn.utter(_response(fact), "" if named else "own", count=count, worth=str(worth))


def _say_days(turn: Turn, order: Order, known: Sequence[tuple[Fact, dict[str, Any]]]) -> None:
    classes = {item.category for item in order.items}
    special = [each for each in known if classes and classes <= set(each[1].get("goods") or ())]
    general = [each for each in known if not each[1].get("goods") and not classes & set(each[1].get("not_goods") or ())]
    today = clock.now().date()
    for fact, told in special or general:
        moment = getattr(order, str(told.get("until") or ""), None)
        if moment and order.state_code == UNPAID:
            turn.utter(_response(fact), order=order.title, until=when(moment))
        began = order.times.get(str(told.get("from")))
        if not began or not fact.value.isdecimal():
            continue
        day = date.fromisoformat(began[:10])
        until = day + timedelta(days=int(fact.value))
        rule = order.allowed.get(str(told.get("needs")))
        if until >= today and rule is not None and not rule.ok:
            continue  # the rule's days are not over, but something else is against it
        turn.utter(
            _response(fact), "past" if until < today else "",
            order=order.title, day=day.isoformat()[5:], until=until.isoformat()[5:],
            paid=str(order.times.get("paid_at") or began)[5:10],
        )  # fmt: skip
