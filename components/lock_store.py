"""One turn at a time in each conversation, whatever the number of Rasa processes.

`LINGXI_REDIS_URL` unset: locks of this process. Set: queues in Redis, for all processes with the same address. Rasa's
own locks poll once a second, and its Redis ones are read, changed and written in three steps, so that two processes can
both come to hold one. Here a queue changes in one script, whoever leaves it wakes the next at once, and the places of a
process that has died are given up within two seconds.

Who is alive: every process listens on a channel of its own and renews a key. Redis counts a channel's listeners, and the
count falls the moment a process is killed; the key is for a machine that vanishes without a word.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, AsyncContextManager, AsyncGenerator, Dict, Optional, Protocol, Set, Text, Tuple

import redis.asyncio
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError, TicketLock
from rasa.utils.endpoints import EndpointConfig
from redis.exceptions import RedisError

from components.baton import computing

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 150.0  # a turn is ended after 120
WATCH_SECONDS = 0.5
DEAD_SECONDS = 1.0  # without a listener: longer than it takes to connect anew
VANISHED_SECONDS = 20  # without a sign of life
RECHECK_SECONDS = 1.0
PREFIX = "lingxi:"
WORKERS = PREFIX + "workers"

# Gives up the places of the dead at the head of a queue; the head that is left, or false.
_HEAD = """
local function head(queue)
  local first = redis.call('LINDEX', queue, 0)
  while first and redis.call('SISMEMBER', 'lingxi:workers', string.match(first, '^[^:]+')) == 0 do
    redis.call('LPOP', queue)
    first = redis.call('LINDEX', queue, 0)
  end
  return first
end
local function call(queue, place)
  redis.call('PUBLISH', 'lingxi:worker:' .. string.match(place, '^[^:]+'), cjson.encode({queue, place}))
end
"""
# KEYS: queue. ARGV: place, whether it is new. 1 when it is at the head; else the head's process is asked whether it
# still knows of it.
_ENTER = (
    _HEAD
    + """
if ARGV[2] == '1' then redis.call('RPUSH', KEYS[1], ARGV[1]) end
local first = head(KEYS[1])
if first == ARGV[1] then return 1 end
if ARGV[2] == '0' then
  if not redis.call('LPOS', KEYS[1], ARGV[1]) then redis.call('RPUSH', KEYS[1], ARGV[1]) end
  if first then call(KEYS[1], first) end
end
return 0
"""
)
# KEYS: queue. ARGV: place. 1 when it was there.
_LEAVE = (
    _HEAD
    + """
local known = redis.call('LREM', KEYS[1], 0, ARGV[1])
local first = head(KEYS[1])
if first then call(KEYS[1], first) end
return known
"""
)
# ARGV: worker, seconds until it counts as vanished. The others that nobody has seen or heard just now.
_WATCH = """
redis.call('SADD', 'lingxi:workers', ARGV[1])
redis.call('SET', 'lingxi:worker:' .. ARGV[1], '1', 'EX', ARGV[2])
local silent = {}
for _, worker in ipairs(redis.call('SMEMBERS', 'lingxi:workers')) do
  if worker ~= ARGV[1] then
    local name = 'lingxi:worker:' .. worker
    local listeners = redis.call('PUBSUB', 'NUMSUB', name)
    if tonumber(listeners[2]) == 0 or redis.call('EXISTS', name) == 0 then silent[#silent + 1] = worker end
  end
end
return silent
"""


class Locks(Protocol):
    """Something that lets one at a time in."""

    def hold(self, name: Text) -> AsyncContextManager[None]:
        """Wait for one's turn with `name`, in the order of coming. Raises LockError when it does not come."""

    async def watch(self, lost: Callable[[], Any]) -> None:
        """Call `lost` whenever another process has died, or may have died unseen."""


class LockStore(InMemoryLockStore):
    """`lock_store: {type: components.lock_store.LockStore}` in endpoints.yml."""

    def __init__(self, endpoint_config: Optional[EndpointConfig] = None, url: Optional[Text] = None) -> None:
        """`url` is Redis' address, by default `LINGXI_REDIS_URL`; without one, locks are this process's own."""
        super().__init__()
        url = url or os.environ.get("LINGXI_REDIS_URL", "").strip()
        self._locks: Locks = RedisLocks(url) if url else LocalLocks()

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: Text,
        lock_lifetime: float = LOCK_LIFETIME,
        wait_time_in_seconds: float = 1,
    ) -> AsyncGenerator[TicketLock, None]:
        """Hold the conversation for a turn. Raises LockError. Lifetime and polling, which Rasa passes, mean nothing here."""
        async with self.hold(conversation_id), computing():
            yield TicketLock(conversation_id)

    def hold(self, name: Text) -> AsyncContextManager[None]:
        """Hold anything that has a name, for as long as one likes. Raises LockError."""
        return self._locks.hold(name)

    async def watch(self, lost: Callable[[], Any]) -> None:
        """Call `lost` whenever another process has died: what it was at may be taken up."""
        await self._locks.watch(lost)


class LocalLocks:
    """Locks of one process."""

    def __init__(self) -> None:
        self._held: Dict[Text, Tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, name: Text) -> AsyncIterator[None]:
        """Wait for one's turn."""
        lock, holders = self._held.get(name) or (asyncio.Lock(), 0)
        self._held[name] = lock, holders + 1
        try:
            try:
                await asyncio.wait_for(lock.acquire(), PATIENCE_SECONDS)
            except asyncio.TimeoutError:
                raise LockError("the conversation was held for too long") from None
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, holders = self._held[name]
            if holders == 1:
                del self._held[name]
            else:
                self._held[name] = lock, holders - 1

    async def watch(self, lost: Callable[[], Any]) -> None:
        """Nobody else to lose."""


