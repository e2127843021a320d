"""The three real processes, as the Procfile starts them, on ports and in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import signal
import socket
import sqlite3
import subprocess
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jwt

ROOT = Path(__file__).resolve().parents[2]
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Stack:
    """Starts, kills and asks the processes. Everything it writes lies in `folder`."""

    start_seconds = 180.0
    root = ROOT
    """Whose Procfile and code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = {name: _free_port() for name in ("RASA", "ACTIONS", "BACKOFFICE")}
        self.urls = {name.lower(): f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LINGXI_")},
            **{f"LINGXI_{name}_PORT": str(port) for name, port in ports.items()},
            "LINGXI_BIND": "127.0.0.1",
            "LINGXI_DEMO": "1",
            # The shop's working hours: what is said to "转人工" does not depend on when the tests run.
            "LINGXI_CLOCK": datetime.now(SHANGHAI).replace(hour=15, minute=0).isoformat(),
            "LINGXI_RASA_TOKEN": secrets.token_urlsafe(48),
            "LINGXI_SERVICE_TOKEN": secrets.token_urlsafe(48),
            "LINGXI_CUSTOMER_JWT_SECRET": secrets.token_urlsafe(48),
            "LINGXI_LIMITS_TIMES": "1000",  # all customers come from one address
            "LINGXI_RASA_URL": self.urls["rasa"],
            "LINGXI_BACKOFFICE_URL": self.urls["backoffice"],
            "LINGXI_TRACKER_DATABASE_URL": f"sqlite:///{folder}/tracker.db",
            "LINGXI_CONNECTORS_DATABASE_URL": f"sqlite:///{folder}/connectors.db",
            "LINGXI_BACKOFFICE_DATABASE_URL": f"sqlite:///{folder}/backoffice.db",
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self._commands = dict(
            line.split(": ", 1) for line in (self.root / "Procfile").read_text("utf-8").splitlines() if line.strip()
        )
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.own: dict[str, dict[str, str]] = {}  # what a single process finds in its environment besides

    def start(self, *names: str) -> None:
        """Start the named processes (all by default) and wait until they answer."""
        for name in names or self._commands:
            with (self.folder / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    ["/bin/sh", "-c", self._commands[name]],
                    cwd=self.root, env={**self.environ, **self.own.get(name, {})}, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
        for name in names or self._commands:
            self._wait(name)

    def kill(self, *names: str) -> None:
        """End the named processes (all by default) at once, as a crash would."""
        for name in names or list(self._running):
            process = self._running.pop(name)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def revive(self) -> None:
        """Start whatever does not run."""
        dead = [name for name in self._commands if name not in self._running]
        if dead:
            self.start(*dead)

    def pid(self, name: str) -> int:
        """A process's id: that of the shell that starts it, or of its only child where the shell stays."""
        shell = self._running[name].pid
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0]) if children else shell

    def names(self) -> list[str]:
        """What belongs to it, running or not."""
        return list(self._commands)

    def pids(self) -> dict[str, int]:
        """What runs, each with its shell's process id."""
        return {name: process.pid for name, process in list(self._running.items())}

    def answers(self, name: str) -> bool:
        """Whether a process runs and answers within ten seconds."""
        try:
            return self._running[name].poll() is None and httpx.get(self._health(name), timeout=10).status_code == 200
        except (httpx.HTTPError, KeyError):
            return False

    def log(self, name: str) -> str:
        """What a process has written."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def token(self, customer: str, seconds: int = 600, secret: str | None = None) -> str:
        """A customer token as the shop's site would sign it."""
        key = secret or self.environ["LINGXI_CUSTOMER_JWT_SECRET"]
        return jwt.encode({"sub": customer, "exp": int(time.time()) + seconds}, key, "HS256")

    def api(self, path: str, customer: str | None = None) -> Any:
        """Read the back office's API; the decoded JSON."""
        headers = {"Authorization": f"Bearer {self.environ['LINGXI_SERVICE_TOKEN']}"}
        if customer:
            headers["X-Customer-Id"] = customer
        answer = httpx.get(f"{self.urls['backoffice']}/api/v1{path}", headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Ask the back office's database directly."""
        connection = sqlite3.connect(f"file:{self.folder}/backoffice.db?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def tracker(self, sender: str) -> dict[str, Any]:
        """Rasa's tracker of a conversation."""
        token = self.environ["LINGXI_RASA_TOKEN"]
        answer = httpx.get(f"{self.urls['rasa']}/conversations/{sender}/tracker", params={"token": token}, timeout=60)
        answer.raise_for_status()
        return dict(answer.json())

    def customer(self, name: str | None) -> Customer:
        """A customer (or a visitor) who starts a conversation over REST."""
        return Customer(self, name)

    def _health(self, name: str) -> str:
        return self.urls[name] + ("/" if name == "rasa" else "/health")

    def _wait(self, name: str) -> None:
        url = self._health(name)
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            if self._running[name].poll() is not None:
                raise AssertionError(f"{shlex.quote(name)} ended at its start:\n{self.log(name)[-3000:]}")
            try:
                if httpx.get(url, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        raise AssertionError(f"{name} did not answer in time:\n{self.log(name)[-3000:]}")


class Customer:
    """One conversation over the REST channel."""

    def __init__(self, stack: Stack, name: str | None) -> None:
        self.stack, self.name = stack, name
        self.sender = f"test-{uuid.uuid4().hex}"
        self.token = stack.token(name) if name else None
        self.buttons: list[dict[str, str]] = []

    def say(self, text: str, message_id: str | None = None) -> str:
        """Type something; all that the assistant answers, joined by line ends."""
        answer = self.post(text, message_id)
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()
        self.buttons = [button for message in messages for button in message.get("buttons") or []]
        return "\n".join(message["text"] for message in messages if message.get("text"))

    def post(self, text: str, message_id: str | None = None) -> httpx.Response:
        """Send it, whatever comes of it."""
        body: dict[str, Any] = {"sender": self.sender, "message": text}
        if self.token:
            body["metadata"] = {"customer_token": self.token}
        if message_id:
            body["message_id"] = message_id
        return httpx.post(f"{self.stack.urls['rasa']}/webhooks/rest/webhook", json=body, timeout=60)

    def press(self, title: str, message_id: str | None = None) -> str:
        """Press the button whose title holds these words."""
        found = [button["payload"] for button in self.buttons if title in button["title"]]
        assert found, f"no button {title!r} among {[button['title'] for button in self.buttons]}"
        return self.say(found[0], message_id)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
