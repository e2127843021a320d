"""What `make bench` compares: each side a set of running processes with a model, served as its users would serve it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from bench.processes import cpu, resident
from bench.training import PYTHON, ROOT, Trained
from deploy.environment import QUIET
from tests.e2e.stack import Stack
from tests.services import free_port

PROCESSES = ("rasa", "actions", "backoffice")


@dataclass(frozen=True)
class Side:
    """One of those compared.

    Attributes:
        label: its column's head.
        trained: its model.
        root: whose code runs.
        stock: whether Rasa runs as its own users run it: `rasa run`, Rasa's REST channel, its own stores, nothing of ours.
        workers: how many Rasa processes.
        databases: PostgreSQL and Redis addresses (as the variables that name them), where SQLite is not meant.
    """

    label: str
    trained: Trained
    root: Path = ROOT
    stock: bool = False
    workers: int = 1
    databases: tuple[tuple[str, str], ...] = ()


class Serving(Stack):
    """The processes of one side, on ports and in a folder of their own."""

    start_seconds = 900.0  # the default recipe's networks take minutes to load on a busy machine

    def __init__(self, side: Side, folder: Path) -> None:
        self.root = side.root
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
        self.side = side
        self.environ |= {"RASA_CACHE_DIRECTORY": str(folder / "cache"), **dict(side.databases)}
        if side.stock:
            self._run_as_rasas_users_do()
        else:
            self.environ |= QUIET
            self._commands["rasa"] += f" --model {side.trained.model}"
        if side.workers > 1:
            command = self._commands.pop("rasa")
            for number in range(1, side.workers + 1):
                port = free_port()
                self.urls[f"rasa.{number}"] = f"http://127.0.0.1:{port}"
                self._commands[f"rasa.{number}"] = f"{command} --worker {port}"

    def _run_as_rasas_users_do(self) -> None:
        """What `rasa init` writes: no store, no broker, `rest:` as the channel; and the action server of rasa-sdk."""
        project = self.folder / "project"
        project.mkdir(exist_ok=True)
        actions = {"url": f"{self.urls['actions']}/webhook"}
        (project / "endpoints.yml").write_text(yaml.safe_dump({"action_endpoint": actions}), "utf-8")
        (project / "credentials.yml").write_text("rest:\n", "utf-8")
        self._commands["rasa"] = (
            f"cd {shlex.quote(str(project))} && exec {PYTHON} -m rasa run --enable-api --interface 127.0.0.1 "
            f"--port $LINGXI_RASA_PORT --auth-token $LINGXI_RASA_TOKEN --model {self.side.trained.model}"
        )
        self._commands["actions"] = (
            f"SANIC_HOST=127.0.0.1 exec {PYTHON} -m rasa_sdk --actions actions --port $LINGXI_ACTIONS_PORT"
        )

    def memory(self) -> float:
        """MiB of all Rasa processes."""
        return sum(resident(process.pid) for name, process in self._running.items() if name.startswith("rasa"))

    def cpu(self) -> dict[str, float]:
        """CPU seconds that each kind of process has used since its start; workers are one kind."""
        used = dict.fromkeys(PROCESSES, 0.0)
        for name, process in self._running.items():
            used[name.partition(".")[0]] += cpu(process.pid)
        return used

    def events(self, sender: str) -> list[dict[str, Any]]:
        """What Rasa's API tells of a conversation."""
        return list(self.tracker(sender)["events"])

    def add_events(self, sender: str, events: list[dict[str, Any]]) -> None:
        """Put events at the end of a conversation, by Rasa's API."""
        query = {"token": self.environ["LINGXI_RASA_TOKEN"], "include_events": "NONE"}
        address = f"{self.urls['rasa']}/conversations/{sender}/tracker/events"
        httpx.post(address, params=query, json=events, timeout=300).raise_for_status()


@contextmanager
def checkout(revision: str) -> Iterator[tuple[str, Path]]:
    """This project at another revision, with this checkout's environments: its commit's short name, and the folder."""
    command = ["git", "rev-parse", "--short", f"{revision}^{{commit}}"]
    commit = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-base-") as parent:
        folder = Path(parent) / "base"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(folder), commit], cwd=ROOT, check=True)
        try:
            for environment in (".venv", ".venv-services"):
                os.symlink(ROOT / environment, folder / environment)
            for lock in ("requirements/rasa.txt", "requirements/services.txt"):
                if (folder / lock).read_bytes() != (ROOT / lock).read_bytes():
                    print(f"{lock} differs at {commit}: it runs with this checkout's libraries", flush=True)
            yield commit, folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
