"""What the JSON routes of Rasa's API and of the action server take: checked before the handlers rely on it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sanic.request import Request
from sanic.request import json_loads as read_json  # type: ignore[attr-defined]  # the reader Sanic itself would use

from serving.head import MAX_BODY_BYTES, too_large
from serving.refusal import Refusal, bad_request

MAX_TEXT = 10_000
_DEEPEST = 100
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_LONE_OR_NUL = re.compile(rb"\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)")

Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(map(_object, value))


def _optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _fields(**checks: Check) -> Check:
    """An object whose fields are as they should be; a missing one counts as null."""
    return lambda value: (
        isinstance(value, dict) and all(check(value.get(name)) for name, check in checks.items())
    )


def _event(value: Any) -> bool:
    return isinstance(value, dict) and _text(value.get("event"))


def _events(value: Any) -> bool:
    return _event(value) or (isinstance(value, list) and bool(value) and all(map(_event, value)))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_MESSAGE = _fields(
    text=_optional(lambda value: isinstance(value, str)),
    intent=_optional(_object),
    entities=_optional(_objects),
    metadata=_optional(_object),
)
_TRACKER = _fields(
    sender_id=_text,
    slots=_optional(_object),
    latest_message=_optional(_MESSAGE),
    events=_optional(lambda value: isinstance(value, list) and all(map(_event, value))),
    active_loop=_optional(_object),
    latest_action_name=_optional(lambda value: isinstance(value, str)),
)

_ACTION = _fields(
    next_action=_optional(_text), tracker=_TRACKER, domain=_optional(_object), version=_optional(_text)
)
_SAID = _fields(text=_text, sender=_text, parse_data=_optional(_object))
_TRIGGER = _fields(name=_text, entities=_optional(lambda value: _objects(value) or _object(value)))
_EXECUTE = _fields(name=_text, policy=_optional(_text), confidence=_optional(_number))
_MODEL = _fields(
    model_file=_optional(_text), model_server=_optional(_object), remote_storage=_optional(_text)
)


class Shape(NamedTuple):
    """What the body of one route must be, and how to say it."""

    method: str
    path: re.Pattern[str]
    fits: Check
    words: str


_TALK = "/conversations/.+/"
_SHAPES = (
    Shape("POST", re.compile("/webhook"), _ACTION, "动作调用：next_action、tracker、domain"),
    Shape("POST", re.compile("/model/parse"), _fields(text=_text), f'{{"text": "1 到 {MAX_TEXT} 个字"}}'),
    Shape("POST", re.compile(_TALK + "messages"), _SAID, '{"text": "…", "sender": "user"}'),
    Shape("POST", re.compile(_TALK + "trigger_intent"), _TRIGGER, '{"name": "意图", "entities": {}}'),
    Shape("POST", re.compile(_TALK + "execute"), _EXECUTE, '{"name": "动作"}'),
    Shape("POST", re.compile(_TALK + "tracker/events"), _events, "一个或一组 event 对象"),
    Shape("PUT", re.compile(_TALK + "tracker/events"), _events, "一组 event 对象"),
    Shape("POST", re.compile("/model/predict"), _events, "一组 event 对象"),
    Shape("PUT", re.compile("/model"), _MODEL, '{"model_file": "…"}'),
)


def check_body(request: Request) -> None:
    """Refuse what the route's handler could not use; keep what was read, so that it is read once. Raises Refusal."""
    shape = next((s for s in _SHAPES if s.method == request.method and s.path.fullmatch(request.path)), None)
    if shape is None:
        return
    value = _read(_plain(request))
    if shape.fits is not _ACTION and _depth_exceeds(value):
        raise bad_request("JSON 嵌套太深。")
    # The other dialects that Rasa can parse for have bodies of their own.
    dialect = request.path == "/model/parse" and "emulation_mode" in request.args
    if not dialect and not shape.fits(value):
        raise Refusal(422, "invalid_body", f"请求内容应为 JSON：{shape.words}。")
    request.parsed_json = value


def _plain(request: Request) -> bytes:
    """The body as text bytes; the action server's handler knows `deflate`."""
    content = bytes(request.body)
    if request.path == "/webhook" and request.headers.get("content-encoding") == "deflate":
        try:
            reader = zlib.decompressobj()
            content = reader.decompress(content, MAX_BODY_BYTES)
        except zlib.error:
            raise bad_request("压缩的请求内容无法读取。") from None
        if reader.unconsumed_tail:
            raise too_large()
        if not reader.eof:
            raise bad_request("压缩的请求内容不完整。")
    return content


def _read(content: bytes) -> Any:
    try:
        content.decode("utf-8")
        value = read_json(content)
    except (ValueError, RecursionError, OverflowError):
        raise bad_request("请求内容不是有效的 UTF-8 JSON。") from None
    if b"\\u" in content and _LONE_OR_NUL.search(_PAIR.sub(b"", content.replace(b"\\\\", b""))):
        raise bad_request("请求内容含有无法保存的字符。")
    return value


def _depth_exceeds(value: Any) -> bool:
    level = [value] if _nests(value) else []
    for _ in range(_DEEPEST):
        inside = [part for outer in level for part in (outer.values() if isinstance(outer, dict) else outer)]
        level = [part for part in inside if _nests(part)]
        if not level:
            return False
    return True


def _nests(value: Any) -> bool:
    return isinstance(value, (dict, list))
