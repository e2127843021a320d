"""What a visitor has left open goes on in the customer's own conversation, once they have proven who they are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet

from connectors.dialogue import Dialogue

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    slots:
      returns_number: {type: text, mappings: [{type: custom}]}
      returns_reason: {type: text, mappings: [{type: custom}]}
      orders_number: {type: text, mappings: [{type: custom}]}
      requested_slot: {type: text, mappings: [{type: custom}]}
      chat_wish: {type: any, mappings: [{type: custom}]}
      chat_given: {type: any, mappings: [{type: custom}]}
      chat_mood: {type: text, mappings: [{type: custom}]}
      handoff_id: {type: text, mappings: [{type: custom}]}
    forms:
      returns_form: {required_slots: [returns_number, returns_reason]}
      orders_form: {required_slots: [orders_number]}
    """
)
OPEN_RETURN = (
    ActiveLoop("returns_form"),
    SlotSet("returns_number", "202606010001"),
    SlotSet("requested_slot", "returns_reason"),
)


def proven(visitors: tuple[Event, ...], customers: tuple[Event, ...]) -> tuple[bool, str | None, dict[str, Any]]:
    """Both conversations so far; whether there is something to go on with, and the customer's form and slots then."""

    async def go_on() -> tuple[bool, str | None, dict[str, Any]]:
        store = InMemoryTrackerStore(DOMAIN)
        for name, events in (("visitor", visitors), ("customer", customers)):
            tracker = await store.get_or_create_tracker(name)
            for event in (ActionExecuted("action_listen"), *events):
                tracker.update(event, DOMAIN)
            await store.save(tracker)
        agent = SimpleNamespace(tracker_store=store, lock_store=InMemoryLockStore())
        goes_on = await Dialogue(agent).go_on("customer", "visitor")
        after = await store.retrieve("customer")
        assert after is not None
        slots = {name: value for name, value in after.current_slot_values().items() if value is not None}
        return goes_on, after.active_loop_name, slots

    return asyncio.run(go_on())


def test_an_open_form_goes_along_with_what_was_answered_and_what_is_asked() -> None:
    said_elsewhere = (*OPEN_RETURN, SlotSet("chat_mood", "angry"), SlotSet("chat_given", {"returns_reason": "x"}))
    assert proven(said_elsewhere, ()) == (
        True,
        "returns_form",
        {"returns_number": "202606010001", "requested_slot": "returns_reason", "chat_given": {"returns_reason": "x"}},
    )


def test_the_customers_own_open_form_and_answers_stay() -> None:
    own = (ActiveLoop("orders_form"), SlotSet("requested_slot", "orders_number"))
    assert proven(OPEN_RETURN, own) == (True, "orders_form", {"requested_slot": "orders_number"})
    known = (SlotSet("returns_number", "202606010009"),)
    _, form, slots = proven(OPEN_RETURN, known)
    assert (form, slots["returns_number"]) == ("returns_form", "202606010009"), "nothing known is overwritten"


def test_the_newer_wish_counts_and_a_form_that_was_closed_does_not() -> None:
    newer, older = {"intent": "returns_request"}, {"intent": "orders_cancel"}
    closed = (*OPEN_RETURN, ActiveLoop(None), SlotSet("chat_wish", newer))
    assert proven(closed, (SlotSet("chat_wish", older),)) == (True, None, {"chat_wish": newer})


@pytest.mark.parametrize(
    ("visitors", "customers"), [((), ()), ((SlotSet("orders_number", "1"),), ()), (OPEN_RETURN, (SlotSet("handoff_id", "H1"),))]
)
def test_nothing_is_gone_on_with_where_nothing_was_begun_or_a_person_has_it(
    visitors: tuple[Event, ...], customers: tuple[Event, ...]
) -> None:
    assert not proven(visitors, customers)[0]
