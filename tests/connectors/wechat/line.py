"""WeChat's stand-in with a server of ours that it pushes to, and a hand on both."""

from __future__ import annotations

import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from connectors.wechat.codec import Keys, aes_key
from tests.connectors.running import RunningServer
from tests.services import free_port
from tests.standins.app import AppServer
from tests.standins.sample import Sample
from tests.standins.serving import Thread, serving
from tests.standins.sms import account, network_of
from tests.standins.wechat import Delivery, WeChat

APPID, APP_SECRET, TOKEN = "wx5f2b1c0d9e8a7463", "app-secret-of-the-tests", "token-of-the-tests"
AES_KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"


@dataclass
class Line:
    """WeChat, our server, and a hand on both."""

    wechat: WeChat
    server: RunningServer
    thread: Thread

    def say(self, openid: str, text: str, option: str | None = None) -> list[Delivery]:
        return self.thread.run(self.wechat.say(openid, text, option))

    def event(self, openid: str, event: str, key: str = "") -> list[Delivery]:
        return self.thread.run(self.wechat.event(openid, event, key))

    def send(self, openid: str, **fields: Any) -> list[Delivery]:
        return self.thread.run(self.wechat.send(openid, fields))

    def conversation(self, openid: str) -> str:
        return str(self.server.get(f"/test/conversation?channel=wechat&address={openid}"))

    def answers(self, openid: str, count: int = 1, seconds: float = 10) -> list[dict[str, Any]]:
        """What the account has sent, once that is so much."""
        return until(lambda: self._sent(openid), lambda sent: len(sent) >= count, seconds)

    def words(self, openid: str, *wanted: str, seconds: float = 10) -> list[str]:
        """All texts, once those wanted are there."""
        def texts() -> list[str]:
            return [str(each.get("text")) for each in self._sent(openid)]

        return until(texts, lambda said: all(any(word in each for each in said) for word in wanted), seconds)

    def _sent(self, openid: str) -> list[dict[str, Any]]:
        return [each for each in self.wechat.shown[openid] if each["from"] == "account"]


def until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float) -> Any:
    """What is seen once it is good."""
    deadline = time.monotonic() + seconds
    while not good(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen


@contextmanager
def connected(folder: Path, *options: str, safe: bool = True, **environ: str) -> Iterator[Line]:
    """A stand-in and a server that know each other; in safe mode everything is encrypted."""
    port = free_port()
    told = {
        "LINGXI_WECHAT_APPID": APPID,
        "LINGXI_WECHAT_SECRET": APP_SECRET,
        "LINGXI_WECHAT_TOKEN": TOKEN,
        "LINGXI_WECHAT_API_URL": f"http://127.0.0.1:{port}",
        **({"LINGXI_WECHAT_AES_KEY": AES_KEY} if safe else {}),
        **environ,
    }
    server = RunningServer(folder, *options, environ=told)
    keys = Keys(TOKEN, APPID, (aes_key(AES_KEY),) if safe else ())
    wechat = WeChat(keys, APP_SECRET, f"{server.origin}/webhooks/wechat/")
    app = AppServer(secrets.token_hex(16))
    told |= {
        "LINGXI_APP_CALLBACK_URL": f"http://127.0.0.1:{port}/callback",
        "LINGXI_APP_CALLBACK_SECRET": app.secret,
    }
    sample = Sample(f"{server.origin}/webhooks/sample/")
    told |= {"SAMPLE_URL": f"http://127.0.0.1:{port}/sample"}
    told |= account(folder / "sms", "aliyun", port)
    sms = network_of(told, server.origin)
    with serving([*sms.routes(), *wechat.routes(), *app.routes(), *sample.routes()], port) as thread:
        try:
            line = Line(wechat, server, thread)
            server.lines = SimpleNamespace(wechat=line, app=app, sample=sample, sms=sms)
            server.start()
            yield line
        finally:
            server.end(signal.SIGKILL)
