"""How a form fills itself, and how it mends what went wrong on the way.

`validate_<form>` is asked at every turn of the form; it takes what the message gives, checks it with the shop, and names
the slot to ask for next. It never speaks of failures: a form that cannot go on ends, and the form's own action then says
why, once.

What customers do beside answering, and what happens then:

- ask something else (a rule, small talk, a product): that is answered, and the form asks again;
- want something else done: the other form takes over, with the order already chosen;
- correct themselves (不是这个，是上面那个): the slot meant is changed or asked again, later ones stay where still right;
- say that they need nothing more: the form ends, nothing is changed;
- ask why, or how to answer: `utter_why_<slot>`, `utter_help_<slot>`;
- answer what cannot be understood: asked again, then with help, then a person takes over.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import given
from actions.base import OTHER, REQUESTED_SLOT, CustomerAction, Turn, named_after, over
from actions.gateways.errors import Rejected, Unavailable
from actions.gateways.identity import IdentityError
from actions.references import CHOICES
from topics import forms

UNCLEAR = ("chat_inform", "nlu_fallback", "chat_out_of_scope")
ANSWERS = ("chat_inform", "nlu_fallback", "chat_affirm", "chat_deny")
"""Intents that can only be meant as an answer to the form's question."""
ASIDES = ("chat_greet", "chat_goodbye", "chat_thank", "chat_ask_help", "chat_bot_challenge", "chat_smalltalk", "chat_abuse",
          "chat_stop", "chat_repeat", "chat_hold", "chat_take_back", "chat_follow_up", "handoff_request")  # fmt: skip
"""Intents that never answer a form's question."""
LEAVES = ("chat_thank", "chat_goodbye")
"""Those of them that may answer a form which asks for nothing but a word of goodwill."""
QUESTIONS = ("chat_out_of_scope", "nlu_fallback")
"""Intents that answer no form's question where they are put as a question, beside the topics' own (`asides`)."""
TYPED = ("address", "phone", "email", "tax_number", "date", "amount")
"""Entities that a message hardly holds by chance: their words answer a question for words."""
WAITING = ("chat_hold", "chat_repeat")
"""Those of them after which a question that only looks something up still stands."""
OTHERS, UNCHANGED, WHETHER = "others", "unchanged", "whether"
"""What a matter of another person's account is called; the cues of what stays as it is, of who asks whether it may be done."""
UNSURE = 0.3
"""Below this confidence an intent says nothing against an answer in the customer's own words."""
TRAILING = " ,.;~\uff0c\u3002\uff1b\u3001"
VALIDATES = "validate_"
QUESTION = "question"  # the object of a question about what was just asked
EXPLAINED = {"why": "why", "how": "help", "yet": "yet"}  # what is asked about it → what explains it
LATER = (given.REASON, given.ADDRESS, given.NAME, given.TITLE)
"""Kinds of values that a form may ask for later: given before, they are noted."""
CHOSEN = ("colour", "size", "day", "days", "span")
"""Kinds of values by which one of what a form offers is chosen: who names one does more than ask."""
THINGS = ("_number", "_slip")
"""Endings of slots that say which of the customer's own things is meant."""
PATIENCE = 3  # wrong answers to one question, until a person takes over


