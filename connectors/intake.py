"""From "received" to "accepted": what a provider pushes is written down in one statement, acknowledged, and read afterwards.

A provider waits a few seconds for its answer and pushes again without one. To find out whose conversation a message belongs to,
whether it came before and what it presses takes a dozen statements; beside a busy dialogue those would be waited for.
What a crash leaves here is read at the next start, or by another process; what is read twice is recognised as a repeat.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.store import ConnectorStore, now_ms
from connectors.tables import INTAKE

logger = logging.getLogger(__name__)

_MOST_TRIES = 5
_PAUSE_SECONDS = 1.0
Body = Mapping[str, Any]
Take = Callable[[Body], Awaitable[None]]


class Intake:
    """What one channel has received and not read yet; read in the order of coming."""

    def __init__(self, channel: str, store: ConnectorStore, take: Take) -> None:
        """`take` reads one push. It may come to it again: it must know what it has read."""
        self._channel = channel
        self._store = store
        self._take = take
        insert: Any = (sqlite if store.engine.dialect.name == "sqlite" else postgresql).insert
        self._insert = insert(INTAKE).on_conflict_do_nothing()
        self._queue: asyncio.Queue[tuple[str, Body]] = asyncio.Queue()
        self._waiting = 0
        self._working: asyncio.Future[None] | None = None

    async def put(self, key: str, body: Body) -> None:
        """Write a push down; `key` is what a repeat of it is recognised by. Raises whatever keeps the store from answering."""
        await self._store.at_once(self._write, key, json.dumps(body))
        self._add(key, body)

    def _add(self, key: str, body: Body) -> None:
        self._waiting += 1
        self._queue.put_nowait((key, body))

    @property
    def busy(self) -> bool:
        """Whether anything that was received in this process is yet to be read."""
        return self._waiting > 0

    async def start(self, watch: Callable[[Callable[[], Any]], Awaitable[None]] | None = None) -> None:
        """Read what comes, and what another process has left; `watch` calls when one has died."""
        self._working = asyncio.ensure_future(self._work())
        if watch is not None:
            await watch(lambda: asyncio.ensure_future(self._take_up()))
        await self._take_up()

    async def stop(self) -> None:
        """Stop; what is not read stays written down."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    async def _take_up(self) -> None:
        for key, body in await self._store.on_thread(self._left):
            self._add(key, body)

    async def _work(self) -> None:
        while True:
            key, body = await self._queue.get()
            try:
                await self._read(key, body)
            finally:
                self._waiting -= 1

    async def _read(self, key: str, body: Body) -> None:
        for attempt in range(1, _MOST_TRIES + 1):
            try:
                await self._take(body)
                await self._store.at_once(self._read_it, key)
                return
            except Exception as error:  # the store is out of reach; or, each time, nobody can read this
                problem = type(error).__name__
                logger.error(
                    "event=push_unread channel=%s attempt=%d error=%s", self._channel, attempt, problem
                )
                await asyncio.sleep(_PAUSE_SECONDS * attempt)

    def _write(self, key: str, body: str) -> None:
        with self._store.engine.begin() as db:
            db.execute(self._insert, {"channel": self._channel, "key": key, "body": body, "at_ms": now_ms()})

    def _read_it(self, key: str) -> None:
        i = INTAKE.c
        with self._store.engine.begin() as db:
            db.execute(INTAKE.delete().where(i.channel == self._channel, i.key == key))

    def _left(self) -> list[tuple[str, Body]]:
        i = INTAKE.c
        mine = sa.select(i.key, i.body).where(i.channel == self._channel).order_by(i.at_ms)
        with self._store.engine.connect() as db:
            return [(row.key, json.loads(row.body)) for row in db.execute(mine)]
