"""Bad requests get a problem document that says what is wrong, and never a traceback or the value sent."""

from __future__ import annotations

import logging
import secrets
import socket
from typing import Any

import httpx
import pytest

from backoffice.models import Customer, Order
from backoffice.states import OrderState
from tests.backoffice.conftest import TOKEN, Office
from tests.backoffice.shop import ANNA, Shop

JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "instance"} <= body.keys()
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"]


@pytest.mark.parametrize("told", [None, "Bearer wrong", TOKEN, f"Basic {TOKEN}"])
@pytest.mark.parametrize("path", ["/orders", "/customers", "/handoffs", "/no-such-path"])
def test_the_service_token_is_asked_for_before_anything(office: Office, told: str | None, path: str) -> None:
    headers = {"Authorization": told} if told else {}
    answer = httpx.get(f"{office.url}/api/v1{path}", headers=headers, trust_env=False)
    assert problem(answer) == (401, "unauthorized")
    body = httpx.post(f"{office.url}/api/v1{path}", headers=headers, content=b"{", trust_env=False)
    assert problem(body) == (401, "unauthorized")


def test_health_needs_no_token(office: Office) -> None:
    answer = httpx.get(f"{office.url}/health", trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_missing_headers(office: Office, shop: Shop) -> None:
    number = shop.order()
    assert problem(office.get("/orders", customer=None)) == (400, "customer_required")
    no_key = office.client.post(f"/api/v1/orders/{number}/cancel", headers={"X-Customer-Id": ANNA})
    assert problem(no_key) == (400, "idempotency_key_required")
    long_key = office.send(f"/orders/{number}/cancel", key="k" * 201)
    assert problem(long_key) == (422, "invalid_request")
    assert shop.get(Order, number).state is OrderState.PAID


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"reason": "\\u0000"}', 422),
        (b'{"reason": "\\ud800"}', 422),
        (b'{"reason": "' + b"x" * 201 + b'"}', 422),
        (b'{"reason": 5}', 422),
        (b'{"reason": "x", "hidden": true}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"\\u0000": 1}', 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"reason": ' + b"9" * 5000 + b"}", 400),
        (b'{"reason": NaN}', 422),
    ],
)
def test_bad_bodies(office: Office, shop: Shop, content: bytes, status: int) -> None:
    number = shop.order()
    headers = {"X-Customer-Id": ANNA, "Idempotency-Key": secrets.token_hex(8), **JSON}
    answer = office.client.post(f"/api/v1/orders/{number}/cancel", content=content, headers=headers)
    assert problem(answer) == (status, "invalid_request")
    assert shop.get(Order, number).state is OrderState.PAID


def test_an_unknown_field_is_named_and_a_value_never_repeated(office: Office, shop: Shop) -> None:
    number = shop.order()
    answer = office.send(f"/orders/{number}", {"phone": "not-a-phone-4711", "colour": "red"}, method="PATCH")
    fields = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert fields["colour"] == "没有这个字段"
    assert fields["phone"] == "格式不对"
    assert "4711" not in answer.text
    assert "red" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"order_number": "202611200001", "kind": "return", "line": 10**30},
        {"order_number": "202611200001", "kind": "return", "line": "1"},
        {"order_number": "202611200001", "kind": "return", "line": True},
        {"order_number": "202611200001", "kind": "sell"},
        {"order_number": "2026\x00", "kind": "return"},
        {"kind": "return"},
    ],
)
def test_bad_fields(office: Office, body: Any) -> None:
    assert problem(office.send("/returns", body)) == (422, "invalid_request")


