"""How forms mend what goes wrong on the way: corrections, asides, other wishes, wrong answers."""

from __future__ import annotations

from typing import Any

import pytest

from actions.after_sales import ValidateAfterSalesForm
from actions.chat import ActionChatStop
from actions.forms import Form
from actions.logistics import ValidateLogisticsTrackForm
from actions.orders import ValidateOrdersCancelForm, ValidateOrdersChangeForm, ValidateOrdersStatusForm
from tests.actions.fakes import Shop, order
from tests.actions.talk import DOMAIN, Outcome, run

EARPHONES = order("202611190001", "paid", "cancel", "change", "urge")
LAMP = order("202611190012", "paid", "cancel", "change", "urge", title="护眼台灯")
KETTLE = order("202611180002", "shipped", "refund", title="电热水壶")
SHOES = order("202611100003", "signed", "return", "exchange", title="跑步鞋")
OFFERED = {"kind": "order", "ids": [o.number for o in (EARPHONES, LAMP, KETTLE, SHOES)], "page": 0}


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [EARPHONES, LAMP, KETTLE, SHOES]}


def chosen(number: str, title: str, form: str) -> dict[str, Any]:
    """The slots after an order was chosen from the list."""
    checked = f"{form}:possible"
    return {"orders_number": number, "orders_title": title, "orders_checked": checked, "chat_choices": OFFERED}


def in_change(asked: str, text: str, intent: str = "chat_inform", more: dict[str, Any] | None = None, **given: Any) -> Outcome:
    """A turn of the form that changes the lamp's address."""
    known = chosen(LAMP.number, LAMP.title, "orders_change_form") | {"orders_change_field": "address", "requested_slot": asked}
    return run(
        ValidateOrdersChangeForm(), text, intent, slots=known | (more or {}), form="orders_change_form", **given
    )  # fmt: skip


def in_return(asked: str, text: str, intent: str = "chat_inform", more: dict[str, Any] | None = None, **given: Any) -> Outcome:
    """A turn of the form that returns the shoes."""
    known = chosen(SHOES.number, SHOES.title, "after_sales_form")
    known |= {"after_sales_kind": "return", "requested_slot": asked}
    return run(ValidateAfterSalesForm(), text, intent, slots=known | (more or {}), form="after_sales_form", **given)


def in_cancel(text: str, intent: str, more: dict[str, Any] | None = None, **given: Any) -> Outcome:
    """A turn of the form that asks whether the lamp shall be cancelled."""
    known = chosen(LAMP.number, LAMP.title, "orders_cancel_form") | {"requested_slot": "orders_cancel_confirmed"}
    return run(ValidateOrdersCancelForm(), text, intent, slots=known | (more or {}), form="orders_cancel_form", **given)


# ── asides ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "intent"),
    [("运费谁出", "faq"), ("你好", "chat_greet"), ("在吗", "chat_greet"), ("谢谢", "chat_thank"), ("这个灯防水吗", "products_ask_detail"),
     ("我有多少积分", "account_ask_assets"), ("讲个笑话", "chat_smalltalk"), ("你是机器人吗", "chat_bot_challenge")],
)  # fmt: skip
def test_an_aside_is_left_to_others_and_fills_nothing(text: str, intent: str) -> None:
    for outcome in (in_cancel(text, intent), in_change("orders_change_value", text, intent), in_return("after_sales_reason", text, intent)):
        assert set(outcome.slots) == {"requested_slot"} and outcome.said == []


def test_a_question_that_names_a_field_does_not_choose_it() -> None:
    known = {"orders_change_field": None}
    aside = in_change("orders_change_field", "改地址要收费吗", "faq", known, entities={"orders_change_field": "address"})
    assert aside.slots == {"requested_slot": "orders_change_field"}


def test_a_product_question_does_not_choose_the_order_of_that_name() -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": OFFERED}
    aside = run(ValidateOrdersStatusForm(), "跑步鞋防水吗", "products_ask_detail", slots=slots, form="orders_status_form")
    assert aside.slots == {"requested_slot": "orders_number"}


