"""All measures of the gate, each over one set of sentences, with one loaded model.

A measure that cannot be taken says why: its set is not on this machine (`absent`), or the model's parses lack what it
reads (`unavailable`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import sets
from bench.parsing import Parser, intent, is_rejected
from bench.scores import Pair, accuracy, macro_recall, rejected
from tests.privacy import measure as privacy
from tests.safety import halves as safety

ENTITIES = sets.HELD_OUT / "entities.yml"


class Absent(Exception):
    """The set is not on this machine."""


class Unavailable(Exception):
    """The parses lack what the measure reads."""


@dataclass
class Measured:
    """Figures by name, why some could not be taken, and the pairs to draw tables and confusions from."""

    figures: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    held_out: list[Pair] = field(default_factory=list)
    real: list[Pair] = field(default_factory=list)
    authored: list[Pair] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def measure(parser: Parser) -> Measured:
    """Everything, in the order of the report."""
    run = _Run(parser)
    measured = run.measured
    for names, taken in (
        (("held_out_accuracy",), run.held_out),
        (("authored_accuracy",), run.authored),
        (("real_accuracy", "real_macro"), run.real),
        (("real_second_accuracy",), run.real_second),
        (("out_of_scope_caught", "in_scope_rejected"), run.out_of_scope),
        (("two_requests",), run.two_requests),
        (("two_requests_held_out", "one_request_kept"), run.two_requests_held_out),
        (("sentiment",), run.sentiment),
        (("sentiment_held_out",), run.sentiment_held_out),
        (("eprstmt",), run.eprstmt),
        (("masking_found", "masking_false"), run.masking),
        (_by_half("danger_found", "danger_false"), run.danger),
        (_by_half("danger_fresh_found", "danger_fresh_false"), run.danger_fresh),
        (_by_half("danger_quiet_found", "danger_quiet_false"), run.danger_quiet),
        (_by_half("anger_found", "anger_false"), run.anger),
        (_by_half("anger_fresh_found", "anger_fresh_false"), run.anger_fresh),
        (_by_half("hidden_found", "hidden_false"), run.hidden),
        (_by_half("hidden_fresh_found", "hidden_fresh_false"), run.hidden_fresh),
        (_by_half("hidden_third_found", "hidden_third_false"), run.hidden_third),
        (("entities_f1",), run.entities),
        (("parse_ms",), run.speed),
    ):
        try:
            measured.figures.update(zip(names, taken(), strict=True))
        except Absent as reason:
            measured.absent.update(dict.fromkeys(names, str(reason)))
        except Unavailable as reason:
            measured.unavailable.update(dict.fromkeys(names, str(reason)))
    return measured


def _by_half(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{which}" for which in safety.HALVES for name in names)


class _Run:
    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.measured = Measured()
        self._parses: dict[str, dict[str, Any]] = {}

    def parse(self, text: str) -> dict[str, Any]:
        if text not in self._parses:
            self._parses[text] = self.parser.parse(text)
        return self._parses[text]

    def intents(self, sentences: Sequence[sets.Labelled]) -> list[Pair]:
        return [Pair(text, label, intent(self.parse(text))) for text, label in sentences]

    def key(self, text: str, name: str) -> Any:
        parse = self.parse(text)
        if name not in parse:
            raise Unavailable(f"parses have no `{name}`")
        return parse[name]

    def held_out(self) -> Iterator[float]:
        inside, outside = (self.intents(sets.held_out(name)) for name in ("intents.yml", "out_of_scope.yml"))
        # What is caught by the fallback is caught: it is no confusion.
        caught = [Pair(text, label, label if is_rejected(predicted) else predicted) for text, label, predicted in outside]
        self.measured.held_out = [*inside, *caught]
        yield accuracy(inside)

    def authored(self) -> Iterator[float]:
        self.measured.authored = self.intents(sets.intents(_evaluation("intents_authored_dev.tsv")))
        yield accuracy(self.measured.authored)

    def real(self) -> Iterator[float]:
        self.measured.real = self.intents(sets.intents(_evaluation("intents_real_dev.tsv")))
        yield accuracy(self.measured.real)
        yield macro_recall(self.measured.real)

    def real_second(self) -> Iterator[float]:
        # Only the figure: its sentences stay unread, so that it tells how the next customers will be understood.
        yield accuracy(self.intents(sets.intents(_evaluation("intents_real_dev2.tsv"))))

    def out_of_scope(self) -> Iterator[float]:
        outside = self.intents(sets.held_out("out_of_scope.yml"))
        yield rejected(outside)
        inside = [*self.intents(sets.held_out("intents.yml")), *self.measured.authored]
        yield rejected([pair for pair in inside if not is_rejected(pair.expected)])

    def two_requests(self) -> Iterator[float]:
        yield self._in_order(sets.two_requests(_evaluation("two_requests_dev.tsv")))

    def two_requests_held_out(self) -> Iterator[float]:
        rows = sets.two_requests(sets.HELD_OUT / "two_requests.yml")
        yield self._in_order([row for row in rows if len(row.requests) == 2])
        single = [row.text for row in rows if len(row.requests) == 1]
        yield sum(len(self.key(text, "requests")) == 1 for text in single) / len(single)

    def _in_order(self, rows: Sequence[sets.TwoRequests]) -> float:
        found = [tuple(self.key(row.text, "requests")) == row.requests for row in rows]
        self.measured.remarks += [
            f"requests {'|'.join(row.requests)} → {'|'.join(self.key(row.text, 'requests'))}: {row.text}"
            for row, right in zip(rows, found, strict=True)
            if not right
        ]
        return sum(found) / len(found)

    def sentiment(self) -> Iterator[float]:
        yield self._feelings(sets.sentiments(_evaluation("sentiment_dev.tsv")), lambda name: name)

    def sentiment_held_out(self) -> Iterator[float]:
        yield self._feelings(sets.sentiments(sets.HELD_OUT / "sentiment.yml"), lambda name: name)

    def eprstmt(self) -> Iterator[float]:
        signs = {"satisfied": "Positive", "dissatisfied": "Negative", "angry": "Negative"}
        rows = sets.sentiments(_evaluation("eprstmt_dev.jsonl"))
        yield self._feelings(rows, lambda name: signs.get(name, name))

    def _feelings(self, rows: Sequence[sets.Labelled], label: Callable[[str], str]) -> float:
        return accuracy([Pair(text, wanted, label(self.key(text, "sentiment")["name"])) for text, wanted in rows])

    def masking(self) -> Iterator[float]:
        found = privacy.measure(_evaluation("pii_dev.tsv"))
        items, hidden, clean, touched = (int(str(found[n])) for n in ("items", "found", "clean_rows", "false_rows"))
        yield hidden / items
        yield touched / clean

    def danger(self) -> Iterator[float]:
        yield from self._both("danger.tsv", "danger_lookalikes.txt", self._in_danger)

    def danger_fresh(self) -> Iterator[float]:
        yield from self._both("danger_fresh.tsv", "danger_lookalikes_fresh.txt", self._in_danger)

    def danger_quiet(self) -> Iterator[float]:
        yield from self._both("danger_set_aside.tsv", "danger_lookalikes_set_aside.txt", self._in_danger)

    def _in_danger(self, text: str) -> bool:
        return bool(self.parse(text).get("danger"))

    def anger(self) -> Iterator[float]:
        yield from self._both("angry.txt", "calm.txt", self._is_angry)

    def anger_fresh(self) -> Iterator[float]:
        yield from self._both("angry_fresh.txt", "calm_fresh.txt", self._is_angry)

    def _is_angry(self, text: str) -> bool:
        return bool(self.key(text, "sentiment")["angry"])

    def hidden(self) -> Iterator[float]:
        for which in safety.HALVES:
            yield from safety.masked("pii.tsv", which)

    def hidden_fresh(self) -> Iterator[float]:
        for which in safety.HALVES:
            yield from safety.masked("pii_fresh.tsv", which)

    def hidden_third(self) -> Iterator[float]:
        for which in safety.HALVES:
            yield from safety.masked("pii_third.tsv", which)

    def _both(self, true: str, false: str, held: Callable[[str], bool]) -> Iterator[float]:
        for which in safety.HALVES:
            yield safety.share(safety.lines(true), which, held)
            yield safety.share(safety.lines(false), which, held)

    def entities(self) -> Iterator[float]:
        from tests.components.test_entities import score

        # The measure wants something with `.entities(text)`: here it is the whole model.
        result = score(_Entities(self.parse), ENTITIES)  # type: ignore[arg-type]
        self.measured.remarks += [f"entity {note}" for note in result.notes]
        yield result.f1

    def speed(self) -> Iterator[float]:
        yield self.parser.median(sets.timed())


@dataclass(frozen=True)
class _Entities:
    parse: Callable[[str], dict[str, Any]]

    def entities(self, text: str) -> list[dict[str, str]]:
        return [each for each in self.parse(text)["entities"] if "start" in each]  # written in the words


def _evaluation(name: str) -> Path:
    folder = sets.eval_folder()
    if folder is None or not (folder / name).is_file():
        raise Absent(f"{name} is not here")
    return folder / name
