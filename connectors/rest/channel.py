"""The REST channel: Rasa's own JSON, with repeats dropped, payloads guarded and conversations bound. Demo only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput as RasaRestInput
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.alone import alone_of
from connectors.base import StoredOutput, accept_text, admit, prove, refuse_backlog
from connectors.errors import ButtonGone, OtherChannel, OtherCustomer, Refused
from connectors.limits import open_guard
from connectors.rest import codec
from connectors.settings import Settings
from connectors.store import Accepted, ConnectorStore, open_store
from connectors.turns import Turns, silence_rule
from connectors.web import address_of, refuse

logger = logging.getLogger(__name__)


class RestOutput(StoredOutput):
    """Keeps answers for the request that waits for them, and for polls."""

    @classmethod
    def name(cls) -> str:
        """Responses with `channel: rest` are meant for this channel."""
        return "rest"


class RestInput(RasaRestInput):
    """Rasa's REST channel as a demo shop may have it; without LINGXI_DEMO=1 it has no routes."""

    def __init__(self, settings: Settings) -> None:
        """Open the store only where there are routes to serve."""
        self._settings = settings
        self._store: ConnectorStore | None = open_store(settings.database_url) if settings.demo else None

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> RestInput:
        """Built from the environment; credentials.yml only names the channel. Raises SettingsError."""
        return cls(Settings.from_env())

    def get_output_channel(self) -> RestOutput | None:
        """Where a person's replies go: clients poll them."""
        return None if self._store is None else RestOutput(self._store, _nobody_listens)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Routes below /webhooks/rest."""
        routes = Blueprint("rest", __name__)
        if self._store is None:
            return routes
        store = self._store
        guard = open_guard(self._settings.limits)
        turns = Turns(
            channel=self.name(),
            store=store,
            secret=self._settings.customer_jwt_secret,
            handler=on_new_message,
            output=lambda seq: RestOutput(store, _nobody_listens, reply_to=seq),
            tell=_nobody_listens,
        )

        @routes.listener("after_server_start")  # type: ignore[untyped-decorator]
        async def start(app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await turns.start(silence_rule(app), alone_of(app))

        @routes.listener("before_server_stop")  # type: ignore[untyped-decorator]
        async def stop(_app: Sanic, _loop: asyncio.AbstractEventLoop) -> None:
            await turns.stop()

        @routes.get("/")
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            try:
                said = codec.parse(request.body)
                token = said.token
                proof = prove(token, self._settings.customer_jwt_secret)
                address = address_of(request, self._settings)
                if await store.on_thread(store.find, said.sender) is None:
                    guard.conversation(address)
                guard.message(address, said.sender)
                accepted = await store.on_thread(_accept, store, said, proof.customer)
                await turns.finish(said.sender, accepted.seq, None if proof.customer else token)
                # Whose it is by now: the customer may have signed in while a visitor's message waited.
                now = await store.on_thread(store.find, said.sender)
                if now is not None and now.customer not in (None, proof.customer):
                    raise OtherCustomer("the conversation is a customer's by now")
                answers = await store.on_thread(store.answers, said.sender, accepted.seq)
            except ButtonGone as gone:
                return response.json(codec.gone(said.sender, gone))
            except Refused as reason:
                return refuse(400 if reason.retry_after is None else 429, reason)
            except OtherCustomer:
                return refuse(403, _OTHER_CUSTOMER if proof.customer else _NO_PROOF)
            except OtherChannel:
                return refuse(403, _OTHER_CHANNEL)
            except Exception as error:  # the client must hear something, whatever broke
                logger.error("event=webhook_failed channel=rest error=%s", type(error).__name__)
                return refuse(503, _UNAVAILABLE)
            return response.json([codec.answer(message) for message in answers])

        @routes.get("/messages")
        async def poll(request: Request) -> HTTPResponse:
            try:
                guard.poll(address_of(request, self._settings))
                sender = codec.sender(request.args.get("sender"))
                seen = codec.after(request.args.get("after"))
            except Refused as reason:
                return refuse(400 if reason.retry_after is None else 429, reason)
            conversation = await store.on_thread(store.find, sender)
            if conversation is None or conversation.channel != self.name():
                return response.json([])
            proof = prove(codec.bearer(request.headers), self._settings.customer_jwt_secret)
            if conversation.customer not in (None, proof.customer):
                return refuse(403, _OTHER_CUSTOMER if proof.customer else _NO_PROOF)
            messages = await store.on_thread(store.unasked, sender, seen)
            return response.json([codec.polled(message) for message in messages])

        return routes


_UNAVAILABLE = Refused("unavailable", "暂时没有处理成功，请稍后用同一个 message_id 重发。")
_OTHER_CUSTOMER = Refused(
    "conversation_of_other_customer", "这个会话已属于另一位顾客，请换一个新的 sender 重新开始会话。"
)
_NO_PROOF = Refused(
    "conversation_needs_token",
    "这个会话属于已登录的顾客，请带上有效的顾客令牌（可能已过期），或换一个新的 sender 重新开始会话。",
)
_OTHER_CHANNEL = Refused("sender_taken", "这个 sender 不能使用，请换一个新的 sender 重新开始会话。")


def _accept(store: ConnectorStore, said: codec.Said, customer: str | None) -> Accepted:
    # Every answer may quote what was said before, so whoever asks must be the one it was said to.
    admit(store, store.named("rest", said.sender), customer)
    if store.accepted(said.sender, said.message_id) is None:
        refuse_backlog(store, said.sender, said.message_id)
    return accept_text(store, said.sender, said.message_id, said.text, customer)


def _nobody_listens(_conversation_id: str) -> None:
    """REST clients are not told of news: they ask."""
