"""`make bench-nlu`: what pipelines understand, and at what cost, on the same share of the same examples.

Two tables into results/nlu.md: the project's intents, and (where the measuring sets are) JDDC's 123 intents, which nobody
here wrote for. `--only ours,default,logistic` and `--table project|jddc` do a part; `--smallest` only proves that it still runs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from bench import machine, sets
from bench.parsing import FALLBACK, Answers, answers, intent, is_rejected
from bench.scores import Pair, accuracy, macro_recall, rejected
from bench.training import (
    LABELS,
    LEAST_EXAMPLES,
    RECIPES,
    ROOT,
    Trained,
    sampled_data,
    share_of_environment,
    train,
)

RESULT = ROOT / "results" / "nlu.md"
PROJECT_SETS = {
    "authored": "intents_authored_dev.tsv",
    "real customers": "intents_real_dev.tsv",
}


def project(
    names: Sequence[str], folder: Path, share: float, least: int = LEAST_EXAMPLES, most: int | None = None
) -> Iterator[str]:
    """The table over the project's own intents; `most`: of each measuring set so many sentences."""
    examples = sampled_data(folder / "data", share, least)
    measured = {"held out": sets.held_out("intents.yml"), "outside": sets.held_out("out_of_scope.yml")}
    evaluation = sets.eval_folder()
    if evaluation:
        measured |= {name: sets.intents(evaluation / file) for name, file in PROJECT_SETS.items()}
    measured = {name: rows[:most] for name, rows in measured.items()}
    shown = [name for name in measured if name != "outside"]
    yield f"## The project's intents, {examples} examples ({share:.0%} of each intent's)\n"
    heads = [head for name in shown for head in (f"{name}, accuracy", f"{name}, macro ≥ 5")]
    heads += ["out of scope caught", "in scope rejected", "parse, ms", "training, s", "memory, MiB"]
    yield f"| pipeline | {' | '.join(heads)} |"
    yield f"|---|{'---:|' * len(heads)}"
    for name in names:
        print(f"training {LABELS[name]}", flush=True)
        trained = train(name, folder / "data", folder / name, examples, nlu_only=True)
        told = answers(trained.model, [text for rows in measured.values() for text, _ in rows], sets.timed())
        parses = iter(told.parses)
        pairs = {
            each: [Pair(text, label, intent(next(parses))) for text, label in rows] for each, rows in measured.items()
        }
        inside = [
            pair for each in ("held out", "authored") for pair in pairs.get(each, []) if not is_rejected(pair.expected)
        ]
        figures = [figure for each in shown for figure in (accuracy(pairs[each]), macro_recall(pairs[each]))]
        figures += [rejected(pairs["outside"]), rejected(inside)]
        yield _row(trained, figures, told)


def jddc(names: Sequence[str], folder: Path, evaluation: Path) -> Iterator[str]:
    """The table over JDDC's intents: trained on its `train` rows, measured on its `dev` rows."""
    rows = sets.table(evaluation / "jddc_train.tsv")
    codes = {label: f"intent_{place}" for place, label in enumerate(sorted({row["intent"] for row in rows}))}
    by_code: dict[str, list[str]] = {}
    for row in rows:
        if row["split"] == "train":
            by_code.setdefault(codes[row["intent"]], []).append(_plain(row["text"]))
    dev = [(_plain(row["text"]), codes[row["intent"]]) for row in rows if row["split"] == "dev"]
    data = folder / "jddc"
    data.mkdir()
    content: dict[str, Any] = {
        "version": "3.1",
        "nlu": [{"intent": code, "examples": [{"text": text} for text in texts]} for code, texts in by_code.items()],
    }
    (data / "nlu.yml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    number = sum(map(len, by_code.values()))
    yield f"\n## JDDC, {len(by_code)} intents, trained on {number} sentences, measured on {len(dev)}\n"
    yield "| pipeline | accuracy | macro ≥ 5 | parse, ms | training, s | memory, MiB |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name in names:
        print(f"training {LABELS[name]} on JDDC", flush=True)
        trained = train(name, data, folder / f"jddc-{name}", number, nlu_only=True)
        texts = [text for text, _ in dev]
        told = answers(trained.model, texts, texts[: sets.TIMED])
        pairs = [Pair(text, code, _first(parse)) for (text, code), parse in zip(dev, told.parses, strict=True)]
        yield _row(trained, [accuracy(pairs), macro_recall(pairs)], told)


def _row(trained: Trained, shares: Sequence[float], told: Answers) -> str:
    figures = [*(f"{100 * share:.1f} %" for share in shares), f"{told.milliseconds:.2f}"]
    return f"| {LABELS[trained.name]} | {' | '.join(figures)} | {trained.seconds:.0f} | {trained.peak:.0f} |"


def _first(parse: dict[str, Any]) -> str:
    """The best intent that JDDC has: what a pipeline rejects is for the shop's own intents to tell."""
    known = [each["name"] for each in parse["intent_ranking"] if each["name"].startswith("intent_")]
    return str(known[0]) if known else FALLBACK


def _plain(text: str) -> str:
    """Without the brackets that Rasa would read as an entity."""
    return text.replace("[", "【").replace("]", "】")


def main() -> None:
    """Train, measure, write the tables."""
    parser = argparse.ArgumentParser(description="Compare NLU pipelines.")
    parser.add_argument("--only", default=",".join(RECIPES), help=f"some of {','.join(RECIPES)}")
    parser.add_argument("--table", choices=("project", "jddc", "both"), default="both")
    parser.add_argument("--smallest", action="store_true", help="see that it runs; no figure means anything")
    options = parser.parse_args()
    if options.smallest:
        with tempfile.TemporaryDirectory(prefix="lingxi-bench-nlu-") as name:
            for line in project(("ours", "logistic"), Path(name), 1e-9, least=1, most=20):
                print(line, flush=True)
        return
    names = [name for name in RECIPES if name in options.only.split(",")]
    written: list[str] = []
    RESULT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-nlu-") as name:
        for line in report(names, Path(name), options.table):
            print(line, flush=True)
            written.append(line)
            RESULT.write_text("\n".join(written) + "\n", "utf-8")  # an hour's work: kept line by line


def report(names: Sequence[str], folder: Path, table: str) -> Iterator[str]:
    """The report's lines, as they come."""
    yield "# Pipelines compared\n"
    if table != "jddc":
        yield from project(names, folder, share_of_environment())
    evaluation = sets.eval_folder()
    if evaluation and table != "project":
        yield from jddc(names, folder, evaluation)
    yield f"\n{machine.description()}."


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
