"""A search that anybody can foresee, for what must hold whatever the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from backoffice.knowledge.published import PublishedEntry
from backoffice.states import SearchDecision


@dataclass(frozen=True)
class Hit:
    key: str
    score: float


@dataclass(frozen=True)
class Found:
    decision: SearchDecision
    hits: tuple[Hit, ...]


class Alike:
    """The entry with the sentence that shares most with the question: an answer from 0.6, a choice from 0.4."""

    def __init__(self, entries: Sequence[PublishedEntry]) -> None:
        self._entries = entries

    def search(self, question: str) -> Found:
        hits = [
            Hit(entry.key, max(_share(question, text) for text in (entry.question, *entry.variants)))
            for entry in self._entries
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.key))
        best = hits[0].score if hits else 0.0
        if best >= 0.6:
            return Found(SearchDecision.ANSWER, tuple(hits))
        return Found(SearchDecision.CLARIFY if best >= 0.4 else SearchDecision.PASS, tuple(hits))


def _share(question: str, text: str) -> float:
    return SequenceMatcher(None, question, text).ratio()