def test_only_a_rules_words_are_meant_for_the_customer(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    rule = office.send(f"/orders/{number}/cancel")
    ours = office.send(f"/orders/{number}", {"phone": "12345"}, method="PATCH")
    assert (rule.status_code, rule.json()["for_customer"]) == (409, True)
    assert ours.status_code == 422 and "phone" in ours.json()["detail"] and "for_customer" not in ours.json()


@pytest.mark.parametrize("customer", ["a b", "a/b", "C000001'", "x" * 33, "C%30", "a.b"])
def test_customer_ids_of_odd_shapes(office: Office, customer: str) -> None:
    assert problem(office.get("/orders", customer=customer)) == (422, "invalid_request")


@pytest.mark.parametrize("slots", [{"a": "\x00"}, {"\x00": 1}, {"a": ["\x00"]}, {"a": "x" * 40_000}])
def test_free_form_slots_are_bounded(office: Office, slots: Any) -> None:
    answer = office.send("/handoffs", {"conversation_id": "c", "reason": "转人工", "slots": slots})
    assert problem(answer) == (422, "invalid_request")


def test_lone_surrogates_in_slots(office: Office) -> None:
    headers = {"Idempotency-Key": "k", **JSON}
    for slots in (b'{"a": "\\ud800"}', b'{"\\ud800": 1}'):
        content = b'{"conversation_id": "c", "reason": "x", "slots": ' + slots + b"}"
        answer = office.client.post("/api/v1/handoffs", content=content, headers=headers)
        assert problem(answer) == (422, "invalid_request")


def test_a_body_beyond_the_limit(office: Office) -> None:
    headers = {"Idempotency-Key": "k", "X-Customer-Id": ANNA, **JSON}
    body = b'{"text": "' + b"x" * 300_000 + b'"}'
    told = office.client.post("/api/v1/tickets", content=body, headers=headers)
    assert problem(told) == (413, "too_large")
    untold = office.client.post("/api/v1/tickets", content=iter([body]), headers=headers)
    assert problem(untold) == (413, "too_large")


@pytest.mark.parametrize(
    "path", ["/orders/%00", "/orders/%ED%A0%80", "/orders/" + "9" * 300, "/orders/1%202", "/shipments/%F0"]
)
def test_numbers_that_cannot_be_are_not_found(office: Office, path: str) -> None:
    assert problem(office.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "offset=-1",
        "limit=9999999999999999999999",
        "state_code=x",
        "limit=%00",
        "state=paid",
    ],
)
def test_bad_queries(office: Office, query: str) -> None:
    assert problem(office.get(f"/orders?{query}")) == (422, "invalid_request")


def test_a_search_with_a_null_character(office: Office) -> None:
    assert problem(office.get("/products?q=%00", customer=None)) == (422, "invalid_request")


def test_unknown_addresses_and_methods(office: Office) -> None:
    assert problem(office.get("/no-such-path")) == (404, "not_found")
    wrong = office.send("/orders/202611200001", method="DELETE")
    assert problem(wrong) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "GET, PATCH"


def test_a_crash_is_a_problem_without_a_trace(
    office: Office, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed order without its signing time cannot be: nothing about it or its customer leaks."""
    number = shop.order(OrderState.SIGNED, recipient="秘密收货人")
    with shop.database.write() as session:
        session.get_one(Order, number).signed_at = None
    with caplog.at_level(logging.INFO):
        answer = office.send("/returns", {"order_number": number, "kind": "return", "reason": "秘密原因"})
    assert problem(answer) == (500, "internal_error")
    assert "Traceback" not in answer.text
    assert "ValueError" in caplog.text
    assert number not in caplog.text
    assert "秘密" not in caplog.text


def test_logs_hold_no_personal_data(office: Office, shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    number = shop.order(recipient="秘密收货人")
    with caplog.at_level(logging.DEBUG, logger="backoffice"):
        office.get(f"/orders/{number}?state_code=13912345678")
        office.get("/products?q=13912345678", customer=None)
        office.send(f"/orders/{number}", {"phone": "13912345678", "recipient": "张秘密"}, method="PATCH")
        office.get("/orders/13912345678")
    assert "route=/api/v1/orders/{number}" in caplog.text
    for secret in ("13912345678", "秘密", shop.get(Customer, ANNA).phone, TOKEN):
        assert secret not in caplog.text


def test_a_liar_about_its_length_is_cut_off(office: Office) -> None:
    """Bytes beyond what the length said are no body of ours; the server survives them."""
    host, port = office.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        request = f"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        connection.sendall(f"{request}Content-Length: nine\r\n\r\n".encode())
        assert connection.recv(20).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))
    assert office.get("/customer").status_code == 200
