"""What every request passes before it is read: service token, size of the body, one log line."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from traceback import extract_tb

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backoffice.problems import API_PREFIX, Problem, of_status, route_path, unauthorized

MAX_BODY_BYTES = 256 * 1024
"""A handoff's transcript is the largest thing anyone sends."""

UPLOADS = {f"{API_PREFIX}/knowledge/imports": 21 * 1024 * 1024}
"""Where files are sent: a form around at most 20 MB."""

_log = logging.getLogger("backoffice.requests")


class Gate:
    """Pure ASGI, outermost: it also turns a crash into the answer 500 and logs where, never what with."""

    def __init__(self, app: ASGIApp, service_token: str) -> None:
        self._app = app
        self._service_token = service_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request = Request(scope)
        request_id = secrets.token_hex(8)
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {
                    **message,
                    "headers": [*message["headers"], (b"x-request-id", request_id.encode())],
                }
            await send(message)

        if problem := self._turned_away(request):
            await problem.response(request)(scope, receive, sending)
        else:
            try:
                await self._app(scope, _counted(receive, _most(request)), sending)
            except Exception as error:
                # The message of a database error may quote a row: only the places are logged.
                places = [
                    f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
                    for frame in extract_tb(error.__traceback__)
                ]
                _log.error(
                    "request crashed id=%s error=%s at=%s",
                    request_id,
                    type(error).__name__,
                    " < ".join(places[-8:][::-1]),
                )
                if status:
                    raise
                await of_status(500).response(request)(scope, receive, sending)
        route = route_path(request)
        _log.log(
            logging.DEBUG if (route, status) == ("/health", 200) else logging.INFO,  # asked all the time
            "request id=%s method=%s route=%s status=%d ms=%d",
            request_id,
            request.method if request.method.isalpha() and len(request.method) < 10 else "other",
            route,
            status,
            (time.perf_counter() - started) * 1000,
        )

    def _turned_away(self, request: Request) -> Problem | None:
        if request.url.path.startswith(API_PREFIX + "/") and not bears(request, self._service_token):
            return unauthorized()
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > _most(request):
            return of_status(413)
        return None


def bears(request: Request, service_token: str) -> bool:
    """Whether the request carries the service token."""
    told = dict(request.scope["headers"]).get(b"authorization", b"")
    return hmac.compare_digest(told, f"Bearer {service_token}".encode())


def _most(request: Request) -> int:
    return UPLOADS.get(request.url.path, MAX_BODY_BYTES)


def _counted(receive: Receive, most: int) -> Receive:
    """Stops reading a body that says no length, or lies about it."""
    read = 0

    async def receiving() -> Message:
        nonlocal read
        message = await receive()
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            if read > most:
                # The framework hands this kind through while it reads a body.
                raise HTTPException(413)
        return message

    return receiving
