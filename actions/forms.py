"""How a form fills itself, and how it mends what went wrong on the way.

`validate_<form>` is asked at every turn of the form; it takes what the message gives, checks it with the shop, and names
the slot to ask for next. It never speaks of failures: a form that cannot go on ends, and the form's own action then says
why, once.

What customers do beside answering, and what happens then:

- ask something else (a rule, small talk, a product): that is answered, and the form asks again;
- want something else done: the other form takes over, with the order already chosen;
- correct themselves (不是这个，是上面那个): the slot meant is changed or asked again, later ones stay where still right;
- say that they need nothing more: the form ends, nothing is changed;
- ask why, or how to answer: `utter_chat_why_<slot>`, `utter_chat_help_<slot>`;
- answer what cannot be understood: asked again, then with help, then a person takes over.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import wiring
from actions.base import OTHER, REQUESTED_SLOT, Button, CustomerAction, Turn, button, named_after, over
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.identity import IdentityError
from actions.gateways.orders import Order

UNCLEAR = ("chat_inform", "nlu_fallback", "chat_out_of_scope")
ANSWERS = ("chat_inform", "nlu_fallback", "chat_affirm", "chat_deny")
"""Intents that can only be meant as an answer to the form's question."""
ASIDES = ("chat_greet", "chat_goodbye", "chat_thank", "chat_ask_help", "chat_bot_challenge", "chat_smalltalk", "chat_abuse",
          "chat_stop", "chat_repeat", "handoff_request")  # fmt: skip
"""Intents that never answer a form's question."""
LEAVES = ("chat_thank", "chat_goodbye")
"""Those of them that may answer a form which asks for nothing but a word of goodwill."""
QUESTIONS = ("faq", "products_", "account_", "promotions_", "feedback_", "chat_out_of_scope", "nlu_fallback")
"""Intents (or their beginnings) that answer no form's question where they are put as a question."""
TYPED = ("address", "phone", "email", "tax_number", "date", "amount")
"""Entities that a message hardly holds by chance: their words answer a question for words."""
OF_ORDER = ("_line", "_pieces", "_checked", "_confirmed")
"""Endings of slots that belong to one order and fall with it."""
UNSURE = 0.3
"""Below this confidence an intent says nothing against an answer in the customer's own words."""
TRAILING = " ,.;~\uff0c\u3002\uff1b\u3001"
REMEMBERED = 4  # messages, this one included, for which a typed order number stays the one that is meant
PATIENCE = 3  # wrong answers to one question, until a person takes over