def test_after_an_aside_the_form_asks_again_and_reads_the_message_no_second_time() -> None:
    events = [{"event": "user"}, {"event": "action", "name": "action_faq"}, {"event": "action", "name": "after_sales_form"}]
    again = in_return("after_sales_reason", "运费谁出", "chat_inform", events=events)
    assert again.slots == {"requested_slot": "after_sales_reason"}


# ── corrections ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "entities", "number"),
    [("不是这个，是上面那个", {"ordinal": "1"}, EARPHONES.number), ("不是这个，是下面那个", {"ordinal": "-1"}, KETTLE.number),
     ("第四个才对", {"ordinal": "4"}, SHOES.number), ("选错了，应该是耳机那个", {}, EARPHONES.number),
     ("不是这个订单，是尾号0001那个", {}, EARPHONES.number)],
)  # fmt: skip
def test_another_order_of_the_list_is_taken_instead(text: str, entities: dict[str, Any], number: str) -> None:
    text = text.replace("，", ",")
    taken = in_cancel(text, "chat_deny", entities=entities)
    assert taken.slots["orders_number"] == number
    assert taken.slots.get("orders_cancel_confirmed") is None


@pytest.mark.parametrize("text", ["不是这个", "选错了", "换一个订单", "不是这个订单"])
def test_where_the_right_order_is_not_named_it_is_asked_for(text: str) -> None:
    again = in_cancel(text, "chat_deny", {"orders_last": LAMP.number})
    assert again.slots["orders_number"] is None and again.slots["requested_slot"] == "orders_number"
    assert again.slots["orders_last"] is None, "the order taken back is not guessed again"


def test_a_new_address_replaces_the_wrong_one_and_is_confirmed_anew() -> None:
    known = {"orders_change_value": "文三路189号"}
    right = in_change("orders_change_confirmed", "地址说错了,是文三路198号2幢", "chat_inform", known)
    assert right.slots["orders_change_value"] == "文三路198号2幢"
    assert right.slots["requested_slot"] == "orders_change_confirmed"


def test_a_wrong_address_without_the_right_one_is_asked_again() -> None:
    known = {"orders_change_value": "文三路189号"}
    again = in_change("orders_change_confirmed", "地址说错了", "orders_change", known)
    assert again.slots["orders_change_value"] is None and again.slots["requested_slot"] == "orders_change_value"


def test_a_wrong_reason_is_asked_again_and_the_order_stays() -> None:
    again = in_return("after_sales_confirmed", "原因写错了", "chat_inform", {"after_sales_reason": "不喜欢"})
    assert again.slots["after_sales_reason"] is None and again.slots["requested_slot"] == "after_sales_reason"
    assert "orders_number" not in again.slots


def test_another_order_keeps_the_reason_but_not_the_piece() -> None:
    known = {"after_sales_reason": "不喜欢", "after_sales_line": 2, "after_sales_pieces": [{"line": 1}, {"line": 2}]}
    taken = in_return("after_sales_confirmed", "不是这个,是上面那个", "chat_deny", known)
    assert taken.slots["orders_number"] == KETTLE.number
    assert taken.slots["after_sales_line"] is None and "after_sales_reason" not in taken.slots


@pytest.mark.parametrize("text", ["尺码选错了", "发来的不是这个颜色", "不是我要的颜色,是红色的", "之前买错了"])
def test_a_reason_that_speaks_of_a_mistake_is_still_a_reason(text: str) -> None:
    assert in_return("after_sales_reason", text).slots["after_sales_reason"] == text


# ── yes and no ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["别取消", "不要取消", "先别取消了", "不取消了", "不用了", "还是别取消吧"])
def test_a_typed_no_is_a_no_whatever_wish_it_sounds_like(text: str) -> None:
    assert in_cancel(text, "orders_cancel").slots["orders_cancel_confirmed"] is False


@pytest.mark.parametrize("text", ["确认取消", "取消吧", "对,取消", "好的谢谢"])
def test_a_typed_yes_is_a_yes(text: str) -> None:
    assert in_cancel(text, "orders_cancel").slots["orders_cancel_confirmed"] is True


