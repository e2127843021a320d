"""Questions to the knowledge in the trained model's dialogue: in front of a topic, and in the middle of a form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.gateways.knowledge import Found, Hit
from actions.gateways.orders import Rule
from tests.actions.fakes import Shop, order
from tests.dialogue.talk import Assistant

FEE = Hit("faq-1", "退货运费谁出？", 0.97, "质量问题商城出，其他情况您出。", "", "退换货", 1)
QUESTIONS = ("退货的运费到底谁来出？", "寄回去的邮费是我掏还是你们掏呀？")


@pytest.fixture(autouse=True)
def knowledge(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shop of one order, for these tests alone."""
    monkeypatch.setattr(shop, "orders", {"C1": [order("202611190001", "signed", "return", title="护眼台灯")]})
    monkeypatch.setattr(shop, "knowledge", {question: Found("answer", (FEE,)) for question in QUESTIONS})


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_sounds_like_a_wish_starts_nothing(assistant: Assistant, question: str) -> None:
    customer = assistant.customer()
    assert customer.say(question) == ["utter_faq_answer"]
    assert customer.form is None


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_within_a_form_is_answered_and_the_forms_question_comes_again(assistant: Assistant, question: str) -> None:
    customer = assistant.customer()
    customer.say("/after_sales_return")
    form, asked, before = customer.form, customer.asked, customer.said
    assert form and asked
    said = customer.say(question)
    assert said[0] == "utter_faq_answer" and said[-1] == before[-1]
    assert (customer.form, customer.asked) == (form, asked)
    assert customer.tracker.get_slot(asked) is None, "a question is no answer to the form"


def test_what_is_not_understood_and_not_known_is_not_counted_twice(assistant: Assistant) -> None:
    customer = assistant.customer()
    customer.say(QUESTIONS[0])
    assert not customer.tracker.get_slot("chat_misses")


def test_what_is_asked_of_the_slip_in_hand_is_answered_and_nothing_chosen_is_lost(assistant: Assistant, shop: Shop) -> None:
    shop.amounts, mine = {"return": "179.00"}, shop.orders["C1"][0]
    open_until = {**mine.allowed, "return": Rule(True, "", "", "2026-12-03")}
    shop.orders = {"C1": [replace(mine, allowed=open_until)]}
    customer = assistant.customer()
    customer.say("/after_sales_return")
    form, asked, before = customer.form, customer.asked, customer.said
    for question, says in (("明晚再交申请算超期吗", "until_when"), ("这灯到手能退回来多少呀", "comes_back"), ("是退我150对吧", "comes_back")):
        said = customer.say(question)
        assert said == [f"utter_faq_slip_{says}", before[-1]], question
        assert (customer.form, customer.asked) == (form, asked)
        assert customer.tracker.get_slot("orders_number") == mine.number and not customer.tracker.get_slot(asked)
