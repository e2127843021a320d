"""What is let through to Sanic: byte for byte what came, cut anywhere, and nothing that two servers could read differently."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.refusal import Refusal
from serving.wire import Wire
from tests.scale import times

HEAD = b"POST /webhook HTTP/1.1\r\nHost: a\r\n"
GOOD = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /health HTTP/1.0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: [::1]:5005\r\nOrigin: null\r\n\r\n",
    b"GET /?a=%ff[ HTTP/1.1\r\nHost: a.example:80\r\nCookie: \xe7\x81\xb5\xff\r\nOrigin: https://shop.example:8443\r\n\r\n",
    HEAD + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0A\r\n0123456789\r\n0\r\n\r\n",
)  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        b"Content-Length: -1", b"Content-Length: +5", b"Content-Length: 0x10", b"Content-Length: 1_0", b"Content-Length: 5.0",
        b"Content-Length:", b"Content-Length: 5 5", b"Content-Length: 5, 5", "Content-Length: ５".encode(),
        b"Content-Length: 99999999999999999999", b"Content-Length: 99999999999",
        b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\ncontent-length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: Chunked ,", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Content-Length : 5", b"Content-Length: 5\r\n folded", b"Content\x00-Length: 5", b"X: a\rb", b": x", b"x",
        b"Origin: http://[", b"Origin: x", b"Host: b", b"Expect: cake", b"X-Name: \xe7\x81\xb5", b"A: b\r\n" * 101 + b"C: d",
    ],
)  # fmt: skip
def test_what_is_unclear_is_refused(told: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        Wire().feed(HEAD + told + b"\r\n\r\nhello")
    assert 400 <= refused.value.status < 500


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00", b"get / HTTP/1.1\r\n\r\n", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", b"GET //a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /\xe7\x81\xb5 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nHost: [\r\n\r\n", b"\r\n\r\n", b"A" * 9000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nGET: /\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 11, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal):
        Wire().feed(data)


@settings(max_examples=times(200), deadline=None)
@given(st.lists(st.sampled_from(GOOD), min_size=1, max_size=4), st.lists(st.integers(1, 400)))
def test_requests_pass_unchanged_wherever_they_are_cut(requests: list[bytes], cuts: list[int]) -> None:
    sent, wire, through = b"".join(requests), Wire(), b""
    at = 0
    for cut in [*cuts, len(sent)]:
        through += wire.feed(sent[at : at + cut])
        at += cut
    assert through == sent
    assert not wire.waits


BODIES = (b'{\n  "sender": "u1"\n}', b"\n", b"\x89PNG\r\n\x1a\n\x00", b"a\r\n\r\nb\n", bytes(range(256)))


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_comes_with_its_head_may_hold_anything(body: bytes) -> None:
    head = f"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    wire = Wire()
    assert wire.feed(head + body) == head + body
    assert not wire.waits
    assert wire.feed(head + body) == head + body


@settings(max_examples=times(300), deadline=None)
@given(st.lists(st.one_of(st.sampled_from((*GOOD, HEAD, b"\r\n", b"Content-Length: 3\r\n\r\n", b"0\r\n\r\n")), st.binary(max_size=40)), max_size=6))
def test_nothing_but_a_refusal_comes_of_any_bytes(pieces: list[bytes]) -> None:
    wire = Wire()
    with suppress(Refusal):
        for piece in pieces:
            wire.feed(piece)