@pytest.mark.parametrize("text", ["别的订单", "取消以后钱多久退", "对了运费谁出", "好几天了"])
def test_what_only_begins_like_a_yes_or_no_is_none(text: str) -> None:
    assert "orders_cancel_confirmed" not in {s: v for s, v in in_cancel(text, "faq").slots.items() if v is not None}


# ── why, how ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("intent", ["chat_repeat", "chat_ask_help", "faq", "nlu_fallback", "chat_inform"])
@pytest.mark.parametrize("text", ["为什么要问这个", "问这个干嘛", "你们要知道这个干什么", "为什么要我选订单"])
def test_why_is_answered_and_the_question_asked_again(text: str, intent: str) -> None:
    why = in_return("after_sales_reason", text, intent)
    assert why.said == ["utter_why_after_sales_reason"]
    assert why.slots == {"after_sales_reason": None, "requested_slot": "after_sales_reason"}


def test_how_to_answer_is_explained() -> None:
    assert in_return("after_sales_reason", "怎么填啊").said == ["utter_help_after_sales_reason"]


def test_every_question_of_the_first_forms_is_explained_in_words_of_its_own() -> None:
    asked = {slot for name in ("orders_change_form", "after_sales_form", "logistics_arrange_form") for slot in DOMAIN["forms"][name]["required_slots"]}  # fmt: skip
    for slot in asked:
        assert f"utter_help_{slot}" in DOMAIN["responses"] and f"utter_why_{slot}" in DOMAIN["responses"]


# ── wrong answers ─────────────────────────────────────────────────────────────


def wrong(times: int, text: str = "随便啦", intent: str = "chat_inform") -> Outcome:
    return in_cancel(text, intent, {"chat_wrong": {"orders_cancel_confirmed": times} if times else None})


def test_a_wrong_answer_is_asked_again_then_explained_then_a_person_helps() -> None:
    first, second, third = wrong(0), wrong(1), wrong(2)
    assert first.said == ["utter_chat_unclear"] and first.slots["chat_wrong"] == {"orders_cancel_confirmed": 1}
    assert second.said == ["utter_help_orders_cancel_confirmed"]
    assert third.loop_ended and third.said == []
    assert {"event": "followup", "timestamp": None, "name": "action_handoff"} in third.events
    assert third.slots["chat_misses"] >= 2, "the person is told that the assistant did not understand"


def test_a_right_answer_ends_the_counting() -> None:
    right = in_cancel("对", "chat_affirm", {"chat_wrong": {"orders_cancel_confirmed": 1}, "chat_misses": 1})
    assert right.slots["chat_wrong"] is None and right.slots["chat_misses"] == 0


def test_numbers_of_orders_that_do_not_exist_count_too() -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": OFFERED, "chat_wrong": {"orders_number": 1}}
    unknown = run(
        ValidateOrdersStatusForm(), "202611209999", slots=slots, form="orders_status_form",
        entities={"orders_number": "202611209999"},
    )  # fmt: skip
    assert unknown.said == ["utter_orders_not_found", "utter_help_orders_number"]


def test_a_picture_without_words_is_no_wrong_answer() -> None:
    assert wrong(2, text="").slots == {"orders_cancel_confirmed": None, "requested_slot": "orders_cancel_confirmed"}


# ── which order ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["尾号0012那个", "0012", "订单号后四位0012"])
def test_the_numbers_tail_is_enough(text: str) -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": OFFERED}
    filled = run(ValidateOrdersStatusForm(), text, slots=slots, form="orders_status_form")
    assert filled.slots["orders_number"] == LAMP.number


def test_the_day_is_enough_where_only_one_is_of_that_day() -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": OFFERED}
    filled = run(
        ValidateOrdersStatusForm(), "10号买的", slots=slots, form="orders_status_form", entities={"date": "2026-11-10"}
    )
    assert filled.slots["orders_number"] == SHOES.number


