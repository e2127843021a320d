"""What the assistant asks of WeChat: the customer-service API, media, the menu, and the token for all of them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from connectors.errors import PushHeld, PushLater, PushRefused
from connectors.tokens import tokens

logger = logging.getLogger(__name__)

API = "https://api.weixin.qq.com"
_SECONDS = aiohttp.ClientTimeout(total=10, connect=5)
_BAD_TOKEN = {40001, 40014, 42001}
# "全局返回码" in WeChat's manual. Held: outside the 48 hours, the quota is used up, follows no more.
_HELD = {45015, 45047, 43004}
_LATER: dict[int, float | None] = {
    -1: None,  # busy
    45011: 30,  # too frequent
    45009: 1800,  # the day's quota of the interface
    48001: 600,  # the account lacks the permission: somebody may give it
    40164: 600,  # this machine's address is not on the account's list
}
_MAX_MEDIA = 10 * 1024 * 1024


@dataclass(frozen=True)
class Account:
    """An official account, as "基本配置" of its console shows it. `api`: where WeChat's API is."""

    appid: str
    secret: str = field(repr=False)
    api: str = API


class WeChatClient:
    """One account's line to WeChat. Make it on the event loop that uses it."""

    def __init__(self, account: Account, redis_url: str = "") -> None:
        """Opens no connection yet. `redis_url`: where the token is shared."""
        self._account = account
        self._http = aiohttp.ClientSession(timeout=_SECONDS)
        self._tokens = tokens(f"wechat:{account.appid}", self._fetch_token, redis_url)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
        await self._tokens.close()

    async def send(self, openid: str, message: Mapping[str, Any]) -> None:
        """A customer-service message. Raises PushHeld, PushLater or PushRefused."""
        await self._ask("/cgi-bin/message/custom/send", {"touser": openid, **message})

    async def notify(self, openid: str, template_id: str, data: Mapping[str, Any]) -> None:
        """A template message, which no window shuts out. Raises PushHeld (follows no more), PushLater or PushRefused."""
        told = {"touser": openid, "template_id": template_id, "data": data}
        await self._ask("/cgi-bin/message/template/send", told)

    async def show_typing(self, openid: str) -> None:
        """Show "对方正在输入". Raises as `send` does."""
        await self._ask("/cgi-bin/message/custom/typing", {"touser": openid, "command": "Typing"})

    async def set_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the account's menu. Raises as `send` does."""
        await self._ask("/cgi-bin/menu/create", menu)

    async def media(self, media_id: str) -> bytes:
        """A picture or voice message that a customer has sent. Raises PushLater or PushRefused."""
        for attempt in (1, 2):
            token = await self._tokens.get()
            query = {"access_token": token, "media_id": media_id}
            try:
                async with self._http.get(f"{self._account.api}/cgi-bin/media/get", params=query) as answer:
                    content = await _read(answer)
                    kind = answer.content_type
            except (aiohttp.ClientError, asyncio.TimeoutError) as error:
                raise PushLater(type(error).__name__) from None
            if kind not in ("application/json", "text/plain"):
                return content
            code = _code(content)
            if code not in _BAD_TOKEN or attempt == 2:
                raise _failure(code)
            await self._tokens.drop(token)
        raise AssertionError("unreachable")

    async def _ask(self, path: str, body: Mapping[str, Any]) -> None:
        """Post, with a fresh token where WeChat refuses the one there was, once."""
        for attempt in (1, 2):
            token = await self._tokens.get()
            code = _code(await self._post(path, body, token))
            if code == 0:
                return
            if code not in _BAD_TOKEN or attempt == 2:
                raise _failure(code)
            await self._tokens.drop(token)

    async def _fetch_token(self) -> tuple[str, float]:
        # Never by force: WeChat itself gives another once this one is void, and counts the forced ones (20 a day).
        body = {
            "grant_type": "client_credential",
            "appid": self._account.appid,
            "secret": self._account.secret,
            "force_refresh": False,
        }
        content = await self._post("/cgi-bin/stable_token", body)
        try:
            told = json.loads(content)
            logger.info("event=token_fetched channel=wechat")
            return str(told["access_token"]), float(told["expires_in"])
        except (ValueError, KeyError, TypeError):
            raise PushLater(f"token {_code(content)}", 60) from None

    async def _post(self, path: str, body: Mapping[str, Any], token: str | None = None) -> bytes:
        # WeChat shows \\u escapes as they stand.
        data = json.dumps(body, ensure_ascii=False).encode()
        query = {"access_token": token} if token else {}
        try:
            async with self._http.post(self._account.api + path, params=query, data=data) as answer:
                return await _read(answer)
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise PushLater(type(error).__name__) from None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > _MAX_MEDIA:
            raise PushRefused("too large")
    return bytes(content)


def _code(content: bytes) -> int:
    """The errcode of an answer; 0 is success, -1 anything that is no answer of WeChat's."""
    try:
        return int(json.loads(content).get("errcode", 0))
    except (ValueError, TypeError, AttributeError):
        return -1


def _failure(code: int) -> Exception:
    if code in _HELD:
        return PushHeld(str(code))
    if code in _LATER:
        return PushLater(str(code), _LATER[code])
    if code in _BAD_TOKEN:
        return PushLater(str(code), 60)
    return PushRefused(str(code))
