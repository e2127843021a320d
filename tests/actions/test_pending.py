"""A write whose answer was lost: never told as not done, done once, and told in the end as if nothing had been."""

from __future__ import annotations

from typing import Any

import pytest

from actions import base, pending
from actions.gateways.errors import OutcomeUnknown
from actions.order_form import AskOrdersNumber
from actions.orders import ActionOrdersCancel, ActionOrdersChange, ValidateOrdersCancelForm
from actions.pending import ActionChatPending
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run, token

NUMBER = "202611190001"
CONFIRMED = {"orders_number": NUMBER, "orders_cancel_confirmed": True}
CONFIRMING = {"event": "user", "text": "确认", "message_id": "m1",
              "parse_data": {"text": "确认", "intent": {"name": "chat_affirm"}, "entities": []}}  # fmt: skip


@pytest.fixture(autouse=True)
def orders(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.orders = {"C1": [order(NUMBER, "paid", "cancel", "change")]}
    monkeypatch.setattr(base, "ASK_AGAIN_SECONDS", (0.01,))
    monkeypatch.setattr(base.CustomerAction, "patience", 0.1)
    monkeypatch.setattr(pending, "PATIENCE_SECONDS", 0.1)


def done_already(shop: Shop) -> None:
    """The shop after the write: the order is cancelled, and the rules speak of that."""
    shop.orders["C1"] = [order(NUMBER, "cancelled")]


def lost(shop: Shop) -> Outcome:
    """A confirmed cancel whose answer does not come while the customer waits."""
    shop.losing = 1000
    outcome = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED)
    shop.losing = 0
    return outcome


def look_up(slots: dict[str, Any], text: str = "好了吗", intent: str = "nlu_fallback", **more: Any) -> Outcome:
    """The customer's next message."""
    return run(ActionChatPending(), text, intent, slots=slots, message_id="m2", events=[CONFIRMING], **more)


def test_an_answer_that_comes_at_the_second_try_is_told_at_once(shop: Shop) -> None:
    shop.losing = 1
    told = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED)
    assert told.said == ["utter_orders_cancelled_paid"]
    assert shop.done == [("cancel", NUMBER)]


def test_what_may_be_done_is_not_said_to_have_failed(shop: Shop) -> None:
    outcome = lost(shop)
    assert outcome.said == ["utter_chat_outcome_unknown"]
    assert outcome.loop_ended and outcome.slots["orders_cancel_confirmed"] is None
    assert outcome.slots["chat_pending_write"]["action"] == "action_orders_cancel"


def test_the_next_message_hears_the_words_of_the_success(shop: Shop) -> None:
    outcome = lost(shop)
    done_already(shop)
    told = look_up(outcome.slots)
    assert told.said == ["utter_orders_cancelled_paid"]
    assert told.slots["chat_pending_write"] is None and told.slots["orders_last"] == NUMBER
    assert shop.done == [("cancel", NUMBER)]


def test_another_wish_is_heard_after_the_outcome(shop: Shop) -> None:
    outcome = lost(shop)
    told = look_up(outcome.slots, "我的积分有多少", "account_ask_points")
    assert told.said == ["utter_orders_cancelled_paid"]
    heard = [event for event in told.events if event["event"] == "user"]
    assert [(event["text"], event["message_id"]) for event in heard] == [("我的积分有多少", "m2")]


@pytest.mark.parametrize("intent", ["nlu_fallback", "orders_cancel"])
def test_while_the_shop_is_away_nothing_is_done_anew(shop: Shop, intent: str) -> None:
    outcome = lost(shop)
    shop.down = True
    told = look_up(outcome.slots, "还是取消吧", intent)
    assert told.said == ["utter_chat_outcome_unknown_still"]
    assert not [event for event in told.events if event["event"] == "user"]
    shop.down = False
    again = look_up(told.slots)
    assert again.said == ["utter_orders_cancelled_paid"] and shop.done == [("cancel", NUMBER)]


def test_who_wants_a_person_gets_one_whatever_is_pending(shop: Shop) -> None:
    outcome = lost(shop)
    shop.down = True
    told = look_up(outcome.slots, "转人工", "handoff_request")
    assert [event["text"] for event in told.events if event["event"] == "user"] == ["转人工"]
    assert told.slots["chat_pending_write"]["asked_with"] == "m2", "the policy lets it pass once"


def test_after_some_messages_a_person_is_to_find_out(shop: Shop) -> None:
    slots = lost(shop).slots
    shop.down = True
    for _ in range(pending.MOST_TRIES - 1):
        told = look_up(slots)
        slots = told.slots
    last = look_up(slots)
    assert told.said == ["utter_chat_outcome_unknown_still"]
    assert last.said == ["utter_chat_outcome_unknown_person"] and last.slots["chat_pending_write"] is None


def test_who_is_not_signed_in_hears_nothing_of_it(shop: Shop) -> None:
    outcome = lost(shop)
    told = look_up(outcome.slots, "你好", "chat_greet", customer=None)
    assert told.said == [] and told.slots["chat_pending_write"]["slots"]
    assert [event["text"] for event in told.events if event["event"] == "user"] == ["你好"]


def test_the_same_message_once_more_hears_the_first_answer(shop: Shop) -> None:
    """As after a crash of the action server: the shop is asked anew and speaks of what is done already."""
    lost(shop)
    done_already(shop)
    message = {"metadata": {**_proof(), "again": True}}
    told = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED, message=message)
    assert told.said == ["utter_orders_cancelled_paid"]
    first_time = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED, message_id="m9")
    assert first_time.said[0].startswith("utter_orders_order_when_money_cancelled"), "it is cancelled, and that is told"
    assert shop.done == [("cancel", NUMBER)]


def test_a_repeat_that_meets_a_dead_shop_does_not_call_it_undone(shop: Shop) -> None:
    shop.down = True
    message = {"metadata": {**_proof(), "again": True}}
    told = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED, message=message)
    assert told.said == ["utter_chat_outcome_unknown"]
    form = run(ValidateOrdersCancelForm(), "取消", "orders_cancel", form="orders_cancel_form", message=message)
    asked = run(AskOrdersNumber(), "取消", "orders_cancel", form="orders_cancel_form", message=message)
    assert form.said == [] and asked.said == [], "they wrote nothing"


def test_what_was_never_sent_may_be_said_not_to_be_done(shop: Shop) -> None:
    shop.down = True
    told = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=CONFIRMED)
    assert told.said == ["utter_chat_backend_unavailable"]


def test_what_breaks_after_the_write_does_not_undo_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug in the wording")

    monkeypatch.setattr("actions.orders.told", broken)
    slots = {"orders_number": NUMBER, "orders_change_field": "phone", "orders_change_value": "13800138000",
             "orders_change_confirmed": True}  # fmt: skip
    told = run(ActionOrdersChange(), "确认", "chat_affirm", slots=slots)
    assert told.said == [OutcomeUnknown.response]


def _proof() -> dict[str, Any]:
    return {"customer_token": token("C1")}
