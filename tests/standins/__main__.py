"""The stand-ins as servers, with a page that is a customer's phone: what `make run STANDINS=1` starts.

    python -m tests.standins --port 9100

The account's secrets are those that the channels read from the environment.
"""

from __future__ import annotations

import argparse
import os
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from connectors.wechat.menu import menu
from connectors.wechat.settings import account_from_env, keys_from_env
from tests.standins.sms import network_of
from tests.standins.wechat import HOURS_48, WeChat

PAGE = Path(__file__).with_name("phone.html")
SMS_PAGE = Path(__file__).with_name("sms.html")


def phone(wechat: WeChat, prefix: str) -> list[web.RouteDef]:
    """What the page asks for."""

    async def shown(request: web.Request) -> web.Response:
        openid = request.query["openid"]
        entries = [leaf for each in menu()["button"] for leaf in each.get("sub_button", [each]) if "key" in leaf]
        return web.json_response(
            {
                "shown": wechat.shown[openid],
                "typing": openid in wechat.typing,
                "menu": entries,
                "left": wechat.left(openid),
            }
        )

    async def say(request: web.Request) -> web.Response:
        told = await request.json()
        return _delivered(await wechat.say(request.query["openid"], told["text"], told.get("option")))

    async def event(request: web.Request) -> web.Response:
        told = await request.json()
        return _delivered(await wechat.event(request.query["openid"], told["event"], told.get("key", "")))

    async def picture(request: web.Request) -> web.Response:
        openid, media_id = request.query["openid"], secrets.token_hex(8)
        wechat.media[media_id] = (request.content_type, await request.read())
        wechat.shown[openid].append({"from": "customer", "picture": f"phone/wechat/media/{media_id}"})
        return _delivered(await wechat.send(openid, {"MsgType": "image", "MediaId": media_id, "PicUrl": ""}))

    async def media(request: web.Request) -> web.Response:
        kind, content = wechat.media[request.match_info["id"]]
        return web.Response(body=content, content_type=kind)

    async def later(_request: web.Request) -> web.Response:
        wechat.ahead += HOURS_48 + 3600
        return _delivered([])

    async def expire(_request: web.Request) -> web.Response:
        wechat.expire_tokens()
        return _delivered([])

    return [
        web.get(f"{prefix}/shown", shown),
        web.get(f"{prefix}/media/{{id}}", media),
        *(web.post(f"{prefix}/{each.__name__}", each) for each in (say, event, picture, later, expire)),
    ]


def _delivered(deliveries: list[Any]) -> web.Response:
    return web.json_response({"deliveries": [asdict(each) for each in deliveries]})


def main() -> None:
    """Serve until killed."""
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    account, keys = account_from_env(), keys_from_env()
    assert account is not None and keys is not None, "the account's variables are missing"
    rasa = os.environ.get("LINGXI_RASA_URL") or f"http://127.0.0.1:{os.environ['LINGXI_RASA_PORT']}"
    wechat = WeChat(keys, account.secret, f"{rasa}/webhooks/wechat/")

    async def page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE)

    async def sms_page(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(SMS_PAGE)

    sms = network_of(os.environ, rasa)
    app = web.Application(client_max_size=12 * 1024 * 1024)
    app.add_routes([web.get("/", page), *wechat.routes("/wechat"), *phone(wechat, "/phone/wechat")])
    app.add_routes([web.get("/sms", sms_page), *sms.routes()])
    web.run_app(app, host="127.0.0.1", port=options.parse_args().port, print=None)


if __name__ == "__main__":
    main()
