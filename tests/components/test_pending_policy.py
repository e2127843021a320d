"""What is pending is looked up first, once a message, and never over a person's head."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.handoff_policy import HandoffPolicy
from components.pending_policy import PendingPolicy

DOMAIN = Domain.from_yaml(
    """
    intents: [orders_cancel, EXTERNAL_handoff_closed]
    slots:
      handoff_id: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      chat_anger: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      chat_misses: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      chat_pending_write: {type: any, influence_conversation: false, mappings: [{type: custom}]}
    actions: [action_handoff, action_handoff_relay, action_chat_pending]
    """
)
LISTEN = ActionExecuted("action_listen")
PENDING = SlotSet("chat_pending_write", {"action": "action_orders_cancel"})


def said(intent: str = "orders_cancel", message_id: str = "m2") -> UserUttered:
    return UserUttered("…", intent={"name": intent, "confidence": 1.0}, message_id=message_id)


def prediction(kind: Any, *events: Event) -> PolicyPrediction:
    policy = kind(kind.get_default_config(), None, Resource("p"), ExecutionContext(GraphSchema({})))
    tracker = DialogueStateTracker.from_events("c", list(events), DOMAIN.slots, domain=DOMAIN)
    found: PolicyPrediction = policy.predict_action_probabilities(tracker, DOMAIN)
    return found


def predicted(*events: Event) -> str | None:
    found = prediction(PendingPolicy, *events)
    return DOMAIN.action_names_or_texts[found.probabilities.index(1.0)] if found.max_confidence else None


def test_whatever_is_said_the_outcome_comes_first() -> None:
    assert predicted(LISTEN, PENDING, LISTEN, said()) == "action_chat_pending"
    assert predicted(LISTEN, PENDING, LISTEN, said(), ActionExecuted("action_chat_pending")) == "action_listen"


def test_nothing_pending_is_left_to_the_others() -> None:
    assert predicted(LISTEN, said()) is None
    assert predicted(LISTEN, PENDING, SlotSet("chat_pending_write", None), LISTEN, said()) is None


def test_a_message_that_is_heard_again_is_answered() -> None:
    tried = SlotSet("chat_pending_write", {"action": "action_orders_cancel", "asked_with": "m2"})
    again = [LISTEN, PENDING, LISTEN, said(), ActionExecuted("action_chat_pending"), tried, LISTEN, said()]
    assert predicted(*again) is None
    assert predicted(*again, LISTEN, said(message_id="m3")) == "action_chat_pending"


def test_a_person_is_not_interrupted() -> None:
    assert predicted(LISTEN, PENDING, SlotSet("handoff_id", "HO1"), LISTEN, said()) is None
    assert predicted(LISTEN, PENDING, LISTEN, said("EXTERNAL_handoff_closed")) is None


def test_it_comes_before_the_handover_of_an_angry_customer() -> None:
    events = [LISTEN, PENDING, SlotSet("chat_anger", 1), LISTEN, said(), SlotSet("chat_anger", 2)]
    both = [prediction(kind, *events) for kind in (HandoffPolicy, PendingPolicy)]
    assert DefaultPolicyPredictionEnsemble._pick_best_policy(both).policy_name == "PendingPolicy"
