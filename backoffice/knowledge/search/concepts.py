"""What customers call things: `data/lexicon/synonyms.yml`, product kinds and carriers, as one reading
of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import rjieba
import yaml

from backoffice.database import PROJECT_ROOT

LEXICON = PROJECT_ROOT / "data" / "lexicon"
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Concepts:
    """Attributes:
    same: a word → the word that stands for it.
    kinds: a word → what it is one of.
    goods: the marks that stand for goods, and for kinds of them.
    """

    same: dict[str, str]
    kinds: dict[str, tuple[str, ...]]
    pattern: re.Pattern[str]
    goods: frozenset[str] = frozenset()

    def canonical(self, text: str) -> str:
        """The text with every known word written in the one way."""
        return self.pattern.sub(lambda match: self.same.get(match.group(), match.group()), text)

    def marks(self, text: str) -> list[str]:
        """The concepts that a text speaks of, and their kinds."""
        found: list[str] = []
        for match in self.pattern.finditer(text):
            word = match.group()
            if word in self.same:
                found.append("=" + self.same[word])
            found += ["<" + kind for kind in self.kinds.get(word, ())]
        return found


def words(text: str) -> list[str]:
    """jieba's words for a search engine (long ones with their parts), marks and spaces left out."""
    return [word for word in rjieba.cut_for_search(text) if _WORD.search(word)]


@cache
def concepts(folder: Path = LEXICON) -> Concepts:
    """The lexicon, read once. A folder without it gives none."""
    same: dict[str, str] = {}
    kinds: dict[str, list[str]] = {}
    told = _read(folder / "synonyms.yml")
    for name, others in _rows(told.get("same")):
        for word in (name, *others):
            same.setdefault(word, name)
    for name, others in _rows(told.get("kinds")):
        for word in (name, *others):
            kinds.setdefault(word, []).append(name)
    categories = _read(folder / "categories.yml").get("lexicon", {}).get("product_category")
    sold = {word for name, others in _rows(categories) for word in (name, *others)}
    goods = {"=" + name for name, _ in _rows(categories)}
    goods |= {"<" + name for name, others in _rows(told.get("kinds")) if sold & {name, *others}}
    for table in (
        categories,
        _read(folder / "carriers.yml").get("carriers"),
    ):
        for name, others in _rows(table):
            for word in others:
                if len(word) > 1 and word not in same and word not in kinds:
                    same[word] = name
                    kinds[word] = kinds.get(name, [])
    longest = sorted({*same, *kinds}, key=lambda word: (-len(word), word))
    pattern = re.compile("|".join(map(re.escape, longest)) or r"(?!)")
    return Concepts(same, {word: tuple(names) for word, names in kinds.items()}, pattern, frozenset(goods))


def goods_marks(text: str) -> frozenset[str]:
    """The goods that a text speaks of, and their kinds."""
    known = concepts()
    return known.goods.intersection(known.marks(text.lower().replace(" ", "")))


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text("utf-8")) or {}) if path.is_file() else {}


def _rows(table: dict[str, list[Any] | None] | None) -> list[tuple[str, list[str]]]:
    return [
        (_plain(name), [_plain(word) for word in others or ()])
        for name, others in (table or {}).items()
        if not isinstance(others, dict)
    ]


def _plain(word: Any) -> str:
    return str(word).lower().replace(" ", "")
