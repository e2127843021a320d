"""Writes the first `.env` and reads the environment that the processes are started with.

`python -m deploy.environment` creates `.env` (mode 600) with random secrets and free ports, and
never touches one that exists. A variable of the real environment always beats `.env`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
SECRETS = ("LINGXI_RASA_TOKEN", "LINGXI_SERVICE_TOKEN", "LINGXI_CUSTOMER_JWT_SECRET")
PORTS = {"LINGXI_RASA_PORT": 5005, "LINGXI_ACTIONS_PORT": 5055, "LINGXI_BACKOFFICE_PORT": 8000}
LOOPBACK = "127.0.0.1"
# What Rasa and its libraries say of themselves at every start, and what they send home.
QUIET = {
    "LOG_LEVEL": "WARNING",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TQDM_DISABLE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
HIGHEST_STEP = 40  # beyond, Rasa's port would run into the action server's


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port of this interface now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Any port of the loopback interface that nobody listens on now."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_ports() -> dict[str, int]:
    """The default ports or, when one of them is taken, the first block above whose ports are all free."""
    for step in range(HIGHEST_STEP):
        block = {name: port + step for name, port in PORTS.items()}
        if all(is_free(port) for port in block.values()):
            return block
    raise OSError(f"no free ports within {HIGHEST_STEP} of {sorted(PORTS.values())}")


def create(path: Path) -> bool:
    """Write `path` for a demo on this machine; False, and nothing touched, when it exists already."""
    ports = free_ports()
    lines = [
        "# Written at the first start; .env.example says what each variable is for.",
        "LINGXI_DEMO=1",
        *(f"{name}={port}" for name, port in ports.items()),
        *(f"{name}={secrets.token_urlsafe(48)}" for name in SECRETS),
    ]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"已生成 / created {path.name} (random secrets, mode 600)")
    if ports != PORTS:
        taken = [str(port) for port in PORTS.values() if not is_free(port)]
        chosen = ", ".join(f"{name}={port}" for name, port in ports.items())
        print(f"端口 {', '.join(taken)} 已被占用，改用 / ports taken, using instead: {chosen}")
    return True


def load(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for the processes: the defaults, over them `path`, over it the real environment."""
    defaults = {"LINGXI_BIND": LOOPBACK, **{name: str(port) for name, port in PORTS.items()}}
    written = {name: value for name, value in dotenv_values(path).items() if value is not None}
    return {**defaults, **written, **environ}


if __name__ == "__main__":
    create(ROOT / ".env")
