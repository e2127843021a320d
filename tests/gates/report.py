"""Prints what the gate measured: figures against thresholds, a table of intents, confusions, what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.scores import by_label, confusions
from tests.gates.measures import Measured

HERE = Path(__file__).parent
ACCEPTED = HERE / "accepted.json"
WORST = 15
SENTENCES = 6
NOTICEABLE = 0.005
"""A change of a share that is told."""


@dataclass(frozen=True)
class Threshold:
    """What is asked of one measure; `most` for what is better when small."""

    name: str
    label: str
    least: float | None = None
    most: float | None = None
    target: float | None = None

    def misses(self, value: float) -> bool:
        """Whether the value fails the gate."""
        return (self.least is not None and value < self.least) or (self.most is not None and value > self.most)

    @property
    def limit(self) -> float | None:
        """The figure that fails the gate."""
        return self.most if self.least is None else self.least


def thresholds() -> list[Threshold]:
    """thresholds.yml, in its order."""
    content: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "thresholds.yml").read_text("utf-8"))
    return [Threshold(name, **asked) for name, asked in content.items()]


def failures(measured: Measured, asked: list[Threshold]) -> list[str]:
    """What misses its threshold, or has one and could not be taken from the parses; empty when the gate is open."""
    missed = [
        f"{each.label}: {_figure(measured.figures[each.name])}, asked {_figure(each.limit)}"
        for each in asked
        if each.name in measured.figures and each.misses(measured.figures[each.name])
    ]
    return missed + [
        f"{each.label}: {measured.unavailable[each.name]}"
        for each in asked
        if each.name in measured.unavailable and each.limit is not None
    ]


def text(measured: Measured, asked: list[Threshold], accepted: dict[str, Any]) -> str:
    """The whole report."""
    parts = (_intents(measured), _confusions(measured), _remarks(measured), _changes(measured, accepted))
    return "\n".join(line for part in (*parts, _figures(measured, asked, accepted)) for line in part)


def accepted_run() -> dict[str, Any]:
    """The figures of the last accepted run; empty when none was accepted."""
    return dict(json.loads(ACCEPTED.read_text("utf-8"))) if ACCEPTED.is_file() else {}


def accept(measured: Measured) -> None:
    """Keep these figures as what later runs are compared with. Figures only: no sentence leaves its set."""
    content = {
        "figures": {name: round(value, 4) for name, value in measured.figures.items()},
        "intents_f1": {name: round(row.f1, 4) for name, row in by_label(measured.held_out).items()},
    }
    ACCEPTED.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def _intents(measured: Measured) -> Iterator[str]:
    yield f"{'tests/nlu':<30}{'precision':>10}{'recall':>8}{'F1':>7}{'support':>9}{'real recall':>14}{'of':>5}"
    real = by_label(measured.real)
    for name, row in by_label(measured.held_out).items():
        beside = f"{real[name].recall:>14.2f}{real[name].support:>5}" if name in real else ""
        yield f"{name:<30}{row.precision:>10.2f}{row.recall:>8.2f}{row.f1:>7.2f}{row.support:>9}{beside}"


def _confusions(measured: Measured) -> Iterator[str]:
    pairs = [*measured.held_out, *measured.authored, *measured.real]
    yield f"\nThe worst confusions (of {sum(p.expected != p.predicted for p in pairs)} errors in {len(pairs)} sentences)"
    for expected, predicted, sentences in confusions(pairs, WORST):
        yield f"{len(sentences):>4} × {expected} taken for {predicted}"
        yield from (f"         {sentence}" for sentence in sentences[:SENTENCES])


def _remarks(measured: Measured) -> Iterator[str]:
    if measured.remarks:
        yield "\nOther errors"
        yield from (f"     {remark}" for remark in measured.remarks)


def _changes(measured: Measured, accepted: dict[str, Any]) -> Iterator[str]:
    before = accepted.get("intents_f1", {})
    now = {name: row.f1 for name, row in by_label(measured.held_out).items()}
    moved = {name: f1 - before[name] for name, f1 in now.items() if abs(f1 - before.get(name, f1)) >= NOTICEABLE}
    yield "\nIntents whose F1 changed since the accepted run" + ("" if moved else ": none")
    for name in sorted(moved, key=lambda name: moved[name]):
        yield f"     {name:<30}{before[name]:.2f} → {now[name]:.2f}"


def _figures(measured: Measured, asked: list[Threshold], accepted: dict[str, Any]) -> Iterator[str]:
    before = accepted.get("figures", {})
    yield f"\n{'measure':<38}{'now':>8}{'accepted':>10}{'threshold':>11}{'target':>8}"
    for each in asked:
        reason = measured.absent.get(each.name) or measured.unavailable.get(each.name)
        if reason:
            yield f"{each.label:<38}{'–':>8}{_figure(before.get(each.name)):>10}  not available: {reason}"
            continue
        value = measured.figures[each.name]
        verdict = "  MISSED" if each.misses(value) else ""
        columns = f"{_figure(value):>8}{_figure(before.get(each.name)):>10}{_figure(each.limit):>11}{_figure(each.target):>8}"
        yield f"{each.label:<38}{columns}{verdict}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
