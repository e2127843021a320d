"""The coupon for what came late, in the trained model's dialogue."""

from __future__ import annotations

import pytest

from actions.gateways.compensations import Due
from actions.gateways.knowledge import Fact, Found, Hit
from tests.actions.fakes import Shop, order
from tests.dialogue.talk import Assistant

KETTLE = order("202611180002", "shipped", "compensation", title="电热水壶")
LATE = Due(KETTLE.number, "电热水壶", "late_delivery", "预计 11-20 送到，现在还没到", "5 元无门槛券", 30)
RULE = Hit("faq-10-009", "配送延误有赔偿吗？", 0.97, "每单赔 5 元券。", "", "服务标准", 1, (Fact("late_delivery_yuan", "5", "元"),))
QUESTION = "快递送晚了你们有赔偿吗？"


@pytest.fixture(autouse=True)
def late(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two orders, one of them late."""
    monkeypatch.setattr(shop, "orders", {"C1": [order("202611190001", "signed", title="护眼台灯"), KETTLE]})
    monkeypatch.setattr(shop, "due", {KETTLE.number: LATE})
    monkeypatch.setattr(shop, "knowledge", {QUESTION: Found("answer", (RULE,))})


@pytest.mark.parametrize(
    "wish", ["帮我申请延误赔付", "快递超时了我要赔偿", "送晚了，给我赔付", "我要申请延迟发货赔付", "能帮我申请延误赔付吗"]
)
def test_a_wish_for_it_is_read_back_and_done_after_a_yes(assistant: Assistant, shop: Shop, wish: str) -> None:
    customer = assistant.customer()
    assert customer.say(wish) == ["utter_ask_logistics_confirmed"]
    assert customer.say("好的") == ["utter_logistics_compensated"]
    assert shop.done == [("compensate", KETTLE.number)] and customer.form is None


@pytest.mark.parametrize("yes", ["好的", "要的，帮我申请", "申请延误赔付", "那弄吧", "行，给我办一下"])
def test_a_question_is_answered_with_an_offer_that_a_yes_takes(assistant: Assistant, shop: Shop, yes: str) -> None:
    customer = assistant.customer()
    assert customer.say(QUESTION) == ["utter_faq_answer", "utter_faq_case_late_delivery_yuan"]
    assert customer.say(yes) == ["utter_logistics_compensated"]
    assert shop.done == [("compensate", KETTLE.number)]


def test_a_no_leaves_it(assistant: Assistant, shop: Shop) -> None:
    customer = assistant.customer()
    customer.say(QUESTION)
    assert customer.say("不用了") == ["utter_chat_deny"]
    assert customer.form is None and shop.done == []
