"""Complaints and tickets, as a customer meets them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.complaints import (
    ActionComplaintsFile,
    ActionComplaintsWithdraw,
    AskComplaintsAgreed,
    AskComplaintsOrder,
    ValidateComplaintsForm,
)
from actions.gateways.tickets import ComplaintLook, Ticket
from actions.tickets import ActionTicketsStatus, AskTicketsNumber, ValidateTicketsForm
from tests.actions.fakes import Shop, order
from tests.actions.talk import run

KETTLE = order("202611180002", "shipped", title="电热水壶")
SHOES = order("202611100003", "signed", "return", title="跑步鞋")
BARE = ComplaintLook(True, False, "normal", "")
LATE = ComplaintLook(False, True, "normal", "urge_parcel")


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [KETTLE, SHOES]}


def start(text: str, **more: object) -> dict[str, object]:
    """What the form knows after the first sentence."""
    return run(ValidateComplaintsForm(), text, "complaints_file", form="complaints_form", **more).slots  # type: ignore[arg-type]


def test_a_bare_complaint_is_asked_what_happened_and_then_which_order(shop: Shop) -> None:
    shop.look = BARE
    assert start("我要投诉")["requested_slot"] == "complaints_text"
    shop.look = LATE
    slots = {"requested_slot": "complaints_text", "complaints_agreed": True}
    told = run(ValidateComplaintsForm(), "等了一周还没到", slots=slots, form="complaints_form").slots
    assert (told["complaints_text"], told["requested_slot"]) == ("等了一周还没到", "complaints_order")
    named = run(ValidateComplaintsForm(), "水壶等了一周还没到", slots=slots, form="complaints_form").slots
    assert (named["complaints_order"], named["requested_slot"]) == (KETTLE.number, None)
    asked = run(AskComplaintsOrder(), form="complaints_form")
    assert asked.said == ["utter_ask_complaints_order"] and len(asked.buttons) == 2
    slots = {**told, "requested_slot": "complaints_order", "chat_choices": asked.slots["chat_choices"]}
    skipped = run(ValidateComplaintsForm(), "跟订单没关系", "chat_deny", slots=slots, form="complaints_form").slots
    assert (skipped["complaints_order"], skipped["requested_slot"]) == ("none", None)
    named = run(ValidateComplaintsForm(), "水壶", slots=slots, form="complaints_form").slots
    assert named["complaints_order"] == KETTLE.number


def test_a_bare_complaint_in_a_talk_reads_back_what_was_spoken_of(shop: Shop) -> None:
    shop.look = BARE
    spoken = [{"kind": "order", "id": KETTLE.number, "title": "电热水壶", "told": "status", "order": KETTLE.number, "said": 1}]
    said = {"event": "user", "text": "壶怎么还在路上，说好前天到", "parse_data": {"intent": {"name": "logistics_track"}}}
    known = start("我要投诉", slots={"chat_focus": spoken}, events=[said])
    assert known["requested_slot"] == "complaints_agreed" and known["complaints_order"] == KETTLE.number
    assert known["complaints_text"] == "壶怎么还在路上，说好前天到"
    slots = {**known, "chat_focus": spoken, "requested_slot": "complaints_agreed"}
    asked = run(AskComplaintsAgreed(), "我要投诉", "complaints_file", slots=slots, form="complaints_form")
    assert asked.said == ["utter_ask_complaints_agreed_talk"] and asked.messages[0]["number"] == KETTLE.number
    heard = [said, {"event": "bot", "text": "…", "metadata": {"utter_action": asked.said[0]}}]
    yes = run(ValidateComplaintsForm(), "对", "chat_affirm", slots=slots, form="complaints_form", events=heard).slots
    assert yes["complaints_agreed"] is True and yes["requested_slot"] is None
    other = run(ValidateComplaintsForm(), "不是这件", "chat_deny", slots=slots, form="complaints_form", events=heard).slots
    assert other["complaints_order"] is None and other["requested_slot"] == "complaints_text", "another matter is meant"


def test_a_story_told_at_once_is_not_asked_again(shop: Shop) -> None:
    shop.look = ComplaintLook(False, False, "normal", "")
    told = start("投诉你们客服，态度太差了")
    assert told["requested_slot"] is None and told["complaints_text"] == "投诉你们客服，态度太差了"


@pytest.mark.parametrize("text", ["你们客服态度太差了", "什么破店，气死我了", "再不发货我就投诉了", "我没说要投诉，就是气人"])
def test_nothing_is_filed_that_nobody_said_should_be(shop: Shop, text: str) -> None:
    shop.look = ComplaintLook(False, False, "urgent", "")
    told = start(text, sentiment="angry")
    assert told["requested_slot"] == "complaints_agreed"
    known = {**told, "requested_slot": "complaints_agreed"}
    yes = run(ValidateComplaintsForm(), "登记吧", "chat_affirm", slots=known, form="complaints_form").slots
    assert yes["requested_slot"] is None and {**known, **yes}["complaints_text"] == text, "the first account is the text"
    no = run(ValidateComplaintsForm(), "不用", "chat_deny", slots=known, form="complaints_form").slots
    assert no["complaints_agreed"] is False and no["requested_slot"] is None
    left = run(ActionComplaintsFile(), "不用", "chat_deny", slots={**known, **no})
    assert left.said == ["utter_complaints_left"] and shop.done == []


def test_the_first_account_stays_whatever_answers_which_order(shop: Shop) -> None:
    shop.look = LATE
    told = start("投诉，快递一周没到，催了三次")
    known = {**told, **run(AskComplaintsOrder(), form="complaints_form").slots, "requested_slot": "complaints_order"}
    for answer, meant in (("水壶", KETTLE.number), ("第二个", SHOES.number), ("跟订单没关系", "none")):
        intent = "chat_deny" if meant == "none" else "complaints_file"
        ordinal = {"ordinal": "2"} if meant == SHOES.number else {}
        chosen = run(ValidateComplaintsForm(), answer, intent, slots=known, form="complaints_form", entities=ordinal).slots
        assert chosen["complaints_order"] == meant
        assert {**known, **chosen}["complaints_text"] == "投诉，快递一周没到，催了三次"
    more = run(ValidateComplaintsForm(), "电话也打不通", "complaints_file", slots=known, form="complaints_form").slots
    assert more["complaints_text"] == "投诉，快递一周没到，催了三次\n电话也打不通"


def test_the_same_matter_again_is_added_to_the_open_ticket(shop: Shop) -> None:
    shop.tickets = [replace(FIRST, kind="complaint", order_number=KETTLE.number)]
    again = run(ActionComplaintsFile(), slots={"complaints_text": "还没到", "complaints_order": KETTLE.number})
    assert again.said == ["utter_complaints_added"]
    assert (again.messages[0]["ticket"], again.messages[0]["due"]) == (FIRST.number, "11-25 18:00"), "as the row has it"


def test_a_complaint_can_be_taken_back(shop: Shop) -> None:
    mine = replace(FIRST, kind="complaint")
    withdraw = ActionComplaintsWithdraw()
    assert run(withdraw, "我没要投诉", "complaints_withdraw").said == ["utter_complaints_none"] and shop.done == []
    shop.tickets = [mine, replace(SECOND, kind="complaint")]
    which = run(withdraw, "投诉撤了吧", "complaints_withdraw")
    assert which.said == ["utter_complaints_which"] and len(which.buttons) == 2 and shop.done == []
    assert run(withdraw, "我没要投诉", "complaints_withdraw", slots={"complaints_last": mine.number}).said == ["utter_complaints_withdrawn"]
    assert shop.done == [("withdraw", mine.number)], "the one filed in this talk"
    other = run(withdraw, "把9月1号那个投诉撤了", "complaints_withdraw", slots={"complaints_last": mine.number})
    assert other.said[-1] == "utter_complaints_which" and len(shop.done) == 1, "what is described is not the one just filed"
    shop.tickets = [mine]
    assert run(withdraw, "投诉可以撤销吗", "complaints_withdraw").said == ["utter_complaints_may_withdraw"]
    writing = run(withdraw, "我没要投诉啊", "complaints_withdraw", form="complaints_form", slots={"complaints_text": "慢"})
    assert writing.said == ["utter_complaints_left"] and writing.loop_ended and writing.slots["complaints_text"] is None
    assert len(shop.done) == 1


def test_the_order_is_asked_where_something_can_be_done_about_it(shop: Shop) -> None:
    shop.look = LATE
    assert start("快递一周没到，投诉")["requested_slot"] == "complaints_order"
    assert start("快递一周没到，投诉", slots={"orders_last": KETTLE.number})["complaints_order"] == KETTLE.number
    shop.look = replace(LATE, grade="major")
    assert start("快递一周没到，我要打12315")["requested_slot"] is None, "a grave matter is not held up by questions"


def test_a_story_instead_of_an_order_is_taken(shop: Shop) -> None:
    slots = {"requested_slot": "complaints_order", "chat_choices": None}
    told = run(ValidateComplaintsForm(), "快递员骂人", "complaints_file", slots=slots, form="complaints_form").slots
    assert (told["complaints_text"], told["complaints_order"], told["requested_slot"]) == ("快递员骂人", "none", None)


def test_without_orders_it_is_about_none(shop: Shop) -> None:
    shop.orders = {}
    asked = run(AskComplaintsOrder(), form="complaints_form")
    assert asked.said == [] and asked.slots == {"complaints_order": "none", "requested_slot": None}


@pytest.mark.parametrize(
    "remedy", ["urge_shipping", "urge_parcel", "report_parcel", "send_back", "refund_status", ""]
)
def test_a_complaint_is_filed_once_with_what_helps(shop: Shop, remedy: str) -> None:
    shop.look = ComplaintLook(False, True, "normal", remedy)
    slots = {"complaints_text": "太慢了", "complaints_order": KETTLE.number, "complaints_mood": "angry"}
    filed = run(ActionComplaintsFile(), "太慢了", "complaints_file", slots=slots)
    assert filed.said == [f"utter_complaints_filed_{remedy}".rstrip("_")]
    assert shop.done == [("complain", "太慢了", KETTLE.number, "angry")]
    assert filed.then is None and filed.slots["orders_last"] == KETTLE.number


def test_an_urgent_one_is_filed_and_a_person_is_offered(shop: Shop) -> None:
    shop.look = ComplaintLook(False, False, "urgent", "")
    filed = run(ActionComplaintsFile(), slots={"complaints_text": "骂人", "complaints_order": "none"}, sentiment="angry")
    assert filed.said == ["utter_complaints_filed_urgent"] and filed.then is None


def test_the_gravest_are_filed_and_handed_over(shop: Shop) -> None:
    shop.look = ComplaintLook(False, False, "major", "")
    filed = run(ActionComplaintsFile(), slots={"complaints_text": "充电器着火了", "complaints_order": "none"})
    assert filed.said == ["utter_complaints_filed_grave"] and filed.then == "action_handoff"
    assert filed.slots["complaints_escalation"] == {"ticket": "GD202611210004", "why": "complaint"}


def test_the_angriest_words_count(shop: Shop) -> None:
    slots = {"complaints_text": "骂人", "complaints_order": "none", "complaints_mood": "neutral"}
    run(ActionComplaintsFile(), slots=slots, sentiment="angry")
    assert shop.done[-1][-1] == "angry"


def test_nothing_is_filed_without_words(shop: Shop) -> None:
    assert run(ActionComplaintsFile()).said == ["utter_chat_backend_unavailable"] and shop.done == []


# ── tickets ───────────────────────────────────────────────────────────────────

FIRST = Ticket("GD202611210001", "配送员态度", "处理中", "working", "一般", "2026-11-25T18:00:00+08:00", "正在核实")
SECOND = Ticket("GD202611210002", "物流核查", "待处理", "open", "一般", None, "")


def test_the_only_ticket_is_told_several_are_offered(shop: Shop) -> None:
    assert run(ActionTicketsStatus(), slots={"tickets_wish": "status"}).said == ["utter_tickets_none"]
    shop.tickets = [FIRST]
    assert run(ActionTicketsStatus(), slots={"tickets_wish": "status"}).said == ["utter_tickets_status"]
    shop.tickets = [FIRST, SECOND]
    which = run(ActionTicketsStatus(), slots={"tickets_wish": "status"})
    assert which.said == ["utter_tickets_which"] and len(which.buttons) == 2
    named = run(ActionTicketsStatus(), slots={"tickets_wish": "status", "tickets_number": SECOND.number})
    assert named.said == ["utter_tickets_status"]
    strange = run(ActionTicketsStatus(), slots={"tickets_wish": "status", "tickets_number": "GD209901010001"})
    assert strange.said == ["utter_tickets_not_found"]


def test_words_are_added_to_the_only_open_ticket(shop: Shop) -> None:
    shop.tickets = [FIRST]
    form = "tickets_form"
    filled = run(ValidateTicketsForm(), "我要补充", "tickets_ask_status", form=form, entities={"tickets_wish": "add"}).slots
    assert (filled["tickets_number"], filled["requested_slot"]) == (FIRST.number, "tickets_text")
    slots = {**filled, "requested_slot": "tickets_text"}
    told = run(ValidateTicketsForm(), "外箱也破了", "after_sales_report_problem", slots=slots, form=form).slots
    assert told["tickets_text"] == "外箱也破了" and told["requested_slot"] is None
    done = run(ActionTicketsStatus(), slots={**slots, "tickets_text": "外箱也破了"})
    assert done.said == ["utter_tickets_added"] and shop.done == [("add", FIRST.number, "外箱也破了")]


def test_which_of_several_to_press_for_is_asked(shop: Shop) -> None:
    shop.tickets = [FIRST, SECOND]
    form = "tickets_form"
    filled = run(ValidateTicketsForm(), "催一下", "tickets_ask_status", form=form, entities={"tickets_wish": "urge"}).slots
    assert filled["requested_slot"] == "tickets_number"
    assert len(run(AskTicketsNumber(), form=form).buttons) == 2
    slots = {"tickets_wish": "urge", "requested_slot": "tickets_number"}
    chosen = run(ValidateTicketsForm(), "第二个", slots=slots, form=form, entities={"ordinal": "2"}).slots
    assert chosen["tickets_number"] == SECOND.number
    done = run(ActionTicketsStatus(), slots={**slots, "tickets_number": SECOND.number})
    assert done.said == ["utter_tickets_urged"] and shop.done == [("urge_ticket", SECOND.number)]


def test_with_nothing_open_there_is_nothing_to_press_for(shop: Shop) -> None:
    assert run(AskTicketsNumber(), form="tickets_form").slots == {"requested_slot": None}
    assert run(ActionTicketsStatus(), slots={"tickets_wish": "urge"}).said == ["utter_tickets_none_open"]


def test_what_is_only_perhaps_a_complaint_is_not_filed_unasked(shop: Shop) -> None:
    shop.look = ComplaintLook(False, False, "normal", "")
    unsure = {"intent": {"name": "complaints_file", "confidence": 0.2}}
    told = start("上次那位同事没有回我", message=unsure)
    assert told["requested_slot"] == "complaints_agreed"


def test_what_is_told_after_filing_is_more_of_the_same(shop: Shop) -> None:
    filed = replace(FIRST, kind="complaint", order_number=KETTLE.number)
    shop.tickets = [filed]
    spoken = [{"kind": "ticket", "id": filed.number, "title": "投诉", "told": "complain", "order": KETTLE.number}]
    more = start("他还骂我，我有录音", slots={"complaints_last": filed.number, "chat_focus": spoken})
    assert (more["complaints_agreed"], more["complaints_order"]) == (True, KETTLE.number)
    assert more["complaints_text"] == "他还骂我，我有录音" and more["requested_slot"] is None
