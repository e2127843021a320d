"""What goes wrong meanwhile, one trouble after another, in turn and at random intervals: crashes, floods, nonsense, held stores."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
import uuid
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.serving.raw import request
from tests.serving.test_servers import API, BODIES, JSON, LENGTHS
from tests.soak.world import Said, World

FLOOD, FLOODERS = 200, 40
RESTART = (0.5, 2.0)
"""Seconds after which the supervisor starts again what has died."""


class Troubles(threading.Thread):
    """Makes one trouble after another until shortly before the end."""

    def __init__(self, world: World, pause: tuple[float, float], calm: float) -> None:
        """`pause`: seconds between two troubles; `calm`: seconds before the end from which there are none."""
        super().__init__(daemon=True, name="troubles")
        self._world, self._stack, self._pause, self._calm = world, world.stack, pause, calm
        self._dice = world.dice("troubles")
        kills = [partial(self._kill, name) for name in self._stack.names()]
        held = [partial(self._hold, store) for store in ("connectors", "tracker", "backoffice")]
        self._all: list[Callable[[], None]] = [*kills, *kills, *held, self._flood, self._fuzz, self._pictures, self._slow, self._vanish]

    def run(self) -> None:
        while True:
            self._dice.shuffle(self._all)
            for trouble in self._all:
                time.sleep(self._dice.uniform(*self._pause))
                if self._world.over(self._calm):
                    return
                name = " ".join([getattr(trouble, "func", trouble).__name__.strip("_"), *getattr(trouble, "args", ())])
                try:
                    trouble()
                except Exception as error:
                    self._world.wrong.append(f"{name} fell over: {type(error).__name__} {error}"[:300])
                self._world.troubles[name] = self._world.troubles.get(name, 0) + 1

    def _kill(self, name: str) -> None:
        """A crash, in the middle of some work where there is any; started again as the supervisor would."""
        until = time.time() + 5
        while time.time() < until and not self._world.channel_rows("select 1 from messages where waiting and attempts > 0 limit 1"):
            time.sleep(0.005)
        with self._world.down(name):
            self._stack.kill(name)
            time.sleep(self._dice.uniform(*RESTART))
            self._stack.start(name)

    def _hold(self, store: str) -> None:
        """A backup, a migration, a slow disk: nobody may write for some seconds."""
        with self._world.down(f"store {store}"):
            self._stack.hold(store, self._dice.uniform(2, 5))

    def _flood(self) -> None:
        """One address says much at once; what is taken is answered like all else."""
        address = f"10.66.{self._dice.randint(0, 255)}.{self._dice.randint(1, 254)}"

        def say(number: int) -> int:
            said = Said(f"flood-{uuid.uuid4().hex}", uuid.uuid4().hex, "你好", time.time(), vanished=True)
            self._world.said.append(said)
            return self._say(said, address, 60)

        with ThreadPoolExecutor(FLOODERS) as pool:
            answers = list(pool.map(say, range(FLOOD)))
        self._world.refused += answers.count(429)

    def _say(self, said: Said, address: str, seconds: float) -> int:
        body = {"sender": said.conversation, "message": said.text, "message_id": said.id}
        began = time.time()
        try:
            url = f"{self._stack.urls['rasa']}/webhooks/rest/webhook"
            status = httpx.post(url, json=body, headers={"X-Forwarded-For": address}, timeout=seconds).status_code
        except httpx.HTTPError:
            return 0
        if status >= 500:
            self._world.fault(f"rest {status}", began)
        return status

    def _fuzz(self) -> None:
        """Bodies, lengths and JSON that no client sends, at every server."""
        for method, path in self._dice.sample(API, 5):
            token = f"{'&' if '?' in path else '?'}token={self._stack.environ['LINGXI_RASA_TOKEN']}"
            for body in self._dice.sample(BODIES, 4):
                self._ask("rasa", request(method, path + (token if self._dice.random() < 0.5 else ""), body))
        for name in ("rasa", "actions"):
            for length in self._dice.sample(LENGTHS, 3):
                self._ask(name, f"POST /webhook HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\nhello".encode())
        bearer = f"Authorization: Bearer {self._stack.environ['LINGXI_SERVICE_TOKEN']}"

        @settings(max_examples=8, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(body=JSON)
        def any_json(body: Any) -> None:
            told = json.dumps(body).encode()
            self._ask("rasa", request("POST", "/webhooks/rest/webhook", told))
            self._ask("actions", request("POST", "/webhook", told))
            self._ask("backoffice", request("POST", "/api/v1/tickets", told, bearer, f"Idempotency-Key: {uuid.uuid4().hex}"))

        any_json()

    def _ask(self, name: str, data: bytes) -> None:
        """Send bytes; a 5xx goes into the book, and so does silence."""
        host, port = self._stack.urls[name].removeprefix("http://").split(":")
        began = time.time()
        try:
            with socket.create_connection((host, int(port)), timeout=60) as line:
                line.sendall(data)
                heard = line.recv(65536)
        except TimeoutError:
            self._world.wrong.append(f"{name} said nothing for 60 s to {data[:60]!r}")
            return
        except OSError:
            return
        if heard.startswith(b"HTTP/1.1 5"):
            self._world.fault(f"{name} {heard[9:12].decode()} to {data[:60]!r} … {data[-40:]!r}", began)

    def _pictures(self) -> None:
        """Too many bytes, too many pixels, no picture at all."""
        url, address = self._stack.urls["rasa"], {"X-Forwarded-For": "10.77.0.1"}
        with suppress(OSError, WebSocketException):
            with connect(f"{url.replace('http', 'ws')}/webhooks/webchat/ws", additional_headers={"Origin": url, **address}, open_timeout=20) as line:
                line.send(json.dumps({"type": "hello"}))
                conversation = json.loads(line.recv(timeout=20))["conversation"]
            for body in (b"\x89PNG\r\n\x1a\n" + b"x" * 6_000_000, _png(60_000, 60_000), b"GIF89a"):
                began = time.time()
                headers = {"Authorization": f"Bearer {conversation}", "Origin": url, **address}
                with suppress(httpx.HTTPError):
                    status = httpx.post(f"{url}/webhooks/webchat/media", content=body, headers=headers, timeout=60).status_code
                    if status >= 500:
                        self._world.fault(f"media {status}", began)
                    elif status < 400:
                        self._world.wrong.append(f"a bad picture of {len(body)} bytes was taken")

    def _slow(self) -> None:
        """Requests that never end, some at once, on both servers."""
        lines = []
        for name in ("rasa", "actions") * 10:
            with suppress(OSError):
                host, port = self._stack.urls[name].removeprefix("http://").split(":")
                lines.append(socket.create_connection((host, int(port)), timeout=5))
        for second in range(self._dice.randint(3, 8)):
            for line in lines:
                with suppress(OSError):
                    line.sendall(b"POST /webhooks/rest/webhook HTTP/1.1\r\n"[5 * second :][:5])
            time.sleep(1)
        for line in lines:
            line.close()

    def _vanish(self) -> None:
        """Customers who say something and are gone; what was taken is answered all the same, for when they come back."""
        url = self._stack.urls["rasa"]
        for number in range(8):
            address = f"10.88.0.{number + 1}"
            said = Said("", uuid.uuid4().hex, "运费怎么算", time.time(), vanished=True)
            if number % 2:
                said.conversation = f"gone-{uuid.uuid4().hex}"
                self._world.said.append(said)
                self._say(said, address, 0.05)
                continue
            with suppress(OSError, WebSocketException):
                line = connect(f"{url.replace('http', 'ws')}/webhooks/webchat/ws", additional_headers={"Origin": url, "X-Forwarded-For": address}, open_timeout=20)
                line.send(json.dumps({"type": "hello"}))
                said.conversation = json.loads(line.recv(timeout=20))["conversation"]
                self._world.said.append(said)
                line.send(json.dumps({"type": "message", "id": said.id, "text": said.text}))
                line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no goodbye
                line.socket.close()


def _png(width: int, height: int) -> bytes:
    """The beginning of a picture of this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
