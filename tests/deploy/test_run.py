"""`make run` seen from outside: small Procfiles, real processes, real signals."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Procfile of the lines given; what is still running afterwards is ended."""
    started: list[subprocess.Popen[str]] = []

    def run(*lines: str, steady: float = 60, options: tuple[str, ...] = (), **variables: str) -> subprocess.Popen[str]:
        procfile = tmp_path / "Procfile"
        procfile.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [".venv/bin/python", "-m", "deploy.run", "--procfile", str(procfile)]
        process = subprocess.Popen(
            [*command, "--steady-seconds", str(steady), *options],
            cwd=ROOT,
            env={**os.environ, "FOLDER": str(tmp_path), **variables},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether the condition comes true within this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    """Whether this process runs; one that ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pids(folder: Path) -> list[int]:
    """The processes that the test's commands wrote down."""
    return [int(path.read_text()) for path in folder.glob("*.pid") if path.read_text().strip()]


# A process with a child of its own, both of which must end.
PARENT = "sleep 600 & echo $! > $FOLDER/{0}-child.pid; echo $$ > $FOLDER/{0}.pid; wait"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_being_stopped_leaves_no_process_behind(start: Start, tmp_path: Path, how: signal.Signals) -> None:
    running = start("one: " + PARENT.format("one"), "two: " + PARENT.format("two"))
    assert eventually(lambda: len(pids(tmp_path)) == 4)
    os.killpg(running.pid, how)  # as a terminal does: to the whole group
    assert running.wait(20) == 0
    assert eventually(lambda: not any(map(alive, pids(tmp_path))), 5)


def test_a_killed_supervisor_takes_its_processes_along(start: Start, tmp_path: Path) -> None:
    running = start("one: " + PARENT.format("one"))
    assert eventually(lambda: len(pids(tmp_path)) == 2)
    running.kill()
    assert eventually(lambda: not any(map(alive, pids(tmp_path))))


def test_a_process_deaf_to_sigterm_is_ended_all_the_same(start: Start, tmp_path: Path) -> None:
    deaf = "deaf: trap '' TERM; echo $$ > $FOLDER/deaf.pid; while :; do sleep 1; done"
    running = start(deaf)
    assert eventually(lambda: len(pids(tmp_path)) == 1)
    running.terminate()
    assert running.wait(20) == 0
    assert not any(map(alive, pids(tmp_path)))


def test_a_process_that_dies_at_once_ends_all_and_is_heard(start: Start, tmp_path: Path) -> None:
    running = start("bad: echo no such database; exit 3", "good: " + PARENT.format("good"))
    output, _ = running.communicate(timeout=30)
    assert running.returncode == 3
    assert "no such database" in output
    assert not any(map(alive, pids(tmp_path)))


def test_a_process_that_ends_at_once_without_complaint_is_a_failure_too(start: Start) -> None:
    running = start("brief: true", "other: sleep 600")
    assert running.wait(30) != 0


def test_a_process_that_dies_later_is_started_again(start: Start, tmp_path: Path) -> None:
    lives = "lives: echo $$ >> $FOLDER/lives; sleep 2; echo fell over; exit 1"
    running = start(lives, "other: " + PARENT.format("other"), steady=1)
    assert eventually(lambda: len((tmp_path / "lives").read_text().split()) >= 2 if (tmp_path / "lives").exists() else False)
    assert len(pids(tmp_path)) == 2
    assert all(map(alive, pids(tmp_path))), "the other process is left in peace"
    running.terminate()
    output, _ = running.communicate(timeout=20)
    assert running.returncode == 0
    assert "starting again" in output


def test_a_taken_port_is_named_with_what_to_change(start: Start) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        running = start("actions: echo never started", LINGXI_ACTIONS_PORT=port)
        output, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert port in output
    assert "LINGXI_ACTIONS_PORT" in output
    assert "never started" not in output


def test_a_port_that_is_none_is_named(start: Start) -> None:
    running = start("rasa: echo never started", LINGXI_RASA_PORT="eighty")
    output, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "LINGXI_RASA_PORT=eighty" in output


SERVER = "http.server --bind 127.0.0.1 --directory $FOLDER"


def test_the_addresses_are_told_when_every_server_answers(start: Start, tmp_path: Path) -> None:
    (tmp_path / "health").write_text("ok", encoding="utf-8")
    ports = {name: str(free_port()) for name in ("LINGXI_ACTIONS_PORT", "LINGXI_RASA_PORT")}
    running = start(
        f"actions: exec .venv/bin/python -m {SERVER} $LINGXI_ACTIONS_PORT",
        f"rasa: sleep 2; exec .venv/bin/python -m {SERVER} $LINGXI_RASA_PORT",
        LINGXI_BACKOFFICE_PORT="8123",
        LINGXI_DEMO="1",
        **ports,
    )
    assert running.stdout
    seen = ""
    for line in running.stdout:
        seen += line
        if "Ctrl-C" in line:
            break
    assert f"http://127.0.0.1:{ports['LINGXI_RASA_PORT']}/webhooks/webchat/" in seen
    assert "http://127.0.0.1:8123/demo" in seen
    assert "http://127.0.0.1:8123/desk" in seen
    running.terminate()
    running.communicate(timeout=20)
    assert running.returncode == 0



# A server that answers its first questions, and then does what the test wants.
FICKLE = '''
import http.server, os, pathlib, sys, time

folder, port, then = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
starts = folder / "starts"
with starts.open("a") as file:
    file.write(f"{os.getpid()}\\n")

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if (folder / "from-now-on").exists() and len(starts.read_text().split()) == 1:
            time.sleep(600 if then == "hang" else 0.7)
        self.send_response(200)
        self.end_headers()

http.server.HTTPServer(("127.0.0.1", port), Answer).serve_forever()
'''


def fickle(start: Start, folder: Path, then: str) -> tuple[subprocess.Popen[str], Callable[[], list[str]]]:
    """`make run` over one such server, and the pids of its starts so far."""
    script = folder / "fickle.py"
    script.write_text(FICKLE, encoding="utf-8")
    port = str(free_port())
    running = start(
        f"actions: exec .venv/bin/python {script} $FOLDER $LINGXI_ACTIONS_PORT {then}",
        options=("--ask-every", "0.2", "--answer-within", "1"),
        steady=0.5,
        LINGXI_ACTIONS_PORT=port,
    )
    assert running.stdout
    for line in running.stdout:
        if "Ctrl-C" in line:
            break
    time.sleep(1)  # it has been seen to live
    (folder / "from-now-on").touch()
    return running, lambda: (folder / "starts").read_text().split()


def test_a_process_that_accepts_and_never_answers_is_killed_and_started_again(start: Start, tmp_path: Path) -> None:
    running, starts = fickle(start, tmp_path, "hang")
    assert eventually(lambda: len(starts()) == 2, 20)
    assert not alive(int(starts()[0]))
    time.sleep(5)
    assert len(starts()) == 2, "what answers again is left in peace"
    running.terminate()
    output, _ = running.communicate(timeout=20)
    assert "answers nothing any more" in output


def test_a_busy_process_that_answers_late_is_left_in_peace(start: Start, tmp_path: Path) -> None:
    running, starts = fickle(start, tmp_path, "slow")
    time.sleep(8)
    assert len(starts()) == 1
    running.terminate()
    output, _ = running.communicate(timeout=20)
    assert "answers nothing" not in output


def test_several_workers_say_what_they_lack(start: Start) -> None:
    running = start(
        "rasa: echo never started",
        options=("--workers", "2"),
        LINGXI_RASA_PORT=str(free_port()),
        LINGXI_TRACKER_DATABASE_URL="sqlite:///var/tracker.db",
        LINGXI_REDIS_URL="",
    )
    output, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "LINGXI_TRACKER_DATABASE_URL" in output
    assert "LINGXI_REDIS_URL" in output
    assert "never started" not in output
