"""The talk itself: what is known at each turn, stop, say it again, and the yes or no to what was offered."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import faq, focus, given, pictures, products, spoken_of, tickets, wiring
from actions.base import (
    ANGRY,
    DONE,
    NEUTRAL,
    REQUESTED_SLOT,
    WISH,
    CustomerAction,
    Turn,
    button,
    go_on,
    over,
    said,
)
from actions.besides import besides
from actions.forms import TYPED
from actions.gateways.errors import GatewayError, Rejected
from actions.gateways.identity import IdentityError
from topics import forms

NOT_UNDERSTOOD = "nlu_fallback"
CARD_SECONDS = 1.5
CARD_RETRY_SECONDS = 60.0
GOES_ON_SECONDS = 3600  # a visitor's wish that is older is over
LATELY = 3  # messages, this one included, for which what was done may be meant by "I did not want that"
HELPFUL = "utter_faq_ask_helpful"
CURT = 6  # characters of an answer that say nothing of a feeling
SHORTLY = ("yes", "no", "take_back", "hold")
"""The acts of such an answer."""
CALM = ("chat_greet", "chat_goodbye", "chat_thank", "chat_affirm", "chat_inform", "chat_ask_help", "chat_bot_challenge",
        "chat_smalltalk", "chat_repeat")  # fmt: skip
SURE = 0.8
OPENING = ("chat_greet", "chat_ask_help", "chat_bot_challenge")  # to these a yes means: go on
ASKS = ("?", "\uff1f")
STANDING = ("yes", "ask", "know", "hold")
"""Commands beside which an offer still stands."""
FORBIDS = "forbids"
"""The cue of what is not to be done."""
NO_APOLOGY = "no_apology"
"""The cue of who wants no apologies."""
GO_ON = ("resumes", "back", "no_person")
"""Cues of who goes on with what is open, and wants nothing said again."""
PAUSES = ("chat_hold", "chat_repeat")
"""Intents whose answer is none to repeat."""
REFUSALS = ("/chat_deny", "/chat_stop", "/handoff_request")
"""Beginnings of the payloads of buttons that offer nothing."""


OF_THE_WISH = ("chat_requests", "chat_offered", "chat_wrong", given.SLOT)
"""Slots beside a form's that are forgotten with what is dropped."""


class ActionChatContext(CustomerAction):
    """Keeps the slots by which wording and policies know the moment. Rasa runs it at every message of the customer's,
    through the slots' mappings, and twice where a form starts; it counts each message once and says nothing.

    Slots: `chat_sentiment` (satisfied, neutral, dissatisfied, angry), `chat_anger` (angry messages since the last
    satisfied one), `chat_misses` (messages not understood in a row; forms count for themselves, and give up here),
    `chat_requests` (what else was asked for and still waits), `chat_offered` (what a yes would start),
    `chat_given` (values given and not used), `faq_found` (what the shop's knowledge or a page of goods says to this message,
    where it is asked),
    `account_level` (the shop's word for the proven customer's level), `ab_bucket` ("a" or "b").
    """

    visitors = True
    warns = False
    soothes = False
    writes = False
    _silent_until = 0.0

    async def work(self, turn: Turn) -> list[EventType]:
        """The slots that this message changes."""
        known: dict[str, Any] = {"ab_bucket": bucket(turn)}
        if turn.slot("handoff_id") or (turn.message_id and turn.message_id == turn.slot("chat_counted")):
            known["account_level"] = await self._level(turn)
        else:
            known["account_level"], read = await asyncio.gather(self._level(turn), at_this_message(turn))
            known |= read
        return [SlotSet(name, value) for name, value in known.items() if turn.slot(name) != value]

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """Say nothing: the action that answers will meet the same failure."""
        return []

    async def _level(self, turn: Turn) -> Any:
        """The customer's level, read once; where the shop does not answer quickly, left alone for a minute."""
        known = turn.slot("account_level")
        asked_in_vain = time.monotonic() < ActionChatContext._silent_until
        if known or turn.customer is None or turn.slot("handoff_id") or asked_in_vain:
            return known
        try:
            reading = turn.call(wiring.gateways().customers.get, turn.reader)
            return (await asyncio.wait_for(reading, CARD_SECONDS)).level
        except (GatewayError, asyncio.TimeoutError):
            ActionChatContext._silent_until = time.monotonic() + CARD_RETRY_SECONDS
            return None


async def at_this_message(turn: Turn) -> dict[str, Any]:
    """The slots that a message changes where the assistant answers it."""
    found = await _answer(turn)
    answered = found is not None and found["decision"] != "pass"
    known = {
        **feelings(turn, answered),
        **waiting(turn),
        "chat_counted": turn.message_id or None,
        "faq_found": found,
    }
    if found and found.get(faq.WHOLE):
        known["chat_requests"] = None
    return {**known, given.SLOT: given.keeping(turn), "chat_soothed": soothed(turn)}


