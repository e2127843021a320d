"""What WeChat pushes and takes: signatures, encryption, XML in, JSON of the customer-service API out. Pure.

The rules are those of "接入指南", "消息加解密说明", "接收普通消息", "接收事件推送" and "客服消息" in WeChat's manual for
official accounts (developers.weixin.qq.com/doc/offiaccount).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from connectors.base import clean
from connectors.delivery import Parcel
from connectors.store import Body, Message
from connectors.wording import say

MAX_BODY = 64 * 1024
MAX_TEXT_BYTES = 2048
"""Of one text to a customer; measured, WeChat's manual is silent."""
WINDOW_SECONDS = 300
_BLOCK = 32
_OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_NONCE = re.compile(r"[\x21-\x7e]{1,64}")
Fields = Mapping[str, str]


class Forged(Exception):
    """Not from WeChat, or not for this account, or too old; the message is for the log and quotes nothing."""


class Unreadable(Exception):
    """Genuine and malformed."""


@dataclass(frozen=True)
class Keys:
    """What an account and WeChat agree on.

    Attributes:
        token: signs every push.
        appid: the account; stands at the end of what is encrypted.
        aes_keys: EncodingAESKeys, the current one first; empty in plain mode.
    """

    token: str
    appid: str
    aes_keys: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class TextIn:
    """A text; `option` is the id of the menu message's option that was tapped, if one was."""

    text: str
    option: str | None


@dataclass(frozen=True)
class ImageIn:
    """A picture, kept by WeChat for three days."""

    media_id: str


@dataclass(frozen=True)
class VoiceIn:
    """A voice message (AMR or Speex), and what WeChat has heard in it, where it still says."""

    media_id: str
    recognition: str


@dataclass(frozen=True)
class LocationIn:
    """A place on the map."""

    label: str


@dataclass(frozen=True)
class LinkIn:
    """A shared page."""

    title: str
    url: str


@dataclass(frozen=True)
class Subscribed:
    """Somebody follows the account; `scene` is of the code they scanned, if any."""

    scene: str


@dataclass(frozen=True)
class Unsubscribed:
    """Somebody follows no more: nothing can be sent to them."""


@dataclass(frozen=True)
class Scanned:
    """A follower has scanned one of the account's codes."""

    scene: str


@dataclass(frozen=True)
class Clicked:
    """A menu entry was pressed; `key` is what the menu gave it."""

    key: str


@dataclass(frozen=True)
class Noted:
    """Needs no answer: a page viewed, a place reported, a template message delivered."""

    kind: str


@dataclass(frozen=True)
class Unsupported:
    """A genuine message of a kind that the assistant cannot read."""

    kind: str


Said = (
    TextIn
    | ImageIn
    | VoiceIn
    | LocationIn
    | LinkIn
    | Subscribed
    | Unsubscribed
    | Scanned
    | Clicked
    | Noted
    | Unsupported
)


@dataclass(frozen=True)
class Push:
    """One push: from whom, how a repeat is recognised, what it says; and the fields that it was read from."""

    openid: str
    id: str
    said: Said
    fields: Fields = field(default_factory=dict, compare=False)


# Who is calling


def signature(*parts: str) -> str:
    """SHA-1 of the sorted parts, as WeChat signs."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def aes_key(encoding_key: str) -> bytes:
    """The 32 bytes of an EncodingAESKey. Raises ValueError."""
    # 43 characters hold 258 bits: the console's keys may have any two at the end.
    key = base64.b64decode(encoding_key + "=", altchars=None, validate=True)
    if len(encoding_key) != 43 or len(key) != 32:
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    return key


def check_call(keys: Keys, query: Fields, now: float, encrypted: str | None = None) -> None:
    """Whether WeChat signed this call, and just now. Raises Forged.

    `encrypted`: the body's Encrypt element; then `msg_signature` counts, which covers it, and not `signature`.
    """
    told = query.get("signature" if encrypted is None else "msg_signature", "")
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and _NONCE.fullmatch(nonce)):
        raise Forged("timestamp or nonce")
    parts = (keys.token, timestamp, nonce) if encrypted is None else (keys.token, timestamp, nonce, encrypted)
    if not hmac.compare_digest(signature(*parts).encode(), told.encode("utf-8", "replace")):
        raise Forged("signature")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise Forged("too old")


def decrypt(keys: Keys, encrypted: str) -> bytes:
    """The XML within an Encrypt element, by the current key or the one before. Raises Forged."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except ValueError:
        raise Forged("not base64") from None
    if not sealed or len(sealed) % 16:
        raise Forged("length")
    for key in keys.aes_keys:
        opened = _open(key, sealed, keys.appid.encode())
        if opened is not None:
            return opened
    raise Forged("key or appid")


def _open(key: bytes, sealed: bytes, appid: bytes) -> bytes | None:
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    padded = cipher.update(sealed) + cipher.finalize()
    padding = padded[-1]
    if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
        return None
    content = padded[16:-padding]  # 16 random bytes go before
    if len(content) < 4:
        return None
    (length,) = struct.unpack(">I", content[:4])
    xml, owner = content[4 : 4 + length], content[4 + length :]
    return xml if len(xml) == length and hmac.compare_digest(owner, appid) else None


def encrypt(keys: Keys, xml: bytes, random: bytes | None = None) -> str:
    """What `decrypt` opens, sealed with the current key; `random` are its 16 first bytes."""
    key = keys.aes_keys[0]
    content = (random or secrets.token_bytes(16)) + struct.pack(">I", len(xml)) + xml + keys.appid.encode()
    padding = _BLOCK - len(content) % _BLOCK
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = cipher.update(content + bytes([padding]) * padding) + cipher.finalize()
    return base64.b64encode(sealed).decode()


