"""A person has the conversation, or should: above all other policies.

- While slot `handoff_id` is set, every message of the customer's goes to the person (`action_handoff_relay`) and the
  bot says nothing. While nobody has taken over, that action answers what only the queue can (the place in it), and gives
  what the assistant can do back to the other policies (slot `handoff_meanwhile`: the message). Only
  `EXTERNAL_handoff_closed`, by which the back office gives the conversation back, passes.
- A customer who is not understood twice in a row, or is angry a second time and names nothing that can be answered or done,
  is given to a person without asking (`action_handoff`). Slots `chat_anger` and `chat_misses` count both, turn by turn.

"""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components import rasa_turn
from components.next_action_policy import NextActionPolicy

rasa_turn.install()  # with the model, whichever of Rasa's commands loads it

HANDED_OVER, MEANWHILE = "handoff_id", "handoff_meanwhile"
LISTEN: Text = ACTION_LISTEN_NAME
RELAY, HAND_OVER = "action_handoff_relay", "action_handoff"
CLOSED, CLOSE = "EXTERNAL_handoff_closed", "action_handoff_closed"
ANGER, MISSES = "chat_anger", "chat_misses"
FOUND, TALK, OF_A_THING, SCOLDS = "faq_found", ("chat_", "nlu_"), "chat_follow_up", "chat_abuse"
"""The slot of what the knowledge says to a message · beginnings of intents that name nothing to do · the one that does · the one
that answers no form's question."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class HandoffPolicy(NextActionPolicy):
    """`- name: components.handoff_policy.HandoffPolicy` among the policies in config.yml; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`angry`, `not_understood`: with the how-manieth such message a person takes over; 0 for never. Who is angry and
        says what is to be done has it done."""
        return {"priority": 10, "max_history": None, "angry": 2, "not_understood": 2}

    def next_action(self, tracker: DialogueStateTracker) -> Optional[Text]:
        """Relay, hand over, listen; or leave it to the others."""
        just_said = tracker.latest_action_name == LISTEN
        if tracker.latest_message is not None and tracker.latest_message.intent.get("name") == CLOSED and just_said:
            # Who has left, or began something while waiting, may be in a form: this answers none of its questions.
            return None if tracker.get_slot(HANDED_OVER) and tracker.active_loop_name is None else CLOSE
        if tracker.slots.get(HANDED_OVER) is not None and tracker.get_slot(HANDED_OVER):
            served = tracker.get_slot(MEANWHILE) if MEANWHILE in tracker.slots else None
            if served and tracker.latest_message and served == tracker.latest_message.message_id:
                return None
            return RELAY if just_said else LISTEN
        if tracker.latest_action_name in (HAND_OVER, RELAY):
            return LISTEN  # they say all that is to be said, also where nobody could take over, or the person is gone
        if just_said and (
            (self._reached(tracker, ANGER, self.config["angry"]) and nothing_to_do(tracker))
            or self._reached(tracker, MISSES, self.config["not_understood"])
        ):
            return HAND_OVER
        return None

    @staticmethod
    def _reached(tracker: DialogueStateTracker, slot: Text, threshold: int) -> bool:
        """Whether the latest message raised the count, and that far."""
        now, before = counts(tracker, slot)
        return bool(threshold) and before < now >= threshold


def nothing_to_do(tracker: DialogueStateTracker) -> bool:
    """Whether the latest message neither wants nor asks anything that the assistant can do or answer."""
    message = tracker.latest_message
    intent = str(message.intent.get("name")) if message else ""
    found: Dict[Text, Any] = (tracker.get_slot(FOUND) if FOUND in tracker.slots else None) or {}
    mine = message is not None and found.get("message_id") == message.message_id
    answered = mine and found.get("decision", "pass") != "pass"
    talk = intent.startswith(TALK) and intent != OF_A_THING
    return talk and not answered and (tracker.active_loop_name is None or intent == SCOLDS)


def counts(tracker: DialogueStateTracker, slot: Text) -> tuple[int, int]:
    """The slot's count with the latest message, and without it."""
    now: Optional[int] = None
    told = False
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            told = True
        elif isinstance(event, SlotSet) and event.key == slot:
            if told:
                before = _number(event.value)
                return (before if now is None else now), before
            if now is None:
                now = _number(event.value)
    return now or 0, 0


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
