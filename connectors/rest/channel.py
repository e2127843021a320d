"""The REST channel: Rasa's own JSON, with repeats dropped, payloads guarded and conversations bound. Demo only."""

from __future__ import annotations

import logging

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.base import accept_text, admit, prove, refuse_backlog
from connectors.channel import Channel
from connectors.errors import ButtonGone, OtherChannel, OtherCustomer, Refused
from connectors.rest import codec
from connectors.store import Accepted, ConnectorStore
from connectors.web import address_of, refuse

logger = logging.getLogger(__name__)


class RestInput(Channel):
    """Rasa's REST channel as a demo shop may have it; without LINGXI_DEMO=1 it has no routes."""

    def is_on(self) -> bool:
        """For a demo shop only: whoever calls it may begin a conversation."""
        return self.settings.demo

    def add_routes(self, routes: Blueprint) -> None:
        """Messages in, their answers out; and a poll for a person's replies."""
        store, guard, turns = self.store, self.guard, self.turns

        @routes.get("/")
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.post("/webhook")
        async def receive(request: Request) -> HTTPResponse:
            try:
                said = codec.parse(request.body)
                token = said.token
                proof = prove(token, self.settings.customer_jwt_secret)
                address = address_of(request, self.settings)
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
                guard.poll(address_of(request, self.settings))
                sender = codec.sender(request.args.get("sender"))
                seen = codec.after(request.args.get("after"))
            except Refused as reason:
                return refuse(400 if reason.retry_after is None else 429, reason)
            conversation = await store.on_thread(store.find, sender)
            if conversation is None or conversation.channel != self.name():
                return response.json([])
            proof = prove(codec.bearer(request.headers), self.settings.customer_jwt_secret)
            if conversation.customer not in (None, proof.customer):
                return refuse(403, _OTHER_CUSTOMER if proof.customer else _NO_PROOF)
            messages = await store.on_thread(store.unasked, sender, seen)
            return response.json([codec.polled(message) for message in messages])


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
