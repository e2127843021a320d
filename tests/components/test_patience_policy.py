"""Who needs a moment is answered once; the form's question stands and is not asked again."""

from __future__ import annotations

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.understanding.policy import PatiencePolicy

DOMAIN = Domain.from_yaml(
    """
    intents: [chat_hold, chat_affirm]
    forms: {orders_cancel_form: {required_slots: []}}
    actions: [action_chat_hold]
    """
)
LISTEN = ActionExecuted("action_listen")
IN_FORM = ActiveLoop("orders_cancel_form")


def said(intent: str) -> UserUttered:
    return UserUttered("…", intent={"name": intent, "confidence": 1.0}, message_id="m1")


def predicted(*events: Event) -> str | None:
    """The action it decides for, or None where it leaves that to the others."""
    resource, context = Resource("patience"), ExecutionContext(GraphSchema({}))
    policy = PatiencePolicy(PatiencePolicy.get_default_config(), None, resource, context)  # type: ignore[arg-type]
    tracker = DialogueStateTracker.from_events("c", list(events), DOMAIN.slots, domain=DOMAIN)
    made = policy.predict_action_probabilities(tracker, DOMAIN)
    assert made.is_no_user_prediction or not made.max_confidence
    return DOMAIN.action_names_or_texts[made.probabilities.index(1.0)] if made.max_confidence else None


def test_a_moment_is_given_and_then_it_is_the_customers_turn() -> None:
    for before in ((), (IN_FORM,)):
        assert predicted(*before, LISTEN, said("chat_hold")) == "action_chat_hold"
        assert predicted(*before, LISTEN, said("chat_hold"), ActionExecuted("action_chat_hold")) == "action_listen"


def test_everything_else_is_left_to_the_others() -> None:
    assert predicted(IN_FORM, LISTEN, said("chat_affirm")) is None
