"""Turns made cheap go as Rasa's own go: the same predictions, events and slots, message by message."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.events import Event

from components.rasa_turn import REPLACEMENTS
from components.rasa_turn.replacing import original, taken_back
from tests.actions.fakes import Shop
from tests.dialogue.talk import Assistant

TALKS = [
    ["你好", "帮我取消订单", "第二个", "不取消了", "谢谢", "再见"],
    ["我要改订单地址", "第一个", "你们几点下班", "杭州市西湖区文三路100号2幢501", "不对", "算了"],
    ["这个快递到哪了", "第一个", "我要退货", "第一个", "不想要了", "自己寄", "不退了", "开发票"],
    ["嘀嘀嘀哒 qwerty", "啪啦啪啦 zxcv", "转人工", "在吗"],
    ["你们太差劲了，气死我了", "垃圾店，骗子", "人呢"],
    ["/orders_ask_status", "/chat_deny", "你好"],
]
TIMES = ("timestamp", "message_id", "model_id", "customer_token")


def _plain(value: Any) -> Any:
    """Without what differs every time: times, ids, and which of several variants was said."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items() if name not in TIMES}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _told(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = _plain(event.as_dict())
    if told["event"] == "bot":
        return {"said": told["metadata"].get("utter_action") or told["text"]}
    if told["event"] == "slot" and told["name"] in ("chat_counted", "chat_soothed", "ab_bucket", "orders_asked"):
        return {"slot": told["name"]}
    return told


@pytest.mark.parametrize("words", TALKS, ids=lambda words: words[0])
def test_a_conversation_goes_as_rasas_own(words: list[str], assistant: Assistant, shop: Shop) -> None:
    ours = assistant.customer()
    said = [ours.say(text) for text in words]
    with taken_back(REPLACEMENTS):
        theirs = assistant.customer()
        assert said == [theirs.say(text) for text in words]
    assert [_told(event) for event in ours.tracker.events] == [_told(event) for event in theirs.tracker.events]


@pytest.mark.parametrize("words", TALKS[:3], ids=lambda words: words[0])
def test_policies_are_shown_what_rasa_shows_them(
    words: list[str], assistant: Assistant, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {kind: kind._prediction_states for kind in (MemoizationPolicy, RulePolicy)}
    keys = RulePolicy._get_possible_keys
    compared = []

    def compare(policy: Any, tracker: Any, *rest: Any, **named: Any) -> Any:
        shown = ours[type(policy)](policy, tracker, *rest, **named)
        full = original("rasa.core.policies.policy:Policy._prediction_states")(policy, tracker, *rest, **named)
        assert shown == full[-len(shown) :] and (len(shown) == len(full) or len(shown) >= 4)
        if isinstance(policy, RulePolicy):
            for lookup in (policy.lookup["rules"], policy.lookup["rules_for_loop_unhappy_path"]):
                theirs = original("rasa.core.policies.rule_policy:RulePolicy._get_possible_keys")(policy, lookup, full)
                assert keys(policy, lookup, shown) == theirs
        compared.append(len(full))
        return shown

    for kind in ours:
        monkeypatch.setattr(kind, "_prediction_states", compare)
    customer = assistant.customer()
    for _ in range(4):
        for text in words:
            customer.say(text)
    assert max(compared) > 20
