"""What is measured on. Nothing of it is in the index that is measured, and nothing is trained on it.

- `asked`: a fifth of the demo entries' variants, chosen by their hash and left out of the index.
- `mistyped`: the same with a mistake made: a homophone, a character dropped or swapped, traditional
characters.
- `manuals`, `no_entry`, `figures`: `tests/knowledge/*.yml`.
- `in_talk`: half of `tests/knowledge/in_talk.yml`; the weights of `search/talk.py` were found on the
other half.
- `faq_dev`: questions kept apart (`LINGXI_EVAL_DIR`), measured where they are.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from backoffice.database import PROJECT_ROOT
from backoffice.knowledge import demo
from backoffice.knowledge.published import PublishedEntry
from backoffice.knowledge.search.talk import Talk
from backoffice.knowledge.search.typos import mistyped

SETS = PROJECT_ROOT / "tests" / "knowledge"
_TRADITIONAL = 0.25


@dataclass(frozen=True)
class Asked:
    """A question, the entries that answer it, each as good (none: nothing does), and the talk it was
    asked in."""

    text: str
    right: frozenset[str]
    talk: Talk | None = None


def entries() -> list[PublishedEntry]:
    """The demo shop's, as they are published."""
    return [
        PublishedEntry(
            each.key,
            1,
            each.question,
            each.variants or (),
            each.answer,
            category=each.category or "",
            source=each.source,
        )
        for each in demo.reading().proposals
    ]


def is_set_aside(variant: str) -> bool:
    """A fifth of all sentences, the same ones for ever."""
    return sha256(variant.encode()).digest()[0] % 5 == 0


def without_set_aside(told: list[PublishedEntry]) -> list[PublishedEntry]:
    """The entries that the index is made of."""
    return [
        replace(entry, variants=tuple(text for text in entry.variants if not is_set_aside(text)))
        for entry in told
    ]


def as_imported(told: list[PublishedEntry]) -> list[PublishedEntry]:
    """The same with the manuals as an import brings them in, without the sentences that people wrote for
    them, and without what was learned about the same goods elsewhere."""
    written = {
        text
        for path in (demo.FOLDER / "variants").glob("*.yml")
        for key, texts in _yaml(path).items()
        if key.startswith("doc-")
        for text in texts
    }
    return [
        replace(entry, variants=tuple(t for t in entry.variants if t not in written))
        for entry in told
        if entry.category != demo.MANUALS or entry.key.startswith("doc-")
    ]


def asked(told: list[PublishedEntry]) -> list[Asked]:
    """The variants left out."""
    return [
        Asked(text, frozenset({entry.key})) for entry in told for text in entry.variants if is_set_aside(text)
    ]


def mistaken(told: list[Asked]) -> list[Asked]:
    """The same questions, mistyped; every fourth in traditional characters."""
    chance = random.Random(7)
    return [
        replace(
            each,
            text=traditional(each.text) if chance.random() < _TRADITIONAL else mistyped(each.text, chance),
        )
        for each in told
    ]


def manuals(told: list[PublishedEntry]) -> list[Asked]:
    """Questions to the manuals, by the heading that answers."""
    keys: dict[tuple[str, str], set[str]] = {}
    for entry in told:
        document = str(entry.source.get("file", "")).removesuffix(".md")
        heading = str(entry.source.get("place", "")).split(" > ")[-1]
        keys.setdefault((document, heading), set()).add(entry.key)
    return [
        Asked(text, frozenset(keys[document, heading]))
        for document, headings in _yaml(SETS / "manuals.yml").items()
        for heading, texts in headings.items()
        for text in texts
    ]


def figures() -> list[tuple[str, str, str]]:
    """An entry's key, a question to it, the words that must be among the sentences shown first."""
    told = _yaml(SETS / "figures.yml")
    return [(key, str(row["ask"]), str(row["shown"])) for key, rows in told.items() for row in rows]


def no_entry() -> dict[str, list[Asked]]:
    """What nothing answers, by kind."""
    told = _yaml(SETS / "no_entry.yml")
    return {kind: [Asked(str(text), frozenset()) for text in texts] for kind, texts in told.items()}


def in_talk() -> list[Asked]:
    """Questions that follow upon something, those set aside."""
    rows = yaml.safe_load((SETS / "in_talk.yml").read_text("utf-8"))
    return [
        Asked(row[4], frozenset(row[5]), Talk(*row[:4])) for row in rows if not _fitted("|".join(row[:5]))
    ]


def _fitted(row: str) -> bool:
    return sha256(row.encode()).digest()[0] % 2 == 1


def faq_dev() -> list[Asked]:
    """The kept questions; empty where they are not."""
    folder = Path(os.environ.get("LINGXI_EVAL_DIR") or PROJECT_ROOT.parent / "shared" / "eval")
    path = folder / "faq_dev.tsv"
    return list(_rows(path)) if path.is_file() else []


def _rows(path: Path) -> Iterator[Asked]:
    head, *rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    key, text = head.index("key"), head.index("question")
    for row in rows:
        yield Asked(row[text], frozenset(row[key].split("|")) - {"-"})


def traditional(text: str) -> str:
    """In traditional characters, one by one."""
    table = _traditional()
    return "".join(table.get(sign, sign) for sign in text)


@cache
def _traditional() -> dict[str, str]:
    told = files("opencc").joinpath("dictionary", "STCharacters.txt").read_text("utf-8")
    rows = (line.partition("\t") for line in told.splitlines())
    return {simple: written.split(" ")[0] for simple, _, written in rows if written}


def _yaml(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text("utf-8")))
