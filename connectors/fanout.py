"""Which open sockets look at which conversation, in all Rasa processes behind one port.

Messages and answers lie in the store, which all share; what has to travel is "there may be news".
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from contextlib import suppress

import redis.asyncio
from redis.exceptions import RedisError

from connectors.listeners import LocalSockets

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5


def sockets_of(channel: str, redis_url: str) -> LocalSockets:
    """Of this process alone, or with Redis of all."""
    return SharedSockets(redis_url, channel) if redis_url else LocalSockets()


class SharedSockets(LocalSockets):
    """Sockets of several processes: what one is told, all are, by Redis."""

    def __init__(self, url: str, channel: str) -> None:
        """`url`: redis://… or rediss://…; nothing is opened before `start`."""
        super().__init__()
        self._url = url
        self._channel = f"lingxi:{channel}"
        self._name = secrets.token_hex(8)
        self._outbox: asyncio.Queue[str] = asyncio.Queue(maxsize=10_000)
        self._tasks: list[asyncio.Future[None]] = []

    def start(self) -> None:
        """Begin to listen and to tell, on this event loop."""
        self._tasks = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._tell())]

    def stop(self) -> None:
        """End both."""
        for task in self._tasks:
            task.cancel()

    def wake(self, conversation_id: str) -> None:
        """Tell the conversation's sockets, wherever they are, that there may be news."""
        super().wake(conversation_id)
        self._send([self._name, conversation_id])

    def customer_proven(self, conversation_id: str, customer: str) -> None:
        """Tell the conversation's sockets, wherever they are, whose it is."""
        super().customer_proven(conversation_id, customer)
        self._send([self._name, conversation_id, customer])

    def _send(self, told: list[str]) -> None:
        with suppress(asyncio.QueueFull):  # Redis is away: whoever hears it again looks into the store
            self._outbox.put_nowait(json.dumps(told))

    async def _tell(self) -> None:
        async with redis.asyncio.from_url(self._url, socket_timeout=5, socket_connect_timeout=5) as line:
            while True:
                told = await self._outbox.get()
                try:
                    await line.publish(self._channel, told)
                except (RedisError, OSError) as error:
                    logger.error("event=news_not_told error=%s", type(error).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self) -> None:
        while True:
            try:
                async with redis.asyncio.from_url(
                    self._url, socket_connect_timeout=5, socket_keepalive=True
                ) as line:
                    ear = line.pubsub()
                    await ear.subscribe(self._channel)
                    async for message in ear.listen():
                        if message["type"] == "subscribe":
                            self._wake_all()  # what was told before, or while cut off, was not heard
                        else:
                            self._hear(json.loads(message["data"]))
            except (RedisError, OSError) as error:
                logger.error("event=news_cut_off error=%s", type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    def _hear(self, told: list[str]) -> None:
        name, conversation_id, *customer = told
        if name == self._name:
            return
        if customer:
            super().customer_proven(conversation_id, customer[0])
        super().wake(conversation_id)

    def _wake_all(self) -> None:
        for conversation_id in tuple(self._listeners):
            super().wake(conversation_id)
