"""Whatever arrives becomes a value or a refusal that says what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.base import as_typed, clean, outgoing, split_text
from connectors.errors import Refused
from connectors.media import picture_type
from connectors.rest import codec as rest
from connectors.webchat import codec

ID = "0123456789abcdef"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["conversation", "token", "last_seq", "signed_out", "id", "text", "payload", "media"]
)
FRAMES = st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}),
    st.sampled_from(["hello", "message", "token", "ping", "pong", "x"]),
    st.dictionaries(FIELDS, JSON | st.just(ID), max_size=6),
)
KINDS = (codec.Hello, codec.SayText, codec.SayPayload, codec.SayMedia, codec.Token, codec.Ping)


def refusal(raw: object) -> Refused:
    with pytest.raises(Refused) as caught:
        codec.parse(raw)
    return caught.value


def _tells_what_to_do(reason: Refused) -> None:
    told = json.loads(codec.error(reason))
    assert told["code"]
    assert told["text"].endswith(("。", "…"))


@given(st.text() | st.binary() | JSON.map(json.dumps) | FRAMES | st.none())
@example("[" * 16000)
@example('{"type":"message","id":"0123456789abcdef","text":"\\ud800"}')
@example('{"type":{"a":1}}')
def test_any_frame_is_a_value_or_a_clear_refusal(raw: object) -> None:
    try:
        frame = codec.parse(raw)
    except Refused as reason:
        _tells_what_to_do(reason)
    else:
        assert isinstance(frame, KINDS)
        if isinstance(frame, codec.SayText):
            frame.text.encode("utf-8")
            assert frame.text == frame.text.strip()
            assert 0 < len(frame.text) <= codec.MAX_TEXT


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"sender": "u", "message": "\\ud800 \\u0000"}')
def test_any_rest_body_is_a_value_or_a_clear_refusal(body: bytes) -> None:
    try:
        said = rest.parse(body)
    except Refused as reason:
        _tells_what_to_do(reason)
    else:
        said.text.encode("utf-8")
        assert said.sender


@pytest.mark.parametrize(
    ("frame", "value"),
    [
        ({"type": "hello"}, codec.Hello(None, None, None, False)),
        (
            {"type": "hello", "conversation": "c" * 43, "token": "a.b.c", "last_seq": 7, "signed_out": True},
            codec.Hello("c" * 43, "a.b.c", 7, True),
        ),
        ({"type": "hello", "conversation": "../x", "last_seq": -1}, codec.Hello(None, None, None, False)),
        ({"type": "message", "id": ID, "text": " 你好\n"}, codec.SayText(ID, "你好")),
        ({"type": "message", "id": ID, "payload": "/affirm"}, codec.SayPayload(ID, "/affirm")),
        ({"type": "message", "id": ID, "media": "m" * 32}, codec.SayMedia(ID, "m" * 32)),
        ({"type": "token", "token": "a.b.c"}, codec.Token("a.b.c")),
        ({"type": "ping"}, codec.Ping()),
    ],
)
def test_frames(frame: dict[str, Any], value: codec.Frame) -> None:
    assert codec.parse(json.dumps(frame)) == value


@pytest.mark.parametrize(
    ("frame", "code", "message_id"),
    [
        ({"type": "message", "text": "x"}, "id_invalid", None),
        ({"type": "message", "id": "short", "text": "x"}, "id_invalid", None),
        ({"type": "message", "id": ID}, "message_invalid", ID),
        ({"type": "message", "id": ID, "text": "x", "payload": "/y"}, "message_invalid", ID),
        ({"type": "message", "id": ID, "text": ["x"]}, "message_invalid", ID),
        ({"type": "message", "id": ID, "text": " \u0000 "}, "message_empty", ID),
        ({"type": "message", "id": ID, "text": "字" * 1001}, "message_too_long", ID),
        ({"type": "message", "id": ID, "media": "../../etc/passwd"}, "media_unknown", ID),
        ({"type": "token"}, "token_invalid", None),
        ({"type": "shout"}, "unknown_type", None),
        ([1], "invalid_frame", None),
    ],
)
def test_refused_frames(frame: Any, code: str, message_id: str | None) -> None:
    reason = refusal(json.dumps(frame))
    assert (reason.code, reason.message_id) == (code, message_id)


def test_frames_of_the_wrong_kind() -> None:
    assert refusal(b"{}").code == "binary_frame"
    assert refusal("x" * (codec.MAX_FRAME + 1)).code == "frame_too_large"
    assert refusal("{").code == "invalid_json"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"\xff", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"message": "x"}', "sender_missing"),
        (b'{"sender": 1, "message": "x"}', "sender_invalid"),
        (b'{"sender": "a b", "message": "x"}', "sender_invalid"),
        (b'{"sender": "u"}', "message_missing"),
        (b'{"sender": "u", "message": " "}', "message_empty"),
        (b'{"sender": "u", "message": 5}', "message_invalid"),
        (json.dumps({"sender": "u", "message": "x" * 2001}).encode(), "message_too_long"),
        (b'{"sender": "u", "message": "x", "message_id": 5}', "message_id_invalid"),
        (b'{"sender": "u", "message": "x", "metadata": "m"}', "metadata_invalid"),
        (b'{"sender": "u", "message": "x", "metadata": {"customer_token": 1}}', "customer_token_invalid"),
    ],
)
def test_refused_rest_bodies(body: bytes, code: str) -> None:
    with pytest.raises(Refused) as caught:
        rest.parse(body)
    assert caught.value.code == code


@given(st.text())
def test_typed_text_never_begins_like_a_payload(text: str) -> None:
    assert not as_typed(text).strip().startswith("/")


@given(st.text(), st.integers(min_value=4, max_value=60))
def test_splitting_loses_no_word(text: str, limit: int) -> None:
    pieces = list(split_text(text, limit))
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_splitting_prefers_paragraphs_and_sentences() -> None:
    assert list(split_text("一句。\n\n二句。", 100)) == ["一句。", "二句。"]
    assert list(split_text("第一句话。第二句话。", 8)) == ["第一句话。", "第二句话。"]


def test_rasa_messages_become_bodies() -> None:
    button = {"title": "好", "payload": "/affirm"}
    assert outgoing({"text": "一\n\n二", "buttons": [button], "image": "https://x/i.png"}, 100) == [
        {"text": "一"},
        {"text": "二", "buttons": [button]},
        {"image": "https://x/i.png"},
    ]
    assert outgoing({"text": "", "quick_replies": [button]}, 100) == [
        {"text": "请选择：", "buttons": [button]}
    ]
    assert outgoing({"text": None, "custom": {"a": 1}, "buttons": None}, 100) == [{"custom": {"a": 1}}]
    assert outgoing({"elements": [{"title": "耳机", "subtitle": "199 元", "buttons": [button]}]}, 100) == [
        {"text": "耳机\n199 元", "buttons": [button]}
    ]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x01\x02\x03WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x01\x02\x03WAVEfmt ", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"<html>", None),
        (b"", None),
        (b" \x89PNG\r\n\x1a\n", None),
    ],
)
def test_pictures_are_told_by_content(content: bytes, kind: str | None) -> None:
    assert picture_type(content) == kind


def test_clean_keeps_what_people_write() -> None:
    assert clean(" 订单\t号\n是 😀 12 \x07\x1b[31m ") == "订单\t号\n是 😀 12 [31m"
