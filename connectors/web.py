"""HTTP as all channels speak it: whose request it is, and how one is refused."""

from __future__ import annotations

from math import ceil

from sanic import response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.errors import Refused
from connectors.limits import client_address
from connectors.settings import Settings


def address_of(request: Request, settings: Settings) -> str:
    """Whom limits count this request to."""
    names = ("x-forwarded-for", "x-real-ip")
    headers = {name: request.headers.getall(name, []) for name in names}
    return client_address(request.ip, headers, settings.trusted_proxies)


def refuse(status: int, reason: Refused) -> HTTPResponse:
    """What a client is told when its request cannot be accepted."""
    body = {"status": status, "code": reason.code, "detail": reason.text}
    headers = {} if reason.retry_after is None else {"Retry-After": str(ceil(reason.retry_after))}
    return response.json(body, status=status, headers=headers, ensure_ascii=False)