def begun(form: Form, text: str, intent: str, **more: Any) -> Any:
    """The order that a form takes by itself when it starts; LAMP was spoken of last."""
    slots = {"orders_last": LAMP.number, **more.pop("slots", {})}
    return run(form, text, intent, form=form.form, slots=slots, **more).slots.get("orders_number")


@pytest.mark.parametrize(
    ("form", "text", "intent"),
    [(ValidateAfterSalesForm(), "那它能退吗", "after_sales_return"), (ValidateAfterSalesForm(), "那退货呢", "after_sales_return"),
     (ValidateLogisticsTrackForm(), "那它到哪了", "logistics_track"), (ValidateOrdersStatusForm(), "这个呢", "orders_ask_status"),
     (ValidateOrdersStatusForm(), "刚才那个订单什么时候发货", "orders_ask_status"), (ValidateOrdersCancelForm(), "取消吧", "orders_cancel"),
     (ValidateLogisticsTrackForm(), "物流呢", "logistics_track"), (ValidateAfterSalesForm(), "我要退货", "after_sales_return")],
)  # fmt: skip
def test_words_that_point_back_mean_the_order_last_spoken_of(form: Form, text: str, intent: str) -> None:
    assert begun(form, text, intent) == LAMP.number


@pytest.mark.parametrize(
    ("form", "text", "intent"),
    [(ValidateOrdersStatusForm(), "我的订单到哪了", "orders_ask_status"), (ValidateLogisticsTrackForm(), "我的快递呢", "logistics_track"),
     (ValidateOrdersStatusForm(), "另一个订单呢", "orders_ask_status"), (ValidateOrdersStatusForm(), "/orders_ask_status", "orders_ask_status")],
)  # fmt: skip
def test_a_fresh_wish_offers_the_list(form: Form, text: str, intent: str, shop: Shop) -> None:
    shop.orders["C1"] = [EARPHONES, LAMP, KETTLE, order("202611170009", "shipped", title="羽绒被")]
    assert begun(form, text, intent) is None


def test_a_button_below_an_orders_answer_is_about_that_order(shop: Shop) -> None:
    shop.orders["C1"] = [KETTLE, order("202611170009", "shipped", title="羽绒被")]
    after = [{"event": "action", "name": "action_orders_status"}, {"event": "action", "name": "action_listen"}, {"event": "user"}]
    known = {"slots": {"orders_last": KETTLE.number}, "events": after}
    assert begun(ValidateLogisticsTrackForm(), "/logistics_track", "logistics_track", **known) == KETTLE.number
    greeted = [{"event": "action", "name": "utter_chat_greet"}, *after[1:]]
    assert begun(ValidateLogisticsTrackForm(), "/logistics_track", "logistics_track", **{**known, "events": greeted}) is None


# ── another wish ──────────────────────────────────────────────────────────────


def test_another_wish_is_left_to_its_own_form() -> None:
    other = in_cancel("还是退货吧", "after_sales_return")
    assert other.slots == {"requested_slot": "orders_cancel_confirmed"}


def test_the_form_that_takes_over_knows_the_order_and_forgets_the_rest() -> None:
    left = chosen(LAMP.number, LAMP.title, "orders_change_form") | {"orders_change_field": "address", "orders_change_value": "x"}
    events = [{"event": "active_loop", "name": "orders_change_form"}, {"event": "active_loop", "name": "orders_cancel_form"}]
    taken = run(ValidateOrdersCancelForm(), "还是取消吧", "orders_cancel", slots=left, form="orders_cancel_form", events=events)
    assert taken.slots["orders_number"] == LAMP.number
    assert taken.slots["orders_change_field"] is None and taken.slots["orders_change_value"] is None
    assert taken.slots["requested_slot"] == "orders_cancel_confirmed"


def test_the_form_that_takes_over_does_not_take_the_others_question_for_its_own(shop: Shop) -> None:
    slots = {"requested_slot": "orders_number", "chat_choices": OFFERED}
    events = [{"event": "active_loop", "name": "orders_status_form"}, {"event": "user"}]
    taken = run(ValidateLogisticsTrackForm(), "什么时候能送到", "logistics_track", slots=slots, form="orders_status_form", events=events)
    assert taken.slots["orders_number"] == KETTLE.number, "the only parcel on its way needs no choice"


