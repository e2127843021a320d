"""The line between the actions and the back office, which can go dead the moment after a write was committed."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WRITES = ("POST", "PATCH")


class Line:
    """Passes every request on. Armed, it waits for the answers to the next writes, calls back, and answers nothing."""

    gather_seconds = 3.0

    def __init__(self, backoffice: str) -> None:
        self._to = urlsplit(backoffice).netloc
        self._changed = threading.Condition()
        self._then: Callable[[], None] | None = None
        self._until = 0.0
        self._wanted = 0
        self.cut: list[str] = []
        line = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                line._pass(self)

            do_POST = do_PATCH = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def arm(self, then: Callable[[], None], writes: int = 1) -> None:
        """Cut the line when so many writes are done, or those that came within `gather_seconds` of the first.

        `then` says what dies with it; `cut` lists their paths.
        """
        with self._changed:
            self._then, self._wanted, self.cut = then, writes, []

    def _cuts(self, path: str) -> bool:
        """Whether a write that is done goes unanswered; returns when all of them are."""
        with self._changed:
            if self._then is None:
                return False
            self.cut.append(path)
            if len(self.cut) == 1:
                self._until = time.monotonic() + self.gather_seconds
            self._changed.notify_all()
            while self._then is not None and len(self.cut) < self._wanted and time.monotonic() < self._until:
                self._changed.wait(0.1)
            then, self._then = self._then, None
            if then is not None:
                then()
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def _pass(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        request.close_connection = True
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        connection = http.client.HTTPConnection(self._to, timeout=30)
        try:
            connection.request(request.command, request.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return  # nobody there: hang up
        finally:
            connection.close()
        written = request.command in WRITES and "Idempotency-Key" in request.headers and answer.status < 300
        if written and self._cuts(request.path):
            return
        request.send_response(answer.status)
        for name in ("Content-Type", "Idempotency-Replayed"):
            if answer.headers.get(name):
                request.send_header(name, answer.headers[name])
        request.send_header("Content-Length", str(len(content)))
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(content)
