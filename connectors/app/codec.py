"""The JSON that the shop's app and its server speak; README.md lists it. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import MAX_TEXT, clean
from connectors.errors import ButtonGone, Refused
from connectors.store import Message
from connectors.wording import say

MAX_BODY = 32 * 1024
LONGEST_WAIT_SECONDS = 25
_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
_MOST_BUTTON = 64


@dataclass(frozen=True)
class Said:
    """What a customer has typed, or the id of the button pressed; `id` is the app's own, by which a repeat is known."""

    id: str
    text: str
    button: str


def parse(body: bytes) -> Said:
    """Read a message. Raises Refused."""
    if len(body) > MAX_BODY:
        raise Refused("body_too_large", say("app_body_too_large"))
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused("invalid_json", say("app_invalid_json")) from None
    if not isinstance(data, dict):
        raise Refused("invalid_json", say("app_invalid_json"))
    message_id = data.get("id")
    if not isinstance(message_id, str) or not _ID.fullmatch(message_id):
        raise Refused("id_invalid", say("app_id_invalid"))
    said = {name: data[name] for name in ("text", "button") if data.get(name) is not None}
    if len(said) != 1 or not isinstance(next(iter(said.values())), str):
        raise Refused("message_invalid", say("app_message_invalid"), message_id=message_id)
    text, button = clean(said.get("text", "")), said.get("button", "")
    if not text and not button:
        raise Refused("message_empty", say("app_message_empty"), message_id=message_id)
    if len(text) > MAX_TEXT or len(button) > _MOST_BUTTON:
        raise Refused("message_too_long", say("message_too_long", most=MAX_TEXT), message_id=message_id)
    return Said(message_id, text, button)


def number(name: str, value: str | None, most: int) -> int:
    """A whole number of the query, 0 where it is left out. Raises Refused."""
    if value is None or value == "":
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= 9):
        raise Refused(f"{name}_invalid", say("app_number_invalid", name=name))
    return min(int(value), most)


def shown(message: Message) -> dict[str, Any]:
    """A message as the app shows it."""
    return {"seq": message.seq, "from": message.who, "at_ms": message.at_ms, **message.body}


def gone(reason: ButtonGone) -> dict[str, Any]:
    """What else is told of a button that came too late: what is asked now, if anything."""
    return {"question": shown(reason.question)} if reason.question else {}


def callback(customer: str, conversation_id: str, messages: Sequence[Message]) -> bytes:
    """The body of a callback."""
    told = {
        "customer": customer,
        "conversation": conversation_id,
        "messages": [shown(message) for message in messages],
    }
    return json.dumps(told, ensure_ascii=False).encode()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 of `<timestamp>.<body>`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(secret: str, timestamp: str, body: bytes) -> Mapping[str, str]:
    """Of a callback; `timestamp` in seconds since 1970."""
    return {
        "Content-Type": "application/json",
        "X-Lingxi-Timestamp": timestamp,
        "X-Lingxi-Signature": sign(secret, timestamp, body),
    }
