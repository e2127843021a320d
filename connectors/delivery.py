"""From "stored" to "pushed": what is said in a conversation leaves in order, by one sender at a time, and failures are kept.

A listener, not a branch: whoever stores a message tells the conversation's channel, and this pushes whatever the store
holds and the provider has not taken, whoever wrote it. A message is pushed at least once: a crash between the
provider's yes and ours repeats it, because no answer at all is worse for the customer than the same one twice.

What a provider takes only once the customer writes again goes to another address of theirs, where one is proven and may be
written to unasked; else it waits. How far a conversation has been pushed is one number, whatever the channel: what went by
one does not go again by the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.alone import Alone
from connectors.base import log_name
from connectors.errors import PushHeld, PushLater, PushRefused
from connectors.outbox import Outbox
from connectors.store import ConnectorStore, Message, now_ms

logger = logging.getLogger(__name__)

_SWEEP_SECONDS = 20.0
_LONGEST_PAUSE_SECONDS = 300.0
_PATIENCE_MS = 24 * 3600 * 1000
_PUSH_SECONDS = 60


MayOpen = Callable[[str, str], bool]


@dataclass(frozen=True)
class Parcel:
    """What leaves in one piece: the stored messages it holds, and what its channel makes of them."""

    messages: tuple[Message, ...]
    content: Any


class Pusher(Protocol):
    """A channel, as delivery sees it."""

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        """The messages as the provider takes them; in order, none left out."""

    async def push(self, address: str, parcel: Parcel) -> None:
        """Hand one parcel to the provider. Raises PushLater, PushHeld or PushRefused; anything else counts as PushLater."""


def _nowhere(_channel: str, _address: str) -> bool:
    return False


class Delivery:
    """The postman of one channel in this process."""

    def __init__(
        self,
        channel: str,
        store: ConnectorStore,
        pusher: Pusher,
        pause_seconds: float = 1.0,
        may_open: MayOpen = _nowhere,
    ) -> None:
        """`pause_seconds` after the first failure; each further one doubles it.

        `may_open`: whether the customer may be written to there, by another channel, without having written lately.
        """
        self._channel = channel
        self._store = store
        self._outbox = Outbox(store)
        self._pusher = pusher
        self._pause_seconds = pause_seconds
        self._may_open = may_open
        self._alone: Alone | None = None
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._sweeping: asyncio.Future[None] | None = None
        self._noting: set[asyncio.Future[None]] = set()

    async def start(self, alone: Alone | None = None) -> None:
        """Push what is left of before, what another process leaves behind, and what is asked for by hand."""
        self._alone = alone
        self._sweeping = asyncio.ensure_future(self._sweep())

    async def stop(self) -> None:
        """Stop; what has not gone stays stored, and what has gone is noted, or it would go again."""
        tasks = [*self._workers.values(), *([self._sweeping] if self._sweeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*self._noting, return_exceptions=True)

    def wake(self, conversation_id: str) -> None:
        """There may be something to push; returns at once."""
        self._wanted.add(conversation_id)
        if conversation_id not in self._workers:
            self._workers[conversation_id] = asyncio.ensure_future(self._work(conversation_id))

    def hold(self, conversation_id: str, address: str, problem: str) -> None:
        """The provider takes nothing more for this address before the customer writes: elsewhere, or later. Blocks."""
        here = (self._channel, address)
        for place in self._outbox.proven(conversation_id):
            if place[0] != self._channel and self._may_open(*place):
                self._outbox.divert(conversation_id, here, place)
                return
        self._outbox.hold(conversation_id, here, problem)

    async def _sweep(self) -> None:
        while True:
            try:
                for conversation_id in await self._store.on_thread(self._outbox.with_unsent, self._channel):
                    self.wake(conversation_id)
            except Exception as error:  # the store is out of reach: the next round tries again
                logger.error(
                    "event=delivery_sweep_failed channel=%s error=%s", self._channel, type(error).__name__
                )
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _work(self, conversation_id: str) -> None:
        try:
            while conversation_id in self._wanted:
                self._wanted.discard(conversation_id)
                async with self._alone.hold(f"push:{conversation_id}") if self._alone else nullcontext():
                    pause = await self._push_all(conversation_id)
                if pause:
                    await asyncio.sleep(pause)
                    self._wanted.add(conversation_id)
        except Exception as error:  # the store or the locks are out of reach: the sweep comes by again
            self._log("delivery_failed", conversation_id, type(error).__name__)
        finally:
            del self._workers[conversation_id]

    async def _push_all(self, conversation_id: str) -> float:
        """Push until nothing is left, or until there is a reason to wait: for how many seconds."""
        store, outbox = self._store, self._outbox
        while True:
            pending = await store.on_thread(outbox.pending, conversation_id, self._channel)
            if pending is None:
                return 0
            wait = (pending.due_ms - now_ms()) / 1000
            if wait > 0:
                return wait
            for parcel in self._pusher.pack(pending.messages):
                try:
                    await asyncio.wait_for(self._pusher.push(pending.address, parcel), _PUSH_SECONDS)
                except PushHeld as held:
                    self._log("push_held", conversation_id, held.problem)
                    await store.on_thread(self.hold, conversation_id, pending.address, held.problem)
                    store.tell(conversation_id)
                    return 0
                except PushRefused as refused:
                    self._log("push_refused", conversation_id, refused.problem)
                    await self._give_up(conversation_id, parcel, refused.problem)
                    break
                except Exception as error:
                    problem = error.problem if isinstance(error, PushLater) else type(error).__name__
                    self._log("push_failed", conversation_id, problem)
                    if _too_old(parcel):
                        await self._give_up(conversation_id, parcel, problem)
                        break
                    asked = error.seconds if isinstance(error, PushLater) else None
                    pause = asked or min(
                        self._pause_seconds * 2 ** min(pending.tries, 16), _LONGEST_PAUSE_SECONDS
                    )
                    due_ms = now_ms() + int(pause * 1000)
                    place = (self._channel, pending.address)
                    await store.on_thread(outbox.later, conversation_id, place, due_ms, problem)
                    return pause
                noting = asyncio.ensure_future(store.on_thread(outbox.sent, conversation_id, parcel.messages))
                self._noting.add(noting)
                noting.add_done_callback(self._noting.discard)
                await asyncio.shield(noting)

    async def _give_up(self, conversation_id: str, parcel: Parcel, problem: str) -> None:
        await self._store.on_thread(
            self._outbox.give_up, conversation_id, self._channel, parcel.messages, problem
        )

    def _log(self, event: str, conversation_id: str, problem: str) -> None:
        logger.warning(
            "event=%s channel=%s conversation=%s problem=%s",
            event,
            self._channel,
            log_name(conversation_id),
            problem,
        )


def _too_old(parcel: Parcel) -> bool:
    return now_ms() - parcel.messages[-1].at_ms > _PATIENCE_MS
