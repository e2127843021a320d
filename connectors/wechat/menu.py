"""The account's menu: what menu.yml says, as WeChat takes it, and what a press of it means.

python -m connectors.wechat.menu        sets it ("自定义菜单" in WeChat's manual; followers see it within minutes)
"""

from __future__ import annotations

import asyncio
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import PushFailed, SettingsError
from connectors.wechat.client import WeChatClient
from connectors.wechat.settings import account_from_env


@cache
def entries() -> tuple[dict[str, Any], ...]:
    """The entries of menu.yml."""
    return tuple(yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8")))


def payloads() -> dict[str, str]:
    """What Rasa gets of a press → the words on the entry."""
    every = [leaf for entry in entries() for leaf in entry.get("entries", [entry])]
    return {leaf["payload"]: leaf["name"] for leaf in every if "payload" in leaf}


def menu() -> dict[str, Any]:
    """The menu as WeChat takes it."""
    return {"button": [_button(entry) for entry in entries()]}


def _button(entry: dict[str, Any]) -> dict[str, Any]:
    if "entries" in entry:
        return {"name": entry["name"], "sub_button": [_button(each) for each in entry["entries"]]}
    if "url" in entry:
        return {"name": entry["name"], "type": "view", "url": entry["url"]}
    return {"name": entry["name"], "type": "click", "key": entry["payload"]}


async def _set() -> None:
    account = account_from_env()
    if account is None:
        raise SettingsError("LINGXI_WECHAT_APPID is not set: no account to set the menu of")
    client = WeChatClient(account)
    try:
        await client.set_menu(menu())
    finally:
        await client.close()


def main() -> int:
    """Set the menu; the exit code."""
    try:
        asyncio.run(_set())
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except PushFailed as error:
        print(
            f"微信没有接受 / WeChat did not take it: {error.problem}（错误码见微信公众平台“全局返回码”）",
            file=sys.stderr,
        )
        return 1
    print("菜单已设置 / the menu is set")
    return 0


if __name__ == "__main__":
    sys.exit(main())