def soothed(turn: Turn) -> str | None:
    """The message that was answered with an apology, while it belongs to the talk; who wants none has heard one."""
    if turn.cue(NO_APOLOGY) is not None:
        return turn.message_id
    told = turn.slot("chat_soothed") or (turn.message_id if turn.slot("chat_anger") else None)
    said = {event.get("message_id") for event in turn.tracker.events if event["event"] == "user"}
    return told if told in {*said, turn.message_id} else None


async def _answer(turn: Turn) -> dict[str, Any] | None:
    """What is known to the message: the shop's knowledge, or a page of goods where the intent says nothing of them."""
    found = await faq.look_up(turn)
    unknown = turn.typed and turn.intent in faq.OPEN and faq.names_goods(turn) and not turn.busy
    if unknown and not faq.surely(turn, found) and await _on_a_page(turn):
        return {"message_id": turn.message_id, "decision": "goods", "hits": []}
    return found


async def _on_a_page(turn: Turn) -> bool:
    try:
        return await asyncio.wait_for(products.on_a_page(turn), CARD_SECONDS)
    except (GatewayError, asyncio.TimeoutError):
        return False


def bucket(turn: Turn) -> str:
    """Which of two wordings this customer meets, always the same one."""
    whose = turn.customer or turn.tracker.sender_id
    return turn.slot("ab_bucket") or "ab"[hashlib.sha256(whose.encode()).digest()[0] % 2]


def feelings(turn: Turn, answered: bool = False) -> dict[str, Any]:
    """How the customer feels, how often angry so far, how often in a row neither understood nor answered."""
    told: dict[str, Any] = turn.tracker.latest_message.get("sentiment") or {}
    feeling = str(told.get("name") or NEUTRAL)
    if told.get("angry", feeling == ANGRY) and not _harmless(turn):
        feeling = ANGRY
    elif feeling == ANGRY:  # the label is for reports: nobody is apologised to, or handed over, for it alone
        feeling = NEUTRAL
    anger, misses = turn.slot("chat_anger") or 0, turn.slot("chat_misses") or 0
    if feeling == ANGRY:
        anger += 1
    elif feeling == "satisfied" or turn.intent == "chat_thank":
        anger = 0
    asked = bool(turn.busy and turn.slot(REQUESTED_SLOT))
    if wordless(turn) or fragment(turn):
        pass  # ？？, pictures, 那个: nothing was said yet that could be understood
    elif turn.intent == NOT_UNDERSTOOD and not answered and (not asked or turn.asks):
        misses += 1
    elif not asked:
        misses = 0
    return {"chat_sentiment": feeling, "chat_anger": anger, "chat_misses": misses}


def wordless(turn: Turn) -> bool:
    """Whether the message holds neither a letter nor a digit."""
    return bool(turn.text) and not any(sign.isalnum() for sign in turn.text)


def fragment(turn: Turn) -> bool:
    """Whether the message is only the beginning of a sentence (那个, 就是): more is coming."""
    return (turn.tracker.latest_message.get("act") or {}).get("name") == "fragment"


def _harmless(turn: Turn) -> bool:
    """Whether what sounds angry is only short (别取消), a value that a form asked for, or surely small talk (讲个笑话)."""
    act = (turn.tracker.latest_message.get("act") or {}).get("name")
    curt = act in SHORTLY and len(turn.text) <= CURT
    sure = float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0) >= SURE
    value = turn.busy and turn.intent == "chat_inform" and any(turn.entity(name) for name in TYPED)
    return curt or bool(value) or (sure and turn.intent in CALM)


def waiting(turn: Turn) -> dict[str, Any]:
    """What else this message asks for; what waited before and is asked for now waits no longer."""
    more = [each for each in turn.commands if each["command"] == "start" and each.get("fresh")]
    left = [each for each in turn.slot("chat_requests") or [] if each["intent"] != turn.intent]
    value = turn.told("set", "choose", "yes") is not None
    free_text = turn.busy and not value and turn.slot(REQUESTED_SLOT) not in (None, *faq.CHOICES)
    if more and not free_text:
        told = ("intent", "words", "entities", "reference", "values")
        left = [{name: each[name] for name in told if name in each} for each in more]
    stands = turn.told(*STANDING) is not None
    return {"chat_requests": left or None, "chat_offered": (turn.slot("chat_offered") or offered(turn)) if stands else None}


def offered(turn: Turn) -> str | None:
    """What the last question offers by its only button that is no refusal: its payload."""
    last = last_said(turn)
    if turn.busy or _only_checks(turn, last) or not str(last.get("text") or "").rstrip().endswith(ASKS):
        return None
    payloads = [str(each["payload"]) for each in (last.get("data") or {}).get("buttons") or []]
    offers = [payload for payload in payloads if payload.startswith("/") and not payload.startswith(REFUSALS)]
    return offers[0] if len(offers) == 1 else None


