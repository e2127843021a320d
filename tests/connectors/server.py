"""The channels on a real Sanic server, with a scripted agent where Rasa's would be.

    python -m tests.connectors.server --port 5999 --folder /tmp/x

The folder keeps the database and pictures, so a killed server can be started again on it. What the customer says decides:
`慢` takes a second · `先` says a sentence and takes a second for the next · `错` raises · `按钮` and `修改` offer buttons · `图` shows a picture · `多` answers twice · `静` says nothing ·
anything else is repeated. `GET /test/heard` lists what reached the agent; `POST /test/event` does what Rasa's
`/conversations/{id}/tracker/events?output_channel=latest&execute_side_effects=true` does with a `bot` event.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from rasa.core.channels.channel import UserMessage, register
from rasa.shared.core.events import Event
from rasa.shared.utils.common import class_from_module_path
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components.lock_store import LockStore
from connectors.limits import Limits, Rate
from connectors.settings import Settings
from tests.connectors.running import BUTTONS, CHANGE, ROOT, SECRET


def channel_classes() -> list[Any]:
    """The channels that credentials.yml names, and what its next line would."""
    named = [*yaml.safe_load((ROOT / "credentials.yml").read_text("utf-8")), "tests.connectors.sample.SampleInput"]
    return [class_from_module_path(path) for path in named]


class ScriptedAgent:
    """Hears and answers as the script above says."""

    def __init__(self, redis_url: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self.lock_store = LockStore(url=redis_url)

    async def handle_message(self, message: UserMessage) -> None:
        text = str(message.text)
        self.heard.append(
            {
                "text": text,
                "sender": message.sender_id,
                "message_id": message.message_id,
                "input_channel": message.input_channel,
                "metadata": message.metadata,
            }
        )
        if "先" in text:
            await message.output_channel.send_response(message.sender_id, {"text": "先说一句。"})
            await asyncio.sleep(1)
        if "慢" in text:
            await asyncio.sleep(1)
        if "错" in text:
            raise ValueError(f"cannot handle {text} {message.metadata}")
        for answer in _answers(text, message.metadata):
            await message.output_channel.send_response(message.sender_id, answer)


def _answers(text: str, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    if "静" in text:
        return []
    if "按钮" in text:
        return [{"text": "您要取消订单 202606010001 吗？", "buttons": BUTTONS}]
    if "修改" in text:
        return [{"text": "您要修改订单 202606010001 的地址吗？", "buttons": CHANGE}]
    if "多" in text:
        return [{"text": "第一条\n\n第二条"}, {"text": "第三条 https://shop.example/help?a=1。"}]
    if "图" in text and not metadata.get("media"):
        return [{"text": "给您看一下：", "image": "/webhooks/webchat/embed.js"}]
    if metadata.get("media"):
        return [{"text": "图片收到了，请问需要什么帮助？"}]
    return [{"text": f"您说：{text}"}]


def make_app(settings: Settings) -> Sanic:
    """A server as Rasa makes it, as far as channels can tell."""
    app = Sanic("lingxi_connectors_test", configure_logging=False)
    app.ctx.agent = ScriptedAgent(settings.redis_url)
    channels = [each.build(settings) for each in channel_classes()]
    register(channels, app, route="/webhooks/")

    @app.get("/test/heard")
    async def heard(_request: Request) -> HTTPResponse:
        return response.json(app.ctx.agent.heard)

    @app.get("/test/conversation")
    async def conversation(request: Request) -> HTTPResponse:
        found = await channels[0].store.on_thread(
            channels[0].outbox.reach, request.args["channel"][0], request.args["address"][0]
        )
        return response.json(found.id)

    @app.get("/test/settled")
    async def settled(request: Request) -> HTTPResponse:
        """Answers when everything said in the conversation is handled, and everything answered is pushed."""
        mine, store = request.args["conversation"][0], channels[0].store
        pushing = [each for each in channels if each.is_on() and each.can_push]
        while (
            any(hasattr(each, "intake") and each.intake.busy for each in channels if each.is_on())
            or any(each.turns.busy(mine) for each in channels if each.is_on())
            or await store.on_thread(store.waiting_count, mine)
            or any([await store.on_thread(each.outbox.pending, mine, each.name()) for each in pushing])
        ):
            await asyncio.sleep(0.01)
        return response.json({})

    @app.post("/test/event")
    async def event(request: Request) -> HTTPResponse:
        data = request.json
        channel = next(c for c in channels if c.name() == data["channel"])
        said = Event.from_parameters(data["event"])
        await channel.get_output_channel().send_response(data["conversation"], said.message())
        return response.json({})

    @app.get("/test/shop")
    async def shop(request: Request) -> HTTPResponse:
        """A page of a shop that embeds the chat of the server named in `chat`."""
        args = {name: request.args.get(name, "") for name in ("chat", "token", "fresh")}
        refresh = (
            f"window.freshToken = async () => {args['fresh']!r} || null;" if "fresh" in request.args else ""
        )
        function = 'data-token-function="freshToken"' if refresh else ""
        token = f'data-customer-token="{args["token"]}"' if args["token"] else ""
        return response.html(
            f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>商城</title><h1>灵犀商城</h1><p>欢迎选购。</p><script>{refresh}</script>
            <script src="{args["chat"]}/webhooks/webchat/embed.js" {token} {function} data-title="商城客服"></script>"""
        )

    return app


def limits(text: str) -> Limits:
    """All tests come from one address: only what `text` names, and a conversation, is limited as in earnest."""
    told: dict[str, Any] = {"conversation_messages": Limits().conversation_messages}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        numbers = [int(number) for number in value.split("/")]
        told[name] = Rate(*numbers) if len(numbers) == 2 else numbers[0]
    return replace(Limits().times(1000), **told)


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--database-url", default="")
    options.add_argument("--redis-url", default="")
    options.add_argument("--origins", default="")
    options.add_argument("--no-demo", action="store_true")
    options.add_argument("--limits", default="", help="such as address_pictures=2/1,address_sockets=3")
    args = options.parse_args()
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("asyncio").setLevel(logging.INFO)
    settings = Settings(
        demo=not args.no_demo,
        customer_jwt_secret=SECRET,
        database_url=args.database_url or f"sqlite:///{args.folder}/connectors.db",
        media_folder=args.folder / "media",
        webchat_origins=tuple(origin for origin in args.origins.split(",") if origin),
        limits=limits(args.limits),
        redis_url=args.redis_url,
    )
    make_app(settings).run(host="127.0.0.1", port=args.port, access_log=True)


if __name__ == "__main__":
    main()