class Form(CustomerAction):
    """Base of all `validate_<form>` actions. `slots` are asked in this order.

    Attributes:
        form: the form's name in the domain, which the class says.
        starts: the intents that start this form.
        releases: whether "nothing more, thanks" ends it; not where that may be the answer.
    """

    form = ""
    starts: tuple[str, ...] = ()
    releases = False
    writes = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.form = named_after(cls).removeprefix("validate_")

    @abstractmethod
    def slots(self, turn: Turn) -> list[str]:
        """The slots still worth asking for, in order; may shrink as slots are filled."""

    @abstractmethod
    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The slots that this message fills; a None asks again."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Fill, then name the next slot."""
        if _opens(turn, self.form):  # what the form before it asked for is no question of this one
            turn.tracker.slots[REQUESTED_SLOT] = None
        asked = turn.slot(REQUESTED_SLOT)
        if asked is None:
            return await self._begin(turn)
        if self.releases and turn.cue("leaves") is not None:
            return self._released(turn, asked)
        if _digressed(turn):
            turn.before.clear()
            turn.dispatcher.messages.clear()  # an apology after the answer is none
            return self._asking(turn)
        for cue, answer in (("why", "utter_chat_why"), ("unclear", "utter_chat_help")):
            if turn.cue(cue) is not None and turn.intent not in self.starts:
                turn.utter(answer, asked)
                return self._again(turn, asked)
        known = dict(turn.tracker.slots)
        corrected = self._correct(turn, asked)
        spoken = len(turn.dispatcher.messages)
        filled = {**corrected, **({} if aside(turn) else await self.fill(turn))}
        turn.tracker.slots.update(filled)
        changed = {slot: value for slot, value in filled.items() if value is None or known.get(slot) != value}
        meant = turn.intent in (*ANSWERS, *self.starts) or bool(corrected)
        refused = meant and asked in filled and filled[asked] is None and asked not in corrected
        taken = {slot for slot, value in changed.items() if meant or value is not None}  # another wish empties nothing
        answered = bool(taken & {asked, *self.slots(turn), *_required(turn, self.form)})
        if turn.entity("orders_number") != OTHER and (refused or (not answered and _is_answer(turn))):
            return self._wrong(turn, asked, changed, len(turn.dispatcher.messages) > spoken)
        if answered:
            return [*_set({**changed, **_forgiven(turn)}), *self._asking(turn)]
        if (
            turn.intent in self.starts or not turn.text.strip()
        ):  # the same wish again, or a picture: ask again
            return [*_set({asked: None, **changed}), *self._asking(turn)]
        turn.before.clear()  # Rasa takes any slot for an answer; without one it lets the other rules answer
        return [SlotSet(REQUESTED_SLOT, asked)]

    async def _begin(self, turn: Turn) -> list[EventType]:
        """The form opens: what is known already is not asked, what another form left half done is forgotten."""
        forgotten = {slot: None for slot in _abandoned(turn, self.form)}
        turn.tracker.slots.update(forgotten)
        filled = {**forgotten, **await self.fill(turn)}
        turn.tracker.slots.update(filled)
        return [*_set({**filled, **_forgiven(turn)}), *self._asking(turn)]

    def _asking(self, turn: Turn) -> list[EventType]:
        """Name the next slot."""
        missing = [slot for slot in self.slots(turn) if turn.slot(slot) is None]
        return [SlotSet(REQUESTED_SLOT, missing[0] if missing else None)]

    def _released(self, turn: Turn, asked: str) -> list[EventType]:
        """Nothing more is wanted: nothing is done, and what was gathered is forgotten."""
        turn.dispatcher.messages.clear()
        turn.utter("utter_chat_stopped_idle")
        held = (*_required(turn, self.form), "orders_title", "orders_checked", "orders_offered")
        left = [name for name in held if name != asked and turn.slot(name) is not None]
        number = turn.slot("orders_number")
        last = [SlotSet("orders_last", number)] if number else []
        # Rasa takes a form's word for it only where a slot beside the question is set.
        return [SlotSet(asked, None), *over(*left), *last, FollowupAction("action_listen")]

    def _again(self, turn: Turn, asked: str) -> list[EventType]:
        """Ask the same question again."""
        return [SlotSet(asked, None), SlotSet(REQUESTED_SLOT, asked)]

    def _wrong(self, turn: Turn, asked: str, changed: dict[str, Any], told: bool) -> list[EventType]:
        """Not an answer to the question: ask again, then explain, then let a person help.

        `told`: whether the form has already said what is wrong.
        """
        count = (turn.slot("chat_wrong") or {}).get(asked, 0) + 1
        if count >= PATIENCE:
            turn.dispatcher.messages.clear()
            given_up = {"chat_misses": PATIENCE, **({"chat_wrong": None} if turn.slot("chat_wrong") else {})}
            return [*_set(given_up), *over(), FollowupAction("action_handoff")]
        if count > 1:
            turn.utter("utter_chat_help", asked)
        elif not told:
            self.unclear(turn, asked)
        return [*_set({asked: None, **changed, "chat_wrong": {asked: count}}), *self._asking(turn)]

    def unclear(self, turn: Turn, asked: str) -> None:
        """Say that the first answer to a question was not understood."""
        turn.utter("utter_chat_unclear", asked)

    def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """The slots that the customer takes back, emptied. The message is then read as a new answer to the first of them."""
        sure, maybe = turn.cue("wrong") is not None, turn.cue("wrong_maybe") is not None
        choice = asked.endswith(("_confirmed", "_number", "_slip", "_line"))
        if not (sure or (maybe and choice)) or turn.intent == "chat_stop":
            return {}
        earlier = [
            slot for slot in reversed(self.slots(turn)) if slot != asked and turn.slot(slot) is not None
        ]
        named = [slot for slot in (*earlier, asked) if turn.cue(f"slot_{slot}") is not None]
        unnamed = [slot for slot in earlier if not slot.endswith("_confirmed")]
        slot = next(iter([*named, *unnamed]), None)
        if slot is None or slot == asked:
            return {}
        return self._taken_back(turn, slot)

    def _taken_back(self, turn: Turn, slot: str) -> dict[str, Any]:
        """Empty a slot, and what hangs on it; leave the message with the new value alone."""
        emptied = {slot: None, **{name: None for name in turn.tracker.slots if name.endswith("_confirmed")}}
        emptied = {name: None for name in emptied if turn.slot(name) is not None}
        turn.tracker.slots.update(emptied)
        turn.tracker.slots[REQUESTED_SLOT] = slot
        turn.tracker.latest_message["text"] = turn.cue("value") or ""
        turn.tracker.latest_message["intent"] = {"name": "chat_inform", "confidence": 1.0}
        return emptied

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """End silently; the form's action says how to sign in."""
        return self._ended(turn)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """End silently; the form's action asks the shop again and says why not."""
        return self._ended(turn)

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """End silently; the form's action meets the same failure and apologises."""
        return self._ended(turn)

    def _ended(self, turn: Turn) -> list[EventType]:
        """The form is over. Without any slot Rasa would take the message for no answer, and let other rules reply first."""
        asked = turn.slot(REQUESTED_SLOT)
        return [*([SlotSet(asked, None)] if asked else []), *over()]

    def asked(self, turn: Turn, slot: str) -> bool:
        """Whether the customer was just asked for that slot."""
        return bool(turn.slot(REQUESTED_SLOT) == slot)

    def confirmation(self, turn: Turn, slot: str) -> dict[str, Any]:
        """Yes or no to what was just asked: by intent, or by how the words begin (别取消 is a no, 确认取消 a yes)."""
        if not self.asked(turn, slot):
            return {}
        if turn.cue("refuse") is not None:
            return {slot: False}
        if turn.intent in ("chat_affirm", "chat_deny"):
            return {slot: turn.intent == "chat_affirm"}
        return {slot: True} if turn.cue("agree") is not None else {}

    def words(self, turn: Turn, slot: str, intents: tuple[str, ...]) -> dict[str, Any]:
        """The customer's own words as the value, where they were asked and the message is no other request."""
        if not self.asked(turn, slot) or not turn.text.strip() or turn.text.startswith("/"):
            return {}
        asks = turn.cue("question") is not None and turn.intent not in UNCLEAR
        typed = any(turn.entity(name) for name in TYPED)
        meant = turn.intent in (*UNCLEAR, *intents) or unsure(turn) or (typed and turn.intent not in ASIDES)
        return {slot: tidy(turn.text)} if meant and not asks else {}


