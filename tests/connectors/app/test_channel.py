"""The app: proven customers only, repeats taken once, answers polled and called back in order, dead letters sent again."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors import undelivered
from connectors.app.codec import parse
from connectors.errors import Refused
from tests.connectors.clients import new_id, token
from tests.connectors.running import SECRET, RunningServer
from tests.connectors.wechat.line import until
from tests.standins.app import AppServer


@pytest.fixture
def customer() -> str:
    return f"C{secrets.token_hex(6)}"


@pytest.fixture
def app(server: RunningServer) -> AppServer:
    stand_in: AppServer = server.lines.app
    return stand_in


def post(server: RunningServer, customer: str, **body: Any) -> tuple[int, Any]:
    return server.post(
        "/webhooks/app/messages", {"id": new_id(), **body}, Authorization=f"Bearer {token(customer)}"
    )


def poll(server: RunningServer, customer: str, after: int = 0, wait: int = 0) -> list[dict[str, Any]]:
    path = f"/webhooks/app/messages?after={after}&wait={wait}"
    status, told = server.ask(path, Authorization=f"Bearer {token(customer)}")
    assert status == 200, told
    messages: list[dict[str, Any]] = told["messages"]
    return messages


@pytest.mark.parametrize(
    ("bearer", "code"),
    [("", "token_missing"), (token(lifetime=-5), "token_expired"), (token(secret="x" * 40), "token_forged")],
)
def test_nobody_unproven_speaks_or_reads(server: RunningServer, bearer: str, code: str) -> None:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    status, told = server.post("/webhooks/app/messages", {"id": new_id(), "text": "你好"}, **headers)
    assert (status, told["code"]) == (401, code)
    assert server.ask("/webhooks/app/messages", **headers)[0] == 401


def test_a_repeat_is_told_so_and_another_customers_is_not_seen(server: RunningServer, customer: str) -> None:
    message_id = new_id()
    first, again = (post(server, customer, id=message_id, text="你好") for _ in range(2))
    assert (first[0], again[0]) == (202, 200)
    assert first[1]["seq"] == again[1]["seq"] and again[1]["repeat"]
    until(lambda: poll(server, customer), lambda found: len(found) == 2, 10)
    other = f"C{secrets.token_hex(6)}"
    assert poll(server, other) == []
    assert post(server, other, id=message_id, text="你好")[0] == 202, "ids are each customer's own"


def test_a_long_poll_returns_as_soon_as_there_is_something(server: RunningServer, customer: str) -> None:
    post(server, customer, text="你好")
    seen = until(lambda: poll(server, customer), lambda found: len(found) == 2, 10)[-1]["seq"]
    with ThreadPoolExecutor(1) as thread:
        began = time.monotonic()
        waiting = thread.submit(poll, server, customer, seen, 20)
        time.sleep(0.3)
        post(server, customer, text="在吗")
        (message,) = waiting.result(20)
    assert (message["from"], message["text"]) == ("customer", "在吗")
    assert time.monotonic() - began < 10
    assert poll(server, customer, 10**6, 1) == []


def test_a_button_of_an_older_question_is_told(server: RunningServer, customer: str) -> None:
    post(server, customer, text="修改")
    old = until(lambda: poll(server, customer), lambda found: len(found) == 2, 10)[-1]
    post(server, customer, text="按钮")
    now = until(lambda: poll(server, customer), lambda found: len(found) == 4, 10)[-1]
    status, told = post(server, customer, button=old["buttons"][0]["payload"])
    assert (status, told["code"]) == (409, "button_gone")
    assert told["question"]["buttons"] == now["buttons"]
    assert post(server, customer, button=now["buttons"][0]["payload"])[0] == 202


def test_answers_are_called_back_signed_and_in_order(server: RunningServer, customer: str, app: AppServer) -> None:
    for text in ("一", "二", "三"):
        post(server, customer, text=text)
    told = until(lambda: app.texts(customer), lambda texts: len(texts) == 3, 15)
    assert told == ["您说：一", "您说：二", "您说：三"]
    assert app.forged == 0


def test_a_server_that_is_down_is_called_again_in_order(server: RunningServer, customer: str, app: AppServer) -> None:
    app.status = 500
    for text in ("一", "二"):
        post(server, customer, text=text)
    calls = app.calls
    until(lambda: app.calls, lambda now: now > calls, 10)
    app.status = 200
    assert until(lambda: app.texts(customer), lambda texts: len(texts) == 2, 20) == ["您说：一", "您说：二"]


def test_dead_letters_are_listed_and_sent_again(
    server: RunningServer,
    customer: str,
    app: AppServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LINGXI_CONNECTORS_DATABASE_URL", f"sqlite:///{server.folder}/connectors.db")
    monkeypatch.setenv("LINGXI_CUSTOMER_JWT_SECRET", SECRET)
    app.status = 422
    post(server, customer, text="收不下")

    def listed() -> str:
        assert undelivered.main(["app"]) == 0
        return capsys.readouterr().out

    until(listed, lambda told: "422" in told, 10)
    app.status = 200
    post(server, customer, text="后来的")
    until(lambda: app.texts(customer), lambda texts: texts == ["您说：后来的"], 10)
    assert undelivered.main(["app", "--again"]) == 0
    post(server, customer, text="还有")  # no need to wait for the sweep
    told = until(lambda: app.texts(customer), lambda texts: len(texts) == 3, 30)
    assert sorted(told) == ["您说：后来的", "您说：收不下", "您说：还有"]
    assert "422" not in listed().partition("\n")[2]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"id": "c0ffee-0001"}', b'{"text": "x"}', b'{"id": 7, "text": "x"}',
        b'{"id": "short", "text": "x"}', b'{"id": "c0ffee-0001", "text": 7}', b'{"id": "c0ffee-0001", "text": " "}',
        b'{"id": "c0ffee-0001", "text": "x", "button": "y"}', json.dumps({"id": "c0ffee-0001", "text": "x" * 2001}).encode(),
        b'{"id": "c0ffee 001", "text": "x"}',
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_explained(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(body)
    assert refused.value.text
