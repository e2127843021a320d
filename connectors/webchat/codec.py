"""The web chat's protocol: JSON text frames, each an object with a `type`. README.md lists them.

`parse` turns what a browser sent into one of the frozen dataclasses below, through one table; the functions at the end
write what the server says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import clean
from connectors.errors import ButtonGone, Refused
from connectors.store import Message

MAX_FRAME = 16 * 1024
MAX_TEXT = 1000
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,128}")
_MAX_TOKEN = 4096
_MAX_PAYLOAD = 4096
_MAX_SEQ = 2**31 - 1


@dataclass(frozen=True)
class Hello:
    """Opens or resumes a conversation. `last_seq` None: show me the history; n: I have seen up to n.

    `signed_out`: the client had a token that ran out and could get no other, so the customer is told how to sign in.
    """

    conversation: str | None
    token: str | None
    last_seq: int | None
    signed_out: bool


@dataclass(frozen=True)
class SayText:
    """What the customer typed."""

    id: str
    text: str


@dataclass(frozen=True)
class SayPayload:
    """The customer pressed a button."""

    id: str
    payload: str


@dataclass(frozen=True)
class SayMedia:
    """The customer sent a picture that is uploaded already."""

    id: str
    media: str


@dataclass(frozen=True)
class Token:
    """A fresh customer token."""

    token: str


@dataclass(frozen=True)
class Ping:
    """The client wants to know whether the line is alive."""


Say = SayText | SayPayload | SayMedia
Frame = Hello | SayText | SayPayload | SayMedia | Token | Ping


def parse(raw: object) -> Frame:
    """Read one frame. Raises Refused, with the message's id where one could be read."""
    if not isinstance(raw, str):
        raise Refused("binary_frame", "只支持文本消息；图片请用上传。")
    if len(raw) > MAX_FRAME:
        raise Refused("frame_too_large", f"消息太长了，请控制在 {MAX_TEXT} 字以内，分几条发送。")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refused("invalid_json", "消息格式不正确，请刷新页面后重试。") from None
    if not isinstance(data, dict):
        raise Refused("invalid_frame", "消息格式不正确，请刷新页面后重试。")
    kind = data.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise Refused("unknown_type", "消息类型不支持，请刷新页面后重试。")
    return reader(data)


def _hello(data: Mapping[str, Any]) -> Frame:
    conversation = data.get("conversation")
    if not isinstance(conversation, str) or not _SECRET.fullmatch(conversation):
        conversation = None  # nothing to resume: a new conversation is as good an answer as an error
    last_seq = data.get("last_seq")
    if not isinstance(last_seq, int) or isinstance(last_seq, bool) or not 0 <= last_seq <= _MAX_SEQ:
        last_seq = None
    return Hello(conversation, _token_text(data), last_seq, data.get("signed_out") is True)


def _message(data: Mapping[str, Any]) -> Frame:
    message_id = data.get("id")
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise Refused("id_invalid", "消息缺少编号，请刷新页面后重试。")
    said = [key for key in ("text", "payload", "media") if data.get(key) is not None]
    if len(said) != 1 or not isinstance(data[said[0]], str):
        raise Refused("message_invalid", "消息内容不正确，请重新输入。", message_id=message_id)
    return _SAID[said[0]](message_id, data[said[0]])


def _text(message_id: str, value: str) -> Say:
    text = clean(value)
    if not text:
        raise Refused("message_empty", "消息是空的，请输入文字。", message_id=message_id)
    if len(text) > MAX_TEXT:
        raise Refused(
            "message_too_long", f"消息太长了，请控制在 {MAX_TEXT} 字以内，分几条发送。", message_id=message_id
        )
    return SayText(message_id, text)


def _payload(message_id: str, value: str) -> Say:
    if not 0 < len(value) <= _MAX_PAYLOAD:
        raise Refused("message_invalid", "消息内容不正确，请重新输入。", message_id=message_id)
    return SayPayload(message_id, value)


def _media(message_id: str, value: str) -> Say:
    if not _SECRET.fullmatch(value):
        raise Refused("media_unknown", "图片没有上传成功，请重新选择图片。", message_id=message_id)
    return SayMedia(message_id, value)


def _token(data: Mapping[str, Any]) -> Frame:
    token = _token_text(data)
    if token is None:
        raise Refused("token_invalid", "登录信息不正确，请在商城重新登录。")
    return Token(token)


def _token_text(data: Mapping[str, Any]) -> str | None:
    token = data.get("token")
    return token if isinstance(token, str) and 0 < len(token) <= _MAX_TOKEN else None


_SAID: dict[str, Callable[[str, str], Say]] = {"text": _text, "payload": _payload, "media": _media}
_READERS: dict[str, Callable[[Mapping[str, Any]], Frame]] = {
    "hello": _hello,
    "message": _message,
    "token": _token,
    "ping": lambda _data: Ping(),
}


def welcome(conversation_id: str, *, customer: bool, history: Sequence[Message] | None, last_seq: int) -> str:
    """The conversation is open; `history` replaces what the client shows, None leaves it as it is."""
    return _frame(
        "welcome",
        conversation=conversation_id,
        customer=customer,
        last_seq=last_seq,
        history=None if history is None else [_shown(message) for message in history],
    )


def ack(message_id: str, seq: int) -> str:
    """The message is written down; it need not be sent again."""
    return _frame("ack", id=message_id, seq=seq)


def message(stored: Message) -> str:
    """One message of the conversation, whoever said it."""
    return _frame("message", **_shown(stored))


def typing(on: bool) -> str:
    """The bot is at work, or no longer."""
    return _frame("typing", on=on)


def signed_in() -> str:
    """The token was good: the conversation is the customer's."""
    return _frame("signed_in")


def pong() -> str:
    """The line is alive."""
    return _frame("pong")


def error(reason: Refused) -> str:
    """Something was not accepted; `retry_after` in seconds, `question`: the message that is asked now."""
    question = reason.question if isinstance(reason, ButtonGone) else None
    about = {
        "id": reason.message_id,
        "retry_after": reason.retry_after,
        "question": _shown(question) if question else None,
    }
    return _frame(
        "error",
        code=reason.code,
        text=reason.text,
        **{key: value for key, value in about.items() if value is not None},
    )


def _shown(stored: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {"seq": stored.seq, "from": stored.who, "at_ms": stored.at_ms, **stored.body}
    if stored.who == "customer" and stored.key:
        shown["id"] = stored.key[len("in:") :]
    return shown


def _frame(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields}, separators=(",", ":"))
