"""The talk itself: what is known of the moment, the apology, the second request, the yes and the no."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from actions import wiring
from actions.after_sales import ActionAfterSalesStatus
from actions.chat import (
    ActionChatContext,
    ActionChatHold,
    ActionChatNo,
    ActionChatRepeat,
    ActionChatStop,
    ActionChatTakeBack,
    ActionChatUnclear,
    ActionChatYes,
)
from actions.gateways.errors import Unavailable
from actions.invoices import ValidateInvoicesRequestForm
from actions.orders import ActionOrdersCancel, ActionOrdersStatus, ValidateOrdersStatusForm
from tests.actions.fakes import Shop, order
from tests.actions.talk import DOMAIN, Outcome, run

EARPHONES = order("202611190001", "paid", "cancel", "change", "urge")
KETTLE, LAMP = order("202611130003", "signed", title="电热水壶"), order("202611150012", "signed", title="护眼台灯")
ANGRY = {"sentiment": {"name": "angry"}}


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [EARPHONES]}
    ActionChatContext._silent_until = 0.0


def context(intent: str = "chat_smalltalk", message: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What action_chat_context makes of a message."""
    made = run(ActionChatContext(), intent=intent, message=message, **more)
    assert made.messages == [], "the context says nothing"
    return made.slots


# ── the moment ────────────────────────────────────────────────────────────────


def test_an_apology_is_remembered_for_the_talk_and_who_wants_none_has_heard_one() -> None:
    said = {"event": "user", "text": "烦", "message_id": "m0", "timestamp": 1.0, "parse_data": {}, "metadata": {}}
    assert context("chat_abuse", ANGRY, slots={"chat_anger": 1})["chat_soothed"], "the first one was said"
    assert context("chat_abuse", text="少跟我说抱歉")["chat_soothed"]
    assert "chat_soothed" not in context(slots={"chat_soothed": "m0"}, events=[said]), "it stands"
    assert context(slots={"chat_soothed": "long ago"})["chat_soothed"] is None, "another talk"


def test_a_message_without_sentiment_is_neutral() -> None:
    assert context()["chat_sentiment"] == "neutral"


def test_angry_messages_are_counted_and_thanks_end_the_anger() -> None:
    assert context("orders_urge_shipping", ANGRY)["chat_anger"] == 1
    assert context("chat_abuse", ANGRY, slots={"chat_anger": 1})["chat_anger"] == 2
    assert context("chat_thank", slots={"chat_anger": 1})["chat_anger"] == 0
    assert context(message={"sentiment": {"name": "satisfied"}}, slots={"chat_anger": 1})["chat_anger"] == 0
    assert "chat_anger" not in context(slots={"chat_anger": 1}), "a neutral word changes nothing"


@pytest.mark.parametrize(("text", "intent"), [("别取消", "orders_cancel"), ("给我讲个笑话吧", "chat_smalltalk"), ("在吗", "chat_greet")])
def test_a_curt_no_or_small_talk_is_not_taken_for_anger(text: str, intent: str) -> None:
    slots = context(intent, ANGRY, text=text)
    assert slots["chat_sentiment"] == "neutral" and slots["chat_anger"] == 0


def test_a_message_is_counted_once_though_rasa_asks_twice_where_a_form_starts() -> None:
    again = context(message=ANGRY, slots={"chat_anger": 1, "chat_counted": "m1"})
    assert "chat_anger" not in again


def test_messages_not_understood_in_a_row_are_counted() -> None:
    assert context("nlu_fallback")["chat_misses"] == 1
    for signs in ("？？", "!!!", "😤😤"):
        wordless = run(ActionChatContext(), text=signs, intent="nlu_fallback", slots={"chat_misses": 1})
        assert "chat_misses" not in wordless.slots, "nothing was said that could be understood"
    assert context("nlu_fallback", slots={"chat_misses": 1})["chat_misses"] == 2
    assert context("chat_greet", slots={"chat_misses": 1})["chat_misses"] == 0


def test_in_a_form_the_form_itself_counts() -> None:
    asked = {"requested_slot": "after_sales_reason", "chat_misses": 1}
    assert "chat_misses" not in context("nlu_fallback", slots=asked, form="after_sales_form")


def test_nothing_is_counted_while_a_person_has_the_conversation() -> None:
    assert "chat_anger" not in context(message=ANGRY, slots={"handoff_id": "1"})


