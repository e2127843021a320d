"""Danger first: a message that tells of one is answered by `action_handoff_danger`, whatever form, person or write is waiting.

Above all other policies. What is a danger says `components/danger.py`.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker

from components.danger import DANGER
from components.next_action_policy import NextActionPolicy

ACTION = "action_handoff_danger"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class DangerPolicy(NextActionPolicy):
    """`- name: components.danger_policy.DangerPolicy` among the policies; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above `PendingPolicy`."""
        return {"priority": 12, "max_history": None}

    def next_action(self, tracker: DialogueStateTracker) -> Optional[Text]:
        """Say that a danger is answered, or leave it to the others."""
        if tracker.latest_action_name == ACTION:
            return str(ACTION_LISTEN_NAME)  # it hands over itself; here it failed to
        message = tracker.latest_message
        if message is None or tracker.latest_action_name != ACTION_LISTEN_NAME:
            return None
        return ACTION if message.parse_data.get(DANGER) else None