class Form(CustomerAction):
    """Base of all `validate_<form>` actions. What starts a form and what it asks stands in `data/<topic>/forms.yml`.

    Attributes:
        form: the form's name in the domain, which the class says.
        starts: the intents that mean this form.
        asks: the slots it asks for, in this order.
        beside: slots that it keeps beside those it asks for.
        shared: slots that stay known when another form takes over.
    """

    form = ""
    starts: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    writes = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        action, declared = named_after(cls), forms.of_project().forms
        cls.form = action.removeprefix(VALIDATES)
        if cls.form in declared:
            told = declared[cls.form]
            cls.starts, cls.asks = (*told.starts, *told.meant_by), told.asks
            cls.name = CustomerAction.name  # type: ignore[method-assign]
        elif action.startswith(VALIDATES):
            raise LookupError(f"{cls.__name__}: write {cls.form} into its topic's forms.yml")

    @abstractmethod
    def name(self) -> str:
        """Only a declared form has a name: what several share is none, and the action server leaves it out."""

    def slots(self, turn: Turn) -> list[str]:
        """The slots still worth asking for, in order; may shrink as slots are filled."""
        return list(self.asks)

    @abstractmethod
    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The slots that this message fills; a None asks again."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Fill, then name the next slot. Who asked something is never told nothing but the same question again."""
        asked, told = turn.slot(REQUESTED_SLOT), len(turn.dispatcher.messages)
        digressed, opens = _digressed(turn), _opens(turn, self.form)
        events = await self._work(turn)
        repeats = asked is not None and not (digressed or opens) and _named_next(events) == asked
        if repeats and turn.asks and turn.typed and len(turn.dispatcher.messages) == told and _is_set(events, asked):
            turn.utter("utter_chat_unanswered")
        return events

    async def _work(self, turn: Turn) -> list[EventType]:
        if _opens(turn, self.form):  # what the form before it asked for is no question of this one
            turn.tracker.slots[REQUESTED_SLOT] = None
        asked = turn.slot(REQUESTED_SLOT)
        if asked is None:
            return await self._begin(turn)
        if _digressed(turn):
            turn.before.clear()
            turn.dispatcher.messages.clear()  # an apology after the answer is none
            return [*over(), FollowupAction("action_listen")] if self._let_go(turn) else self._asking(turn)
        question = turn.told("ask")
        if question and (question["object"] or {}).get("kind") == QUESTION:
            explain(turn, EXPLAINED[question["aspect"]], asked)
            return self._again(turn, asked)
        known = dict(turn.tracker.slots)
        corrected = await self._correct(turn, asked)
        correction = turn.told("correct")
        if correction and not corrected and (not correction["value"] or self.keeps(turn, asked, correction["slot"])):
            if turn.cue(UNCHANGED) is not None:
                turn.utter("utter_chat_unchanged")
            return self._again(turn, asked)
        spoken = len(turn.dispatcher.messages)
        filled = {**corrected, **({} if aside(turn) or elsewhere(turn, self.form) else await self.fill(turn))}
        otherwise = asked.endswith("_confirmed") and filled.get(asked) is not None and self._otherwise(asked, known, filled)
        if otherwise:
            del filled[asked]  # 好，换成M码: it is read back first
            turn.tracker.slots[asked] = None
        turn.tracker.slots.update(filled)
        changed = {slot: value for slot, value in filled.items() if value is None or known.get(slot) != value}
        instead = turn.told("set")
        if instead and instead["slot"] != asked and not changed:
            return self._again(turn, asked)  # it stands so already
        meant = turn.intent in (*ANSWERS, *self.starts) or bool(corrected)
        mine = {asked, *self.slots(turn), *self.beside, *_required(turn, self.form)}
        gained = any(changed.get(slot) is not None for slot in mine)
        refused = meant and asked in filled and filled[asked] is None and asked not in corrected and not gained
        taken = {slot for slot, value in changed.items() if meant or value is not None}  # another wish empties nothing
        narrowed = bool(changed.get(CHOICES))  # fewer to choose from, or the next page of them
        answered = narrowed or bool(taken & mine)
        if not narrowed and not _wants_another(turn) and (refused or (not answered and _is_answer(turn))):
            return self._wrong(turn, asked, changed, len(turn.dispatcher.messages) > spoken)
        if answered:
            return [*_set({**changed, **_forgiven(turn)}), *self._asking(turn)]
        if (
            turn.intent in self.starts or not turn.text.strip()
        ):  # the same wish again, or a picture: ask again
            return [*_set({asked: None, **changed}), *self._asking(turn)]
        turn.before.clear()  # Rasa takes any slot for an answer; without one it lets the other rules answer
        return [SlotSet(REQUESTED_SLOT, asked)]

    def _let_go(self, turn: Turn) -> bool:
        """Whether what was just answered in between leaves nothing to go on with: the form only looks something up, and its
        question was not what the customer had in mind; or the thing is another person's."""
        others = str(turn.entity("account_kind") or "").startswith(OTHERS)
        return others or (looks_up(self.form, str(turn.slot(REQUESTED_SLOT))) and turn.intent not in WAITING)

    async def _begin(self, turn: Turn) -> list[EventType]:
        """The form opens: what is known already is not asked, what another form left half done is forgotten."""
        self._after(turn)
        forgotten = {slot: None for slot in _abandoned(turn, self.form)}
        turn.tracker.slots.update(forgotten)
        filled = {**forgotten, **await self.fill(turn)}
        turn.tracker.slots.update(filled)
        return [*_set({**filled, **_forgiven(turn)}), *self._asking(turn)]

    def _after(self, turn: Turn) -> None:
        """What is only looked up in the middle of another form does not end that one: it is gone on with afterwards."""
        declared, before = forms.of_project().forms, _interrupted(turn, self.form)
        if before not in declared or not declared[self.form].looks or declared[before].looks:
            return
        said = (e["parse_data"]["intent"]["name"] for e in reversed(turn.tracker.events) if e["event"] == "user")
        wish = next((intent for intent in said if intent in declared[before].starts), None)
        waiting = turn.slot("chat_requests") or []
        if wish is None or turn.with_person or any(each["intent"] == wish for each in waiting):
            return
        named = {name: turn.slot(name) for name in _required(turn, before) if name.endswith(THINGS) and turn.slot(name)}
        entities = [{"entity": name, "value": value} for name, value in named.items()]
        waiting = [*waiting, {"intent": wish, "words": "", "entities": entities, "reference": {}}]
        turn.tracker.slots["chat_requests"] = waiting
        turn.before.append(SlotSet("chat_requests", waiting))

    def _otherwise(self, asked: str, known: dict[str, Any], filled: dict[str, Any]) -> bool:
        """Whether a yes or no to the whole changes a part of it too, or wants one that cannot be had."""
        parts = [slot for slot in (*self.asks, *self.beside) if slot != asked and slot in filled]
        return any(known.get(slot) != filled[slot] for slot in parts)

    def _asking(self, turn: Turn) -> list[EventType]:
        """Name the next slot."""
        missing = [slot for slot in self.slots(turn) if turn.slot(slot) is None]
        return [SlotSet(REQUESTED_SLOT, missing[0] if missing else None)]

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
            explain(turn, "help", asked)
        elif not told and given.said(turn, *LATER):
            turn.utter("utter_chat_noted")
        elif not told:
            explain(turn, "unclear", asked)
        return [*_set({asked: None, **changed, "chat_wrong": {asked: count}}), *self._asking(turn)]

    def keeps(self, turn: Turn, asked: str, slot: str | None) -> bool:
        """Whether a correction that changed nothing was of this slot, which stands (锅不退, where it is not the pot). A yes that
        only names what is meant by another word is one."""
        if slot is None or slot == asked or turn.told("yes") is not None:
            return False
        return slot.endswith(THINGS) and turn.slot(slot) is not None

    async def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """The slots that the customer takes back, emptied. The message is then read as a new answer to the first of them."""
        correction = turn.told("correct")
        if correction is None or correction["slot"] == asked:
            return {}
        earlier = [slot for slot in reversed(self.slots(turn)) if slot != asked and turn.slot(slot) is not None]
        unnamed = [slot for slot in earlier if not slot.endswith("_confirmed")]
        slot = correction["slot"] if correction["slot"] in earlier else next(iter(unnamed), None)
        return {} if slot is None else self._taken_back(turn, slot, correction["value"])

    def _taken_back(self, turn: Turn, slot: str, value: str | None) -> dict[str, Any]:
        """Empty a slot, and what hangs on it; leave the message with the new value alone."""
        emptied = {slot: None, **{name: None for name in turn.tracker.slots if name.endswith("_confirmed")}}
        emptied = {name: None for name in emptied if turn.slot(name) is not None}
        turn.tracker.slots.update(emptied)
        turn.tracker.slots[REQUESTED_SLOT] = slot
        turn.tracker.latest_message["text"] = value or ""
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
        """Yes or no to what was just asked."""
        answer = turn.told("yes", "no") if self.asked(turn, slot) else None
        return {slot: answer["command"] == "yes"} if answer else {}

    def words(self, turn: Turn, slot: str, intents: tuple[str, ...]) -> dict[str, Any]:
        """The customer's own words as the value, where they were asked and the message is no other request."""
        if not self.asked(turn, slot) or not turn.typed:
            return {}
        asks = turn.asks and turn.intent not in UNCLEAR
        typed = any(turn.entity(name) for name in TYPED)
        meant = turn.intent in (*UNCLEAR, *intents) or unsure(turn) or (typed and turn.intent not in ASIDES)
        return {slot: tidy(turn.text)} if meant and not asks else {}


