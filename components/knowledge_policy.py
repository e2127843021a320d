"""What is only asked is answered, also in the middle of a form: from the shop's knowledge, or of a thing in focus.

`action_chat_context` has looked the message up before anything is predicted, and keeps in slot `faq_found` what is to be
said. This policy lets `action_faq_answer` say it, or `action_products_ask` what a page of goods tells, whatever intent the
message was given; and `action_chat_follow_up` what
is asked about a thing just spoken of. Where a form is open, the form's own question follows.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker

from components.next_action_policy import NextActionPolicy
from components.understanding.commands import COMMANDS

FOLLOW_UP, ANSWER_FOLLOW_UP = "chat_follow_up", "action_chat_follow_up"
OF_THE_FORM = "question"
"""Kind of the object of who asks about the question that stands."""
FOUND = "faq_found"
SAYS = {name: "action_faq_answer" for name in ("answer", "clarify", "own")} | {"goods": "action_products_ask"}
"""Decision of what was found → the action that says it."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class KnowledgePolicy(NextActionPolicy):
    """`- name: components.knowledge_policy.KnowledgePolicy` among the policies, below HandoffPolicy; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above rules and stories, below the handoff."""
        return {"priority": 9, "max_history": None}

    def next_action(self, tracker: DialogueStateTracker) -> Optional[Text]:
        """Answer, then listen where no form goes on."""
        answer = ANSWER_FOLLOW_UP if _follows_up(tracker) else says(tracker)
        if answer and tracker.latest_action_name == ACTION_LISTEN_NAME:
            return answer
        if answer and tracker.latest_action_name == answer and tracker.active_loop_name is None:
            return str(ACTION_LISTEN_NAME)
        return None


def _follows_up(tracker: DialogueStateTracker) -> bool:
    """Whether a thing in focus is asked about; what is asked about a form's own question, the form answers."""
    message = tracker.latest_message
    if message is None or message.intent.get("name") != FOLLOW_UP:
        return False
    commands = (message.parse_data or {}).get(COMMANDS) or []
    about = next((each.get("object") or {} for each in commands if each["command"] == "ask"), {})
    return tracker.active_loop_name is None or about.get("kind") not in (None, OF_THE_FORM)


def says(tracker: DialogueStateTracker) -> Optional[Text]:
    """The action that says what was found to the latest message; None where nothing was."""
    message = tracker.latest_message
    found = tracker.get_slot(FOUND) if FOUND in tracker.slots else None
    if message is None or not message.message_id or not isinstance(found, dict):
        return None
    return SAYS.get(str(found.get("decision"))) if found.get("message_id") == message.message_id else None
