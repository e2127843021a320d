"""The labelled sentences that models are measured on.

Held out with the project under tests/nlu/, and the measuring sets beside it (`LINGXI_EVAL_DIR`, by default
`../shared/eval`), which not everyone has. Nothing here is ever trained on, except the public comparison of pipelines.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bench.training import ROOT

HELD_OUT = ROOT / "tests" / "nlu"
TIMED = 500


class Labelled(NamedTuple):
    """A sentence with its intent (or another label)."""

    text: str
    label: str


@dataclass(frozen=True)
class TwoRequests:
    """A message with all that it asks for, in order."""

    text: str
    requests: tuple[str, ...]


def eval_folder() -> Path | None:
    """The measuring sets' folder, or None where there is none."""
    folder = Path(os.environ.get("LINGXI_EVAL_DIR") or ROOT.parent / "shared" / "eval")
    return folder if folder.is_dir() else None


def intents(path: Path) -> list[Labelled]:
    """Sentences of a tab-separated file with the columns `intent` and `text`."""
    return [Labelled(row["text"], row["intent"]) for row in table(path)]


def table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file by its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def held_out(*names: str) -> list[Labelled]:
    """Sentences of these files of tests/nlu, read as Rasa reads them."""
    from rasa.shared.nlu.training_data.loading import load_data

    return [
        Labelled(str(example.get("text")), str(example.get("intent")))
        for name in names
        for example in load_data(str(HELD_OUT / name)).intent_examples
    ]


def timed() -> list[str]:
    """What parses are timed on: 500 held-out sentences, short and long, in and out of scope."""
    texts: list[str] = []
    for name in ("intents.yml", "out_of_scope.yml"):
        for block in _yaml(HELD_OUT / name)["nlu"]:
            texts += [line.removeprefix("- ") for line in block["examples"].splitlines()]
    return texts[:TIMED]


def two_requests(path: Path) -> list[TwoRequests]:
    """Messages with their requests, out of YAML (`two_requests:`) or of tab-separated rows (`intent1|intent2`)."""
    if path.suffix == ".yml":
        return [TwoRequests(row["text"], tuple(row["requests"])) for row in _yaml(path)["two_requests"]]
    return [TwoRequests(row["text"], tuple(row["intents"].split("|"))) for row in table(path)]


def sentiments(path: Path) -> list[Labelled]:
    """Sentences with their feeling, out of YAML (`sentiment:`), of rows, or of JSON lines (Positive, Negative)."""
    if path.suffix == ".yml":
        return [Labelled(text, label) for label, texts in _yaml(path)["sentiment"].items() for text in texts]
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [Labelled(row["sentence"], row["label"]) for row in rows]
    return [Labelled(row["text"], row["label"]) for row in table(path)]


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))
