"""Calls the server of the shop's app back with what is said to its customers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import aiohttp

from connectors.app import codec
from connectors.errors import PushLater, PushRefused

_SECONDS = aiohttp.ClientTimeout(total=10, connect=5)
# It will never take this one. Anything else but 2xx may be a deployment or a mistake that somebody mends.
_NEVER = {400, 410, 413, 422}


@dataclass(frozen=True)
class Callback:
    """Where the app's server takes callbacks, and what they are signed with."""

    url: str
    secret: str = field(repr=False)


class CallbackClient:
    """The line to the app's server. Make it on the event loop that uses it."""

    def __init__(self, callback: Callback) -> None:
        """Opens no connection yet."""
        self._callback = callback
        self._http = aiohttp.ClientSession(timeout=_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def send(self, body: bytes) -> None:
        """Deliver one callback. Raises PushLater or PushRefused."""
        headers = codec.headers(self._callback.secret, str(int(time.time())), body)
        try:
            async with self._http.post(
                self._callback.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise PushLater(type(error).__name__) from None
        if status in _NEVER:
            raise PushRefused(str(status))
        if not 200 <= status < 300:
            raise PushLater(str(status))
