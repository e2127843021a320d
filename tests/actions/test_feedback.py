"""Ratings and suggestions, as a customer meets them."""

from __future__ import annotations

from typing import Any

import pytest

from actions.feedback import (
    ActionFeedbackAsk,
    ActionFeedbackRate,
    ActionFeedbackReason,
    ActionFeedbackSuggest,
    AskFeedbackScore,
    ValidateFeedbackForm,
    ValidateFeedbackReasonForm,
    ValidateFeedbackSuggestForm,
)
from tests.actions.fakes import Shop
from tests.actions.talk import DOMAIN, run

DUE = {"feedback_due": True}
ASKED = {"requested_slot": "feedback_score", "feedback_asked": True}


def said_before(intent: str = "orders_cancel", sentiment: str = "neutral") -> list[dict[str, Any]]:
    """An earlier message."""
    return [{"event": "user", "text": "…", "parse_data": {"intent": {"name": intent}, "sentiment": {"name": sentiment}}}]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("intent", "words"), [("chat_thank", "utter_chat_thank"), ("chat_goodbye", "utter_chat_goodbye")])
def test_after_work_thanks_and_farewells_are_answered_and_the_rating_is_asked(intent: str, words: str) -> None:
    asked = run(ActionFeedbackAsk(), "谢谢", intent, slots=DUE, events=said_before())
    assert asked.said == [words] and asked.loop == "feedback_form"
    shown = run(AskFeedbackScore(), "谢谢", intent, slots=DUE)
    assert shown.said == ["utter_ask_feedback_score"] and shown.slots["feedback_asked"] is True


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("slots", "events"),
    [({}, []), ({**DUE, "feedback_asked": True}, []), ({**DUE, "feedback_id": 7}, []), (DUE, said_before(sentiment="angry")),
     (DUE, said_before("chat_abuse")), (DUE, said_before("complaints_file"))],
)  # fmt: skip
def test_no_rating_is_asked_without_work_twice_or_in_a_fight(slots: dict[str, Any], events: list[dict[str, Any]]) -> None:
    asked = run(ActionFeedbackAsk(), "谢谢", "chat_thank", slots=slots, events=events)
    assert asked.said == ["utter_chat_thank"] and asked.loop is None


@pytest.mark.usefixtures("shop")
def test_a_conversation_that_a_person_closed_is_rated_without_a_farewell() -> None:
    closed = run(ActionFeedbackAsk(), "", "EXTERNAL_handoff_closed", slots=DUE)
    assert closed.said == [] and closed.loop == "feedback_form"
    angry = run(ActionFeedbackAsk(), "", "EXTERNAL_handoff_closed", slots=DUE, events=said_before(sentiment="angry"))
    unanswered = run(ActionFeedbackAsk(), "", "EXTERNAL_handoff_closed")
    assert angry.loop is None and unanswered.loop is None


@pytest.mark.usefixtures("shop")
def test_thanks_inside_other_work_ask_for_nothing() -> None:
    assert run(ActionFeedbackAsk(), "谢谢", "chat_thank", slots=DUE, form="orders_cancel_form").loop is None


@pytest.mark.usefixtures("shop")
def test_a_question_left_unanswered_is_not_asked_again() -> None:
    again = run(AskFeedbackScore(), "我的订单呢", "orders_ask_status", slots=ASKED)
    assert again.said == [] and again.slots["requested_slot"] is None
    assert run(ActionFeedbackRate(), "我的订单呢", "orders_ask_status").said == []
    bye = run(ActionFeedbackAsk(), intent="chat_goodbye", slots=DUE | ASKED, form="feedback_form")
    assert bye.said == ["utter_chat_goodbye"] and bye.loop_ended


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "score"),
    [("打五分", 5), ("5分", 5), ("5", 5), ("很满意", 5), ("满分", 5), ("好评", 5), ("98分", 5), ("四颗星", 4), ("满意", 4), ("还可以", 4), ("服务很好，给你们打四分", 4), ("一般般", 3),
     ("三星吧", 3), ("不太满意", 2), ("不满意", 2), ("两分", 2), ("差评", 1), ("非常不满意", 1), ("一星", 1), ("0分", 1), ("1", 1)],
)  # fmt: skip
def test_a_score_is_understood_in_words(words: str, score: int, shop: Shop) -> None:
    filled = run(ValidateFeedbackForm(), words, "feedback_rate", slots=ASKED, form="feedback_form")
    assert filled.slots["feedback_score"] == score
    run(ActionFeedbackRate(), words, "feedback_rate", slots=filled.slots)
    assert shop.done == [("rate", str(score))]


@pytest.mark.usefixtures("shop")
def test_a_figure_alone_is_a_score_where_one_was_asked() -> None:
    assert run(ValidateFeedbackForm(), "4", "chat_inform", slots=ASKED).slots["feedback_score"] == 4
    assert "feedback_score" not in run(ValidateFeedbackForm(), "4", "chat_inform", slots={"requested_slot": None}).slots
    assert "feedback_score" not in run(ValidateFeedbackForm(), "查快递", "logistics_track", slots=ASKED).slots