def test_the_level_is_read_once_and_its_failure_is_silent(shop: Shop) -> None:
    assert context()["account_level"] == "金卡"
    shop.down = True
    assert "account_level" not in context(slots={"account_level": "金卡"}), "known: not asked again"
    assert "account_level" not in context()


def test_after_a_failure_the_level_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Down:
        def get(self, caller: Any) -> Any:
            asked.append("card")
            raise Unavailable("down")

    gateways = wiring.gateways()
    monkeypatch.setattr(wiring, "gateways", lambda: type("G", (), {**gateways.__dict__, "customers": Down()})())
    context()
    context()
    assert asked == ["card"]


def test_a_visitor_has_no_level_but_a_bucket() -> None:
    slots = context(customer=None)
    assert "account_level" not in slots and slots["ab_bucket"] in ("a", "b")


def test_a_customer_is_always_in_the_same_bucket_and_customers_are_in_both() -> None:
    assert context(customer="C7")["ab_bucket"] == context(customer="C7")["ab_bucket"]
    assert {context(customer=f"C{n}")["ab_bucket"] for n in range(20)} == {"a", "b"}


# ── two requests ──────────────────────────────────────────────────────────────

INVOICE: dict[str, Any] = {
    "intent": "invoices_request",
    "words": "水壶那单开发票",
    "entities": [{"entity": "product", "value": "水壶"}],
    "reference": {"conditions": [], "names": ["水壶"], "bare": False},
}
TWO = {
    "commands": [
        {"command": "start", "intent": "orders_cancel", "words": "耳机那单取消"},
        {"command": "start", **INVOICE, "fresh": True},
    ]
}


def test_the_second_request_waits() -> None:
    assert context("orders_cancel", TWO)["chat_requests"] == [INVOICE]


def test_a_request_that_is_asked_for_again_waits_no_longer() -> None:
    waiting = {"chat_requests": [INVOICE]}
    assert context("invoices_request", slots=waiting)["chat_requests"] is None
    assert "chat_requests" not in context("chat_inform", slots=waiting)


def test_a_reason_in_the_customers_own_words_is_no_second_request() -> None:
    asked = {"requested_slot": "after_sales_reason"}
    assert "chat_requests" not in context("after_sales_return", TWO, slots=asked, form="after_sales_form")


def cancelled(**slots: Any) -> Outcome:
    known = {"orders_number": EARPHONES.number, "orders_cancel_confirmed": True, **slots}
    return run(ActionOrdersCancel(), "确认", "chat_affirm", slots=known)


def test_when_the_first_is_done_the_second_is_taken_up_by_itself() -> None:
    done = cancelled(chat_requests=[INVOICE])
    assert done.said == ["utter_orders_cancelled_paid", "utter_chat_next"]
    assert done.messages[-1]["request"] == "开发票" and done.slots["chat_requests"] is None
    spoken = done.events[-1]
    assert spoken["event"] == "user" and spoken["text"] == "水壶那单开发票" and spoken["metadata"]["customer_token"]
    assert spoken["parse_data"]["intent"]["name"] == "invoices_request"
    assert spoken["parse_data"]["entities"] == INVOICE["entities"], "it is about what it named itself"


def test_the_second_is_never_about_the_firsts_order(shop: Shop) -> None:
    shop.orders["C1"] = [EARPHONES, KETTLE, LAMP]
    started = {"commands": [{"command": "start", "intent": "invoices_request", "fresh": True}]}
    known = {"orders_last": EARPHONES.number}
    told = run(ValidateInvoicesRequestForm(), "开发票", "invoices_request", slots=known, form="invoices_request_form", message=started)
    assert told.slots.get("orders_number") is None


def test_the_second_comes_after_a_refusal_too_but_not_after_a_failure(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "shipped")]}
    assert cancelled(chat_requests=[INVOICE]).said[-1] == "utter_chat_next"
    shop.down = True
    assert cancelled(chat_requests=[INVOICE]).said == ["utter_chat_backend_unavailable"]


def test_nothing_is_taken_up_in_the_middle_of_another_form() -> None:
    class Concluding(ActionAfterSalesStatus):
        concludes = True

    told = run(Concluding(), slots={"chat_requests": [INVOICE]}, form="orders_change_form")
    assert "utter_chat_next" not in told.said


