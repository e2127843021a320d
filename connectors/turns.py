"""From "accepted" to "handled": one conversation's messages go to Rasa in order, one at a time, and none is forgotten.

A message is handled at least once: one that a crash interrupts is handled again at the next start, marked `again`, so
that the actions know that they may have done its work. The back office does the work of a repeated message once (its
`message_id` is the idempotency key), and `StoredOutput` drops answers that are in the outbox already.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

from rasa.core.channels.channel import UserMessage

from actions.gateways.identity import sign_customer_token
from connectors.alone import Alone
from connectors.base import StoredOutput, log_name
from connectors.dialogue import Dialogue
from connectors.errors import NothingToSay
from connectors.store import PROVEN, ConnectorStore, Waiting
from connectors.wording import say

logger = logging.getLogger(__name__)

SORRY = say("sorry")
"""Said where nobody knows how far it came: never that nothing was done."""
_TURN_SECONDS = 120
_TOKEN_SECONDS = 300
_MOST_ATTEMPTS = 3

Handler = Callable[[UserMessage], Awaitable[Any]]
Prepare = Callable[[Waiting], Awaitable[Waiting]]


class Turns:
    """The queue of one channel."""

    def __init__(
        self,
        channel: str,
        store: ConnectorStore,
        secret: str,
        handler: Handler,
        output: Callable[[int], StoredOutput],
        tell: Callable[[str], None],
        prepare: Prepare | None = None,
    ) -> None:
        """`output` makes the channel's way to answer message n; `tell` is told that a conversation became busy or idle.

        `prepare` fetches or reads what a message brings with it, before Rasa gets it.
        """
        self._channel = channel
        self._store = store
        self._secret = secret
        self._handler = handler
        self._output = output
        self._tell = tell
        self._prepare = prepare
        self._dialogue: Dialogue | None = None
        self._alone: Alone | None = None
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._wanted: set[str] = set()
        self._waiters: dict[tuple[str, int], asyncio.Future[None]] = {}
        self._unproven: dict[tuple[str, int], str] = {}
        self._stopping = False

    async def start(self, dialogue: Dialogue | None = None, alone: Alone | None = None) -> None:
        """Take up what another process has accepted and not handled: an earlier one, and any that dies from now on."""
        self._dialogue = dialogue
        self._alone = alone
        if alone is not None:
            try:
                await alone.watch(lambda: asyncio.ensure_future(self._take_up()))
            except Exception as error:  # as soon as the others can be reached, it is called
                _log("watch_failed", self._channel, "-", error)
        await self._take_up()

    async def _take_up(self) -> None:
        for conversation_id in await self._store.on_thread(self._store.with_waiting, self._channel):
            self.work(conversation_id)

    async def stop(self) -> None:
        """Stop without losing anything: what is not handled stays waiting."""
        self._stopping = True
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def busy(self, conversation_id: str) -> bool:
        """Whether the bot is at work on something said in this conversation."""
        return conversation_id in self._workers

    def work(self, conversation_id: str) -> None:
        """Handle the conversation's waiting messages; returns at once."""
        if self._stopping:
            return
        self._wanted.add(conversation_id)
        if conversation_id not in self._workers:
            self._workers[conversation_id] = asyncio.ensure_future(self._work(conversation_id))

    async def finish(self, conversation_id: str, seq: int, unproven_token: str | None = None) -> None:
        """Return when message `seq` is handled.

        `unproven_token`: a token that proves nobody, handed on so that the actions can say how to sign in; forgotten
        in a crash. Raises whatever keeps the store from answering.
        """
        key = (conversation_id, seq)
        waiter = self._waiters.get(key)
        if waiter is None:
            waiter = self._waiters[key] = asyncio.get_running_loop().create_future()
            if unproven_token:
                self._unproven[key] = unproven_token
            try:
                waiting = await self._store.on_thread(self._store.is_waiting, conversation_id, seq)
            except Exception:
                self._waiters.pop(key).cancel()
                raise
            if waiting:
                self.work(conversation_id)
            else:
                self._resolve(conversation_id, seq)
        await asyncio.shield(waiter)

    async def _work(self, conversation_id: str) -> None:
        self._tell(conversation_id)
        try:
            while conversation_id in self._wanted:
                async with self._alone.hold(f"turns:{conversation_id}") if self._alone else nullcontext():
                    self._wanted.discard(conversation_id)
                    while (
                        message := await self._store.on_thread(self._store.next_waiting, conversation_id)
                    ) is not None:
                        await self._turn(message)
                # What was wanted is done: by this process, or by another while this one waited.
                for key in [key for key in self._waiters if key[0] == conversation_id]:
                    if not await self._store.on_thread(self._store.is_waiting, *key):
                        self._resolve(*key)
        except Exception as error:
            # The store is out of reach. What waits is taken up with the next message or at the next start.
            _log("queue_failed", self._channel, conversation_id, error)
            for key in [key for key in self._waiters if key[0] == conversation_id]:
                self._waiters.pop(key).set_exception(error)
        finally:
            del self._workers[conversation_id]
            self._tell(conversation_id)

    async def _turn(self, message: Waiting) -> None:
        output = self._output(message.seq)
        sorry = message.attempt > _MOST_ATTEMPTS
        if not sorry:
            try:
                await asyncio.wait_for(self._handle(message, output), _TURN_SECONDS)
                sorry = await self._fell_silent(message)
            except asyncio.CancelledError as error:
                if self._stopping:
                    raise
                sorry = True
                _log("turn_cancelled", self._channel, message.conversation_id, error)
            except Exception as error:  # whatever broke, the customer must hear something
                sorry = True
                _log("turn_failed", self._channel, message.conversation_id, error)
        if sorry:
            await output.send_response(message.conversation_id, {"text": SORRY})
        await self._store.on_thread(self._store.handled, message.conversation_id, message.seq)
        self._resolve(message.conversation_id, message.seq)

    async def _handle(self, message: Waiting, output: StoredOutput) -> None:
        if message.said == PROVEN:
            goes_on = self._dialogue is not None and await self._dialogue.go_on(
                message.conversation_id, message.begun_in
            )
            if not goes_on:
                return
        elif self._prepare is not None:
            try:
                message = await self._prepare(message)
            except NothingToSay as nothing:
                await output.send_response(message.conversation_id, {"text": nothing.text})
                return
        await self._handler(self._user_message(message, output))

    def _user_message(self, message: Waiting, output: StoredOutput) -> UserMessage:
        metadata: dict[str, Any] = {"channel": self._channel}
        if message.said == PROVEN:
            metadata["is_external"] = True
        unproven = self._unproven.get((message.conversation_id, message.seq))
        if message.customer is not None:
            # Proven when the message was accepted; its own token may run out while the message waits its turn.
            metadata["customer_token"] = sign_customer_token(message.customer, self._secret, _TOKEN_SECONDS)
        elif unproven:
            metadata["customer_token"] = unproven
        if message.attempt > 1:
            metadata["again"] = True
        if message.media:
            metadata["media"] = list(message.media)
        return UserMessage(
            text=message.said,
            output_channel=output,
            sender_id=message.conversation_id,
            input_channel=self._channel,
            message_id=message.provider_id,
            metadata=metadata,
        )

    async def _fell_silent(self, message: Waiting) -> bool:
        """Whether Rasa should have answered and did not: it swallows a failed action, its events and its words."""
        if self._dialogue is None or message.said == PROVEN:
            return False
        if await self._store.on_thread(self._store.answers, message.conversation_id, message.seq):
            return False
        return not await self._dialogue.silence_is_meant(message.conversation_id)

    def _resolve(self, conversation_id: str, seq: int) -> None:
        self._unproven.pop((conversation_id, seq), None)
        waiter = self._waiters.pop((conversation_id, seq), None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _log(event: str, channel: str, conversation_id: str, error: BaseException) -> None:
    """Say where it failed. The error's own words may quote the customer, so they are left out."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "-"
    logger.error(
        "event=%s channel=%s conversation=%s error=%s at=%s",
        event,
        channel,
        log_name(conversation_id),
        type(error).__name__,
        where,
    )
