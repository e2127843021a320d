"""A test server as its own process, to be killed and started again; standard library only, the browser tests use it too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
SECRET = "test-secret-of-more-than-thirty-two-characters"
BUTTONS = [
    {"title": "确认取消", "payload": "/affirm"},
    {"title": "再想想", "payload": "/deny"},
    {"title": "转人工", "payload": "转人工"},
]
# Another question with the same payloads: what a yes means depends on which of the two is open.
CHANGE = [
    {"title": "确认修改", "payload": "/affirm"},
    {"title": "不改了", "payload": "/deny"},
]
RASA_PYTHON = ROOT / ".venv" / "bin" / "python"


class RunningServer:
    """`tests.connectors.server` on a port and folder that stay the same over restarts.

    `{port}` in an option stands for the port. `environ`: what the channels read besides.
    """

    def __init__(self, folder: Path, *options: str, environ: dict[str, str] | None = None) -> None:
        self.lines: Any = None  # the providers' ends, where a test has them
        self.port = free_port()
        self.folder = folder
        self.options = [option.format(port=self.port) for option in options]
        self.environ = environ or {}
        self.origin = f"http://127.0.0.1:{self.port}"
        self.socket = f"ws://127.0.0.1:{self.port}/webhooks/webchat/ws"
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RunningServer:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(RASA_PYTHON), "-m", "tests.connectors.server"]
        command += ["--port", str(self.port), "--folder", str(self.folder), *self.options]
        environ = {**os.environ, **self.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()[-4000:]
            try:
                urllib.request.urlopen(f"{self.origin}/test/heard", timeout=2).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the server did not come up: {self.log.read_text()[-4000:]}")

    def signal(self, what: signal.Signals) -> None:
        """SIGSTOP: as when the network is gone but no line is cut."""
        assert self._process is not None
        self._process.send_signal(what)

    def end(self, how: signal.Signals) -> None:
        """SIGKILL: as in a crash; SIGTERM: as in a restart."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.origin + path, timeout=20) as answer:
            return json.load(answer)

    def fetch(self, path: str) -> tuple[int, str]:
        """Status and text of a GET."""
        try:
            with urllib.request.urlopen(self.origin + path, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def ask(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a GET."""
        return _answer(urllib.request.Request(self.origin + path, headers=headers))

    def post(self, path: str, data: Any, **headers: str) -> tuple[int, Any]:
        """Status and JSON of a POST; `data` as it is when bytes, else as JSON."""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        headers = {"Content-Type": "application/json", **headers}
        return _answer(urllib.request.Request(self.origin + path, body, headers))

    def heard(self, sender: str | None = None) -> list[dict[str, Any]]:
        """What reached the agent since the server's last start, of one conversation or of all."""
        return [each for each in self.get("/test/heard") if sender in (None, each["sender"])]

    def settle(self, conversation: str) -> None:
        """Return when everything said in it is handled, and everything answered is pushed."""
        self.get(f"/test/settled?conversation={conversation}")

    def agent_says(
        self,
        channel: str,
        conversation: str,
        text: str,
        buttons: list[dict[str, str]] | None = None,
        **metadata: Any,
    ) -> int:
        """What the back office does when a person answers; with `agent_id` None the bot speaks by itself."""
        event = {
            "event": "bot",
            "text": text,
            "data": {"buttons": buttons},
            "metadata": {"agent_id": "A7", **metadata},
        }
        status, _ = self.post(
            "/test/event", {"channel": channel, "conversation": conversation, "event": event}
        )
        return status


def _answer(request: urllib.request.Request) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)
