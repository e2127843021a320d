"""What customers type comes out in one spelling, and every place is known in their own text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message

from components.text_normaliser import TextNormaliser, normalise
from tests.scale import times

# Characters that take part in rules, mixed with any others.
SIGNS = st.sampled_from("零一二三五六九幺共下0123 -:,.~!！，。？、…[]【】图片表情⭐😡😡👍啊哈顯著乾坤麼sfSFlxgdABx／：wW.\u200b\ufe0f\u3000")
TEXTS = st.one_of(st.text(max_size=60), st.lists(SIGNS, max_size=60).map("".join))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("太慢了啊啊啊啊", "太慢了啊啊"),
        ("快点！！！！", "快点！"),
        ("为什么？！？！", "为什么？"),
        ("在吗...", "在吗。"),
        ("亲～～在吗~~", "亲在吗"),
        ("我要退貨，錢還沒到", "我要退货，钱还没到"),
        ("顯著的問題", "显著的问题"),
        ("跟著買的", "跟着买的"),
        ("這個牌子很著名", "这个牌子很著名"),
        ("ＡＢＣ１２３", "abc123"),
        ("什么破东西😡😡😡", "什么破东西生气"),
        ("好的👍🏻", "好的好"),
        ("给你⭐⭐⭐⭐⭐", "给你5星"),
        ("5️⃣", "5"),
        ("家👨\u200d👩\u200d👧里", "家里"),
        ("订单2026 1121 0001", "订单202611210001"),
        ("订单2026-1121-0001到哪", "订单202611210001到哪"),
        ("138-0013-8000", "13800138000"),
        ("1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
        ("sf 1234 5678 9012", "sf123456789012"),
        ("二零二六一一二一零零零一", "202611210001"),
        ("二零二六一一二一零零零一一共三件", "202611210001一共三件"),
        ("幺三八零零幺三八零零零", "13800138000"),
        ("二零二六 幺幺二一 零零零幺", "202611210001"),
        ("等一下", "等一下"),
        ("一二三四", "一二三四"),
        ("2026-11-21到", "2026-11-21到"),
        ("198 299哪个", "198 299哪个"),
        ("13800138000 202611210001", "13800138000 202611210001"),
        ("[图片]坏了", "图片坏了"),
        ("[发怒]", "生气"),
        ("【表情】在吗", "在吗"),
        ("看这个https://a.example.com/x?y=1&z=2吧", "看这个链接吧"),
        ("你\u200b好\ufeff", "你好"),
        ("  你好   在吗 ", "你好 在吗"),
        ("你好 ， 在吗", "你好，在吗"),
        ("1,299元", "1,299元"),
        ("好,行", "好，行"),
        ("15：30", "15：30"),
        ("XXXL", "xxxl"),
        ("", ""),
        ("！", "！"),
    ],
)
def test_one_spelling(told: str, expected: str) -> None:
    assert normalise(told).text == expected


@pytest.mark.parametrize(
    ("told", "part", "own"),
    [
        ("ＳＦ 1234 5678 9012到哪", "sf123456789012", "ＳＦ 1234 5678 9012"),
        ("😡😡😡我的订单", "生气", "😡😡😡"),
        ("單號二零二六 一一二一 零零零一", "202611210001", "二零二六 一一二一 零零零一"),
        ("昨\u200b天\u200b\u200b买的", "昨天", "昨\u200b天"),
    ],
)
def test_a_place_is_known_in_the_customers_own_text(told: str, part: str, own: str) -> None:
    found = normalise(told)
    start = found.text.index(part)
    first, last = found.span(start, start + len(part))
    assert told[first:last] == own


@settings(max_examples=times(300), deadline=None)
@given(TEXTS)
def test_again_changes_nothing(told: str) -> None:
    once = normalise(told).text
    assert normalise(once).text == once


@settings(max_examples=times(200), deadline=None)
@given(TEXTS)
def test_places_are_valid_and_in_order(told: str) -> None:
    found = normalise(told)
    assert len(found.text) == len(found.offsets) == len(found.ends)
    assert all(0 <= start < end <= len(told) for start, end in zip(found.offsets, found.ends, strict=True))
    assert list(found.offsets) == sorted(found.offsets)
    assert list(found.ends) == sorted(found.ends)


@pytest.mark.parametrize("part", ["一", "1 ", "[", "[图片]", "啊", "！ ", "https://", "😡", "零一二-", "1,", "~", "…，", "⭐", "sf 1"])
def test_time_grows_with_length_only(part: str) -> None:
    """Ten times the text may take some ten times as long, never a hundred."""

    def seconds(times: int) -> float:
        text = part * (times // len(part))
        taken = []
        for _ in range(3):  # the least of three: what else the machine did is no growth
            start = time.process_time()
            normalise(text)
            taken.append(time.process_time() - start)
        return min(taken)

    assert seconds(20_000) < 40 * seconds(2_000) + 0.2


def test_a_message_keeps_the_customers_text() -> None:
    message = Message({"text": "訂單2026 1121 0001！！！"})
    TextNormaliser().process([message])
    assert message.get("text") == "訂單2026 1121 0001！！！"
    assert message.get("normalised_text") == "订单202611210001！"
