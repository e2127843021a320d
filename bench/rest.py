"""`make bench`: how fast the assistant answers over REST, beside Rasa's default recipe trained on the same data.

The same three processes, actions and shop serve both; only Rasa's model differs. Writes results/bench.md.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench import machine, sets
from bench.parsing import Answers, answers
from bench.training import LABELS, ROOT, Trained, resident, sampled_data, share_of_environment, train
from tests.e2e.stack import Stack

CUSTOMER = "C000001"
ROUNDS = 2
"""The two take turns, so that what else the machine does falls on both."""
CONVERSATIONS = {1: 10, 16: 32}
"""At once → conversations in each round, after the warm-up."""
REQUEST_SECONDS = 60
RESULT = Path("results/bench.md")


def script(number: str) -> tuple[str, ...]:
    """What a customer types in one conversation: greeting, status, a rule, a form's turns, nonsense, thanks."""
    return (
        "你好",
        "我的订单到哪了",
        number,
        "运费怎么算",
        f"帮我取消订单{number}",
        "不用了",
        "哔哩吧啦 qwe 咕噜",
        "谢谢",
    )


@dataclass
class Timed:
    """Seconds of each answer, and of the whole, over all rounds."""

    answers: list[float] = field(default_factory=list)
    wall: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.answers) / self.wall

    def percentile(self, percent: int) -> float:
        """Milliseconds within which this many of a hundred answers came."""
        return 1000 * statistics.quantiles(self.answers, n=100)[percent - 1]


@dataclass
class Side:
    """One of the two with all that is measured of it. Memory is MiB of the Rasa process."""

    trained: Trained
    rest: dict[int, Timed] = field(default_factory=lambda: {at_once: Timed() for at_once in CONVERSATIONS})
    loaded: float = 0.0
    worked: float = 0.0
    parsed: Answers | None = None


class Bench(Stack):
    """The three processes, Rasa with a model of our choice."""

    start_seconds = 900.0  # the default recipe's networks take minutes to load on a busy machine

    def serve(self, model: Path) -> None:
        """Start Rasa with this model, after the one before."""
        if "rasa" in self._running:
            self.kill("rasa")
        command = self._commands["rasa"].split(" --model ")[0]
        self._commands["rasa"] = f"{command} --model {model}"
        self.start("rasa")

    def memory(self) -> float:
        """MiB of the Rasa process."""
        return resident(self._running["rasa"].pid)


def converse(stack: Stack, texts: tuple[str, ...]) -> list[float]:
    """One customer's conversation; the seconds of each answer."""
    address = urlsplit(stack.urls["rasa"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=REQUEST_SECONDS)
    body = {"sender": f"bench-{uuid.uuid4().hex}", "metadata": {"customer_token": stack.token(CUSTOMER)}}
    taken = []
    try:
        for text in texts:
            content = json.dumps({**body, "message": text})
            started = time.perf_counter()
            connection.request("POST", "/webhooks/rest/webhook", content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            told = answer.read()
            taken.append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} to {text!r}: {told[:200]!r}")
    finally:
        connection.close()
    return taken


def measure(stack: Bench, side: Side, texts: tuple[str, ...]) -> None:
    """One round of one side."""
    stack.serve(side.trained.model)
    for _ in range(2):
        converse(stack, texts)
    side.loaded = side.loaded or stack.memory()
    for at_once, timed in side.rest.items():
        started = time.perf_counter()
        with ThreadPoolExecutor(at_once) as customers:
            for taken in customers.map(lambda _: converse(stack, texts), range(CONVERSATIONS[at_once])):
                timed.answers += taken
        timed.wall += time.perf_counter() - started
    side.worked = max(side.worked, stack.memory())


def table(ours: Side, peer: Side, share: float) -> Iterator[str]:
    """The report's lines."""
    yield f"# {LABELS['ours']} beside {LABELS['default']}\n"
    yield f"{machine.description()}. Both trained on the same {ours.trained.examples} examples"
    yield f"({share:.0%} of each intent's), the same domain, rules, stories and actions, `--augmentation 0`; both served"
    yield f"by the same processes in turns, {ROUNDS} rounds each, conversations of {len(script(''))} messages.\n"
    yield f"| | {LABELS['ours']} | {LABELS['default']} | ratio, ours / peer |"
    yield "|---|---:|---:|---:|"
    for at_once in CONVERSATIONS:
        mine, theirs = ours.rest[at_once], peer.rest[at_once]
        yield _row(f"REST, {at_once} at once, messages a second", mine.rate, theirs.rate, 1)
        for percent in (50, 95):
            name = f"REST, {at_once} at once, p{percent}, ms"
            yield _row(name, mine.percentile(percent), theirs.percentile(percent), 0)
    if ours.parsed and peer.parsed:
        yield _row(f"one parse in process, median of {sets.TIMED}, ms", ours.parsed.milliseconds, peer.parsed.milliseconds, 2)
    yield _row("memory of Rasa once loaded, MiB", ours.loaded, peer.loaded, 0)
    yield _row("memory of Rasa after the rounds, MiB", ours.worked, peer.worked, 0)
    yield _row("training, s", ours.trained.seconds, peer.trained.seconds, 0)
    yield _row("memory while training, MiB", ours.trained.peak, peer.trained.peak, 0)


def _row(name: str, mine: float, theirs: float, digits: int) -> str:
    return f"| {name} | {mine:.{digits}f} | {theirs:.{digits}f} | {mine / theirs:.2f} |"


def main() -> None:
    """Train both, serve both in turns, write the table."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    share = share_of_environment()
    trained = ROOT / "var" / "bench" / f"{share:g}"
    shutil.rmtree(trained / "data", ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-") as name:
        folder = Path(name)
        examples = sampled_data(trained / "data", share)
        sides = []
        for recipe in ("ours", "default"):
            print(f"training {LABELS[recipe]} on {examples} examples", flush=True)
            sides.append(Side(train(recipe, trained / "data", trained / recipe, examples)))
        ours, peer = sides
        for side in sides:
            side.parsed = answers(side.trained.model, [], sets.timed())
        stack = Bench(folder)
        try:
            stack.start("backoffice", "actions")
            order = stack.api("/orders?state_code=paid&limit=1", CUSTOMER)["items"][0]["number"]
            for number in range(ROUNDS):
                for side in sides:
                    print(f"round {number + 1} of {ROUNDS}: {LABELS[side.trained.name]}", flush=True)
                    measure(stack, side, script(order))
        finally:
            stack.kill()
    report = "\n".join(table(ours, peer, share)) + "\n"
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(report, "utf-8")
    print("\n" + report)


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parents[1])
    main()
