"""Giving a conversation to a person, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.gateways.desk import Handoff
from actions.gateways.knowledge import Found, Hit
from actions.gateways.tickets import Ticket
from actions.handoff import ActionHandoff, ActionHandoffClosed, ActionHandoffRelay
from tests.actions.fakes import Shop
from tests.actions.talk import run

TOLD = {"text": "盒子压扁了", "intent": "chat_inform"}


def user(text: str, message_id: str, at: float, intent: str = "chat_inform", **metadata: Any) -> dict[str, Any]:
    """A customer's message as the tracker holds it."""
    parsed = {"intent": {"name": intent}}
    return {
        "event": "user", "text": text, "message_id": message_id, "timestamp": at, "parse_data": parsed, "metadata": metadata,
    }  # fmt: skip


def bot(text: str, buttons: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The bot's message as the tracker holds it."""
    return {"event": "bot", "text": text, "data": {"buttons": buttons}, "timestamp": 1.0, "metadata": {}}


def slot(name: str, value: Any) -> dict[str, Any]:
    """A slot being set."""
    return {"event": "slot", "name": name, "value": value}


LEFT = Handoff("HO1", "GD202611210005", None, in_hours=False, ticketed=True, answer_by="2026-11-21T12:00:00+08:00")
BEFORE = [
    user("取消订单", "m1", 1.0, "orders_cancel"),
    bot("哪一个？", [{"title": "蓝牙耳机", "payload": '/chat_inform{"orders_number": "1"}'}]),
    user('/chat_inform{"orders_number": "1"}', "m2", 2.0),
    user("转人工", "m3", 3.0, "handoff_request"),
]


def test_the_person_knows_what_was_said_and_gathered(shop: Shop) -> None:
    slots = {"orders_number": "1", "orders_last": "2", "orders_offered": [{"number": "1"}], "requested_slot": "orders_cancel_confirmed"}
    done = run(ActionHandoff(), "转人工", "handoff_request", slots=slots, form="orders_cancel_form", events=BEFORE)
    wanted = shop.handoffs[0]
    assert [line["text"] for line in wanted.transcript] == ["取消订单", "哪一个？", "蓝牙耳机", "转人工"], "a button is its words"
    assert wanted.transcript[0]["time"] == "1970-01-01T08:00:01.000+08:00"
    assert (wanted.reason, wanted.intent, wanted.tags) == ("customer_asked", "handoff_request", ["orders_cancel"])
    assert wanted.slots == {"orders_number": "1", "orders_last": "2", "form": "orders_cancel_form"}
    assert done.said == ["utter_handoff_queued"]
    assert done.slots["handoff_id"] == "HO1"


def test_what_was_half_done_is_forgotten_and_the_form_ends(shop: Shop) -> None:
    slots = {"orders_number": "1", "orders_offered": [], "orders_last": "2", "requested_slot": "orders_number"}
    done = run(ActionHandoff(), "转人工", "handoff_request", slots=slots, form="orders_cancel_form")
    assert done.loop_ended
    assert done.slots["requested_slot"] is None and done.slots["orders_number"] is None and done.slots["orders_offered"] is None
    assert "orders_last" not in done.slots, "the order last spoken of is no half-done thing"


@pytest.mark.parametrize(("slots", "said"), [({"chat_anger": 2}, "angry"), ({"chat_misses": 2}, "not_understood")])
def test_who_did_not_ask_is_told_why(slots: dict[str, int], said: str, shop: Shop) -> None:
    done = run(ActionHandoff(), "什么破东西", "chat_abuse", slots=slots)
    assert done.said == [f"utter_handoff_queued_{said}"]
    assert shop.handoffs[0].reason == said
    assert done.slots[next(iter(slots))] == 0, "the count begins anew"


def test_at_night_a_ticket_is_left_and_the_bot_goes_on(shop: Shop) -> None:
    shop.desk = LEFT
    done = run(ActionHandoff(), "转人工", "handoff_request", customer=None)
    assert done.said == ["utter_handoff_ticketed"]
    assert done.messages[0]["answer_by"] == "11-21 12:00", "the promise of the ticket, not one of the wording's own"
    assert done.slots["handoff_id"] is None


def test_a_visitor_may_have_a_person(shop: Shop) -> None:
    assert run(ActionHandoff(), "转人工", "handoff_request", customer=None).slots["handoff_id"] == "HO1"


def test_a_desk_that_is_down_is_apologised_for(shop: Shop) -> None:
    shop.down = True
    done = run(ActionHandoff(), "转人工", "handoff_request")
    assert done.said == ["utter_chat_backend_unavailable"]
    assert done.slots.get("handoff_id") is None


PICTURE = {"id": "p" * 32, "type": "image/png", "path": "/webhooks/webchat/media/p"}
SINCE = [
    *BEFORE,
    slot("handoff_id", "HO1"),
    bot("正在为您转人工"),
    user("在吗", "m4", 4.5),
    user("[图片]", "m5", 5.0, media=[PICTURE]),
]


def relay(events: list[dict[str, Any]], **more: Any) -> Any:
    """A run of the relay."""
    return run(ActionHandoffRelay(), **{**TOLD, "slots": {"handoff_id": "HO1"}, "events": events, **more})


def test_all_since_the_handoff_is_relayed_and_who_waits_hears_so(shop: Shop) -> None:
    done = relay(SINCE)
    assert done.said == ["utter_handoff_waiting"] and done.messages[0]["position"] == 1
    assert [(each.message_id, each.text, each.at_ms) for each in shop.relayed] == [("m4", "在吗", 4500), ("m5", "[图片]", 5000)]
    assert shop.relayed[1].media == (PICTURE,)


def test_what_is_said_to_a_person_fills_no_form(shop: Shop) -> None:
    filled = [*SINCE, user("我要退货", "m6", 6.0, "after_sales_return"), slot("after_sales_kind", "return"), slot("chat_anger", 1)]
    assert relay(filled).slots == {"after_sales_kind": None}
    shop.down = True
    assert relay(filled).slots == {"after_sales_kind": None}


def test_a_desk_that_is_down_makes_the_relay_silent(shop: Shop) -> None:
    shop.down = True
    assert relay(SINCE).said == []
    shop.down = False
    relay([*SINCE, user("还在吗", "m6", 6.0)])
    assert [each.message_id for each in shop.relayed] == ["m4", "m5", "m6"], "the next message brings what was missed"


def test_a_person_who_has_just_left_gives_the_conversation_back(shop: Shop) -> None:
    done = relay(SINCE, slots={"handoff_id": "HO0", "orders_number": "1"})
    assert done.said == ["utter_handoff_ended_unread"]
    assert done.slots["handoff_id"] is None and done.slots["orders_number"] is None


@pytest.mark.parametrize(
    "asked",
    ["我排第几", "排到第几了", "前面还有多少人", "还要等多久", "多久能轮到我啊", "有人吗", "人呢?", "怎么还没人接", "还要多久"],
)
def test_who_waits_hears_the_place_and_the_person_hears_the_question(asked: str, shop: Shop) -> None:
    shop.desk = replace(shop.desk, position=3)
    done = relay([*SINCE, user(asked, "m6", 6.0)], text=asked, intent="nlu_fallback")
    assert done.said == ["utter_handoff_place"] and done.messages[0]["position"] == 3
    assert shop.relayed[-1].message_id == "m6"


def test_asking_for_a_person_again_is_asking_how_long(shop: Shop) -> None:
    assert relay([*SINCE, user("转人工", "m6", 6.0)], text="转人工", intent="handoff_request").said == ["utter_handoff_place"]


@pytest.mark.parametrize(
    "said", ["不等了", "算了不等了", "那我不等了，谢谢", "不想排队了", "退出排队", "不用人工了", "算了", "不等了，我自己看看", "不等了 帮我查下快递",
             "人就不用叫了", "我说不用了", "算了不用人工了", "行了别转了", "真不需要同事来了", "别找人了你来办"]
)
def test_who_waits_no_longer_has_the_bot_again(said: str, shop: Shop) -> None:
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said)
    assert done.said == ["utter_handoff_ended_left"]
    assert done.slots["handoff_id"] is None and "feedback_due" not in done.slots
    assert [work[0] for work in shop.done] == ["relay", "leave"]
    assert len(set(shop.written)) == 2, "two writes, two keys"
    assert shop.relayed[-1].message_id == "m6"


