"""A person has the conversation: nothing the other policies think matters."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.policies.ensemble import DefaultPolicyPredictionEnsemble
from rasa.core.policies.policy import PolicyPrediction
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.handoff_policy import HandoffPolicy

DOMAIN = Domain.from_yaml(
    """
    intents: [handoff_request, EXTERNAL_handoff_closed, orders_cancel, chat_abuse, nlu_fallback]
    slots:
      handoff_id: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      handoff_meanwhile: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      faq_found: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      chat_anger: {type: any, influence_conversation: false, mappings: [{type: custom}]}
      chat_misses: {type: any, influence_conversation: false, mappings: [{type: custom}]}
    forms: {orders_cancel_form: {required_slots: []}}
    actions: [action_handoff, action_handoff_relay, action_handoff_closed]
    """
)
LISTEN = ActionExecuted("action_listen")
GIVEN = SlotSet("handoff_id", "HO1")


def said(intent: str) -> UserUttered:
    """Something the customer writes."""
    return UserUttered("…", intent={"name": intent, "confidence": 1.0})


def prediction(*events: Event, **config: Any) -> PolicyPrediction:
    """What the policy makes of a conversation."""
    policy = HandoffPolicy(
        {**HandoffPolicy.get_default_config(), **config},
        None,  # type: ignore[arg-type]
        Resource("handoff"),
        ExecutionContext(GraphSchema({})),
    )
    tracker = DialogueStateTracker.from_events("c", list(events), DOMAIN.slots, domain=DOMAIN)
    return policy.predict_action_probabilities(tracker, DOMAIN)


def predicted(*events: Event, **config: Any) -> str | None:
    """The action it decides for, or None where it leaves that to the others."""
    found = prediction(*events, **config)
    return DOMAIN.action_names_or_texts[found.probabilities.index(1.0)] if found.max_confidence else None


@pytest.mark.parametrize("intent", ["orders_cancel", "handoff_request", "nlu_fallback", "chat_abuse"])
def test_whatever_is_said_goes_to_the_person(intent: str) -> None:
    assert predicted(LISTEN, GIVEN, LISTEN, said(intent)) == "action_handoff_relay"
    assert predicted(LISTEN, GIVEN, LISTEN, said(intent), ActionExecuted("action_handoff_relay")) == "action_listen"


def test_only_the_end_of_the_handoff_passes() -> None:
    assert predicted(LISTEN, GIVEN, LISTEN, said("EXTERNAL_handoff_closed")) is None
    given_back = (LISTEN, GIVEN, LISTEN, said("EXTERNAL_handoff_closed"), ActionExecuted("action_handoff_closed"))
    assert predicted(*given_back, SlotSet("handoff_id", None), LISTEN, said("orders_cancel")) is None


def test_without_a_handoff_the_others_decide() -> None:
    assert predicted(LISTEN, said("orders_cancel")) is None
    assert predicted(LISTEN, said("orders_cancel"), ActionExecuted("orders_cancel_form")) is None


def test_nothing_follows_a_handoff_not_even_one_that_did_not_come_about() -> None:
    asked = (LISTEN, said("handoff_request"), ActionExecuted("action_handoff"))
    assert predicted(*asked) == "action_listen"
    assert predicted(*asked, GIVEN) == "action_listen"


def test_nothing_follows_a_relay_that_gave_the_conversation_back() -> None:
    relayed = (LISTEN, GIVEN, LISTEN, said("orders_cancel"), ActionExecuted("action_handoff_relay"), SlotSet("handoff_id", None))
    assert predicted(*relayed) == "action_listen"
    assert predicted(*relayed, LISTEN, said("orders_cancel")) is None


def test_what_the_assistant_does_meanwhile_is_left_to_the_others_and_the_next_message_is_not() -> None:
    heard = UserUttered("…", intent={"name": "orders_cancel", "confidence": 1.0})
    heard.message_id = "m1"
    relayed = (LISTEN, GIVEN, LISTEN, heard, ActionExecuted("action_handoff_relay"), SlotSet("handoff_meanwhile", "m1"))
    assert predicted(*relayed, LISTEN, heard) is None
    assert predicted(*relayed, LISTEN, heard, ActionExecuted("orders_cancel_form")) is None
    assert predicted(*relayed, LISTEN, heard, LISTEN, said("orders_cancel")) == "action_handoff_relay"


def test_who_is_angry_and_says_what_is_to_be_done_keeps_the_assistant() -> None:
    angry = (*counted("chat_anger", 1), LISTEN, said("orders_cancel"), SlotSet("chat_anger", 2))
    assert predicted(*angry) is None
    assert predicted(*angry, LISTEN, said("chat_abuse"), SlotSet("chat_anger", 3)) == "action_handoff"
    form = (ActiveLoop("orders_cancel_form"), *counted("chat_anger", 1), LISTEN)
    assert predicted(*form, said("orders_cancel"), SlotSet("chat_anger", 2)) is None
    assert predicted(*form, said("chat_abuse"), SlotSet("chat_anger", 2)) == "action_handoff", "it answers no question"
    asked = UserUttered("…", intent={"name": "chat_abuse", "confidence": 1.0})
    asked.message_id = "m2"
    told = SlotSet("faq_found", {"message_id": "m2", "decision": "answer", "hits": []})
    assert predicted(*counted("chat_anger", 1), LISTEN, asked, SlotSet("chat_anger", 2), told) is None


def counted(slot: str, *counts: int) -> list[Event]:
    """Messages of a customer, after each of which the slot holds that count."""
    return [event for n in counts for event in (LISTEN, said("chat_abuse"), SlotSet(slot, n))]


@pytest.mark.parametrize("slot", ["chat_anger", "chat_misses"])
def test_the_second_time_a_person_takes_over(slot: str) -> None:
    assert predicted(*counted(slot, 1)) is None
    assert predicted(*counted(slot, 1, 2)) == "action_handoff"


@pytest.mark.parametrize("slot", ["chat_anger", "chat_misses"])
def test_a_count_that_the_latest_message_did_not_raise_hands_nothing_over(slot: str) -> None:
    assert predicted(*counted(slot, 1, 2), LISTEN, said("orders_cancel")) is None
    assert predicted(*counted(slot, 1, 2, 2)) is None
    assert predicted(*counted(slot, 1, 2, 0)) is None
    assert predicted(*counted(slot, 1, 2, 3)) == "action_handoff"


def test_the_thresholds_are_configured() -> None:
    assert predicted(*counted("chat_anger", 1), angry=1) == "action_handoff"
    assert predicted(*counted("chat_anger", 1, 2), angry=3) is None
    assert predicted(*counted("chat_misses", 1, 2, 3), not_understood=0) is None


def test_an_active_form_does_not_swallow_what_is_said_to_the_person() -> None:
    """RulePolicy predicts a form's loop with confidence 1 as a "no user" prediction."""
    mine = prediction(LISTEN, ActiveLoop("orders_cancel_form"), GIVEN, LISTEN, said("orders_cancel"))
    form = [0.0] * DOMAIN.num_actions
    form[DOMAIN.index_for_action("orders_cancel_form")] = 1.0
    rule = PolicyPrediction(form, "RulePolicy", policy_priority=6, is_no_user_prediction=True)
    memory = PolicyPrediction(form, "MemoizationPolicy", policy_priority=3)
    for order in ([mine, rule, memory], [memory, rule, mine]):
        best = DefaultPolicyPredictionEnsemble._pick_best_policy(order)
        assert best.policy_name == "HandoffPolicy"
