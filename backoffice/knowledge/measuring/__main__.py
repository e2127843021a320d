"""`python -m backoffice.knowledge.measuring [--accept]`: exit code 1 when a threshold is missed."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml
from threadpoolctl import threadpool_limits

from backoffice.knowledge.measuring import sets
from backoffice.knowledge.measuring.baselines import Ranking, rankings
from backoffice.knowledge.measuring.sets import Asked
from backoffice.knowledge.search import EntrySearch
from backoffice.knowledge.search.index import lead_of
from backoffice.knowledge.search.service import CACHE_FOLDER, bundled_vectors
from backoffice.states import SearchDecision

THRESHOLDS = sets.SETS / "thresholds.yml"
ACCEPTED = sets.SETS / "accepted.json"


@dataclass(frozen=True)
class Score:
    """Shares of questions: the right entry first, among three, and what was decided."""

    first: float
    three: float
    answered: float
    passed: float
    answered_right: float


def score(search: EntrySearch, asked: Sequence[Asked]) -> Score:
    """Asks everything once."""
    first = three = right = 0
    decisions = dict.fromkeys(SearchDecision, 0)
    for each in asked:
        found = search.search(each.text, talk=each.talk)
        keys = [hit.key for hit in found.hits]
        decisions[found.decision] += 1
        first += bool(keys) and keys[0] in each.right
        three += bool(each.right.intersection(keys))
        right += found.decision == SearchDecision.ANSWER and keys[0] in each.right
    answered = decisions[SearchDecision.ANSWER]
    return Score(
        first / len(asked),
        three / len(asked),
        answered / len(asked),
        decisions[SearchDecision.PASS] / len(asked),
        right / max(answered, 1),
    )


def measure() -> dict[str, float]:
    """Every figure by its name in thresholds.yml; prints the table on the way."""
    told = sets.entries()
    kept = sets.without_set_aside(told)
    vectors = bundled_vectors(CACHE_FOLDER)
    search = EntrySearch(kept, vectors)
    imported = sets.as_imported(kept)
    plain = EntrySearch(imported, vectors, before=search).learned()
    others, plain_others = rankings(kept, vectors), rankings(imported, vectors)
    asked = sets.asked(told)
    in_talk = [each for each in sets.in_talk() if each.right]
    known = [each for each in sets.faq_dev() if each.right]
    unknown = [each for each in sets.faq_dev() if not each.right]
    figures: dict[str, float] = {}
    print(
        f"{'questions':<34}{'way':<22}{'of':>5}{'first':>8}{'in 3':>8}{'answer':>8}{'pass':>8}"
        f"{'right when answered':>21}"
    )
    for name, label, questions in (
        ("asked", "set-aside variants", asked),
        ("mistyped", "… mistyped or traditional", sets.mistaken(asked)),
        ("manuals", "plain manuals, imported", sets.manuals(told)),
        ("faq_dev", "kept questions", known),
        ("in_talk", "asked within a talk", in_talk),
        ("in_talk_alone", "… searched without it", [replace(each, talk=None) for each in in_talk]),
    ):
        if not questions:
            continue
        ours = score(plain if name == "manuals" else search, questions)
        _line(label, "ours", len(questions), ours)
        figures |= {
            f"{name}_first": ours.first,
            f"{name}_three": ours.three,
            f"{name}_passed": ours.passed,
            f"{name}_right_when_answered": ours.answered_right,
        }
        for way, ranking in (plain_others if name == "manuals" else others).items():
            _line(label, way, len(questions), _ranked(ranking, questions))
    strange = sets.no_entry()
    for name, label, questions in (
        ("no_entry", "no entry, own set", [each for told in strange.values() for each in told]),
        ("own", "… a customer's own things", strange["own"]),
        ("faq_dev_none", "no entry, kept questions", unknown),
    ):
        if questions:
            ours = score(search, questions)
            _line(label, "ours", len(questions), ours)
            figures |= {f"{name}_not_answered": 1 - ours.answered, f"{name}_passed": ours.passed}
    figures["shown_first"] = _shown_first(search)
    figures["search_ms"] = _milliseconds(search, [each.text for each in asked[:200]])
    return figures


def _shown_first(search: EntrySearch) -> float:
    """Of questions to long answers: the words that answer are among the sentences shown first."""
    index = search.index
    places = {entry.key: place for place, entry in enumerate(index.entries)}
    asked = sets.figures()
    shown = sum(
        words in "。".join(lead_of(index, places[key], index.read(question)))
        for key, question, words in asked
    )
    return shown / len(asked)


def _ranked(ranking: Ranking, asked: Sequence[Asked]) -> Score:
    found = [(each, ranking(each.text)) for each in asked]
    first = sum(keys[0] in each.right for each, keys in found) / len(found)
    three = sum(bool(each.right.intersection(keys)) for each, keys in found) / len(found)
    return Score(first, three, float("nan"), float("nan"), float("nan"))


def _line(label: str, way: str, count: int, told: Score) -> None:
    numbers = (told.first, told.three, told.answered, told.passed)
    cells = "".join(f"{number:>8.3f}" if number == number else f"{'–':>8}" for number in numbers)
    right = f"{told.answered_right:>21.3f}" if told.answered_right == told.answered_right else f"{'–':>21}"
    print(f"{label:<34}{way:<22}{count:>5}{cells}{right}")


def _milliseconds(search: EntrySearch, texts: Sequence[str]) -> float:
    """Processor time of one search, median: neighbours on the machine hardly move it."""
    taken = []
    for text in texts:
        began = time.process_time()
        search.search(text)
        taken.append(1000 * (time.process_time() - began))
    return statistics.median(taken)


def _misses(figures: dict[str, float], asked: dict[str, dict[str, Any]]) -> list[str]:
    missed = []
    for name, limits in asked.items():
        value = figures.get(name)
        if value is None:
            continue
        if value < limits.get("least", value) or value > limits.get("most", value):
            missed.append(f"{limits['label']}: {value:.3f}")
    return missed


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description="Accuracy gates over the demo shop's knowledge.")
    parser.add_argument("--accept", action="store_true", help="keep this run's figures in accepted.json")
    options = parser.parse_args()
    threadpool_limits(1)
    figures = measure()
    asked: dict[str, dict[str, Any]] = yaml.safe_load(THRESHOLDS.read_text("utf-8"))
    accepted = json.loads(ACCEPTED.read_text("utf-8")) if ACCEPTED.is_file() else {}
    print(f"\n{'measure':<46}{'now':>8}{'accepted':>10}{'threshold':>11}{'target':>8}")
    for name, limits in asked.items():
        cells = (
            figures.get(name),
            accepted.get(name),
            limits.get("least", limits.get("most")),
            limits.get("target"),
        )
        row = "".join(
            f"{'–':>{width}}" if cell is None else f"{cell:>{width}.3f}"
            for cell, width in zip(cells, (8, 10, 11, 8), strict=True)
        )
        print(f"{limits['label']:<46}{row}")
    if options.accept:
        told = {name: round(value, 4) for name, value in figures.items()}
        ACCEPTED.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    missed = _misses(figures, asked)
    print(
        "\n"
        + ("\n".join(f"MISSED {each}" for each in missed) or "all thresholds of the knowledge search kept")
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