@pytest.mark.parametrize("said", ["我的快递等了三天了", "不等了吗", "等不到货我就退了", "客服态度不好", "不算了解", "不等于这个数", "确认取消",
                                  "订单号写错了，尾号是66", "不是我签收的", "好，我等着", "行我等 别又掉线了"])
def test_words_for_the_person_leave_no_queue(said: str, shop: Shop) -> None:
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said)
    assert done.said[0] in ("utter_handoff_waiting", "utter_handoff_place") and [work[0] for work in shop.done] == ["relay"]


def done_meanwhile(done: Any) -> str | None:
    """What the assistant does beside the queue: the intent of the message that is heard again."""
    again = next((each for each in done.events if each["event"] == "user"), None)
    return again["parse_data"]["intent"]["name"] if again else None


def test_who_waits_is_answered_what_the_knowledge_knows(shop: Shop) -> None:
    freight = Hit("faq-1", "满多少包邮？", 0.95, "满 99 元免运费。", "", "配送与运费", 1)
    shop.knowledge = {"满多少包邮？": Found("answer", (freight,))}
    done = relay([*SINCE, user("满多少包邮？", "m6", 6.0)], text="满多少包邮？", intent="faq")
    assert done.said == ["utter_handoff_meanwhile"] and done.messages[0]["position"] == 1
    assert done_meanwhile(done) == "faq" and done.slots["faq_found"]["decision"] == "answer"
    assert shop.relayed[-1].message_id == "m6", "the person reads it all the same"


