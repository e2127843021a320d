"""What an SMS is, whoever carries it: its parts, a number's one form, what comes in, and the words that stop everything.

Pure functions and frozen dataclasses. Sources: 阿里云“短信发送规则” (70 and 67 characters a part, the signature counted),
《通信短信息服务管理规定》 (a refusal stops what was not asked for).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

ONE_PART = 70
MORE_PARTS = 67
"""Characters (UTF-16 units) of an SMS that goes alone, and of each part of a longer one."""
MAX_UPLINK = 1000

_STOP = frozenset(("R", "T", "TD", "N", "退订", "STOP", "UNSUBSCRIBE"))
_START = frozenset(("START", "恢复", "订阅"))
_DIGITS = re.compile(r"\d{5,15}")
_MAINLAND = re.compile(r"1[3-9]\d{9}")


class Unreadable(ValueError):
    """A callback that is none of the provider's; the text says what is wrong with it and quotes nothing."""


@dataclass(frozen=True)
class Uplink:
    """A customer's SMS. `number` is in E.164; `id` is what a repeat is recognised by."""

    number: str
    text: str
    id: str


@dataclass(frozen=True)
class Report:
    """What became of an SMS of ours. `receipt` is what the provider answered when it took it; `problem` its code."""

    receipt: str
    number: str
    delivered: bool
    problem: str


@dataclass(frozen=True)
class Templated:
    """An SMS by a registered template: the template's id at the provider, and its parameters in their order."""

    template: str
    params: dict[str, str]


@dataclass(frozen=True)
class Outbound:
    """An SMS to send: its whole text without the signature, and by which template where the provider needs one."""

    number: str
    text: str
    templated: Templated | None


def parts(text: str, signature: str = "") -> int:
    """How many SMS a text is billed as; `signature` is put before it as 【…】."""
    length = len((f"【{signature}】{text}" if signature else text).encode("utf-16-le", "surrogatepass")) // 2
    return 1 if length <= ONE_PART else -(-length // MORE_PARTS)


def e164(number: object, country: str = "86") -> str:
    """A number in its one form, +8613800000000. Raises Unreadable."""
    digits = re.sub(r"[\s()-]", "", str(number)) if isinstance(number, (str, int)) else ""
    if digits.startswith("+"):
        digits = digits[1:]
    elif digits.startswith("00"):
        digits = digits[2:]
    elif not (digits.startswith(country) and _MAINLAND.fullmatch(digits[len(country) :])):
        digits = country + digits
    if not (digits.isascii() and _DIGITS.fullmatch(digits)):
        raise Unreadable("not a phone number")
    return f"+{digits}"


def wish(text: str) -> Literal["stop", "start"] | None:
    """Whether a customer's SMS refuses what we send, or allows it again: the word alone, in any width and case."""
    word = unicodedata.normalize("NFKC", text).strip(" \t\r\n。.!！“”\"'").upper()
    if word in _STOP:
        return "stop"
    return "start" if word in _START else None


def text_of(value: object) -> str:
    """What was written in an SMS. Raises Unreadable."""
    if not isinstance(value, str):
        raise Unreadable("the content is not text")
    return value[:MAX_UPLINK]


def fields(data: object, *names: str) -> list[Any]:
    """These fields of a JSON object or form. Raises Unreadable where one is missing."""
    if not isinstance(data, dict) or any(name not in data for name in names):
        raise Unreadable(f"an object with {', '.join(names)} is wanted")
    return [data[name] for name in names]


def made_id(*what: object) -> str:
    """What a repeat is recognised by, where the provider gives messages no id."""
    return hashlib.sha256("\x00".join(map(str, what)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
