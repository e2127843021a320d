"""The server of a shop's app: takes callbacks, and verifies them as README.md of the app channel says."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class AppServer:
    """Keeps what it was told; `status` is what it answers, `forged` counts what was not signed."""

    secret: str
    status: int = 200
    told: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    forged: int = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/callback", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        self.calls += 1
        body = await request.read()
        timestamp = request.headers.get("X-Lingxi-Timestamp", "")
        signed = hmac.new(self.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(signed, request.headers.get("X-Lingxi-Signature", ""))
        if not good or abs(time.time() - int(timestamp)) > 300:
            self.forged += 1
            return web.Response(status=401)
        if self.status == 200:
            self.told.append(json.loads(body))
        return web.Response(status=self.status)

    def texts(self, customer: str) -> list[str]:
        """What this customer's phone was told, in order, once for each time."""
        return [
            each["text"] for told in self.told if told["customer"] == customer for each in told["messages"]
        ]
