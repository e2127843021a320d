"""A write happens once: repeats get the first answer, and no race does anything twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.models import (
    Compensation,
    Coupon,
    Handoff,
    Order,
    PriceProtection,
    Product,
    Refund,
    Return,
    Ticket,
)
from backoffice.states import OrderState
from tests.backoffice.conftest import Office
from tests.backoffice.shop import BERT, NOW, Goods, Shop

MANY = 50


def test_a_repeat_gets_the_stored_answer_even_when_things_have_changed(office: Office, shop: Shop) -> None:
    number = shop.order()
    first = office.send(f"/orders/{number}/cancel", {"reason": "买错了"}, key="k")
    again = office.send(f"/orders/{number}/cancel", {"reason": "买错了"}, key="k")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert shop.count(Refund) == 1


def test_a_refusal_is_repeated_too(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED)
    first = office.send(f"/orders/{number}/urge", key="k")
    again = office.send(f"/orders/{number}/urge", key="k")
    assert (first.status_code, first.json()["code"]) == (409, "order_shipped")
    assert again.status_code == 409
    assert again.content == first.content
    assert again.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("other", ["body", "route"])
def test_a_key_serves_one_request_only(office: Office, shop: Shop, other: str) -> None:
    number = shop.order()
    office.send(f"/orders/{number}/cancel", {"reason": "买错了"}, key="k")
    if other == "body":
        answer = office.send(f"/orders/{number}/cancel", {"reason": "不想要了"}, key="k")
    else:
        answer = office.send(f"/orders/{number}/urge", key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_keys_of_different_customers_do_not_meet(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    mine, theirs = shop.order(), shop.order(customer_id=BERT)
    assert office.send(f"/orders/{mine}/cancel", key="k").status_code == 200
    assert office.send(f"/orders/{theirs}/cancel", key="k", customer=BERT).status_code == 200


@pytest.mark.parametrize("same_key", [True, False], ids=["same key", "own keys"])
def test_fifty_cancels_at_once_are_one(office: Office, shop: Shop, same_key: bool) -> None:
    number = shop.order(points_used=300)
    answers = office.at_once(
        MANY, f"/orders/{number}/cancel", {"reason": "买错了"}, "k" if same_key else None
    )
    if same_key:
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
    else:
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * (MANY - 1)
        refused = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert refused == {"order_already_cancelled"}
    assert shop.get(Order, number).state is OrderState.CANCELLED
    assert [refund.amount_fen for refund in shop.all(Refund)] == [19_900]
    assert shop.get(Product, "EAR-WHITE").stock == 11
    assert office.get("/customer").json()["points"] == 300


@pytest.mark.parametrize("same_key", [True, False], ids=["same key", "own keys"])
def test_fifty_returns_at_once_open_one_slip(office: Office, shop: Shop, same_key: bool) -> None:
    number = shop.order(OrderState.SIGNED)
    body = {"order_number": number, "kind": "return", "line": 1}
    answers = office.at_once(MANY, "/returns", body, "k" if same_key else None)
    expected = [201] * MANY if same_key else [201] + [409] * (MANY - 1)
    assert sorted(answer.status_code for answer in answers) == expected
    assert shop.count(Return) == 1


def test_fifty_tickets_at_once_have_fifty_numbers(office: Office, shop: Shop) -> None:
    answers = office.at_once(MANY, "/tickets", {"kind": "complaint", "subject": "投诉"}, None)
    assert {answer.status_code for answer in answers} == {201}
    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"GD20261121{count:04d}" for count in range(1, MANY + 1)]
    assert shop.count(Ticket) == MANY


def test_fifty_urges_at_once_make_one_ticket_and_count_each(office: Office, shop: Shop) -> None:
    number = shop.order()
    answers = office.at_once(MANY, f"/orders/{number}/urge", None, None)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["ticket_number"] for answer in answers}) == 1
    assert shop.get(Order, number).urged_count == MANY
    assert shop.count(Ticket) == 1


def test_fifty_handoffs_of_a_conversation_are_one(office: Office, shop: Shop) -> None:
    body = {"conversation_id": "conv", "reason": "客户要求人工"}
    answers = office.at_once(MANY, "/handoffs", body, None)
    assert sorted(answer.status_code for answer in answers) == [200] * (MANY - 1) + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert shop.count(Handoff) == 1


def test_fifty_price_protections_pay_once(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods(price_fen=19_900, product={"price_fen": 14_900})])
    answers = office.at_once(MANY, "/price-protections", {"order_number": number}, None)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (MANY - 1)
    assert [row.amount_fen for row in shop.all(PriceProtection)] == [5_000]
    assert [refund.amount_fen for refund in shop.all(Refund)] == [5_000]


def test_fifty_compensations_give_one_coupon(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED, shipment={"promised_date": NOW.date() - timedelta(days=1)})
    answers = office.at_once(MANY, "/compensations", {"order_number": number}, None)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (MANY - 1)
    assert [coupon.value_fen for coupon in shop.all(Coupon)] == [500]
    assert shop.count(Compensation) == 1


def test_a_race_of_cancel_and_change_leaves_one_truth(office: Office, shop: Shop) -> None:
    """Different writes to one order take turns: after a cancel nothing is changed."""
    number = shop.order()
    office.at_once(10, f"/orders/{number}/cancel", None, None)
    late = office.send(f"/orders/{number}", {"remark": "放门口"}, method="PATCH")
    assert late.json()["code"] == "order_closed"
    assert shop.get(Order, number).remark == ""
    assert shop.get(Order, number).cancelled_at == NOW
