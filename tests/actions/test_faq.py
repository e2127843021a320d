"""Questions to the shop's knowledge: when it is asked, what is said, and what happens where it does not help."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from actions.chat import ActionChatContext
from actions.faq import ActionFaqAnswer
from actions.gateways.knowledge import Fact, Found, Hit, read_hit
from actions.gateways.orders import AmountPart, Rule
from actions.orders import ActionOrdersStatus
from actions.products import ActionProductsAsk
from tests.actions.fakes import Shop, order, product
from tests.actions.talk import Outcome, run
from topics.clock import SHANGHAI

FREIGHT = Hit("faq-1", "满多少包邮？", 0.95, "满 99 元免运费。", "不满收 6 元。", "配送与运费", 1)
FRESH = Hit("faq-2", "生鲜运费怎么收？", 0.5, "满 79 元免运费。", "", "配送与运费", 1)
RETURNS = Hit("faq-3", "几天内能退？", 0.97, "签收次日起 7 天内。", "", "退换货", 1, (Fact("return_no_reason_days", "7", "day"),))


@pytest.fixture(autouse=True)
def knowledge(shop: Shop) -> None:
    shop.knowledge = {
        "满多少包邮？": Found("answer", (FREIGHT,)),
        "运费怎么收": Found("clarify", (replace(FREIGHT, score=0.4), replace(FRESH, score=0.35))),
        "几天内能退？": Found("answer", (RETURNS,)),
        "不知道什么": Found("pass", (replace(FRESH, score=0.01),)),
    }
    ActionChatContext._silent_until = 0.0


def found(text: str, intent: str, confidence: float = 0.9, **more: Any) -> Any:
    """What `action_chat_context` keeps for the policy."""
    message = {"intent": {"name": intent, "confidence": confidence}}
    return run(ActionChatContext(), text=text, intent=intent, message=message, **more).slots.get("faq_found")


def answer(text: str = "", intent: str = "faq", **more: Any) -> Outcome:
    return run(ActionFaqAnswer(), text=text, intent=intent, **more)


def test_goods_that_are_named_answer_from_their_page_what_no_entry_does(shop: Shop) -> None:
    shop.goods = [product("P03", "步野 疾风跑鞋", 尺码="偏窄，选大半码")]
    named = {"entities": {"product": "疾风跑鞋"}}
    assert found("疾风跑鞋尺码准不准", "nlu_fallback", **named)["decision"] == "goods"
    assert found("疾风跑鞋好看", "nlu_fallback", **named)["decision"] == "pass"
    shop.goods = [product("P04", "锅小匠 保温杯", 保温="6 小时")]
    assert found("保温杯上能印单位标志吗", "nlu_fallback", entities={"product_category": "保温杯"})["decision"] == "pass"
    shop.goods = [product("P03", "步野 疾风跑鞋", 尺码="偏窄，选大半码")]
    shop.knowledge["疾风跑鞋尺码准不准"] = Found("answer", (FREIGHT,))
    assert found("疾风跑鞋尺码准不准", "nlu_fallback", **named)["decision"] == "answer"


# ── when the knowledge is asked ───────────────────────────────────────────────


@pytest.mark.parametrize("intent", ["faq", "nlu_fallback", "chat_out_of_scope", "chat_inform"])
def test_what_only_the_knowledge_can_answer_is_looked_up(intent: str) -> None:
    kept = found("满多少包邮？", intent)
    assert kept["decision"] == "answer" and kept["message_id"] == "m1" and kept["hits"][0]["key"] == "faq-1"


def claimed(intent: str, ask: float, confidence: float, text: str = "满多少包邮？", **more: Any) -> bool:
    """Whether the knowledge answers a message that a topic claims too; `ask`: how probably it only asks."""
    act = {"name": "ask" if ask > 0.5 else "do", "confidence": max(ask, 1 - ask), "ask": ask}
    message = {"intent": {"name": intent, "confidence": confidence}, "act": act}
    return bool(run(ActionChatContext(), text=text, intent=intent, message=message, **more).slots.get("faq_found"))


def test_a_question_is_answered_from_the_knowledge_and_a_wish_goes_to_its_topic(shop: Shop) -> None:
    assert claimed("after_sales_return", ask=0.95, confidence=0.6)
    assert claimed("after_sales_return", ask=0.55, confidence=0.99), "the wish stands on a button below the rule"
    shop.knowledge["满多少包邮？"] = Found("answer", (replace(FREIGHT, score=0.6),))
    assert not claimed("after_sales_return", ask=0.05, confidence=0.95), "帮我退了 wants it done"


def test_a_story_with_a_question_in_it_is_answered_whatever_it_sounds_like() -> None:
    assert claimed("complaints_file", ask=0.04, confidence=0.2)
    assert claimed("handoff_request", ask=0.04, confidence=0.3)


def test_who_wants_a_person_gets_one_and_who_asks_for_their_number_is_told(shop: Shop) -> None:
    shop.knowledge |= {text: Found("answer", (FREIGHT,)) for text in ("有人工吗", "客服热线是多少")}
    assert not claimed("handoff_request", ask=0.95, confidence=0.95, text="有人工吗")
    assert claimed("handoff_request", ask=0.95, confidence=0.95, text="客服热线是多少")
    told = answer("客服热线是多少", intent="handoff_request")
    assert told.buttons[-1]["payload"] == "/handoff_request"


def test_a_visitor_hears_the_rule_where_the_topic_could_only_say_sign_in(shop: Shop) -> None:
    assert claimed("orders_change", ask=0.6, confidence=0.95, customer=None)
    shop.knowledge["改地址"] = Found("answer", (replace(FREIGHT, score=0.6),))
    assert claimed("orders_change", ask=0.1, confidence=0.999, text="改地址", customer=None)
    assert not claimed("orders_change", ask=0.1, confidence=0.999, text="改地址")
    asked = answer("满多少包邮？", intent="after_sales_return", customer=None, message={"act": {"name": "ask", "ask": 0.9}})
    assert asked.said == ["utter_faq_answer"], "a rule that was asked for is answered whole"
    wants = {"act": {"name": "do", "ask": 0.1}}
    told = answer("满多少包邮？", intent="after_sales_return", customer=None, message=wants)
    assert told.said == ["utter_faq_answer", "utter_chat_sign_in_own"]
    waiting = answer("满多少包邮？", intent="after_sales_return", customer=None, message=wants, slots={"handoff_id": "GD1"})
    assert waiting.said == ["utter_faq_answer"], "who waits for a person is not sent away"


def test_a_visitor_who_wants_something_done_is_told_to_sign_in_with_the_nearest_rule_below(shop: Shop) -> None:
    kept = found("满多少包邮？", "orders_change", customer=None, confidence=0.99)
    assert kept["decision"] == "answer"
    wanted = {"intent": {"name": "orders_change", "confidence": 0.99}, "act": {"name": "do", "confidence": 0.9, "ask": 0.1}}
    does = run(ActionChatContext(), text="满多少包邮？", intent="orders_change", message=wanted, customer=None)
    assert does.slots["faq_found"]["decision"] == "pass"
    wall = run(ActionOrdersStatus(), text="满多少包邮？", intent="orders_change", customer=None, slots=does.slots)
    assert wall.said == ["utter_chat_sign_in"] and "满多少包邮？" in [b["title"] for b in wall.buttons]


def test_a_visitor_who_tells_of_their_own_case_hears_the_rule_before_signing_in(shop: Shop) -> None:
    story = "昨天送来的那箱酸奶漏了一半，运费你们可得还我"
    shop.knowledge[story] = Found("answer", (replace(FREIGHT, score=0.6),))
    assert claimed("after_sales_refund", ask=0.05, confidence=0.95, text=story, customer=None)
    assert not claimed("after_sales_refund", ask=0.05, confidence=0.95, text=story), "whose order is known, it is looked up"
    shop.knowledge[story] = Found("clarify", (replace(FREIGHT, score=0.35), replace(FRESH, score=0.3)))
    guessed = {"intent": {"name": "after_sales_refund", "confidence": 0.5}, "act": {"name": "tell", "confidence": 0.9, "ask": 0.1}}
    told = run(ActionChatContext(), text=story, intent="after_sales_refund", message=guessed, customer=None)
    assert told.slots["faq_found"]["decision"] == "clarify"
    sure = {**guessed, "intent": {"name": "after_sales_refund", "confidence": 0.95}}
    wants = run(ActionChatContext(), text=story, intent="after_sales_refund", message=sure, customer=None)
    assert wants.slots["faq_found"]["decision"] == "pass", "a plain wish for which no entry is sure"


def test_a_guessed_intent_opens_no_form_where_several_questions_fit(shop: Shop) -> None:
    shop.knowledge["满多少包邮？"] = Found("clarify", (replace(FREIGHT, score=0.5), FRESH))
    assert claimed("after_sales_return", ask=0.9, confidence=0.2)
    assert not claimed("after_sales_return", ask=0.9, confidence=0.8)


def test_a_question_about_a_thing_of_ones_own_goes_to_its_topic() -> None:
    assert not claimed("after_sales_return", ask=0.95, confidence=0.6, entities={"orders_number": "202611190001"})


def test_an_entry_that_hardly_answers_does_not_beat_a_topic(shop: Shop) -> None:
    shop.knowledge["满多少包邮？"] = Found("clarify", (replace(FREIGHT, score=0.2),))
    assert not claimed("after_sales_return", ask=0.95, confidence=0.6)


def test_what_a_topic_gives_to_a_person_at_once_waits_for_no_rule(shop: Shop) -> None:
    shop.knowledge["我的账号被盗了怎么办"] = Found("answer", (FREIGHT,))
    assert not claimed("account_manage", ask=0.95, confidence=0.3, text="我的账号被盗了怎么办")


def test_a_whole_story_about_the_account_is_answered_by_the_entry_that_is_sure(shop: Shop) -> None:
    told = "旧手机卡早就注销了，登录收不到验证码，怎么换成现在的号"
    for score, answered in ((0.9, True), (0.5, False)):
        shop.knowledge[told] = Found("answer", (replace(FREIGHT, score=score),))
        said = claimed("account_manage", ask=0.2, confidence=0.99, text=told)
        assert said is answered, "else the topic's steps for a word of it"


def test_who_asks_about_a_rating_rates_nothing(shop: Shop) -> None:
    shop.knowledge["上个月给的评价还能改吗"] = Found("answer", (replace(FREIGHT, score=0.7),))
    assert claimed("feedback_rate", ask=0.9, confidence=0.8, text="上个月给的评价还能改吗")
    assert not claimed("feedback_rate", ask=0.05, confidence=0.9, text="给你们打四分吧")


def test_what_is_asked_and_stands_in_the_documents_is_not_out_of_scope(shop: Shop) -> None:
    told = "一年卖够了，那笔年费退不退"
    for score, answered in ((0.4, True), (0.1, False)):
        shop.knowledge[told] = Found("clarify", (replace(FREIGHT, score=score), replace(RETURNS, score=0.08)))
        assert claimed("chat_out_of_scope", ask=0.95, confidence=0.67, text=told) is answered


def test_where_ones_own_thing_stands_is_looked_up_and_the_rule_about_it_is_told(shop: Shop) -> None:
    assert claimed("promotions_ask_coupons", ask=0.8, confidence=0.99)
    assert not claimed("promotions_ask_coupons", ask=0.01, confidence=0.99)


LAMP = {"reference": {"conditions": [{"by": "kind", "sure": True, "said": "灯", "kind": "灯", "words": ["台灯"], "not": [], "wide": False}]}}


def test_goods_that_the_customer_has_not_are_asked_about_in_general(shop: Shop) -> None:
    shop.knowledge["灯罩裂了怎么办"] = Found("clarify", (replace(FREIGHT, score=0.3), replace(FRESH, score=0.25)))
    shop.orders = {"C1": [order("202611190001", "signed", "return", title="蓝牙耳机")]}
    act = {"act": {"name": "tell", "confidence": 0.9, "ask": 0.1}, "intent": {"name": "after_sales_repair", "confidence": 0.9}}
    words = {"text": "灯罩裂了怎么办", "intent": "after_sales_repair", "message": {**LAMP, **act}}
    assert run(ActionChatContext(), **words).slots["faq_found"]["decision"] == "clarify"
    offered = answer("灯罩裂了怎么办", intent="after_sales_repair")
    assert "/after_sales_repair" in [b["payload"] for b in offered.buttons], "what its topic does stands beside the rules"
    shop.orders = {"C1": [order("202611190001", "signed", "return", title="护眼台灯")]}
    assert "faq_found" not in run(ActionChatContext(), **words).slots


def test_a_question_whose_end_sounds_like_a_greeting_is_a_question(shop: Shop) -> None:
    shop.knowledge["号注销了余额还在吗"] = Found("answer", (FREIGHT,))
    assert claimed("chat_greet", ask=0.9, confidence=0.6, text="号注销了余额还在吗")
    assert not claimed("chat_greet", ask=0.9, confidence=0.9, text="在吗")


def test_goods_are_the_catalogues_first(shop: Shop) -> None:
    shop.knowledge["满多少包邮？"] = Found("answer", (replace(FREIGHT, score=0.6),))
    assert not claimed("products_ask_price", ask=0.9, confidence=0.9, entities={"product_category": "洗衣液"})
    shop.knowledge["存了两千多个币，付钱时能少给几块"] = Found("clarify", (replace(FREIGHT, score=0.35), replace(FRESH, score=0.3)))
    unnamed = {"text": "存了两千多个币，付钱时能少给几块", "ask": 0.9, "confidence": 0.9}
    assert claimed("products_ask_price", **unnamed), "where none are named, the topic could only ask which"
    assert not claimed("products_ask_price", **unnamed, slots={"products_last": {"name": "台灯", "sku": "P01"}})


def test_after_a_rule_the_wish_that_it_is_about_is_offered(shop: Shop) -> None:
    told = answer("满多少包邮？", intent="after_sales_return")
    assert [b["payload"] for b in told.buttons][-1] == "/after_sales_return"
    assert told.slots["chat_offered"] == "after_sales_return", "a yes starts it"
    inside = answer("满多少包邮？", intent="after_sales_return", form="after_sales_form")
    assert "chat_offered" not in inside.slots, "the open form goes on"


def test_what_asks_nothing_is_not_looked_up(shop: Shop) -> None:
    shop.knowledge["帮我取消订单"] = Found("answer", (FREIGHT,))
    assert found("帮我取消订单", "orders_cancel", confidence=0.99) is None


def test_a_question_within_a_form_is_looked_up_and_an_answer_to_the_form_is_not(shop: Shop) -> None:
    inside = {"form": "after_sales_form", "slots": {"requested_slot": "after_sales_reason"}}
    assert found("满多少包邮？", "nlu_fallback", **inside)["decision"] == "answer"
    shop.knowledge["屏幕碎了"] = Found("answer", (FREIGHT,))
    assert found("屏幕碎了", "nlu_fallback", **inside) is None


def test_what_a_customer_tells_in_a_complaint_is_no_question_to_the_knowledge() -> None:
    inside = {"form": "complaints_form", "slots": {"requested_slot": "complaints_text"}}
    assert found("满多少包邮？", "nlu_fallback", **inside) is None


def test_a_customer_whom_a_person_serves_asks_that_person() -> None:
    assert found("满多少包邮？", "faq", slots={"handoff_id": "HO1"}) is None


def test_where_the_shop_does_not_answer_the_talk_goes_on(shop: Shop) -> None:
    shop.down = True
    assert found("满多少包邮？", "faq") is None


def test_a_message_that_the_knowledge_answers_was_understood() -> None:
    misses = run(ActionChatContext(), text="满多少包邮？", intent="nlu_fallback", slots={"chat_misses": 1}).slots
    assert misses["chat_misses"] == 0
    again = run(ActionChatContext(), text="不知道什么", intent="nlu_fallback", slots={"chat_misses": 1}).slots
    assert again["chat_misses"] == 2


# ── what is said ──────────────────────────────────────────────────────────────


def test_the_sentences_that_answer_come_first_and_the_rest_behind_a_button(shop: Shop) -> None:
    told = answer("满多少包邮？")
    assert told.said == ["utter_faq_answer"] and told.messages[0]["answer"] == "满 99 元免运费。"
    assert told.messages[0]["source"] == "配送与运费" and [b["title"] for b in told.buttons] == ["更多"]
    assert shop.noted == [("满多少包邮？", "answer")]
    rest = answer(entities={"faq_key": "faq-1", "faq_part": "rest"}, slots=told.slots)
    assert rest.said == ["utter_faq_rest"] and rest.messages[0]["answer"] == "不满收 6 元。"


def test_a_short_list_is_told_whole_and_of_a_long_answer_what_is_asked() -> None:
    head = {"key": "faq-1", "question": "", "score": 1, "source_line": "", "version": 1, "facts": []}
    points = [f"- 类目 {number}：保证金 {number} 万元，佣金 {number}%；" for number in range(7)]
    told = read_hit({**head, "answer": "\n".join(points), "lead": [points[0], points[3]]})
    assert "类目 6" in told.lead and not told.rest
    long = "。".join(f"第{number}句说的是另外一件和这个问题没有多少关系的事情" for number in range(9))
    assert read_hit({**head, "answer": long, "lead": long.split("。")[:2]}).rest == long


def test_what_was_found_for_this_message_is_not_searched_again(shop: Shop) -> None:
    kept = {"message_id": "m1", "decision": "answer", "hits": [FRESH.kept()]}
    told = answer("满多少包邮？", slots={"faq_found": kept})
    assert told.messages[0]["answer"] == FRESH.lead
    other = answer("满多少包邮？", slots={"faq_found": {**kept, "message_id": "m0"}})
    assert other.messages[0]["answer"] == FREIGHT.lead


def test_two_that_are_about_as_likely_are_both_told(shop: Shop) -> None:
    third = replace(RETURNS, score=0.1)
    shop.knowledge["运费怎么收"] = Found("clarify", (replace(FREIGHT, score=0.4), replace(FRESH, score=0.35), third))
    told = answer("运费怎么收")
    assert told.said == ["utter_faq_answer_either"]
    assert (told.messages[0]["answer"], told.messages[0]["next_answer"]) == (FREIGHT.lead, FRESH.lead)
    assert [b["title"] for b in told.buttons] == ["满多少包邮？", "几天内能退？", "都不是", "转人工"], "of which there is more, and the third"


def test_beside_an_answer_the_next_is_told_where_it_is_near(shop: Shop) -> None:
    shop.knowledge["运费怎么收"] = Found("answer", (replace(FREIGHT, score=0.5), replace(FRESH, score=0.3), replace(RETURNS, score=0.1)))
    near = answer("运费怎么收")
    assert near.said == ["utter_faq_answer_either"] and [b["title"] for b in near.buttons] == ["满多少包邮？", "都不是", "转人工"]
    shop.knowledge["运费怎么收"] = Found("answer", (replace(FREIGHT, score=0.5), replace(FRESH, score=0.2)))
    below = answer("运费怎么收")
    assert below.said == ["utter_faq_answer_likely"] and "生鲜运费怎么收？" in [b["title"] for b in below.buttons]
    shop.knowledge["运费怎么收"] = Found("answer", (replace(FREIGHT, score=0.5), replace(FRESH, score=0.05)))
    assert answer("运费怎么收").said == ["utter_faq_answer"]


def test_the_entry_chosen_below_is_told(shop: Shop) -> None:
    told = answer("运费怎么收")
    chosen = answer(entities={"faq_key": "faq-2"}, slots=told.slots)
    assert chosen.said == ["utter_faq_answer"] and chosen.messages[0]["answer"] == FRESH.lead


def test_the_likeliest_by_far_is_told_with_the_others_below_it(shop: Shop) -> None:
    shop.knowledge["运费怎么收"] = Found("clarify", (replace(FREIGHT, score=0.45), replace(FRESH, score=0.05)))
    told = answer("运费怎么收")
    assert told.said == ["utter_faq_answer_likely"] and told.messages[0]["answer"] == FREIGHT.lead
    assert [b["title"] for b in told.buttons] == ["更多", "生鲜运费怎么收？"]
    assert told.slots["faq_last"]["key"] == "faq-1", "it is what the next question goes on from"


def test_the_second_question_without_an_answer_offers_a_person_first() -> None:
    first = answer("不知道什么")
    assert first.said == ["utter_faq_no_answer"]
    second = answer("不知道什么", slots=first.slots)
    assert second.messages[0]["response"] == "utter_faq_no_answer_again"


def test_a_rule_with_a_span_of_days_is_reckoned_for_the_order_spoken_of(shop: Shop) -> None:
    signed = datetime.now(SHANGHAI) - timedelta(days=3)
    parcel = order("202611190001", "signed", "return")
    shop.orders = {"C1": [replace(parcel, times={**parcel.times, "signed_at": signed.isoformat()})]}
    told = answer("几天内能退？", slots={"orders_last": "202611190001"})
    assert told.said == ["utter_faq_answer", "utter_faq_case_return_no_reason_days"]
    assert told.messages[1]["until"] == (signed + timedelta(days=7)).date().isoformat()[5:]
    past = replace(parcel, times={**parcel.times, "signed_at": (signed - timedelta(days=30)).isoformat()})
    shop.orders = {"C1": [past]}
    assert answer("几天内能退？", slots={"orders_last": "202611190001"}).said[1] == "utter_faq_case_return_no_reason_days_past"
    assert answer("几天内能退？", slots={"orders_last": "202611190001"}, customer=None).said == ["utter_faq_answer"]


def test_coins_are_reckoned_in_yuan(shop: Shop) -> None:
    rule = Hit("faq-7", "灵犀币怎么抵？", 0.9, "100 个抵 1 元。", "", "会员", 1, (Fact("coins_per_yuan", "100", "个"),))
    shop.knowledge = {text: Found("answer", (rule,)) for text in ("我这 2350 个币顶几块", "灵犀币怎么抵？")}
    named = answer("我这 2350 个币顶几块")
    assert named.said == ["utter_faq_answer", "utter_faq_case_coins_per_yuan"] and str(named.messages[1]["worth"]) == "23.50"
    assert answer("灵犀币怎么抵？").said[1] == "utter_faq_case_coins_per_yuan_own"


def test_whether_there_is_still_time_is_said_of_the_own_order(shop: Shop) -> None:
    rule = "七天无理由退货怎么算时间，要什么条件？"
    shop.knowledge[rule] = Found("answer", (RETURNS,))
    signed = replace(order("202611190001", "signed", "return"), times={"signed_at": "2026-11-19T10:00:00+08:00"})
    shop.orders = {"C1": [signed]}
    slots, asks = {"orders_last": "202611190001"}, {"act": {"name": "ask", "confidence": 0.9, "ask": 0.9}}
    kept = run(ActionChatContext(), text="现在退还来得及吗", intent="after_sales_ask_status", message=asks, slots=slots).slots
    assert kept["faq_found"]["decision"] == "own"
    told = answer("现在退还来得及吗", intent="after_sales_ask_status", message=asks, slots={**slots, **kept})
    assert told.said[:1] == ["utter_faq_in_time_return"] and told.said[1].startswith("utter_faq_case_return_no_reason_days")
    shop.orders = {"C1": [replace(signed, allowed=order("202611190001", "signed").allowed)]}
    assert answer("现在退还来得及吗", message=asks, slots={**slots, **kept}).said == ["utter_faq_in_time_return_past"]
    visitor = run(ActionChatContext(), text="现在退还来得及吗", intent="faq", message=asks, customer=None).slots
    assert (visitor.get("faq_found") or {}).get("decision") != "own"
    money = run(ActionChatContext(), text="差价还能退吗", intent="faq", message=asks, slots=slots).slots
    assert (money.get("faq_found") or {}).get("decision") != "own", "of money the order's deadline says nothing"


def refusal(**facts: Any) -> dict[str, Any]:
    """The slot of who was just refused something."""
    thing = {"kind": "order", "id": "202611190001", "title": "蓝牙耳机", "told": "refused", "order": "202611190001", "said": 1}
    return {"chat_focus": [{**thing, "facts": {"code": "return_excluded", "detail": "已经激活。", **facts}}]}


def test_who_argues_with_a_refusal_hears_its_reason_and_its_rule(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "signed")]}
    shop.knowledge["哪些不能退？"] = Found("answer", (RETURNS,))
    events = said("退货", "别人都退了呀")
    why = answer("别人都退了呀", slots=refusal(rule="哪些不能退？"), events=events)
    assert why.said == ["utter_orders_order_why_not_refused", "utter_faq_rule"]
    assert "已经激活。" in str(why.messages[0]) and why.messages[1]["answer"] == RETURNS.lead
    assert [talk.told for talk in shop.talks if talk.said == "退货"][:1] == ["哪些不能退？"], "the rule is what the talk is about"
    again = answer("别人都退了呀", slots=why.slots, events=events)
    assert again.said == ["utter_orders_order_why_not_refused"], "the rule is not told twice in a row"
    assert answer("满多少包邮？", slots=refusal(rule="哪些不能退？"), events=events).said[0] == "utter_faq_answer"
    late = answer("不知道什么", slots=refusal(), events=said("退货", "好的", "嗯", "不知道什么"))
    assert late.said == ["utter_faq_no_answer"], "another matter"


def refused_return(**facts: Any) -> dict[str, Any]:
    return refusal(rule="哪些不能退？", wish="return", **facts)


@pytest.mark.parametrize(
    ("question", "says"),
    [("那将来主板有故障呢", "utter_faq_if_broken"), ("那给我修一下可以吗", "utter_faq_if_broken"), ("那换个黑的可以吗", "utter_faq_if_broken_too")],
)
def test_what_else_is_asked_after_a_refusal_is_answered_from_the_own_case(question: str, says: str, shop: Shop) -> None:
    mine = order("202611190001", "signed", "repair")
    ways = {**mine.allowed, "repair": Rule(True, "", "", "2026-12-11")}
    shop.orders = {"C1": [replace(mine, allowed=ways)]}
    asks = {"act": {"name": "ask", "ask": 0.9}}
    kept = run(ActionChatContext(), text=question, intent="nlu_fallback", message=asks, slots=refused_return()).slots
    assert kept["faq_found"]["decision"] == "own"
    told = answer(question, message=asks, slots={**refused_return(), **kept})
    assert told.said == [says] and "2026-12-11" in told.messages[0]["ways"]
    assert told.slots["chat_focus"][0]["told"] == "refused", "what is asked next goes on from it"


def test_a_refusal_is_explained_once(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "signed")]}
    explained = {"event": "bot", "text": "规则", "metadata": {"utter_action": "utter_orders_order_why_not_refused"}}
    events = [*said("退货", "凭什么"), explained, *said("运费怎么收")]
    assert answer("运费怎么收", slots=refused_return(), events=events).said[0].startswith("utter_faq_answer")
    first = answer("运费怎么收", slots=refused_return(), events=said("退货", "运费怎么收"))
    assert first.said[0] == "utter_orders_order_why_not_refused"
    other = {"reference": {"conditions": [{"by": "kind", "sure": True, "said": "围巾", "kind": "围巾"}]}, "act": {"name": "ask", "ask": 0.9}}
    kept = run(ActionChatContext(), text="围巾能换吗", intent="faq", message=other, slots=refused_return()).slots
    assert (kept.get("faq_found") or {}).get("decision") != "own", "other goods are another matter"


# ── whether it helped ─────────────────────────────────────────────────────────


def test_it_is_not_asked_after_every_answer_whether_it_helped() -> None:
    first = answer("满多少包邮？")
    second = answer("几天内能退？", slots=first.slots)
    third = answer("满多少包邮？", slots=second.slots)
    assert "utter_faq_ask_helpful" not in [*first.said, *second.said]
    assert third.said[-1] == "utter_faq_ask_helpful" and [b["title"] for b in third.buttons][-2:] == ["有帮助", "没帮助"]


def said(*texts: str) -> list[dict[str, Any]]:
    """The customer's messages, as the tracker holds them."""
    return [{"event": "user", "text": text, "parse_data": {"intent": {"name": "faq"}}} for text in texts]