def _only_checks(turn: Turn, last: dict[str, Any]) -> bool:
    """Whether what was said last only asks whether an answer helped: a yes to it is to none of its buttons."""
    return bool(last) and last["text"] == turn.wording(HELPFUL)


def last_said(turn: Turn) -> dict[str, Any]:
    """What the assistant said last."""
    return next((e for e in reversed(turn.tracker.events) if e["event"] == "bot" and e.get("text")), {})


class ActionChatYes(CustomerAction):
    """A yes: to the offer that still stands (slot `chat_offered`, an intent or a button's payload), or to nothing."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Go on as if the customer had asked for it: all rules, forms and actions of that intent apply."""
        offer = str(turn.slot("chat_offered") or "").lstrip("/")
        if not offer:
            acknowledge(turn)
            return []
        intent, brace, told = offer.partition("{")
        entities = json.loads(brace + told) if brace else {}
        values = [{"entity": name, "value": value} for name, value in entities.items()]
        return [SlotSet("chat_offered", None), *said(turn, intent, entities=values)]


def acknowledge(turn: Turn) -> None:
    """A yes to nothing: a question with choices is shown again, news is only acknowledged, else: what is wanted?"""
    last = last_said(turn)
    buttons = (last.get("data") or {}).get("buttons") or []
    said = [(e.get("parse_data") or {}).get("intent") or {} for e in turn.tracker.events if e["event"] == "user"]
    if not last or (len(said) > 1 and said[-2].get("name") in OPENING):
        turn.utter("utter_chat_affirm")
    elif buttons and not _only_checks(turn, last) and str(last["text"]).rstrip().endswith(ASKS):
        turn.utter("utter_chat_affirm_choose", buttons=buttons)
    else:
        turn.utter("utter_chat_affirm_done")


class ActionChatNo(CustomerAction):
    """A no: what was offered is dropped."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Drop it and say so."""
        turn.utter("utter_chat_deny", "kept" if turn.cue(FORBIDS) is not None else "")
        return [SlotSet(name, None) for name in ("chat_offered", "chat_requests") if turn.slot(name)]


class ActionChatHold(CustomerAction):
    """Says that there is time. The form and its question stay as they are (`components/understanding/policy.py`)."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """One short sentence; what was asked is not asked again."""
        turn.utter("utter_chat_hold", "" if turn.busy or turn.slot("chat_offered") else "idle")
        return []


class ActionChatTakeBack(CustomerAction):
    """Withdraws what was just begun, or was just done and can be undone (`undone_by` in `forms.yml`); else says how."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Nothing of an open form was done, and what is wanted instead comes next; what a form did has its own way back."""
        beside = (turn.told("take_back") or {}).get("what")
        if turn.busy and beside:  # the form goes on
            left = [each for each in turn.slot("chat_requests") or [] if each["intent"] != beside]
            turn.utter("utter_chat_taken_back_beside")
            return [SlotSet("chat_requests", left or None)]
        if turn.busy:
            instead = await besides(turn)
            events = dropped(turn, "utter_chat_taken_back", "next" if instead or _waits(turn) else "")
            return [*events, *(instead or go_on(turn, events))]
        forgotten = [SlotSet(name, None) for name in ("chat_offered", "chat_requests") if turn.slot(name)]
        form = done_lately(turn)
        if form and form.undone_by:
            return [*forgotten, *said(turn, form.undone_by)]
        turn.utter("utter_chat_take_back_done" if form and not form.looks else "utter_chat_take_back_nothing")
        return forgotten


def done_lately(turn: Turn) -> forms.DeclaredForm | None:
    """The form whose end was the last to change anything, some messages ago at most."""
    ended = {form.ends: form for form in forms.of_project().forms.values()}
    messages = 0
    for event in reversed(turn.tracker.events):
        messages += event["event"] == "user"
        if messages > LATELY:
            return None
        if event["event"] == "slot" and event["name"] == DONE:
            return ended.get(str(event["value"]))
    return None


class ActionChatInform(CustomerAction):
    """Something told or shown that nobody asked for: a picture is kept with the slip or ticket spoken of, more about an open
    ticket is added to it, what belongs to the thing spoken of is acknowledged; only what stands alone is asked what it is for."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Keep it, add it, or say that it was heard."""
        lately = [each for each in focus.of(turn) if spoken_of.messages(turn) - each.said <= LATELY]
        spoken = lately[0] if lately else None
        shows = (turn.tracker.latest_message.get("metadata") or {}).get("media")
        if shows and spoken and spoken.kind in ("return", "ticket") and await pictures.attach(turn, spoken.id):
            turn.utter("utter_chat_picture_kept", spoken.kind, number=spoken.id)
            return []
        if turn.typed and turn.customer and spoken and spoken.kind == "ticket":
            with contextlib.suppress(Rejected):  # it may be closed by now
                await tickets.add(turn, spoken.id, turn.text.strip())
                return []
        title = spoken.title if spoken else ""
        turn.utter("utter_chat_inform", "spoken" if title and not turn.entity("orders_number") else "", title=title)
        return []


