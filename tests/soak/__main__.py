"""A long, troubled day: `python -m tests.soak [--grown] [--minutes N]`. Ends by itself; exit code 1 when a promise was broken."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.processes import resident
from tests import services
from tests.soak.customers import PATIENCE, Customer, Wishes
from tests.soak.judgement import Verdict, table, verdicts
from tests.soak.troubles import Troubles
from tests.soak.world import Grown, Small, World

MINUTES = "LINGXI_SOAK_MINUTES"
SETTLED = 20.0
"""Seconds after its start from which a process's memory is looked at."""


def soak(
    stack: Small | Grown, seconds: float, customers: int, think: tuple[float, float], pause: tuple[float, float], seed: int
) -> tuple[World, list[Verdict]]:
    """Start everything, let it happen for so long, and judge. The processes are ended whatever comes.

    `think`: seconds a customer thinks before the next message; `pause`: seconds between two troubles.
    """
    # Each customer has an address of its own, so that the limits are those of a real shop.
    stack.environ["LINGXI_LIMITS_TIMES"] = "1"
    try:
        stack.start()
        world = World(stack, seconds, seed)
        wishes = Wishes(world)
        crowd = [Customer(world, wishes, number, think) for number in range(customers)]
        troubles = Troubles(world, pause, calm=min(20.0, seconds / 5))
        threads = [*crowd, troubles, threading.Thread(target=_watch, args=(world,), daemon=True)]
        world.ends = time.time() + seconds
        for thread in threads:
            thread.start()
        troubles.join(seconds + 2 * PATIENCE)
        for customer in crowd:
            customer.join(max(1.0, world.ends + 2 * PATIENCE - time.time()))
            if customer.is_alive():
                world.wrong.append(f"{customer.name} has not come to an end: {customer.doing}")
        _wait(lambda: not world.channel_rows("select 1 from messages where waiting limit 1"), PATIENCE)
        world.stop.set()
        return world, list(verdicts(world))
    finally:
        stack.kill()


def _watch(world: World) -> None:
    """Note what each process takes, every few seconds."""
    since: dict[int, float] = {}
    while not world.stop.wait(3):
        for name, pid in world.stack.pids().items():
            if time.time() - since.setdefault(pid, time.time()) > SETTLED and (size := resident(pid)):
                world.memory.setdefault(name, []).append((time.time(), size))


def _wait(done: Callable[[], bool], seconds: float) -> None:
    until = time.time() + seconds
    while time.time() < until and not done():
        time.sleep(1)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get(MINUTES, "30")))
    parser.add_argument("--grown", action="store_true", help="PostgreSQL, Redis, two Rasa processes")
    parser.add_argument("--customers", type=int, default=30, help="how many talk at once")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # its processes end with it
    with ExitStack() as needed:
        folder = Path(needed.enter_context(tempfile.TemporaryDirectory(prefix="lingxi-soak-")))
        if arguments.grown:
            database, redis = (needed.enter_context(bring()) for bring in (services.postgres, services.redis))
            if not database or not redis:
                print("no PostgreSQL or no Redis")
                return 1
            stack: Small | Grown = Grown(folder, database, redis)
        else:
            stack = Small(folder)
        kind = "PostgreSQL, Redis, two Rasa processes" if arguments.grown else "SQLite, one Rasa process"
        print(f"{arguments.customers} customers for {arguments.minutes:g} minutes on {kind}; seed {arguments.seed}", flush=True)
        world, judged = soak(stack, arguments.minutes * 60, arguments.customers, (3.0, 9.0), (2.0, 12.0), arguments.seed)
    broken = sum(len(each.broken) for each in judged)
    print(table(world, judged))
    print("\nNothing was lost, doubled or untrue." if not broken else f"\n{broken} promises were BROKEN.", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
