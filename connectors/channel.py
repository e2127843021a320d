"""What a channel is: its routes below /webhooks/<folder>, its queue of turns, its way out, and what it can show.

A channel is a folder of four small files: `channel.py` (a subclass of `Channel`: routes, and what is special), `codec.py`
(pure: verify, decrypt, parse, render), `client.py` (outbound HTTP, tokens), `README.md` (what to set up where).
`credentials.yml` names its class, and nothing else needs to know of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic

from connectors.alone import Alone, alone_of
from connectors.base import StoredOutput, as_typed, refuse_backlog, without_secrets
from connectors.binding import SMS, Binding, Command, command, spaced
from connectors.choices import numbered
from connectors.delivery import Delivery, Parcel
from connectors.dialogue import dialogue_of
from connectors.directory import Directory
from connectors.errors import ButtonGone, NothingToSay, PushFailed, PushRefused, Refused
from connectors.limits import open_guard
from connectors.outbox import Outbox
from connectors.recognition.reader import open_reader, with_text
from connectors.recognition.voice import Endpoint, Unheard
from connectors.settings import Settings
from connectors.store import Accepted, ConnectorStore, Conversation, Message, Waiting, open_store
from connectors.turns import Turns
from connectors.wording import say

logger = logging.getLogger(__name__)

Accept = Callable[[ConnectorStore, Conversation], Accepted]


class Channel(InputChannel):
    """One channel.

    Attributes:
        supports_buttons: whether what is offered is shown as buttons; else as numbered text.
        max_text_length: characters that one message may have.
        can_push: whether answers are sent by `push`, which the channel then has; else clients fetch them.
    """

    supports_buttons: ClassVar[bool] = True
    max_text_length: ClassVar[int] = 2000
    can_push: bool = False

    def __init__(self, settings: Settings) -> None:
        """`settings` are those of all channels; a channel's own are its constructor's business."""
        self.settings = settings
        self.guard = open_guard(settings.limits)
        self.directory = Directory()
        self._channels: tuple[Any, ...] = ()
        self._sending: set[asyncio.Future[None]] = set()

    @classmethod
    def name(cls) -> str:
        """The channel's folder: its name in URLs, events and responses."""
        return cls.__module__.split(".")[-2]

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> Channel:
        """Built from the environment; credentials.yml only names the channel. Raises SettingsError."""
        return cls.build(Settings.from_env())

    @classmethod
    def build(cls, settings: Settings) -> Channel:
        """With the channel's own settings from the environment, where it has some. Raises SettingsError."""
        return cls(settings)

    def is_on(self) -> bool:
        """Whether the channel has what it needs; one that is off has no routes, and nothing is said about it."""
        return True

    @cached_property
    def store(self) -> ConnectorStore:
        """The memory that all channels of this process share, opened with its first use."""
        return open_store(self.settings.database_url)

    @cached_property
    def delivery(self) -> Delivery | None:
        """What pushes this channel's answers, where it can."""
        return Delivery(self.name(), self.store, self, may_open=self._may_open) if self.can_push else None

    @cached_property
    def outbox(self) -> Outbox:
        """Who is where, and what is to be pushed."""
        return Outbox(self.store)

    def wake(self, conversation_id: str) -> None:
        """There may be news in the conversation, or the bot has begun or ended work on it. Returns at once."""
        if self.delivery is not None:
            self.delivery.wake(conversation_id)

    def _may_open(self, channel: str, address: str) -> bool:
        """Whether one of this server's channels may write to the address without having been written to lately."""
        return any(
            each.name() == channel and each.is_on() and each.may_open(address) for each in self._channels
        )

    def get_output_channel(self) -> StoredOutput | None:
        """Where a person's replies go, and what the bot says by itself."""
        return self._output() if self.is_on() else None

    def _output(self, reply_to: int | None = None) -> StoredOutput:
        return StoredOutput(self.name(), self.store, self.store.tell, self.max_text_length, reply_to)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Routes below /webhooks/<name>."""
        routes = Blueprint(self.name(), self.__module__)
        if not self.is_on():
            return routes
        self.store.subscribe(self.wake)
        self.turns = Turns(
            channel=self.name(),
            store=self.store,
            secret=self.settings.customer_jwt_secret,
            handler=on_new_message,
            output=self._output,
            tell=self.store.tell,
            prepare=self._prepared,
        )

        @routes.listener("after_server_start")  # type: ignore[untyped-decorator]
        async def start(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            self._channels = tuple(getattr(app.ctx, "input_channels", ()))
            await self.opened()
            alone = alone_of(app)
            await self.turns.start(dialogue_of(app), alone)
            await self.taking(alone)
            if self.delivery is not None:
                await self.delivery.start(alone)

        @routes.listener("before_server_stop")  # type: ignore[untyped-decorator]
        async def stop(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await self.turns.stop()
            if self.delivery is not None:
                await self.delivery.stop()
            open_reader().close()
            await self.closing()

        self.add_routes(routes)
        return routes

    async def hear(self, address: str, provider_id: str, accept: Accept) -> str | None:
        """Take a message of somebody whom the provider names: written down once when this returns, handled later.

        Its conversation, or None where it is a repeat.

        `accept` writes it down. What cannot be accepted is explained to the customer. Raises whatever keeps the store
        from answering; the provider must then not be told that it has arrived.
        """
        refused = None
        try:
            self.guard.message(address, f"{self.name()}:{address}", provider_id)
        except Refused as reason:
            refused = reason
        conversation_id, repeat = await self.store.at_once(
            self._take_down, address, provider_id, accept, refused
        )
        self.turns.work(conversation_id)
        self.store.tell(conversation_id)
        return None if repeat else conversation_id

    async def notice(self, address: str, provider_id: str, text: str | Callable[[], str]) -> str:
        """Tell somebody whom the provider names what the channel itself has to say to this message, once.

        Their conversation.
        """
        key = notice_key(provider_id)

        def write() -> str:
            conversation = self.outbox.reach(self.name(), address)
            if not self.store.has(conversation.id, key):
                said = text if isinstance(text, str) else text()
                conversation = self.outbox.reach(self.name(), address)  # another one, once it is bound
                self.outbox.heard(conversation.id, self.name(), address)
                self.store.append(conversation.id, "notice", {"text": said}, key=key)
            return conversation.id

        conversation_id = await self.store.at_once(write)
        self.store.tell(conversation_id)
        return conversation_id

    async def bind(self, address: str, provider_id: str, text: str) -> bool:
        """Do what a text of somebody whom the provider names says about binding; False where it says nothing of it."""
        told = command(text)
        if told is None:
            return False
        wanted: list[str] = []
        answer = partial(self._bind, address, told, wanted.append)
        self.turns.work(await self.notice(address, provider_id, answer))
        for (
            number
        ) in wanted:  # after the provider has its answer: the shop's records are asked, and an SMS sent
            sending = asyncio.ensure_future(self._send_code(address, number))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        return True

    def _bind(self, address: str, told: Command, wanted: Callable[[str], None]) -> str:
        """What to tell the customer; `wanted` hears of the telephone that a code is to be sent to."""
        binding = Binding(self.store)
        if told.code:
            text, number = binding.redeem(self.name(), address, told.code)
            sender = self._telephone()
            if number and sender is not None:
                sender.consented(number)
            return text
        if told.undo:
            return binding.undo(self.name(), address)
        if told.number is None or self._telephone() is None:
            return binding.state(self.name(), address)
        if not binding.may_try(self.name(), address):
            return say("bind_tries")
        wanted(told.number)
        return say("bind_sent")  # the same whether it is anybody's: numbers cannot be tried out here

    def _telephone(self) -> Channel | None:
        """The channel of this server that reaches a telephone."""
        return next((each for each in self._channels if each.name() == SMS and each.is_on()), None)

    async def _send_code(self, address: str, number: str) -> None:
        """Send a code to a telephone that is on record; nothing to any other."""
        sender = self._telephone()
        assert sender is not None
        try:
            customer = await asyncio.to_thread(self.directory.customer_of, number)
            if customer is None:
                logger.info("event=code_not_sent channel=%s problem=not_on_record", self.name())
                return
            offer, place = Binding(self.store).offer, (self.name(), address)
            code = await self.store.on_thread(offer, customer, number=number, place=place)
            if code is not None:
                await sender.tell_code(number, spaced(code))
        except Exception as error:  # the customer asks again
            problem = error.problem if isinstance(error, PushFailed) else type(error).__name__
            logger.warning("event=code_not_sent channel=%s problem=%s", self.name(), problem)

    def _take_down(
        self, address: str, provider_id: str, accept: Accept, refused: Refused | None
    ) -> tuple[str, bool]:
        """The conversation, and whether the message was there before."""
        store = self.store
        conversation = self.outbox.reach(self.name(), address)
        if store.accepted(conversation.id, provider_id) is not None:
            return conversation.id, True
        self.outbox.heard(conversation.id, self.name(), address)
        try:
            if refused is not None:
                raise refused
            refuse_backlog(store, conversation.id, provider_id)
            accept(store, conversation)
        except Refused as reason:
            self._explain(conversation, reason)
        return conversation.id, False

    def _explain(self, conversation: Conversation, reason: Refused) -> None:
        text = reason.text
        if isinstance(reason, ButtonGone) and reason.question is not None:
            question = reason.question.body
            titles = [button["title"] for button in question["buttons"]]
            text += "\n" + numbered(str(question.get("text") or ""), titles)
        # Of those who send too fast, once a minute: their own messages must not use up what may be answered.
        every = int(time.time() // 60) if reason.retry_after else reason.message_id
        self.store.append(conversation.id, "notice", {"text": text}, key=f"refused:{reason.code}:{every}")

    async def _prepared(self, message: Waiting) -> Waiting:
        fetched = await self.prepare(message)
        return await with_text(fetched, self.settings.media_folder, open_reader())

    async def listened(self, message: Waiting, endpoint: Endpoint, recording: Awaitable[bytes]) -> Waiting:
        """The message in words, which are all that is kept of it. Raises NothingToSay."""
        try:
            text = without_secrets(await endpoint.words(await recording))
        except (PushFailed, Unheard, OSError) as failed:
            problem = str(failed) if isinstance(failed, Unheard) else getattr(failed, "problem", "not_kept")
            logger.warning("event=voice_not_heard channel=%s problem=%s", self.name(), problem)
            raise NothingToSay(say("voice_unread")) from None
        said, prepared = as_typed(text), self.store.prepared
        await self.store.on_thread(prepared, message.conversation_id, message.seq, {"text": text}, said)
        return replace(message, said=said, media=())

    # What a channel adds

    def add_routes(self, routes: Blueprint) -> None:
        """Its own routes."""
        raise NotImplementedError

    async def opened(self) -> None:
        """The server runs, and has not taken a request yet."""

    async def taking(self, alone: Alone | None) -> None:
        """What is said is handled now: read what was received before."""

    async def closing(self) -> None:
        """The server stops: nothing is handled or pushed any more."""

    async def prepare(self, message: Waiting) -> Waiting:
        """Fetch or read what a message brings with it, before Rasa gets it; may run again after a crash."""
        return message

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        """One parcel a message."""
        return [Parcel((message,), message.body) for message in messages]

    def consented(self, address: str) -> None:
        """Somebody has proven that this address is theirs, knowing that it will be written to. Blocks."""

    async def tell(self, address: str, name: str, values: Mapping[str, str], text: str) -> None:
        """Tell something that nobody has asked for, by the template of this name or as it stands. Raises PushFailed."""
        raise PushRefused("not_here")

    async def tell_code(self, address: str, code: str) -> None:
        """Tell a code that is nowhere stored. Raises PushFailed."""
        raise NotImplementedError

    def may_open(self, address: str) -> bool:
        """Whether somebody at this address may be written to who has not written lately. Blocks."""
        return False

    async def push(self, address: str, parcel: Parcel) -> None:
        """Hand one parcel to the provider. Raises PushLater, PushHeld or PushRefused."""
        raise NotImplementedError


def notice_key(provider_id: str) -> str:
    """What a notice about this message is recognised by in the store."""
    return f"notice:{provider_id}"
