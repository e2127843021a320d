"""A write whose outcome is not known comes first: whatever the customer says, `action_chat_pending` looks it up.

Once a message: that action lets the message be heard again, and then the other policies answer it. While a person has
the conversation nothing is looked up.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker

from components import patient_calls
from components.next_action_policy import NextActionPolicy

patient_calls.install()  # the model's policies are loaded wherever actions are run: rasa run, shell and test alike

PENDING, HANDED_OVER = "chat_pending_write", "handoff_id"
LISTEN: Text = ACTION_LISTEN_NAME
LOOK_UP: Text = "action_chat_pending"
EXTERNAL = "EXTERNAL_"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class PendingPolicy(NextActionPolicy):
    """`- name: components.pending_policy.PendingPolicy` among the policies in config.yml; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above `HandoffPolicy`."""
        return {"priority": 11, "max_history": None}

    def next_action(self, tracker: DialogueStateTracker) -> Optional[Text]:
        """Look it up, or listen."""
        if tracker.latest_action_name == LOOK_UP:
            return LISTEN  # it let nothing be heard again: it said all
        pending = tracker.get_slot(PENDING) if PENDING in tracker.slots else None
        message = tracker.latest_message
        if not pending or message is None or tracker.latest_action_name != LISTEN:
            return None
        if HANDED_OVER in tracker.slots and tracker.get_slot(HANDED_OVER):
            return None
        if str(message.intent.get("name") or "").startswith(EXTERNAL):
            return None
        heard = message.message_id or message.parse_data.get("message_id")
        return LOOK_UP if pending.get("asked_with") != heard else None