def sure_of(shop: Shop, question: str, score: float = 0.95) -> None:
    shop.knowledge[question] = Found("answer", (Hit("faq-1", question, score, "用小苏打擦。", "", "产品手册", 1),))


@pytest.mark.parametrize(("confidence", "score", "told"), [(0.6, 0.95, True), (0.97, 0.95, False), (0.6, 0.6, False)])
def test_in_an_alarm_only_what_is_surely_asked_is_no_other_danger(
    confidence: float, score: float, told: bool, shop: Shop
) -> None:
    question = "炸锅的小窗发黄了，拿啥擦"
    sure_of(shop, question, score)
    message = {"danger": {"kind": "fire", "kinds": ["fire"], "confidence": confidence}}
    done = relay([*SINCE, user(question, "m6", 6.0)], text=question, intent="chat_inform", slots=IN_DANGER, message=message)
    assert ("utter_faq_answer" in done.said) is told
    assert done.said[0].startswith("utter_handoff_meanwhile" if told else "utter_handoff_waiting")


def test_when_the_phone_is_answered_is_no_question_for_the_place_in_the_queue(shop: Shop) -> None:
    question = "你们那电话早上几点有人接"
    sure_of(shop, question)
    done = relay([*SINCE, user(question, "m6", 6.0, "handoff_request")], text=question, intent="handoff_request")
    assert done.said == ["utter_handoff_meanwhile", "utter_faq_answer"]
    assert relay(SINCE, text="转人工", intent="handoff_request").said == ["utter_handoff_place"]


@pytest.mark.parametrize(("kind", "told"), [("injury", True), ("fire", False)])
def test_who_asks_in_an_alarm_hears_what_the_documents_surely_say_below_the_first_aid(kind: str, told: bool, shop: Shop) -> None:
    question = "手机摔了屏碎了，买过碎屏的保障，怎么用"
    sure_of(shop, question)
    slots = {"handoff_danger": {"kinds": [kind], "message_id": "m1"}}
    message = {"act": {"name": "ask", "confidence": 0.95, "ask": 0.95}}
    done = run(ActionHandoff(), text=question, intent="danger", slots=slots, message=message)
    assert ("utter_faq_answer" in done.said) is told and done.said[0].startswith("utter_handoff_queued")


REPAIR = {
    "text": "耳机没声音了，想修",
    "intent": "after_sales_repair",
    "message": {"intent": {"name": "after_sales_repair", "confidence": 0.9}},
}


def test_what_the_assistant_can_do_is_done_while_waiting_and_the_place_is_kept(shop: Shop) -> None:
    done = relay([*SINCE, user("耳机没声音了，想修", "m6", 6.0, "after_sales_repair")], **REPAIR)
    assert done.said == ["utter_handoff_meanwhile"] and done_meanwhile(done) == "after_sales_repair"
    assert "handoff_id" not in done.slots and [work[0] for work in shop.done] == ["relay"]


def test_the_answer_to_a_form_opened_while_waiting_is_the_forms_and_the_place_is_not_said_again(shop: Shop) -> None:
    slots = {"handoff_id": "HO1", "requested_slot": "after_sales_reason"}
    done = relay([*SINCE, user("右边没声音", "m6", 6.0)], text="右边没声音", slots=slots, form="after_sales_form")
    assert done.said == [] and done_meanwhile(done) is not None


def test_who_waits_leaves_the_queue_from_within_a_form_with_plain_words(shop: Shop) -> None:
    slots = {"handoff_id": "HO1", "requested_slot": "orders_cancel_confirmed"}
    kept = relay([*SINCE, user("先不取消", "m6", 6.0)], text="先不取消", slots=slots, form="orders_cancel_form")
    assert "handoff_id" not in kept.slots
    left = relay([*SINCE, user("不等了", "m6", 6.0)], text="不等了", slots=slots, form="orders_cancel_form")
    assert left.said == ["utter_handoff_ended_left"] and left.slots["handoff_id"] is None