def test_a_yes_goes_on_as_if_it_had_been_asked_for() -> None:
    yes = run(ActionChatYes(), "好的", "chat_affirm", slots={"chat_offered": "invoices_request"})
    assert [e["event"] for e in yes.events] == ["slot", "action", "user"]
    spoken = yes.events[-1]
    assert spoken["parse_data"]["intent"]["name"] == "invoices_request" and spoken["text"] == "开发票"
    assert spoken["metadata"]["customer_token"], "the proof of identity goes with it"
    assert "points" in spoken["parse_data"]["cues"], "about the order just spoken of"
    assert yes.said == []


def test_a_yes_or_no_to_nothing_is_answered() -> None:
    assert run(ActionChatYes(), "好", "chat_affirm").said == ["utter_chat_affirm"]
    assert run(ActionChatNo(), "不", "chat_deny").said == ["utter_chat_deny"]


def after(intent: str, text: str, *titles: str) -> list[dict[str, Any]]:
    """What the customer wrote, the answer with its buttons, and a word after it."""
    buttons = [{"title": title, "payload": "/x"} for title in titles]
    asked = {"event": "user", "parse_data": {"intent": {"name": intent}}}
    return [asked, {"event": "bot", "text": text, "data": {"buttons": buttons}}, {"event": "user"}]


def test_a_word_after_news_is_acknowledged_and_nothing_is_asked() -> None:
    news = after("logistics_track", "您的包裹在路上。", "催一下")
    assert run(ActionChatYes(), "好吧", "chat_affirm", events=news).said == ["utter_chat_affirm_done"]


def test_a_yes_to_a_choice_is_shown_the_choice_again() -> None:
    for end in ("\uff1f", "?"):
        choice = after("after_sales_report_problem", f"您想怎么处理{end}", "退货", "换货")
        again = run(ActionChatYes(), "嗯", "chat_affirm", events=choice)
        assert again.said == ["utter_chat_affirm_choose"] and [b["title"] for b in again.buttons] == ["退货", "换货"]


def test_a_yes_after_the_greeting_is_asked_what_is_wanted() -> None:
    greeted = after("chat_greet", "您好。", "查订单")
    assert run(ActionChatYes(), "好", "chat_affirm", events=greeted).said == ["utter_chat_affirm"]


def test_an_address_that_a_form_asked_for_is_not_anger() -> None:
    asked = {"requested_slot": "orders_change_value"}
    known: dict[str, Any] = {"text": "绍兴市的 浙江省绍兴市的", "entities": {"address": "浙江省绍兴市"}}
    known["message"] = {**ANGRY, "intent": {"name": "chat_inform", "confidence": 0.3}}
    told = context("chat_inform", **known, slots=asked, form="orders_change_form")
    assert told["chat_sentiment"] == "neutral"
    assert context("chat_inform", **known)["chat_sentiment"] == "angry"


def test_a_no_drops_what_was_offered() -> None:
    no = run(ActionChatNo(), "不用了", "chat_deny", slots={"chat_offered": "invoices_request"})
    assert no.slots == {"chat_offered": None}


def test_an_offer_is_forgotten_when_the_customer_speaks_of_something_else() -> None:
    assert context("chat_smalltalk", slots={"chat_offered": "invoices_request"})["chat_offered"] is None
    assert "chat_offered" not in context("chat_affirm", slots={"chat_offered": "invoices_request"})


def test_the_only_button_below_a_question_is_an_offer_and_stands_beside_what_is_asked_in_between() -> None:
    button = {"title": "申请退货", "payload": '/after_sales_return{"orders_number": "202611190001"}'}
    asked = {"event": "bot", "text": "要申请退货吗？", "data": {"buttons": [button, {"title": "不用了", "payload": "/chat_deny"}]}}
    why = context("faq", {"commands": [{"command": "know", "question": "…"}]}, events=[asked])
    assert why["chat_offered"] == button["payload"]
    later = context("faq", {"commands": [{"command": "know", "question": "…"}]}, slots={"chat_offered": button["payload"]})
    assert "chat_offered" not in later, "two messages later it still stands"
    yes = run(ActionChatYes(), "好的", "chat_affirm", slots={"chat_offered": button["payload"]})
    spoken = yes.events[-1]["parse_data"]
    assert spoken["intent"]["name"] == "after_sales_return"
    assert spoken["entities"] == [{"entity": "orders_number", "value": "202611190001"}]


