"""A provider's access token: one for all processes, and one that fetches it.

With `LINGXI_REDIS_URL` it lies in Redis, and a lock there keeps the other processes from fetching at the same time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import redis.asyncio
from redis.exceptions import LockError, RedisError

from connectors.errors import PushLater

Fetch = Callable[[], Awaitable[tuple[str, float]]]
"""A fresh token, and the seconds that it lives."""
_EARLY_SECONDS = 300
_FETCH_SECONDS = 15


class Tokens(Protocol):
    """Keeps the token."""

    async def get(self) -> str:
        """The token. Raises PushLater."""

    async def drop(self, token: str) -> None:
        """The provider refuses this one: whoever asks next gets another."""

    async def close(self) -> None:
        """Let go of connections."""


def tokens(name: str, fetch: Fetch, redis_url: str) -> Tokens:
    """Keeps the token called `name`, in Redis where there is one."""
    return SharedTokens(name, fetch, redis_url) if redis_url else OwnTokens(fetch)


class OwnTokens:
    """The token of one process."""

    def __init__(self, fetch: Fetch) -> None:
        """Fetches with the first use."""
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0

    async def get(self) -> str:
        """The token, fetched at most once however many ask."""
        async with self._lock:
            if self._token is None or time.monotonic() >= self._until:
                token, seconds = await self._fetch()
                self._token, self._until = token, time.monotonic() + _kept(seconds)
            return self._token

    async def drop(self, token: str) -> None:
        """Forget it, unless another has taken its place."""
        if self._token == token:
            self._token = None

    async def close(self) -> None:
        """Nothing is open."""


class SharedTokens:
    """The token of all processes with this Redis."""

    def __init__(self, name: str, fetch: Fetch, redis_url: str) -> None:
        """Connects with the first use."""
        self._key = f"lingxi:token:{name}"
        self._fetch = fetch
        self._redis = redis.asyncio.from_url(redis_url, socket_timeout=5, socket_connect_timeout=5)

    async def get(self) -> str:
        """The token, fetched by one process while the others wait. Raises PushLater."""
        try:
            token = await self._redis.get(self._key)
            if token is not None:
                return bytes(token).decode()
            async with self._redis.lock(
                f"{self._key}:lock", timeout=_FETCH_SECONDS, blocking_timeout=_FETCH_SECONDS
            ):
                token = await self._redis.get(self._key)
                if token is not None:
                    return bytes(token).decode()
                fresh, seconds = await self._fetch()
                await self._redis.set(self._key, fresh, ex=int(_kept(seconds)))
                return fresh
        except (RedisError, LockError, OSError) as error:
            raise PushLater(type(error).__name__) from None

    async def drop(self, token: str) -> None:
        """Forget it, unless another has taken its place."""
        same = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"
        try:
            await self._redis.eval(same, 1, self._key, token)  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as error:
            raise PushLater(type(error).__name__) from None

    async def close(self) -> None:
        """Close the connection."""
        await self._redis.close()


def _kept(seconds: float) -> float:
    """For how long a token is used: it is replaced before it runs out under somebody's hands."""
    return max(seconds - _EARLY_SECONDS, seconds / 2, 1)
