"""How what is described becomes what is done: the order, its line, the slip, the ticket, and what is offered where several fit."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from actions.after_sales import (
    ActionAfterSalesOpen,
    ActionAfterSalesStatus,
    AskAfterSalesSlip,
    ValidateAfterSalesForm,
)
from actions.complaints import ValidateComplaintsForm
from actions.gateways.after_sales import Return
from actions.gateways.belongings import ORDER, Piece, Thing
from actions.gateways.orders import OrderItem
from actions.gateways.tickets import ComplaintLook, Ticket
from actions.logistics import ValidateLogisticsTrackForm
from actions.order_form import AskOrdersNumber
from actions.orders import (
    ActionOrdersCancel,
    ValidateOrdersCancelForm,
    ValidateOrdersStatusForm,
    ValidateOrdersUrgeForm,
)
from actions.references import found
from actions.tickets import ActionTicketsStatus, ValidateTicketsForm
from tests.actions.described import described
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run


def of(number: str, state: str, title: str, amount: str = "199.00", *more: str) -> Any:
    """An order; `more`: the titles of its other lines."""
    made = order(number, state, "cancel", "change", "urge", "return", "exchange", "refund", "repair", title=title)
    items = tuple(OrderItem(line, each, 1) for line, each in enumerate((title, *more), start=1))
    return replace(made, amount=amount, items=items)


EARPHONES = of("202611190001", "paid", "灵犀 LX-B3 真无线蓝牙耳机", "399.00")
LAMP = of("202611180012", "paid", "微光 护眼台灯", "259.00")
KETTLE = of("202611170002", "shipped", "小灶台 S17 电热水壶", "73.00")
DESK = of("202611150044", "signed", "敲敲 K87 三模机械键盘", "358.00", "敲敲 C2 2K 高清摄像头")
SHOES = of("202611100003", "signed", "步野 疾风 3 缓震跑鞋", "399.00")
PHONE = of("202610080006", "completed", "星岚 X20 5G 智能手机", "2199.00")
CASE = of("202609080007", "completed", "星岚 手机壳 透明", "29.00")
OLD = of("202608080008", "completed", "灵犀 LX-B3 真无线蓝牙耳机", "379.00")
ALL = [EARPHONES, LAMP, KETTLE, DESK, SHOES, PHONE, CASE, OLD]


@pytest.fixture(autouse=True)
def shop_of_eight(shop: Shop) -> None:
    shop.orders = {"C1": ALL, "C2": [of("202611200099", "paid", "别人的洗碗机", "9.00")]}


def opened(text: str, intent: str = "orders_ask_status", form: Any = None, **more: Any) -> Outcome:
    form = form or ValidateOrdersStatusForm()
    return run(form, text, intent, form=form.form, **more)


def answered(text: str, choices: list[str] | None = None, page: int = 0, form: Any = None, **more: Any) -> Outcome:
    """The answer to "which order"."""
    form = form or ValidateOrdersStatusForm()
    listed = {"kind": "order", "ids": choices or [o.number for o in ALL], "page": page, "lines": {}}
    slots = {"requested_slot": "orders_number", "chat_choices": listed, **more.pop("slots", {})}
    return run(form, text, more.pop("intent", "chat_inform"), slots=slots, form=form.form, **more)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("手机那单", PHONE), ("两千多那个", PHONE), ("0044", DESK), ("10号买的", SHOES), ("在路上的那个", KETTLE), ("最贵的", PHONE),
     ("最早买的", OLD), ("星岚的手机壳", CASE), ("台登", LAMP), ("護眼檯燈", LAMP), ("键盘", DESK)],
)  # fmt: skip
def test_any_description_finds_the_order_also_beyond_those_shown(text: str, meant: Any) -> None:
    assert answered(text).slots["orders_number"] == meant.number
    assert opened(f"帮我看看{text}到哪了").slots.get("orders_number") in (meant.number, None)


def test_where_several_fit_only_those_are_offered() -> None:
    told = answered("耳机")
    assert told.slots["orders_number"] is None and told.slots["requested_slot"] == "orders_number"
    assert told.said == [], "a shorter list is an answer, no misunderstanding"
    asked = run(AskOrdersNumber(), "耳机", slots=told.slots, form="orders_status_form")
    assert [json.loads(b["payload"].removeprefix("/chat_inform"))["orders_number"] for b in asked.buttons] == [EARPHONES.number, OLD.number]


def test_the_list_goes_on_page_by_page() -> None:
    first = run(AskOrdersNumber(), "查订单", "orders_ask_status", form="orders_status_form")
    assert len(first.buttons) == 6 and '"more"' in first.buttons[-1]["payload"]
    pressed = answered("/chat_inform", entities={"orders_number": "more"}, slots=first.slots)
    assert pressed.said == [] and pressed.slots["chat_choices"]["page"] == 1
    second = run(AskOrdersNumber(), "/chat_inform", slots=pressed.slots, form="orders_status_form")
    assert [b["payload"] for b in second.buttons[:-1]] == [f'/chat_inform{{"orders_number": "{o.number}"}}' for o in ALL[5:]]
    assert answered("第二个", page=1).slots["orders_number"] == CASE.number, "the second of what is shown"


def test_what_the_customer_does_not_have_is_said_and_nothing_else_is_taken() -> None:
    for told in (answered("洗碗机"), opened("我的洗碗机到哪了")):
        assert told.said == ["utter_orders_none_fits"] and told.slots["orders_number"] is None
        assert told.messages[0]["words"] == "洗碗机"


def test_two_equal_characters_or_a_pair_of_digits_choose_nothing() -> None:
    for text in ("12", "的那个", "好的"):
        assert answered(text).slots.get("orders_number") is None


def test_the_other_one_is_not_the_one_spoken_of() -> None:
    two = {"slots": {"orders_last": EARPHONES.number}}
    assert opened("另一个也取消吧", "orders_cancel", ValidateOrdersCancelForm(), **two).slots["orders_number"] == LAMP.number
    assert answered("再上一单", slots={"orders_last": LAMP.number}).slots["orders_number"] == KETTLE.number


def test_a_description_that_fits_only_in_part_is_offered_and_not_taken() -> None:
    told = opened("我上个月买的台灯到哪了")
    assert told.slots.get("orders_number") is None and told.slots["chat_choices"]["ids"] == [LAMP.number]


def said_before(text: str, intent: str = "orders_ask_status") -> dict[str, Any]:
    """An earlier message, as the tracker keeps it."""
    return {"event": "user", "text": text, "parse_data": {"intent": {"name": intent}, "reference": described(text), "entities": []}}


def test_the_cheaper_one_is_the_cheaper_of_those_spoken_of() -> None:
    before = [said_before("我买过两副耳机 贵的那副能退差价吗"), said_before("便宜那个呢")]
    assert opened("便宜那个呢", events=before).slots["orders_number"] == OLD.number


@pytest.mark.parametrize(("text", "meant"), [("给我催催，家里锅坏了急用", "202611200021"), ("炒锅到底发没发", "202610200022")])
def test_goods_that_are_called_so_too_mean_the_order_spoken_of_where_the_other_cannot_be_hurried(
    shop: Shop, text: str, meant: str
) -> None:
    shop.orders["C1"] = [of("202611200021", "paid", "小灶台 F40 电饭煲"), of("202610200022", "completed", "厨匠 不粘炒锅"), *ALL]
    urges = "催" in text
    form, intent = (ValidateOrdersUrgeForm(), "orders_urge_shipping") if urges else (ValidateOrdersStatusForm(), "orders_ask_status")
    assert opened(text, intent, form, slots={"orders_last": "202611200021"}).slots["orders_number"] == meant


def test_a_day_on_which_it_was_to_come_offers_what_is_on_its_way_and_not_what_came_then(shop: Shop) -> None:
    on_its_way = [of("202611190031", "shipped", "远帆 托运箱"), of("202611190032", "shipped", "步野 徒步鞋")]
    came = replace(of("202611140033", "signed", "植觉 牙膏"), times={"created_at": "2026-11-14T09:00:00+08:00", "signed_at": "2026-11-20T09:00:00+08:00"})
    shop.orders["C1"] = [*on_its_way, came]
    told = opened("说昨天到的，到现在没影", "logistics_track", ValidateLogisticsTrackForm())
    assert told.slots["chat_choices"]["ids"] == [each.number for each in on_its_way]


# ── lines ─────────────────────────────────────────────────────────────────────


def returned(text: str, **more: Any) -> Outcome:
    slots = {"after_sales_kind": "return", **more.pop("slots", {})}
    return run(ValidateAfterSalesForm(), text, more.pop("intent", "after_sales_return"), form="after_sales_form", slots=slots, **more)


@pytest.mark.parametrize(("text", "line"), [("键盘按键失灵，我要退货", 1), ("摄像头不清楚，我要退货", 2)])
def test_goods_named_in_the_first_sentence_are_not_asked_for_again(text: str, line: int) -> None:
    told = returned(text)
    assert told.slots["orders_number"] == DESK.number and told.slots["after_sales_line"] == line


def test_the_line_named_before_the_order_was_chosen_is_kept(shop: Shop) -> None:
    shop.orders["C1"] = [*ALL, of("202607080009", "signed", "谷满 坚果", "88.00", "指间 C2 2K 高清摄像头")]
    several = returned("摄像头要退货")
    assert several.slots.get("orders_number") is None and len(several.slots["chat_choices"]["ids"]) == 2
    known = {**several.slots, "requested_slot": "orders_number"}
    chosen = returned("/chat_inform", slots=known, intent="chat_inform", entities={"orders_number": DESK.number})
    assert chosen.slots["orders_number"] == DESK.number and chosen.slots["after_sales_line"] == 2


@pytest.mark.parametrize(
    ("text", "entities"), [("/chat_inform", {"after_sales_line": 2}), ("第二个", {}), ("摄像头", {}), ("敲敲 C2 2K 高清摄像头", {})]
)
def test_the_second_line_chosen_is_the_second_line_filed(shop: Shop, text: str, entities: dict[str, Any]) -> None:
    pieces = [{"line": i.line, "title": i.title} for i in DESK.items]
    known: dict[str, Any] = {
        "orders_number": DESK.number, "orders_checked": "after_sales_form:possible", "after_sales_pieces": pieces,
        "requested_slot": "after_sales_line",
    }  # fmt: skip
    told = returned(text, slots=known, intent="chat_inform", entities=entities)
    assert told.slots["after_sales_line"] == 2
    known |= {"after_sales_kind": "return", "after_sales_line": 2, "after_sales_reason": "不清楚", "after_sales_confirmed": True}
    run(ActionAfterSalesOpen(), "确认", "chat_affirm", slots=known)
    assert shop.wishes[0].line == 2


# ── several at once ───────────────────────────────────────────────────────────


def test_the_same_for_several_orders_is_done_one_by_one() -> None:
    both = opened("那两单都取消了吧", "orders_cancel", ValidateOrdersCancelForm())
    assert both.slots["chat_choices"]["ids"] == [EARPHONES.number, LAMP.number]
    asked = run(AskOrdersNumber(), "那两单都取消了吧", slots=both.slots, form="orders_cancel_form")
    assert asked.said[0] == "utter_orders_one_by_one"
    slots = {**both.slots, "orders_number": EARPHONES.number, "orders_cancel_confirmed": True}
    done = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=slots)
    assert done.said[-1] == "utter_orders_others"
    assert [b["payload"] for b in done.buttons] == [f'/orders_cancel{{"orders_number": "{LAMP.number}"}}']


# ── other things ──────────────────────────────────────────────────────────────


def slip(number: str, title: str, kind: str, label: str, state: str) -> Return:
    return Return(number, SHOES.number, title, label, state, state, "199.00", "原路退回", None, "请等一等", kind=kind)


def test_slips_are_found_by_their_goods_and_kind(shop: Shop) -> None:
    shop.slips = {"C1": [slip("TH202611210001", "跑步鞋", "return", "退货", "awaiting_goods"),
                         slip("TH202611210002", "电热水壶", "exchange", "换货", "reviewing")]}  # fmt: skip
    told = run(ActionAfterSalesStatus(), "水壶换货怎么样了", "after_sales_ask_status")
    assert told.said == ["utter_after_sales_status"] or told.said[0].startswith("utter_after_sales_status")
    assert told.messages[0]["slip"] == "TH202611210002"
    which = run(ActionAfterSalesStatus(), "售后进度", "after_sales_ask_status")
    assert which.said == ["utter_after_sales_which"] and len(which.buttons) == 2
    assert len(run(AskAfterSalesSlip(), "撤销", form="after_sales_cancel_form").buttons) == 2


def ticket(number: str, subject: str) -> Ticket:
    return Ticket(number, subject, "处理中", "working", "一般", None, "")


def test_tickets_are_found_by_what_they_are_about(shop: Shop) -> None:
    shop.tickets = [ticket("GD202611210001", "配送员态度投诉"), ticket("GD202611210002", "扣款两次")]
    told = run(ActionTicketsStatus(), "扣款两次那个怎么样了", "tickets_ask_status", slots={"tickets_wish": "status"})
    assert told.messages[0]["ticket"] == "GD202611210002"
    slots = {"requested_slot": "tickets_number", "tickets_wish": "urge"}
    urged = run(ValidateTicketsForm(), "配送员那个", slots=slots, form="tickets_form")
    assert urged.slots["tickets_number"] == "GD202611210001"


def test_a_complaint_is_about_the_order_that_it_names_and_not_about_the_last_one(shop: Shop) -> None:
    shop.look = ComplaintLook(False, True, "normal", "send_back")
    told = run(ValidateComplaintsForm(), "跑鞋开胶了还不给退，我要投诉", "complaints_file", form="complaints_form",
               slots={"orders_last": EARPHONES.number})  # fmt: skip
    assert told.slots["complaints_order"] == SHOES.number
    assert told.slots["complaints_text"] == "跑鞋开胶了还不给退，我要投诉"


def test_the_answer_which_order_is_not_the_complaints_text(shop: Shop) -> None:
    slots = {"requested_slot": "complaints_order", "complaints_text": "质量太差"}
    told = run(ValidateComplaintsForm(), "跑鞋那个", slots=slots, form="complaints_form")
    assert told.slots["complaints_order"] == SHOES.number and "complaints_text" not in told.slots


def test_nobody_elses_order_is_found() -> None:
    assert answered("9块那个").slots.get("orders_number") is None
    assert opened("洗碗机什么时候到", "logistics_track", ValidateLogisticsTrackForm()).slots["orders_number"] is None


def test_the_back_office_is_asked_once_a_message(shop: Shop) -> None:
    calls = []
    of_before = type(shop.gateways().belongings).of

    def counted(self: Any, caller: Any) -> Any:
        calls.append(caller)
        return of_before(self, caller)

    kind = type(shop.gateways().belongings)
    kind.of = counted  # type: ignore[method-assign]
    try:
        returned("摄像头要退货")
    finally:
        kind.of = of_before  # type: ignore[method-assign]
    assert len(calls) == 1


def test_the_end_of_what_goods_are_called_means_them_where_only_one_is_called_so() -> None:
    told = {"conditions": [], "names": ["炉子点不着"], "bare": False}
    pieces = {kind: (Piece(1, f"某牌 {kind} 2 只", "", "户外", 99.0, 99.0),) for kind in ("卡式炉子", "行李推车")}
    things = [
        Thing(ORDER, number, number, f"某牌 {kind}", "已签收", "signed", 99.0, {}, (number,), pieces[kind])
        for number, kind in (("202611190001", "卡式炉子"), ("202611180012", "行李推车"))
    ]
    one = found(told, things, things).one
    assert one and one.id == "202611190001"
    assert found({**told, "names": ["那个点不着"]}, things, things).one is None
