"""Invoices, as a customer meets them."""

from __future__ import annotations

from typing import Any

import pytest

from actions.invoices import (
    ActionInvoicesChange,
    ActionInvoicesRequest,
    ActionInvoicesSplit,
    ActionInvoicesStatus,
    AskInvoicesConfirmed,
    AskInvoicesNumber,
    ValidateInvoicesChangeForm,
    ValidateInvoicesRequestForm,
    ValidateInvoicesStatusForm,
)
from tests.actions.fakes import Shop, invoice, order
from tests.actions.talk import Outcome, run

SHOES = order("202611100003", "signed", "invoice", title="跑步鞋")
LAMP = order("202611090004", "completed", "invoice", title="护眼台灯")
UNPAID = order("202611200005", "unpaid", title="保温杯")
TAX = "91440300708461136T"
REQUEST = "invoices_request_form"
CHANGE = "invoices_change_form"


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [SHOES], "C2": [SHOES, LAMP], "C3": [UNPAID]}
    shop.invoices = {"C1": [invoice("FP202611120001")]}


class Talk:
    """A form's turns, one after another, each knowing what the ones before filled."""

    def __init__(self, form: Any, **slots: Any) -> None:
        self.form, self.slots = form, slots

    def say(self, text: str, intent: str = "chat_inform", customer: str = "C1", **entities: Any) -> Outcome:
        told = run(self.form, text, intent, customer, self.slots, self.form.form, entities=entities)
        self.slots.update(told.slots)
        return told

    @property
    def asked(self) -> Any:
        return self.slots.get("requested_slot")


def known(**slots: Any) -> dict[str, Any]:
    return {f"invoices_{name}": value for name, value in slots.items()}


def test_what_the_first_sentence_says_is_not_asked_again() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say(
        f"开发票，抬头深圳远航科技有限公司，税号{TAX}，发到cai@example.com", "invoices_request",
        tax_number=TAX, email="cai@example.com",
    )  # fmt: skip
    assert talk.asked == "invoices_confirmed"
    wanted = known(type="normal", title_kind="company", title="深圳远航科技有限公司", tax_number=TAX, email="cai@example.com")
    assert {name: talk.slots[name] for name in wanted} == wanted


def test_a_person_is_only_asked_for_the_mail_address() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("帮我开发票", "invoices_request")
    assert talk.asked == "invoices_title_kind"
    talk.say("个人的")
    assert (talk.slots["invoices_title"], talk.asked) == ("王小明", "invoices_email")
    talk.say("不用了", "chat_deny")
    assert (talk.slots["invoices_email"], talk.asked) == ("none", "invoices_confirmed")


def test_a_company_is_asked_for_title_and_tax_number() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("公司要报销，开个票", "invoices_request")
    assert talk.asked == "invoices_title"
    talk.say("某某街道办", "faq")
    assert (talk.slots["invoices_title"], talk.asked) == ("某某街道办", "invoices_tax_number")
    talk.say("9144 0300 7084 61136t")
    assert (talk.slots["invoices_tax_number"], talk.asked) == (TAX, "invoices_email")


@pytest.mark.parametrize("number", ["91440300708461", "91440300708461136T99", "123456"])
def test_a_wrong_tax_number_is_explained_and_asked_again(number: str) -> None:
    talk = Talk(ValidateInvoicesRequestForm(), **known(title_kind="company", title="远航公司", type="normal"))
    talk.slots |= {"orders_number": SHOES.number, "orders_checked": f"{REQUEST}:possible", "requested_slot": "invoices_tax_number"}
    told = talk.say(f"税号{number}")
    assert told.said == ["utter_invoices_tax_number_wrong"]
    assert (talk.slots["invoices_tax_number"], talk.asked) == (None, "invoices_tax_number")


def test_a_number_that_looks_mistyped_is_pointed_at_and_may_be_kept() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开发票，抬头远航科技有限公司，税号91440300708461136X，不用发邮箱", "invoices_request")
    assert talk.slots["invoices_doubtful"] is True
    asked = run(AskInvoicesConfirmed(), slots=talk.slots, form=REQUEST)
    assert asked.said == ["utter_invoices_tax_number_doubtful", "utter_ask_invoices_confirmed_company"]
    talk.slots["requested_slot"] = "invoices_confirmed"
    talk.say(f"写错了，税号是{TAX}")
    assert (talk.slots["invoices_tax_number"], talk.slots["invoices_doubtful"]) == (TAX, None)


