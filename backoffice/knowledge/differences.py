"""What one version says otherwise than another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from backoffice.knowledge.content import Content


@dataclass(frozen=True)
class Difference:
    """One field that differs; `lines` compares its text line by line ("- ", "+ ", "  ")."""

    field: str
    before: Any
    after: Any
    lines: tuple[str, ...]


def differences(before: Content, after: Content) -> Iterator[Difference]:
    """In the order of the fields, equal ones left out."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for field, value in old.items():
        if value != new[field]:
            compared = difflib.ndiff(list(_lines(value)), list(_lines(new[field])))
            lines = tuple(line for line in compared if not line.startswith("? "))
            yield Difference(field, value, new[field], lines)


def _lines(value: Any) -> Iterator[str]:
    match value:
        case None | "":
            return
        case str():
            yield from value.splitlines()
        case list():
            for each in value:
                yield each if isinstance(each, str) else _fact(each)
        case dict():
            for name, text in value.items():
                yield f"{name}: {text}"
        case _:
            yield str(value)


def _fact(fact: dict[str, Any]) -> str:
    return f"{fact['name']} = {fact['value']}{fact['unit']}"
