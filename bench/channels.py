"""`make bench-channels`: WeChat pushes through the stand-in, acknowledged and answered. Writes results/channels.md.

Beside each push the same one goes to a process that does nothing but say "success": what it takes at the same moment is
the machine's part. `--conversations N` at once, `--rate N` pushes a second, `--smallest` only proves that it still runs.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import statistics
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import machine
from bench.processes import cpu, resident
from bench.training import PYTHON, ROOT
from tests.e2e.stack import Stack
from tests.services import free_port

RESULT = Path("results/channels.md")
NAMES = {
    "quiet": "events that nobody answers, {rate:g} a second",
    "crowd": "{conversations} conversations at once",
    "busy": "messages of new customers, {rate:g} a second",
}


class Account(Stack):
    """The three processes with an account at WeChat's stand-in."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port, self.floor_port = free_port(), free_port()
        letters = string.ascii_letters + string.digits
        self.environ |= {
            "LINGXI_WECHAT_APPID": f"wx{secrets.token_hex(8)}",
            "LINGXI_WECHAT_SECRET": secrets.token_hex(16),
            "LINGXI_WECHAT_TOKEN": secrets.token_hex(16),
            "LINGXI_WECHAT_AES_KEY": "".join(secrets.choice(letters) for _ in range(43)),
            "LINGXI_WECHAT_API_URL": f"http://127.0.0.1:{self.port}",
        }
        self._commands["floor"] = f"exec {PYTHON} -m bench.phones --floor {self.floor_port}"
        self.urls["floor"] = f"http://127.0.0.1:{self.floor_port}"

    def measured(self, options: argparse.Namespace) -> tuple[dict[str, Any], float, float]:
        """What the phones tell, the CPU seconds that Rasa has used meanwhile, and the MiB that it has then."""
        command = [str(PYTHON), "-m", "bench.phones", "--port", str(self.port), "--floor-port", str(self.floor_port)]
        command += ["--callback", f"{self.urls['rasa']}/webhooks/wechat/"]
        for name in ("conversations", "texts", "rate", "seconds"):
            command += [f"--{name}", str(getattr(options, name))]
        rasa = self._running["rasa"].pid
        before = cpu(rasa)
        told = subprocess.run(command, cwd=ROOT, env=self.environ, check=True, capture_output=True, text=True).stdout
        return json.loads(told), cpu(rasa) - before, resident(rasa)


def percentile(seconds: list[float], percent: int) -> float:
    """Milliseconds within which this many of a hundred came."""
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def table(told: dict[str, Any], options: argparse.Namespace) -> Iterator[str]:
    """The report's lines."""
    yield f"# WeChat through the stand-in\n\n{machine.description()}. Milliseconds; `idle`: a process that only says success.\n"
    heads = "pushes refused ack.p50 ack.p99 idle.p50 idle.p99 ratio.of.p99 reply.p50 reply.p95 messages/s".split()
    yield f"| | {' | '.join(heads)} |".replace(".", " ")
    yield f"|---|{'---:|' * len(heads)}"
    for name, each in told.items():
        acks, idle, replies = each["acks"], each["floor"], each["replies"]
        cells = [f"{len(acks)}", f"{each['refused']}"]
        cells += [f"{percentile(times, percent):.0f}" for times in (acks, idle) for percent in (50, 99)]
        cells += [f"{percentile(acks, 99) / percentile(idle, 99):.1f}"]
        cells += [f"{percentile(replies, percent):.0f}" if replies else "" for percent in (50, 95)]
        cells += [f"{len(replies) / each['wall']:.1f}" if replies else ""]
        yield f"| {NAMES[name].format(**vars(options))} | {' | '.join(cells)} |"


def main() -> None:
    """Serve, push, report."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parser = argparse.ArgumentParser(description="Measure WeChat's way in and out.")
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--texts", type=int, default=5, help="messages of each conversation, at most 5")
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--smallest", action="store_true", help="see that it runs; no figure means anything")
    options = parser.parse_args()
    if options.smallest:
        options.conversations, options.texts, options.rate, options.seconds = 3, 2, 10.0, 1.0
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-") as folder:
        account = Account(Path(folder))
        try:
            account.start()
            told, used, held = account.measured(options)
        finally:
            account.kill()
    said = sum(len(told[name]["acks"]) for name in ("crowd", "busy"))
    report = "\n".join(table(told, options)) + f"\n\nRasa: {1000 * used / said:.0f} ms of CPU a message, {held:.0f} MiB.\n"
    if not options.smallest:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(report, "utf-8")
    print("\n" + report)


if __name__ == "__main__":
    main()
