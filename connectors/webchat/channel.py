"""The web chat's routes below /webhooks/webchat: the page, its socket, and customers' pictures."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from sanic import Blueprint, response
from sanic.exceptions import WebsocketClosed
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse
from sanic.server.websockets.impl import WebsocketImplProtocol
from websockets.exceptions import ConnectionClosed

from connectors import media
from connectors.channel import Channel
from connectors.errors import NothingToSay, Refused
from connectors.expiry import forget_old
from connectors.fanout import sockets_of
from connectors.limits import too_many_pictures
from connectors.recognition.voice import Endpoint, is_sound
from connectors.settings import Settings
from connectors.store import Waiting
from connectors.web import address_of, refuse
from connectors.webchat.session import Closed, Room, Session
from connectors.wording import say

logger = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_ASSETS = {
    "widget.js": "text/javascript; charset=utf-8",
    "widget.css": "text/css; charset=utf-8",
    "embed.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
# Our widget pings every 25 s: a line silent for this long is dead.
_SILENT_SECONDS = 90
_UPLOAD_SECONDS = 60


class WebChatInput(Channel):
    """The web chat: answers go to the conversation's open sockets."""

    def __init__(self, settings: Settings, endpoint: Endpoint | None = None) -> None:
        """Sockets of this process, or with Redis of all. Without an `endpoint` nobody listens to recordings."""
        super().__init__(settings)
        self._sockets = sockets_of(self.name(), settings.redis_url)
        self._endpoint = endpoint

    @classmethod
    def build(cls, settings: Settings) -> WebChatInput:
        """With the endpoint that the environment names. Raises SettingsError."""
        return cls(settings, Endpoint.from_env())

    def wake(self, conversation_id: str) -> None:
        """Wake the conversation's sockets."""
        self._sockets.wake(conversation_id)

    async def opened(self) -> None:
        """Listen to the other processes, and begin to forget: all channels' conversations, for they share the store."""
        self._sockets.start()
        settings = self.settings
        self._sweeping = asyncio.ensure_future(
            forget_old(self.store, settings.media_folder, settings.retention_days)
        )

    async def closing(self) -> None:
        """End both."""
        self._sweeping.cancel()
        self._sockets.stop()

    async def prepare(self, message: Waiting) -> Waiting:
        """Put a recording into words, and keep nothing else of it. Raises NothingToSay."""
        if not message.media or not is_sound(message.media[0]):
            return message
        if self._endpoint is None:  # it was there when this came
            raise NothingToSay(say("voice_unread"))
        store, folder, media_id = self.store, self.settings.media_folder, str(message.media[0]["id"])
        recording = store.on_thread((folder / media_id).read_bytes)
        try:
            heard = await self.listened(message, self._endpoint, recording)
        except NothingToSay:
            await store.on_thread(media.drop, store, folder, media_id)
            raise
        await store.on_thread(media.drop, store, folder, media_id)
        return heard

    def add_routes(self, routes: Blueprint) -> None:
        """The page, its socket, and customers' pictures and recordings."""
        store, settings, guard = self.store, self.settings, self.guard
        room = Room(store, self.turns, self._sockets, guard, settings.customer_jwt_secret)
        assets = {name: _Asset((_STATIC / name).read_bytes(), kind) for name, kind in _ASSETS.items()}
        hears = self._endpoint is not None
        page = _page(settings.webchat_origins, hears)

        @routes.middleware("request")  # type: ignore[untyped-decorator]
        async def own_pages_only(request: Request) -> BaseHTTPResponse | None:
            """Refuse other sites' pages before a socket is opened or a picture is read."""
            guarded = request.path.endswith("/ws") or request.method == "POST"
            if guarded and not _origin_allowed(request, settings.webchat_origins):
                return refuse(403, _FOREIGN)
            if request.path.endswith("/ws") and not guard.sockets.free(address_of(request, settings)):
                return refuse(429, _CROWDED)
            return None

        @routes.websocket("/ws")  # type: ignore[untyped-decorator]
        async def talk(request: Request, socket: WebsocketImplProtocol) -> None:
            address = address_of(request, settings)
            if not guard.sockets.take(address):
                await socket.close(1013, "too many sockets")
                return
            try:
                await _talk(socket, Session(room, address, socket.send))
            finally:
                guard.sockets.give_back(address)

        @routes.get("/")
        async def widget(request: Request) -> HTTPResponse:
            return response.html(page, headers=_page_headers(request, settings.webchat_origins))

        @routes.get("/<name:(widget.js|widget.css|embed.js|icon.svg)>")
        async def asset(request: Request, name: str) -> HTTPResponse:
            return assets[name].answer(request)

        @routes.post("/media", stream=True)
        async def upload(request: Request) -> HTTPResponse:
            conversation_id = await _conversation_of(request)
            if conversation_id is None:
                return refuse(401, _UNKNOWN)
            address = address_of(request, settings)
            try:
                guard.picture(address)
                if not guard.uploads.take(address):
                    raise too_many_pictures(3)
                try:
                    content = await _read_body(request)
                    kept = await store.on_thread(media.keep, store, settings, conversation_id, content, hears)
                finally:
                    guard.uploads.give_back(address)
            except Refused as reason:
                return refuse(_STATUS[reason.code], reason)
            return response.json({"id": kept.id, "type": kept.content_type}, status=201)

        @routes.get("/media/<media_id:str>")
        async def download(request: Request, media_id: str) -> HTTPResponse:
            conversation_id = await _conversation_of(request)
            if conversation_id is None:
                return refuse(401, _UNKNOWN)
            found = await store.on_thread(media.read, store, settings.media_folder, conversation_id, media_id)
            if found is None:
                return refuse(404, Refused("picture_unknown", "没有这张图片。"))
            picture, content = found
            return response.raw(content, content_type=picture.content_type, headers=_MEDIA_HEADERS)

        async def _conversation_of(request: Request) -> str | None:
            """The conversation whose secret the request carries as its bearer token."""
            secret = request.token
            if not secret or request.headers.get("authorization", "")[:7].lower() != "bearer ":
                return None
            conversation = await store.on_thread(store.find, secret)
            return conversation.id if conversation and not conversation.named_by_client else None


