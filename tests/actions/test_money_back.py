"""A question about money that comes back is answered of the thing that is meant: named, spoken of, in hand, or on its way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import actions.after_sales
import actions.orders
import actions.promotions
import actions.tickets  # noqa: F401  each says how its things are looked at
from actions.follow_up import ActionChatFollowUp
from actions.gateways.after_sales import Return
from actions.gateways.orders import OrderRefund
from actions.gateways.promotions import Protection
from actions.gateways.tickets import Ticket
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run

BACK = OrderRefund("88.00", "原路退回支付宝", "1 至 3 个工作日", "cancel", "sent", "2036-11-21T10:00:00+08:00", "2036-11-25")
LAMP = replace(order("202611190001", "cancelled", title="护眼台灯"), amount="88.00", refunds=(BACK,))
SHOES = replace(
    order("202611190002", "signed", title="跑步鞋"), refund_route="退到账户余额（可以提现）", refund_eta="即时到账"
)
SLIP = Return(
    "TH202611210001", SHOES.number, "跑步鞋", "退货", "待寄回", "awaiting_goods", "199.00", "原路退回云闪付", "验收后 1 至 3 个工作日",
    "请寄回", kind="return", points_back=2600,
)  # fmt: skip
SWAP = replace(SLIP, slip="TH202611210002", kind="exchange", kind_label="换货", refund_amount=None, to_variant="43 码", points_back=0)
DROP = Protection(
    "电饭煲", "399.00", "349.00", "50.00", "原路退回微信支付", "1 至 3 个工作日", 1, number="JB1", order_number="202611170009",
    refund_code="sent", arrives_by="2036-11-26", created_at="2026-11-20T10:00:00+08:00",
)  # fmt: skip


def spoken(kind: str, id: str, order: str | None, title: str = "", told: str = "status") -> dict[str, Any]:
    return {"kind": kind, "id": id, "title": title, "told": told, "order": order}


RETURN, EXCHANGE = spoken("return", SLIP.slip, SHOES.number, "跑步鞋"), spoken("return", SWAP.slip, SHOES.number, "跑步鞋")
CANCELLED, SIGNED = spoken("order", LAMP.number, LAMP.number, "护眼台灯"), spoken("order", SHOES.number, SHOES.number, "跑步鞋")
PROTECTED = spoken("protection", "JB1", DROP.order_number, "电饭煲")


@pytest.fixture(autouse=True)
def things(shop: Shop) -> None:
    shop.orders = {"C1": [LAMP, SHOES]}
    shop.slips = {"C1": [SLIP, SWAP]}
    shop.protections = [DROP]


def ask(text: str, *focus: dict[str, Any], aspect: str = "where_money", **more: Any) -> Outcome:
    """A question of which the reader does not know what it is about."""
    commands = [{"command": "ask", "aspect": aspect, "object": None}]
    slots = {"chat_focus": list(focus), **more.pop("slots", {})}
    return run(ActionChatFollowUp(), text, "chat_follow_up", slots=slots, message={"commands": commands}, **more)


def test_what_was_spoken_of_last_is_meant_where_money_comes_back_of_it(shop: Shop) -> None:
    assert ask("钱回哪儿", PROTECTED, CANCELLED).messages[0]["item"] == "电饭煲"
    assert ask("钱回哪儿", CANCELLED, PROTECTED).said == ["utter_orders_order_where_money_cancelled"]
    assert ask("钱回哪儿", EXCHANGE, PROTECTED).messages[0]["item"] == "电饭煲", "nothing comes back for an exchange"
    assert ask("钱啥时候到", EXCHANGE, aspect="when_money").said == ["utter_after_sales_return_when_money_exchange"]


def test_a_difference_a_sum_or_goods_say_which_is_meant(shop: Shop) -> None:
    assert ask("差价打到哪里", RETURN, PROTECTED).messages[0]["item"] == "电饭煲"
    assert ask("那88退到哪了", PROTECTED, CANCELLED).said == ["utter_orders_order_where_money_cancelled"]
    assert ask("台灯的钱退到哪了", PROTECTED, CANCELLED).said == ["utter_orders_order_where_money_cancelled"]


def test_what_is_named_is_meant_also_where_it_was_not_spoken_of(shop: Shop) -> None:
    assert ask("我那88块钱退到哪了", PROTECTED, entities={"amount": "88"}).said == ["utter_orders_order_where_money_cancelled"]
    assert ask("台灯的钱退到哪了").messages[0]["number"] == LAMP.number
    assert ask("差价退到哪", RETURN).messages[0]["item"] == "电饭煲"
    assert ask("都3天了钱退到哪了", PROTECTED).messages[0]["item"] == "电饭煲", "a figure that is no sum names nothing"


def test_the_coins_that_were_used_are_told_beside_the_money(shop: Shop) -> None:
    told = ask("退的钱去哪", RETURN)
    assert told.said == ["utter_after_sales_return_where_money_return", "utter_orders_coins_back"]
    assert told.messages[1]["coins"] == 2600


def test_of_the_order_in_hand_it_is_told_which_way_its_money_would_come_back(shop: Shop) -> None:
    shop.slips = {}
    told = ask("付的现金钱怎么退", SIGNED)
    assert told.said == ["utter_orders_back_signed"] and "可以提现" in told.messages[0]["back_route"]
    in_form = ask("付的现金钱怎么退", form="after_sales_form", slots={"orders_number": SHOES.number})
    assert in_form.said == ["utter_orders_back"], "no button beside the form's own"


def test_a_payment_that_is_looked_into_comes_back_the_way_it_was_paid(shop: Shop) -> None:
    due = "2036-11-30T10:00:00+08:00"
    shop.tickets = [Ticket("GD1", "扣款两次", "处理中", "working", "普通", due, "", kind="payment_problem", order_number=SHOES.number)]
    assert ask("多扣的钱几天退我", spoken("ticket", "GD1", SHOES.number), aspect="when_money").said == ["utter_payments_back"]


def test_where_nothing_is_spoken_of_what_is_on_its_way_is_meant_else_the_rule(shop: Shop) -> None:
    assert ask("钱退到哪", aspect="when_money").said[0] == "utter_after_sales_return_when_money_return"
    shop.slips, shop.orders = {}, {"C1": [order("202611190003", "paid")]}
    assert ask("钱退到哪").said == ["utter_chat_follow_up"]


def test_nobody_hears_of_anothers_money(shop: Shop) -> None:
    assert ask("台灯的钱退到哪了", customer="C2").said == ["utter_chat_follow_up"]


def test_a_sold_out_order_tells_the_coupon_that_makes_up_for_it(shop: Shop) -> None:
    shop.orders["C1"] = [replace(LAMP, apology="10 元无门槛券", apology_until="2036-12-05T23:59:59+08:00")]
    assert ask("钱回哪儿", CANCELLED).said == ["utter_orders_order_where_money_cancelled", "utter_orders_apology"]
    asked = {"follow_up": {"aspect": "compensated", "kind": "order", "id": LAMP.number}}
    told = run(ActionChatFollowUp(), "不赔点啥", "chat_follow_up", slots={"chat_focus": [CANCELLED]}, message=asked)
    assert told.said == ["utter_orders_order_compensated_sold_out"] and "10 元" in told.messages[0]["apology"]
