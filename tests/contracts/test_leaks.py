"""Sentences that measure must not be in what is trained on or shipped, nor near copies of them."""

from __future__ import annotations

import csv
import math
import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
EVALUATION = Path(os.environ.get("LINGXI_EVAL_DIR") or ROOT.parent / "shared" / "eval")
HELD_OUT = ("intents.yml", "out_of_scope.yml", "two_requests.yml")
EVERYDAY = 5
"""Shorter sentences (你好, 谢谢啊) are everybody's."""
LONG = 8
"""From this length on near copies count, not only equal ones."""
NEAR = 0.8
"""Shared pairs of characters, as a part of all of both."""

_ENTITY = re.compile(r"\[([^\[\]]+)\](?:\([^()]*\)|\{[^{}]*\})")
_QUOTED = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`([^`\n]+)`")
_LIST = re.compile(r"^\s*(?:- |\d+\. |\* |> |\| )?(?:[a-z_]+: ?)?")
_NOTHING = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Letters and digits in one width and case."""
    return _NOTHING.sub("", unicodedata.normalize("NFKC", text).lower())


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring characters."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


class Sentences:
    """Sentences by which others can be found to be copies. Rare pairs first: a near copy shares one of the rarest."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._equal = {text for text in map(normalised, texts) if len(text) >= EVERYDAY}
        self._pairs = {text: pairs(text) for text in self._equal if len(text) >= LONG}
        frequency = Counter(pair for each in self._pairs.values() for pair in each)
        self._by_pair: dict[str, list[str]] = defaultdict(list)
        for text, its in self._pairs.items():
            shared_at_least = math.ceil(NEAR * len(its))
            for pair in sorted(its, key=lambda pair: (frequency[pair], pair))[: len(its) - shared_at_least + 1]:
                self._by_pair[pair].append(text)

    def copied_by(self, text: str) -> str | None:
        """The sentence that this text is a copy of."""
        plain = normalised(text)
        if plain in self._equal:
            return plain
        if len(plain) < LONG:
            return None
        its = pairs(plain)
        for other in {found for pair in its for found in self._by_pair.get(pair, ())}:
            theirs = self._pairs[other]
            if len(its & theirs) >= NEAR * len(its | theirs):
                return other
        return None


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what may be a sentence in a file: whole lines without their list marks, and quoted strings."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        plain = _ENTITY.sub(r"\1", line)
        yield number, _LIST.sub("", plain, count=1)
        for groups in _QUOTED.findall(plain):
            yield number, "".join(groups)
        if "\t" in line:
            yield from ((number, cell) for cell in line.split("\t"))


def shipped() -> Iterator[Path]:
    """The files that people read, train on and test with."""
    for room, kinds in (("data", {".yml"}), ("tests", {".yml", ".py", ".tsv", ".json"}), ("docs", {".md"})):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in kinds and "__pycache__" not in path.parts:
                yield path
    yield from sorted(ROOT.glob("*.md"))


@lru_cache(maxsize=1)
def measuring() -> Sentences:
    """The measuring sets' sentences."""
    texts = []
    for path in sorted(EVALUATION.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            texts += [row.get("text") or row.get("question") or "" for row in rows]
    return Sentences(texts)


def copies(files: Iterable[Path], of: Sentences) -> list[str]:
    """Where a sentence is copied: `file:line`, with the text."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {text}"
        for path in files
        for number, text in sentences(path)
        if of.copied_by(text)
    ]


@pytest.mark.skipif(not EVALUATION.is_dir(), reason="the measuring sets (../shared/eval) are not here")
def test_no_sentence_of_the_measuring_sets_is_in_the_project() -> None:
    found = copies(shipped(), measuring())
    assert found == [], "\n".join(found)


def test_no_held_out_sentence_is_trained_on() -> None:
    texts: list[str] = []
    for name in HELD_OUT:
        content = yaml.safe_load((ROOT / "tests" / "nlu" / name).read_text("utf-8"))
        texts += [line.removeprefix("- ") for block in content.get("nlu", []) for line in block["examples"].splitlines()]
        texts += [row["text"] for row in content.get("two_requests", [])]
    found = copies(sorted((ROOT / "data").glob("*/nlu.yml")), Sentences(texts))
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("text", "is_copy"),
    [
        ("快递到哪里了呀，三天没动静我很着急", True),
        ("快递到哪里了呀 三天没动静我很着急啊!", True),
        ("快遞", False),
        ("快递到哪里了", False),
        ("我的退款到哪里了呀，三天没消息", False),
    ],
)
def test_near_copies_are_found(text: str, is_copy: bool) -> None:
    assert (Sentences(["快递到哪里了呀，三天没动静我很着急"]).copied_by(text) is not None) is is_copy
