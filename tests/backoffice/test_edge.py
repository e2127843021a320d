"""The back office under bytes that no client of ours sends: never a 5xx, and it answers within two seconds afterwards."""

from __future__ import annotations

import socket
from contextlib import suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backoffice.conftest import TOKEN, Office
from tests.scale import times

FUZZ = settings(max_examples=times(40), deadline=None, suppress_health_check=list(HealthCheck))
PATHS = ("/", "/health", "/desk", "/desk/desk.js", "/docs", "/openapi.json", "/demo", "/api/v1/orders", "/api/v1/tickets", "/api/v1/handoffs/x/messages")
NAMES = ("Host", "Origin", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect", "Authorization", "X-Customer-Id", "Idempotency-Key", "Accept", "Cookie", "Content-Type")


def heard(office: Office, data: bytes) -> bytes:
    """What is answered to these bytes and the end of the line after them."""
    host, port = office.url.removeprefix("http://").split(":")
    told = b""
    with socket.create_connection((host, int(port)), timeout=10) as line, suppress(ConnectionError):
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        while piece := line.recv(65536):
            told += piece
    return told


def holds(office: Office, data: bytes) -> None:
    assert b"HTTP/1.1 5" not in heard(office, data)
    assert httpx.get(f"{office.url}/health", timeout=2, trust_env=False).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "header",
    ["Host: [", "Host: a]b", "Host: \xff", "Host: a:b", "Origin: http://[", "Content-Length: -1", "Content-Length: +5", "Content-Length: 0x10",
     "Content-Length: 99999999999999999999", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked",
     "Transfer-Encoding: x", "Expect: x", "Upgrade: websocket\r\nConnection: Upgrade", "Authorization: \xff", "X-Customer-Id: \xff", "Cookie: \xff"],
)  # fmt: skip
def test_odd_headers(office: Office, path: str, header: str) -> None:
    for method in ("GET", "POST", "FOO"):
        host = "" if header.startswith("Host") else "Host: a\r\n"
        holds(office, f"{method} {path} HTTP/1.1\r\n{host}{header}\r\n\r\nhello".encode("latin-1"))


def test_odd_targets(office: Office) -> None:
    for target in ("//", "//[", "http://[/", "*", "/%ff", "/%00", "/api/v1/%ff", "/\xff", "/desk/%2e%2e", "/docs/%00", "?", "/api/v1/orders?%ff=%00", "/" + "a" * 70_000):
        holds(office, f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode("latin-1"))


@FUZZ
@given(method=st.sampled_from(["GET", "POST", "PATCH", "OPTIONS", "FOO"]), path=st.sampled_from(PATHS), name=st.sampled_from(NAMES),
       value=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30), body=st.binary(max_size=40), proven=st.booleans())  # fmt: skip
def test_any_header(running: Office, method: str, path: str, name: str, value: str, body: bytes, proven: bool) -> None:
    proof = f"Authorization: Bearer {TOKEN}\r\nX-Customer-Id: C000001\r\n" if proven else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\n{proof}{name}: {value}\r\nContent-Length: {len(body)}\r\n\r\n"
    holds(running, head.encode("latin-1") + body)


@FUZZ
@given(data=st.binary(min_size=1, max_size=200))
def test_any_bytes(running: Office, data: bytes) -> None:
    holds(running, data)
