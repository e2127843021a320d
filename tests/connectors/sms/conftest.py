"""A shop's server, and its SMS provider with telephones."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.running import RunningServer
from tests.services import free_port
from tests.standins import sms as standin
from tests.standins.serving import serving
from tests.standins.sms import account, network_of

PROVIDERS = ("aliyun", "tencent", "twilio")


class Shop:
    """The server at one end, the telephones at the other."""

    def __init__(self, server: RunningServer, network: standin.Network) -> None:
        self.server = server
        self.network = network
        self.provider = network.provider

    def write(self, number: str, text: str, **more: str) -> int:
        return self.network.write(number, text, **more)

    def received(self, number: str, count: int = 1, seconds: float = 8) -> list[str]:
        """What the shop has sent to this number, as soon as that is at least `count`; without the signature."""
        deadline = time.monotonic() + seconds
        while len(found := self._lines(number)) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return [
            line.text.removeprefix(f"【{standin.SIGNATURE}】").removeprefix("客服回复：") for line in found
        ]

    def _lines(self, number: str) -> list[standin.Line]:
        return [line for line in self.network.lines.get(number, []) if line.who == "shop"]

    def receipts(self, number: str) -> list[str]:
        return [line.receipt for line in self._lines(number)]

    def say(
        self, number: str, text: str | None, custom: dict[str, Any] | None = None, **metadata: Any
    ) -> int:
        """A person answers in the number's conversation, or the bot speaks by itself (`custom`)."""
        (conversation,) = {each["sender"] for each in self.server.heard() if number[-4:] in each["text"]}
        told = {"agent_id": "A7", **metadata} if custom is None else {}
        event = {"event": "bot", "text": text, "data": {"custom": custom}, "metadata": told}
        return self.server.post(
            "/test/event", {"channel": "sms", "conversation": conversation, "event": event}
        )[0]

    def settle(self, number: str, seconds: float = 8) -> None:
        """Return when what the number has written last is handled."""
        deadline = time.monotonic() + seconds
        last = [line.text for line in self.network.lines[number] if line.who == "customer"][-1]
        while last not in self.heard(number) and time.monotonic() < deadline:
            time.sleep(0.05)

    def heard(self, number: str) -> list[str]:
        """What reached the agent; every test has a number of its own and writes it into its words."""
        return [each["text"] for each in self.server.heard() if number[-4:] in each["text"]]


@contextmanager
def opened(folder: Path, provider: str, **environ: str) -> Iterator[Shop]:
    """A shop with this provider."""
    port = free_port()
    told = {**account(folder, provider, port), **environ}
    server = RunningServer(folder, environ=told)
    server.environ.setdefault("LINGXI_SMS_PUBLIC_URL", server.origin)
    network = network_of(told, server.origin)
    with serving(network.routes(), port):
        try:
            yield Shop(server.start(), network)
        finally:
            server.end(signal.SIGKILL)


@pytest.fixture(scope="session", params=PROVIDERS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One running shop a provider, for all tests that do not stop it."""
    with opened(tmp_path_factory.mktemp(request.param), request.param) as running:
        yield running


@pytest.fixture(scope="session")
def number() -> Callable[[], str]:
    """A mainland number that nobody has used."""
    numbers = iter(range(1000, 10_000))
    return lambda: f"+86139{int(time.time() * 10) % 10_000:04}{next(numbers)}"