def test_what_is_passed_on_is_never_said_in_the_same_words_twice_in_a_row(shop: Shop) -> None:
    told = "utter_handoff_waiting"
    for expected in ("utter_handoff_waiting_again", "utter_handoff_waiting_still", "utter_handoff_waiting"):
        last = {**bot("…"), "metadata": {"utter_action": told}}
        assert relay([*SINCE, last, user("盒子压扁了", "m6", 6.0)]).said == [expected]
        told = expected


@pytest.mark.parametrize("said", ["让客服打我手机吧，13800000999", "给我回个电话说"])
def test_who_wants_to_be_rung_hears_when_and_the_ticket_says_so(said: str, shop: Shop) -> None:
    shop.tickets = [Ticket(shop.desk.ticket_number, "转人工", "待处理", "open", "一般", None, "")]
    asked = run(ActionHandoff(), said, "handoff_request")
    assert asked.said == ["utter_handoff_queued_callback"]
    waiting = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="handoff_request")
    assert waiting.said == ["utter_handoff_waiting_callback"]
    assert ("add", said) in [(work[0], work[-1]) for work in shop.done]


def test_a_label_alone_is_no_mood(shop: Shop) -> None:
    unsure = {"sentiment": {"name": "angry", "confidence": 0.5, "angry": False}}
    run(ActionHandoff(), "人工", "handoff_request", message=unsure)
    assert shop.handoffs[0].sentiment == "neutral"


def test_an_old_button_leaves_no_queue(shop: Shop) -> None:
    assert relay(SINCE, text="/chat_stop", intent="chat_stop").said == ["utter_handoff_waiting"]


IN_DANGER = {"handoff_id": "HO1", "handoff_danger": {"kinds": ["gas"], "message_id": "m0"}}


@pytest.mark.parametrize(
    "said", ["没有危险", "哎哟 没得危险哦 我要退的是尿裤", "我家没有漏气", "没人受伤，我就是问问", "我好好的", "说错了", "大家都没事啊", "你误会啦，没出事", "只是问问，没着火"]
)
def test_who_is_in_no_danger_has_the_bot_again(said: str, shop: Shop) -> None:
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="chat_inform", slots=IN_DANGER)
    assert done.said == ["utter_handoff_ended_safe"]
    assert done.slots["handoff_id"] is None and done.slots["handoff_danger"] is None
    assert [work[0] for work in shop.done] == ["relay", "leave"]


@pytest.mark.parametrize("said", ["我在楼下等着", "已经冲了十分钟凉水", "没人接电话", "地址写错了，是6号楼", "现在怎么办", "还是没有好转", "不敢进屋"])
def test_who_tells_more_of_a_danger_goes_on_waiting(said: str, shop: Shop) -> None:
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="chat_inform", slots=IN_DANGER)
    assert done.said == ["utter_handoff_waiting_danger"] and [work[0] for work in shop.done] == ["relay"]


def test_nobody_leaves_with_words_that_tell_of_a_danger(shop: Shop) -> None:
    told = {"danger": {"kind": "gas", "kinds": ["gas"], "confidence": 0.9}, "commands": [{"command": "leave"}]}
    done = relay(SINCE, text="没有着火，但是还在漏气", intent="chat_inform", slots=IN_DANGER, message=told)
    assert done.said == ["utter_handoff_waiting_danger"] and [work[0] for work in shop.done] == ["relay"]


def test_what_is_wanted_beside_leaving_is_done_next(shop: Shop) -> None:
    said = "不等了，帮我查下快递到哪了"
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="logistics_track")
    assert done.said == ["utter_handoff_ended_left"]
    assert done.events[-1]["parse_data"]["intent"]["name"] == "logistics_track", "as if it were said now"


def test_a_wish_that_is_the_whole_message_is_done_once_there_is_no_danger(shop: Shop) -> None:
    said = "没有危险，头盔退一下"
    told = {"commands": [{"command": "leave"}, {"command": "start", "intent": "after_sales_return"}]}
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="chat_stop", slots=IN_DANGER, message=told)
    heard = done.events[-1]["parse_data"]
    assert done.said == ["utter_handoff_ended_safe"] and heard["intent"]["name"] == "after_sales_return" and heard["text"] == said


@pytest.mark.parametrize("said", ["我排第几", "不等了", "转人工"])
def test_a_person_who_has_taken_over_answers_alone(said: str, shop: Shop) -> None:
    shop.desk = replace(shop.desk, position=None)
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said, intent="handoff_request")
    assert done.said == [] and [work[0] for work in shop.done] == ["relay"]