def test_the_same_is_never_told_twice_in_a_row(shop: Shop) -> None:
    whole = replace(FREIGHT, lead="满 99 元免运费。不满收 6 元。", rest="")
    shop.knowledge = {"满多少包邮？": Found("answer", (whole,)), "不满呢": Found("answer", (whole,))}
    first = answer("满多少包邮？", events=said("满多少包邮？"))
    second = answer("不满呢", slots=first.slots, events=said("满多少包邮？", "不满呢"))
    assert second.said == ["utter_faq_again"] and second.messages[0]["answer"] == "不满收 6 元。"
    assert shop.talks[-1].told == "faq-1" and shop.talks[-1].said == "满多少包邮？"
    third = answer("不满呢", slots=second.slots, events=said("满多少包邮？", "不满呢", "不满呢"))
    assert third.said == ["utter_faq_again_nothing"] and [b["title"] for b in third.buttons] == ["转人工"]


def test_what_hardly_fits_is_not_told(shop: Shop) -> None:
    shop.knowledge["运费怎么收"] = Found("clarify", (replace(FREIGHT, score=0.1), replace(FRESH, score=0.1)))
    assert answer("运费怎么收").said == ["utter_faq_no_answer"]


def test_twice_unhelpful_brings_a_person(shop: Shop) -> None:
    told = answer("满多少包邮？")
    once = answer(entities={"faq_helpful": "no"}, slots=told.slots)
    assert once.said == ["utter_faq_unhelpful"] and once.then is None
    twice = answer(entities={"faq_helpful": "no"}, slots={**told.slots, **once.slots})
    assert twice.then == "action_handoff" and twice.said == []
    assert shop.done == [("outcome", "note-1", "unhelpful"), ("outcome", "note-1", "handed_over")]


