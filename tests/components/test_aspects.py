"""What is asked of a thing in focus, and what is a wish of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from components.understanding.aspects import FOCUS, Aspects
from tests.understanding.learned import learned
from topics import domain, follow_ups

ROOT = Path(__file__).resolve().parents[2]
RESPONSES = domain.responses([ROOT / "data"])
DOMAIN = Domain.from_yaml(
    "slots:\n  chat_focus: {type: any, mappings: [{type: custom}]}\nforms: {orders_cancel_form: {required_slots: []}}\n"
)


@pytest.fixture(scope="module")
def aspects() -> Aspects:
    """As trained."""
    made = Aspects(Aspects.get_default_config(), None, None)  # type: ignore[arg-type]
    made._scores, made._topics = learned("aspects")
    return made


def thing(kind: str, *states: str, id: str = "1", again: str | None = None) -> dict[str, Any]:
    """A thing in focus in these states; it can be asked for what a designer has answered in them."""
    known = follow_ups.of_project().kinds[kind].values()
    asks = [each.name for each in known if {each.response, *(f"{each.response}_{s}" for s in states)} & RESPONSES.keys()]
    return {"kind": kind, "id": id, "order": "1", "title": "", "told": "", "again": again, "facts": {}, "asks": asks, "said": 1}


def heard(aspects: Aspects, text: str, *focus: dict[str, Any], form: str | None = None, **more: Any) -> Message:
    """The message after what is in focus."""
    events: list[Event] = [SlotSet(FOCUS, list(focus)), *([ActiveLoop(form)] if form else [])]
    tracker = DialogueStateTracker.from_events("c", events, DOMAIN.slots, domain=DOMAIN)
    message = Message({"text": text, "intent": {"name": "nlu_fallback", "confidence": 0.4}, **more})
    return aspects.process([message], tracker)[0]


@pytest.mark.parametrize(
    ("text", "focus", "aspect"),
    [
        ("那钱得过几天才到我这儿", thing("order", "cancelled"), "when_money"),
        ("这数目是怎么得来的呀", thing("protection", "quoted"), "why_amount"),
        ("寄过去邮费算你们的吧", thing("return", "return_awaiting_goods", "awaiting_goods", "return"), "who_pays"),
        ("究竟因为啥就不给办", thing("order", "refused"), "why_not"),
        ("票要等到几号", thing("invoice", "issuing", "changeable", "kept", "person"), "when_issued"),
        ("那哪天能送到我手里呀", thing("parcel", "in_transit"), "when_arrives"),
    ],
)
def test_what_is_asked_of_a_thing(aspects: Aspects, text: str, focus: dict[str, Any], aspect: str) -> None:
    message = heard(aspects, text, focus)
    assert message.get("intent")["name"] == "chat_follow_up"
    assert message.get("follow_up")["aspect"] == aspect


@pytest.mark.parametrize(
    ("text", "focus", "aspects_told"),
    [
        ("票啥时候给开啊，发到哪个邮箱", thing("invoice", "issuing", "changeable", "kept", "person"), ["when_issued", "where_sent"]),
        ("钱哪天退我，退回哪张卡", thing("order", "cancelled"), ["when_money", "where_money"]),
        ("那我几天内寄，我最近挺忙的", thing("return", "return_awaiting_goods", "awaiting_goods", "return"), ["send_until"]),
    ],
)
def test_each_clause_may_ask_for_an_aspect(aspects: Aspects, text: str, focus: dict[str, Any], aspects_told: list[str]) -> None:
    asked = heard(aspects, text, focus).get("follow_up")
    assert [asked["aspect"], *asked.get("also", [])] == aspects_told


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我想买个保温杯", "products_recommend"),
        ("帮我转人工", "handoff_request"),
        ("谢谢啦", "chat_thank"),
        ("我账户余额有多少钱", "account_ask_assets"),
        ("给我把地址改一下", "orders_change"),
    ],
)
def test_a_wish_of_its_own_is_none(aspects: Aspects, text: str, intent: str) -> None:
    told = {"name": intent, "confidence": 0.9}
    assert heard(aspects, text, thing("order", "cancelled"), intent=told).get("intent") == told


def test_without_anything_in_focus_nothing_is_one(aspects: Aspects) -> None:
    assert heard(aspects, "钱几天能回来").get("intent")["name"] == "nlu_fallback"
    message = Message({"text": "钱几天能回来"})
    aspects.process([message])
    assert message.get("follow_up") is None, "nor without any talk, as in `rasa test nlu`"


def test_of_two_things_the_one_is_meant_that_can_be_asked_so_and_then_the_newest(aspects: Aspects) -> None:
    invoice, order = thing("invoice", "issuing", "kept", "person", id="FP1"), thing("order", "cancelled", id="2")
    assert heard(aspects, "钱几天能到账", invoice, order).get("follow_up")["id"] == "2"
    older = thing("order", "cancelled", id="3")
    assert heard(aspects, "钱几天能到账", order, older).get("follow_up")["id"] == "2"


def test_another_number_is_another_matter(aspects: Aspects) -> None:
    entities = [{"entity": "orders_number", "value": "202611180002", "start": 0, "end": 12}]
    message = heard(aspects, "202611180002钱几天能到账", thing("order", "cancelled"), entities=entities)
    assert message.get("follow_up") is None


@pytest.mark.parametrize(("text", "asked"), [("那冰川蓝呢", True), ("冰川蓝", True), ("冰川蓝是什么材质", False)])
def test_a_name_alone_is_the_same_question_again(aspects: Aspects, text: str, asked: bool) -> None:
    start = text.index("冰川蓝")
    entities = [{"entity": "colour", "value": "冰川蓝", "start": start, "end": start + 3}]
    earphones = thing("product", "in_stock", again="products_ask_stock")
    message = heard(aspects, text, earphones, entities=entities)
    assert (message.get("intent")["name"] == "products_ask_stock") is asked
    in_form = heard(aspects, text, earphones, entities=entities, form="orders_cancel_form")
    assert in_form.get("intent")["name"] != "products_ask_stock", "there it answers the form"
