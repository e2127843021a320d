"""The WeChat channel: takes what WeChat pushes to /webhooks/wechat/, and answers by the customer-service API."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from connectors import media
from connectors.alone import Alone
from connectors.base import accept_choice, accept_press, without_secrets
from connectors.binding import command, home
from connectors.channel import Accept, Channel
from connectors.delivery import Parcel
from connectors.errors import PushFailed, PushHeld, PushRefused, Refused
from connectors.intake import Intake
from connectors.recognition.voice import Endpoint
from connectors.settings import Settings
from connectors.store import Accepted, ConnectorStore, Conversation, Message, Waiting, is_button
from connectors.turns import SORRY
from connectors.web import refuse
from connectors.wechat import codec
from connectors.wechat.client import Account, WeChatClient
from connectors.wechat.menu import payloads
from connectors.wechat.notices import Notice
from connectors.wechat.notices import parse as read_notice
from connectors.wechat.settings import account_from_env, keys_from_env
from connectors.wording import say

logger = logging.getLogger(__name__)

_ACKNOWLEDGED = "success"
# A turn that is done by then shows no "对方正在输入".
_TYPING_SECONDS = 0.6


class WeChatInput(Channel):
    """An official account's messages; off without LINGXI_WECHAT_APPID."""

    max_text_length = 500
    can_push = True

    def __init__(
        self,
        settings: Settings,
        account: Account | None,
        keys: codec.Keys | None,
        endpoint: Endpoint | None = None,
    ) -> None:
        """`account` and `keys` None: off. Without an `endpoint` nobody listens to recordings."""
        super().__init__(settings)
        self._endpoint = endpoint
        self._account = account
        self._keys = keys
        self._typing: set[asyncio.Future[None]] = set()

    @classmethod
    def build(cls, settings: Settings) -> WeChatInput:
        """With the account that the environment names. Raises SettingsError."""
        return cls(settings, account_from_env(), keys_from_env(), Endpoint.from_env())

    def is_on(self) -> bool:
        """Where an account is set up."""
        return self._account is not None

    async def opened(self) -> None:
        """Make ready to call WeChat."""
        assert self._account is not None
        self._client = WeChatClient(self._account, self.settings.redis_url)

    async def taking(self, alone: Alone | None) -> None:
        """Read what WeChat has pushed."""
        await self.intake.start(alone.watch if alone else None)

    async def closing(self) -> None:
        """Close the line."""
        await self.intake.stop()
        for showing in tuple(self._typing):
            showing.cancel()
        await self._client.close()

    @cached_property
    def intake(self) -> Intake:
        """What WeChat has pushed."""

        async def take(fields: codec.Fields) -> None:
            await self._take(codec.parse(fields))

        async def apologise(key: str, fields: codec.Fields) -> None:
            if fields["MsgType"] != "event":
                await self.notice(codec.sender(fields), key, SORRY)

        return Intake(self.name(), self.store, take, apologise)

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
            query = _query(request)
            try:
                pushed = codec.read(keys, query, request.body, time.time())
                if not keys.aes_keys:
                    await self._refuse_replay(query["nonce"], request.body)
                await self.intake.put(f"{pushed.openid}:{pushed.id}", _kept(pushed.fields))
            except codec.Forged as forged:
                return _refuse(forged)
            except codec.Unreadable:
                logger.warning("event=unreadable channel=wechat")
                return response.text("unreadable", status=400)
            except Exception as error:  # WeChat delivers again
                logger.error("event=webhook_failed channel=wechat error=%s", type(error).__name__)
                return response.text("unavailable", status=503)
            return response.text(_ACKNOWLEDGED)

        @routes.post("/notices")
        async def notices(request: Request) -> HTTPResponse:
            """The back office has something to tell: `{"told": "wechat" | "sms" | "later"}`."""
            token = os.environ.get("LINGXI_SERVICE_TOKEN", "").strip()
            if not token or not hmac.compare_digest((request.token or "").encode(), token.encode()):
                return refuse(401, _NOT_THE_SHOP)
            try:
                notice = read_notice(request.body)
                told = await self._tell(notice)
            except Refused as reason:
                return refuse(404 if reason.code == "nowhere" else 400, reason)
            except PushFailed as failed:
                return refuse(503, Refused("unavailable", failed.problem, retry_after=30))
            return response.json({"told": told})

    async def _tell(self, notice: Notice) -> str:
        """Tell it once: in WeChat, else by SMS, else with the next message. Raises Refused, PushLater."""
        store, key = self.store, f"told:{notice.key}"
        conversation_id = await store.on_thread(home, store, notice.customer)
        if conversation_id is None:
            raise Refused("nowhere", "这位顾客还没有会话，没有地方可以告诉。")
        if await store.on_thread(store.has, conversation_id, key):
            return "before"
        text, told = notice.template.said(notice.values), "later"
        places = await store.on_thread(self.outbox.proven, conversation_id)
        for channel, address in sorted(places, key=lambda place: place[0] != self.name()):
            if await self._told(channel, address, notice, text):
                told = channel
                break
        # Shown wherever the conversation is looked at. What has gone is not pushed after itself.
        body = {"text": text, **({"told": told} if told != "later" else {})}
        await store.on_thread(store.append, conversation_id, "notice", body, key=key)
        store.tell(conversation_id)
        return told

    async def _told(self, channel: str, address: str, notice: Notice, text: str) -> bool:
        """Whether it could be told there. Raises PushLater where it is worth trying again."""
        template = notice.template
        try:
            if channel != self.name():
                other = next(each for each in self._channels if each.name() == channel and each.is_on())
                await other.tell(address, template.sms, notice.values, text)
            elif template.id:
                await self._client.notify(address, template.id, template.filled(notice.values))
            else:
                return False
        except (PushHeld, PushRefused, StopIteration) as failed:
            problem = getattr(failed, "problem", "off")
            logger.warning("event=notice_not_told channel=%s problem=%s", channel, problem)
            return False
        return True

    async def _refuse_replay(self, nonce: str, body: bytes) -> None:
        """In plain mode the signature does not cover the body: it must not bring a second one. Raises Forged."""
        digest = hashlib.sha256(body).hexdigest()
        first = self.outbox.first_use
        if not await self.store.at_once(first, self.name(), nonce, digest, 2 * codec.WINDOW_SECONDS):
            raise codec.Forged("replayed")

    async def _take(self, pushed: codec.Push) -> None:
        """Write down what was said, or answer it at once where the assistant has nothing to think about."""
        said = pushed.said
        if isinstance(said, codec.TextIn) and await self.bind(pushed.openid, pushed.id, said.text):
            return
        if isinstance(said, codec.Clicked):
            accept = _accept_payload(pushed.id, said.key) if said.key in payloads() else None
        elif isinstance(said, codec.ImageIn):
            accept = _accept_remote(pushed.id, say("picture"), {"remote": said.media_id})
        elif isinstance(said, codec.VoiceIn) and not said.recognition and self._endpoint is not None:
            accept = _accept_remote(pushed.id, say("voice"), {"remote": said.media_id, "voice": True})
        else:
            text = _words(said)
            option = said.option if isinstance(said, codec.TextIn) else None
            accept = _accept_text(pushed.id, text, option) if text else None
        if accept is not None:
            conversation_id = await self.hear(pushed.openid, pushed.id, accept)
            if conversation_id is not None:
                self._show_typing(pushed.openid, conversation_id)
        elif isinstance(said, codec.Unsubscribed):
            self.store.tell(await self.store.on_thread(self._hold, pushed.openid))
        elif isinstance(said, codec.Subscribed):
            await self.notice(pushed.openid, pushed.id, say("welcome"))
        elif isinstance(said, codec.VoiceIn):
            await self.notice(pushed.openid, pushed.id, say("voice_unread"))
        elif isinstance(said, codec.Unsupported):
            logger.info("event=unsupported channel=wechat kind=%s", said.kind)
            await self.notice(pushed.openid, pushed.id, say("unsupported"))

    def _hold(self, openid: str) -> str:
        conversation = self.outbox.reach(self.name(), openid)
        assert self.delivery is not None
        self.delivery.hold(conversation.id, openid, "unsubscribed")
        return conversation.id

    def _show_typing(self, openid: str, conversation_id: str) -> None:
        async def show() -> None:
            await asyncio.sleep(_TYPING_SECONDS)
            if self.turns.busy(conversation_id):
                try:
                    await self._client.show_typing(openid)
                except PushFailed as failed:  # nobody misses it
                    logger.info("event=typing_not_shown channel=wechat problem=%s", failed.problem)

        showing = asyncio.ensure_future(show())
        self._typing.add(showing)
        showing.add_done_callback(self._typing.discard)

    async def prepare(self, message: Waiting) -> Waiting:
        """Fetch the picture or recording that a message names; WeChat keeps it for three days."""
        remote = [each["remote"] for each in message.media if "remote" in each]
        if not remote:
            return message
        if message.media[0].get("voice"):
            assert self._endpoint is not None
            return await self.listened(message, self._endpoint, self._client.media(remote[0]))
        shown = None
        try:
            content = await self._client.media(remote[0])
            shown = await self.store.on_thread(self._keep, message.conversation_id, content)
        except (PushFailed, Refused) as failed:
            problem = failed.problem if isinstance(failed, PushFailed) else failed.code
            logger.warning("event=picture_not_fetched channel=wechat problem=%s", problem)
        body = {"media": shown} if shown else {"text": message.said}
        await self.store.on_thread(
            self.store.prepared, message.conversation_id, message.seq, body, message.said
        )
        return replace(message, media=(shown,) if shown else ())

    def _keep(self, conversation_id: str, content: bytes) -> dict[str, str]:
        return media.shown(media.keep(self.store, self.settings, conversation_id, content))


