"""`make bench`: what the assistant costs over REST, beside Rasa's default recipe as its users get it: see README.md.

Writes results/bench.md. `--sides ours,peer,one,two` does a part, `--base REV` adds this project at another revision,
`--quick` says less, `--smallest` only proves that it all still runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import sets
from bench.parsing import answers
from bench.report import Measured, table
from bench.sides import Serving, Side, checkout
from bench.talk import CUSTOMER, PLACES, Timed, converse, crowd, long_conversation, script
from bench.training import (
    EPOCHS,
    LABELS,
    LEAST_EXAMPLES,
    ROOT,
    Trained,
    sampled_data,
    share_of_environment,
    train,
)
from tests.services import postgres, redis

RESULT = Path("results/bench.md")
SIDES = ("ours", "peer", "one", "two")


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        rounds: how often the sides take turns, so that what else the machine does falls on all.
        conversations: at once → conversations in each round, after the warm-up.
        places: which messages of one conversation.
        least: examples that each intent is trained with at least.
        peer: the peer's recipe.
        epochs: for how long its networks learn; serving costs the same.
    """

    rounds: int
    conversations: dict[int, int]
    places: tuple[int, ...]
    least: int = LEAST_EXAMPLES
    peer: str = "default"
    epochs: int = EPOCHS


FULL = Size(2, {1: 10, 16: 32}, PLACES)
QUICK = Size(1, {1: 4, 16: 16}, PLACES, epochs=1)
SMALLEST = Size(1, {1: 1, 2: 2}, (10, 30), least=1, peer="logistic")


def measure(serving: Serving, measured: Measured, size: Size, last: bool) -> None:
    """One round of one side; the long conversation in the last."""
    try:
        serving.start()
        number = serving.api("/orders?state_code=paid&limit=1", CUSTOMER)["items"][0]["number"]
        texts = script(number)
        for _ in range(2 * measured.side.workers):
            converse(serving, texts)
        measured.loaded = measured.loaded or serving.memory()
        for at_once, conversations in size.conversations.items():
            crowd(serving, texts, at_once, conversations, measured.crowds[at_once])
        if last and measured.side.workers == 1:
            measured.long = long_conversation(serving, texts, size.places)
        measured.worked = max(measured.worked, serving.memory())
    finally:
        serving.kill()


def chosen_sides(names: Sequence[str], base: str | None, share: float, size: Size, on: ExitStack) -> Iterator[Side]:
    """Train what is to be compared, ours first."""
    kept = ROOT / "var" / "bench" / (f"{share:g}-{size.epochs}" if size is not SMALLEST else "smallest")
    shutil.rmtree(kept / "data", ignore_errors=True)
    examples = sampled_data(kept / "data", share, size.least)
    ours = _trained("ours", kept, examples, size)
    yield Side(LABELS["ours"], ours)
    if base:
        commit, root = on.enter_context(checkout(base))
        data = kept / commit / "data"
        shutil.rmtree(data, ignore_errors=True)
        number = sampled_data(data, share, size.least, root)
        print(f"training {commit} on {number} examples", flush=True)
        yield Side(f"{LABELS['ours']} at {commit}", train("base", data, kept / commit, number, root=root), root)
    if "peer" in names:
        yield Side(LABELS[size.peer], _trained(size.peer, kept, examples, size), stock=True)
    if "one" in names or "two" in names:
        stores = _databases(on)
        for workers, name in ((1, "one"), (2, "two")):
            if name in names:
                label = f"PostgreSQL and Redis, {workers} worker{'s' if workers > 1 else ''}"
                yield Side(label, ours, workers=workers, databases=stores)


def _trained(name: str, folder: Path, examples: int, size: Size) -> Trained:
    print(f"training {LABELS[name]} on {examples} examples", flush=True)
    return train(name, folder / "data", folder / name, examples, epochs=size.epochs)


def _databases(on: ExitStack) -> tuple[tuple[str, str], ...]:
    """PostgreSQL, a schema for each store, and Redis, as the tests find or bring them."""
    import psycopg

    database, cache = on.enter_context(postgres()), on.enter_context(redis())
    if database is None or cache is None:
        raise RuntimeError("no PostgreSQL or Redis to be had here: choose --sides without one and two")
    stores = ("TRACKER", "CONNECTORS", "BACKOFFICE")
    with psycopg.connect(database, autocommit=True) as admin:
        for store in stores:
            admin.execute(f"CREATE SCHEMA IF NOT EXISTS {store.lower()}")  # type: ignore[arg-type]
    addresses = ((f"LINGXI_{store}_DATABASE_URL", f"{database}?options=-csearch_path%3D{store.lower()}") for store in stores)
    return (*addresses, ("LINGXI_REDIS_URL", cache))


def run(names: Sequence[str], base: str | None, size: Size) -> str:
    """Train all, serve all in turns; the report."""
    share = share_of_environment() if size is not SMALLEST else 1e-9
    started = time.monotonic()
    with ExitStack() as on:
        folder = Path(on.enter_context(tempfile.TemporaryDirectory(prefix="lingxi-bench-")))
        measured = [
            Measured(side, {at_once: Timed() for at_once in size.conversations})
            for side in chosen_sides(names, base, share, size, on)
        ]
        for each in measured:
            if each.side.workers == 1 and not each.side.databases and each.side.root == ROOT:
                texts = sets.timed()
                each.parsed = answers(each.side.trained.model, [], texts if size is not SMALLEST else texts[:20])
        servings = [Serving(each.side, folder / str(number)) for number, each in enumerate(measured)]
        for number in range(size.rounds):
            for serving, each in zip(servings, measured, strict=True):
                print(f"round {number + 1} of {size.rounds}: {each.side.label}", flush=True)
                measure(serving, each, size, last=number + 1 == size.rounds)
    note = (
        f"All trained on the same {measured[0].side.trained.examples} examples ({share:.0%} of each intent's) with "
        f"`--augmentation 0`, served in turns, {size.rounds} round(s) each, conversations of {len(script(''))} messages, "
        f"{(time.monotonic() - started) / 60:.0f} minutes in all."
    )
    if "peer" in names and size.epochs != EPOCHS:
        note += f" The peer's networks learned for {size.epochs} epoch(s) of {EPOCHS}."
    return "\n".join(table(measured, note)) + "\n"


def main() -> None:
    """The command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parser = argparse.ArgumentParser(description="Measure the assistant beside others.")
    parser.add_argument("--sides", default=",".join(SIDES), help=f"some of {','.join(SIDES)}; ours is always one")
    parser.add_argument("--base", metavar="REV", help="this project at another revision as well")
    parser.add_argument("--quick", action="store_true", help="one round of fewer conversations")
    parser.add_argument("--smallest", action="store_true", help="see that every side runs; no figure means anything")
    options = parser.parse_args()
    names = options.sides.split(",")
    if unknown := set(names) - set(SIDES):
        parser.error(f"no such side: {', '.join(sorted(unknown))}")
    size = SMALLEST if options.smallest else QUICK if options.quick else FULL
    report = run(names, options.base, size)
    if size is not SMALLEST:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(report, "utf-8")
    print("\n" + report)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
