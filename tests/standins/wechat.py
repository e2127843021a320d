"""WeChat as far as an official account can tell: pushes, the customer-service API, tokens and quotas.

Rules: "客服消息", "获取稳定版接口调用凭据" and "接收消息" in WeChat's manual. What is
pushed is signed (and sealed, with an AES key); a push without a good answer within five seconds is delivered again, three
times in all; a customer's message allows five messages within 48 hours, a click, a scan or following three within a minute.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from connectors.wechat.codec import Keys, encrypt, signature

HOURS_48 = 48 * 3600
MOST_BYTES = 2048
TOKEN_SECONDS = 7200


@dataclass
class Allowance:
    """What the account may still send to one customer."""

    left: int = 0
    until: float = 0.0


@dataclass
class Delivery:
    """One push as it was delivered: HTTP status (0: no answer in time), body, and seconds taken."""

    status: int
    answer: str
    seconds: float


@dataclass
class WeChat:
    """WeChat's servers, and the phones of its users.

    Attributes:
        keys: what the account and WeChat agree on; without AES keys pushes are plain.
        callback: where the account takes pushes.
        patience: seconds until a push counts as not taken.
        ahead: seconds by which WeChat's clock is ahead, to see what tomorrow brings.
        busy: how many of the next calls are answered with -1.
        templates: template message's id → its fields, as the account has them.
        shown: openid → what the phone shows: {"from", "text" | ...}, oldest first.
        calls: paths asked for, in order.
    """

    keys: Keys
    secret: str
    callback: str
    patience: float = 5.0
    ahead: float = 0.0
    busy: int = 0
    shown: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    calls: list[str] = field(default_factory=list)
    menu: dict[str, Any] = field(default_factory=dict)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    typing: set[str] = field(default_factory=set)
    templates: dict[str, set[str]] = field(default_factory=dict)
    _allowed: dict[str, Allowance] = field(default_factory=lambda: defaultdict(Allowance))
    _followers: set[str] = field(default_factory=set)
    _reports: set[Any] = field(default_factory=set)
    _token: str = ""
    _token_until: float = 0.0
    _old_tokens: set[str] = field(default_factory=set)
    _ids: Any = field(default_factory=lambda: itertools.count(24_000_000_000_000_000))

    def now(self) -> float:
        return time.time() + self.ahead

    def expire_tokens(self) -> None:
        """What was given out is void."""
        self._token_until = 0.0

    # The phone

    async def say(self, openid: str, text: str, option: str | None = None, **more: Any) -> list[Delivery]:
        """A customer types, or taps an option of a menu message."""
        self.shown[openid].append({"from": "customer", "text": text})
        extra = {"bizmsgmenuid": option} if option else {}
        return await self.send(openid, {"MsgType": "text", "Content": text, **extra}, **more)

    async def send(self, openid: str, fields: dict[str, Any], message_id: str | None = None) -> list[Delivery]:
        """A message of any type."""
        self._allow(openid, 5, HOURS_48)
        return await self.push(openid, {"MsgId": message_id or str(next(self._ids)), **fields})

    async def event(self, openid: str, event: str, key: str = "", **fields: Any) -> list[Delivery]:
        """Follows, scans, presses a menu entry …"""
        if event == "unsubscribe":
            self._followers.discard(openid)
        elif event in ("subscribe", "SCAN", "CLICK"):
            self._allow(openid, 3, 60)
        return await self.push(openid, {"MsgType": "event", "Event": event, "EventKey": key, **fields})

    def _allow(self, openid: str, count: int, seconds: float) -> None:
        self._followers.add(openid)
        self._allowed[openid] = Allowance(count, self.now() + seconds)

    def left(self, openid: str) -> int:
        """How many messages the account may send now."""
        allowed = self._allowed[openid]
        return allowed.left if self.now() <= allowed.until else 0

    # What the account is sent

    def sealed(self, openid: str, fields: dict[str, Any]) -> tuple[dict[str, str], bytes]:
        """Query and body of a push."""
        told = {"ToUserName": "gh_standin", "FromUserName": openid, "CreateTime": int(time.time()), **fields}
        xml = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())
        body = f"<xml>{xml}</xml>".encode()
        timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query = {"timestamp": timestamp, "nonce": nonce, "openid": openid}
        query["signature"] = signature(self.keys.token, timestamp, nonce)
        if self.keys.aes_keys:
            sealed = encrypt(self.keys, body)
            query |= {"encrypt_type": "aes", "msg_signature": signature(self.keys.token, timestamp, nonce, sealed)}
            body = f"<xml><ToUserName>gh_standin</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()
        return query, body

    async def push(self, openid: str, fields: dict[str, Any]) -> list[Delivery]:
        """Deliver, again and again until it is taken or three times; what came of each."""
        query, body = self.sealed(openid, fields)
        tries: list[Delivery] = []
        while len(tries) < 3 and not any(each.status == 200 for each in tries):
            tries.append(await self.deliver(query, body))
        return tries

    async def deliver(self, query: dict[str, str], body: bytes) -> Delivery:
        """Deliver once."""
        began = time.monotonic()
        try:
            timeout = aiohttp.ClientTimeout(total=self.patience)
            async with (
                aiohttp.ClientSession(timeout=timeout) as line,
                line.post(self.callback, params=query, data=body, headers={"Content-Type": "text/xml"}) as answer,
            ):
                text = await answer.text()
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError):
            status, text = 0, ""
        if status == 200 and text not in ("", "success"):
            status = 0  # 该公众号暂时无法提供服务
        return Delivery(status, text, time.monotonic() - began)

    # What the account asks for

    def routes(self, prefix: str = "") -> list[web.RouteDef]:
        """WeChat's API."""
        api = f"{prefix}/cgi-bin"
        return [
            web.post(f"{api}/stable_token", self._stable_token),
            web.post(f"{api}/message/custom/send", self._guarded(self._send)),
            web.post(f"{api}/message/custom/typing", self._guarded(self._typing)),
            web.post(f"{api}/message/template/send", self._guarded(self._template)),
            web.post(f"{api}/menu/create", self._guarded(self._menu)),
            web.get(f"{api}/media/get", self._guarded(self._media)),
        ]

    async def _stable_token(self, request: web.Request) -> web.Response:
        self.calls.append(request.path)
        asked = json.loads(await request.text())
        if asked.get("appid") != self.keys.appid or asked.get("grant_type") != "client_credential":
            return _error(40013, "invalid appid")
        if asked.get("secret") != self.secret:
            return _error(40125, "invalid appsecret")
        if time.time() >= self._token_until or asked.get("force_refresh"):
            self._old_tokens.add(self._token)
            self._token, self._token_until = secrets.token_urlsafe(60), time.time() + TOKEN_SECONDS
        return web.json_response({"access_token": self._token, "expires_in": int(self._token_until - time.time())})

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self.calls.append(request.path)
            token = request.query.get("access_token", "")
            if token in self._old_tokens or (token == self._token and time.time() >= self._token_until):
                return _error(42001, "access_token expired")
            if not token or token != self._token:
                return _error(40001, "invalid credential")
            if self.busy > 0:
                self.busy -= 1
                return _error(-1, "system error")
            answer: web.StreamResponse = await handler(request)
            return answer

        return guarded

    async def _send(self, request: web.Request) -> web.Response:
        raw = await request.text()
        message = json.loads(raw)
        openid, kind = message.get("touser", ""), message.get("msgtype", "")
        if openid not in self.shown and openid not in self._allowed:
            return _error(40003, "invalid openid")
        if openid not in self._followers:
            return _error(43004, "require subscribe")
        showing = _showing(kind, message.get(kind) or {})
        if showing is None:
            return _error(40008, "invalid message type")
        if len(str(showing.get("text", "")).encode()) > MOST_BYTES:
            return _error(45002, "content size out of limit")
        allowed = self._allowed[openid]
        if self.now() > allowed.until:
            return _error(45015, "response out of time limit or subscription is canceled")
        if allowed.left <= 0:
            return _error(45047, "out of response count limit")
        allowed.left -= 1
        self.typing.discard(openid)
        self.shown[openid].append({"from": "account", **showing})
        return _error(0, "ok")

    async def _template(self, request: web.Request) -> web.Response:
        told = json.loads(await request.text())
        openid, fields = told.get("touser", ""), self.templates.get(told.get("template_id", ""))
        if openid not in self.shown and openid not in self._allowed:
            return _error(40003, "invalid openid")
        if fields is None:
            return _error(40037, "invalid template_id")
        values = {name: str(each.get("value", "")) for name, each in (told.get("data") or {}).items()}
        if set(values) != fields or not all(0 < len(each) <= 20 for each in values.values()):
            return _error(47003, "argument invalid! data")
        if openid not in self._followers:
            return _error(43004, "require subscribe")
        self.shown[openid].append({"from": "account", "template": told["template_id"], "text": " ".join(values.values())})
        sent = next(self._ids)
        job = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": sent, "Status": "success"}
        reporting = asyncio.ensure_future(self.push(openid, job))
        self._reports.add(reporting)
        reporting.add_done_callback(self._reports.discard)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": sent})

    async def _typing(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.text())
        if asked.get("command") not in ("Typing", "CancelTyping"):
            return _error(45072, "command parameter error")
        self.typing.add(asked["touser"])
        return _error(0, "ok")

    async def _menu(self, request: web.Request) -> web.Response:
        self.menu = json.loads(await request.text())
        return _error(0, "ok")

    async def _media(self, request: web.Request) -> web.Response:
        found = self.media.get(request.query.get("media_id", ""))
        if found is None:
            return _error(40007, "invalid media_id")
        return web.Response(body=found[1], content_type=found[0])


def _showing(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """What the phone shows of a message; None where it is none that WeChat knows."""
    if kind == "text" and content.get("content"):
        return {"text": content["content"]}
    if kind == "msgmenu" and content.get("list"):
        options = [{"id": str(each["id"]), "title": str(each["content"])} for each in content["list"]]
        return {"text": content.get("head_content", ""), "options": options}
    if kind == "news" and len(content.get("articles", [])) == 1:
        article = content["articles"][0]
        return {"text": article["title"], "picture": article.get("picurl"), "url": article.get("url")}
    return None


def _error(code: int, text: str) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": text})
