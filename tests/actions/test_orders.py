"""Order flows, as a customer meets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.after_sales import ValidateAfterSalesForm
from actions.order_form import AskOrdersNumber
from actions.orders import (
    ActionOrdersCancel,
    ActionOrdersChange,
    ActionOrdersStatus,
    ValidateOrdersCancelForm,
    ValidateOrdersChangeForm,
    ValidateOrdersStatusForm,
)
from tests.actions.fakes import Shop, order
from tests.actions.talk import run, token
from tests.understanding.learned import values

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
    assert asked.buttons[0]["title"] == "11-19 蓝牙耳机 LX-B3 ¥199 paid"


def test_only_orders_that_can_be_cancelled_are_offered_for_it() -> None:
    asked = run(AskOrdersNumber(), "取消订单", "orders_cancel", form="orders_cancel_form")
    assert asked.said == ["utter_which_orders_cancel_form"]
    assert len(asked.buttons) == 1


@pytest.mark.parametrize(
    ("words", "entities", "number"),
    [("第二个", {"ordinal": "2"}, KETTLE.number), ("最后一个", {"ordinal": "-1"}, SHOES.number),
     ("0003", {}, SHOES.number), ("水壶那个", {}, KETTLE.number), ("跑步鞋", {}, SHOES.number)],
)  # fmt: skip
def test_an_order_can_be_chosen_in_words(words: str, entities: dict[str, str], number: str) -> None:
    offered = {"kind": "order", "ids": [o.number for o in (EARPHONES, KETTLE, SHOES)], "page": 0}
    slots = {"requested_slot": "orders_number", "chat_choices": offered}
    filled = run(ValidateOrdersStatusForm(), words, slots=slots, form="orders_status_form", entities=entities)
    assert filled.slots["orders_number"] == number
    assert filled.slots["requested_slot"] is None


def test_words_that_fit_no_order_are_asked_again() -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": {"kind": "order", "ids": [SHOES.number], "page": 0}}
    filled = run(ValidateOrdersStatusForm(), "那个啥", slots=slots, form="orders_status_form")
    assert filled.said == ["utter_unclear_orders_number"]
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


def a_change(shop: Shop, words: str, field: str | None = None, asked: bool = False, **said: Any) -> dict[str, Any]:
    """The slots after a message of the change form."""
    slots: dict[str, Any] = {"orders_number": EARPHONES.number, "orders_checked": "orders_change_form:possible"}
    slots |= {"orders_change_field": field, "requested_slot": "orders_change_value" if asked else None}
    return run(ValidateOrdersChangeForm(), words, slots=slots, form="orders_change_form", **said).slots


def test_a_number_in_the_first_message_is_not_asked_for_again(shop: Shop) -> None:
    told = a_change(shop, "电话改成13912345678", intent="orders_change", entities={"phone": "13912345678"})
    assert (told["orders_change_field"], told["orders_change_value"]) == ("phone", "13912345678")
    assert told["requested_slot"] == "orders_change_confirmed"


def test_a_number_where_a_name_was_asked_is_the_number_to_be_changed(shop: Shop) -> None:
    told = a_change(shop, "13912345678", "recipient", asked=True, entities={"phone": "13912345678"})
    assert (told["orders_change_field"], told["orders_change_value"]) == ("phone", "13912345678")


@pytest.mark.parametrize(("field", "words"), [("phone", "12345"), ("delivery_date", "你们看着办")])
def test_a_value_of_the_wrong_shape_is_asked_again(shop: Shop, field: str, words: str) -> None:
    told = a_change(shop, words, field, asked=True)
    assert told["orders_change_value"] is None and told["requested_slot"] == "orders_change_value"


def test_giving_up_is_no_answer(shop: Shop) -> None:
    told = a_change(shop, "/chat_stop", "phone", asked=True, intent="chat_stop")
    assert set(told) == {"requested_slot"}, "the form lets the rule for giving up answer"


def test_a_day_is_given_to_the_shop_as_a_date(shop: Shop) -> None:
    told = a_change(shop, "后天吧", "delivery_date", asked=True, entities={"date": "2026-11-23"})
    assert told["orders_change_value"] == "2026-11-23"


def days_said(words: str, **days: str) -> dict[str, Any]:
    """Values for days by the words that say them."""
    return {"values": [{"kind": "day", "value": v, "start": words.index(w), "end": words.index(w) + len(w)} for w, v in days.items()]}


@pytest.mark.parametrize(("words", "day", "value"), [
    ("今天下单的电动牙刷，请把收货人改一下", "今天", "2026-11-21"), ("前天到的那单改一下", "前天", "2026-11-19"), ("昨天拍的那件，帮我改改", "昨天", "2026-11-20"),
])  # fmt: skip
def test_a_day_that_tells_which_order_is_no_day_to_deliver(shop: Shop, words: str, day: str, value: str) -> None:
    told = a_change(shop, words, intent="orders_change", message=days_said(words, **{day: value}))
    assert told.get("orders_change_field") is None and told["requested_slot"] == "orders_change_field"


def test_a_day_beside_another_field_is_only_told(shop: Shop) -> None:
    words = "明天我出差，收货人改成刘桂兰"
    message = days_said(words, 明天="2026-11-22")
    message["values"].append({"kind": "name", "value": "刘桂兰", "start": 11, "end": 14})
    told = a_change(shop, words, intent="orders_change", message=message)
    assert (told["orders_change_field"], told["orders_change_value"]) == ("recipient", "刘桂兰")
    assert not told.get("orders_change_more")


def test_of_two_days_the_one_to_deliver_on_counts(shop: Shop) -> None:
    words = "今天买的毛衣改成下周三送，改送货时间"
    message = days_said(words, 今天="2026-11-21", 下周三="2026-11-25")
    told = a_change(shop, words, intent="orders_change", message=message)
    assert (told["orders_change_field"], told["orders_change_value"]) == ("delivery_date", "2026-11-25")


@pytest.mark.parametrize("asked", ["orders_change_value", "orders_change_confirmed"])
def test_another_field_that_is_named_alone_takes_the_place_of_the_first(shop: Shop, asked: str) -> None:
    slots = {"orders_number": EARPHONES.number, "orders_checked": "orders_change_form:possible", "orders_change_field": "address"}
    slots |= {"requested_slot": asked, "orders_change_value": "文三路90号" if asked.endswith("confirmed") else None}
    said: dict[str, Any] = {"intent": "orders_change", "entities": {"orders_change_field": "phone"}}
    told = run(ValidateOrdersChangeForm(), "只改手机号", slots=slots, form="orders_change_form", **said).slots
    assert (told["orders_change_field"], told["requested_slot"]) == ("phone", "orders_change_value")
    assert not told.get("orders_change_value")


@pytest.mark.parametrize("words", ["不是2号，是28号", "28号送，不是2号"])
def test_of_two_days_the_one_that_is_not_denied_counts(shop: Shop, words: str) -> None:
    days = {"2号": "2026-12-02", "28号": "2026-11-28"}
    places = {"28号": words.index("28号"), "2号": words.index("是2号") + 1}
    entities = [{"entity": "date", "value": days[w], "start": at, "end": at + len(w)} for w, at in places.items()]
    read = values(words, "orders_change", {"requested_slot": "orders_change_confirmed"}, entities)
    assert [(each["kind"], each["value"]) for each in read] == [("day", "2026-11-28")]


def test_words_that_lead_up_to_an_address_are_no_part_of_it(shop: Shop) -> None:
    where = {"intent": "orders_change", "entities": {"address": "文三路90号"}}
    told = a_change(shop, "改成文三路90号东边铁门", "address", asked=True, **where)
    assert told["orders_change_value"] == "文三路90号东边铁门"


def test_another_colour_is_explained_and_nothing_is_asked(shop: Shop) -> None:
    told = a_change(shop, "想换成黑色的", intent="orders_change", entities={"colour": "黑色"})
    assert told["requested_slot"] is None
    slots = {"orders_number": EARPHONES.number, "orders_change_field": told["orders_change_field"]}
    assert run(ActionOrdersChange(), slots=slots).said == ["utter_orders_change_variant"]
    assert shop.done == []


def test_a_merchants_order_is_not_said_to_be_cancelled(shop: Shop) -> None:
    shop.orders["C1"] = [replace(EARPHONES, seller="清风家居旗舰店")]
    done = run(ActionOrdersCancel(), slots={"orders_number": EARPHONES.number, "orders_cancel_confirmed": True})
    assert done.said == ["utter_orders_cancel_requested"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"promised_ship_by": "2020-01-01T10:00:00+08:00"}, "utter_orders_status_paid_late"),
     ({"promised_ship_by": "2999-01-01T10:00:00+08:00"}, "utter_orders_status_paid"),
     ({"cancel_decide_by": "2026-11-22T10:00:00+08:00"}, "utter_orders_status_paid_reviewing"),
     ({"times": {}}, "utter_orders_status_on_delivery"),
     ({"times": {}, "state_code": "cancelled"}, "utter_orders_status_cancelled_unpaid")],
)  # fmt: skip
def test_what_is_special_about_an_order_is_told(shop: Shop, changed: dict[str, Any], said: str) -> None:
    shop.orders["C1"] = [replace(EARPHONES, **changed)]
    if "times" in changed:
        shop.orders["C1"] = [replace(shop.orders["C1"][0], times={"created_at": "2026-11-19T10:02:00+08:00"})]
    assert run(ActionOrdersStatus(), slots={"orders_number": EARPHONES.number}).said == [said]


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
    offered = {"kind": "order", "ids": [o.number for o in (EARPHONES, KETTLE, SHOES)], "page": 0}
    slots = {"requested_slot": "orders_number", "chat_choices": offered}
    said = {"text": "跑步鞋那个，想退货", "intent": "after_sales_return", "slots": slots}
    asked = run(ValidateOrdersStatusForm(), form="orders_status_form", **said)  # type: ignore[arg-type]
    assert "orders_number" not in asked.slots, "the form gives way"
    slots["after_sales_kind"] = "return"
    taken = run(ValidateAfterSalesForm(), form="after_sales_form", **said)  # type: ignore[arg-type]
    assert taken.slots["orders_number"] == SHOES.number
    assert taken.slots["requested_slot"] == "after_sales_reason"
