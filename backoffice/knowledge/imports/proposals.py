"""What a file proposes, before anybody looks at the store: plain data that crosses a process's border."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Proposal:
    """One proposed entry. What is None was not said by the file, and an import leaves it as it is.

    Attributes:
        key: its own where the file names one, else made from file and place, the same at every import.
        place: where it stands, as a person would look for it: "第 12 行", "首次配对 > 指示灯".
        source: file, place, page, owner, …: kept with the version.
    """

    key: str
    question: str
    answer: str
    place: str
    category: str | None = None
    scene: str | None = None
    tags: tuple[str, ...] | None = None
    variants: tuple[str, ...] | None = None
    short: Mapping[str, str] | None = None
    valid_from: str | None = None
    valid_until: str | None = None
    facts: tuple[Mapping[str, Any], ...] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """The fields of an entry's content that the file speaks of."""
        fields = asdict(self)
        return {
            name: value
            for name, value in fields.items()
            if name not in ("key", "place", "source") and value is not None
        }

    def digests(self) -> dict[str, str]:
        """A short SHA-256 of each field said, wherever it stands."""
        return {name: _digest(value) for name, value in self.said().items()}


def _digest(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True)
class Refusal:
    """What cannot become an entry, and why."""

    place: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """A file, read."""

    file: str
    proposals: tuple[Proposal, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, told: str) -> Self:
        """The reverse of `as_json`."""
        document = json.loads(told)
        return cls(
            file=document["file"],
            proposals=tuple(_proposal(each) for each in document["proposals"]),
            refusals=tuple(Refusal(**each) for each in document["refusals"]),
        )


def _proposal(told: dict[str, Any]) -> Proposal:
    for name in ("tags", "variants", "facts"):
        if told[name] is not None:
            told[name] = tuple(told[name])
    return Proposal(**told)


class Unreadable(ValueError):
    """The file as a whole cannot be read; the message is Chinese and says what to do."""


def made_key(prefix: str, parts: Iterable[str]) -> str:
    """A key for what has none: the same whenever the same place of the same file is read."""
    digest = hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"{prefix}-{digest[:12]}"