def looks_up(form: str, asked: str) -> bool:
    """Whether a form only asks which one to look up, and does nothing in the end."""
    told = forms.of_project()
    writes = any(slot.endswith("_confirmed") for slot in told.forms[form].asks)
    return told.forms[form].looks and not writes and told.kinds.get(asked) == "choose"


def explain(turn: Turn, what: str, slot: str) -> None:
    """Say why a question is asked, how to answer it (help), or that the answer was not understood (unclear).

    `utter_<what>_<slot>` where the topic has words of its own, else the talk's `utter_chat_<what>`.
    """
    own = f"utter_{what}_{slot}"
    turn.utter(own if turn.knows(own) else f"utter_chat_{what}")


def tidy(text: str) -> str:
    """What was typed, without the signs at its end: it is quoted within a sentence."""
    return text.strip().rstrip(TRAILING) or text.strip()


def unsure(turn: Turn) -> bool:
    """Whether the message could mean anything: a name, a model, a word out of the blue."""
    confidence = (turn.tracker.latest_message.get("intent") or {}).get("confidence")
    return confidence is not None and float(confidence) < UNSURE


def aside(turn: Turn) -> bool:
    """Whether the message is no answer to a form's question, whatever it names."""
    if turn.told("yes", "no", "set", "choose", "correct") or turn.entity("ordinal") is not None:
        return False
    if turn.told("know") and turn.cue(WHETHER) is not None:
        return True  # 盒子拆了，能退吧: told for the question's sake
    if turn.intent in ASIDES:
        return turn.intent not in LEAVES
    if given.asks_beside(turn) and not given.said(turn, *CHOSEN):
        return True
    return turn.intent in (*QUESTIONS, *forms.of_project().asides) and turn.asks


