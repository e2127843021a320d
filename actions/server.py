"""What the action server keeps between calls: the domain, which a call may name by its digest.

A caller that knows this server's ways sends `X-Domain-Digest` (SHA-256 over the domain as JSON with sorted keys). With
the domain in the body it is kept; without, it is put in, or answered with 449 ("retry with": the domain) as newer action
servers do. In a call without domain the action stands under `digest_action`, so that a server which knows nothing of
this runs nothing. Calls without the header are none of its business.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import OrderedDict
from typing import Any

import pluggy
from rasa_sdk.plugin import plugin_manager
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

DIGEST_HEADER = "X-Domain-Digest"
UNKNOWN_DIGEST = 449
MOST_DOMAINS = 4  # a model and its successor, for each of two assistants

hookimpl = pluggy.HookimplMarker("rasa_sdk")


class Domains:
    """The domains that calls have brought, by digest; the oldest goes first."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def keep(self, digest: str, domain: dict[str, Any]) -> None:
        """Keep a domain under its digest, if it is its digest."""
        if digest not in self._known and digest == digest_of(domain):
            self._known[digest] = domain
            while len(self._known) > MOST_DOMAINS:
                self._known.popitem(last=False)

    async def complete(self, request: Request) -> HTTPResponse | None:
        """Put the domain into a call that names it; the answer where it is not known."""
        digest = request.headers.get(DIGEST_HEADER)
        if digest is None or request.headers.get("Content-Encoding") or not _is_call(request):
            return None
        call = request.json
        if not isinstance(call, dict):
            return None
        if isinstance(call.get("domain"), dict):
            self.keep(digest, call["domain"])
            return None
        if digest not in self._known:
            return json_response({"error": "unknown domain digest"}, status=UNKNOWN_DIGEST)
        self._known.move_to_end(digest)
        call["domain"] = self._known[digest]
        call["next_action"] = call.pop("digest_action", None)
        return None


def digest_of(domain: dict[str, Any]) -> str:
    """SHA-256 over the domain as JSON with sorted keys, hexadecimal."""
    return hashlib.sha256(json.dumps(domain, sort_keys=True).encode()).hexdigest()


def _is_call(request: Request) -> bool:
    # Sanic runs middleware for what no route takes as well, and there the body has not been looked at.
    return bool(request.method == "POST" and request.path == "/webhook")


@hookimpl  # type: ignore[untyped-decorator]
def attach_sanic_app_extensions(app: Sanic) -> None:
    """rasa-sdk's place for additions to its server."""
    domains = Domains()

    def begin(started: Sanic, _loop: Any) -> None:
        started.register_middleware(domains.complete, "request")

    # Last of all: the guard, which is put before the server when it is run, reads each body anew.
    app.register_listener(begin, "before_server_start")


if not plugin_manager().is_registered(sys.modules[__name__]):
    plugin_manager().register(sys.modules[__name__])