def read(keys: Keys, query: Fields, body: bytes, now: float) -> Push:
    """What a push says. Raises Forged or Unreadable.

    With an EncodingAESKey only what is encrypted counts: in plain mode the signature does not cover the body.
    """
    if not keys.aes_keys:
        check_call(keys, query, now)
        return parse(_fields(body))
    try:
        encrypted = _fields(body).get("Encrypt")
    except Unreadable:
        raise Forged("no envelope") from None
    if not encrypted:
        raise Forged("not encrypted")
    check_call(keys, query, now, encrypted)
    return parse(_fields(decrypt(keys, encrypted)))


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a push, in XML or, where the console is set to it, in JSON. Raises Unreadable."""
    if body.lstrip()[:1] == b"{":
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            raise Unreadable("not the JSON of a push") from None
        return {name: str(value) for name, value in told.items() if isinstance(value, str | int)}
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable("not the XML of a push") from None
    return {child.tag: child.text or "" for child in root}


# What it says


def parse(fields: Fields) -> Push:
    """A push's fields as what was said. Raises Unreadable."""
    openid, kind = sender(fields), fields.get("MsgType", "")
    if not kind:
        raise Unreadable("no type")
    if kind == "event":
        event = fields.get("Event", "")
        created = fields.get("CreateTime", "")
        if not created.isdigit():
            raise Unreadable("no time")
        which = hashlib.sha256(f"{event}:{fields.get('EventKey', '')}".encode()).hexdigest()[:8]
        said = _EVENTS.get(event.lower(), _noted)(fields)
        return Push(openid, f"event-{created[:20]}-{which}", said, fields)
    message_id = fields.get("MsgId", "")
    if not message_id.isdigit() or len(message_id) > 30:
        raise Unreadable("no message id")
    return Push(openid, message_id, _MESSAGES.get(kind, _unsupported)(fields), fields)


def sender(fields: Fields) -> str:
    """Whose push it is: an openid. Raises Unreadable."""
    openid = fields.get("FromUserName", "")
    if not _OPENID.fullmatch(openid):
        raise Unreadable("no sender")
    return openid


def _text(fields: Fields) -> Said:
    text = clean(fields.get("Content", ""))
    return TextIn(text, fields.get("bizmsgmenuid") or None) if text else Unsupported("empty")


def _image(fields: Fields) -> Said:
    return ImageIn(fields.get("MediaId", ""))


def _voice(fields: Fields) -> Said:
    return VoiceIn(fields.get("MediaId", ""), clean(fields.get("Recognition", "")))


def _location(fields: Fields) -> Said:
    return LocationIn(clean(fields.get("Label", "")))


def _link(fields: Fields) -> Said:
    return LinkIn(clean(fields.get("Title", "")), clean(fields.get("Url", "")))


def _unsupported(fields: Fields) -> Said:
    return Unsupported(_word(fields.get("MsgType", "")))


def _subscribe(fields: Fields) -> Said:
    return Subscribed(fields.get("EventKey", "").removeprefix("qrscene_")[:64])


def _unsubscribe(_fields: Fields) -> Said:
    return Unsubscribed()


def _scan(fields: Fields) -> Said:
    return Scanned(fields.get("EventKey", "")[:64])


def _click(fields: Fields) -> Said:
    return Clicked(fields.get("EventKey", ""))


def _noted(fields: Fields) -> Said:
    return Noted(_word(fields.get("Event", "")))


def _word(text: str) -> str:
    """Fit for a log."""
    return re.sub(r"[^A-Za-z0-9_]", "?", text)[:40]


_MESSAGES: dict[str, Callable[[Fields], Said]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "location": _location,
    "link": _link,
}
_EVENTS: dict[str, Callable[[Fields], Said]] = {
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "scan": _scan,
    "click": _click,
}

# What is answered


def pack(messages: Sequence[Message]) -> Iterable[Parcel]:
    """Stored messages as customer-service messages; texts that wait together go as one, for only five may go."""
    together: list[Message] = []
    for message in messages:
        text = _plain(message)
        if text is not None and _fits([*map(_shown, together), text]):
            together.append(message)
            continue
        if together:
            yield _texts(together)
            together = []
        if text is not None:
            together = [message]
        else:
            yield Parcel((message,), _rich(message))
    if together:
        yield _texts(together)


def _texts(together: Sequence[Message]) -> Parcel:
    content = "\n\n".join(map(_shown, together))
    return Parcel(tuple(together), {"msgtype": "text", "text": {"content": content}})


def _fits(texts: Iterable[str]) -> bool:
    return len("\n\n".join(texts).encode()) <= MAX_TEXT_BYTES


def _plain(message: Message) -> str | None:
    """The text of a message that is nothing more."""
    return _shown(message) if set(message.body) <= {"text", "agent_name", "attachment"} else None


def _shown(message: Message) -> str:
    text = str(message.body.get("text") or message.body.get("attachment") or "")
    if message.who == "agent":
        return say("agent", name=message.body.get("agent_name", ""), text=text)
    return text


def _rich(message: Message) -> dict[str, Any] | None:
    """A menu or a picture; None for what WeChat cannot show, and for a notice that has gone by itself."""
    body: Body = message.body
    if body.get("buttons"):
        options = [{"id": button["payload"], "content": button["title"]} for button in body["buttons"]]
        return {"msgtype": "msgmenu", "msgmenu": {"head_content": _shown(message), "list": options}}
    image = str(body.get("image") or "")
    if image.startswith(("https://", "http://")):
        article = {"title": say("see_picture"), "url": image, "picurl": image}
        return {"msgtype": "news", "news": {"articles": [article]}}
    return None
