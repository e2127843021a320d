"""Reads and writes the JSON of Rasa's REST channel ("Your Own Website: RestInput" in Rasa's manual)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.base import MAX_TEXT, clean
from connectors.errors import ButtonGone, Refused
from connectors.store import Message, is_conversation_id

_NAME = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,128}")


@dataclass(frozen=True)
class Said:
    """A customer's message: who says it in their client's words, what, and how a repeat is recognised."""

    sender: str
    text: str
    message_id: str
    token: str | None


def parse(body: bytes) -> Said:
    """Read a request's body. Raises Refused."""
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("invalid_json", "请求体不是有效的 JSON，请用 UTF-8 编码的 JSON 对象。") from None
    if not isinstance(data, dict):
        raise Refused("invalid_json", '请求体应是 JSON 对象，例如 {"sender": "u1", "message": "你好"}。')
    metadata = data.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise Refused("metadata_invalid", "metadata 应是 JSON 对象，或者不填。")
    token = (metadata or {}).get("customer_token")
    if token is not None and not isinstance(token, str):
        raise Refused("customer_token_invalid", "metadata.customer_token 应是字符串，或者不填。")
    return Said(
        sender=sender(data.get("sender")),
        text=_text(data.get("message")),
        message_id=_message_id(data.get("message_id")),
        token=token or None,
    )


def sender(value: Any) -> str:
    """The client's name for its conversation. Raises Refused."""
    if value is None or value == "":
        raise Refused("sender_missing", "请在 sender 里填写会话编号，每位顾客一个，不要共用。")
    if not isinstance(value, str) or not is_conversation_id(value):
        raise Refused("sender_invalid", "sender 应是 1 到 128 个英文字母、数字、“-”或“_”，例如 u-7f3a。")
    return value


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token in an Authorization header."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def after(value: str | None) -> int:
    """The number of the last message a poll has seen. Raises Refused."""
    if value is None or value == "":
        return 0
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise Refused("after_invalid", "after 应是上次收到的最大 seq（整数），首次请填 0。")
    return int(value)


def _text(value: Any) -> str:
    if value is None:
        raise Refused("message_missing", "请在 message 里填写要发送的文字。")
    if not isinstance(value, str):
        raise Refused("message_invalid", "message 应是字符串。")
    text = clean(value)
    if not text:
        raise Refused("message_empty", "message 是空的，请填写要发送的文字。")
    if len(text) > MAX_TEXT:
        raise Refused("message_too_long", f"消息太长了，请控制在 {MAX_TEXT} 字以内，分几条发送。")
    return text


def _message_id(value: Any) -> str:
    if value is None:
        return uuid.uuid4().hex
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Refused(
            "message_id_invalid", "message_id 应是 1 到 128 个字符的字符串，不含空白，每条消息一个。"
        )
    return value


def answer(message: Message) -> dict[str, Any]:
    """A stored message as Rasa's REST channel writes it."""
    body = {key: value for key, value in message.body.items() if key != "agent_name"}
    return {"recipient_id": message.conversation_id, **body}


def gone(sender: str, reason: ButtonGone) -> list[dict[str, Any]]:
    """What is answered to a button that came too late: that nothing was done, and what is asked now."""
    told = [{"recipient_id": sender, "text": reason.text}]
    return [*told, answer(reason.question)] if reason.question else told


def polled(message: Message) -> dict[str, Any]:
    """A stored message for a poll: with its number, who speaks, and when (milliseconds since 1970, UTC)."""
    return {
        **answer(message),
        "seq": message.seq,
        "from": message.who,
        "at_ms": message.at_ms,
        **({"agent_name": message.body["agent_name"]} if "agent_name" in message.body else {}),
    }
