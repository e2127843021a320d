"""What a reader of a masked message can and cannot see."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy import TYPES, find, mask
from tests.privacy.measure import measure
from tests.scale import SCALE, times

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("手机13812345678", "手机138****5678"),
        ("手机１３８ １２３４ ５６７８", "手机１３８ **** ５６７８"),
        ("号码一三八一二三四五六七八", "号码一三八****五六七八"),
        ("+86 138-1234-5678", "+86 138-****-5678"),
        ("座机0571-88232073", "座机0571-****2073"),
        ("座机0571-88232073转8012", "座机0571-****2073*****"),
        ("电话6623817", "电话***3817"),
        ("身份证330106199203141234", "身份证3301**********1234"),
        ("卡号6222021202047716051", "卡号6222***********6051"),
        ("邮箱lisi.work88@163.com", "邮箱l**********@163.com"),
        ("邮箱lisi艾特163点com", "邮箱l***艾特163点com"),
        ("送浙江省杭州市西湖区文三路138号5幢", "送浙江省杭州市西湖区*********"),
        ("送阳光花园3栋502", "送*********"),
        ("收件人王小明", "收件人王**"),
        ("收件人欧阳文静", "收件人欧阳**"),
        ("收件人阿迪力·买买提", "收件人阿**·***"),
        ("车牌浙A·12345", "车牌浙A·*****"),
        ("微信lulu_8823", "微信lu*******"),
        ("护照E20193832", "护照E******32"),
        ("验证码482913", "验证码******"),
        ("WiFi密码Happy2020", "WiFi密码*********"),
    ],
)
def test_masked_forms(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "订单202603158842到哪了",
        "SKU 13588201946有没有货",
        "尾号5678的手机，138****5678",
        "打95588和12315都没用，400-820-8820也不通",
        "王师傅和张姐都很好，小李也好",
        "李宁的鞋，王老吉一箱",
        "北京烤鸭，西湖龙井，杭州能送吗",
        "验证码收不到，密码忘了",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert mask(text) == text
    assert find(text) == ()


def test_spans_name_the_value_only() -> None:
    text = "我叫李建国，电话13812345678"
    assert [(span.type, text[span.start : span.end]) for span in find(text)] == [
        ("person", "李建国"),
        ("phone", "13812345678"),
    ]


def test_offsets_count_code_points() -> None:
    text = "😀👍🏽 13812345678"
    (span,) = find(text)
    assert text[span.start : span.end] == "13812345678"


def test_traditional_signs_are_read() -> None:
    assert (
        mask("收件人陳美玲，電話13812345678，地址廣州市天河區體育東路116號")
        == "收件人陳**，電話138****5678，地址廣州市天河區********"
    )


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("cases*.tsv")))
def test_sentences(name: str) -> None:
    result = measure(HERE / name)
    found, items, false_rows, clean_rows = (
        result[key] for key in ("found", "items", "false_rows", "clean_rows")
    )
    assert (
        isinstance(found, int)
        and isinstance(items, int)
        and isinstance(false_rows, int)
        and isinstance(clean_rows, int)
    )
    assert found >= 0.99 * items, result["misses"]
    assert false_rows <= 0.01 * clean_rows, result["false_alarms"]


# --- properties -----------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        *"王李张刘陈成明国伟芳婷市区县路街号栋室村镇的在给让到送我是，。：* -·@\n\t0138６幺二",
        *"13812345678 330106199203141234 6222021202047716051 李建国 王小明 欧阳文静 买买提·艾山 浙江省 杭州市 西湖区 文三路 阳光小区".split(),
        *"收件人 联系人 我妈 微信 验证码 密码 取件码 护照 车牌 订单 SKU 电话 座机 转 签收 先生 的身份证 浙A12345 abc@163.com wxid_abc12345 E12345678".split(),
        *"138****5678 王** 浙江省杭州市西湖区**** ****** li******** 0571-****2073 艾特 点com 菜鸟驿站 3栋502 大学 医院 12床".split(),
    ]
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(_WORDS, max_size=14).map("".join))


@settings(max_examples=times(600), deadline=None)
@given(TEXTS)
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once
    assert find(once) == ()


@settings(max_examples=times(600), deadline=None)
@given(TEXTS)
def test_spans_are_in_order_inside_the_text_and_never_overlap(text: str) -> None:
    at = 0
    for span in find(text):
        assert at <= span.start < span.end <= len(text)
        assert span.type in TYPES
        at = span.end


@settings(max_examples=times(600), deadline=None)
@given(TEXTS)
def test_only_stars_change_and_only_inside_spans(text: str) -> None:
    shown = mask(text)
    assert len(shown) == len(text)
    inside = {at for span in find(text) for at in range(span.start, span.end)}
    for at, (before, after) in enumerate(zip(text, shown, strict=True)):
        assert after == before or (after == "*" and at in inside)


# --- cost -----------------------------------------------------------------------------------------------------


def _seconds(text: str) -> float:
    start = time.process_time()
    mask(text)
    return max(time.process_time() - start, 1e-3)


def _of_length(pattern: str, length: int) -> str:
    return (pattern * (length // len(pattern) + 1))[:length]


@pytest.mark.parametrize(
    "pattern",
    [
        "1",
        "1 ",
        "1-",
        "a1",
        "12345678901 ",
        "路",
        "王",
        "王小",
        "王小·",
        "收件人",
        "我妈",
        "验证码",
        "密码是",
        "微信",
        "京A",
        "3栋",
        "a@",
        "a.",
        "艾特",
        "*",
        "SN:",
        "0-",
        "一三",
        "(",
        "给",
    ],
)
def test_eight_times_the_text_costs_about_eight_times(pattern: str) -> None:
    """Quadratic work would cost 64 times as much; 24 leaves room for a busy machine."""
    small = min(_seconds(_of_length(pattern, 5_000)) for _ in range(2))
    assert _seconds(_of_length(pattern, 40_000)) < 24 * small + 0.05


@pytest.mark.parametrize("pattern", ["1", "省市区路号", "@", "电话", " "])
def test_very_long_lines(pattern: str) -> None:
    """Ten thousand signs, then ten times more, twice over: each step at most three times dearer than in proportion."""
    longest = 1_000_000 if SCALE > 1 else 100_000
    seconds = [_seconds(_of_length(pattern, length)) for length in (longest // 100, longest // 10, longest)]
    assert seconds[1] < 30 * seconds[0] + 0.1
    assert seconds[2] < 30 * seconds[1] + 0.1
