"""What leaves a form's question as it is, and does not ask it again: a moment's patience.

RulePolicy lets a form ask its question again after whatever was said beside it. Who says "wait, I will ask my wife" wants
no question, only that it stays. These predictions are "no user" ones: a form's own would beat any priority.
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

PATIENT = {"chat_hold": "action_chat_hold"}
"""Intents that are answered, and then waited for."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class PatiencePolicy(Policy):
    """`- name: components.understanding.policy.PatiencePolicy` among the policies, above RulePolicy; it learns nothing."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Above rules and stories, below what the knowledge answers."""
        return {"priority": 8, "max_history": None}

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PatiencePolicy:
        """There is nothing to load."""
        return cls(config, model_storage, resource, execution_context)

    def train(self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        """There is nothing to learn; Rasa wants the method."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[Text, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Answer, then listen; or leave it to the others."""
        action = self._next(tracker)
        if action is None:
            return self._prediction(self._default_predictions(domain))
        probabilities = [0.0] * domain.num_actions
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(probabilities, is_no_user_prediction=True)

    def _next(self, tracker: DialogueStateTracker) -> Optional[Text]:
        message = tracker.latest_message
        answer = PATIENT.get(str(message.intent.get("name"))) if message else None
        if answer is None:
            return None
        return answer if tracker.latest_action_name == ACTION_LISTEN_NAME else str(ACTION_LISTEN_NAME)