def test_without_a_tax_number_it_becomes_a_persons() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开发票，抬头远航科技有限公司", "invoices_request")
    assert talk.asked == "invoices_tax_number"
    talk.say('/chat_inform{"invoices_title_kind": "person"}', invoices_title_kind="person")
    assert (talk.slots["invoices_title_kind"], talk.slots["invoices_title"]) == ("person", "王小明")
    assert talk.asked == "invoices_email"


def test_a_special_invoice_without_the_papers_is_explained_and_a_normal_one_offered() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    told = talk.say("我要开专票", "invoices_request")
    assert told.said == ["utter_invoices_request_rejected_invoice_special_not_qualified"]
    assert talk.asked == "invoices_type"
    talk.say('/chat_inform{"invoices_type": "normal"}', invoices_type="normal")
    assert talk.asked == "invoices_title"


def test_a_special_invoice_for_a_person_is_explained() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    told = talk.say("开专用发票，个人的", "invoices_request")
    assert told.said == ["utter_invoices_request_rejected_invoice_special_company_only"]


def test_with_the_papers_a_special_invoice_is_asked_for(shop: Shop) -> None:
    shop.qualified = True
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say(f"开专票，抬头远航科技有限公司，税号{TAX}", "invoices_request")
    assert (talk.slots["invoices_type"], talk.asked) == ("special", "invoices_email")


def test_the_title_can_be_corrected_before_the_yes() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开个人发票，不用发邮箱", "invoices_request")
    talk.slots |= {"invoices_email": "none", "requested_slot": "invoices_confirmed"}
    talk.say("换成公司的吧")
    assert (talk.slots["invoices_title"], talk.asked) == (None, "invoices_title")
    talk.say('/chat_inform{"invoices_title_kind": "other"}', invoices_title_kind="other")
    assert talk.slots["invoices_title_kind"] is None


def test_an_incomplete_mail_address_is_asked_again() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开个人发票", "invoices_request")
    told = talk.say("caiwu@公司")
    assert told.said == ["utter_invoices_email_unclear"]
    assert talk.asked == "invoices_email"


def test_the_invoice_is_asked_for_once_and_only_after_a_yes(shop: Shop) -> None:
    slots = {"orders_number": SHOES.number, **known(type="normal", title_kind="person", title="王小明", email="none")}
    kept = run(ActionInvoicesRequest(), slots={**slots, "invoices_confirmed": False})
    broken_off = run(ActionInvoicesRequest(), slots=slots)
    assert (kept.said, broken_off.said) == (["utter_invoices_request_kept"], ["utter_chat_backend_unavailable"])
    assert shop.done == []
    done = run(ActionInvoicesRequest(), slots={**slots, "invoices_confirmed": True})
    assert done.said == ["utter_invoices_requested_issuing"]
    assert shop.done == [("invoice", SHOES.number, "normal", "person", "王小明", "None", "None")]
    assert done.slots["invoices_title"] is None and done.slots["orders_last"] == SHOES.number


def test_a_heading_is_no_second_wish(shop: Shop) -> None:
    slots = {"orders_number": SHOES.number, **known(type="normal", title_kind="person", title="王小明", confirmed=True)}
    told = run(ActionInvoicesRequest(), slots={**slots, "chat_requests": [{"intent": "invoices_change", "words": "发到…", "entities": []}]})
    assert told.said == ["utter_invoices_requested_issuing"]
    assert told.slots["chat_requests"] is None


def test_an_order_that_gets_none_is_refused_with_its_reason(shop: Shop) -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say(f"给订单{UNPAID.number}开发票", "invoices_request", "C3", orders_number=UNPAID.number)
    assert talk.asked is None, "nothing more is asked"
    told = run(ActionInvoicesRequest(), customer="C3", slots=talk.slots)
    assert told.said == ["utter_invoices_request_rejected"] and told.messages[0]["detail"]
    assert shop.done == []