_NOT_THE_SHOP = Refused("unauthorized", "只有商城的业务系统可以发通知。")


def _kept(fields: codec.Fields) -> dict[str, str]:
    """The fields as they may be written down: no password, code or card number. What is said of binding is read as it is."""
    text = fields.get("Content", "")
    return {**fields, "Content": text if command(text) else without_secrets(text)} if text else dict(fields)


def _words(said: codec.Said) -> str:
    """What was said, in words; empty where there are none."""
    if isinstance(said, codec.TextIn):
        return said.text
    if isinstance(said, codec.VoiceIn):
        return said.recognition
    if isinstance(said, codec.LocationIn):
        return say("location", label=said.label)
    if isinstance(said, codec.LinkIn):
        return say("link", title=said.title, url=said.url)
    return ""


def _accept_text(provider_id: str, text: str, option: str | None) -> Accept:
    def accept(store: ConnectorStore, conversation: Conversation) -> Accepted:
        if option is not None and is_button(option):
            return accept_press(store, conversation.id, provider_id, option, conversation.customer)
        return accept_choice(store, conversation.id, provider_id, text, conversation.customer)

    return accept


def _accept_payload(provider_id: str, payload: str) -> Accept:
    """A press of the menu: what it says to Rasa stands in menu.yml, and nothing else passes."""
    body = {"text": payloads()[payload]}
    return lambda store, conversation: store.accept(
        conversation.id, provider_id, body, payload, conversation.customer
    )


def _accept_remote(provider_id: str, said: str, media: dict[str, Any]) -> Accept:
    """What is still to be fetched."""
    return lambda store, conversation: store.accept(
        conversation.id, provider_id, {"media": media}, said, conversation.customer
    )


def _query(request: Request) -> dict[str, str]:
    return {name: str(values[0]) for name, values in request.args.items()}


def _refuse(forged: codec.Forged) -> HTTPResponse:
    logger.warning("event=forged channel=wechat reason=%s", str(forged).replace(" ", "_"))
    return response.text("forged", status=403)
