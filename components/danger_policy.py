"""Danger first: a message that tells of one is answered by `action_handoff_danger`, whatever form, person or write is waiting.

Above all other policies. Its predictions are "no user" ones: RulePolicy's prediction for an active form is, and would
beat any priority. What is a danger says `components/danger.py`.
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

from components.danger import DANGER

ACTION = "action_handoff_danger"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class DangerPolicy(Policy):
    """`- name: components.danger_policy.DangerPolicy` among the policies; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above `PendingPolicy`."""
        return {"priority": 12, "max_history": None}

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DangerPolicy:
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
        """Say what to do now, or leave it to the others."""
        action = self._next(tracker)
        if action is None:
            return self._prediction(self._default_predictions(domain))
        probabilities = [0.0] * domain.num_actions
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, is_no_user_prediction=True)

    def _next(self, tracker: DialogueStateTracker) -> Optional[Text]:
        if tracker.latest_action_name == ACTION:
            return str(ACTION_LISTEN_NAME)  # it hands over itself; here it failed to
        message = tracker.latest_message
        if message is None or tracker.latest_action_name != ACTION_LISTEN_NAME:
            return None
        return ACTION if message.parse_data.get(DANGER) else None
