"""The SMS channel's routes below /webhooks/sms: customers' SMS in, and what became of ours."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components.baton import urgent
from connectors.base import accept_choice, log_name
from connectors.channel import Channel, notice_key
from connectors.choices import numbered
from connectors.delivery import Parcel
from connectors.errors import PushLater, PushRefused, Refused
from connectors.limits import within
from connectors.settings import Settings
from connectors.sms.client import Callback, SmsClient, make_client
from connectors.sms.codec import Outbound, Unreadable, Uplink, parts, wish
from connectors.sms.ledger import STOPPED, Ledger
from connectors.sms.settings import SmsSettings
from connectors.sms.templates import CODE, REPLY, Template, read_templates
from connectors.store import Message
from connectors.web import address_of, refuse
from connectors.wording import say

logger = logging.getLogger(__name__)

_MAX_BODY = 256 * 1024
_MOST_AT_ONCE = 500
_LONGEST = 440
"""Characters of one SMS of ours, signature and template's words not counted: providers take 500 in all."""


class SmsInput(Channel):
    """One shop's number at one provider. Without LINGXI_SMS_PROVIDER it has no routes."""

    supports_buttons = False
    max_text_length = _LONGEST
    can_push = True

    def __init__(self, settings: Settings, sms: SmsSettings | None) -> None:
        """`sms` None: off."""
        super().__init__(settings)
        self._sms = sms
        self._templates: dict[str, Template] = read_templates() if self._sms else {}

    @classmethod
    def build(cls, settings: Settings) -> SmsInput:
        """With the provider that the environment names. Raises SettingsError."""
        return cls(settings, SmsSettings.from_env())

    def is_on(self) -> bool:
        """Whether a provider is set."""
        return self._sms is not None

    @cached_property
    def _account(self) -> SmsSettings:
        assert self._sms is not None
        return self._sms

    @cached_property
    def _client(self) -> SmsClient:
        return make_client(self._account)

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self.store)

    async def opened(self) -> None:
        """Load the provider's library and make ready the ledger, off the event loop."""
        await asyncio.to_thread(lambda: (self._client, self._ledger))

    # In

    def add_routes(self, routes: Blueprint) -> None:
        """Two callbacks, at an address that only the provider knows."""

        @routes.post("/<secret:str>/uplink")
        async def uplink(request: Request, secret: str) -> HTTPResponse:
            refused = self._forged(request, secret)
            if refused is not None:
                return refused
            try:
                told = self._client.uplinks(_callback(request, self._account))
            except Unreadable as problem:
                return self._unreadable("uplink", problem)
            try:
                with urgent():
                    for each in told[:_MOST_AT_ONCE]:
                        await self._hear(each)
            except Exception as error:  # not written down: the provider is to call again
                logger.error("event=uplink_failed channel=sms error=%s", type(error).__name__)
                return refuse(503, _UNAVAILABLE)
            return self._acknowledge()

        @routes.post("/<secret:str>/report")
        async def report(request: Request, secret: str) -> HTTPResponse:
            refused = self._forged(request, secret)
            if refused is not None:
                return refused
            try:
                told = self._client.reports(_callback(request, self._account))
            except Unreadable as problem:
                return self._unreadable("report", problem)
            try:
                for each in told[:_MOST_AT_ONCE]:
                    if await self.store.on_thread(self._ledger.reported, each) and not each.delivered:
                        logger.warning("event=sms_undelivered channel=sms problem=%.40s", each.problem)
            except Exception as error:
                logger.error("event=report_failed channel=sms error=%s", type(error).__name__)
                return refuse(503, _UNAVAILABLE)
            return self._acknowledge()

    def _forged(self, request: Request, secret: str) -> HTTPResponse | None:
        """The answer to whoever is not the provider; None for the provider."""
        account = self._account
        known = hmac.compare_digest(secret.encode("utf-8", "surrogatepass"), account.path_secret.encode())
        address = address_of(request, self.settings)
        if not known or (account.callback_addresses and not within(address, account.callback_addresses)):
            return refuse(404, _NOTHING_HERE)
        if len(request.body) > _MAX_BODY:
            return refuse(413, _TOO_LARGE)
        try:
            genuine = self._client.genuine(_callback(request, account))
        except Unreadable as problem:
            return self._unreadable("callback", problem)
        if genuine:
            return None
        logger.warning("event=callback_forged channel=sms")
        return refuse(403, _FORGED)

    @staticmethod
    def _unreadable(what: str, problem: Unreadable) -> HTTPResponse:
        logger.warning("event=callback_unreadable channel=sms what=%s problem=%s", what, problem)
        return refuse(400, Refused("unreadable", str(problem)))

    def _acknowledge(self) -> HTTPResponse:
        told = self._client.acknowledged
        return response.text(told.body, content_type=told.content_type)

    async def _hear(self, uplink: Uplink) -> None:
        """Take one SMS: what stops or starts goes no further, what somebody who has stopped writes neither."""
        wanted = wish(uplink.text)
        if wanted == "stop":
            await self.store.at_once(self._ledger.stop, uplink.number)
            logger.info("event=sms_stopped channel=sms")
        elif wanted == "start":
            # A push that comes again, after another refusal, is no new word.
            if not await self.store.at_once(self._told, uplink):
                await self.store.at_once(self._ledger.start, uplink.number)
                await self.notice(uplink.number, uplink.id, say("sms_started"))
        else:
            if not await self.store.at_once(self._ledger.hear, uplink.number):
                logger.info("event=uplink_of_stopped channel=sms")
                return
            if await self.bind(uplink.number, uplink.id, uplink.text):
                return
            await self.hear(
                uplink.number,
                uplink.id,
                lambda store, talk: accept_choice(store, talk.id, uplink.id, uplink.text, talk.customer),
            )

    def _told(self, uplink: Uplink) -> bool:
        conversation = self.outbox.reach(self.name(), uplink.number)
        return self.store.has(conversation.id, notice_key(uplink.id))

    # Out

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        """As few SMS as hold it all: what a template says by itself, the rest joined line by line."""
        joined: list[Message] = []
        lines: list[str] = []
        for message in messages:
            text = self._text(message)
            if joined and (text is None or len("\n".join([*lines, text])) > self.max_text_length):
                yield Parcel(tuple(joined), {"text": "\n".join(lines)})
                joined, lines = [], []
            if text is None:
                yield Parcel((message,), message.body["custom"])
            else:
                joined.append(message)
                lines += [text] if text else []
        if joined:
            yield Parcel(tuple(joined), {"text": "\n".join(lines)})

    def _text(self, message: Message) -> str | None:
        """What is written for one stored message; None where a template says it."""
        body = message.body
        if (body.get("custom") or {}).get("sms_template") in self._templates:
            return None
        if body.get("told"):
            return ""  # it has gone already
        text = str(
            body.get("text") or body.get("attachment") or (say("picture") if body.get("image") else "")
        )
        if body.get("buttons"):
            return numbered(text, [str(button["title"]) for button in body["buttons"]])
        return text

    def consented(self, address: str) -> None:
        """Unless the number has refused before: that only START takes back."""
        self._ledger.hear(address)

    async def tell(self, address: str, name: str, values: Mapping[str, str], text: str) -> None:
        """To a number that may be written to. Raises PushFailed."""
        if refused := await self.store.on_thread(self._ledger.refuses, address):
            raise PushRefused(refused)
        known = name in self._templates
        await self._send(
            self._outbound(address, {"sms_template": name, "params": values} if known else {"text": text})
        )

    async def tell_code(self, address: str, code: str) -> None:
        """By the template for codes; to nobody who has refused SMS. Raises PushFailed."""
        template, values = self._templates.get(CODE), {"code": code}
        if template is None:
            raise PushRefused("no_template")
        sms = Outbound(address, template.fill(values), template.at(self._account.provider, values))
        if await self.store.on_thread(self._ledger.refuses, address) == STOPPED:
            raise PushRefused(STOPPED)
        await self._send(sms)

    def may_open(self, address: str) -> bool:
        """Where the customer has written and not refused: a number takes what WeChat's window shuts out."""
        sendable = not self._client.needs_template or self._templates[REPLY].ids.get(self._account.provider)
        return bool(sendable) and self._ledger.refuses(address) is None

    async def push(self, address: str, parcel: Parcel) -> None:
        """Send one SMS, if the customer has not refused and has not had too many."""
        sms = self._outbound(address, parcel.content)
        refused = await self.store.on_thread(self._ledger.refuses, address)
        if refused:
            raise PushRefused(refused)
        if not sms.text.strip():
            return  # nothing that an SMS could show
        count = await self._send(sms)
        logger.info(
            "event=sms_sent channel=sms conversation=%s characters=%d parts=%d template=%s",
            log_name(parcel.messages[0].conversation_id),
            len(sms.text),
            count,
            parcel.content.get("sms_template", REPLY) if self._client.needs_template else "-",
        )

    async def _send(self, sms: Outbound) -> int:
        """Send it and write it down; as how many it is billed. Raises PushFailed."""
        wait = await self.store.on_thread(self._ledger.wait, sms.number, self._account.a_day)
        if wait:
            raise PushLater("daily_limit", wait)
        if self._client.needs_template and sms.templated is None:
            raise PushRefused("no_template")
        receipt = await asyncio.to_thread(self._client.send, sms)
        count = parts(sms.text, self._account.signature)
        await self.store.on_thread(self._ledger.sent, sms.number, receipt, count)
        return count

    def _outbound(self, number: str, content: dict[str, Any]) -> Outbound:
        template = self._templates[content.get("sms_template") or REPLY]
        values = content.get("params") or {"text": content.get("text")}
        templated = template.at(self._account.provider, values)
        if template.name == REPLY and not self._client.needs_template:
            return Outbound(number, str(content["text"]), None)
        return Outbound(number, template.fill(values), templated)


_NOTHING_HERE = Refused("not_found", "没有这个地址。")
_FORGED = Refused("forged", "签名不对，请检查短信服务商那里填的回调地址和密钥。")
_TOO_LARGE = Refused("too_large", "请求太大了。")
_UNAVAILABLE = Refused("unavailable", "暂时没有收下，请稍后重发。")


def _callback(request: Request, account: SmsSettings) -> Callback:
    path = request.path + (f"?{request.query_string}" if request.query_string else "")
    return Callback(account.public_url + path, request.headers, request.body)