def test_helpful_is_kept_and_thanked_for(shop: Shop) -> None:
    told = answer("满多少包邮？")
    assert answer(entities={"faq_helpful": "yes"}, slots=told.slots).said == ["utter_faq_helpful"]
    assert shop.done == [("outcome", "note-1", "helpful")]


# ── goods ─────────────────────────────────────────────────────────────────────


def test_what_the_page_of_a_product_does_not_say_may_stand_in_its_manual(shop: Shop) -> None:
    from tests.actions.test_products import EARPHONES

    shop.goods = [EARPHONES]
    shop.knowledge = {f"{EARPHONES.product.name} 怎么恢复出厂设置": Found("answer", (replace(FREIGHT, lead="恢复出厂设置：长按 10 秒。"),))}
    last = {"sku": EARPHONES.product.sku, "product_id": EARPHONES.product.product_id, "name": EARPHONES.product.name}
    told = run(ActionProductsAsk(), text="怎么恢复出厂设置", intent="products_ask_detail", slots={"products_last": last})
    assert told.said == ["utter_faq_answer"] and told.messages[0]["answer"] == "恢复出厂设置：长按 10 秒。"


@pytest.mark.parametrize(("score", "told"), [(0.7, "utter_faq_answer"), (0.4, "utter_products_detail_unknown")])
def test_a_manual_that_is_surely_meant_tells_of_it_in_its_own_words(score: float, told: str, shop: Shop) -> None:
    from tests.actions.test_products import EARPHONES

    shop.goods = [EARPHONES]
    question = "LX-B3玩moba老是慢一拍"
    entry = Found("answer", (replace(FREIGHT, lead="打开低延迟模式，延迟约 60 毫秒。", score=score),))
    shop.knowledge = {question: entry, f"{EARPHONES.product.name} {question}": entry}
    said = run(ActionProductsAsk(), text=question, intent="products_ask_detail", entities={"product": "LX-B3"}).said
    assert said == [told]


