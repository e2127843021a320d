"""The app channel: a customer's messages by POST, the answers by long poll and by a signed callback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components.baton import urgent
from connectors.app import codec
from connectors.app.client import Callback, CallbackClient
from connectors.base import accept_choice, accept_press, admit, prove, refuse_backlog
from connectors.binding import Binding
from connectors.channel import Channel
from connectors.delivery import Parcel
from connectors.errors import ButtonGone, OtherCustomer, Refused, SettingsError
from connectors.fanout import sockets_of
from connectors.settings import Settings, together
from connectors.store import Accepted, Conversation, Message
from connectors.web import address_of, refuse
from connectors.wording import say

logger = logging.getLogger(__name__)

_STATUS = {"button_gone": 409, "body_too_large": 413, "too_many_polls": 429}


class AppInput(Channel):
    """The shop's own app: whoever speaks here is a customer, by the token that the shop's server signs."""

    def __init__(self, settings: Settings, callback: Callback | None = None) -> None:
        """Without `callback` answers are only polled."""
        super().__init__(settings)
        self._callback = callback
        self.can_push = callback is not None
        self._listeners = sockets_of(self.name(), settings.redis_url)

    @classmethod
    def build(cls, settings: Settings) -> AppInput:
        """With the callback that the environment names. Raises SettingsError."""
        told = together("LINGXI_APP_CALLBACK_URL", "LINGXI_APP_CALLBACK_SECRET")
        if told is not None and not told[0].startswith(("https://", "http://")):
            raise SettingsError("LINGXI_APP_CALLBACK_URL must begin with https://")
        return cls(settings, None if told is None else Callback(*told))

    def wake(self, conversation_id: str) -> None:
        """Wake those who poll, and the callback."""
        self._listeners.wake(conversation_id)
        super().wake(conversation_id)

    async def opened(self) -> None:
        """Listen to the other processes, and make ready to call back."""
        self._listeners.start()
        if self._callback is not None:
            self._client = CallbackClient(self._callback)

    async def closing(self) -> None:
        """End both."""
        self._listeners.stop()
        if self._callback is not None:
            await self._client.close()

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        """Everything that waits, in one callback."""
        return [Parcel(tuple(messages), None)]

    async def push(self, address: str, parcel: Parcel) -> None:
        """Call back; the address is the customer's id."""
        messages = parcel.messages
        await self._client.send(codec.callback(address, messages[0].conversation_id, messages))

    def add_routes(self, routes: Blueprint) -> None:
        """Messages in, and a long poll."""
        store = self.store

        @routes.post("/messages")
        async def receive(request: Request) -> HTTPResponse:
            try:
                customer = self._customer(request)
                said = codec.parse(request.body)
                with urgent():
                    conversation = await store.at_once(self._conversation, customer)
                    self.guard.message(address_of(request, self.settings), conversation.id, said.id)
                    accepted = await store.at_once(self._write_down, conversation, customer, said)
            except _NotProven as reason:
                return refuse(401, reason)
            except ButtonGone as reason:
                body = {"status": 409, "code": reason.code, "detail": reason.text, **codec.gone(reason)}
                return response.json(body, status=409, ensure_ascii=False)
            except Refused as reason:
                return refuse(_STATUS.get(reason.code, 429 if reason.retry_after else 400), reason)
            except Exception as error:  # the app sends it again
                logger.error("event=webhook_failed channel=app error=%s", type(error).__name__)
                return refuse(503, Refused("unavailable", say("app_unavailable"), retry_after=2))
            self.turns.work(conversation.id)
            store.tell(conversation.id)
            told = {"id": said.id, "seq": accepted.seq, "repeat": accepted.repeat}
            return response.json(told, status=200 if accepted.repeat else 202)

        @routes.get("/messages")
        async def poll(request: Request) -> HTTPResponse:
            try:
                customer = self._customer(request)
                self.guard.poll(address_of(request, self.settings))
                after = codec.number("after", request.args.get("after"), 10**9)
                wait = codec.number("wait", request.args.get("wait"), codec.LONGEST_WAIT_SECONDS)
                conversation = await store.on_thread(self._conversation, customer)
                messages = await self._news(conversation.id, after, wait)
            except _NotProven as reason:
                return refuse(401, reason)
            except Refused as reason:
                return refuse(_STATUS.get(reason.code, 429 if reason.retry_after else 400), reason)
            return response.json(
                {"messages": [codec.shown(message) for message in messages]}, ensure_ascii=False
            )

    def _customer(self, request: Request) -> str:
        """Whom the request's token proves. Raises _NotProven."""
        proof = prove(request.token, self.settings.customer_jwt_secret)
        if proof.customer is None:
            raise _NotProven(f"token_{proof.problem}", say("app_token"))
        return proof.customer

    def _conversation(self, customer: str) -> Conversation:
        conversation = self.outbox.reach(self.name(), customer)
        try:
            admit(self.store, conversation, customer)
        except OtherCustomer:  # pragma: no cover - an address here is the customer's own id
            raise _NotProven("other_customer", say("app_token")) from None
        return conversation

    def _write_down(self, conversation: Conversation, customer: str, said: codec.Said) -> Accepted:
        before = self.store.accepted(conversation.id, said.id)
        if before is not None:
            return Accepted(before, repeat=True)
        if self.can_push:
            self.outbox.heard(conversation.id, self.name(), customer)
        else:
            self.outbox.looked(conversation.id, self.name())
        refuse_backlog(self.store, conversation.id, said.id)
        answered = Binding(self.store).answer(conversation.id, said.id, said.text, customer)
        if answered is not None:
            return answered
        if said.button:
            return accept_press(self.store, conversation.id, said.id, said.button, customer)
        return accept_choice(self.store, conversation.id, said.id, said.text, customer)

    async def _news(self, conversation_id: str, after: int, wait: int) -> list[Message]:
        """Messages above `after`; where there are none, as soon as there are, for at most `wait` seconds."""
        waiting = _Waiting()
        if wait and not self._listeners.add(conversation_id, waiting):
            raise Refused("too_many_polls", say("app_too_many_polls"), retry_after=wait)
        try:
            until = asyncio.get_running_loop().time() + wait
            while True:
                waiting.news.clear()
                messages = await self.store.on_thread(self.store.after, conversation_id, after)
                left = until - asyncio.get_running_loop().time()
                if messages or left <= 0:
                    return messages
                try:
                    await asyncio.wait_for(waiting.news.wait(), left)
                except asyncio.TimeoutError:
                    return []
        finally:
            if wait:
                self._listeners.remove(conversation_id, waiting)


class _NotProven(Refused):
    """There is no customer's token, or none that counts."""


class _Waiting:
    """A poll that waits for news."""

    def __init__(self) -> None:
        self.news = asyncio.Event()

    def wake(self) -> None:
        self.news.set()

    def customer_proven(self, customer: str) -> None:
        """Its token says whose it is."""
