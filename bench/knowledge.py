"""`make bench-knowledge`: the knowledge search at the demo shop's size and at 10,000 entries: time, memory, rebuild; in
running processes: over HTTP at 16 at once, and how soon the chat says what was published; and its accuracy, with known
ways beside it, among them Rasa's ResponseSelector trained on the same variants in Rasa's environment.

In-process times are processor times of one thread: neighbours on a shared machine hardly move them. The others are wall
times, so the machine's load is printed with each part. `--parts sizes,live,accuracy` does some.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("sizes", "live", "accuracy")
SELECTOR = ROOT / ".venv" / "bin" / "python"


def made(entries: Sequence[Any], count: int) -> list[Any]:
    """`count` entries of the demo shop's words: halves of its sentences, put together anew."""
    chance = random.Random(0)
    questions: list[str] = [text for entry in entries for text in (entry.question, *entry.variants)]
    answers = [part for entry in entries for part in entry.answer.split("。") if len(part) > 6]
    base = entries[0]

    def sentence() -> str:
        one, other = chance.choice(questions), chance.choice(questions)
        return (one[: len(one) // 2 + 1] + other[len(other) // 2 :])[:60]

    return [
        replace(
            base,
            key=f"made-{number}",
            question=sentence(),
            variants=tuple(sentence() for _ in range(10)),
            answer="。".join(chance.sample(answers, 3)),
        )
        for number in range(count)
    ]


def timed(count: int) -> dict[str, float]:
    """Builds an index of `count` entries (0: the demo shop) in this process, and asks it."""
    import psutil
    from threadpoolctl import threadpool_limits

    from backoffice.knowledge.measuring import sets
    from backoffice.knowledge.search import EntrySearch
    from backoffice.knowledge.search.service import CACHE_FOLDER, bundled_vectors

    threadpool_limits(1)
    process = psutil.Process()
    demo = sets.entries()
    before = process.memory_info().rss
    entries = made(demo, count) if count else demo
    vectors = bundled_vectors(CACHE_FOLDER if not count else None)
    began = time.process_time()
    search = EntrySearch(entries, vectors)
    built = time.process_time() - began
    changed = [replace(entries[0], answer="满 59 元包邮。"), *entries[1:]]
    began = time.process_time()
    EntrySearch(changed, vectors, before=search)
    rebuilt = time.process_time() - began
    texts = [entry.variants[0] for entry in demo if entry.variants][:200]
    taken = []
    for text in texts:
        began = time.process_time()
        search.search(text)
        taken.append(1000 * (time.process_time() - began))
    return {
        "entries": len(entries),
        "texts": len(search.index.texts),
        "build_s": built,
        "one_entry_changed_s": rebuilt,
        "search_ms_median": float(np.percentile(taken, 50)),
        "search_ms_p95": float(np.percentile(taken, 95)),
        "memory_mib": (process.memory_info().rss - before) / 2**20,
    }


def selector() -> None:
    """Writes the sets for Rasa's side, and lets it train and answer."""
    from backoffice.knowledge.measuring import sets

    told = sets.entries()
    kept = sets.without_set_aside(told)
    asked = sets.asked(told)
    content = {
        "entries": {entry.key: [entry.question, *entry.variants] for entry in kept},
        "sets": {
            name: [[each.text, sorted(each.right)] for each in questions if each.right]
            for name, questions in {
                "set-aside variants": asked,
                "mistyped": sets.mistaken(asked),
                "manuals": sets.manuals(told),
                "kept questions": sets.faq_dev(),
            }.items()
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sets.json"
        path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        subprocess.run(
            [str(SELECTOR), "-W", "ignore", "-m", "bench.knowledge_selector", str(path)], check=True, cwd=ROOT
        )


def accuracy() -> None:
    """Our search and the known ways on the same sets, then Rasa's."""
    from threadpoolctl import threadpool_limits

    from backoffice.knowledge.measuring.__main__ import measure

    threadpool_limits(1)
    measure()
    sys.stdout.flush()
    selector()


def running() -> None:
    """The part that needs processes."""
    from backoffice.knowledge.measuring import sets
    from bench.knowledge_live import AT_ONCE, EACH, live

    texts = [text for entry in sets.entries() for text in entry.variants]
    random.Random(0).shuffle(texts)
    _print(live(texts[: AT_ONCE * EACH]))


def _print(figures: dict[str, float]) -> None:
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def main() -> int:
    """Each size in a process of its own, so that memory is its own."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, help="measure one size in this process")
    parser.add_argument("--smallest", action="store_true", help="a few entries, to prove that it runs")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of them: sizes,live,accuracy")
    options = parser.parse_args()
    if options.count is not None:
        _print(timed(options.count))
        return 0
    if options.smallest:
        subprocess.run([sys.executable, "-m", "bench.knowledge", "--count", "20"], check=True, cwd=ROOT)
        return 0
    parts = options.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(unknown)}")
    for part in parts:
        print(f"\n{part}: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        if part == "sizes":
            for count in (0, 10_000):
                command = [sys.executable, "-m", "bench.knowledge", "--count", str(count)]
                subprocess.run(command, check=True, cwd=ROOT)
        elif part == "live":
            running()
        else:
            accuracy()
        print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
