"""What was given stays given, what is corrected is changed, and no field gets words that were not meant for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.addresses import completed, corrected, rehoused
from actions.after_sales import ActionAfterSalesOpen, ValidateAfterSalesForm
from actions.chat import ActionChatContext
from actions.feedback import ActionFeedbackRate
from actions.invoices import ValidateInvoicesRequestForm
from actions.logistics import ValidateLogisticsArrangeForm
from actions.orders import ActionOrdersChange, AskOrdersChangeConfirmed, ValidateOrdersChangeForm
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run

CUP = order("202611190001", "paid", "change", title="保温杯")
SHOES = order("202611100003", "signed", "return", "exchange", "invoice", title="跑步鞋")
PARCEL = order("202611180002", "shipped", title="电热水壶")
TIMES = (("2026-11-22 上午", "11-22 上午（8:00-12:00）"), ("2026-11-22 下午", "11-22 下午（12:00-18:00）"))


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [replace(CUP, address="浙江省杭州市西湖区文三路 90 号 3 幢 502 室"), SHOES, PARCEL]}


class Talk:
    """A form's turns, one after another, as Rasa plays them: what each message gives is kept first."""

    def __init__(self, form: Any, number: str, **slots: Any) -> None:
        self.form = form
        self.slots = {"orders_number": number, "orders_checked": f"{form.form}:possible", **slots}

    def say(self, text: str, intent: str = "chat_inform", **entities: Any) -> Outcome:
        kept = run(ActionChatContext(), text, intent, slots=self.slots, form=self.form.form, message_id=text, entities=entities)
        self.slots.update(kept.slots)
        told = run(self.form, text, intent, slots=self.slots, form=self.form.form, entities=entities)
        self.slots.update(told.slots)
        return told

    @property
    def asked(self) -> Any:
        return self.slots.get("requested_slot")


# ── the order's own words ─────────────────────────────────────────────────────


def test_who_and_where_to_call_are_both_changed_at_once(shop: Shop) -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number)
    talk.say("收件人改成李四，电话13800138000", "orders_change", phone="13800138000")
    assert talk.asked == "orders_change_confirmed"
    asked = run(AskOrdersChangeConfirmed(), slots=talk.slots).messages[0]
    assert asked["changes"] == "收件人 李四，电话 13800138000"
    talk.say("对", "chat_affirm")
    assert run(ActionOrdersChange(), slots=talk.slots).said == ["utter_orders_changed"]
    assert shop.done == [("change", CUP.number, "recipient", "李四", "phone", "13800138000")]


@pytest.mark.parametrize(
    "words", ["杭州市滨江区江南大道1号，电话不变", "杭州市滨江区江南大道1号，谢谢", "杭州市滨江区江南大道1号，其他不用改🙏"]
)
def test_what_is_said_beside_an_address_is_no_part_of_it(words: str) -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number, orders_change_field="address", requested_slot="orders_change_value")
    talk.say(words)
    assert talk.slots["orders_change_value"] == "杭州市滨江区江南大道1号"


def test_a_room_alone_takes_the_place_of_the_room() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number)
    talk.say("房号写错了，是503室", "orders_change")
    assert talk.slots["orders_change_value"] == "浙江省杭州市西湖区文三路 90 号 3 幢 503室"
    talk.say("门牌错了，应该是1203室")
    assert talk.slots["orders_change_value"] == "浙江省杭州市西湖区文三路 90 号 3 幢 1203室"
    assert talk.asked == "orders_change_confirmed"


@pytest.mark.parametrize(
    ("address", "number", "now"),
    [("文三路90号3幢502室", "1203", "文三路90号3幢1203室"), ("文三路90号", "3幢502室", "文三路90号3幢502室"),
     ("万科城3幢502", "503", "万科城3幢503"), ("文三路90号2号楼301室", "3号楼1101", "文三路90号3号楼1101室"),
     ("文三路 90 号", "18号", "文三路 18号"), ("春晖苑6号楼702", "1105 十一层", "春晖苑6号楼十一层1105"),
     ("和平路8号3单元7楼701室", "8楼801", "和平路8号3单元8楼801室")],
)  # fmt: skip
def test_a_house_number_in_an_address(address: str, number: str, now: str) -> None:
    assert rehoused(address, number) == now