def test_what_was_done_and_a_question_about_it_are_one_question(shop: Shop) -> None:
    told = "买的时候抵了币，现在退了，币怎么算"
    shop.knowledge[told] = Found("answer", (replace(RETURNS, score=0.8),))
    words = ({"words": "买的时候抵了币", "intent": "account_ask_assets"}, {"words": "现在退了", "intent": "after_sales_return"})
    starts = [{"command": "start", **each, "entities": [], "reference": {}, "fresh": at > 0} for at, each in enumerate(words)]
    act = {"name": "ask", "confidence": 0.6, "ask": 0.6}
    message = {"commands": starts, "act": act, "intent": {"name": "account_ask_assets", "confidence": 0.8}}
    slots = run(ActionChatContext(), text=told, intent="account_ask_assets", message=message).slots
    assert slots["faq_found"]["hits"][0]["key"] == "faq-3" and not slots.get("chat_requests")
    said = run(ActionFaqAnswer(), text=told, intent="account_ask_assets", message=message, slots=slots)
    assert said.said == ["utter_faq_answer"]


@pytest.mark.parametrize(("asks", "score", "told"), [(0.96, 0.95, True), (0.96, 0.6, False), (0.2, 0.95, False)])
def test_a_rule_is_told_whosever_account_is_spoken_of(asks: float, score: float, told: bool, shop: Shop) -> None:
    question = "我爱人号里的币，过了年还作数吗"
    shop.knowledge[question] = Found("answer", (replace(FREIGHT, score=score),))
    message = {"act": {"name": "ask", "confidence": asks, "ask": asks}}
    entities = {"account_kind": "others"}
    found = run(ActionChatContext(), text=question, intent="account_manage", message=message, entities=entities)
    assert bool(found.slots.get("faq_found")) is told


