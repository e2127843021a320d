"""What leaves a form's question as it is, and does not ask it again: a moment's patience.

RulePolicy lets a form ask its question again after whatever was said beside it. Who says "wait, I will ask my wife" wants
no question, only that it stays.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker

from components.next_action_policy import NextActionPolicy

PATIENT = {"chat_hold": "action_chat_hold"}
"""Intents that are answered, and then waited for."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class PatiencePolicy(NextActionPolicy):
    """`- name: components.understanding.policy.PatiencePolicy` among the policies, above RulePolicy; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above rules and stories, below what the knowledge answers."""
        return {"priority": 8, "max_history": None}

    def next_action(self, tracker: DialogueStateTracker) -> Optional[Text]:
        """Answer, then listen."""
        message = tracker.latest_message
        answer = PATIENT.get(str(message.intent.get("name"))) if message else None
        if answer is None:
            return None
        return answer if tracker.latest_action_name == ACTION_LISTEN_NAME else str(ACTION_LISTEN_NAME)
