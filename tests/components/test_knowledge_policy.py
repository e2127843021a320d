"""What the knowledge answers is answered, whatever the other policies think; then the talk goes on where it was."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.handoff_policy import HandoffPolicy
from components.knowledge_policy import KnowledgePolicy

DOMAIN = Domain.from_yaml(
    """
    intents: [faq, orders_cancel]
    slots:
      faq_found: {type: any, influence_conversation: false, mappings: [{type: custom}]}
    forms: {orders_cancel_form: {required_slots: []}}
    actions: [action_faq_answer, action_products_ask]
    """
)
LISTEN = ActionExecuted("action_listen")
TOLD = ActionExecuted("action_faq_answer")
IN_FORM = ActiveLoop("orders_cancel_form")


def asked(message_id: str = "m1") -> UserUttered:
    """A question, taken for something else."""
    return UserUttered("…", intent={"name": "orders_cancel", "confidence": 0.4}, message_id=message_id)


def found(message_id: str = "m1", decision: str = "answer") -> SlotSet:
    """What was looked up for a message."""
    return SlotSet("faq_found", {"message_id": message_id, "decision": decision, "hits": []})


def predicted(*events: Event) -> str | None:
    """The action it decides for, or None where it leaves that to the others."""
    policy = KnowledgePolicy(
        KnowledgePolicy.get_default_config(),
        None,  # type: ignore[arg-type]
        Resource("knowledge"),
        ExecutionContext(GraphSchema({})),
    )
    tracker = DialogueStateTracker.from_events("c", list(events), DOMAIN.slots, domain=DOMAIN)
    made = policy.predict_action_probabilities(tracker, DOMAIN)
    assert made.is_no_user_prediction or not made.max_confidence
    return DOMAIN.action_names_or_texts[made.probabilities.index(1.0)] if made.max_confidence else None


def test_an_answer_that_was_found_is_said_and_then_it_is_the_customers_turn() -> None:
    assert predicted(LISTEN, asked(), found()) == "action_faq_answer"
    assert predicted(LISTEN, asked(), found(), TOLD) == "action_listen"


def test_what_a_page_of_goods_tells_is_said_by_who_knows_the_goods() -> None:
    assert predicted(LISTEN, asked(), found(decision="goods")) == "action_products_ask"


def test_a_form_asks_again_by_itself() -> None:
    assert predicted(IN_FORM, LISTEN, asked(), found()) == "action_faq_answer"
    assert predicted(IN_FORM, LISTEN, asked(), found(), TOLD) is None


def test_what_was_found_for_an_earlier_message_is_not_said() -> None:
    assert predicted(LISTEN, asked("m1"), found("m1"), TOLD, LISTEN, asked("m2")) is None
    assert predicted(LISTEN, asked(), SlotSet("faq_found", None)) is None
    assert predicted(LISTEN, asked("")) is None


def test_where_nothing_was_found_the_others_decide() -> None:
    assert predicted(LISTEN, asked(), found(decision="pass")) is None


def test_a_person_who_has_the_conversation_comes_first() -> None:
    priority: Any = {policy: policy.get_default_config()["priority"] for policy in (HandoffPolicy, KnowledgePolicy)}
    assert priority[HandoffPolicy] > priority[KnowledgePolicy] > 6
