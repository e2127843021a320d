"""Reads the head of an HTTP/1 request strictly: what two servers could read differently is refused (RFC 9112)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from serving.refusal import Refusal, bad_request

MAX_HEAD_BYTES = 8000  # below Sanic's own limit, whose answer is less kind
MAX_BODY_BYTES = (
    16 * 1024 * 1024
)  # the largest we know: an action's call with the whole domain, training data
_MAX_HEADERS = 100

_REQUEST_LINE = re.compile(rb"([A-Z]{3,10}) (/[\x21-\x7e]*|\*) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_HOST = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_ORIGIN = re.compile(
    r"null|[A-Za-z][A-Za-z0-9+.-]{0,30}://([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
)
_CONTROL = re.compile("[\x00-\x1f\x7f]")
# Sent by browsers as they please, and read by nobody here.
_MAY_BE_ANY_TEXT = frozenset({"cookie", "referer", "user-agent"})
_ONCE = (
    "host",
    "origin",
    "content-length",
    "transfer-encoding",
    "content-type",
    "content-encoding",
    "authorization",
    "expect",
)


@dataclass(frozen=True)
class Head:
    """What the server has to know before it reads on.

    Attributes:
        framing: where the request ends: at once, after `length` bytes, or after the last chunk.
    """

    framing: Literal["none", "length", "chunked"]
    length: int = 0


def read_head(raw: bytes) -> Head:
    """The meaning of a head (without its closing empty line). Raises Refusal."""
    line, *lines = raw.split(b"\r\n")
    request = _REQUEST_LINE.fullmatch(line)
    if request is None:
        raise bad_request("请求行无法读取：应为“方法 /路径 HTTP/1.1”，路径里的特殊字符要百分号编码。")
    _check_target(request[2])
    headers = _headers(lines)
    hosts = headers.get("host", [])
    if (not hosts and request[3] == b"1") or (hosts and not _HOST.fullmatch(hosts[0])):
        raise bad_request("Host 请求头缺失或无法读取。")
    for origin in headers.get("origin", []):
        if not _ORIGIN.fullmatch(origin):
            raise bad_request("Origin 请求头无法读取：应为 https://shop.example 这样的来源。")
    if headers.get("expect", ["100-continue"])[0].lower() != "100-continue":
        raise Refusal(417, "expectation_failed", "Expect 请求头只支持 100-continue。")
    return _framing(headers, chunks_known=request[3] == b"1")


def check_upgrade(method: str, headers: dict[str, list[str]]) -> None:
    """Whether a web socket can be opened with this request. Raises Refusal."""
    if headers.get("upgrade", [""])[0].lower() != "websocket" or method != "GET":
        raise Refusal(426, "upgrade_required", "这个地址只接受 WebSocket 连接。")
    tokens = {part.strip().lower() for value in headers.get("connection", []) for part in value.split(",")}
    if "upgrade" not in tokens:
        raise bad_request("WebSocket 握手无法读取：Connection 请求头应含 Upgrade。")
    if headers.get("sec-websocket-version") != ["13"]:
        raise Refusal(426, "upgrade_required", "WebSocket 握手无法读取：Sec-WebSocket-Version 应为 13。")
    keys = headers.get("sec-websocket-key", [])
    try:
        complete = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16
    except (binascii.Error, ValueError):
        complete = False
    if not complete:
        raise bad_request("WebSocket 握手无法读取：Sec-WebSocket-Key 应为 16 字节的 Base64。")


def _check_target(target: bytes) -> None:
    path = target.split(b"?", 1)[0]
    if path.startswith(b"//") or b"\\" in path:
        raise bad_request("路径无法读取。")
    try:
        decoded = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("路径里的百分号编码应为 UTF-8。") from None
    if _CONTROL.search(decoded):
        raise bad_request("路径里不能含有控制字符。")


def _headers(lines: list[bytes]) -> dict[str, list[str]]:
    """Lower-case name → values. Raises Refusal."""
    if len(lines) > _MAX_HEADERS:
        raise Refusal(431, "head_too_large", f"请求头太多，最多 {_MAX_HEADERS} 个。")
    headers: dict[str, list[str]] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise bad_request("请求头无法读取：应为“名称: 值”，不能折行，不能含有控制字符。")
        name = header[1].decode("ascii").lower()
        if not header[2].isascii() and name not in _MAY_BE_ANY_TEXT:
            raise bad_request("请求头只能含有 ASCII 字符。")
        headers.setdefault(name, []).append(header[2].decode("latin-1"))
    for name in _ONCE:
        if len(headers.get(name, [])) > 1:
            raise bad_request(f"请求头 {name} 只能出现一次。")
    return headers


def _framing(headers: dict[str, list[str]], chunks_known: bool) -> Head:
    lengths, encodings = headers.get("content-length"), headers.get("transfer-encoding")
    if encodings is not None:
        if lengths is not None:
            raise bad_request("Content-Length 和 Transfer-Encoding 不能同时使用。")
        # Sanic knows the encoding only by this spelling.
        if encodings != ["chunked"] or not chunks_known:
            raise bad_request("Transfer-Encoding 只支持 chunked；请改用 Content-Length。")
        return Head("chunked")
    if lengths is None:
        return Head("none")
    if not _LENGTH.fullmatch(lengths[0].encode()):
        raise bad_request("Content-Length 应为请求内容的字节数，只能含有数字。")
    length = int(lengths[0])
    if length > MAX_BODY_BYTES:
        raise too_large()
    return Head("length", length)


def too_large() -> Refusal:
    """The body is longer than anything a client of ours sends."""
    return Refusal(413, "too_large", f"请求内容太大，最多 {MAX_BODY_BYTES // 1024 // 1024} MiB。")
