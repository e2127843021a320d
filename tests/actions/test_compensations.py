"""The coupon for what came late, as a customer meets it: offered, asked for, refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.compensations import (
    ActionLogisticsCompensation,
    AskLogisticsConfirmed,
    ValidateLogisticsCompensationForm,
)
from actions.faq import ActionFaqAnswer
from actions.gateways.compensations import Due
from actions.gateways.errors import Unavailable
from actions.gateways.knowledge import Fact, Found, Hit
from actions.gateways.orders import Rule
from actions.logistics import ActionLogisticsTrack
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run
from tests.actions.test_invoices import Talk

WISH, ASKED = "logistics_compensation", "logistics_confirmed"
KETTLE = order("202611180002", "shipped", "compensation", title="电热水壶")
QUILT = order("202611180003", "shipped", "compensation", title="羽绒被")
LAMP = order("202611190001", "signed", title="护眼台灯")
LATE = Due(KETTLE.number, "电热水壶", "late_delivery", "预计 11-20 送到，现在还没到", "5 元无门槛券", 30)
RULE = Hit("faq-10-009", "配送延误有赔偿吗？", 0.95, "每单赔 5 元券。", "", "服务标准", 1, (Fact("late_delivery_yuan", "5", "元"),))
QUESTION = "送晚了赔不赔"
OFFER = '/logistics_compensation{"orders_number": "202611180002", "logistics_agreed": "yes"}'


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [LAMP, KETTLE]}
    shop.due = {KETTLE.number: LATE}
    shop.knowledge = {QUESTION: Found("answer", (RULE,))}


def asked(**more: Any) -> Outcome:
    return run(ActionFaqAnswer(), text=more.pop("text", QUESTION), intent="faq", **more)


def test_the_only_order_that_is_due_a_coupon_is_told_and_paid_after_a_yes(shop: Shop) -> None:
    talk = Talk(ValidateLogisticsCompensationForm())
    talk.say("帮我申请延误赔付", WISH)
    assert (talk.slots["orders_number"], talk.asked) == (KETTLE.number, ASKED)
    question = run(AskLogisticsConfirmed(), slots=talk.slots).messages[0]
    assert (question["title"], question["reason"], question["coupon"]) == ("电热水壶", LATE.reason, "5 元无门槛券")
    assert shop.done == []
    talk.say("好的", "chat_affirm")
    told = run(ActionLogisticsCompensation(), slots=talk.slots)
    assert told.said == ["utter_logistics_compensated"]
    assert (told.messages[0]["coupon"], told.messages[0]["until"]) == ("5 元无门槛券", "12-21 23:59")
    assert shop.done == [("compensate", KETTLE.number)]
    assert told.slots[ASKED] is None and told.slots["logistics_due"] is None


def test_of_two_late_orders_one_is_chosen(shop: Shop) -> None:
    shop.orders["C1"].append(QUILT)
    shop.due[QUILT.number] = replace(LATE, order=QUILT.number, title="羽绒被")
    talk = Talk(ValidateLogisticsCompensationForm())
    talk.say("帮我申请延误赔付", WISH)
    assert talk.asked == "orders_number"
    assert talk.slots["chat_choices"]["ids"] == [KETTLE.number, QUILT.number], "only those that are due"
    talk.say("/…", orders_number=QUILT.number)
    assert (talk.slots["logistics_due"]["title"], talk.asked) == ("羽绒被", ASKED)


@pytest.mark.parametrize("last", [LAMP.number, KETTLE.number, None])
def test_the_order_that_is_late_is_meant_whichever_was_spoken_of(last: str | None) -> None:
    talk = Talk(ValidateLogisticsCompensationForm())
    talk.slots["orders_last"] = last
    talk.say("晚到要赔的吧，给我办一下", WISH)
    assert (talk.slots["orders_number"], talk.asked) == (KETTLE.number, ASKED)


def test_who_agreed_when_it_was_told_is_asked_nothing_more(shop: Shop) -> None:
    talk = Talk(ValidateLogisticsCompensationForm())
    talk.say("/…", WISH, orders_number=KETTLE.number, logistics_agreed="yes")
    assert talk.asked is None
    told = run(ActionLogisticsCompensation(), slots=talk.slots)
    assert told.said == ["utter_logistics_compensated"] and shop.done == [("compensate", KETTLE.number)]
    given = told.slots["chat_focus"][0]
    assert (given["kind"], given["told"]) == ("compensation", "given")
    assert {"worth", "done", "why_amount"} <= set(given["asks"])


def test_a_no_leaves_it(shop: Shop) -> None:
    slots = {"orders_number": KETTLE.number, ASKED: False}
    assert run(ActionLogisticsCompensation(), slots=slots).said == ["utter_logistics_compensation_kept"]
    assert shop.done == []


def test_what_the_shop_refuses_is_not_asked_for_and_said_in_its_words(shop: Shop) -> None:
    refused = {**LAMP.allowed, "compensation": Rule(False, "compensation_not_late", "11-20 就到了，没有延误。")}
    shop.orders = {"C1": [replace(LAMP, allowed=refused)]}
    talk = Talk(ValidateLogisticsCompensationForm())
    talk.say("帮我申请延误赔付", WISH, orders_number=LAMP.number)
    assert talk.asked is None
    told = run(ActionLogisticsCompensation(), slots=talk.slots)
    assert told.said == ["utter_logistics_compensation_rejected_compensation_not_late"]
    assert told.messages[0]["detail"] == "11-20 就到了，没有延误。" and shop.done == []


@pytest.mark.parametrize("last", [KETTLE.number, LAMP.number, None])
def test_who_asks_about_the_rule_is_offered_what_their_order_is_due(last: str | None) -> None:
    told = asked(slots={"orders_last": last})
    assert told.said == ["utter_faq_answer", "utter_faq_case_late_delivery_yuan"]
    assert (told.messages[1]["order"], told.messages[1]["coupon"]) == ("电热水壶", "5 元无门槛券")
    assert [button["payload"] for button in told.buttons] == [OFFER]
    assert told.slots["chat_offered"] == OFFER


def test_nothing_is_offered_where_nothing_or_who_knows_which_is_due(shop: Shop) -> None:
    assert asked(customer=None).said == ["utter_faq_answer"]
    shop.orders["C1"].append(QUILT)
    shop.due[QUILT.number] = replace(LATE, order=QUILT.number)
    assert asked().said == ["utter_faq_answer"]
    shop.due = {}
    told = asked()
    assert told.said == ["utter_faq_answer"] and not told.slots.get("chat_offered")


def test_an_answer_does_not_wait_for_an_offer_that_cannot_be_had(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> None:
        raise Unavailable("down")

    monkeypatch.setattr(type(shop.gateways().compensations), "due", down)
    assert asked().said == ["utter_faq_answer"]


def test_a_late_parcel_has_a_button_where_a_coupon_is_due(shop: Shop) -> None:
    shop.late = True
    track = run(ActionLogisticsTrack(), "到哪了", "logistics_track", slots={"orders_number": KETTLE.number})
    assert track.said == ["utter_logistics_track_late_due"] and track.messages[0]["coupon"] == "5 元无门槛券"
    assert [button["payload"] for button in track.messages[0]["buttons"]] == [OFFER]
    shop.orders["C1"] = [order(KETTLE.number, "shipped", title="电热水壶")]
    track = run(ActionLogisticsTrack(), "到哪了", "logistics_track", slots={"orders_number": KETTLE.number})
    assert track.messages[0]["buttons"] == []
