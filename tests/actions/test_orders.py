"""Order flows, as a customer meets them."""

from __future__ import annotations

import pytest

from actions.after_sales import ValidateAfterSalesForm
from actions.forms import AskOrdersNumber
from actions.orders import (
    ActionOrdersCancel,
    ActionOrdersStatus,
    ValidateOrdersCancelForm,
    ValidateOrdersChangeForm,
    ValidateOrdersStatusForm,
)
from tests.actions.fakes import Shop, order
from tests.actions.talk import run, token

EARPHONES = order("202611190001", "paid", "cancel", "change", "urge")
KETTLE = order("202611180002", "shipped", "refund", title="电热水壶")
SHOES = order("202611100003", "signed", "return", "exchange", title="跑步鞋")


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [EARPHONES, KETTLE, SHOES], "C2": [order("202611200009", "paid", "cancel")]}


def test_own_recent_orders_are_offered_as_buttons() -> None:
    asked = run(AskOrdersNumber(), "我的订单到哪了", "orders_ask_status", form="orders_status_form")
    assert [b["payload"] for b in asked.buttons] == [
        f'/chat_inform{{"orders_number": "{o.number}"}}' for o in (EARPHONES, KETTLE, SHOES)
    ]
    assert asked.buttons[0]["title"] == "11-19 蓝牙耳机 LX-B3 paid"


def test_only_orders_that_can_be_cancelled_are_offered_for_it() -> None:
    asked = run(AskOrdersNumber(), "取消订单", "orders_cancel", form="orders_cancel_form")
    assert asked.said == ["utter_ask_orders_number_orders_cancel_form"]
    assert len(asked.buttons) == 1


@pytest.mark.parametrize(
    ("words", "entities", "number"),
    [("第二个", {"ordinal": "2"}, KETTLE.number), ("最后一个", {"ordinal": "-1"}, SHOES.number),
     ("0003", {}, SHOES.number), ("水壶那个", {}, KETTLE.number), ("跑步鞋", {}, SHOES.number)],
)  # fmt: skip
def test_an_order_can_be_chosen_in_words(words: str, entities: dict[str, str], number: str) -> None:
    offered = [{"number": o.number, "title": o.title} for o in (EARPHONES, KETTLE, SHOES)]
    slots = {"requested_slot": "orders_number", "orders_offered": offered}
    filled = run(ValidateOrdersStatusForm(), words, slots=slots, form="orders_status_form", entities=entities)
    assert filled.slots["orders_number"] == number
    assert filled.slots["requested_slot"] is None


def test_words_that_fit_no_order_are_asked_again() -> None:
    slots = {"requested_slot": "orders_number", "orders_offered": [{"number": SHOES.number, "title": SHOES.title}]}
    filled = run(ValidateOrdersStatusForm(), "那个啥", slots=slots, form="orders_status_form")
    assert filled.said == ["utter_orders_choice_unclear"]
    assert filled.slots["requested_slot"] == "orders_number"


def test_a_strangers_order_is_as_unknown_as_one_that_does_not_exist() -> None:
    answers = [
        run(ValidateOrdersStatusForm(), number, entities={"orders_number": number}, form="orders_status_form").said
        for number in ("202611200009", "202611209999")
    ]
    assert answers == [["utter_orders_not_found"]] * 2


def test_the_only_cancellable_order_needs_no_choice_but_a_yes() -> None:
    filled = run(ValidateOrdersCancelForm(), "取消订单", "orders_cancel", form="orders_cancel_form")
    assert filled.slots["orders_number"] == EARPHONES.number
    assert filled.slots["requested_slot"] == "orders_cancel_confirmed"


def test_nothing_is_cancelled_without_a_yes(shop: Shop) -> None:
    known = {"orders_number": EARPHONES.number}
    kept = run(ActionOrdersCancel(), "不", "chat_deny", slots={**known, "orders_cancel_confirmed": False})
    broken_off = run(ActionOrdersCancel(), "取消", "orders_cancel", slots=known)
    assert kept.said == ["utter_orders_cancel_kept"]
    assert broken_off.said == ["utter_chat_backend_unavailable"]
    assert shop.done == []


