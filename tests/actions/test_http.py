"""The HTTP client under the gateways, over real sockets: what was sent is told from what was not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from actions.gateways.errors import GatewayError, NotFound, OutcomeUnknown, Rejected, Unavailable
from actions.gateways.http import BackOffice, Caller

WRITE = Caller("C1", "action_orders_cancel:k")
Answers = Callable[[str, int], bytes | None]


@contextmanager
def server(answers: Answers) -> Iterator[tuple[BackOffice, list[str]]]:
    """A server that reads each request and answers `answers(first line, number)`; None hangs up without a word."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    said = connection.recv(65536).decode()
                    while "\r\n\r\n" not in said:
                        said += connection.recv(65536).decode()
                    heard.append(said)
                    answer = answers(said.split("\r\n")[0], len(heard))
                    if answer:
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield BackOffice(f"http://127.0.0.1:{listening.getsockname()[1]}", "t" * 40), heard
        listening.shutdown(socket.SHUT_RDWR)


def http(status: int, body: Any) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return head.encode() + content


def test_a_write_that_reached_nobody_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(Unavailable):
        BackOffice(f"http://127.0.0.1:{port}", "t" * 40).post("/orders/1/cancel", WRITE, {})


@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", http(200, b"<html>"), http(502, {}), http(504, {})]
)
def test_a_write_that_was_sent_and_not_answered_is_unknown_and_sent_once(answer: bytes | None) -> None:
    with server(lambda line, number: answer) as (shop, heard), pytest.raises(OutcomeUnknown):
        shop.post("/orders/1/cancel", WRITE, {})
    assert len(heard) == 1, "a repeat is the caller's to decide: it keeps the key"


def test_a_lost_answer_before_a_refused_connection_stays_unknown() -> None:
    """As when the back office dies: the first connection breaks, the next ones are refused."""
    with server(lambda line, number: None) as (shop, _), pytest.raises(OutcomeUnknown):
        shop.patch("/orders/1", WRITE, {"phone": "1"})


def test_a_read_is_asked_again() -> None:
    with server(lambda line, number: None if number == 1 else http(200, {"a": 1})) as (shop, heard):
        assert shop.get("/orders") == {"a": 1}
        assert shop.post("/returns/options", Caller("C1"), {}) == {"a": 1}
    assert len(heard) == 3


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (http(200, {"status": 200, "answer": {"number": "1"}}), None),
        (http(200, {"status": 409, "answer": {"code": "order_shipped", "detail": "…", "for_customer": True}}), Rejected),
        (http(404, {"code": "not_found"}), GatewayError),
        (None, OutcomeUnknown),
    ],
)
def test_a_server_error_is_looked_up(stored: bytes | None, error: type[GatewayError] | None) -> None:
    def answers(line: str, number: int) -> bytes | None:
        return stored if line.startswith("GET /api/v1/outcomes/action_orders_cancel%3Ak ") else http(500, {})

    with server(answers) as (shop, _):
        if error is None:
            assert shop.post("/orders/1/cancel", WRITE, {}) == {"number": "1"}
            return
        with pytest.raises(error) as raised:
            shop.post("/orders/1/cancel", WRITE, {})
    assert type(raised.value) is error


def test_a_repeat_in_other_words_gets_the_first_answer() -> None:
    def answers(line: str, number: int) -> bytes | None:
        if line.startswith("GET"):
            return http(200, {"status": 201, "answer": {"id": "HO1"}})
        return http(422, {"code": "idempotency_key_reused", "detail": "…"})

    with server(answers) as (shop, _):
        assert shop.post("/handoffs", Caller("C1", "k", again=True), {}) == {"id": "HO1"}
        with pytest.raises(GatewayError) as raised:
            shop.post("/handoffs", Caller("C1", "k"), {})
        assert not isinstance(raised.value, Rejected), "it speaks of keys, which is nothing to tell a customer"


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (409, Rejected), (422, Rejected), (401, GatewayError)])
def test_a_refused_write_is_no_lost_one(status: int, error: type[GatewayError]) -> None:
    problem = http(status, {"code": "c", "detail": "d", "for_customer": True})
    with server(lambda line, number: problem) as (shop, _), pytest.raises(error) as raised:
        shop.post("/orders/1/cancel", WRITE, {})
    assert type(raised.value) is error
