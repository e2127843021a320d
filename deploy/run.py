"""Starts every process of the Procfile and keeps it running: `make run`.

Before: each port is free, or is named. After: one block of addresses when all answer. A process that ends
before that, or within seconds of its start, ends all; one that ends later is started again. Ctrl-C, SIGTERM
and a closed terminal end every process, children included.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Popen, Process

from deploy.environment import LOOPBACK, QUIET, ROOT, is_free, load

READY_SECONDS = 300.0
STEADY_SECONDS = 10.0
RESTART_SECONDS = 2.0
TERM_SECONDS = 10.0  # Rasa takes five to end of itself

# process -> the variable with its port, and the path that answers 200 when it can work
SERVERS = {
    "backoffice": ("LINGXI_BACKOFFICE_PORT", "/health"),
    "actions": ("LINGXI_ACTIONS_PORT", "/health"),
    "rasa": ("LINGXI_RASA_PORT", "/"),
}
ASKED_TO_STOP = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def host(environ: Mapping[str, str]) -> str:
    """Where this machine reaches the servers."""
    bind = environ["LINGXI_BIND"]
    return LOOPBACK if bind in ("0.0.0.0", "::", "") else bind


def taken_ports(names: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """One line for each server of `names` whose port is taken or is no port, saying what to change."""
    problems = []
    for name in names:
        variable, _ = SERVERS.get(name, ("", ""))
        if not variable:
            continue
        value = environ[variable]
        if not value.isdecimal() or not 0 < int(value) < 65536:
            problems.append(f"{variable}={value} 不是端口号 / is no port number")
        elif not is_free(int(value), environ["LINGXI_BIND"] if name != "actions" else LOOPBACK):
            problems.append(
                f"端口 {value} 已被占用（{name}）：请在 .env 里改 {variable}，或先停掉占用它的程序\n"
                f"  port {value} is taken ({name}): change {variable} in .env, or stop what uses it"
            )
    return problems


def end_group(leader: int) -> None:
    """End a process group: politely, and after `TERM_SECONDS` for certain."""
    deadline = time.monotonic() + TERM_SECONDS
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGTERM)
        while time.monotonic() < deadline:
            time.sleep(0.05)
            os.killpg(leader, 0)
        os.killpg(leader, signal.SIGKILL)


class KeptProcess(Process):
    """A process that is started again when it ends of itself, once everything has been ready.

    `alive` is the reading end of a pipe that carries nothing: it ends when the supervisor closes its
    `hold`, or dies in whatever way, and that is the sign to stop.
    """

    def __init__(
        self, command: str, alive: Connection, hold: Connection, ready: Event, steady: float, **options: object
    ) -> None:
        super().__init__(command, **options)
        self._alive, self._hold, self._ready, self._steady = alive, hold, ready, steady
        self._child_ctor = self._start_child
        self._ended: dict[str, int] = {}

    def run(self, events: object = None, ignore_signals: bool = False) -> None:
        """Run until it is to stop, or ends too early to be worth another start."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # a handler, unlike SIG_IGN, is not inherited by the child
        self._hold.close()
        while True:
            started = time.monotonic()
            super().run(events)
            end_group(self._child.pid)
            lasted = time.monotonic() - started
            if self._alive.poll() or not self._ready.is_set() or lasted < self._steady:
                break
            code = self._ended["returncode"]
            super()._send_message(f"ended (rc={code}), starting again in {RESTART_SECONDS:.0f} s\n")
            if self._alive.poll(RESTART_SECONDS):
                break
        super()._send_message(self._ended, type="stop")

    def _send_message(self, data: object, type: str = "line") -> None:
        if type == "stop":
            self._ended = data  # type: ignore[assignment]  # told by run, when it is the last end
        else:
            super()._send_message(data, type)

    def _start_child(self, command: str, **options: object) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] = Popen(command, **options)
        threading.Thread(target=self._end_child, args=(child,), daemon=True).start()
        return child

    def _end_child(self, child: subprocess.Popen[bytes]) -> None:
        """End the child as soon as everything is to stop, whenever it was started."""
        self._alive.poll(None)
        if child.poll() is None:
            end_group(child.pid)


