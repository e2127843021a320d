"""The talk itself: what is known at each turn, stop, say it again, and the yes or no to what was offered."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

from rasa_sdk.events import ActionExecuted, EventType, SlotSet, UserUttered

from actions import faq, wiring
from actions.base import ANGRY, REQUESTED_SLOT, CustomerAction, Turn, over
from actions.forms import TYPED
from actions.gateways.errors import GatewayError
from topics import forms

NEUTRAL = "neutral"
NOT_UNDERSTOOD = "nlu_fallback"
CARD_SECONDS = 1.5
CARD_RETRY_SECONDS = 60.0
CURT = 6  # characters of a yes or no that say nothing of a feeling
CALM = ("chat_greet", "chat_goodbye", "chat_thank", "chat_affirm", "chat_inform", "chat_ask_help", "chat_bot_challenge",
        "chat_smalltalk", "chat_repeat")  # fmt: skip
SURE = 0.8
OPENING = ("chat_greet", "chat_ask_help", "chat_bot_challenge")  # to these a yes means: go on
ASKS = ("?", "\uff1f")
CHOICES = ("orders_number",)  # asked slots whose answer cannot be mistaken for a second request


class ActionChatContext(CustomerAction):
    """Keeps the slots by which wording and policies know the moment. Rasa runs it at every message of the customer's,
    through the slots' mappings, and twice where a form starts; it counts each message once and says nothing.

    Slots: `chat_sentiment` (satisfied, neutral, dissatisfied, angry), `chat_anger` (angry messages since the last
    satisfied one), `chat_misses` (messages not understood in a row; forms count for themselves, and give up here),
    `chat_requests` (what else was asked for and still waits), `chat_offered` (what a yes would start),
    `faq_found` (what the shop's knowledge says to this message, where it is asked),
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
            known["account_level"], found = await asyncio.gather(self._level(turn), faq.look_up(turn))
            answered = found is not None and found["decision"] != "pass"
            known |= {**feelings(turn, answered), **waiting(turn), "chat_counted": turn.message_id or None, "faq_found": found}
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
    if turn.intent == NOT_UNDERSTOOD and not answered and (not asked or turn.cue("question") is not None):
        misses += 1
    elif not asked:
        misses = 0
    return {"chat_sentiment": feeling, "chat_anger": anger, "chat_misses": misses}


def _harmless(turn: Turn) -> bool:
    """Whether what sounds angry is only short (别取消), a value that a form asked for, or surely small talk (讲个笑话)."""
    curt = (turn.cue("refuse") is not None or turn.cue("agree") is not None) and len(turn.text) <= CURT
    sure = float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0) >= SURE
    value = turn.busy and turn.intent == "chat_inform" and any(turn.entity(name) for name in TYPED)
    return curt or bool(value) or (sure and turn.intent in CALM)


def waiting(turn: Turn) -> dict[str, Any]:
    """What else this message asks for; what waited before and is asked for now waits no longer."""
    requests: list[str] = turn.tracker.latest_message.get("requests") or [turn.intent]
    left = [intent for intent in turn.slot("chat_requests") or [] if intent != turn.intent]
    free_text = turn.busy and turn.slot(REQUESTED_SLOT) not in (None, *CHOICES)
    if len(requests) > 1 and not free_text:
        left = [intent for intent in dict.fromkeys(requests[1:]) if intent != turn.intent]
    offered = turn.slot("chat_offered") if turn.intent == "chat_affirm" else None
    return {"chat_requests": left or None, "chat_offered": offered}


class ActionChatYes(CustomerAction):
    """A yes: to what was just offered (slot `chat_offered`, an intent), or to nothing."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Go on as if the customer had asked for it: all rules, forms and actions of that intent apply."""
        intent = turn.slot("chat_offered")
        if not intent:
            acknowledge(turn)
            return []
        return [SlotSet("chat_offered", None), *said(turn, str(intent))]


def acknowledge(turn: Turn) -> None:
    """A yes to nothing: a question with choices is shown again, news is only acknowledged, else: what is wanted?"""
    last: dict[str, Any] = next((e for e in reversed(turn.tracker.events) if e["event"] == "bot" and e.get("text")), {})
    buttons = (last.get("data") or {}).get("buttons") or []
    said = [(e.get("parse_data") or {}).get("intent") or {} for e in turn.tracker.events if e["event"] == "user"]
    if not last or (len(said) > 1 and said[-2].get("name") in OPENING):
        turn.utter("utter_chat_affirm")
    elif buttons and str(last["text"]).rstrip().endswith(ASKS):
        turn.utter("utter_chat_affirm_choose", buttons=buttons)
    else:
        turn.utter("utter_chat_affirm_done")


class ActionChatNo(CustomerAction):
    """A no: what was offered is dropped."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Drop it and say so."""
        turn.utter("utter_chat_deny")
        return [SlotSet(name, None) for name in ("chat_offered", "chat_requests") if turn.slot(name)]


def said(turn: Turn, intent: str) -> list[EventType]:
    """Events as if the customer now said `intent`, about the order last spoken of."""
    latest = turn.tracker.latest_message
    parse_data = {
        "text": turn.wording(f"utter_label_{intent}") or turn.text,
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [],
        "requests": [intent],
        "cues": {"points": ""},
        "message_id": latest.get("message_id"),
        "metadata": latest.get("metadata") or {},
    }
    channel = turn.tracker.get_latest_input_channel()
    spoken = UserUttered(parse_data["text"], parse_data, input_channel=channel)
    spoken |= {"message_id": parse_data["message_id"], "metadata": parse_data["metadata"]}
    return [ActionExecuted("action_listen"), spoken]


class ActionChatStop(CustomerAction):
    """Drops what is being done; nothing of it is kept but which order was spoken of."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Stop, and say so."""
        turn.utter("utter_chat_stopped", "" if turn.busy else "idle")
        asked = {
            slot
            for form in (turn.domain.get("forms") or {}).values()
            for slot in form.get("required_slots") or ()
        }
        dropped = [
            name
            for name, value in turn.tracker.slots.items()
            if value is not None
            and not name.endswith(("_last", "_asked"))
            and (
                name in asked
                or forms.of_project().gathered(name)
                or name in ("chat_requests", "chat_offered", "chat_wrong")
            )
        ]
        number = turn.slot("orders_number")
        return [*over(*dropped), *([SlotSet("orders_last", number)] if number else [])]


class ActionChatRepeat(CustomerAction):
    """Says the last answer again, word for word, buttons included."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Repeat all that followed the customer's message before this one; an open form asks its question itself."""
        spoken: list[dict[str, object]] = []
        users = 0
        for event in reversed(turn.tracker.events):
            users += event["event"] == "user"
            if users == 2:
                break
            if event["event"] == "bot" and users == 1:
                spoken.insert(0, event)
        asked = bool(turn.busy and turn.slot(REQUESTED_SLOT))
        for event in spoken[:-1] if asked else spoken:
            data = event.get("data")
            buttons = data.get("buttons") if isinstance(data, dict) else None
            turn.dispatcher.utter_message(text=str(event.get("text") or ""), buttons=buttons or [])
        if not spoken and not asked:
            turn.utter("utter_chat_ask_help")
        return []
