"""A shop's server, and its SMS provider with telephones."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.sms import templates
from tests.connectors.running import RunningServer
from tests.services import free_port
from tests.standins import sms as standin

PATH_SECRET = "path-secret-of-the-tests-0123"
PROVIDERS = ("aliyun", "tencent", "twilio")


class Shop:
    """The server at one end, the telephones at the other."""

    def __init__(self, server: RunningServer, network: standin.Network, sending: Any) -> None:
        self.server = server
        self.network = network
        self.provider = network.provider
        self.sending = sending

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

    def heard(self, number: str) -> list[str]:
        """What reached the agent; every test has a number of its own and writes it into its words."""
        return [each["text"] for each in self.server.heard() if number[-4:] in each["text"]]


def registered(path: Path) -> Path:
    """The shipped templates, each registered at both providers."""
    told = yaml.safe_load(Path(templates.__file__).with_suffix(".yml").read_text("utf-8"))
    for number, each in enumerate(told.values(), start=1):
        each |= {"aliyun": f"SMS_{number:06}", "tencent": str(1_000_000 + number)}
    path.write_text(yaml.safe_dump(told, allow_unicode=True), "utf-8")
    return path


@contextmanager
def opened(folder: Path, provider: str, **environ: str) -> Iterator[Shop]:
    """A shop with this provider."""
    folder.mkdir(parents=True, exist_ok=True)
    own, port = registered(folder / "templates.yml"), free_port()
    told = {
        "LINGXI_SMS_PROVIDER": provider,
        "LINGXI_SMS_KEY_ID": standin.KEY_ID,
        "LINGXI_SMS_KEY_SECRET": standin.KEY_SECRET,
        "LINGXI_SMS_SIGNATURE": standin.SIGNATURE,
        "LINGXI_SMS_SENDER": standin.APP_ID if provider == "tencent" else standin.NUMBER,
        "LINGXI_SMS_PATH_SECRET": PATH_SECRET,
        "LINGXI_SMS_API_URL": f"http://127.0.0.1:{port}",
        "LINGXI_SMS_TEMPLATES": str(own),
        **environ,
    }
    server = RunningServer(folder, environ=told)
    server.environ.setdefault("LINGXI_SMS_PUBLIC_URL", server.origin)
    callback = f"{server.origin}/webhooks/sms/{PATH_SECRET}"
    network = standin.Network(provider, callback, standin.read_templates(own, provider))
    sending = standin.serve(network, port)
    try:
        yield Shop(server.start(), network, sending)
    finally:
        server.end(signal.SIGKILL)
        sending.shutdown()


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
