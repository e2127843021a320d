"""Who did not hear a write's answer can ask for it."""

from __future__ import annotations

import httpx

from backoffice.states import OrderState
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, BERT, Shop


def outcome(office: Office, key: str, customer: str | None) -> httpx.Response:
    headers = {"X-Customer-Id": customer} if customer else {}
    return office.client.get(f"/api/v1/outcomes/{key}", headers=headers)


def test_the_outcome_of_a_write_is_its_answer(office: Office, shop: Shop) -> None:
    number = shop.order()
    assert outcome(office, "action_orders_cancel:k", ANNA).status_code == 404
    done = office.send(f"/orders/{number}/cancel", key="action_orders_cancel:k")
    told = outcome(office, "action_orders_cancel:k", ANNA).json()
    assert (told["status"], told["answer"]) == (200, done.json())


def test_a_refusal_is_an_outcome_too(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED)
    office.send(f"/orders/{number}/urge", key="k")
    told = outcome(office, "k", ANNA).json()
    assert (told["status"], told["answer"]["code"]) == (409, "order_shipped")


def test_an_outcome_is_its_customers_only(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    number = shop.order()
    office.send(f"/orders/{number}/cancel", key="k")
    assert outcome(office, "k", BERT).status_code == 404
    assert outcome(office, "k", None).status_code == 404

