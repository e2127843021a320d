"""Parcels, as a customer meets them."""

from __future__ import annotations

from typing import Any

import pytest

from actions.logistics import (
    ActionLogisticsArrange,
    ActionLogisticsReport,
    ActionLogisticsTrack,
    ActionLogisticsUrge,
    AskLogisticsDetail,
    ValidateLogisticsArrangeForm,
    ValidateLogisticsReportForm,
    hours,
)
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run

KETTLE = order("202611180002", "shipped", title="电热水壶")
TRACKING = "LXWL0000000001"
FORM = "logistics_arrange_form"


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [KETTLE]}


def arrange(text: str, intent: str = "logistics_arrange", asked: str | None = None, **more: Any) -> Outcome:
    """A turn of the form."""
    slots = {"requested_slot": asked, **more.pop("slots", {})}
    return run(ValidateLogisticsArrangeForm(), text, intent, slots=slots, form=FORM, **more)


KNOWN = {"orders_number": KETTLE.number, "orders_checked": f"{FORM}:possible"}


@pytest.mark.parametrize(("late", "said"), [(True, "late"), (False, "early")])
def test_a_parcel_in_time_is_urged_kindly(shop: Shop, late: bool, said: str) -> None:
    shop.late = late
    done = run(ActionLogisticsUrge(), "催一下", "logistics_urge", slots={"orders_number": KETTLE.number})
    assert done.said == [f"utter_logistics_urged_{said}"] and shop.done == [("urge_parcel", TRACKING)]


@pytest.mark.parametrize(
    ("state", "told"),
    [("out_for_delivery", "utter_logistics_parcel_when_arrives_out_for_delivery"), ("in_transit", "utter_logistics_track")],
)
def test_of_a_parcel_on_the_van_the_same_is_not_told_twice(shop: Shop, state: str, told: str) -> None:
    shop.parcel_state = state
    slots = {"orders_number": KETTLE.number}
    first = run(ActionLogisticsTrack(), "到哪了", "logistics_track", slots=slots)
    assert first.said[0].startswith("utter_logistics_track")
    events: list[dict[str, Any]] = [{"event": "user", "text": "到哪了"}]
    events += [{"event": "bot", "text": "", "metadata": {"utter_action": first.said[0]}}, {"event": "user", "text": "四点能拿到不"}]
    focus = {"chat_focus": first.slots["chat_focus"]}
    again = run(ActionLogisticsTrack(), "四点能拿到不", "logistics_track", slots={**slots, **focus}, events=events)
    assert again.said[0].startswith(told)


@pytest.mark.parametrize("how", ["date", "time_slot", "pickup_point", "leave_with", "reroute"])
def test_each_way_has_its_own_question(how: str) -> None:
    asked = arrange("安排一下", entities={"logistics_how": how}).slots
    assert asked["requested_slot"] == "logistics_detail"
    slots = {**KNOWN, "logistics_how": how, "logistics_dates": ["2026-11-22"], "logistics_city": "杭州市"}
    question = run(AskLogisticsDetail(), slots=slots, form=FORM)
    assert question.said == [f"utter_ask_logistics_detail_{how}"]


@pytest.mark.parametrize("how", ["door", "refuse", "contact"])
def test_these_ways_need_no_question(how: str) -> None:
    assert arrange("安排一下", entities={"logistics_how": how}).slots["requested_slot"] is None


def test_what_the_first_sentence_names_is_not_asked_for() -> None:
    assert arrange("放门卫就行", entities={"logistics_how": "leave_with"}).slots["logistics_detail"] == "门卫"
    dated = arrange("周一再送", entities={"logistics_how": "date", "date": "2026-11-23"}).slots
    assert dated["logistics_detail"] == "2026-11-23"


def test_which_parcel_is_asked_before_when(shop: Shop) -> None:
    shop.orders = {"C1": [KETTLE, order("202611180003", "shipped", title="台灯")]}
    asked = arrange("周一再送", entities={"logistics_how": "date", "date": "2026-11-23"}).slots
    assert asked["requested_slot"] == "orders_number" and asked.get("logistics_detail") is None
    slots = {**asked, "orders_number": None}
    chosen = arrange("", "chat_inform", "orders_number", slots=slots, entities={"orders_number": KETTLE.number}).slots
    assert chosen["requested_slot"] in (None, "logistics_detail") and chosen.get("logistics_detail") != "-"


def test_another_day_for_what_has_not_left_is_a_change_of_the_order(shop: Shop) -> None:
    waiting = order("202611180009", "paid", title="洗衣机")
    shop.orders = {"C1": [waiting]}
    slots = {"orders_number": waiting.number, "logistics_how": "date", "logistics_detail": "-"}
    done = run(ActionLogisticsArrange(), slots=slots)
    assert done.said == ["utter_logistics_no_parcel_changed", "utter_chat_next"] and shop.done == []
    heard = next(event for event in done.events if event["event"] == "user")
    named = {each["entity"]: each["value"] for each in heard["parse_data"]["entities"]}
    assert named == {"orders_number": waiting.number, "orders_change_field": "delivery_date"}


