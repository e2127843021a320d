"""Both Sanic servers under bad requests: 4xx with what to do, never a 5xx, and they still answer within two seconds."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scale import times
from tests.serving.raw import TOKEN, Server, request

FUZZ = settings(max_examples=times(40), deadline=None, suppress_health_check=list(HealthCheck))
LENGTHS = ("-1", "-0", "+5", "0x10", "1e3", "5, 5", "", "99999999999999999999", "５", "5\r\nContent-Length: 6", "5\r\nTransfer-Encoding: chunked")
HELD = 25.0  # longer than any request may take


def refused(server: Server, data: bytes) -> dict[str, Any]:
    """The body of a refusal."""
    status, body = server.talk(data)
    assert status is not None and 400 <= status < 500
    told: dict[str, Any] = json.loads(body)
    assert told["status"] == status and told["code"] and told["detail"]
    return told


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("target", ["/webhook", "/webhooks/rest/webhook", "/webhooks/webchat/media", "/"])
def test_an_odd_length_is_refused_and_nothing_freezes(server: Server, length: str, target: str) -> None:
    data = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nhello".encode()
    refused(server, data)
    assert server.answers()


def test_a_second_request_of_a_line_is_looked_at_as_the_first(server: Server) -> None:
    """Not even one that says it opens a web socket ends the watch."""
    for first in (request("GET", "/"), request("GET", "/", None, "Upgrade: websocket", "Connection: Upgrade")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
            line.sendall(first)
            assert line.recv(65536).startswith(b"HTTP/1.1 ")
            line.sendall(b"POST /webhook HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")
            line.settimeout(5)
            heard = b""
            with contextlib.suppress(ConnectionResetError):  # a line that is cut with bytes unread ends so
                while piece := line.recv(65536):
                    heard += piece
            assert not heard or b"HTTP/1.1 400" in heard
        assert server.answers()


@pytest.mark.parametrize(
    "header",
    ["Origin: http://[", "Origin: \xff", "Host: [", "Expect: x", "Upgrade: websocket\r\nConnection: Upgrade", "Accept: ;;q=x", "Authorization: Bearer",
     "Range: bytes=-", "Cookie: \xff=;", "Content-Encoding: deflate", "Content-Type: ;;", "X-Forwarded-For: ,,", "Access-Control-Request-Method: \\"],
)  # fmt: skip
@pytest.mark.parametrize("target", ["/", "/webhook", "/webhooks/webchat/", "/webhooks/webchat/ws", "/webhooks/rest/messages", "/domain", "/nope"])
def test_odd_headers(server: Server, target: str, header: str) -> None:
    for method in ("GET", "POST", "OPTIONS", "FOO"):
        status = server.ask(request(method, target, None, header))
        assert status is not None and status < 500, (method, status)
    assert server.answers()


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Upgrade: websocket",),
        ("Upgrade: websocket", "Connection: Upgrade"),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 12", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"),
        ("Upgrade: h2c", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    ],
)  # fmt: skip
def test_a_bad_handshake_is_refused(rasa: Server, headers: tuple[str, ...]) -> None:
    refused(rasa, request("GET", "/webhooks/webchat/ws", None, "Origin: http://shop.example", *headers))


def test_a_good_handshake_opens_a_socket(rasa: Server) -> None:
    headers = ("Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    assert rasa.ask(request("GET", "/webhooks/webchat/ws", None, "Origin: http://shop.example", *headers)) == 101


BODIES = (
    b"", b"{}", b"[]", b"null", b'"text"', b"1", b"NaN", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"a":' * 90_000, b'{"text": "\\ud800"}', b'{"text": "\\u0000"}',
    b'{"text": 5}', b'{"text": []}', b'{"text": "' + b"x" * 20_000 + b'"}', b'{"name": 5}', b'{"name": "x", "entities": 5}', b'[{"event": "slot"}]', b'[{"event": "nonsense"}]',
    b'{"event": "user", "text": 5}', b'{"event": "slot", "name": 5}', b'{"event": "action", "name": null}', b'{"event": "restart", "timestamp": "x"}',
    b'{"text": "hi", "sender": "user", "parse_data": {"intent": 5}}', b'{"model_server": {"url": 5}}', b'{"model_file": "/nowhere"}',
    b'{"next_action": 5}', b'{"next_action": "action_orders_status", "tracker": null}', b'{"next_action": "action_orders_status", "tracker": {"sender_id": []}}',
    b'{"next_action": "action_orders_status", "version": 5, "tracker": {"sender_id": "a"}}', b'{"next_action": "no_such_action", "tracker": {"sender_id": "a"}}',
    b'{"next_action": "orders_cancel_form", "tracker": {"sender_id": "a", "latest_message": {"entities": [5]}}}',
)  # fmt: skip
API = (
    ("POST", "/model/parse"), ("POST", "/model/parse?emulation_mode=wit"), ("POST", "/model/parse?emulation_mode=luis"), ("POST", "/model/predict"), ("PUT", "/model"),
    ("POST", "/model/test/intents"), ("POST", "/conversations/x/tracker/events"), ("PUT", "/conversations/x/tracker/events"),
    ("POST", "/conversations/x/trigger_intent"), ("POST", "/conversations/x/execute"), ("POST", "/conversations/x/messages"), ("POST", "/conversations/x/predict"),
    ("POST", "/webhooks/rest/webhook"), ("POST", "/webhooks/webchat/media"), ("POST", "/webhooks/nobody"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), API)
def test_bad_bodies_of_rasas_api(rasa: Server, method: str, path: str) -> None:
    for body in BODIES:
        for token in (f"{'&' if '?' in path else '?'}token={TOKEN}", ""):
            status = rasa.ask(request(method, path + token, body), 30)
            assert status is not None and status < 500, (body[:80], status)
    assert rasa.answers()


def test_bad_training_data(rasa: Server) -> None:
    for path in ("/model/train", "/model/test/stories"):
        for body in (b"[]", b"\xff\xfe", b"a: [" * 3000, b"version: x\nnlu: 5", b""):
            status = rasa.ask(request("POST", f"{path}?token={TOKEN}", body), 60)
            assert status is not None and status < 500, body[:80]
    assert rasa.answers()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("headers", [(), ("Content-Encoding: deflate",), ("X-Domain-Digest: x",), ("X-Domain-Digest: x", "Content-Encoding: deflate")])
def test_bad_calls_of_actions(actions: Server, body: bytes, headers: tuple[str, ...]) -> None:
    status = actions.ask(request("POST", "/webhook", body, *headers))
    assert status is not None and 400 <= status < 500


def test_a_domains_digest_where_no_action_is_called(actions: Server) -> None:
    for method, target in (("PUT", "/webhook"), ("POST", "/nope"), ("GET", "/health"), ("GET", "/actions")):
        status = actions.ask(request(method, target, b"{", "X-Domain-Digest: x"))
        assert status is not None and status < 500, (method, target)


def test_a_refusal_repeats_nothing_and_logs_nothing_of_what_was_sent(server: Server) -> None:
    for body in (b'{"text": ["13812345678"]}', b'{"next_action": "13812345678", "tracker": "13812345678"}', b"13812345678{", b'["13812345678"]'):
        for target in ("/webhook", f"/model/parse?token={TOKEN}", "/webhooks/rest/webhook"):
            _, answer = server.talk(request("POST", target, body))
            assert b"13812345678" not in answer and b"Traceback" not in answer
    assert "13812345678" not in server.written()


TARGETS = st.sampled_from(["/", "/webhook", "/webhooks/rest/webhook", "/webhooks/webchat/ws", f"/model/parse?token={TOKEN}", f"/conversations/x/tracker/events?token={TOKEN}"])
LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["text", "event", "name", "sender", "message", "tracker", "next_action", "sender_id", "events", "slots", "latest_message"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@FUZZ
@given(target=TARGETS, body=JSON)
def test_any_json(servers: dict[str, Server], target: str, body: Any) -> None:
    for server in servers.values():
        status = server.ask(request("POST", target, json.dumps(body).encode()), 10)
        assert status is not None and status < 500


@FUZZ
@given(method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "FOO"]), target=TARGETS,
       name=st.sampled_from(["Host", "Origin", "Content-Length", "Transfer-Encoding", "Upgrade", "Connection", "Cookie", "Accept", "Content-Encoding", "Sec-WebSocket-Key", "X"]),
       value=LATIN, body=st.binary(max_size=30) | st.none())  # fmt: skip
def test_any_header(servers: dict[str, Server], method: str, target: str, name: str, value: str, body: bytes | None) -> None:
    for server in servers.values():
        with socket.create_connection(("127.0.0.1", server.port), timeout=HELD) as line:
            line.sendall(request(method, target, body, f"{name}: {value}"))
            line.shutdown(socket.SHUT_WR)
            heard = line.recv(65536)
        assert not heard.startswith(b"HTTP/1.1 5")
        assert server.answers()


@FUZZ
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes(servers: dict[str, Server], data: bytes) -> None:
    for server in servers.values():
        with socket.create_connection(("127.0.0.1", server.port), timeout=HELD) as line:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
            assert not line.recv(65536).startswith(b"HTTP/1.1 5")
        assert server.answers()


def test_a_dripping_request_ends_in_time(servers: dict[str, Server]) -> None:
    """A head, a body and a chunk that never end, one byte a second."""

    def drip(told: tuple[Server, bytes]) -> tuple[float, bytes]:
        server, start = told
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=1) as line:
            line.sendall(start)
            while time.monotonic() - began < HELD:
                try:
                    line.sendall(b"1")
                    return time.monotonic() - began, line.recv(4096)
                except TimeoutError:
                    continue
                except OSError:
                    return time.monotonic() - began, b""
        return HELD, b"never"

    starts = (
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST /webhook HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n",
        b"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9000\r\n",
        b"POST /webhooks/webchat/media HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nContent-Length: 9000\r\n\r\n",
    )
    asked = [(server, start) for server in servers.values() for start in starts]
    with ThreadPoolExecutor(len(asked)) as pool:
        for seconds, heard in pool.map(drip, asked):
            assert seconds < 15
            assert not heard or heard.startswith(b"HTTP/1.1 4")
    assert all(server.answers() for server in servers.values())
