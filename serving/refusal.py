"""How a request is turned away: one small JSON document, and nothing of what was sent."""

from __future__ import annotations

import json
from http import HTTPStatus


class Refusal(Exception):
    """The request cannot be served.

    Attributes:
        status: the HTTP status, 4xx.
        code: machine-readable reason.
        detail: what is wrong and what to do, for whoever wrote the client.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail

    def body(self) -> dict[str, object]:
        """The document."""
        return {"status": self.status, "code": self.code, "detail": self.detail}

    def response(self) -> bytes:
        """A whole HTTP/1.1 response, after which the connection is closed."""
        content = json.dumps(self.body(), ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {len(content)}\r\n"
            "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + content


def bad_request(detail: str) -> Refusal:
    """The request itself is broken."""
    return Refusal(400, "bad_request", detail)
