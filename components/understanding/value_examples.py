"""The examples that values are learned from: `data/values/` and the reasons of `data/after_sales/reasons.yml`.

A designer marks what is a value in a sentence, under what was just asked; here the sentences are multiplied with other
names, addresses and reasons in the same places, so that what is learned is the way of saying it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rasa.shared.utils.io import read_yaml_file

KINDS = frozenset({"name", "title", "address", "reason", "remark", "spot", "denied"})
"""Kinds that are learned; what else is marked (phone, email) has a form of its own and is found by it."""
NOTHING_ASKED = "none"
COPIES = 3
_MARKED = re.compile(r"\[([^\]]+)\]\((\w+)\)")


class ExamplesError(ValueError):
    """A file of the examples is not of the form its own head describes."""


class Span(NamedTuple):
    """Where a value stands, and its kind; `own`: where in it the part begins for which others may stand."""

    start: int
    end: int
    kind: str
    own: int = 0


class Example(NamedTuple):
    """A sentence, what had been asked, and the values in it, by place."""

    asked: str
    text: str
    spans: tuple[Span, ...]


def marked(asked: str, written: str) -> Example:
    """`收件人改成[李四](name)` → its text and spans; in `[那个台灯|不亮](reason)` the part behind `|` may be another."""
    text, spans, end = "", [], 0
    for match in _MARKED.finditer(written):
        text += written[end : match.start()]
        before, cut, own = match[1].partition("|")
        value = before + own
        spans.append(Span(len(text), len(text) + len(value), match[2], len(before) if cut else 0))
        text, end = text + value, match.end()
    return Example(asked, text + written[end:], tuple(spans))


def read_examples(path: Path) -> list[Example]:
    """The sentences of one file, under what was asked. Raises ExamplesError."""
    told = read_yaml_file(path)
    if not isinstance(told, dict) or not all(isinstance(each, list) for each in told.values()):
        raise ExamplesError(f"{path}: lists of sentences, each under what was asked, are needed")
    return [marked(str(asked), str(written)) for asked, sentences in told.items() for written in sentences]


def read_reasons(path: Path, key: str = "reasons") -> dict[str, list[str]]:
    """Code of the shop's interface → what customers say; `key` `sayings`: of which only the code is learned, for so many
    different ones in the sentences' places would teach that anything may be a reason. Raises ExamplesError."""
    told = (read_yaml_file(path) or {}).get(key)
    if not isinstance(told, dict) or not all(isinstance(each, list) for each in told.values()):
        raise ExamplesError(f"{path}: `{key}:` must name lists of sayings")
    return {str(code): [str(said) for said in sayings] for code, sayings in told.items()}


def read_asides(path: Path) -> list[str]:
    """What customers say where a reason is asked for, and is none. Raises ExamplesError."""
    told = (read_yaml_file(path) or {}).get("asides")
    if not isinstance(told, list):
        raise ExamplesError(f"{path}: `asides:` must be a list of sayings")
    return [str(said) for said in told]


def read_contexts(path: Path) -> dict[str, dict[str, Any]]:
    """`slots`: slot → the context in which an answer is read, or a table by another slot's value (`of`); `intents`: the
    context of a message that answers nothing. Raises ExamplesError."""
    told = read_yaml_file(path) or {}
    if not all(isinstance(told.get(key), dict) for key in ("slots", "intents")):
        raise ExamplesError(f"{path}: `slots:` and `intents:` must name the contexts")
    return {key: told[key] for key in ("slots", "intents")}


def of_folder(folder: Path, reasons: Path) -> list[Example]:
    """All examples of `data/values/`, multiplied: the same every time. Raises ExamplesError, naming an unknown kind."""
    files = [(read_yaml_file(path) or {}).get("examples") or {} for path in sorted(folder.glob("*.yml"))]
    written = [marked(str(asked), str(each)) for told in files for asked, sentences in told.items() for each in sentences]
    known = KINDS | {"phone", "email", "tax_number"}
    for example in written:
        for span in example.spans:
            if span.kind not in known:
                raise ExamplesError(f"{example.text}: unknown kind {span.kind!r}; known are {', '.join(sorted(known))}")
    others = Others(read_yaml_file(folder / "words.yml"), read_reasons(reasons), written)
    topics = set(read_contexts(folder / "contexts.yml")["intents"].values())
    return [
        each
        for example in written
        for copy in (example, *(others.instead(example) for _ in range(copies(example))))
        for each in ([copy, copy._replace(asked=NOTHING_ASKED)] if copy.asked in topics and copy is example else [copy])
    ]


