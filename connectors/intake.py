"""From "received" to "accepted": what a provider pushes is written down in one statement, acknowledged, and read afterwards.

A provider waits a few seconds for its answer and pushes again without one. To find out whose conversation a message belongs to,
whether it came before and what it presses takes a dozen statements; beside a busy dialogue those would be waited for.
What a crash leaves here is read at the next start, or by another process; what is read twice is recognised as a repeat.

What is read is known for as long as a provider repeats itself, without its words. What nobody can read ends here as well: it is
written down why, its sender is told, and what came after it is read.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from components.baton import urgent
from connectors.base import log_name
from connectors.store import ConnectorStore, now_ms
from connectors.tables import PUSHES

logger = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 30
_IN_TURN_SECONDS = 1.0  # as long as a push may wait for an older one of another process
_REPEATED_MS = 15 * 60 * 1000
_UNREADABLE_MS = 7 * 24 * 3600 * 1000
_OUT_OF_REACH = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
Body = Mapping[str, Any]
Take = Callable[[Body], Awaitable[None]]
Apologise = Callable[[str, Body], Awaitable[None]]


@dataclass(frozen=True)
class Unread:
    """A push that nobody can read: why, and when it came (milliseconds since 1970, UTC)."""

    channel: str
    key: str
    problem: str
    at_ms: int


class Intake:
    """What one channel has received and not read yet; read in the order of coming."""

    def __init__(self, channel: str, store: ConnectorStore, take: Take, apologise: Apologise) -> None:
        """`take` reads one push. It may come to it again after a crash: it must know what it has read.

        `apologise` tells whoever has sent one (its key, and what it holds) that nobody could.
        """
        self._channel = channel
        self._store = store
        self._take = take
        self._apologise = apologise
        insert: Any = (sqlite if store.engine.dialect.name == "sqlite" else postgresql).insert
        self._insert = insert(PUSHES).on_conflict_do_nothing()
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._queued: set[str] = set()
        self._working: asyncio.Future[None] | None = None
        self._shared = False

    async def put(self, key: str, body: Body) -> None:
        """Write a push down; `key` is what a repeat of it is recognised by. Raises whatever keeps the store from answering."""
        told = json.dumps(body)
        with urgent():
            new = await self._store.at_once(self._write, key, told)
        if new:
            self._add(key, told)

    def _add(self, key: str, told: str) -> None:
        if key not in self._queued:
            self._queued.add(key)
            self._queue.put_nowait((key, told))

    @property
    def busy(self) -> bool:
        """Whether anything that was received in this process is yet to be read."""
        return bool(self._queued)

    async def start(self, watch: Callable[[Callable[[], Any]], Awaitable[None]] | None = None) -> None:
        """Read what comes, and what another process has left; `watch` calls when one has died."""
        self._shared = watch is not None
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
        for key, told in await self._store.on_thread(self._left):
            self._add(key, told)

    async def _work(self) -> None:
        while True:
            key, told = await self._queue.get()
            await self._in_turn(key)
            await self._read(key, told)
            self._queued.discard(key)

    async def _in_turn(self, key: str) -> None:
        """What came before it to another process is read first; for a moment at most, for that one may be dead."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + _IN_TURN_SECONDS
        try:
            while self._shared and await self._store.on_thread(self._older_elsewhere, key) and loop.time() < ends:
                await asyncio.sleep(0.02)
        except _OUT_OF_REACH:
            return  # reading it meets the same, and tries again

    async def _read(self, key: str, told: str) -> None:
        for attempt in itertools.count(1):
            try:
                problem = await self._problem_of(key, told)
                await self._store.at_once(self._ended, key, problem)
                return
            except Exception as error:  # the store is out of reach: nothing else could be read either
                problem = type(error).__name__
                logger.error(
                    "event=push_unread channel=%s attempt=%d error=%s", self._channel, attempt, problem
                )
                await asyncio.sleep(min(attempt, _LONGEST_PAUSE_SECONDS))

    async def _problem_of(self, key: str, told: str) -> str | None:
        """Read it; why nobody can, if so. Raises what keeps the store from answering."""
        body: Body = {}
        try:
            body = json.loads(told)
            await self._take(body)
        except _OUT_OF_REACH:
            raise
        except Exception as error:
            problem = type(error).__name__
            frame = traceback.extract_tb(error.__traceback__)[-1]
            logger.error(
                "event=push_unreadable channel=%s push=%s error=%s at=%s:%s",
                self._channel,
                log_name(key),
                problem,
                frame.filename,
                frame.lineno,
            )
            await self._say_sorry(key, body)
            return problem
        return None

    async def _say_sorry(self, key: str, body: Body) -> None:
        try:
            await self._apologise(key, body)
        except _OUT_OF_REACH:
            raise
        except Exception as error:  # nobody to be told
            logger.info("event=nobody_told channel=%s error=%s", self._channel, type(error).__name__)

    def _write(self, key: str, told: str) -> bool:
        """Whether it is new."""
        row = {"channel": self._channel, "key": key, "body": told, "at_ms": now_ms(), "waiting": True}
        with self._store.engine.begin() as db:
            return bool(db.execute(self._insert, row).rowcount)

    def _ended(self, key: str, problem: str | None) -> None:
        p, now = PUSHES.c, now_ms()
        outlived = sa.or_(p.problem.is_(None), p.at_ms < now - _UNREADABLE_MS)
        with self._store.engine.begin() as db:
            this = PUSHES.update().where(p.channel == self._channel, p.key == key)
            db.execute(this.values(waiting=False, problem=problem, **({} if problem else {"body": ""})))
            db.execute(PUSHES.delete().where(sa.not_(p.waiting), p.at_ms < now - _REPEATED_MS, outlived))

    def _older_elsewhere(self, key: str) -> bool:
        p = PUSHES.c
        came = sa.select(p.at_ms).where(p.channel == self._channel, p.key == key).scalar_subquery()
        older = sa.select(p.key).where(p.channel == self._channel, p.waiting, p.at_ms < came)
        with self._store.engine.connect() as db:
            return any(row.key not in self._queued for row in db.execute(older))

    def _left(self) -> list[tuple[str, str]]:
        p = PUSHES.c
        mine = sa.select(p.key, p.body).where(p.channel == self._channel, p.waiting).order_by(p.at_ms)
        with self._store.engine.connect() as db:
            return [(row.key, row.body) for row in db.execute(mine)]


def unreadable(store: ConnectorStore, channel: str | None = None) -> list[Unread]:
    """What nobody could read in the last days, newest last."""
    p = PUSHES.c
    found = sa.select(p.channel, p.key, p.problem, p.at_ms).where(p.problem.is_not(None)).order_by(p.at_ms)
    with store.engine.connect() as db:
        rows = db.execute(found if channel is None else found.where(p.channel == channel)).all()
    return [Unread(*row) for row in rows]
