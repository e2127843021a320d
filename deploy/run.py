"""Starts every process of the Procfile and keeps it running: `make run`.

Before: each port is free, or is named. After: one block of addresses when all answer. A process that ends
before that, or within seconds of its start, ends all; one that ends later is started again. One that runs but
answers nothing any more is killed, and so started again; a busy one, which answers late, is left in peace. Ctrl-C,
SIGTERM and a closed terminal end every process, children included.

`--workers 2` (`make run WORKERS=2`) starts two Rasa processes behind Rasa's port: see `deploy.worker`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import signal
import string
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Popen, Process

from deploy.environment import LOOPBACK, QUIET, ROOT, free_port, is_free, load

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
ANALYTICS, EXAMPLE = ".venv-services/bin/lingxi-analytics", ROOT / "var" / "example"
SHARED_STORES = ("LINGXI_TRACKER_DATABASE_URL", "LINGXI_CONNECTORS_DATABASE_URL")
ASKED_TO_STOP = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@dataclass(frozen=True)
class Patience:
    """When a server that runs counts as hung: after `misses` questions in a row without an answer.

    Attributes:
        every: seconds between an answer and the next question.
        answer: seconds that an answer may take. Under a flood it takes many: only silence is death.
        misses: how many questions.
    """

    every: float = 5.0
    answer: float = 15.0
    misses: int = 3


def with_standins(environ: Mapping[str, str], folder: Path = ROOT / "var") -> tuple[dict[str, str], str, str]:
    """The environment of a shop whose WeChat and SMS are stand-ins on this machine, their command and their page.

    What they need to know of it they keep in `folder`.
    """
    port = free_port()
    page = f"http://{LOOPBACK}:{port}"
    account = {
        "LINGXI_WECHAT_APPID": "wx" + secrets.token_hex(8),
        "LINGXI_WECHAT_SECRET": secrets.token_hex(16),
        "LINGXI_WECHAT_TOKEN": secrets.token_hex(16),
        "LINGXI_WECHAT_AES_KEY": "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(43)),
        "LINGXI_WECHAT_API_URL": f"{page}/wechat",
    }
    # Only with a stand-in: tests are no part of an image.
    from tests.standins.sms import account as sms_account

    account |= sms_account(folder, "aliyun", port)
    return {**environ, **account}, f".venv/bin/python -m tests.standins --port {port}", page


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


def with_workers(commands: Mapping[str, str], workers: int) -> tuple[dict[str, str], dict[str, int]]:
    """The commands with as many Rasa processes, and the port on which each of these tells that it works."""
    if workers == 1 or "rasa" not in commands:
        return dict(commands), {}
    ports = {f"rasa.{number}": free_port() for number in range(1, workers + 1)}
    others = {name: command for name, command in commands.items() if name != "rasa"}
    return others | {name: f"{commands['rasa']} --worker {port}" for name, port in ports.items()}, ports


def unfit_for_workers(environ: Mapping[str, str]) -> list[str]:
    """One line for each thing that several Rasa processes need and do not have."""
    lacking = [name for name in SHARED_STORES if not environ.get(name, "").startswith("postgresql")]
    problems = [f"多个 Rasa 进程需要 PostgreSQL：请设置 / several workers need PostgreSQL: set {name}" for name in lacking]
    if not environ.get("LINGXI_REDIS_URL"):
        problems.append("多个 Rasa 进程需要 Redis：请设置 / several workers need Redis: set LINGXI_REDIS_URL")
    return problems


def health_addresses(names: Iterable[str], environ: Mapping[str, str], workers: Mapping[str, int]) -> dict[str, str]:
    """Server → the address that answers 200 when it can work."""
    addresses = {name: f"http://{LOOPBACK}:{port}/" for name, port in workers.items()}
    for name in names:
        if name in SERVERS:
            variable, path = SERVERS[name]
            where = LOOPBACK if name == "actions" else host(environ)
            addresses[name] = f"http://{where}:{environ[variable]}{path}"
    return addresses


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
    """A process that is started again when it ends of itself or hangs, once everything has been ready.

    `alive` is the reading end of a pipe that carries nothing: it ends when the supervisor closes its
    `hold`, or dies in whatever way, and that is the sign to stop.
    """

    def __init__(
        self, command: str, alive: Connection, hold: Connection, ready: Event, steady: float,
        patience: Patience, addresses: Mapping[str, str], **options: object,
    ) -> None:  # fmt: skip
        super().__init__(command, **options)
        self._patience, self._address = patience, addresses.get(str(options.get("name")))
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
        if self._address:
            threading.Thread(target=self._watch_child, args=(child, self._address), daemon=True).start()
        return child

    def _watch_child(self, child: subprocess.Popen[bytes], address: str) -> None:
        """Kill the child when it answers nothing any more, or has not begun to answer long after its start."""
        started, misses, begun = time.monotonic(), 0, False
        while child.poll() is None and not self._alive.poll(self._patience.every):
            if not self._ready.is_set():
                continue  # a start that takes too long is the supervisor's to tell
            if responds(address, self._patience.answer):
                misses, begun = 0, True
            elif begun or time.monotonic() - started > READY_SECONDS:
                misses += 1
            if misses >= self._patience.misses and child.poll() is None:
                super()._send_message(f"answers nothing any more ({misses} times in a row), killing it\n")
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                return

    def _end_child(self, child: subprocess.Popen[bytes]) -> None:
        """End the child as soon as everything is to stop, whenever it was started."""
        self._alive.poll(None)
        if child.poll() is None:
            end_group(child.pid)


class Supervisor(Manager):
    """Honcho's manager, with processes that are kept."""

    def __init__(self, steady: float, patience: Patience, addresses: Mapping[str, str]) -> None:
        super().__init__()
        self._alive, self._hold = multiprocessing.Pipe(duplex=False)
        self.ready, self.stopping = multiprocessing.Event(), threading.Event()
        self._process_ctor = partial(
            KeptProcess, alive=self._alive, hold=self._hold, ready=self.ready, steady=steady,
            patience=patience, addresses=addresses,
        )  # fmt: skip

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