def copies(example: Example) -> int:
    """How often a sentence is said again with other values; one without any is only said."""
    return COPIES if any(span.kind in KINDS for span in example.spans) else 0


class Others:
    """Other values of a kind, made up of the parts in `words.yml`, or taken from the reasons and the other sentences."""

    def __init__(self, words: dict[str, dict[str, str]], reasons: dict[str, list[str]], written: list[Example]) -> None:
        self._random = random.Random(7)
        self._words = {kind: {part: str(told).split() for part, told in parts.items()} for kind, parts in words.items()}
        self._reasons = [said for sayings in reasons.values() for said in sayings]
        self._written = {
            kind: sorted({e.text[s.start : s.end] for e in written for s in e.spans if s.kind == kind})
            for kind in ("remark", "spot")
        }
        self._made: dict[str, Callable[[str], str]] = {
            "name": self._name, "address": self._address, "title": self._title, "reason": self._reason,
            "remark": self._same_kind("remark"), "spot": self._same_kind("spot"), "phone": self._phone,
        }  # fmt: skip

    def instead(self, example: Example) -> Example:
        """The same sentence with other values."""
        text, spans, end = "", [], 0
        for span in example.spans:
            text += example.text[end : span.start]
            kept, own = example.text[span.start : span.start + span.own], example.text[span.start + span.own : span.end]
            value = kept + (self._made[span.kind](own) if span.kind in self._made else own)
            spans.append(Span(len(text), len(text) + len(value), span.kind, span.own))
            text, end = text + value, span.end
        return Example(example.asked, text + example.text[end:], tuple(spans))

    def _part(self, kind: str, part: str) -> str:
        return self._random.choice(self._words[kind][part])

    def _name(self, own: str = "") -> str:
        if self._random.random() < 0.15:
            return self._part("name", "others")
        given = self._part("name", "given")
        if self._random.random() < 0.6:  # any signs may be a name
            given = "".join(self._part("name", "signs") for _ in range(self._random.choice((1, 2, 2))))
        return self._part("name", "surnames") + given

    def _title(self, own: str) -> str:
        if len(own) <= 3:
            return self._name()
        if self._random.random() < 0.25:
            return self._part("title", "places") + self._part("title", "others")
        chance = self._random.random
        trade = self._part("title", "trades") if chance() < 0.85 else ""
        own_place = self._part("title", "places") if chance() < 0.7 else ""
        name, kind = own_place + self._part("title", "brands"), self._part("title", "kinds")
        if chance() < 0.3:  # the place in brackets, before the trade or behind it
            place = self._part("title", "brackets").replace("-", self._part("title", "places"))
            name, trade = (name + place, trade) if chance() < 0.5 else (name + trade + place, "")
        tail = self._part("title", "tails") if chance() < 0.2 else ""
        return name + trade + kind + tail

    def _address(self, own: str) -> str:
        chance = self._random.random
        if len(own) < 8:  # the number of a house alone
            return self._part("address", "units") if chance() < 0.3 else re.sub(r"\d", self._digit, own)
        said = self._part("address", "cities")
        said += self._part("address", "towns") if chance() < 0.2 else ""
        said += f"{self._part('address', 'roads')}{self._random.randint(1, 999)}号" if chance() < 0.75 else ""
        said += self._part("address", "estates") if chance() < 0.6 else ""
        said += self._part("address", "units") if chance() < 0.75 else ""
        said += self._part("address", "tails") if chance() < 0.15 else ""
        return re.sub(r"(\d+)(?!\d)", r" \1 ", said).strip() if chance() < 0.15 else said

    def _digit(self, match: re.Match[str]) -> str:
        return str(self._random.randint(1, 9))

    def _reason(self, own: str) -> str:
        return self._random.choice(self._reasons)

    def _phone(self, own: str) -> str:
        return f"1{self._random.choice('35789')}{self._random.randint(0, 999999999):09}"

    def _same_kind(self, kind: str) -> Callable[[str], str]:
        return lambda own: self._random.choice(self._written[kind])


def labels(example: Example) -> Iterator[str]:
    """B-, I- or O for each character; what is not learned is O."""
    inside = {place: span for span in example.spans if span.kind in KINDS for place in range(span.start, span.end)}
    for place in range(len(example.text)):
        span = inside.get(place)
        yield "O" if span is None else f"{'B' if place == span.start else 'I'}-{span.kind}"