def test_a_yes_cancels_and_tells_of_the_refund(shop: Shop) -> None:
    slots = {"orders_number": EARPHONES.number, "orders_cancel_confirmed": True}
    done = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=slots)
    assert done.said == ["utter_orders_cancelled_paid"]
    assert shop.done == [("cancel", EARPHONES.number)]
    assert done.slots["orders_number"] is None and done.slots["orders_last"] == EARPHONES.number


def test_a_shipped_order_is_not_cancelled_and_the_reason_is_named(shop: Shop) -> None:
    filled = run(ValidateOrdersCancelForm(), entities={"orders_number": KETTLE.number}, form="orders_cancel_form")
    assert filled.slots["requested_slot"] is None, "a refusal asks for no confirmation"
    refused = run(ActionOrdersCancel(), slots={"orders_number": KETTLE.number})
    assert refused.said == ["utter_orders_cancel_rejected_order_shipped"]
    assert shop.done == []


def test_the_order_just_spoken_of_is_meant() -> None:
    slots = {"orders_last": EARPHONES.number}
    filled = run(ValidateOrdersCancelForm(), "那取消吧", "orders_cancel", slots=slots, form="orders_cancel_form")
    assert filled.slots["orders_number"] == EARPHONES.number


def test_a_change_is_read_back_and_a_no_asks_again() -> None:
    slots = {
        "orders_number": EARPHONES.number, "orders_checked": "orders_change_form:possible",
        "orders_change_field": "address", "requested_slot": "orders_change_value",
    }  # fmt: skip
    told = run(ValidateOrdersChangeForm(), "文一路 1 号 2 幢", slots=slots, form="orders_change_form")
    assert told.slots["orders_change_value"] == "文一路 1 号 2 幢"
    assert told.slots["requested_slot"] == "orders_change_confirmed"
    slots |= {"orders_change_value": "文一路", "requested_slot": "orders_change_confirmed"}
    denied = run(ValidateOrdersChangeForm(), "不对", "chat_deny", slots=slots, form="orders_change_form")
    assert denied.slots["requested_slot"] == "orders_change_value"


@pytest.mark.parametrize(
    ("proof", "said"),
    [(None, "utter_chat_sign_in"), (token("C1", -5), "utter_chat_sign_in_again"),
     (token("C1", secret="somebody-elses-secret-of-enough-length"), "utter_chat_sign_in_again")],
)  # fmt: skip
def test_without_proof_nothing_is_told(proof: str | None, said: str, shop: Shop) -> None:
    slots = {"orders_number": EARPHONES.number, "orders_cancel_confirmed": True}
    for action in (ActionOrdersStatus(), ActionOrdersCancel()):
        assert run(action, customer=None, customer_token=proof, slots=slots).said == [said]
    assert shop.done == []


def test_a_shop_that_is_down_is_apologised_for_once_and_nothing_is_forgotten(shop: Shop) -> None:
    shop.down = True
    form = run(ValidateOrdersCancelForm(), "取消订单", "orders_cancel", form="orders_cancel_form")
    assert form.said == [] and form.loop_ended
    slots = {"orders_number": EARPHONES.number, "orders_cancel_confirmed": True}
    action = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=slots)
    assert action.said == ["utter_chat_backend_unavailable"]
    assert "orders_number" not in action.slots


def test_an_order_named_with_another_wish_goes_to_that_wish() -> None:
    offered = [{"number": o.number, "title": o.title} for o in (EARPHONES, KETTLE, SHOES)]
    slots = {"requested_slot": "orders_number", "orders_offered": offered}
    said = {"text": "跑步鞋那个，想退货", "intent": "after_sales_return", "slots": slots}
    asked = run(ValidateOrdersStatusForm(), form="orders_status_form", **said)  # type: ignore[arg-type]
    assert "orders_number" not in asked.slots, "the form gives way"
    slots["after_sales_kind"] = "return"
    taken = run(ValidateAfterSalesForm(), form="after_sales_form", **said)  # type: ignore[arg-type]
    assert taken.slots["orders_number"] == SHOES.number
    assert taken.slots["requested_slot"] == "after_sales_reason"
