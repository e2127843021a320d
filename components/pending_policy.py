"""A write whose outcome is not known comes first: whatever the customer says, `action_chat_pending` looks it up.

Once a message: that action lets the message be heard again, and then the other policies answer it. While a person has
the conversation nothing is looked up. Its predictions are "no user" ones, see `components/handoff_policy.py`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from components import patient_calls

patient_calls.install()  # the model's policies are loaded wherever actions are run: rasa run, shell and test alike

PENDING, HANDED_OVER = "chat_pending_write", "handoff_id"
LISTEN: Text = ACTION_LISTEN_NAME
LOOK_UP: Text = "action_chat_pending"
EXTERNAL = "EXTERNAL_"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class PendingPolicy(Policy):
    """`- name: components.pending_policy.PendingPolicy` among the policies in config.yml; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above `HandoffPolicy`."""
        return {"priority": 11, "max_history": None}

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PendingPolicy:
        """There is nothing to load."""
        return cls(config, model_storage, resource, execution_context)

    def train(
        self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any
    ) -> Resource:
        """There is nothing to learn; Rasa wants the method."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[Text, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Look it up, listen, or leave it to the others."""
        action = _next(tracker)
        if action is None:
            return self._prediction(self._default_predictions(domain))
        probabilities = [0.0] * domain.num_actions
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, is_no_user_prediction=True)


def _next(tracker: DialogueStateTracker) -> Optional[Text]:
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