# ── what was said before ──────────────────────────────────────────────────────


def written(text: str, intent: str = "chat_inform", number: str | None = None) -> dict[str, Any]:
    """A message of the customer's as the tracker keeps it."""
    entities = [{"entity": "orders_number", "value": number}] if number else []
    return {"event": "user", "text": text, "parse_data": {"intent": {"name": intent}, "entities": entities}}


@pytest.mark.parametrize("between", [[], [written("在吗", "chat_greet")]])
def test_an_order_number_typed_first_is_the_order_of_the_wish_after_it(between: list[dict[str, Any]], shop: Shop) -> None:
    shop.orders["C1"].append(order("202611170009", "shipped", title="羽绒被"))
    events = [written(f"单号{KETTLE.number}", number=KETTLE.number), *between, written("到哪了", "logistics_track")]
    taken = begun(ValidateLogisticsTrackForm(), "到哪了", "logistics_track", slots={"orders_last": None}, events=events)
    assert taken == KETTLE.number


def test_a_typed_number_is_forgotten_when_another_order_is_meant_or_was_spoken_of(shop: Shop) -> None:
    shop.orders["C1"].append(order("202611170009", "shipped", title="羽绒被"))
    typed, wish = written(f"单号{KETTLE.number}", number=KETTLE.number), written("到哪了", "logistics_track")
    pressed = written("/chat_inform{}", number=KETTLE.number)
    since = {"event": "slot", "name": "orders_last", "value": LAMP.number}
    many = [written("嗯", "chat_affirm")] * 4
    for events in ([typed, since, wish], [pressed, wish], [typed, *many, wish]):
        assert begun(ValidateLogisticsTrackForm(), "到哪了", "logistics_track", events=events) is None
    assert begun(ValidateLogisticsTrackForm(), "另一个到哪了", "logistics_track", events=[typed, wish]) is None


# ── nothing more ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "intent"),
    [("没有了", "chat_deny"), ("没别的事了，谢谢", "chat_thank"), ("暂时没了 谢谢啊", "chat_thank"), ("那先这样吧，再见", "chat_goodbye"),
     ("好的，没其他问题", "chat_deny")],
)  # fmt: skip
def test_who_needs_nothing_more_is_not_asked_again(text: str, intent: str) -> None:
    for outcome in (in_cancel(text, intent), in_return("after_sales_reason", text, intent)):
        assert set(outcome.slots) == {"requested_slot"} and outcome.said == [], "the form gives way to action_chat_stop"
    known = chosen(LAMP.number, LAMP.title, "orders_status_form") | {"requested_slot": "orders_number"}
    left = run(ActionChatStop(), text, intent, slots=known, form="orders_status_form")
    assert left.loop_ended and left.said == ["utter_chat_stopped_idle"] and left.slots["orders_number"] is None
    assert left.slots["orders_last"] == LAMP.number


@pytest.mark.parametrize("text", ["没有了电源线", "没有收到", "屏幕没了声音也没了"])
def test_a_reason_that_sounds_like_nothing_more_is_a_reason(text: str) -> None:
    assert in_return("after_sales_reason", text).slots["after_sales_reason"] == text


def test_a_reason_is_quoted_without_the_sign_at_its_end() -> None:
    assert in_return("after_sales_reason", "鞋底开胶了，").slots["after_sales_reason"] == "鞋底开胶了"


def test_a_fuller_value_instead_of_the_yes_is_taken() -> None:
    known = {"orders_change_value": "杭州市的"}
    told = in_change("orders_change_confirmed", "杭州市西湖区文三路90号", more=known, entities={"address": "杭州市西湖区文三路90号"})
    assert told.slots["orders_change_value"] == "杭州市西湖区文三路90号" and told.said == []
    assert told.slots["requested_slot"] == "orders_change_confirmed"
    yes = in_change("orders_change_confirmed", "对", "chat_affirm", known)
    assert yes.slots["orders_change_confirmed"] is True
