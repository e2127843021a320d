"""What is offered on buttons is taken in a customer's own words, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from components.text_normaliser import normalise
from components.understanding import offers
from components.understanding.context import Button

URGE = Button("催一下发货", '/orders_urge_shipping{"orders_number": "1"}')
CANCEL = Button("取消这个订单", '/orders_cancel{"orders_number": "1"}')
TRACK = Button("看物流", '/logistics_track{"orders_number": "1"}')
PERSON = Button("转人工", "/handoff_request")
RETURN, EXCHANGE = Button("退货", "/after_sales_return"), Button("换货", "/after_sales_exchange")
WITHDRAW = Button("撤销申请", '/after_sales_cancel{"after_sales_slip": "T1"}')
SLIPS = [Button("退货 电热毯 待寄回", '/after_sales_ask_status{"after_sales_slip": "T1"}'),
         Button("换货 运动手环 换货中", '/after_sales_ask_status{"after_sales_slip": "T2"}')]  # fmt: skip
HELPFUL = [Button("有帮助", '/faq{"faq_helpful": "yes"}'), Button("没帮助", '/faq{"faq_helpful": "no"}')]


@pytest.mark.parametrize(
    ("text", "buttons", "meant"),
    [
        ("那麻烦催催", [URGE, CANCEL, PERSON], URGE),
        ("帮我催一催", [URGE, CANCEL], URGE),
        ("那取消吧", [URGE, CANCEL], CANCEL),
        ("看看物流", [TRACK, URGE], TRACK),
        ("换吧", [RETURN, EXCHANGE, PERSON], EXCHANGE),
        ("那撤了吧", [TRACK, WITHDRAW], WITHDRAW),
        ("手环那个", SLIPS, SLIPS[1]),
        ("货", [RETURN, EXCHANGE], None),
        ("催了有用吗", [URGE, CANCEL], None),
        ("不用催", [URGE, CANCEL], None),
        ("别取消", [URGE, CANCEL], None),
        ("什么时候发", [URGE, CANCEL], None),
        ("我想问一下你们周末上班的时间是几点到几点", [URGE], None),
        ("转人工", [URGE, PERSON], None),
    ],
)
def test_one_thing_offered_is_named(text: str, buttons: list[Button], meant: Button | None) -> None:
    assert offers.named(text, buttons) == meant


@pytest.mark.parametrize(("value", "bare", "meant"), [(1, True, SLIPS[0]), (2, True, SLIPS[1]), (-1, True, SLIPS[1]), (3, True, None), (1, False, None)])
def test_one_of_a_list_is_named_by_its_place(value: int, bare: bool, meant: Button | None) -> None:
    reference: dict[str, Any] = {"conditions": [{"by": "place", "value": value}], "bare": bare}
    assert offers.placed(reference, [*SLIPS, PERSON]) == meant
    assert offers.placed(reference, [URGE, CANCEL]) is None


def test_a_yes_is_to_the_thing_that_the_question_names() -> None:
    assert offers.agreed("还没有发货。要不要帮您催一下发货？", [URGE, CANCEL]) == URGE
    assert offers.agreed("还在路上。要催吗？", [URGE, PERSON]) == URGE
    assert offers.agreed("您选哪个？", [RETURN, EXCHANGE, PERSON]) is None
    assert offers.agreed("这样说清楚了吗？", [TRACK, *HELPFUL]) == HELPFUL[0]


def test_only_courtesy_agrees_and_nothing_else() -> None:
    assert offers.only_agrees("好呀帮我弄")
    assert offers.only_agrees("可以的,那麻烦你了")
    assert not offers.only_agrees("那退了吧")
    assert not offers.only_agrees("不要了")


THINGS = [
    Button("GD202611290001 安装师傅没有按约上门 处理中", '/tickets_ask_status{"tickets_number": "GD202611290001"}'),
    Button("GD202611290002 少发一个锅盖 待处理", '/tickets_ask_status{"tickets_number": "GD202611290002"}'),
]


@pytest.mark.parametrize(("said", "place"), [("先看师傅没上门那个", 0), ("锅盖少发的那张", 1), ("随便哪个都行", None), ("处理中的", None)])
def test_one_of_a_list_is_told_in_words_of_ones_own(said: str, place: int | None) -> None:
    assert offers.told_of(normalise(said).text, [*THINGS, *THINGS]) == (None if place is None else THINGS[place])
    assert offers.told_of(normalise(said).text, THINGS[:1]) is None, "nothing to tell apart"
