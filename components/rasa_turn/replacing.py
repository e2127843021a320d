"""How a function of Rasa's gives way to ours, and stays within reach."""

from __future__ import annotations

import hashlib
import importlib
import inspect
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_ORIGINALS: dict[str, Any] = {}


@dataclass(frozen=True)
class Replacement:
    """One function (or attribute) of Rasa's and what stands in its place.

    Attributes:
        where: `module:Class.function` or `module:name`.
        source: first 16 hexadecimal digits of SHA-256 over the source of what is replaced; "" where it has none.
        ours: what is put there; a `staticmethod` where Rasa's is one.
    """

    where: str
    source: str
    ours: Any


def put(replacement: Replacement) -> None:
    """Put ours in the place of Rasa's, once."""
    if replacement.where not in _ORIGINALS:
        owner, name = _place(replacement.where)
        _ORIGINALS[replacement.where] = inspect.getattr_static(owner, name, None)
        setattr(owner, name, replacement.ours)


@contextmanager
def taken_back(replacements: Iterable[Replacement]) -> Iterator[None]:
    """Rasa as it is without them, to compare with."""
    present: list[tuple[Any, str, Any]] = []
    for replacement in replacements:
        owner, name = _place(replacement.where)
        present.append((owner, name, inspect.getattr_static(owner, name)))
        before = _ORIGINALS.get(replacement.where)
        delattr(owner, name) if before is None else setattr(owner, name, before)
    try:
        yield
    finally:
        for place in present:
            setattr(*place)


def original(where: str) -> Any:
    """Rasa's own, as a plain function."""
    found = _ORIGINALS[where] if where in _ORIGINALS else inspect.getattr_static(*_place(where), None)
    return found.__func__ if isinstance(found, staticmethod) else found


def source_digest(where: str) -> str:
    """The digest of Rasa's source, as `Replacement.source` has it."""
    found = original(where)
    if not inspect.isfunction(found):
        return ""
    return hashlib.sha256(inspect.getsource(found).encode()).hexdigest()[:16]


def _place(where: str) -> tuple[Any, str]:
    module, _, path = where.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    return owner, name
