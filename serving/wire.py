"""Follows one connection byte by byte and lets through only what Sanic will read in the same way."""

from __future__ import annotations

import re

from serving.head import MAX_BODY_BYTES, MAX_HEAD_BYTES, read_head, too_large
from serving.refusal import Refusal, bad_request

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_LONGEST_SIZE_LINE = 10
_BARE_LINE_END = re.compile(rb"(?<!\r)\n")


class Wire:
    """The requests of one connection, one after another.

    Attributes:
        received: bytes of the request under way.
    """

    def __init__(self) -> None:
        self._held = bytearray()  # not yet let through
        self._step = self._head
        self._left = 0  # of the body, or of the chunk
        self._body = 0  # of all chunks so far
        self.received = 0

    @property
    def waits(self) -> bool:
        """Whether a request has begun and not ended."""
        return bool(self._held) or self._step != self._head

    def feed(self, data: bytes) -> bytes:
        """Take what has come; what the server may read now. Raises Refusal: then the connection is of no more use."""
        self._held += data
        self.received += len(data)
        through = bytearray()
        while self._held and self._step(through):
            pass
        return bytes(through)

    def _pass(self, count: int, through: bytearray) -> None:
        through += self._held[:count]
        del self._held[:count]

    def _next_request(self) -> None:
        self._step = self._head
        self.received = len(self._held)

    def _head(self, through: bytearray) -> bool:
        end = self._held.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        # What stands behind it is the body, which may hold anything and often comes with it.
        head = self._held[: MAX_HEAD_BYTES if end < 0 else end]
        if not 65 <= self._held[0] <= 90 or _BARE_LINE_END.search(head):
            raise bad_request("这不是 HTTP/1.1 请求。")
        if end < 0:
            if len(self._held) >= MAX_HEAD_BYTES:
                raise Refusal(431, "head_too_large", f"请求头太大，最多 {MAX_HEAD_BYTES} 字节。")
            return False
        meant = read_head(bytes(head))
        self._pass(end + 4, through)
        if meant.framing == "chunked":
            self._body, self._step = 0, self._chunk_size
        elif meant.length:
            self._left, self._step = meant.length, self._fixed
        else:
            self._next_request()
        return True

    def _fixed(self, through: bytearray) -> bool:
        count = min(self._left, len(self._held))
        self._pass(count, through)
        self._left -= count
        if not self._left:
            self._next_request()
        return True

    def _chunk_size(self, through: bytearray) -> bool:
        end = self._held.find(b"\r\n", 0, _LONGEST_SIZE_LINE)
        if end < 0:
            if len(self._held) >= _LONGEST_SIZE_LINE:
                raise _bad_chunk()
            return False
        if not _CHUNK_SIZE.fullmatch(self._held[:end]):
            raise _bad_chunk()
        self._left = int(self._held[:end], 16)
        self._body += self._left
        if self._body > MAX_BODY_BYTES:
            raise too_large()
        if not self._left:
            self._step = self._last_chunk
            return True
        self._pass(end + 2, through)
        self._step = self._chunk
        return True

    def _chunk(self, through: bytearray) -> bool:
        if self._left:
            count = min(self._left, len(self._held))
            self._pass(count, through)
            self._left -= count
            return True
        if len(self._held) < 2:
            return False
        if self._held[:2] != b"\r\n":
            raise _bad_chunk()
        self._pass(2, through)
        self._step = self._chunk_size
        return True

    def _last_chunk(self, through: bytearray) -> bool:
        """`0`, an empty line, and no trailers: Sanic takes those for the next request."""
        zeros = self._held.find(b"\r\n")
        if len(self._held) < zeros + 4:
            return False
        if self._held[zeros : zeros + 4] != b"\r\n\r\n":
            raise _bad_chunk()
        del self._held[: zeros + 4]
        through += b"0\r\n\r\n"
        self._next_request()
        return True


def _bad_chunk() -> Refusal:
    return bad_request("分块的请求内容无法读取；请改用 Content-Length。")
