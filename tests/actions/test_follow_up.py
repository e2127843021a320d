"""What is asked about a thing just spoken of is answered of that thing, as it stands now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.after_sales import ActionAfterSalesStatus
from actions.follow_up import ActionChatFollowUp
from actions.gateways.knowledge import Found, Hit
from actions.gateways.orders import AmountPart, Order, OrderRefund
from actions.orders import ActionOrdersCancel
from tests.actions.described import described
from tests.actions.fakes import Shop, invoice, order
from tests.actions.talk import Outcome, run

LAMP = order("202611190001", "paid", "cancel", title="护眼台灯")
REFUND = OrderRefund("199.00", "原路退回微信支付", "1 至 3 个工作日", "cancel", "sent", "2036-11-21T10:00:00+08:00", "2036-11-25")
PARTS = (AmountPart("商品", "219.00"), AmountPart("优惠", "-20.00"))


def ask(aspect: str, focus: list[dict[str, Any]], of: int = 0, text: str = "…", **more: Any) -> Outcome:
    """A message that asks for an aspect of the thing at this place of the focus."""
    asked = {"aspect": aspect, "kind": focus[of]["kind"], "id": focus[of]["id"], "confidence": 0.9}
    return run(ActionChatFollowUp(), text, "chat_follow_up", slots={"chat_focus": focus}, message={"follow_up": asked}, **more)


def cancelled(shop: Shop, **how: Any) -> list[dict[str, Any]]:
    """The focus after an order was cancelled; the shop then holds it like this."""
    shop.orders = {"C1": [LAMP]}
    slots = {"orders_number": LAMP.number, "orders_cancel_confirmed": True}
    focus = run(ActionOrdersCancel(), "确认", "chat_affirm", slots=slots).slots["chat_focus"]
    gone: Order = replace(LAMP, state_code="cancelled", refunds=(REFUND,), parts=PARTS)
    shop.orders = {"C1": [replace(gone, **how)]}
    return focus


def test_what_was_cancelled_is_spoken_of_and_its_money_can_be_asked_for(shop: Shop) -> None:
    (told,) = cancelled(shop)
    assert (told["kind"], told["id"], told["told"]) == ("order", LAMP.number, "cancel")
    assert {"when_money", "where_money", "why_amount", "undo"} <= set(told["asks"])


def test_the_money_of_that_order_is_told_with_its_day(shop: Shop) -> None:
    answer = ask("when_money", cancelled(shop))
    assert answer.said == ["utter_orders_order_when_money_cancelled"]
    assert answer.messages[0]["arrives"] == "11-25" and answer.messages[0]["number"] == LAMP.number


def test_a_share_of_what_was_paid_is_worked_out_within_its_bounds(shop: Shop) -> None:
    lines = tuple(replace(line, amount=paid) for line, paid in zip(order("1", "paid", pieces=3).items, ("30.00", "221.00", "4000.00"), strict=True))
    late = replace(LAMP, merchant=True, items=lines, promised_ship_by="2036-11-21T10:00:00+08:00")
    shop.orders = {"C1": [late]}
    focus = [{"kind": "order", "id": LAMP.number, "title": LAMP.title, "told": "status", "order": LAMP.number}]
    answer = ask("compensated", focus)
    assert answer.said == ["utter_orders_order_compensated_paid_merchant"]
    assert all(yuan in answer.messages[0]["share"] for yuan in ("5.00", "11.05", "50.00"))


def test_money_without_a_slip_is_that_of_the_cancelled_order(shop: Shop) -> None:
    """钱退了没, 台灯那单的钱呢: no slip is looked for in vain; and who cancels it once more hears the same."""
    cancelled(shop)
    for text in ("钱退了没", "台灯取消了，钱退到哪了"):
        answer = run(ActionAfterSalesStatus(), text, "after_sales_ask_status", message={"reference": described(text)})
        assert answer.said == ["utter_orders_order_when_money_cancelled"], text
        assert answer.messages[0]["number"] == LAMP.number
    again = run(ActionOrdersCancel(), slots={"orders_number": LAMP.number})
    assert again.said == ["utter_orders_order_when_money_cancelled"] and shop.done == [("cancel", LAMP.number)]


def test_goods_that_were_never_bought_are_no_cancelled_order(shop: Shop) -> None:
    cancelled(shop)
    answer = run(ActionAfterSalesStatus(), "冰箱的钱退了没", "after_sales_ask_status", message={"reference": described("冰箱的钱退了没")})
    assert answer.said[0] == "utter_after_sales_none_fits"


def test_why_it_is_that_much_is_told_in_its_parts(shop: Shop) -> None:
    assert ask("why_amount", cancelled(shop)).messages[0]["parts"] == "商品 219.00，优惠 -20.00"


@pytest.mark.parametrize(
    ("refunds", "response"),
    [
        ((replace(REFUND, sent_at="2020-11-21T10:00:00+08:00", arrives_by="2020-11-25"),), "cancelled_arrived"),
        ((replace(REFUND, state_code="arrived", arrives_by="2036-11-21"),), "cancelled_instant"),
        ((REFUND, replace(REFUND, route="原路退回礼品卡")), "cancelled_split"),
        ((), "cancelled_unpaid"),
    ],
)
def test_a_day_gone_by_is_no_forecast(shop: Shop, refunds: tuple[OrderRefund, ...], response: str) -> None:
    answer = ask("when_money", cancelled(shop, refunds=refunds))
    assert answer.said == [f"utter_orders_order_when_money_{response}"]


def test_what_was_paid_back_for_a_fallen_price_is_not_the_cancellations(shop: Shop) -> None:
    focus = cancelled(shop, refunds=(replace(REFUND, source="price", amount="9.00"), REFUND))
    answer = ask("when_money", focus)
    assert answer.said == ["utter_orders_order_when_money_cancelled"]
    assert answer.messages[0]["route"] == REFUND.route and answer.messages[0]["amount"] == LAMP.amount


def test_what_comes_back_altogether_is_the_sum_of_all_that_was_spoken_of(shop: Shop) -> None:
    other = order("202611190009", "cancelled", title="坐垫")
    focus = cancelled(shop)
    focus = [*focus, {**focus[0], "id": other.number, "title": other.title, "order": other.number}]
    shop.orders["C1"].append(replace(other, refunds=(replace(REFUND, amount="20.50"),)))
    answer = ask("why_amount", focus, text="加起来退我多少")
    assert answer.said == ["utter_chat_back_altogether"] and answer.messages[0]["total"] == "219.50"
    assert ask("why_amount", focus, text="这单退多少").said == ["utter_orders_order_why_amount_cancelled"]


def test_a_merchant_who_has_not_answered_is_waited_for(shop: Shop) -> None:
    focus = cancelled(shop, state_code="paid", refunds=(), cancel_decide_by="2036-11-22T10:00:00+08:00")
    assert ask("undo", focus).said == ["utter_orders_order_undo_reviewing"]


def test_what_has_no_answer_in_its_state_may_be_a_rule(shop: Shop) -> None:
    focus = cancelled(shop, state_code="paid", refunds=())
    assert ask("undo", focus).said == ["utter_chat_follow_up"]
    shop.knowledge = {"能撤回吗": Found("answer", (Hit("k", "能撤回吗", 0.9, "可以。", "", "订单", 1),))}
    assert ask("undo", focus, text="能撤回吗").said == ["utter_faq_answer"]


def test_a_merchants_late_order_is_told_the_merchants_rule_and_the_shops_own_the_shops(shop: Shop) -> None:
    rule = Hit("late", "配送延误有赔偿吗？", 0.9, "每单赔券。", "", "服务标准", 1)
    shop.knowledge = {"配送延误有赔偿吗？": Found("answer", (rule,))}
    focus = cancelled(shop, state_code="paid", refunds=(), merchant=True)
    assert ask("compensated", focus).said == ["utter_orders_order_compensated_paid_merchant"], "it is not late yet"
    own = cancelled(shop, state_code="paid", refunds=())
    told = ask("compensated", own, text="晚了咋赔")
    assert told.said == ["utter_faq_answer"] and told.messages[0]["answer"] == "每单赔券。"


def test_that_a_cancellation_takes_the_whole_order_is_told_with_its_goods(shop: Shop) -> None:
    focus = cancelled(shop, state_code="unpaid", refunds=())
    told = ask("whole", focus, text="里头别的还要")
    assert told.said == ["utter_orders_order_whole_unpaid"] and told.messages[0]["goods"]


def test_another_customers_things_are_not_told(shop: Shop) -> None:
    focus = cancelled(shop)
    assert ask("when_money", focus, customer="C2").said == ["utter_chat_not_found"]
    assert ask("when_money", focus, customer=None).said == ["utter_chat_sign_in"]


def test_the_same_explanation_is_not_given_twice_in_a_row(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611190001", "signed")]}
    focus = [{"kind": "order", "id": "202611190001", "title": "护眼台灯", "told": "refused", "order": "202611190001"}]
    focus[0]["facts"] = {"code": "return_excluded", "detail": "已经激活。"}  # type: ignore[assignment]
    explained = {"event": "bot", "text": "规则", "metadata": {"utter_action": "utter_orders_order_why_not_refused"}}
    events = [{"event": "user", "text": "退货"}, explained, {"event": "user", "text": "…"}]
    assert ask("why_not", focus).said == ["utter_orders_order_why_not_refused"]
    assert ask("why_not", focus, events=events).said == ["utter_orders_order_why_not_refused_again"]


def test_of_several_aspects_each_is_told_once(shop: Shop) -> None:
    focus = cancelled(shop)
    asked = {"aspect": "where_money", "also": ["when_money", "where_money"], "kind": "order", "id": LAMP.number, "confidence": 0.9}
    told = run(ActionChatFollowUp(), "…", "chat_follow_up", slots={"chat_focus": focus}, message={"follow_up": asked})
    assert told.said == ["utter_orders_order_where_money_cancelled", "utter_orders_order_when_money_cancelled"]
    assert told.slots["chat_focus"][0]["id"] == LAMP.number


@pytest.mark.parametrize(("coins", "parts", "said"), [
    (2000, (AmountPart("商品", "219.00"), AmountPart("灵犀币抵扣", "-20.00")), "coins"),
    (0, PARTS, "deducted"),
])  # fmt: skip
def test_what_of_an_order_is_on_no_invoice_is_told(coins: int, parts: tuple[AmountPart, ...], said: str, shop: Shop) -> None:
    shop.orders = {"C1": [replace(LAMP, parts=parts, points_used=coins)]}
    shop.invoices = {"C1": [invoice("FP1", order_number=LAMP.number)]}
    focus = [{"kind": "invoice", "id": "FP1", "title": "护眼台灯", "told": "status", "order": LAMP.number}]
    ask_it = [{"command": "ask", "aspect": "why_amount", "object": {"kind": "invoice", "id": "FP1"}}]
    told = run(ActionChatFollowUp(), "票上咋少了", "chat_follow_up", slots={"chat_focus": focus}, message={"commands": ask_it})
    assert told.said == [f"utter_invoices_invoice_why_amount_{said}"]
    assert told.messages[0]["off"].endswith("20.00") and "219.00" in told.messages[0]["parts"]