@pytest.mark.parametrize(("question", "told"), [("外地的件可以半路换城市不", True), ("那到底要怎么办才行", False), ("换个城市总可以吧", False)])
def test_who_heard_the_refusal_is_told_the_likely_rule(question: str, told: bool, shop: Shop) -> None:
    shop.knowledge[question] = Found("clarify", (replace(FREIGHT, score=0.3), replace(RETURNS, score=0.1)))
    message = {"act": {"name": "ask", "confidence": 0.9, "ask": 0.9}}
    entities = {"account_kind": "others_again"}
    found = run(ActionChatContext(), text=question, intent="account_manage", message=message, entities=entities)
    assert bool(found.slots.get("faq_found")) is told


@pytest.mark.parametrize(
    ("refused", "said", "offered"),
    [
        ({}, "utter_faq_in_time_fault", "after_sales_exchange"),
        ({"return": "return_window_passed", "exchange": "return_window_passed"}, "utter_faq_in_time_fault_past", "after_sales_repair"),
    ],
)
def test_of_what_is_broken_it_is_said_which_ways_are_open(
    shop: Shop, refused: dict[str, str], said: str, offered: str
) -> None:
    shop.orders = {"C1": [order("202611190001", "signed", "return", "exchange", "repair")]}
    shop.refused = refused
    asks = {"act": {"name": "ask", "ask": 0.9}, "commands": [{"command": "know", "intent": "after_sales_exchange"}]}
    fault = {"number": "202611190001", "text": "转盘不转", "code": "quality"}
    slots = {"orders_last": "202611190001", "after_sales_told": fault}
    kept = run(ActionChatContext(), text="给我换个好的行不", intent="faq", message=asks, slots=slots).slots
    assert kept["faq_found"]["decision"] == "own"
    told = answer("给我换个好的行不", message=asks, slots={**slots, **kept})
    assert told.said == [said] and told.slots["chat_offered"] == offered and told.slots["after_sales_told"] == fault
    whole = run(ActionChatContext(), text="换货运费谁出", intent="faq", message=asks, slots=slots).slots
    assert (whole.get("faq_found") or {}).get("decision") != "own", "that is another question"
    unbroken = {"orders_last": "202611190001"}
    other = run(ActionChatContext(), text="给我换个好的行不", intent="faq", message=asks, slots=unbroken).slots
    assert (other.get("faq_found") or {}).get("decision") != "own"


