"""A client that may send anything, and the two servers as their own plain commands start them."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
TOKEN = "rasa-token-of-the-tests-with-forty-letters"


class Server:
    """One process on a port of its own."""

    def __init__(self, folder: Path, name: str, health: str, *command: str) -> None:
        self.name, self._health = name, health
        self.port = free_port()
        self.log = folder / f"{name}.log"
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("LINGXI_")},
            "LINGXI_DEMO": "1",
            "LINGXI_SERVICE_TOKEN": secrets.token_urlsafe(48),
            "LINGXI_CUSTOMER_JWT_SECRET": secrets.token_urlsafe(48),
            "LINGXI_TRACKER_DATABASE_URL": f"sqlite:///{folder}/tracker.db",
            "LINGXI_CONNECTORS_DATABASE_URL": f"sqlite:///{folder}/connectors.db",
            "LINGXI_BACKOFFICE_URL": f"http://127.0.0.1:{free_port()}",  # nobody is there
            "SANIC_HOST": "127.0.0.1",
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONWARNINGS": "ignore",
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), "-m", *command, "--port", str(self.port)],
                cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 180
        while not self.answers():
            assert self._process.poll() is None and time.monotonic() < deadline, self.written()[-3000:]
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether it answers an ordinary request within two seconds."""
        with suppress(OSError):
            return self.ask(request("GET", self._health), 2) == 200
        return False

    def ask(self, data: bytes, seconds: float = 5.0) -> int | None:
        """The status of the first answer to these bytes; None: the line was closed without one. Raises TimeoutError."""
        status, _ = self.talk(data, seconds)
        return status

    def talk(self, data: bytes, seconds: float = 5.0) -> tuple[int | None, bytes]:
        """The first answer's status and body."""
        heard = b""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as line,
            suppress(BrokenPipeError, ConnectionResetError),
        ):
            line.sendall(data)
            while not _whole(heard) and (piece := line.recv(65536)):
                heard += piece
        return (int(heard[9:12]) if heard else None), heard.partition(b"\r\n\r\n")[2]

    def written(self) -> str:
        """Its log."""
        return self.log.read_text("utf-8", "replace")

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    return bool(end) and (length is None or len(body) >= int(length[1]))


def request(method: str, target: str, body: bytes | None = None, *headers: str) -> bytes:
    """A whole request; with a body, its length is told."""
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.example", *headers]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