def responds(url: str, seconds: float) -> bool:
    """Whether a GET of this address is answered in this time, with whatever status."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        direct.open(url, timeout=seconds).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def addresses(environ: Mapping[str, str], phone: str = "") -> str:
    """The closing block of the start: what to open in the browser."""
    here = host(environ)
    shop = environ.get("LINGXI_BACKOFFICE_URL") or f"http://{here}:{environ['LINGXI_BACKOFFICE_PORT']}"
    rasa = environ.get("LINGXI_RASA_URL") or f"http://{here}:{environ['LINGXI_RASA_PORT']}"
    demo = f"  演示商店  demo shop  {shop}/demo\n" if environ.get("LINGXI_DEMO") == "1" else ""
    standin = f"  手机替身  a phone    {phone}/\n" if phone else ""
    return (
        "\n灵犀已就绪 / Lingxi is ready\n"
        f"{demo}"
        f"  网页聊天  web chat   {rasa}/webhooks/webchat/\n"
        f"  客服工作台 agents' desk {shop}/desk\n"
        f"{standin}"
        f"  接口文档  API docs   {shop}/docs\n"
        "按 Ctrl-C 停止 / Ctrl-C stops everything\n\n"
    )


def announce(
    supervisor: Supervisor, health: Mapping[str, str], environ: Mapping[str, str], limit: float, phone: str
) -> None:
    """Wait until every server answers, then print the addresses; after `limit` seconds give up."""
    deadline = time.monotonic() + limit
    waiting = list(health)
    while waiting and not supervisor.stopping.wait(0.5):
        if answers(health[waiting[0]]):
            waiting.pop(0)
        elif time.monotonic() > deadline:
            print(f"{limit:.0f} 秒内没有就绪 / not ready in time: {', '.join(waiting)}", flush=True)
            supervisor.returncode = 1
            supervisor.terminate()
    if not supervisor.stopping.is_set():
        supervisor.ready.set()
        if health:
            print(addresses(environ, phone), end="", flush=True)
        if environ.get("LINGXI_DEMO") == "1" and {"rasa", "backoffice"} <= set(health):
            show_example(supervisor.stopping)


def show_example(stopping: threading.Event) -> None:
    """Have thirty simulated days made for the analyst, once and in the background, and say where they are."""
    command = ("nice", "-n", "19", ANALYTICS, "example", str(EXAMPLE))
    with suppress(OSError), subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True) as making:
        while making.poll() is None:
            if stopping.wait(0.5):
                os.killpg(making.pid, signal.SIGKILL)  # what is half made is made anew the next time
                return
        if making.returncode == 0:
            print(
                "\n三十天的模拟数据 / thirty simulated days\n"
                f"  月报  report     {(EXAMPLE / 'report' / 'report.html').as_uri()}\n"
                f"  看板  dashboard  set -a; . ./.env; set +a; {ANALYTICS} serve --lake {EXAMPLE.relative_to(ROOT)}/lake\n",
                flush=True,
            )


def run(procfile: Path, steady: float, patience: Patience, workers: int, standins: bool = False) -> int:
    """Start and keep everything; the exit code: 0 when it was asked to stop."""
    environ = {**QUIET, **load(ROOT / ".env")}
    written: dict[str, str] = parse_procfile(procfile.read_text(encoding="utf-8")).processes
    problems = taken_ports(written, environ) + (unfit_for_workers(environ) if workers > 1 else [])
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    (ROOT / "var").mkdir(exist_ok=True)
    phone = ""
    if standins:
        environ, written["standins"], phone = with_standins(environ)
    commands, ports = with_workers(written, workers)
    health = health_addresses(commands, environ, ports)
    supervisor = Supervisor(steady, patience, health)
    for name, command in commands.items():
        supervisor.add_process(name, command, env=environ, cwd=str(ROOT))
    waiter = threading.Thread(target=announce, args=(supervisor, health, environ, READY_SECONDS, phone), daemon=True)
    waiter.start()
    # A closed terminal ends everything as SIGTERM does, which the loop handles.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    supervisor.loop()
    return 0 if supervisor.returncode in ASKED_TO_STOP else supervisor.returncode or 1


def main() -> int:
    """The command line; most options serve the tests."""
    kept = Patience()
    parser = argparse.ArgumentParser(description="Start every process of the Procfile and keep it running.")
    parser.add_argument("--workers", type=int, default=1, choices=range(1, 65), metavar="N", help="Rasa processes")
    parser.add_argument("--standins", action="store_true", help="WeChat and SMS as local stand-ins, with a phone to try them by")
    parser.add_argument("--procfile", type=Path, default=ROOT / "Procfile")
    parser.add_argument("--steady-seconds", type=float, default=STEADY_SECONDS)
    parser.add_argument("--ask-every", type=float, default=kept.every, help="seconds between questions to a server")
    parser.add_argument("--answer-within", type=float, default=kept.answer, help="seconds its answer may take")
    arguments = parser.parse_args()
    patience = Patience(arguments.ask_every, arguments.answer_within)
    return run(arguments.procfile, arguments.steady_seconds, patience, arguments.workers, arguments.standins)


if __name__ == "__main__":
    sys.exit(main())
