"""Sanic's connection, with a guard between the network and it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from sanic.exceptions import SanicException, ServerError
from sanic.http import Stage
from sanic.request import Request
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from serving.head import check_upgrade
from serving.refusal import Refusal
from serving.wire import Wire

PATIENCE_SECONDS = 10.0  # for a whole request,
SLOWEST_BYTES_A_SECOND = 16 * 1024  # and as much longer as a slow line needs for a picture
LINGER_SECONDS = 2.0


class GuardedProtocol(WebSocketProtocol):
    """Sanic sees only whole heads that mean one thing, and bodies of the length they said."""

    __slots__ = ("_began", "_refused", "_watch", "_wire")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._wire = Wire()
        self._watch: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._refused = False

    def data_received(self, data: bytes) -> None:
        """Let through what is right; end the connection at the first byte that is not."""
        if self.websocket is not None:
            super().data_received(data)  # type: ignore[no-untyped-call]
            return
        if self._refused:
            return
        try:
            through = self._wire.feed(data)
        except Refusal as refusal:
            self._turn_away(refusal)
            return
        if through:
            super().data_received(through)  # type: ignore[no-untyped-call]
        if not self._wire.waits:
            self._rest()
        elif self._watch is None:
            self._began = self.loop.time()
            self._watch = self.loop.call_later(PATIENCE_SECONDS, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._rest()
        super().connection_lost(exc)  # type: ignore[no-untyped-call]

    async def send(self, data: bytes) -> None:
        """Nothing follows a refusal."""
        if self._refused:
            raise asyncio.CancelledError
        await super().send(data)  # type: ignore[no-untyped-call]

    async def websocket_handshake(self, request: Request, subprotocols: Sequence[str] | None = None) -> Any:
        """Open a web socket, or say what is wrong with the request."""
        try:
            check_upgrade(request.method, {name: request.headers.getall(name) for name in request.headers})
        except Refusal as refusal:
            self._http.upgrade_websocket = False
            raise refusal
        try:
            return await super().websocket_handshake(request, subprotocols)
        except ServerError:
            self._http.upgrade_websocket = False
            raise SanicException("handshake", status_code=400) from None

    def _rest(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _too_slow(self) -> None:
        allowed = PATIENCE_SECONDS + self._wire.received / SLOWEST_BYTES_A_SECOND
        left = self._began + allowed - self.loop.time()
        if self.websocket is None and left > 0.05:
            self._watch = self.loop.call_later(left, self._too_slow)
        elif self.websocket is None and not self._refused:
            self._turn_away(Refusal(408, "timeout", "请求没有及时发完，请重试。"))

    def _turn_away(self, refusal: Refusal) -> None:
        self._refused = True
        self._rest()
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        begun = getattr(self, "_http", None)  # set by the connection's task, which may not have run yet
        if begun is None or begun.stage is not Stage.RESPONSE:
            transport.write(refusal.response())
        # Closed at once, with bytes unread, the client's system would throw the answer away.
        transport.resume_reading()
        if transport.can_write_eof():
            transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.abort)
