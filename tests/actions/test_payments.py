"""A payment gone wrong: what is seen is said, and a person is called where only a person can tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from actions.gateways.payments import PaymentCheck
from actions.gateways.tickets import Ticket
from actions.payments import ActionPaymentsReport, ValidatePaymentsForm
from tests.actions.fakes import Shop, order
from tests.actions.talk import DOMAIN, run
from tests.actions.test_invoices import Talk

ORDER = order("202611210007", "unpaid", title="保温杯")


def check(finding: str, needs_person: bool = False, **values: Any) -> PaymentCheck:
    kept = {
        "problem": "付了款，订单没有变", "finding": finding, "needs_person": needs_person, "order_number": ORDER.number,
        "title": "保温杯", "state": "待付款", "amount": "89.00", "method": "微信支付", "other_order": None,
        "until": "2026-11-21T15:10:00+08:00", "seen": "订单待付款，没有收到付款通知。", "ticket": None, "ticket_due": None,
    }  # fmt: skip
    return PaymentCheck(**{**kept, **values})


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [ORDER]}


def test_the_words_say_what_went_wrong() -> None:
    talk = Talk(ValidatePaymentsForm())
    talk.say("付了钱订单还显示未付款", "payments_report_problem")
    assert (talk.slots["payments_problem"], talk.asked) == ("paid_unpaid", None)


def test_unclear_trouble_is_asked_about_and_other_words_go_to_a_person() -> None:
    talk = Talk(ValidatePaymentsForm())
    talk.say("付款有问题", "payments_report_problem")
    assert talk.asked == "payments_problem"
    talk.say("页面怪怪的")
    assert (talk.slots["payments_problem"], talk.slots["payments_words"]) == ("other", "页面怪怪的")


def test_what_settles_by_itself_opens_no_ticket(shop: Shop) -> None:
    shop.payment = check("notice_late")
    told = run(ActionPaymentsReport(), slots={"payments_problem": "paid_unpaid"})
    assert told.said == ["utter_payments_seen_notice_late"]
    assert (told.messages[0]["until"], shop.done) == ("11-21 15:10", [])
    assert told.slots["payments_problem"] is None and told.slots["orders_last"] == ORDER.number


def test_where_a_person_must_look_a_ticket_is_offered_and_holds_what_was_said_and_seen(shop: Shop) -> None:
    shop.payment = check("no_payment_seen", True)
    told = run(ActionPaymentsReport(), slots={"payments_problem": "paid_unpaid", "payments_words": "扣了钱没变"})
    assert told.said == ["utter_payments_seen_no_payment_seen", "utter_payments_ask_person"]
    assert shop.done == [], "nothing is filed unasked"
    talk = Talk(ValidatePaymentsForm())
    talk.slots |= {"payments_words": "扣了钱没变"}
    talk.say("好的", "payments_report_problem", payments_problem="paid_unpaid", payments_person="yes", orders_number=ORDER.number)
    told = run(ActionPaymentsReport(), slots=talk.slots)
    assert told.said == ["utter_payments_seen_no_payment_seen", "utter_payments_ticket"]
    assert told.messages[1]["ticket"] == "GD202611210004"
    assert shop.done == [("ticket", "payment_problem", "扣了钱没变\n订单待付款，没有收到付款通知。")]


def test_an_open_ticket_is_named_and_no_second_one_opened(shop: Shop) -> None:
    shop.tickets = [Ticket("GD1", "付了没变", "处理中", "working", "一般", "2026-11-22T15:00:00+08:00", "", ORDER.number)]
    shop.payment = check("no_payment_seen", True, ticket="GD1", ticket_due="2026-11-22T15:00:00+08:00")
    waits = [{"intent": "tickets_ask_status", "words": "查得咋样", "entities": [], "reference": {"conditions": []}}]
    told = run(ActionPaymentsReport(), slots={"payments_problem": "paid_unpaid", "chat_requests": waits})
    assert told.said == ["utter_payments_seen_no_payment_seen", "utter_payments_ticket_known"]
    assert shop.done == [] and told.slots["chat_requests"] is None, "how it is going has been answered"
    assert [each["kind"] for each in told.slots["chat_focus"]] == ["ticket", "payment"]


def test_the_customer_may_have_a_person_look_anyway(shop: Shop) -> None:
    shop.payment = check("comes_back")
    talk = Talk(ValidatePaymentsForm())
    talk.say("/…", "payments_report_problem", payments_problem="paid_unpaid", payments_person="yes", orders_number=ORDER.number)
    told = run(ActionPaymentsReport(), slots=talk.slots)
    assert told.said == ["utter_payments_seen_comes_back", "utter_payments_ticket"]


def test_an_unknown_order_is_told(shop: Shop) -> None:
    shop.payment = check("payment_seen")
    told = run(ActionPaymentsReport(), slots={"payments_problem": "paid_unpaid", "payments_order": "202001010001"})
    assert told.said == ["utter_payments_order_not_found"]
    assert told.slots["payments_order"] is None


def test_a_shop_that_is_down_opens_nothing(shop: Shop) -> None:
    shop.payment, shop.down = check("no_payment_seen", True), True
    assert run(ActionPaymentsReport(), slots={"payments_problem": "failed"}).said == ["utter_chat_backend_unavailable"]


def test_every_finding_of_the_shop_has_words_of_its_own() -> None:
    rules = Path(__file__).resolve().parents[2] / "backoffice" / "rules" / "payments.py"
    findings = set(re.findall(r'(?:Finding\(|code = |else )"(\w+)"', rules.read_text("utf-8")))
    assert len(findings) == 15
    assert {f"utter_payments_seen_{finding}" for finding in findings} <= set(DOMAIN["responses"])


def test_what_a_person_has_settled_is_told_once_and_then_when_the_money_is_back(shop: Shop) -> None:
    shop.payment = check("settled", settled="GD202611200001", answer="已原路退回", until="2026-11-25T23:59:00+08:00")
    slots: dict[str, Any] = {"payments_problem": "charged_twice"}
    first = run(ActionPaymentsReport(), "多扣的钱退了没", slots=slots)
    again = run(ActionPaymentsReport(), "那笔哪天回来", slots={**slots, "chat_focus": first.slots["chat_focus"]})
    assert (first.said, again.said) == (["utter_payments_seen_settled"], ["utter_payments_payment_when_money_settled"])
    assert (first.messages[0]["ticket"], again.messages[0]["until"]) == ("GD202611200001", "11-25 23:59")
    assert shop.done == []