@pytest.mark.parametrize("said", ["我排第几", "不等了"])
def test_a_question_to_a_queue_that_cannot_be_reached_is_not_met_with_silence(said: str, shop: Shop) -> None:
    shop.down = True
    done = relay([*SINCE, user(said, "m6", 6.0)], text=said)
    assert done.said == ["utter_handoff_unreached"] and "handoff_id" not in done.slots


def test_the_strongest_mood_of_the_talk_and_its_pictures_are_told(shop: Shop) -> None:
    angry = user("什么破东西", "m0", 0.5)
    angry["parse_data"]["sentiment"] = {"name": "angry"}
    run(ActionHandoff(), "转人工", "handoff_request", events=[angry, user("[图片]", "m1", 1.0, media=[PICTURE])], sentiment="neutral")
    assert shop.handoffs[0].sentiment == "angry"
    assert shop.handoffs[0].transcript[1]["media"] == [PICTURE]
    run(ActionHandoff(), "转人工", "handoff_request", events=BEFORE, sentiment="satisfied")
    assert shop.handoffs[1].sentiment == "satisfied"


def closed(named: str | None, slots: dict[str, Any]) -> Any:
    """The back office gives a conversation back."""
    entities = {"handoff_ended": named, "handoff_how": ""} if named else {}
    return run(ActionHandoffClosed(), "", "EXTERNAL_handoff_closed", customer=None, slots=slots, entities=entities)


def test_the_bot_is_back_and_asks_how_it_was(shop: Shop) -> None:
    done = closed("HO1", {"handoff_id": "HO1", "chat_anger": 1, "feedback_due": None})
    assert done.said == ["utter_handoff_ended"]
    assert done.slots["handoff_id"] is None and done.slots["chat_anger"] == 0 and done.slots["feedback_due"] is True


def test_an_end_that_comes_twice_or_late_says_nothing(shop: Shop) -> None:
    late = closed("HO1", {"handoff_id": None})
    assert late.said == [] and late.events[-1]["name"] == "action_listen", "and no rating is asked for"
    again = closed("HO1", {"handoff_id": "HO2"})
    assert again.said == [] and "handoff_id" not in again.slots


def test_who_waited_in_vain_is_told_so_and_not_asked_for_a_rating(shop: Shop) -> None:
    entities = {"handoff_ended": "HO1", "handoff_how": "unanswered"}
    slots = {"handoff_id": "HO1", "feedback_due": None}
    done = run(ActionHandoffClosed(), "", "EXTERNAL_handoff_closed", customer=None, slots=slots, entities=entities)
    assert done.said == ["utter_handoff_ended_unanswered"]
    assert "feedback_due" not in done.slots
    shop.desk = LEFT
    done = run(ActionHandoffClosed(), "", "EXTERNAL_handoff_closed", customer=None, slots=slots, entities=entities)
    assert done.said == ["utter_handoff_ended_promised"] and done.messages[0]["answer_by"] == "11-21 12:00"


def test_a_word_that_crosses_with_the_end_of_waiting_hears_the_promise(shop: Shop) -> None:
    shop.desk = LEFT
    done = relay(SINCE)
    assert done.said == ["utter_handoff_ended_promised"] and done.slots["handoff_id"] is None


def test_who_is_in_danger_and_waits_does_not_hear_silence(shop: Shop) -> None:
    told = {"kinds": ["burn"], "message_id": "m0"}
    waiting = run(ActionHandoffRelay(), text="手上起泡了", slots={"handoff_id": "HO1", "handoff_danger": told})
    assert waiting.said == ["utter_handoff_waiting_danger"]
    assert run(ActionHandoffRelay(), text="还在吗", slots={"handoff_id": "HO1"}).said == ["utter_handoff_waiting"]
    shop.desk = replace(shop.desk, position=None)
    connected = run(ActionHandoffRelay(), text="没有危险", slots={"handoff_id": "HO1", "handoff_danger": told})
    assert connected.said == [] and "handoff_id" not in connected.slots


@pytest.mark.parametrize(("slots", "said"), [({"chat_anger": 2}, "angry"), ({"chat_misses": 2}, "not_understood")])
def test_at_night_nothing_is_left_behind_that_nobody_asked_for(shop: Shop, slots: dict[str, int], said: str) -> None:
    shop.unstaffed = True
    offered = run(ActionHandoff(), "气死了", "orders_urge_shipping", slots=slots)
    assert offered.said == [f"utter_handoff_nobody_there_{said}"]
    assert set(offered.slots) >= set(slots) and not any(offered.slots[name] for name in slots), "not again at the next word"