def test_who_needs_a_moment_hears_one_sentence() -> None:
    assert run(ActionChatHold(), "等一下", form="orders_cancel_form").said == ["utter_chat_hold"]


def _wrote(action: str) -> dict[str, Any]:
    """The event of an action that changed something at the shop."""
    return {"event": "slot", "name": "chat_done", "value": action}


def test_what_was_not_wanted_is_dropped_or_withdrawn() -> None:
    known = {"orders_number": EARPHONES.number, "requested_slot": "orders_cancel_confirmed"}
    open_form = run(ActionChatTakeBack(), intent="chat_take_back", slots=known, form="orders_cancel_form")
    assert open_form.loop_ended and open_form.said == ["utter_chat_taken_back"] and open_form.slots["orders_number"] is None
    filed = [{"event": "user"}, _wrote("action_complaints_file"), {"event": "user"}]
    undone = run(ActionChatTakeBack(), intent="chat_take_back", events=filed)
    assert undone.events[-1]["parse_data"]["intent"]["name"] == "complaints_withdraw" and undone.said == []
    cancelled = [{"event": "user"}, _wrote("action_orders_cancel"), {"event": "user"}]
    assert run(ActionChatTakeBack(), intent="chat_take_back", events=cancelled).said == ["utter_chat_take_back_done"]
    kept = [{"event": "user"}, {"event": "action", "name": "action_orders_cancel"}, {"event": "user"}]
    assert run(ActionChatTakeBack(), intent="chat_take_back", events=kept).said == ["utter_chat_take_back_nothing"]
    assert run(ActionChatTakeBack(), intent="chat_take_back").said == ["utter_chat_take_back_nothing"]


def test_what_may_mean_two_things_is_asked_back() -> None:
    unclear = {"commands": [{"command": "unclear", "candidates": ["orders_cancel", "after_sales_return"]}]}
    asked = run(ActionChatUnclear(), intent="nlu_fallback", message=unclear)
    assert asked.said == ["utter_chat_unclear_which"]
    assert [b["payload"] for b in asked.buttons] == ["/orders_cancel", "/after_sales_return", "/handoff_request"]
    nothing = run(ActionChatUnclear(), intent="nlu_fallback", message={"commands": [{"command": "unclear", "candidates": []}]})
    assert nothing.said == ["utter_chat_not_understood"]


def test_every_request_has_a_name_to_be_offered_by() -> None:
    own = [i for i in DOMAIN["intents"] if isinstance(i, str) and not i.startswith(("chat_", "EXTERNAL_"))]
    assert [intent for intent in own if f"utter_label_{intent}" not in DOMAIN["responses"]] == []


def test_a_rating_is_due_where_work_was_really_done() -> None:
    assert cancelled().slots.get("feedback_due") is ("feedback_due" in DOMAIN["slots"] or None)
    kept = run(
        ActionOrdersCancel(), "不", "chat_deny", slots={"orders_number": EARPHONES.number, "orders_cancel_confirmed": False}
    )
    assert "feedback_due" not in kept.slots


# ── anger ─────────────────────────────────────────────────────────────────────

FURIOUS = {"chat_sentiment": "angry", "chat_anger": 1}


def test_who_has_just_become_angry_hears_an_apology_before_the_answer() -> None:
    known = {"orders_number": EARPHONES.number, **FURIOUS}
    answered = run(ActionOrdersStatus(), "怎么还不发货！！", "orders_ask_status", slots=known)
    assert answered.said == ["utter_chat_anger", "utter_orders_status_paid"]
    assert answered.slots["chat_soothed"] == "m1"
    again = run(ActionOrdersStatus(), slots={**known, "chat_soothed": "m1"})
    assert again.said == ["utter_orders_status_paid"], "once a turn"


def test_the_apology_offers_a_person() -> None:
    assert DOMAIN["responses"]["utter_chat_anger"][0]["buttons"][0]["payload"] == "/handoff_request"


