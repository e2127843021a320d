"""What the sample provider pushes and takes."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from connectors.choices import numbered
from connectors.store import Message

SECRET = "sample-secret"


@dataclass(frozen=True)
class TextIn:
    """A text, from whom, and how a repeat is known."""

    sender: str
    id: str
    text: str


def sign(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def read(body: bytes, signature: str) -> TextIn | None:
    """The push, or None for a forged one."""
    if not hmac.compare_digest(sign(body).encode(), signature.encode("utf-8", "replace")):
        return None
    told = json.loads(body)
    return TextIn(told["from"], told["id"], told["text"])


def render(message: Message) -> str:
    """A stored message as text, its options numbered."""
    text = str(message.body.get("text", ""))
    buttons = message.body.get("buttons", [])
    return numbered(text, [button["title"] for button in buttons]) if buttons else text