def test_a_wrong_time_is_told_which_exist_and_asked_again(shop: Shop) -> None:
    shop.not_arrangeable = {"22:00-24:00": "time_slot_out_of_range"}
    slots = {**KNOWN, "logistics_how": "time_slot"}
    wrong = arrange("晚上十点", "chat_inform", "logistics_detail", slots=slots, entities={"time": "22:00"})
    assert wrong.said == ["utter_logistics_detail_rejected_time_slot_out_of_range"]
    assert wrong.slots["requested_slot"] == "logistics_detail"
    right = arrange("下午两点到四点", "chat_inform", "logistics_detail", slots=slots, entities={"time": "14:00/16:00"})
    assert right.slots["logistics_detail"] == "14:00-16:00"


def test_what_the_carrier_never_does_is_refused_before_asking(shop: Shop) -> None:
    shop.not_arrangeable = {"date": "carrier_not_house"}
    asked = arrange("改天送", entities={"logistics_how": "date"}).slots
    assert asked["requested_slot"] is None
    slots = {"orders_number": KETTLE.number, "logistics_how": "date", "logistics_detail": asked["logistics_detail"]}
    refused = run(ActionLogisticsArrange(), slots=slots)
    assert refused.said == ["utter_logistics_arrange_rejected_carrier_not_house"] and shop.done == []


def test_another_way_takes_the_place_of_the_first() -> None:
    slots = {**KNOWN, "logistics_how": "date"}
    changed = arrange("还是放门卫吧", "logistics_arrange", "logistics_detail", slots=slots, entities={"logistics_how": "leave_with"})
    assert changed.slots["logistics_how"] == "leave_with" and changed.slots["logistics_detail"] == "门卫"


def test_it_is_arranged_once_and_read_back(shop: Shop) -> None:
    slots = {"orders_number": KETTLE.number, "logistics_how": "leave_with", "logistics_detail": "门卫"}
    done = run(ActionLogisticsArrange(), slots=slots)
    assert done.said == ["utter_logistics_arranged_leave_with"]
    assert shop.done == [("arrange", TRACKING, "leave_with", "门卫")]


@pytest.mark.parametrize("problem", ["signed_not_received", "lost", "wrong_place", "wrong_trace", "stalled"])
def test_a_delivery_gone_wrong_is_looked_into_once(shop: Shop, problem: str) -> None:
    slots = {"orders_number": KETTLE.number, "logistics_problem": problem}
    done = run(ActionLogisticsReport(), slots=slots)
    assert done.said == [f"utter_logistics_reported_{problem}"] and shop.done == [("report", TRACKING, problem)]
    shop.known_investigation = True
    assert run(ActionLogisticsReport(), slots=slots).said == ["utter_logistics_reported_known"]


def test_what_went_wrong_is_asked_for_where_it_was_not_said() -> None:
    form = "logistics_report_form"
    asked = run(ValidateLogisticsReportForm(), "快递有问题", "logistics_report_problem", form=form).slots
    assert asked["requested_slot"] == "logistics_problem" and asked["logistics_words"] == "快递有问题"


@pytest.mark.parametrize(("time", "told"), [("14:00/16:00", "14:00-16:00"), ("09:00", "9:00-11:00"), ("上午", "上午")])
def test_times_as_the_carrier_takes_them(time: str, told: str) -> None:
    assert hours(time) == told


def test_a_parcel_is_stopped_by_wanting_the_money_back(shop: Shop) -> None:
    assert arrange("帮我拦截一下", slots=KNOWN, entities={"logistics_how": "intercept"}).slots["requested_slot"] is None
    told = run(ActionLogisticsArrange(), slots={**KNOWN, "logistics_how": "intercept"})
    assert told.said == ["utter_logistics_intercept"] and shop.done == [], "offered, and done when it is agreed to"


def test_another_address_is_read_back_and_sent_there_only_after_a_yes(shop: Shop) -> None:
    slots = {**KNOWN, "logistics_how": "reroute", "logistics_city": "杭州市"}
    told = arrange("西湖区样例路8号3幢502室", "chat_inform", "logistics_detail", slots=slots, entities={"address": "西湖区样例路8号3幢502室"})
    assert told.slots["logistics_detail"] == "西湖区样例路8号3幢502室"
    assert told.slots["requested_slot"] == "logistics_reroute_confirmed"
    slots |= {"logistics_detail": "西湖区样例路8号3幢502室"}
    early = run(ActionLogisticsArrange(), slots=slots)
    assert early.said == ["utter_chat_backend_unavailable"] and shop.done == [], "nothing is done unasked"
    better = arrange("不对，是5幢", "chat_inform", "logistics_reroute_confirmed", slots=slots, entities={"address": "5幢"})
    assert better.slots["logistics_detail"] == "西湖区样例路8号5幢502室"
    agreed = arrange("对", "chat_affirm", "logistics_reroute_confirmed", slots=slots)
    assert agreed.slots["logistics_reroute_confirmed"] is True and agreed.slots["requested_slot"] is None
    done = run(ActionLogisticsArrange(), slots={**slots, "logistics_reroute_confirmed": True})
    assert done.said[0].startswith("utter_logistics_arranged_reroute") and len(shop.done) == 1
