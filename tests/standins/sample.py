"""The sample channel's provider."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field

from aiohttp import web

from tests.connectors.sample.codec import sign


@dataclass
class Sample:
    """Pushes to `callback`; `shown` is what each phone has got."""

    callback: str
    shown: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/sample", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        told = await request.json()
        assert len(told["text"]) <= 160 or "\n" in told["text"]
        self.shown[told["to"]].append(told["text"])
        return web.Response()

    def push(self, sender: str, message_id: str, text: str, signature: str | None = None) -> int:
        """Deliver once; the HTTP status."""
        body = json.dumps({"from": sender, "id": message_id, "text": text}).encode()
        request = urllib.request.Request(self.callback, body, {"X-Signature": signature or sign(body)})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