@pytest.mark.parametrize(
    ("said", "now"),
    [("江干区", "杭州市江干区样例路12号演示花园6幢1单元903"), ("样板街", "杭州市拱墅区样板街12号演示花园6幢1单元903"),
     ("样例路21号", "杭州市拱墅区样例路21号演示花园6幢1单元903"), ("演示家园", "杭州市拱墅区样例路12号演示家园6幢1单元903"),
     ("8幢", "杭州市拱墅区样例路12号演示花园8幢1单元903"), ("2单元", "杭州市拱墅区样例路12号演示花园6幢2单元903"),
     ("1105", "杭州市拱墅区样例路12号演示花园6幢1单元1105"), ("8幢1105", "杭州市拱墅区样例路12号演示花园8幢1单元1105"),
     ("江干区样例路12号演示花园6幢1105", "杭州市江干区样例路12号演示花园6幢1单元1105"),
     ("样板街5号3幢201", "杭州市拱墅区样板街5号3幢201"), ("样板街5号演示公寓", "杭州市拱墅区样板街5号演示公寓")],
)  # fmt: skip
def test_a_part_that_was_got_wrong_is_all_that_changes(said: str, now: str) -> None:
    assert corrected("杭州市拱墅区样例路12号演示花园6幢1单元903", said) == now


def test_the_address_read_back_is_corrected_part_by_part() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number, orders_change_field="address", requested_slot="orders_change_value")
    talk.say("杭州市拱墅区样例路12号演示花园6幢903", address="杭州市拱墅区样例路12号演示花园6幢903")
    talk.say("写错了 不是拱墅区 是江干区")
    assert talk.slots["orders_change_value"] == "杭州市江干区样例路12号演示花园6幢903"
    talk.say("903也错了 那是我弟家 是1105")
    assert talk.slots["orders_change_value"] == "杭州市江干区样例路12号演示花园6幢1105"
    assert talk.asked == "orders_change_confirmed"


def test_the_day_to_change_to_is_not_the_one_on_which_nobody_is_at_home() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number)
    text, days = "送货改到25号 23号家里没人", ("2026-11-25", "2026-11-23")
    places = [(text.index(day), text.index(day) + 3) for day in ("25号", "23号")]
    entities = [
        {"entity": "date", "value": day, "start": start, "end": end} for day, (start, end) in zip(days, places, strict=True)
    ]
    message = {"entities": entities, "values": [{**each, "kind": "day"} for each in entities]}
    told = run(ValidateOrdersChangeForm(), text, "orders_change", slots=talk.slots, form=talk.form.form, message=message)
    assert (told.slots["orders_change_value"], told.said) == ("2026-11-25", [])


def test_a_part_of_the_day_is_told_to_be_none_that_can_be_chosen_here() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number)
    assert talk.say("送货改到11月25日下午", "orders_change", date="2026-11-25").said == ["utter_orders_change_day_only"]
    asked = run(AskOrdersChangeConfirmed(), slots=talk.slots).messages[0]
    assert asked["changes"] == "送货日期 2026-11-25（周三）"


def test_another_wish_is_no_value_of_a_field() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number, orders_change_field="remark", requested_slot="orders_change_value")
    talk.say("转人工", "handoff_request")
    assert talk.slots.get("orders_change_value") is None


# ── why goods go back ─────────────────────────────────────────────────────────


def returning(**slots: Any) -> Talk:
    return Talk(ValidateAfterSalesForm(), SHOES.number, **{"after_sales_kind": "return", **slots})


def test_a_reason_given_before_is_not_asked_for_and_is_filed_as_it_was_said(shop: Shop) -> None:
    talk = returning()
    talk.say("你好，鞋底开胶了，我要退货，谢谢", "after_sales_return")
    assert (talk.asked, talk.slots["after_sales_reason"]) == ("after_sales_confirmed", "鞋底开胶了")
    talk.say("确认", "chat_affirm")
    run(ActionAfterSalesOpen(), slots=talk.slots)
    assert [(wish.reason, wish.reason_code) for wish in shop.wishes] == [("鞋底开胶了", shop.reason_code)]


@pytest.mark.parametrize(("words", "intent"), [("还是不退了", "chat_stop"), ("叫人来", "handoff_request"), ("退货运费谁出", "faq"),
                                               ("等一下，我问问家里人", "nlu_fallback")])  # fmt: skip
def test_a_wish_or_a_question_is_no_reason(words: str, intent: str) -> None:
    talk = returning(requested_slot="after_sales_reason")
    talk.say(words, intent)
    assert talk.slots.get("after_sales_reason") is None