def test_buttons_carry_every_score(shop: Shop) -> None:
    buttons = DOMAIN["responses"]["utter_ask_feedback_score"][0]["buttons"]
    assert [int(b["payload"].split(": ")[1].rstrip("}")) for b in buttons] == [5, 4, 3, 2, 1]
    pressed = run(ActionFeedbackRate(), "/feedback_rate", "feedback_rate", entities={"feedback_score": 4})
    assert pressed.said == ["utter_feedback_rated_4"] and shop.done == [("rate", "4")]


def test_a_feeling_without_figures_is_a_score(shop: Shop) -> None:
    run(ActionFeedbackRate(), "你们这服务真是…", "feedback_rate", message={"sentiment": {"name": "angry"}})
    assert shop.done == [("rate", "1")]


def test_a_rating_without_any_score_is_asked_for_it(shop: Shop) -> None:
    asked = run(ActionFeedbackRate(), "我要评价一下", "feedback_rate")
    assert asked.loop == "feedback_form" and shop.done == []


def test_a_low_score_is_followed_up_with_its_reason_and_a_number(shop: Shop) -> None:
    low = run(ActionFeedbackRate(), "1分", "feedback_rate")
    assert low.said == ["utter_feedback_rated_1"] and low.loop == "feedback_reason_form"
    slots = {"requested_slot": "feedback_reason", "feedback_id": 7}
    reason = run(ValidateFeedbackReasonForm(), "快递等了一周", "logistics_urge", slots=slots, form="feedback_reason_form")
    done = run(ActionFeedbackReason(), "快递等了一周", slots=slots | reason.slots)
    assert done.said == ["utter_feedback_followup"] and done.messages[0]["ticket"] == "GD202611210004"
    assert shop.done == [("rate", "1"), ("amend", "7", "", "快递等了一周"), ("ticket", "rating_followup", "快递等了一周")]


def test_who_will_not_say_why_is_still_followed_up(shop: Shop) -> None:
    slots = {"requested_slot": "feedback_reason", "feedback_id": 7}
    reason = run(ValidateFeedbackReasonForm(), "不想说", "chat_deny", slots=slots)
    assert run(ActionFeedbackReason(), slots=slots | reason.slots).said == ["utter_feedback_followup"]
    assert shop.done == [("ticket", "rating_followup", "低分评价回访")]


@pytest.mark.usefixtures("shop")
def test_a_person_may_be_asked_for_instead_of_a_reason() -> None:
    filled = run(ValidateFeedbackReasonForm(), "转人工", "handoff_request", slots={"requested_slot": "feedback_reason"})
    assert "feedback_reason" not in filled.slots


def test_a_visitors_low_score_is_kept_without_a_ticket(shop: Shop) -> None:
    low = run(ActionFeedbackRate(), "差评", "feedback_rate", customer=None)
    assert low.said == ["utter_feedback_rated_1", "utter_feedback_low_visitor"] and low.loop_ended
    assert shop.done == [("rate", "1")]


def test_a_second_score_mends_the_first(shop: Shop) -> None:
    run(ActionFeedbackRate(), "刚才点错了，五分", "feedback_rate", slots={"feedback_id": 7})
    assert shop.done == [("amend", "7", "5", "")]


@pytest.mark.usefixtures("shop")
def test_who_will_not_rate_is_left_alone(shop: Shop) -> None:
    filled = run(ValidateFeedbackForm(), "不用了", "chat_deny", slots=ASKED)
    assert run(ActionFeedbackRate(), "不用了", "chat_deny", slots=filled.slots).said == ["utter_feedback_declined"]
    assert shop.done == []


def test_a_suggestion_is_kept_in_the_customers_own_words(shop: Shop) -> None:
    told = run(ActionFeedbackSuggest(), "建议你们增加夜间配送", "feedback_suggest", customer=None)
    assert told.said == ["utter_feedback_suggested"] and shop.done == [("suggest", "建议你们增加夜间配送")]


@pytest.mark.parametrize("words", ["我想提个建议", "提建议", "有个小建议", "我有个建议"])
def test_an_announced_suggestion_is_asked_for(words: str, shop: Shop) -> None:
    asked = run(ActionFeedbackSuggest(), words, "feedback_suggest")
    assert asked.loop == "feedback_suggest_form" and shop.done == []
    slots = {"requested_slot": "feedback_suggestion"}
    told = run(ValidateFeedbackSuggestForm(), "包装少用点胶带", "chat_inform", slots=slots)
    run(ActionFeedbackSuggest(), "包装少用点胶带", slots=told.slots)
    assert shop.done == [("suggest", "包装少用点胶带")]