def tidy(text: str) -> str:
    """What was typed, without the signs at its end: it is quoted within a sentence."""
    return text.strip().rstrip(TRAILING) or text.strip()


def unsure(turn: Turn) -> bool:
    """Whether the message could mean anything: a name, a model, a word out of the blue."""
    confidence = (turn.tracker.latest_message.get("intent") or {}).get("confidence")
    return confidence is not None and float(confidence) < UNSURE


def aside(turn: Turn) -> bool:
    """Whether the message is no answer to a form's question, whatever it names."""
    if turn.cue("agree") is not None or turn.cue("refuse") is not None or turn.entity("ordinal") is not None:
        return False
    if turn.intent in ASIDES:
        return turn.intent not in LEAVES
    return turn.intent.startswith(QUESTIONS) and turn.cue("question") is not None


def _is_answer(turn: Turn) -> bool:
    """Whether the message can only be meant as an answer to the form's question."""
    unknown_question = turn.intent == "nlu_fallback" and turn.cue("question") is not None
    return turn.intent in ANSWERS and not unknown_question and bool(turn.text.strip())


def _digressed(turn: Turn) -> bool:
    """Whether something else has just been answered: the form only asks again."""
    for event in reversed(turn.tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "action" and event["name"] not in (
            "action_listen",
            (turn.tracker.active_loop or {}).get("name"),
        ):
            return True
    return False


def _opens(turn: Turn, form: str) -> bool:
    """Whether this form takes over from another one with this message."""
    if (turn.tracker.active_loop or {}).get("name") not in (None, form):
        return True
    for event in reversed(turn.tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "active_loop" and event["name"] == form:
            return True
    return False


def _abandoned(turn: Turn, form: str) -> list[str]:
    """What another form gathered, that was open when this one took over; the order stays."""
    loops = [event["name"] for event in turn.tracker.events if event["event"] == "active_loop"]
    others = loops[:-1] if loops and loops[-1] == form else loops
    last = others[-1] if others else None
    if last in (None, form):
        return []
    mine = _required(turn, form)
    left = [slot for slot in _required(turn, last) if slot not in mine]
    return [slot for slot in left if slot != "orders_number" and turn.slot(slot) is not None]


def _required(turn: Turn, form: str) -> list[str]:
    """The slots that a form asks for; what it remembers beside them is no answer."""
    return ((turn.domain.get("forms") or {}).get(form) or {}).get("required_slots") or []


def _forgiven(turn: Turn) -> dict[str, Any]:
    """An understood answer ends the counting of those that were not."""
    return {name: value for name, value in (("chat_wrong", None), ("chat_misses", 0)) if turn.slot(name)}


def _set(slots: dict[str, Any]) -> list[EventType]:
    return [SlotSet(name, value) for name, value in slots.items()]


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

    def unclear(self, turn: Turn, asked: str) -> None:
        if asked == "orders_number":
            turn.utter("utter_orders_choice_unclear")
        else:
            super().unclear(turn, asked)

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
        ordinal = turn.entity("ordinal")
        if ordinal is not None and -len(offered) <= int(ordinal) <= len(offered) and int(ordinal) != 0:
            place = int(ordinal)
            return offered[place - 1 if place > 0 else place]["number"]
        numbers = [each["number"] for each in offered]
        tails = [n for n in numbers if any(n.endswith(tail) for tail in re.findall(r"\d{3,}", turn.text))]
        day = str(turn.entity("date") or "")[:10].replace("-", "")
        of_day = [n for n in numbers if len(day) == 8 and n.startswith(day)]
        for found in (tails, of_day):
            if len(found) == 1:
                return found[0]
        return _meant(turn.text.strip(), {each["number"]: each["title"] for each in offered})

    async def _obvious(self, turn: Turn) -> str | None:
        """When the form starts: the order whose goods are named, the one just spoken of, or the only one there is."""
        if turn.slot(REQUESTED_SLOT) == "orders_number":
            return None
        orders = wiring.gateways().orders
        found = await turn.call(orders.recent, turn.reader, self.states, AskOrdersNumber.offered)
        named = _meant(turn.text, {order.number: order.title for order in found}) or _typed_before(turn)
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
    if not turn.text.startswith("/"):
        return False
    answers = {
        action().name() for action in _kinds(OrderAction) if not getattr(action, "__abstractmethods__", None)
    }
    before = [event["name"] for event in turn.tracker.events if event["event"] == "action"]
    done = [
        name for name in before if name not in ("action_listen", (turn.tracker.active_loop or {}).get("name"))
    ]
    return bool(done) and done[-1] in answers


class AskOrdersNumber(CustomerAction):
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
        forget = over("orders_number", "orders_title", "orders_checked", "orders_offered", *self.gathered)
        from actions.orders import asked_again  # which is made of these forms

        return [*forget, *([SlotSet("orders_last", number), *asked_again(turn, number)] if number else [])]


def _no_order() -> dict[str, Any]:
    return {"orders_number": None, "orders_title": None, "orders_checked": None, "orders_last": None}


def _order_forms() -> Iterator[type[OrderForm]]:
    """All kinds of order form, however deep."""
    return _kinds(OrderForm)


def _kinds(base: Any) -> Iterator[Any]:
    """All classes below one, however deep."""
    waiting = base.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind


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