class _Asset:
    """A static file, revalidated by browsers at each use."""

    def __init__(self, content: bytes, content_type: str) -> None:
        self._content = content
        self._content_type = content_type
        self._tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    def answer(self, request: Request) -> HTTPResponse:
        headers = {"ETag": self._tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == self._tag:
            return response.empty(status=304, headers=headers)
        return response.raw(self._content, content_type=self._content_type, headers=headers)


_FOREIGN = Refused("origin_not_allowed", "这个网页不能使用在线客服，请联系商城。")
_UNKNOWN = Refused("conversation_unknown", "会话已失效，请刷新页面后重试。")
_CROWDED = Refused("too_many_sockets", "现在咨询的人太多了，请稍后再试。", retry_after=10)
_STATUS = {
    "picture_too_large": 413,
    "picture_type": 415,
    "picture_too_wide": 413,
    "picture_too_slow": 408,
    "pictures_full": 503,
    "too_many_pictures": 429,
    "voice_off": 415,
    "voice_too_large": 413,
}
_MEDIA_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def _talk(socket: WebsocketImplProtocol, session: Session) -> None:
    """Serve one socket until either end is done with it."""
    socket.connection.debug = False  # it would write frames, tokens among them, to the log
    stream = asyncio.ensure_future(session.stream())
    stream.add_done_callback(lambda task: _cut(socket, task))
    try:
        while True:
            frame = await socket.recv(timeout=_SILENT_SECONDS)
            if frame is None:
                raise Closed(1001, "silent for too long")
            await session.receive(frame)
    except asyncio.CancelledError:
        # The line broke. Sanic 21.12 leaves a task behind that waits for the next message: let it end.
        socket.assembler.message_complete.set()
        raise
    except Closed as end:
        await socket.close(end.code, end.reason)
    except (WebsocketClosed, ConnectionClosed):
        pass  # the client has left
    except Exception as error:  # the widget reconnects and says what it has seen
        logger.error("event=socket_failed channel=webchat error=%s", type(error).__name__)
        await socket.close(1011, "server error")
    finally:
        session.close()
        stream.cancel()


def _cut(socket: WebsocketImplProtocol, stream: asyncio.Future[None]) -> None:
    """The stream has ended by itself: end the line, and with it the wait for the next frame."""
    if stream.cancelled():
        return
    error = stream.exception()
    if not isinstance(error, (Closed, WebsocketClosed, ConnectionClosed)):
        logger.error("event=stream_failed channel=webchat error=%s", type(error).__name__)
    socket.fail_connection(error.code if isinstance(error, Closed) else 1011)


async def _read_body(request: Request) -> bytes:
    """The body, up to the size a picture may have, in the time a phone needs for it. Raises Refused."""
    try:
        return await asyncio.wait_for(_collect(request), _UPLOAD_SECONDS)
    except asyncio.TimeoutError:
        raise Refused("picture_too_slow", "图片上传太慢了，请换个网络再试。") from None


async def _collect(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > media.MAX_BYTES:
        raise media.refuse_size()
    content = bytearray()
    while request.stream is not None and (chunk := await request.stream.read()) is not None:
        content += chunk
        if len(content) > media.MAX_BYTES:
            raise media.refuse_size()
    return bytes(content)


def _origin_allowed(request: Request, origins: tuple[str, ...]) -> bool:
    """Whether the page behind this request is ours or a shop's that may use the chat."""
    origin = request.headers.get("origin", "").lower()
    if origin in origins:
        return True
    parts = urlsplit(origin)
    port = {"http": ":80", "https": ":443"}.get(parts.scheme)
    if port is None or not parts.netloc:
        return False
    host: str = request.headers.get("host", "").lower()
    return bool(parts.netloc.removesuffix(port) == host.removesuffix(port))


def _page(origins: tuple[str, ...], hears: bool) -> str:
    """The widget's page, told which origins may embed it, and whether anybody hears recordings."""
    template = (_STATIC / "index.html").read_text("utf-8").replace("{{voice}}", "on" if hears else "off")
    return template.replace("{{origins}}", escape(json.dumps(origins), quote=True))


def _page_headers(request: Request, origins: tuple[str, ...]) -> dict[str, str]:
    shops = " ".join(origins)
    host = request.headers.get("host", "")
    # Older Safari does not take 'self' for the socket's scheme.
    socket = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        # What a shop's answers show (goods) lies on the shop's own servers; customers' pictures are blobs.
        "img-src": f"'self' blob: https: {shops}",
        "media-src": "blob:",  # a recording, in the window that has made it
        "connect-src": f"'self'{socket}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": f"'self' {shops}",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value.strip()}" for name, value in policy.items()),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(self), geolocation=()",
    }
