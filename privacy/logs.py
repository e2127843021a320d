"""Keeps secrets and personal data out of everything that a process logs or prints.

`install()` once at a process's start. From then on whatever any handler of any library formats, tracebacks included, and
what is written to standard output and standard error, has secrets, customer tokens and conversation ids (whoever knows one
can read the conversation) replaced, and personal data masked. A conversation keeps a short name, always the same, so that
its lines can be found.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TextIO, cast
from urllib.parse import quote

from privacy.engine import scan

HIDDEN = "<hidden>"
# They tell addresses with everything that stands in them, at a level that nobody needs.
QUIET = (
    "aiohttp.access",
    "apscheduler",
    "httpcore",
    "httpx",
    "kafka",
    "pika",
    "sanic.access",
    "urllib3",
    "uvicorn.access",
    "websockets",
)

_SHORTEST = 8  # a shorter secret would take harmless words with it
_SECRET_NAME = re.compile(r"LINGXI_\w*(?:TOKEN|SECRET|PASSWORD|KEY)")
_PASSWORD = re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s/:@\"']*:)([^\s/@\"']+)@")
_JWT = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*){0,2}")
_BEARER = re.compile(r"(?i)\b(bearer\s+)[^\s\"',;)}\]]+")
_NAMED = re.compile(
    r"(?i)((?:token|secret|password|passwd|api_?key|authorization)\\?[\"']?\s*[:=]\s*b?\\?[\"']?(?:bearer\s+)?)"
    r"(?!<hidden>|None\b|null\b)[^\s\"'\\&,;)}\]]+"
)
_TALK = r"(?:tracker|story|execute|trigger_intent|predict|messages)\b"
_IN_PATH = re.compile(rf"(/(?:conversations|media)/)([^?\s\"'>]+?)(?=/{_TALK}|[?\s\"'>]|$)")
_BY_NAME = re.compile(
    r"(?i)(\b(?:sender|sender_id|conversation_id|recipient_id|conversation)\\?[\"']?\s*[:=]\s*\\?[\"']?)([^\s\"'\\&,;)}\]]+)"
)
_IN_PROSE = re.compile(
    r"(?i)(\b(?:conversation|sender|recipient|tracker for)(?:[ _]ids?)?:?\s+\\?['\"]|\b(?:conversation|sender) ids?:?\s+)([^\s'\"]+[^\s'\".,;:])"
)
# What `secrets.token_urlsafe(32)` looks like: the ids that the server issues.
_ISSUED = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*[0-9])[A-Za-z0-9_-]{40,}(?![\w-])")
_NAME = re.compile(r"[0-9a-f]{12}|None|null|<hidden>|conversation:[0-9a-f]{12}")
_ESCAPED = re.compile(r"(?<!\\)(?:\\u[0-9a-fA-F]{4})+")
_MAY_BE_PERSONAL = re.compile(r"[\u4e00-\u9fff@]|[0-9][0-9 -]{5,}[0-9]")

# When it happened, as log lines begin: digits that are nobody's number.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?(?![\d.,-])")

_told: set[str] = set()


def install(*secrets: str) -> None:
    """Guard this process's logs and streams; `secrets` besides those of the environment. Safe to repeat."""
    hide(*secrets)
    for name in QUIET:
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)
    if not hasattr(logging.Handler.format, "cleans"):
        formatted = logging.Handler.format

        def cleaned(handler: logging.Handler, record: logging.LogRecord) -> str:
            return _Clean(clean(formatted(handler, record)))

        vars(cleaned)["cleans"] = True
        setattr(logging.Handler, "format", cleaned)  # noqa: B010  # for every handler, whoever makes it
    if sys.stdout is not None and not isinstance(sys.stdout, _Stream):
        sys.stdout = cast(TextIO, _Stream(sys.stdout, without_secrets))
    if sys.stderr is not None and not isinstance(sys.stderr, _Stream):
        sys.stderr = cast(TextIO, _Stream(sys.stderr, clean))


def hide(*secrets: str) -> None:
    """Never write these values from now on."""
    _told.update(secret for secret in secrets if len(secret) >= _SHORTEST)


def hide_all_of(environ: Mapping[str, str]) -> None:
    """Never write the secrets of this environment, which may not be the process's own."""
    hide(*_secrets_in(environ))


def name_of(conversation_id: str) -> str:
    """What a log calls a conversation."""
    return hashlib.sha256(conversation_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def clean(text: str) -> str:
    """The text as it may stand in a log."""
    text = without_secrets(_ESCAPED.sub(_unescaped, text))
    text = _IN_PATH.sub(lambda found: found[1] + _renamed(found[2]), text)
    text = _BY_NAME.sub(lambda found: found[1] + _renamed(found[2]), text)
    text = _IN_PROSE.sub(lambda found: found[1] + _renamed(found[2]), text)
    text = _ISSUED.sub(lambda found: _renamed(found[0]), text)
    begins = moment.end() if (moment := _MOMENT.match(text)) else 0
    if not _MAY_BE_PERSONAL.search(text, begins):
        return text
    return text[:begins] + scan(text[begins:]).text


def without_secrets(text: str) -> str:
    """The text without secrets and tokens, all else as it was: for what is shown to whoever runs a command."""
    secrets = _secrets()
    if secrets:
        text = _any_of(secrets).sub(HIDDEN, text)
    text = _JWT.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    return _PASSWORD.sub(rf"\1{HIDDEN}@", text)


class _Clean(str):
    """A text that needs no second look when a handler writes it to a stream."""

    __slots__ = ()

    def __add__(self, other: str) -> _Clean:
        return _Clean(str.__add__(self, other))


class _Stream:
    """A text stream whose writing is cleaned; everything else is the stream's own."""

    def __init__(self, stream: TextIO, cleaning: Any) -> None:
        self._stream, self._cleaning = stream, cleaning

    def write(self, text: str) -> int:
        self._stream.write(text if isinstance(text, _Clean) else self._cleaning(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _secrets() -> frozenset[str]:
    """Those told, and those of the environment as it is now: settings may have read a file into it."""
    return frozenset(_told.union(_secrets_in(os.environ)))


def _secrets_in(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if name.startswith("LINGXI_") and len(value) >= _SHORTEST:
            if _SECRET_NAME.fullmatch(name):
                yield value
            elif name.endswith("_URL"):
                yield from (match[2] for match in _PASSWORD.finditer(value) if len(match[2]) >= _SHORTEST)


@lru_cache(maxsize=8)
def _any_of(secrets: frozenset[str]) -> re.Pattern[str]:
    spelt = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
    return re.compile("|".join(re.escape(secret) for secret in sorted(spelt, key=len, reverse=True)))


def _renamed(conversation_id: str) -> str:
    return conversation_id if _NAME.fullmatch(conversation_id) else name_of(conversation_id)


def _unescaped(found: re.Match[str]) -> str:
    """`\\u5f20\\u4e09` as JSON writes it → the signs, so that what they say is seen; other escapes stay."""
    try:
        text = "".join(chr(int(code, 16)) for code in found[0].split("\\u")[1:])
        text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return found[0]
    return text if min(text) > "\x9f" else found[0]
