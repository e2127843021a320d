"""The WeChat channel: takes what WeChat pushes to /webhooks/wechat/, and answers by the customer-service API."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors.base import accept_choice, accept_press
from connectors.channel import Channel
from connectors.delivery import Parcel
from connectors.errors import SettingsError
from connectors.settings import Settings, together
from connectors.store import Accepted, ConnectorStore, Conversation, Message, is_button
from connectors.wechat import codec
from connectors.wechat.client import API, Account, WeChatClient

logger = logging.getLogger(__name__)

_ACKNOWLEDGED = "success"


class WeChatInput(Channel):
    """An official account's messages; off without LINGXI_WECHAT_APPID."""

    max_text_length = 500
    can_push = True

    def __init__(self, settings: Settings, account: Account | None, keys: codec.Keys | None) -> None:
        """Both None: off."""
        super().__init__(settings)
        self._account = account
        self._keys = keys

    @classmethod
    def build(cls, settings: Settings) -> WeChatInput:
        """With the account that the environment names. Raises SettingsError."""
        told = together("LINGXI_WECHAT_APPID", "LINGXI_WECHAT_SECRET", "LINGXI_WECHAT_TOKEN")
        if told is None:
            return cls(settings, None, None)
        appid, secret, token = told
        api = os.environ.get("LINGXI_WECHAT_API_URL", "").strip().rstrip("/") or API
        keys = codec.Keys(token, appid, _aes_keys("LINGXI_WECHAT_AES_KEY", "LINGXI_WECHAT_AES_KEY_BEFORE"))
        return cls(settings, Account(appid, secret, api), keys)

    def is_on(self) -> bool:
        """Where an account is set up."""
        return self._account is not None

    async def opened(self) -> None:
        """Make ready to call WeChat."""
        assert self._account is not None
        self._client = WeChatClient(self._account, self.settings.redis_url)

    async def closing(self) -> None:
        """Close the line."""
        await self._client.close()

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        """As few customer-service messages as may be."""
        return codec.pack(messages)

    async def push(self, address: str, parcel: Parcel) -> None:
        """Send one customer-service message."""
        if parcel.content is not None:
            await self._client.send(address, parcel.content)

    def add_routes(self, routes: Blueprint) -> None:
        """WeChat verifies an address by GET, and pushes to it by POST."""
        keys = self._keys
        assert keys is not None

        @routes.get("/")
        async def verify(request: Request) -> HTTPResponse:
            query = _query(request)
            try:
                codec.check_call(keys, query, time.time())
            except codec.Forged as forged:
                return _refuse(forged)
            return response.text(query.get("echostr", "")[:200])

        @routes.post("/")
        async def receive(request: Request) -> HTTPResponse:
            if len(request.body) > codec.MAX_BODY:
                return response.text("too large", status=413)
            try:
                pushed = codec.read(keys, _query(request), request.body, time.time())
            except codec.Forged as forged:
                return _refuse(forged)
            except codec.Unreadable:
                logger.warning("event=unreadable channel=wechat")
                return response.text("unreadable", status=400)
            try:
                await self._take(pushed)
            except Exception as error:  # WeChat delivers again
                logger.error("event=webhook_failed channel=wechat error=%s", type(error).__name__)
                return response.text("unavailable", status=503)
            return response.text(_ACKNOWLEDGED)

    async def _take(self, pushed: codec.Push) -> None:
        said = pushed.said
        if isinstance(said, codec.TextIn):
            await self.hear(pushed.openid, pushed.id, _accept_text(pushed.id, said))


def _accept_text(provider_id: str, said: codec.TextIn) -> Any:
    def accept(store: ConnectorStore, conversation: Conversation) -> Accepted:
        if said.option is not None and is_button(said.option):
            return accept_press(store, conversation.id, provider_id, said.option, conversation.customer)
        return accept_choice(store, conversation.id, provider_id, said.text, conversation.customer)

    return accept


def _query(request: Request) -> dict[str, str]:
    return {name: str(values[0]) for name, values in request.args.items()}


def _refuse(forged: codec.Forged) -> HTTPResponse:
    logger.warning("event=forged channel=wechat reason=%s", str(forged).replace(" ", "_"))
    return response.text("forged", status=403)


def _aes_keys(*variables: str) -> tuple[bytes, ...]:
    keys = []
    for variable in variables:
        text = os.environ.get(variable, "").strip()
        if text:
            try:
                keys.append(codec.aes_key(text))
            except ValueError:
                raise SettingsError(f"{variable}: copy the 43 letters and digits of EncodingAESKey") from None
    return tuple(keys)
