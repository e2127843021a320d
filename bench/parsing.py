"""Parses sentences with a trained model, in this process: `python -m bench.parsing MODEL < texts.json > answers.json`.

Read is a JSON pair of lists, texts to parse and texts to time; written is `{"parses": [...], "milliseconds": …}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.training import PYTHON, QUIET, ROOT
from deploy.assistant import hide_deprecations

FALLBACK = "nlu_fallback"
WARM_UP = 30
ROUNDS = 3


class Parser:
    """A model's NLU, as Rasa's server calls it."""

    def __init__(self, model: Path) -> None:
        os.environ.update(QUIET)
        hide_deprecations()
        import structlog
        from rasa.core.agent import Agent

        logging.disable(logging.WARNING)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        self._agent = Agent.load(str(model))
        self._loop = asyncio.new_event_loop()

    def parse(self, text: str) -> dict[str, Any]:
        """What `POST /model/parse` answers."""
        return dict(self._loop.run_until_complete(self._agent.parse_message(text)))

    def median(self, texts: Sequence[str]) -> float:
        """Milliseconds of CPU of one parse, the median over the texts; the best of a few rounds, as neighbours disturb."""
        for text in texts[:WARM_UP]:
            self.parse(text)
        return min(statistics.median(self._taken(text) for text in texts) for _ in range(ROUNDS))

    def _taken(self, text: str) -> float:
        started = time.process_time()
        self.parse(text)
        return 1000 * (time.process_time() - started)


@dataclass(frozen=True)
class Answers:
    """One parse for each text, and the median CPU of one in milliseconds."""

    parses: list[dict[str, Any]]
    milliseconds: float


def answers(model: Path, texts: Sequence[str], timed: Sequence[str]) -> Answers:
    """Parse in a process of its own, so that no model's libraries slow another's."""
    run = subprocess.run(
        [str(PYTHON), "-W", "ignore", "-m", "bench.parsing", str(model)],
        cwd=ROOT, env={**os.environ, **QUIET}, input=json.dumps([list(texts), list(timed)]), check=True, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    told = json.loads(run.stdout.splitlines()[-1])
    return Answers(told["parses"], told["milliseconds"])


def intent(parse: dict[str, Any]) -> str:
    """The name of a parse's intent."""
    return str(parse["intent"]["name"])


def is_rejected(name: str) -> bool:
    """Whether an intent says that this is not the shop's business, or not understood."""
    return name in (FALLBACK, "chat_out_of_scope")




def main() -> None:
    """Read from the standard input, write one line."""
    texts, timed = json.load(sys.stdin)
    parser = Parser(Path(sys.argv[1]))
    milliseconds = parser.median(timed)
    kept = ("intent", "intent_ranking", "entities", "requests", "sentiment")
    parses = [{key: value for key, value in parser.parse(text).items() if key in kept} for text in texts]
    print(json.dumps({"parses": parses, "milliseconds": milliseconds}))


if __name__ == "__main__":
    main()