def test_another_reason_changes_what_hangs_on_it(shop: Shop) -> None:
    shop.pickups = ()
    talk = returning(
        after_sales_reason="发错货", after_sales_reason_code="wrong_item", after_sales_pickups=[list(t) for t in TIMES],
        after_sales_pickup=TIMES[0][0], requested_slot="after_sales_confirmed",
    )  # fmt: skip
    talk.say("不对，是我买大了")
    assert talk.slots["after_sales_reason_code"] == "size" and "买大了" in talk.slots["after_sales_reason"]
    assert talk.slots["after_sales_pickup"] is None, "nobody comes for it now"
    assert talk.asked == "after_sales_confirmed", "it is read back"


def test_a_reason_taken_back_is_asked_for_again_and_not_filed(shop: Shop) -> None:
    talk = returning(
        after_sales_reason="质量问题", after_sales_reason_code="quality", requested_slot="after_sales_confirmed"
    )  # fmt: skip
    talk.say("原因不是质量问题")
    assert (talk.slots["after_sales_reason"], talk.asked) == (None, "after_sales_reason")
    assert shop.done == []


def test_when_it_is_fetched_may_be_said_at_once(shop: Shop) -> None:
    shop.pickups = TIMES
    talk = returning()
    talk.say("鞋底开胶了，退货，明天下午来取", "after_sales_return", date="2026-11-22", time="12:00/18:00")
    assert (talk.slots["after_sales_pickup"], talk.asked) == (TIMES[1][0], "after_sales_confirmed")
    talk.say("改上午吧", time="08:00/12:00")
    assert talk.slots["after_sales_pickup"] == TIMES[0][0], "another part of the same day"


# ── whom an invoice is for ────────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["开发票，个人，陈思远", "个人抬头陈思远", "发票抬头写陈思远"])
def test_a_persons_title_is_the_one_that_was_said(words: str) -> None:
    talk = Talk(ValidateInvoicesRequestForm(), SHOES.number)
    talk.say(words, "invoices_request")
    assert (talk.slots["invoices_title"], talk.slots["invoices_title_kind"]) == ("陈思远", "person")
    assert talk.asked == "invoices_email"


def test_another_title_keeps_the_tax_number() -> None:
    heading = {"invoices_type": "normal", "invoices_title_kind": "company", "invoices_title": "远航公司", "invoices_email": "none"}
    number = "91440300708461136T"
    talk = Talk(ValidateInvoicesRequestForm(), SHOES.number, **heading, invoices_tax_number=number,
                requested_slot="invoices_confirmed")  # fmt: skip
    talk.say("抬头错了，应该是深圳远航科技有限公司")
    assert (talk.slots["invoices_title"], talk.slots["invoices_tax_number"]) == ("深圳远航科技有限公司", number)
    assert talk.asked == "invoices_confirmed"


# ── a parcel's way, a score ───────────────────────────────────────────────────


def test_a_part_of_another_day_keeps_the_day() -> None:
    talk = Talk(ValidateLogisticsArrangeForm(), PARCEL.number)
    when = {"logistics_how": "time_slot", "date": "2099-11-23"}
    talk.say("后天下午送", "logistics_arrange", **when)
    assert (talk.slots["logistics_how"], talk.slots["logistics_detail"]) == ("date", "2099-11-23")


def test_where_a_parcel_is_left_is_only_the_place() -> None:
    talk = Talk(ValidateLogisticsArrangeForm(), PARCEL.number, logistics_how="pickup_point", requested_slot="logistics_detail")
    talk.say("放小区南门驿站就行，谢谢")
    assert talk.slots["logistics_detail"] == "小区南门驿站"


def test_a_low_score_with_its_reason_asks_nothing_more(shop: Shop) -> None:
    rated = run(ActionFeedbackRate(), "1分，等了半天没人理", "feedback_rate")
    assert rated.said == ["utter_feedback_rated_1", "utter_feedback_followup"] and rated.loop is None
    assert [each[0] for each in shop.done] == ["rate", "amend", "ticket"] and "等了半天没人理" in shop.done[1]


def test_what_is_denied_is_no_longer_given() -> None:
    given = {"reason": {"value": "坏了", "code": "quality", "at": 0}}
    denied = [{"kind": "denied", "value": "坏"}]
    kept = run(ActionChatContext(), "没有坏", slots={"chat_given": given}, message={"values": denied})
    assert kept.slots["chat_given"] is None