class RedisLocks:
    """Locks of all processes that use one Redis. Connects with its first use on an event loop."""

    def __init__(self, url: Text) -> None:
        """`url`: redis://… or rediss://…"""
        self._url = url
        self._places = itertools.count()
        self._lost: Set[Callable[[], Any]] = set()
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    @asynccontextmanager
    async def hold(self, name: Text) -> AsyncIterator[None]:
        """Wait for one's turn. Raises LockError when Redis cannot be reached or the turn does not come."""
        await self._connect()
        queue, place = f"{PREFIX}lock:{name}", f"{self._worker}:{next(self._places)}"
        called = self._known[place] = asyncio.Event()
        try:
            await self._enter(queue, place, called)
            yield
        finally:
            del self._known[place]
            await asyncio.shield(self._leave(queue, place))

    async def watch(self, lost: Callable[[], Any]) -> None:
        """Call `lost` whenever another process has died, and after Redis was out of reach."""
        self._lost.add(lost)
        await self._connect()

    async def _enter(self, queue: Text, place: Text, called: asyncio.Event) -> None:
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        new = "1"
        try:
            while not await self._run_enter(keys=[queue], args=[place, new]):
                new = "0"
                left = until - asyncio.get_running_loop().time()
                if left <= 0:
                    raise LockError("the conversation was held for too long")
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(called.wait(), min(RECHECK_SECONDS, left))
                called.clear()
        except (RedisError, OSError) as error:
            raise LockError(f"Redis cannot be reached: {type(error).__name__}") from None

    async def _leave(self, queue: Text, place: Text) -> None:
        try:
            if not await self._run_leave(keys=[queue], args=[place]):
                logger.warning("event=lock_lost")  # this process was taken for dead
        except (RedisError, OSError):
            self._owed.add((queue, place))  # left as soon as Redis is back

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._worker = secrets.token_hex(8)
            self._known: Dict[Text, asyncio.Event] = {}
            self._owed: Set[Tuple[Text, Text]] = set()
            self._silent: Dict[Text, float] = {}
            self._listening = asyncio.Event()
            self._redis = redis.asyncio.from_url(self._url, socket_timeout=5, socket_connect_timeout=5)
            self._run_enter = self._redis.register_script(_ENTER)
            self._run_leave = self._redis.register_script(_LEAVE)
            self._run_watch = self._redis.register_script(_WATCH)
            self._tasks = [_Watch(self._listen(), loop=loop), _Watch(self._keep_watch(), loop=loop)]
        try:
            await asyncio.wait_for(self._listening.wait(), 5)
        except asyncio.TimeoutError:
            raise LockError("Redis cannot be reached") from None

    async def _listen(self) -> None:
        """Hear when one's turn has come. While this task is cut off, the process counts as dead."""
        again = False
        while True:
            try:
                async with redis.asyncio.from_url(self._url, socket_connect_timeout=5, socket_keepalive=True) as line:
                    ear = line.pubsub()
                    await ear.subscribe(f"{PREFIX}worker:{self._worker}")
                    async for message in ear.listen():
                        if message["type"] == "subscribe":
                            await self._run_watch(args=[self._worker, VANISHED_SECONDS])
                            self._listening.set()
                            if again:
                                self._wake_all()
                        else:
                            await self._called(*json.loads(message["data"]))
            except (RedisError, OSError) as error:
                _end_if_asked()
                again = True
                self._listening.clear()
                logger.error("event=locks_cut_off error=%s", type(error).__name__)
                await asyncio.sleep(WATCH_SECONDS)

    async def _called(self, queue: Text, place: Text) -> None:
        if place in self._known:
            self._known[place].set()
        else:
            await self._leave(queue, place)  # its leaving was lost on the way

    async def _keep_watch(self) -> None:
        """Show that this process lives, and notice when another does not."""
        while True:
            try:
                if self._listening.is_set():
                    for queue, place in tuple(self._owed):
                        self._owed.discard((queue, place))
                        await self._leave(queue, place)
                    silent = await self._run_watch(args=[self._worker, VANISHED_SECONDS])
                    await self._bury([each.decode() for each in silent])
            except (RedisError, OSError) as error:
                _end_if_asked()
                logger.error("event=locks_unwatched error=%s", type(error).__name__)
            await asyncio.sleep(WATCH_SECONDS)

    async def _bury(self, silent: list[Text]) -> None:
        """Strike out the processes that have been silent for long enough.

        Whoever sees one go takes up its work, whether or not it was the one to strike it out: that may have been a
        process of another deployment on the same Redis.
        """
        now = asyncio.get_running_loop().time()
        gone = self._silent.keys() - set(silent)
        self._silent = {worker: self._silent.get(worker, now) for worker in silent}
        dead = [worker for worker, since in self._silent.items() if now - since >= DEAD_SECONDS]
        if dead:
            await self._redis.srem(WORKERS, *dead)
        if dead or gone:
            self._wake_all()

    def _wake_all(self) -> None:
        for called in self._known.values():
            called.set()
        for callback in self._lost:
            callback()


class _Watch(asyncio.Task[None]):
    """A task that knows it was asked to end: redis-py may answer a cancellation with an error of its own."""

    asked = False

    def cancel(self, msg: Optional[Any] = None) -> bool:
        self.asked = True
        return super().cancel(msg)


def _end_if_asked() -> None:
    if getattr(asyncio.current_task(), "asked", False):
        raise asyncio.CancelledError
