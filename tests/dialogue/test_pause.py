"""Sessions never expire: what was begun yesterday is gone on with today."""

from __future__ import annotations

import pytest
from rasa.shared.core.trackers import DialogueStateTracker

from tests.actions.fakes import Shop
from tests.dialogue.talk import Assistant, Customer

DAY = 24 * 3600.0


def next_day(customer: Customer) -> Customer:
    """The same conversation, all of it a day ago."""
    later = customer.copy()
    events = list(later.tracker.events)
    for event in events:
        event.timestamp -= DAY
    agent = customer.assistant.agent
    tracker = DialogueStateTracker.from_events(later.sender, events, agent.domain.slots)  # type: ignore[union-attr]
    customer.assistant.loop.run_until_complete(agent.processor.tracker_store.save(tracker))  # type: ignore[union-attr]
    return later


@pytest.mark.parametrize("words", ["你好", "在吗"])
def test_an_open_form_asks_again_the_next_day(words: str, assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say("帮我取消订单")
    customer.say("第二个")
    assert customer.asked == "orders_cancel_confirmed"
    number = customer.tracker.get_slot("orders_number")
    later = next_day(customer)
    assert later.say(words)[-1] == "utter_ask_orders_cancel_confirmed"
    assert later.form == "orders_cancel_form" and later.tracker.get_slot("orders_number") == number
    sessions = [e for e in later.tracker.events if e.type_name == "action" and e.action_name == "action_session_start"]
    assert len(sessions) <= 1, "no new session"
    later.say("不取消了")
    assert later.form is None and later.tracker.get_slot("orders_last") == number


def test_an_answer_the_next_day_is_an_answer(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say("我要改订单地址")
    customer.say("第一个")
    later = next_day(customer)
    later.say("杭州市西湖区文三路100号2幢501")
    assert later.asked == "orders_change_confirmed"