# ── changed afterwards ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "whole"),
    [("测试家园8号楼702室", "广西桂林市七星区虚构巷175号测试家园8号楼702室"), ("虚构巷180号", "广西桂林市七星区虚构巷180号"),
     ("浙江省杭州市西湖区文三路9号", "浙江省杭州市西湖区文三路9号"), ("幸福小区3幢", "幸福小区3幢"),
     ("同一个小区，6号楼1103室", "广西桂林市七星区虚构巷175号测试家园6号楼1103室"), ("还是这个院6号楼 402", "广西桂林市七星区虚构巷175号测试家园6号楼402室"),
     ("同小区 七星区虚构巷175号测试家园9号楼501室", "七星区虚构巷175号测试家园9号楼501室")],
)  # fmt: skip
def test_an_address_is_made_whole_by_the_one_that_stands(said: str, whole: str) -> None:
    assert completed("广西桂林市七星区虚构巷175号测试家园18号楼702室", said) == whole


def test_the_field_follows_the_value_that_is_given() -> None:
    talk = Talk(ValidateOrdersChangeForm(), CUP.number, orders_change_field="delivery_date", requested_slot="orders_change_value")
    talk.say("地址改成杭州市滨江区江南大道1号", "orders_change")
    assert (talk.slots["orders_change_field"], talk.slots["orders_change_value"]) == ("address", "杭州市滨江区江南大道1号")
    assert talk.asked == "orders_change_confirmed"


SLIP_TO_BE = {
    "after_sales_kind": "return", "after_sales_reason": "鞋底开胶", "after_sales_reason_code": "quality",
    "after_sales_pickups": [list(each) for each in TIMES], "after_sales_pickup": TIMES[0][0],
    "requested_slot": "after_sales_confirmed",
}  # fmt: skip


def test_another_half_day_keeps_the_day_and_all_else() -> None:
    talk = Talk(ValidateAfterSalesForm(), SHOES.number, **SLIP_TO_BE)
    talk.say("行，但是改成下午", time="12:00/18:00")
    assert talk.slots["after_sales_pickup"] == TIMES[1][0] and talk.slots["after_sales_reason"] == "鞋底开胶"
    assert talk.asked == "after_sales_confirmed" and not talk.slots.get("after_sales_confirmed"), "it is read back first"


def test_a_time_that_is_none_on_offer_is_told_which_are() -> None:
    talk = Talk(ValidateAfterSalesForm(), SHOES.number, **{**SLIP_TO_BE, "after_sales_pickup": None, "requested_slot": "after_sales_pickup"})
    assert talk.say("下班后来取", time="18:00/20:00").said == ["utter_after_sales_pickup_out_of_range"]
    assert talk.say("这两天都不在家", "chat_deny").said[0] == "utter_after_sales_pickup_away", "and not: sent by oneself"
    talk.say("三点以后", time="03:00")
    assert talk.slots["after_sales_pickup"] == TIMES[1][0]


def test_what_answers_another_question_is_no_reason() -> None:
    asked = {**SLIP_TO_BE, "after_sales_reason": None, "after_sales_reason_code": None, "after_sales_pickup": None}
    talk = Talk(ValidateAfterSalesForm(), SHOES.number, **{**asked, "requested_slot": "after_sales_reason"})
    talk.say("上门拿 明天上午", after_sales_pickup="fetched", time="08:00/12:00")
    assert talk.slots.get("after_sales_reason") is None


def test_a_fault_only_supposed_is_not_kept() -> None:
    kept = run(ActionChatContext(), "要是屏幕裂了怎么办", "faq", message_id="supposed")
    assert "reason" not in (kept.slots.get("chat_given") or {})


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("啊对了，我的积分不会下个月就作废了吧", {"command": "start", "intent": "account_ask_assets"}),
        ("下周才寄会不会逾期", {"command": "set", "slot": "after_sales_reason", "value": "下周才寄会不会逾期"}),
    ],
)
def test_what_is_asked_beside_the_reason_is_none(text: str, command: dict[str, Any]) -> None:
    heard = {"values": [{"kind": "reason", "value": "会不会逾期" if "逾期" in text else "下个月就作废了", "code": "quality"}]}
    slots = {"orders_number": SHOES.number, "orders_checked": "after_sales_form:possible", "after_sales_kind": "return"}
    slots |= {"requested_slot": "after_sales_reason"}
    asked: dict[str, Any] = {"text": text, "form": "after_sales_form", "message": {**heard, "commands": [command]}}
    assert not run(ActionChatContext(), slots=slots, **asked).slots.get("chat_given")
    if command["command"] == "start":
        asked["message"]["intent"] = {"name": "account_ask_assets", "confidence": 0.9}
        filled = run(ValidateAfterSalesForm(), slots=slots, **asked)
        assert filled.slots == {"requested_slot": "after_sales_reason"} and not filled.said