class ActionChatUnclear(CustomerAction):
    """Asks back what is meant: one of the likeliest wishes, or to be told more."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """The wishes as buttons; without any that have a name, that it was not understood."""
        named = [
            (intent, turn.wording(f"utter_label_{intent}")) for intent in (turn.told("unclear") or {}).get("candidates") or []
        ]
        buttons = [button(label, intent) for intent, label in named if label]
        if not buttons:
            unsaid = "utter_chat_wordless" if wordless(turn) else "utter_chat_fragment" if fragment(turn) else None
            turn.utter(unsaid or "utter_chat_not_understood")
            return []
        person = button(str(turn.wording("utter_label_handoff_request")), "handoff_request")
        turn.utter("utter_chat_unclear_which", buttons=[*buttons, person])
        return []


class ActionChatGoOn(CustomerAction):
    """Who has just proven who they are, here or on another channel, goes on with what a visitor could not do.

    An open form asks its question again by itself.
    """

    warns = False
    soothes = False
    writes = False

    async def work(self, turn: Turn) -> list[EventType]:
        """As if the wish were said now."""
        wish = turn.slot(WISH)
        if not wish:
            return []
        if time.time() - float(wish["at"]) > GOES_ON_SECONDS:
            return [SlotSet(WISH, None)]
        turn.utter("utter_chat_go_on", request=turn.wording(f"utter_label_{wish['intent']}"))
        events = said(turn, wish["intent"], wish["words"], wish["entities"], wish["reference"])
        events[-1]["metadata"] = {n: v for n, v in events[-1]["metadata"].items() if n != "is_external"}
        return [SlotSet(WISH, None), *events]

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """Nobody is proven after all: what was said about it has been said."""
        return []


class ActionChatStop(CustomerAction):
    """Drops what is being done; nothing of it is kept but which order was spoken of."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Stop, and say so."""
        form = forms.of_project().forms.get(str((turn.tracker.active_loop or {}).get("name")))
        events = dropped(turn, "utter_chat_stopped", "idle" if form is None or form.looks else "next" if _waits(turn) else "")
        return [*events, *(go_on(turn, events) if form else [])]


def _waits(turn: Turn) -> bool:
    """Whether something else that was asked for comes next."""
    return bool(turn.slot("chat_requests"))


def dropped(turn: Turn, response: str, variant: str = "") -> list[EventType]:
    """Say that what is being done is dropped, and drop it; which order was spoken of stays known."""
    turn.utter(response, variant)
    asked = {slot for form in (turn.domain.get("forms") or {}).values() for slot in form.get("required_slots") or ()}
    gathered = [
        name
        for name, value in turn.tracker.slots.items()
        if value is not None
        and not name.endswith(("_last", "_asked"))
        and (name in asked or forms.of_project().gathered(name) or name in OF_THE_WISH)
    ]
    number = turn.slot("orders_number")
    return [*over(*gathered), *([SlotSet("orders_last", number)] if number else [])]


class ActionChatRepeat(CustomerAction):
    """Says the last answer again, word for word, buttons included; to who comes back, what stood before the pause."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Repeat all that followed the customer's message before this one; an open form asks its question itself."""
        spoken: list[dict[str, object]] = []
        said: list[dict[str, object]] = []
        for event in reversed(turn.tracker.events[: _this_message(turn)]):
            if event["event"] == "bot":
                said.insert(0, event)
            elif event["event"] == "user":
                if (event.get("parse_data") or {}).get("intent", {}).get("name") not in PAUSES:
                    spoken = said
                    break
                said = []
        asked = bool(turn.busy and turn.slot(REQUESTED_SLOT))
        goes_on = asked and any(turn.cue(name) is not None for name in GO_ON)  # only the question stands
        for event in [] if goes_on else spoken[:-1] if asked else spoken:
            data = event.get("data")
            buttons = data.get("buttons") if isinstance(data, dict) else None
            turn.dispatcher.utter_message(text=str(event.get("text") or ""), buttons=buttons or [])
        if not spoken and not asked:
            turn.utter("utter_chat_ask_help")
        return []


def _this_message(turn: Turn) -> int:
    """Where the customer's latest message stands among the events."""
    places = (place for place, event in enumerate(turn.tracker.events) if event["event"] == "user")
    return max(places, default=0)