SLIP = {
    "orders_number": "202611190001", "orders_checked": "after_sales_form:possible", "after_sales_kind": "return",
    "requested_slot": "after_sales_pickup",
}  # fmt: skip


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("明早再提交赶得上吗", "utter_faq_slip_until_when"),
        ("是全额退吗", "utter_faq_slip_comes_back_shared"),
        ("退给我150对吧", "utter_faq_slip_comes_back_shared"),
    ],
)
def test_what_is_asked_of_the_slip_being_filled_in_is_answered_from_it(question: str, says: str, shop: Shop) -> None:
    parts = (AmountPart("商品金额", "199.00"), AmountPart("优惠券", "-20.00"))
    mine = order("202611190001", "signed", "return")
    open_until = {**mine.allowed, "return": Rule(True, "", "", "2026-12-03")}
    shop.orders, shop.amounts = {"C1": [replace(mine, parts=parts, allowed=open_until)]}, {"return": "179.00"}
    corrects = {"commands": [{"command": "correct", "slot": "orders_number", "value": question}]}
    kept = run(ActionChatContext(), text=question, intent="chat_inform", form="after_sales_form", message=corrects, slots=SLIP).slots
    assert kept["faq_found"]["decision"] == "own"
    told = run(ActionFaqAnswer(), text=question, form="after_sales_form", message=corrects, slots={**SLIP, **kept})
    assert told.said == [says] and not told.slots
    assert "2026-12-03" in told.messages[0].get("ways", "2026-12-03")
    assert ("150" in told.messages[0].get("says", "")) is ("150" in question)


