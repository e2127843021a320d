"""The shop's words, as designers keep them under `data/lexicon/`: which words mean what.

Each file may hold any of these keys; what several files say of one key is taken together:

- `lexicon`: entity → value → words. A value with a Chinese character is one of its own words, unless the words stand
  under `only`.
- `brands`, `beside`, `products`: names of goods; those under `beside` count only next to another name or a category.
- `carriers`: name → words.
- `festivals`: name → `{on: "MM-DD" or a list of days, words: […]}`.
- `places`: provinces and cities, without the suffix.
- `not_an_entity`: phrases that look like one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rasa.shared.utils.io import read_yaml_file

from components.text_normaliser import normalise

BRAND, BESIDE, CARRIER, FESTIVAL, PLACE, NOTHING = "_brand", "_beside", "_carrier", "_festival", "_place", "_nothing"
"""Labels of words that are no entity by themselves; the entity extractor makes something of them."""


class Word(NamedTuple):
    """A spelling, normalised; what it is; what it means."""

    text: str
    label: str
    value: str


class LexiconError(ValueError):
    """A file of the lexicon is not of the form this module's description gives."""


def read_lexicon(folder: Path) -> list[Word]:
    """All words of the folder's YAML files, each spelling and label once.

    Raises LexiconError where a file is not in form, or where one word is given two values under one label.
    """
    meanings: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            words = list(_words(read_yaml_file(path) or {}))
        except (AttributeError, KeyError, TypeError) as error:
            raise LexiconError(f"{path} is not of the form of a lexicon: {error}") from error
        for text, label, value in words:
            known = meanings.setdefault((text, label), value)
            if known != value:
                raise LexiconError(f"{path}: {text} is both {known} and {value} as {label}")
    return [Word(text, label, value) for (text, label), value in meanings.items()]


def lexicon_fingerprint(folder: Path) -> str:
    """Changes whenever a file of the lexicon does."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _words(told: dict[str, Any]) -> Iterator[Word]:
    for entity, values in (told.get("lexicon") or {}).items():
        for value, words in values.items():
            only = isinstance(words, dict)
            yield from _spelled(entity, str(value), words["only"] if only else [*words, *_named(str(value))])
    for key, label in (("brands", BRAND), ("beside", BESIDE)):
        for name in told.get(key) or []:
            yield from _spelled(label, str(name), [name])
    for names in told.get("products") or []:
        for name in names:
            yield from _spelled("product", str(name), [name, f"《{name}》"])
    for name, words in (told.get("carriers") or {}).items():
        yield from _spelled(CARRIER, str(name), [name, *words])
    for name, festival in (told.get("festivals") or {}).items():
        days = festival["on"]
        yield from _spelled(FESTIVAL, " ".join([days] if isinstance(days, str) else days), [name, *festival["words"]])
    for name in told.get("places") or []:
        yield from _spelled(PLACE, str(name), [f"{name}{suffix}" for suffix in ("", "省", "市", "自治区")])
    for phrase in told.get("not_an_entity") or []:
        yield from _spelled(NOTHING, "", [phrase])


def _named(value: str) -> list[str]:
    return [value] if re.search("[一-鿿]", value) else []


def _spelled(label: str, value: str, words: Iterable[object]) -> Iterator[Word]:
    """Each word as the normaliser leaves it, and as people type it without or with other spaces and hyphens."""
    for word in words:
        text = normalise(str(word)).text
        for spelling in {text, text.replace(" ", ""), text.replace("-", ""), text.replace("-", " ")} - {""}:
            yield Word(spelling, label, value)
