"""Secrets typed into a chat are hidden; what the shop needs is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.secrets import has_hidden, hide

SECRET = {
    "我的身份证是110101199003077571": "110101199003077571",
    "身份证11010119900307757X 帮我实名": "9900307757X",
    "卡号6222021234567890123 退这里": "021234567890",
    "银行卡 6217 0012 3456 7890 123": "0012 3456",
    "验证码是 482913": "482913",
    "482913是我的验证码": "482913",
    "登录密码abc12345": "abc12345",
    "密码改成 zhang123 了": "zhang123",
    "支付密码 135790 帮我付一下": "135790",
    "cvv 123": "123",
    "卡背面后三位是 456": "456",
    "手机动态码 334455": "334455",
    "支付密码六个八": "六个八",
    "短信说660318，然后呢": "660318",
    "验证码是 7 3 0 5 8 2": "7 3 0 5 8 2",
    "七三零五八二就是刚发来的验证码": "七三零五八二",
    "验证码前三位是730": "730",
    "后三位582": "582",
    "验证码头两位 七三": "七三",
    "第一位7，第二位3": "7",
    "我已经念给他了：7-3-0-5-8-2": "7-3-0-5-8-2",
    "短信里写的是柒叁零伍捌贰": "柒叁零伍捌贰",
    "CVV：四五六": "四五六",
    "身份证号三三零一零六一九九二零三一四一二三四": "零六一九九二零三一四",
}
NEEDED = (
    "取件码 8-26-4814", "税号91310000MA1FL3X12K", "税号 110101199003077571", "我电话13812345678，地址上海市浦东新区张江路88号",
    "订单号202611290001", "快递单号 773012345678901", "邮箱 anna@example.com", "验证码没收到", "密码忘了怎么办", "自提码 339201",
    "前三位数字是 138 的那个号", "手机后四位 6612", "订单尾号 730", "收到 3000 元退款", "短信说 3 天内到", "验证码 3 次都错",
    "说了三遍了", "前两天买的", "第一个是红色", "给他三件", "运单后六位 730582", "密码锁四位的有吗",
)  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SECRET.items())
def test_a_secret_is_hidden_and_seen_to_be(text: str, value: str) -> None:
    hidden = hide(text)
    assert value not in hidden and len(hidden) == len(text)
    assert has_hidden(hidden) and hide(hidden) == hidden


@pytest.mark.parametrize("text", NEEDED)
def test_what_the_shop_needs_stays(text: str) -> None:
    assert hide(text) == text and not has_hidden(text)


@pytest.mark.parametrize(
    ("before", "text", "hidden"),
    [
        ("验证码来了", "730582", "******"),
        ("他要的验证码", "7305 82", "**** **"),
        ("验证码前三位***", "后面是582", "后面是***"),
        ("手机动态码", "七三零五八二", "******"),
        ("订单怎么查", "730582", "730582"),
        ("验证码收不到", "13812345678", "13812345678"),
        ("我忘了密码", "2", "2"),
        ("验证码来了", "那我的快递呢", "那我的快递呢"),
    ],
)
def test_digits_that_go_on_from_a_word_for_a_code_are_one(before: str, text: str, hidden: str) -> None:
    assert hide(text, before) == hidden


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="验证密码卡号身份证是cvv0123456789* -，", max_size=40))
def test_it_keeps_the_length_and_is_stable(text: str) -> None:
    assert len(hide(text)) == len(text)
    assert hide(hide(text)) == hide(text)


@pytest.mark.parametrize(
    "text",
    ["说要核对验证码 让我马上报 手机上刚收到 是615908 能信不", "他催我念验证码，说不念就扣钱，短信显示 730582，我没说"],
)
def test_a_code_some_words_after_its_word_is_hidden_in_all_that_a_message_goes_into(text: str) -> None:
    assert not re.search(r"\d{6}", hide(text)) and has_hidden(hide(text))