def test_a_visitor_is_told_to_sign_in() -> None:
    assert run(ActionInvoicesRequest(), customer=None).said == ["utter_chat_sign_in"]
    assert run(ActionInvoicesStatus(), customer=None).said == ["utter_chat_sign_in"]


# ── where it is ───────────────────────────────────────────────────────────────


def test_the_only_invoice_needs_no_choice() -> None:
    talk = Talk(ValidateInvoicesStatusForm())
    talk.say("发票开好了吗", "invoices_ask_status")
    assert (talk.slots["invoices_number"], talk.asked) == ("FP202611120001", None)
    assert run(ActionInvoicesStatus(), slots=talk.slots).said == ["utter_invoices_status_issued"]


def test_several_invoices_are_offered_and_chosen_in_words(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1"), invoice("FP2", "waiting", order_number=LAMP.number, goods="护眼台灯")]
    talk = Talk(ValidateInvoicesStatusForm())
    talk.say("发票到哪了", "invoices_ask_status")
    assert talk.asked == "invoices_number"
    assert [b["title"] for b in run(AskInvoicesNumber(), form="invoices_status_form").buttons] == [
        "跑步鞋 199.00 issued",
        "护眼台灯 199.00 waiting",
    ]
    for words, entities in (("台灯", {}), ("第二张", {"ordinal": "2"}), ("0004", {})):
        again = Talk(ValidateInvoicesStatusForm(), requested_slot="invoices_number")
        again.say(words, **entities)
        assert again.slots["invoices_number"] == "FP2"
    assert Talk(ValidateInvoicesStatusForm(), requested_slot="invoices_number").say("那个啥").said == [
        "utter_invoices_choice_unclear"
    ]


def test_the_invoice_of_the_order_just_spoken_of_comes_first(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1"), invoice("FP2", order_number=LAMP.number)]
    talk = Talk(ValidateInvoicesStatusForm(), orders_last=LAMP.number)
    talk.say("发票开好了吗", "invoices_ask_status")
    assert talk.slots["invoices_number"] == "FP2"


def test_none_at_all_is_told_with_the_next_step() -> None:
    told = run(ActionInvoicesStatus(), customer="C2")
    assert told.said == ["utter_invoices_none"]


def test_an_issued_invoice_is_sent_again_to_the_address_on_record_or_another(shop: Shop) -> None:
    for words, entities, address in (
        ("发票重新发一下", {}, "ming@example.com"),
        ("发票发到cai@example.com", {"email": "cai@example.com"}, "cai@example.com"),
    ):
        talk = Talk(ValidateInvoicesStatusForm())
        talk.say(words, "invoices_ask_status", **entities)
        assert talk.asked is None
        assert run(ActionInvoicesStatus(), slots=talk.slots).said == ["utter_invoices_resent"]
        assert shop.done.pop() == ("resend", "FP202611120001", address)


def test_another_address_is_asked_for_where_wished() -> None:
    talk = Talk(ValidateInvoicesStatusForm())
    talk.say("/…", "invoices_ask_status", invoices_number="FP202611120001", invoices_resend="other")
    assert talk.asked == "invoices_email"
    talk.say("li@example.com", email="li@example.com")
    assert (talk.asked, talk.slots["invoices_email"]) == (None, "li@example.com")


def test_what_is_not_issued_yet_cannot_be_sent_but_is_told(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", "waiting", email=None)]
    talk = Talk(ValidateInvoicesStatusForm())
    talk.say("发票重新发一下", "invoices_ask_status")
    assert talk.asked is None
    assert run(ActionInvoicesStatus(), slots=talk.slots).said == ["utter_invoices_status_waiting"]
    assert shop.done == []


# ── changing one ──────────────────────────────────────────────────────────────


def change(talk: Talk, shop: Shop) -> Any:
    talk.say("对", "chat_affirm")
    assert talk.asked is None
    told = run(ActionInvoicesChange(), slots=talk.slots)
    return told.said, shop.done[-1]


def test_a_persons_title_is_changed(shop: Shop) -> None:
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("抬头写错了要重开", "invoices_change")
    assert talk.asked == "invoices_title", "never the name that is there"
    talk.say("李秀兰", "nlu_fallback")
    assert talk.asked == "invoices_confirmed"
    said, done = change(talk, shop)
    assert said == ["utter_invoices_changed_changing"]
    assert done == ("change_invoice", "FP202611120001", "None", "person", "李秀兰", "None", "None", "None")


def test_a_person_becomes_a_company(shop: Shop) -> None:
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("选成了个人，想改单位", "invoices_change")
    assert talk.asked == "invoices_title"
    talk.say(f"深圳远航科技有限公司，税号{TAX}", tax_number=TAX)
    assert talk.asked == "invoices_confirmed"
    assert change(talk, shop)[1][2:6] == ("None", "company", "深圳远航科技有限公司", TAX)


def test_a_tax_number_said_at_once_needs_only_a_yes(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", kind_code="company", title="远航公司", tax_number="9" * 18)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say(f"税号错了，应该是{TAX}", "invoices_change", tax_number=TAX)
    assert talk.asked == "invoices_confirmed"
    assert change(talk, shop)[1][2:6] == ("None", "company", "远航公司", TAX)


def test_a_company_becomes_a_person(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", kind_code="company", title="远航公司", tax_number=TAX)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("改成个人抬头", "invoices_change")
    assert (talk.slots["invoices_title"], talk.asked) == ("王小明", "invoices_confirmed")


def test_what_was_said_before_the_choice_of_the_invoice_still_counts(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1"), invoice("FP2", order_number=LAMP.number)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("抬头写错了，抬头改成李秀兰", "invoices_change")
    assert talk.asked == "invoices_number"
    talk.say("/…", invoices_number="FP2")
    assert (talk.slots["invoices_title"], talk.asked) == ("李秀兰", "invoices_confirmed")


def test_nothing_named_is_asked_for_with_buttons_and_a_no_starts_over() -> None:
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("发票要重开", "invoices_change")
    assert talk.asked == "invoices_change_field"
    talk.say("/…", invoices_change_field="email")
    assert talk.asked == "invoices_email"
    talk.say("li@example.com", email="li@example.com")
    assert talk.asked == "invoices_confirmed"
    talk.say("/…", invoices_change_field="other")
    assert talk.asked == "invoices_change_field"


def test_no_papers_no_special_invoice(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", kind_code="company", title="远航公司", tax_number=TAX)]
    talk = Talk(ValidateInvoicesChangeForm())
    told = talk.say("开成普票了，我要专票", "invoices_change")
    assert told.said == ["utter_invoices_change_rejected_invoice_special_not_qualified"]
    assert talk.asked == "invoices_change_field"
    shop.qualified = True
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("开成普票了，我要专票", "invoices_change")
    assert (talk.slots["invoices_title"], talk.asked) == ("远航公司", "invoices_confirmed")


def test_the_amount_is_explained(shop: Shop) -> None:
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("发票金额不对", "invoices_change")
    assert talk.asked is None
    assert run(ActionInvoicesChange(), slots=talk.slots).said == ["utter_invoices_amount"]
    assert shop.done == []


@pytest.mark.parametrize(
    "code",
    ["invoice_of_merchant", "invoice_voided", "invoice_changing", "invoice_change_limit", "invoice_change_window_passed"],
)
def test_what_may_not_be_changed_is_explained_at_once(shop: Shop, code: str) -> None:
    shop.invoices["C1"] = [invoice("FP1", change=code)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("抬头错了，改成李秀兰", "invoices_change")
    assert talk.asked is None
    told = run(ActionInvoicesChange(), slots=talk.slots)
    assert told.said == [f"utter_invoices_change_rejected_{code}"]
    assert shop.done == [] and told.slots["invoices_number"] is None


def test_a_no_changes_nothing(shop: Shop) -> None:
    told = run(ActionInvoicesChange(), slots={**known(number="FP202611120001", change_field="title", confirmed=False)})
    assert told.said == ["utter_invoices_change_kept"]
    assert shop.done == []


def test_every_refusal_of_the_shop_has_words_of_its_own() -> None:
    from tests.actions.talk import DOMAIN

    asked = {
        "order_not_paid", "order_cancelled", "invoice_exists", "invoice_refunded", "invoice_nothing_to_invoice",
        "invoice_window_passed", "invoice_tax_id_invalid", "invoice_special_company_only", "invoice_special_not_qualified",
    }  # fmt: skip
    changed = {
        "invoice_of_merchant", "invoice_voided", "invoice_changing", "invoice_change_limit", "invoice_change_window_passed",
        "invoice_tax_id_invalid", "invoice_special_company_only", "invoice_special_not_qualified",
    }  # fmt: skip
    written = {f"utter_invoices_request_rejected_{code}" for code in asked}
    written |= {f"utter_invoices_change_rejected_{code}" for code in changed}
    assert written <= set(DOMAIN["responses"])


def test_a_special_invoice_made_by_mistake_becomes_a_normal_one(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", type_code="special", kind_code="company", title="远航公司", tax_number=TAX)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("类型弄错了，要的是普票，结果开成专票", "invoices_change")
    assert talk.asked == "invoices_confirmed"
    assert change(talk, shop)[1][2] == "normal"


def test_a_change_to_the_type_it_has_is_no_change(shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP1", type_code="special", kind_code="company", title="远航公司", tax_number=TAX)]
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("我要改专票", "invoices_change")
    assert talk.asked == "invoices_change_field", "the one free change is not used up for nothing"


def test_a_phone_number_is_no_title() -> None:
    talk = Talk(ValidateInvoicesChangeForm())
    talk.say("抬头写错了要重开", "invoices_change")
    talk.say("周女士13911112222", phone="13911112222")
    assert talk.asked == "invoices_title"


@pytest.mark.parametrize("words", ["跟刚才那张一样", "还是上次的抬头", "同上"])
def test_the_heading_of_before_is_taken_over_and_no_title_is_called_so(shop: Shop, words: str) -> None:
    shop.orders["C2"], company = [LAMP], {"kind_code": "company", "title": "深圳远航科技有限公司", "tax_number": TAX}
    shop.invoices["C2"] = [invoice("FP202611120009", **company)]
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开发票", "invoices_request", customer="C2")
    talk.say(words, customer="C2")
    wanted = known(title_kind="company", title="深圳远航科技有限公司", tax_number=TAX)
    assert {name: talk.slots[name] for name in wanted} == wanted


def test_without_an_earlier_invoice_there_is_no_heading_to_take_over(shop: Shop) -> None:
    shop.invoices["C1"] = []
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开发票", "invoices_request")
    assert "utter_invoices_same_none" in talk.say("跟上次一样").said and talk.asked == "invoices_title_kind"


def test_a_persons_name_in_the_first_sentence_is_kept() -> None:
    talk = Talk(ValidateInvoicesRequestForm())
    talk.say("开张发票，个人的，抬头林可可", "invoices_request")
    assert (talk.slots["invoices_title"], talk.slots.get("invoices_tax_number")) == ("林可可", None)
    assert talk.asked == "invoices_email"


def test_goods_on_invoices_apart_are_a_persons_work_and_change_nothing(shop: Shop) -> None:
    shop.invoices = {"C1": [invoice("FP202611120001", "waiting")]}
    told = run(ActionInvoicesSplit(), "这单的票拆成两张开", "invoices_split")
    assert told.said == ["utter_invoices_split_waiting"] and told.messages[0]["number"] == "FP202611120001"
    assert told.slots["chat_focus"][0]["id"] == "FP202611120001" and shop.done == []
    heard = [{"event": "bot", "text": "…", "metadata": {"utter_action": told.said[0]}}]
    more = run(ActionInvoicesSplit(), "鞋一张，别的一张", "invoices_split", events=heard)
    assert more.said == ["utter_invoices_split_more"] and shop.done == []
    shop.invoices = {"C1": [invoice("FP202611120001", "issued")]}
    assert run(ActionInvoicesSplit(), "这单的票拆成两张开", "invoices_split").said == ["utter_invoices_split_issued"]
    shop.invoices = {}
    assert run(ActionInvoicesSplit(), "这单的票拆成两张开", "invoices_split").said == ["utter_invoices_split"]