class Supervisor(Manager):
    """Honcho's manager, with processes that are kept."""

    def __init__(self, steady: float) -> None:
        super().__init__()
        self._alive, self._hold = multiprocessing.Pipe(duplex=False)
        self.ready, self.stopping = multiprocessing.Event(), threading.Event()
        self._process_ctor = partial(
            KeptProcess, alive=self._alive, hold=self._hold, ready=self.ready, steady=steady
        )

    def terminate(self) -> None:
        """Let every process end its child; safe at any moment, in a signal handler too."""
        if not self.stopping.is_set():
            self._hold.close()
            self.stopping.set()

    def kill(self) -> None:
        """Nothing: after `TERM_SECONDS` each process ends its own child for certain."""


def answers(url: str) -> bool:
    """Whether a GET of this address answers 200 within two seconds."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def addresses(environ: Mapping[str, str]) -> str:
    """The closing block of the start: what to open in the browser."""
    here = host(environ)
    shop = environ.get("LINGXI_BACKOFFICE_URL") or f"http://{here}:{environ['LINGXI_BACKOFFICE_PORT']}"
    rasa = environ.get("LINGXI_RASA_URL") or f"http://{here}:{environ['LINGXI_RASA_PORT']}"
    demo = f"  演示商店  demo shop  {shop}/demo\n" if environ.get("LINGXI_DEMO") == "1" else ""
    return (
        "\n灵犀已就绪 / Lingxi is ready\n"
        f"{demo}"
        f"  网页聊天  web chat   {rasa}/webhooks/webchat/\n"
        f"  接口文档  API docs   {shop}/docs\n"
        "按 Ctrl-C 停止 / Ctrl-C stops everything\n\n"
    )


def announce(supervisor: Supervisor, names: list[str], environ: Mapping[str, str], limit: float) -> None:
    """Wait until every server answers, then print the addresses; after `limit` seconds give up."""
    deadline = time.monotonic() + limit
    waiting = [name for name in names if name in SERVERS]
    while waiting and not supervisor.stopping.wait(0.5):
        variable, path = SERVERS[waiting[0]]
        if answers(f"http://{LOOPBACK if waiting[0] == 'actions' else host(environ)}:{environ[variable]}{path}"):
            waiting.pop(0)
        elif time.monotonic() > deadline:
            print(f"{limit:.0f} 秒内没有就绪 / not ready in time: {', '.join(waiting)}", flush=True)
            supervisor.returncode = 1
            supervisor.terminate()
    if not supervisor.stopping.is_set():
        supervisor.ready.set()
        if any(name in SERVERS for name in names):
            print(addresses(environ), end="", flush=True)


def run(procfile: Path, steady: float) -> int:
    """Start and keep everything; the exit code: 0 when it was asked to stop."""
    environ = {**QUIET, **load(ROOT / ".env")}
    commands: dict[str, str] = parse_procfile(procfile.read_text(encoding="utf-8")).processes
    problems = taken_ports(commands, environ)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    (ROOT / "var").mkdir(exist_ok=True)
    supervisor = Supervisor(steady)
    for name, command in commands.items():
        supervisor.add_process(name, command, env=environ, cwd=str(ROOT))
    waiter = threading.Thread(
        target=announce, args=(supervisor, list(commands), environ, READY_SECONDS), daemon=True
    )
    waiter.start()
    # A closed terminal ends everything as SIGTERM does, which the loop handles.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    supervisor.loop()
    return 0 if supervisor.returncode in ASKED_TO_STOP else supervisor.returncode or 1


def main() -> int:
    """The command line; the options serve the tests."""
    parser = argparse.ArgumentParser(description="Start every process of the Procfile and keep it running.")
    parser.add_argument("--procfile", type=Path, default=ROOT / "Procfile")
    parser.add_argument("--steady-seconds", type=float, default=STEADY_SECONDS)
    arguments = parser.parse_args()
    return run(arguments.procfile, arguments.steady_seconds)


if __name__ == "__main__":
    sys.exit(main())