def test_who_asks_for_a_person_or_is_angry_again_hears_no_such_apology() -> None:
    known = {"orders_number": EARPHONES.number, **FURIOUS}
    assert "utter_chat_anger" not in run(ActionOrdersStatus(), slots={**known, "chat_anger": 2}).said
    assert "utter_chat_anger" not in run(ActionOrdersStatus(), intent="handoff_request", slots=known).said


def test_a_form_that_lets_others_answer_keeps_no_apology_back() -> None:
    """A slot set in a rejected form would make Rasa think that the form had its answer."""
    aside = run(
        ValidateOrdersStatusForm(), "运费谁出啊", "faq", slots={"requested_slot": "orders_number", **FURIOUS},
        form="orders_status_form",
    )  # fmt: skip
    assert set(aside.slots) == {"requested_slot"}


# ── stop, say it again ────────────────────────────────────────────────────────


def test_stop_forgets_everything_but_the_order_spoken_of() -> None:
    known = {"orders_number": "1", "orders_change_value": "杭州", "requested_slot": "orders_change_confirmed"}
    stopped = run(ActionChatStop(), "算了", "chat_stop", slots=known, form="orders_change_form")
    assert stopped.loop_ended and stopped.said == ["utter_chat_stopped"]
    assert stopped.slots["orders_change_value"] is None and stopped.slots["orders_last"] == "1"


EVENTS = [
    {"event": "user", "text": "查订单"},
    {"event": "bot", "text": "没有查到", "data": {}},
    {"event": "bot", "text": "是哪个订单？", "data": {"buttons": [{"title": "一", "payload": "/x"}]}},
    {"event": "user", "text": "再说一遍"},
]


def test_the_last_answer_is_said_again_with_its_buttons() -> None:
    again = run(ActionChatRepeat(), "再说一遍", "chat_repeat", events=EVENTS)
    assert [m["text"] for m in again.messages] == ["没有查到", "是哪个订单？"]
    assert again.buttons == [{"title": "一", "payload": "/x"}]


def test_in_a_form_the_question_is_not_said_twice() -> None:
    asked = {"requested_slot": "orders_number"}
    again = run(ActionChatRepeat(), "再说一遍", "chat_repeat", events=EVENTS, slots=asked, form="orders_status_form")
    assert [m["text"] for m in again.messages] == ["没有查到"]


# ── wording by person ─────────────────────────────────────────────────────────

PERSONAL = {name: options for name, options in DOMAIN["responses"].items() if any("condition" in each for each in options)}
VALUES = {
    "account_level": {"普通", "银卡", "金卡", "钻石"},
    "chat_sentiment": {"satisfied", "neutral", "dissatisfied", "angry"},
    "ab_bucket": {"a", "b"},
}


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_variants_by_person_exclude_each_other_and_leave_nobody_without_words(name: str) -> None:
    """Of several that match Rasa picks one by chance; where none matches and no default is written, it says nothing."""
    channels = {each.get("channel") for each in PERSONAL[name]}
    for channel in channels:
        spoken = [each for each in PERSONAL[name] if each.get("channel") == channel]
        conditions = [{c["name"]: c["value"] for c in each["condition"]} for each in spoken if "condition" in each]
        assert any("condition" not in each for each in spoken), f"{name}: no words for everybody else"
        for place, one in enumerate(conditions):
            for slot, value in one.items():
                assert slot in DOMAIN["slots"] or slot == "requested_slot", f"{name}: no slot {slot}"
                assert value in VALUES.get(slot, {value}), f"{name}: {slot} is never {value}"
            for other in conditions[place + 1 :]:
                assert any(other.get(slot, value) != value for slot, value in one.items()), f"{name}: {one} and {other}"


def test_gold_and_diamond_are_greeted_by_their_name() -> None:
    greeted = {
        each["condition"][0]["value"]: each["text"] for each in DOMAIN["responses"]["utter_chat_greet"] if "condition" in each
    }
    assert {"金卡", "钻石"} == set(greeted) and all(level in text for level, text in greeted.items())


def test_cues_are_patterns_that_compile() -> None:
    from pathlib import Path

    from components.turn_cues import compiled, read_cues

    path = Path(__file__).resolve().parents[2] / "data" / "chat" / "cues.yml"
    assert set(compiled(read_cues(path))) >= {"value", "points", "follows", "above", "others"}
    assert yaml.safe_load(path.read_text("utf-8"))["cues"].keys() == read_cues(path).keys()