def elsewhere(turn: Turn, form: str) -> bool:
    """Whether the message wants what another form does."""
    start = next((each for each in turn.commands[:1] if each["command"] == "start"), None)
    declared = forms.of_project().forms
    own = (*declared[form].starts, *declared[form].meant_by) if form in declared else ()
    return start is not None and start["intent"] not in own and any(start["intent"] in each.starts for each in declared.values())


def _wants_another(turn: Turn) -> bool:
    """Whether the button for another one than those shown was pressed."""
    return any(each["value"] == OTHER for each in turn.tracker.latest_message.get("entities") or [])


def _is_answer(turn: Turn) -> bool:
    """Whether the message can only be meant as an answer to the form's question."""
    unknown_question = turn.intent == "nlu_fallback" and turn.asks
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


def _named_next(events: list[EventType]) -> Any:
    """The slot that these events ask for next."""
    named = [event["value"] for event in events if event["event"] == "slot" and event["name"] == REQUESTED_SLOT]
    return named[-1] if named else None


def _is_set(events: list[EventType], slot: str) -> bool:
    """Whether these events touch the slot itself: Rasa then takes them for an answer, and no other rule replies."""
    return any(event["event"] == "slot" and event["name"] == slot for event in events)


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


def _interrupted(turn: Turn, form: str) -> str | None:
    """The other form that was open when this one took over."""
    loops = [event["name"] for event in turn.tracker.events if event["event"] == "active_loop"]
    others = loops[:-1] if loops and loops[-1] == form else loops
    last = others[-1] if others else None
    return None if last == form else last


def _abandoned(turn: Turn, form: str) -> list[str]:
    """What another form gathered, that was open when this one took over, but for what it shares."""
    last = _interrupted(turn, form)
    if last is None:
        return []
    mine = _required(turn, form)
    left = [slot for slot in _required(turn, last) if slot not in mine]
    shared = next((kind.shared for kind in kinds(Form) if kind.form == last), ())
    return [slot for slot in left if slot not in shared and turn.slot(slot) is not None]


def _required(turn: Turn, form: str) -> list[str]:
    """The slots that a form asks for; what it remembers beside them is no answer."""
    return ((turn.domain.get("forms") or {}).get(form) or {}).get("required_slots") or []


def _forgiven(turn: Turn) -> dict[str, Any]:
    """An understood answer ends the counting of those that were not."""
    return {name: value for name, value in (("chat_wrong", None), ("chat_misses", 0)) if turn.slot(name)}


def _set(slots: dict[str, Any]) -> list[EventType]:
    return [SlotSet(name, value) for name, value in slots.items()]


def kinds(base: Any) -> Iterator[Any]:
    """All classes below one, however deep."""
    waiting = base.__subclasses__()
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind


def confirmed(turn: Turn, slot: str) -> bool:
    """The customer's yes or no. Raises Unavailable where the form broke off before asking: nothing is done unasked."""
    answer = turn.slot(slot)
    if answer is None:
        raise Unavailable("the form ended before the customer could confirm")
    turn.finished = bool(answer)
    return turn.finished


class Ask(CustomerAction):
    """Asks for a slot out of the shop's own data. Where there is nothing to choose from, or the shop does not answer, the
    form ends and its own action says so."""

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """The form's action says how to sign in."""
        return self.nothing()

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """The form's action apologises."""
        return self.nothing()

    def nothing(self) -> list[EventType]:
        """Events that end the form without an answer."""
        return [SlotSet(REQUESTED_SLOT, None)]
