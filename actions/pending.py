"""A write whose answer was lost is asked for again, with the customer's next message, before anything else is done.

Slot `chat_pending_write` holds what to repeat: the action, the `message_id` it worked for, the slots as they were,
whether a customer was proven, how often it was tried and with which message last. The action runs once more for that
same message; so its write has the same idempotency key, and the back office answers what it answered then.
`components/pending_policy.py` sees to it that this comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecuted, EventType, SlotSet, UserUttered

from actions.base import PENDING, PERSON, REQUESTED_SLOT, CustomerAction, Turn
from actions.forms import kinds

PATIENCE_SECONDS = 3.0
MOST_TRIES = 6
BARE = ("chat_affirm", "chat_inform", "chat_repeat", "chat_out_of_scope", "nlu_fallback", "faq")
STATUS = "_ask_status"


class ActionChatPending(CustomerAction):
    """Tells what became of it; then the customer's message is answered as if nothing had been between."""

    visitors = True
    warns = False
    soothes = False
    writes = False

    async def work(self, turn: Turn) -> list[EventType]:
        """Run the pending action again."""
        pending: dict[str, Any] = turn.slot(PENDING) or {}
        action = next((kind() for kind in _actions() if kind().name() == pending.get("action")), None)
        if action is None:
            return [SlotSet(PENDING, None), *_heard(turn)]
        tried = {**pending, "tries": int(pending.get("tries") or 0) + 1, "asked_with": turn.message_id}
        if pending.get("proven") and turn.customer is None:  # who is not signed in any more hears nothing of it
            return [SlotSet(PENDING, {**tried, "tries": pending.get("tries")}), *_heard(turn)]
        tracker = _as_it_was(turn, pending)
        run = Turn(action.name(), turn.dispatcher, tracker, turn.domain, again=True, patience=PATIENCE_SECONDS)
        events = await action.answer(run)
        if not any(event["event"] == "slot" and event["name"] == PENDING for event in events):
            followed = any(event["event"] == "followup" for event in events)
            bare = _asks_how_it_went(turn, action.name())
            return [SlotSet(PENDING, None), *events, *([] if followed or bare else _heard(turn))]
        turn.dispatcher.messages.clear()
        if tried["tries"] >= MOST_TRIES:
            turn.utter("utter_chat_outcome_unknown", "person")
            return [SlotSet(PENDING, None)]
        if turn.intent in PERSON:
            return [SlotSet(PENDING, tried), *_heard(turn)]
        turn.utter("utter_chat_outcome_unknown", "still")
        return [SlotSet(PENDING, tried)]

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """It stays pending."""
        turn.utter(response)
        return []


def _asks_how_it_went(turn: Turn, action: str) -> bool:
    """Whether the message wants nothing beside the outcome: a yes once more, the same wish once more, or: is it done?"""
    found = turn.slot("faq_found") or {}
    if found.get("message_id") == turn.message_id and found.get("decision") != "pass":
        return False  # the shop's knowledge has an answer to it
    if turn.intent in BARE:
        return True
    same = turn.intent.endswith(STATUS) or action == f"action_{turn.intent}"
    return same and not turn.tracker.latest_message.get("entities")


def _actions() -> Iterator[type[CustomerAction]]:
    """All actions there are."""
    yield from (kind for kind in kinds(CustomerAction) if not getattr(kind, "__abstractmethods__", None))


def _as_it_was(turn: Turn, pending: dict[str, Any]) -> Tracker:
    """The conversation as the pending action saw it; the proof of who is writing is today's."""
    now = turn.tracker
    until, message = len(now.events), now.latest_message
    for index, event in enumerate(now.events):
        if event["event"] == "user" and _id_of(event) == pending.get("message_id"):
            until, message = index + 1, {**(event.get("parse_data") or {}), "text": event.get("text")}
            break
    proof = (now.latest_message.get("metadata") or {}).get("customer_token") if pending.get("proven") else None
    latest = {**message, "message_id": pending.get("message_id"), "metadata": {"customer_token": proof}}
    slots = {**now.slots, **(pending.get("slots") or {}), PENDING: None, REQUESTED_SLOT: None}
    return Tracker(now.sender_id, slots, latest, now.events[:until], False, None, {}, now.latest_action_name)


def _id_of(event: dict[str, Any]) -> str:
    return str(event.get("message_id") or (event.get("parse_data") or {}).get("message_id") or "")


def _heard(turn: Turn) -> list[EventType]:
    """Events that let the customer's message be answered as if it came now."""
    latest = turn.tracker.latest_message
    spoken = UserUttered(latest.get("text"), latest, input_channel=turn.tracker.get_latest_input_channel())
    spoken |= {"message_id": latest.get("message_id"), "metadata": latest.get("metadata") or {}}
    return [ActionExecuted("action_listen"), spoken]
