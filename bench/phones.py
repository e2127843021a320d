"""Many phones with WeChat beside the stand-in, for `bench.channels`: pushes, and what comes back, with the seconds of both.

Runs in Rasa's environment (the stand-in is made of the channel's own code) and prints JSON. `--floor PORT` serves the other side
of the comparison instead: a process that says "success" to whatever is pushed, and does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from connectors.wechat.settings import account_from_env, keys_from_env
from tests.standins.wechat import WeChat

TEXTS = ("你好", "运费怎么算", "发票怎么开", "我的订单到哪了", "谢谢")
"""A visitor's conversation; every message is answered."""
REPLY_SECONDS = 180


@dataclass
class Phones(WeChat):
    """The stand-in; tells each phone when the account has sent something."""

    rings: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def _send(self, request: web.Request) -> web.Response:
        answer = await super()._send(request)
        if json.loads(answer.text or "{}").get("errcode") == 0:
            self.rings[json.loads(await request.text())["touser"]].set()
        return answer


@dataclass
class Told:
    """Seconds of each acknowledgement, of the idle process's beside it, and of each reply; how many were not acknowledged."""

    acks: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    replies: list[float] = field(default_factory=list)
    refused: int = 0
    wall: float = 0.0


def new_openid() -> str:
    """Somebody who has never written."""
    return f"o{secrets.token_hex(13)}"


async def push(phones: Phones, floor: WeChat, told: Told, openid: str, fields: dict[str, Any]) -> None:
    """One push to the account, and the same to the idle process at the same moment."""
    phones._allow(openid, 5, 3600)
    query, body = phones.sealed(openid, fields)
    ours, idle = await asyncio.gather(phones.deliver(query, body), floor.deliver(query, body))
    told.refused += ours.status != 200
    told.acks.append(ours.seconds)
    told.floor.append(idle.seconds)


async def stream(phones: Phones, floor: WeChat, rate: float, seconds: float, said: bool) -> Told:
    """So many pushes a second, each from another phone: messages, or (`said` false) events that nobody answers."""
    told, began = Told(), time.monotonic()
    going = set()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        text = {"MsgType": "text", "Content": TEXTS[number % len(TEXTS)], "MsgId": str(next(phones._ids))}
        fields = text if said else {"MsgType": "event", "Event": "VIEW", "EventKey": "https://shop.example"}
        going.add(asyncio.ensure_future(push(phones, floor, told, new_openid(), fields)))
    await asyncio.gather(*going)
    told.wall = time.monotonic() - began
    return told


async def crowd(phones: Phones, floor: WeChat, conversations: int, texts: tuple[str, ...]) -> Told:
    """Conversations at once; each says the next thing when it has its answer."""
    told = Told()

    async def converse() -> None:
        openid = new_openid()
        for text in texts:
            phones.rings[openid].clear()
            began = time.monotonic()
            fields = {"MsgType": "text", "Content": text, "MsgId": str(next(phones._ids))}
            await push(phones, floor, told, openid, fields)
            await asyncio.wait_for(phones.rings[openid].wait(), REPLY_SECONDS)
            told.replies.append(time.monotonic() - began)

    began = time.monotonic()
    await asyncio.gather(*(converse() for _ in range(conversations)))
    told.wall = time.monotonic() - began
    return told


async def serve_floor(port: int) -> None:
    """Acknowledge whatever comes, until killed."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(text="success")

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Serve WeChat's API, push, and tell what came of it."""
    account, keys = account_from_env(), keys_from_env()
    assert account is not None
    assert keys is not None
    phones = Phones(keys, account.secret, options.callback)
    floor = WeChat(keys, account.secret, f"http://127.0.0.1:{options.floor_port}/")
    app = web.Application()
    app.add_routes(phones.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    await crowd(phones, floor, min(2, options.conversations), TEXTS)  # warm
    told = {
        "quiet": await stream(phones, floor, options.rate, options.seconds / 2, said=False),
        "crowd": await crowd(phones, floor, options.conversations, TEXTS[: options.texts]),
        "busy": await stream(phones, floor, options.rate, options.seconds, said=True),
    }
    await runner.cleanup()
    return {name: vars(each) for name, each in told.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--floor", type=int, metavar="PORT")
    for name in ("port", "floor-port", "conversations", "texts"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("rate", "seconds"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--callback")
    options = parser.parse_args()
    if options.floor:
        asyncio.run(serve_floor(options.floor))
    else:
        print(json.dumps(asyncio.run(measure(options))))


if __name__ == "__main__":
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    main()