@pytest.mark.parametrize(
    ("state", "coins", "says", "words"),
    [("signed", 0, "utter_faq_slip_coins", ""), ("completed", 1200, "utter_faq_slip_coins_completed", "1200")],
)
def test_what_becomes_of_the_coins_is_said_of_the_slips_own_order(
    state: str, coins: int, says: str, words: str, shop: Shop
) -> None:
    shop.orders = {"C1": [replace(order("202611190001", state, "return"), points_used=coins)]}
    question = {"commands": [{"command": "start", "intent": "account_ask_assets"}]}
    asks: dict[str, Any] = {"text": "退掉以后我的积分会少吗", "form": "after_sales_form", "message": question}
    kept = run(ActionChatContext(), intent="account_ask_assets", slots=SLIP, **asks).slots
    told = run(ActionFaqAnswer(), intent="account_ask_assets", slots={**SLIP, **kept}, **asks)
    assert told.said == [says] and words in told.messages[0]["used"] and told.messages[0]["points"]


@pytest.mark.parametrize("words", ["那就退179", "后天上午来拿", "我的券会过期吗"])
def test_what_asks_nothing_of_the_slip_is_left_to_others(words: str, shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "signed", "return")]}
    kept = run(ActionChatContext(), text=words, intent="chat_inform", form="after_sales_form", slots=SLIP).slots
    assert (kept.get("faq_found") or {}).get("decision") != "own"
    unknown = {**SLIP, "orders_number": None}
    without = run(ActionChatContext(), text="是全额退吗", intent="chat_inform", form="after_sales_form", slots=unknown).slots
    assert (without.get("faq_found") or {}).get("decision") != "own", "no order was chosen yet"


def test_a_fault_that_is_told_is_not_answered_by_the_manual_of_other_goods(shop: Shop) -> None:
    manual = Hit("manual-3", "清洁（灵犀 X9 咖啡机）", 0.9, "每周除垢一次。", "", "产品手册", 1)
    shop.knowledge = {"风扇不转了": Found("answer", (manual,))}
    tells = {"act": {"name": "tell", "ask": 0.1}, "values": [{"kind": "reason", "value": "风扇不转了", "code": "quality"}]}
    kept = run(ActionChatContext(), text="风扇不转了", intent="after_sales_report_problem", message=tells).slots
    assert kept.get("faq_found") is None
