"""Serves the dashboard on loopback, to whoever knows the service token."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from nicegui import app, ui
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from analytics.dashboard.live import Snapshot, snapshot
from analytics.dashboard.page import show
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.problems import AnalyticsError
from analytics.project import Project

EVERY = 4.0
"""Seconds between two looks at the lake."""
AT_LEAST_EVERY = 60.0
"""Alerts change by the clock alone."""
OPEN = ("/login", "/_nicegui/")
WRONG_TOKEN_SECONDS = 1.0
LOGIN = Path(__file__).with_name("login.html")
_log = logging.getLogger("analytics.dashboard")


class Live:
    """The newest snapshot, and the marts that it was taken of."""

    def __init__(self, lake: Path, project: Project) -> None:
        self.lake, self.project = lake, project
        self.marts = open_marts(Lake(lake), project)
        self.snapshot: Snapshot | None = None
        self.problem = ""
        self.version, self.worked_out = -1, 0.0

    def look(self) -> None:
        """Take a new one; what went wrong is shown instead of hidden behind old figures."""
        try:
            lake = Lake(self.lake)
            version, now = lake.table().version(), datetime.now(UTC)
            if (
                version == self.version
                and self.snapshot
                and time.monotonic() - self.worked_out < AT_LEAST_EVERY
            ):
                self.snapshot = replace(self.snapshot, taken=now)  # nothing was said since
                return
            self.marts = open_marts(lake, self.project)
            self.snapshot = snapshot(self.marts, now)
            self.version, self.worked_out, self.problem = version, time.monotonic(), ""
        except AnalyticsError as error:
            self.problem = str(error)

    async def follow(self) -> None:
        """Look again and again."""
        while True:
            started = time.monotonic()
            try:
                await asyncio.to_thread(self.look)
            except Exception as error:  # the next look may succeed; the page says how old its figures are
                _log.warning("no new snapshot: %s", type(error).__name__)
            await asyncio.sleep(max(0.5, EVERY - (time.monotonic() - started)))


class TokenAsked(BaseHTTPMiddleware):
    """Shows the sign-in page to whoever has not told the token."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Everything but the sign-in page and NiceGUI's own scripts is behind it."""
        if request.session.get("signed_in") or request.url.path.startswith(OPEN):
            return await call_next(request)
        return RedirectResponse("/login", 303)


def serve(lake: Path, project: Project, token: str, port: int) -> None:
    """Serve until ended."""
    live = Live(lake, project)
    app.add_middleware(TokenAsked)
    app.on_startup(lambda: asyncio.create_task(live.follow()))

    @app.get("/login")
    def ask() -> HTMLResponse:
        return HTMLResponse(LOGIN.read_text("utf-8").replace("{problem}", ""))

    @app.post("/login")
    async def sign_in(request: Request) -> Response:
        told = (await request.form()).get("token")
        if isinstance(told, str) and secrets.compare_digest(told.strip().encode(), token.encode()):
            request.session["signed_in"] = True
            return RedirectResponse("/", 303)
        await asyncio.sleep(WRONG_TOKEN_SECONDS)
        return HTMLResponse(LOGIN.read_text("utf-8").replace("{problem}", "令牌不对，请再看一下。"), 401)

    @ui.page("/")
    def page() -> None:
        show(live)

    # Loopback only, until there is a sign-in with names.
    ui.run(
        host="127.0.0.1",
        port=port,
        title="灵犀看板",
        language="zh-CN",
        dark=None,
        reload=False,
        show=False,
        show_welcome_message=False,
        storage_secret=secrets.token_urlsafe(32),
    )
