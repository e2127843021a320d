"""Danger first, in the trained model's dialogue: whatever was going on, first what to do now, then a person."""

from __future__ import annotations

import pytest

from tests.actions.fakes import Shop, order
from tests.dialogue.talk import Assistant

BURNT = "刚才烧水壶的开水洒出来，把我女儿的手烫起泡了"
SHOCK = "插座漏电，我爸被电了一下，手到现在还麻"


@pytest.fixture(autouse=True)
def goods(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "signed", "return", title="护眼台灯")]}


def test_first_aid_comes_first_then_a_person_and_no_list_of_orders(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    said = customer.say(BURNT)
    assert said[0] == "utter_danger_burn"
    assert len(said) == 2 and said[1].startswith("utter_handoff")
    assert [each.reason for each in shop.handoffs] == ["danger"]


def test_a_danger_within_a_form_ends_it(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say("/after_sales_return")
    assert customer.form
    said = customer.say(SHOCK)
    assert said[0] == "utter_danger_shock" and customer.form is None
    assert shop.handoffs[-1].reason == "danger"


def test_who_waits_for_a_person_hears_it_once_and_the_person_reads_it(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say("转人工")
    assert customer.say(BURNT)[0] == "utter_danger_burn"
    assert shop.handoffs[-1].reason == "danger"
    assert BURNT in str(shop.done), "relayed at once"
    assert "utter_danger_burn" not in customer.say("孩子的手烫伤了，起了好多泡，怎么办")


def test_who_is_being_cheated_is_stopped_at_once_and_told_of_no_ambulance(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    said = customer.say("有人打电话说是你们客服，让我把验证码念给他")
    assert said[0] == "utter_danger_fraud" and said[1].endswith("_fraud")
    assert shop.handoffs[-1].reason == "danger"
    assert customer.say("我已经给了他四位")[-1] == "utter_handoff_waiting_fraud"


@pytest.mark.parametrize("harmless", ["手机都快把我气炸了", "这个插座会不会漏电", "有灭火器卖吗", "等得我要原地爆炸了"])
def test_a_look_alike_is_none(assistant: Assistant, harmless: str) -> None:
    assert not [each for each in assistant.customer().say(harmless) if each.startswith("utter_danger")]


def test_where_there_is_no_danger_the_form_goes_on_with_its_question(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say("/after_sales_return")
    form, asked = customer.form, customer.asked
    assert form and asked
    customer.say(SHOCK)
    assert customer.form is None
    said = customer.say("没有危险")
    assert (customer.form, customer.asked) == (form, asked)
    assert said[0].startswith("utter_ask_")
