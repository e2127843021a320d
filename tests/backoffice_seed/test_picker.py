"""What the picker's customers meet at the API, as the assistant meets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from .shops import MOMENTS, Customer, client, seeded


@pytest.fixture(scope="module", params=MOMENTS, ids=[f"{moment:%Y-%m-%dT%H:%M}" for moment in MOMENTS])
def now(request: pytest.FixtureRequest) -> datetime:
    return request.param


@pytest.fixture(scope="module")
def api(now: datetime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with (
        seeded(tmp_path_factory.mktemp("picker"), now, order_count=60) as database,
        client(database, now) as talks,
    ):
        yield talks


def shipment(customer: Customer, order: dict) -> dict:
    return customer.get(f"/orders/{order['number']}/shipment")


def bought(customer: Customer, words: str) -> dict:
    [order] = [order for order in customer.orders() if words in order["title"]]
    return order


def test_xiaoming_has_an_order_in_each_state(api: TestClient, now: datetime) -> None:
    xiaoming = Customer(api, "C000001")
    orders = xiaoming.orders()
    assert {order["state_code"] for order in orders} == {
        "unpaid",
        "paid",
        "shipped",
        "signed",
        "completed",
        "cancelled",
    }
    signed = {
        (now.date() - date.fromisoformat(order["signed_at"][:10])).days: order
        for order in orders
        if order["signed_at"]
    }
    assert signed[2]["allowed"]["return"]["ok"]
    assert signed[20]["allowed"]["return"]["code"] == "return_window_passed"
    assert shipment(xiaoming, bought(xiaoming, "LX-B3"))["promised_date"] == str(
        now.date() + timedelta(days=1)
    )
    assert [slip["state_code"] for slip in xiaoming.get("/returns", open=True)["items"]] == ["awaiting_goods"]
    assert [ticket["kind"] for ticket in xiaoming.get("/tickets", open=True)["items"]] == ["complaint"]
    assert xiaoming.get("/customer")["level"] == "金卡"


def test_an_unpaid_order_can_be_cancelled(api: TestClient) -> None:
    xiaoming = Customer(api, "C000001")
    [unpaid] = xiaoming.orders(state_code="unpaid")
    assert unpaid["allowed"]["cancel"]["ok"]


def test_the_late_parcel_is_late_and_not_stalled(api: TestClient, now: datetime) -> None:
    late = Customer(api, "C000002")
    parcel = shipment(late, bought(late, "LX-R7"))
    assert parcel["late"] and not parcel["stalled"]
    assert parcel["promised_date"] == str(now.date() - timedelta(days=2))


def test_the_stalled_parcel_can_be_reported(api: TestClient) -> None:
    stalled = Customer(api, "C000003")
    parcel = shipment(stalled, bought(stalled, "四件套"))
    assert parcel["stalled"] and parcel["carrier"]["code"] == "lingxi"
    status, ticket = stalled.post(f"/shipments/{parcel['tracking_number']}/report", {"problem": "stalled"})
    assert status < 300 and ticket["kind"] == "logistics_investigation"


def test_signed_but_not_received_can_be_reported(api: TestClient) -> None:
    customer = Customer(api, "C000004")
    [order] = customer.orders()
    assert shipment(customer, order)["state_code"] == "signed"
    number = order["shipment"]["tracking_number"]
    status, ticket = customer.post(f"/shipments/{number}/report", {"problem": "signed_not_received"})
    assert status < 300 and ticket["order_number"] == order["number"]


def test_shoes_come_back_or_are_exchanged_after_ten_days(api: TestClient) -> None:
    customer = Customer(api, "C000005")
    [order] = customer.orders()
    assert order["allowed"]["return"]["ok"] and order["allowed"]["exchange"]["ok"]
    status, slip = customer.post(
        "/returns",
        {
            "order_number": order["number"],
            "kind": "exchange",
            "reason": "小了，换大一码",
            "to_variant": "黑白 43 码",
        },
    )
    assert status < 300 and slip["state_code"] == "awaiting_goods"


def test_an_activated_phone_is_excluded(api: TestClient) -> None:
    customer = Customer(api, "C000006")
    [order] = customer.orders()
    assert order["allowed"]["return"]["code"] == "return_excluded"
    assert order["allowed"]["repair"]["ok"]


def test_a_merchants_orders(api: TestClient) -> None:
    customer = Customer(api, "C000007")
    orders = customer.orders()
    assert {order["seller"]["type"] for order in orders} == {"merchant"}
    [waiting] = customer.orders(state_code="paid")
    assert waiting["allowed"]["urge"]["ok"]
    [signed] = customer.orders(state_code="signed")
    assert signed["allowed"]["return"]["ok"]


def test_the_air_fryers_price_fell(api: TestClient) -> None:
    customer = Customer(api, "C000008")
    order = bought(customer, "LX-A5")
    assert order["allowed"]["price_protection"]["ok"]
    status, protection = customer.post("/price-protections", {"order_number": order["number"]})
    assert status < 300 and protection["amount"] == "30.00"


def test_a_refund_is_on_its_way(api: TestClient) -> None:
    [slip] = Customer(api, "C000009").get("/returns")["items"]
    assert (slip["state_code"], slip["refund_route"]) == ("refunding", "原路退回支付宝")


def test_a_business_waits_to_pay_and_wants_an_invoice(api: TestClient) -> None:
    customer = Customer(api, "C000010")
    [unpaid] = customer.orders(state_code="unpaid")
    assert unpaid["payment_method"] == "公司转账"
    assert bought(customer, "复印纸")["allowed"]["invoice"]["ok"]
    [invoice] = customer.get("/invoices")["items"]
    assert invoice["state_code"] == "issued"


def test_a_parcel_comes_today_and_a_robot_is_in_warranty(api: TestClient, now: datetime) -> None:
    customer = Customer(api, "C000011")
    parcel = shipment(customer, bought(customer, "大米"))
    assert (parcel["state_code"], parcel["promised_date"]) == ("out_for_delivery", str(now.date()))
    assert parcel["courier"]
    robot = bought(customer, "LX-R7")["allowed"]
    assert robot["repair"]["ok"] and not robot["return"]["ok"]


def test_a_newcomer_has_no_orders_and_the_welcome_coupons(api: TestClient) -> None:
    customer = Customer(api, "C000012")
    assert customer.orders() == []
    coupons = customer.get("/coupons")["items"]
    assert len(coupons) == 3 and all("新人礼" in coupon["name"] for coupon in coupons)
