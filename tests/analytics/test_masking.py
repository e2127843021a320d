"""Texts that differ in numbers alone are masked together only where that changes nothing."""

from __future__ import annotations

import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics.masking import Masker
from analytics.simulate.talk import material
from privacy import mask

# What stands around numbers where they are somebody's, and where they are not; names, places and labels among it.
PIECES = [
    *(
        "电话 手机号是 座机 号码 单号 订单号是 号 联系 打 微信 v信 vx wxid_ 加我 密码 验证码是 取件码 取餐号 短信说 六位 门锁 code PIN tel +86 + 00852 转 分机 QQ邮箱 @qq.com @163.com "
        "艾特 at 京A 沪 粤B 车牌 护照E G 身份证 银行卡 卡号 发票号FP TH LX- HO SKU 我叫 收件人： 王小明 李建国 欧阳 先生 阿迪力·买买提 上海市浦东新区 张江路 弄 号楼 栋 单元 室 小区 层 楼 "
        "元 块 年 月 日 点 件 个 积分 ，预计退 已发货 。 - . · 、 ： ( ) ￥ 十 一 幺 洞 两 三 五 八 ９ ① 號碼 驗證碼 地址 驿站 中学 年级 班 Smith EXTERNAL: 3fa94 bc"
    ).split(),
    " ",
    "  ",
]
# Digits of every kind that the masker asks for, and any others.
NUMBERS = st.one_of(
    st.text("0123456789", min_size=1, max_size=19),
    st.from_regex(r"1[3-9]\d{9}|0(10|2\d|[3-9]\d\d)[2-8]\d{6,7}|[2-8]\d{6,7}", fullmatch=True),
    st.from_regex(r"62\d{14,17}|(310115|110108)19[5-9]\d0[1-9]1\d\d{4}", fullmatch=True),
    st.from_regex(r"1[3-9]\d([,、·_ -]\d{4}){2}|00(852|61|1)[ -]?\d{7,8}", fullmatch=True),
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), NUMBERS), min_size=1, max_size=9).map("".join)
SAID = sorted({text for text in str(material()).split("'") if "{" in text})


def other_numbers(text: str, digits: str) -> str:
    """The text with its digits replaced, one after another."""
    given = iter(digits)
    return "".join(next(given, "7") if "0" <= sign <= "9" else sign for sign in text)


@settings(max_examples=int(os.environ.get("LINGXI_TEST_SCALE", "1")) * 300, deadline=None)
@given(TEXTS, st.lists(st.lists(NUMBERS, max_size=3).map("".join), min_size=1, max_size=4))
@example("打 00000000", ["62345678"])
@example("验证码 00000", ["10086", "10036"])
@example("张江路00弄0号", ["885"])
@example("0位00000", ["683921", "610086"])
def test_what_is_masked_together_is_masked_alike(text: str, others: list[str]) -> None:
    masker = Masker()
    texts = [text, *(other_numbers(text, digits) for digits in others)]
    assert masker.all_masked(texts) == [mask(each) for each in texts]
    assert masker.all_masked(texts[::-1]) == [mask(each) for each in texts[::-1]]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SAID), st.text("0123456789", min_size=30, max_size=30))
def test_what_the_bot_says_is_masked_alike(said: str, digits: str) -> None:
    text = other_numbers(said.replace("{n}", "0" * 8).replace("{money}", "000.00").replace("{phone}", "13800000000"), digits)
    masker = Masker()
    assert masker.all_masked([other_numbers(text, "0" * 40), text])[1] == mask(text)


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r'"?[A-Z]{0,2}[0-9a-f]{0,12}(1[3-9]\d{9}|0\d{2,10}|)[0-9a-f]{15,40}"?', fullmatch=True))
def test_ids_are_masked_alike(text: str) -> None:
    assert Masker().masked(text) == mask(text)
