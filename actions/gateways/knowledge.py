"""The shop's knowledge: its rules, the use of its goods, its service, as published entries that can be searched."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from actions.gateways.http import BackOffice, Caller

Decision = Literal["answer", "clarify", "pass"]
LONGEST_QUESTION = 500
WHOLE_LENGTH = 150  # characters up to which an answer is told whole: nine in ten of the demo shop's are no longer
LIST_LENGTH = 200  # a list up to this is told whole: of half of its points nobody knows what the others say
WHOLE_SHARE = 0.8  # a lead that holds this much of the answer is no lead
_TABLE_RULE = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*")
_ENDS = "\u3002\uff01\uff1f\uff1b\u2026!?;"
_LIST_MARK = re.compile(r"^\s*[-*+]\s+")


@dataclass(frozen=True)
class Fact:
    """A figure of an entry that can be reckoned with: `name` (return_days), `value` (7), `unit` (day)."""

    name: str
    value: str
    unit: str


@dataclass(frozen=True)
class Hit:
    """An entry that may answer.

    Attributes:
        score: the probability that it does, 0 to 1.
        lead: the sentences that answer first; `rest`: the whole answer, empty where the lead is all of it.
        source: what the customer is told it stands in.
    """

    key: str
    question: str
    score: float
    lead: str
    rest: str
    source: str
    version: int
    facts: tuple[Fact, ...] = ()

    def kept(self) -> dict[str, Any]:
        """As JSON, to be kept in a slot."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Hit:
        """What `kept` gave."""
        return cls(**{**kept, "facts": tuple(Fact(**fact) for fact in kept["facts"])})


@dataclass(frozen=True)
class Talk:
    """What a question was asked in; what is not known is empty.

    Attributes:
        said: what the customer said before; `told`: the entry told last, by its key, or by its question where a response told
            its rule.
        topic: the wish that is spoken of, in a word or two; `goods`: the title of the goods.
    """

    said: str = ""
    told: str = ""
    topic: str = ""
    goods: str = ""


NO_TALK = Talk()


@dataclass(frozen=True)
class Found:
    """What a search came to: an answer, up to three entries to choose from, or nothing."""

    decision: Decision
    hits: tuple[Hit, ...]


class KnowledgeGateway(Protocol):
    """Port to the knowledge."""

    def search(self, question: str, talk: Talk = NO_TALK) -> Found:
        """The entries that may answer a question in this talk, the likeliest first."""

    def entry(self, key: str, question: str) -> Hit:
        """A published entry by its key, told as an answer to `question`. Raises NotFound."""

    def asked(self, caller: Caller, question: str, found: Found, channel: str) -> str:
        """Keep that this was asked (masked) and what it came to; the id of the note."""

    def outcome(self, caller: Caller, note: str, outcome: Literal["helpful", "unhelpful", "handed_over"]) -> None:
        """Keep what the customer thought of the answer."""


class HttpKnowledge:
    """`KnowledgeGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def search(self, question: str, talk: Talk = NO_TALK) -> Found:
        told = {name: value[:LONGEST_QUESTION] for name, value in asdict(talk).items() if value}
        data = self._http.get("/knowledge/search", q=question[:LONGEST_QUESTION], k=3, **told)
        return Found(data["decision"], tuple(read_hit(hit) for hit in data["hits"]))

    def entry(self, key: str, question: str) -> Hit:
        return read_hit(self._http.get(f"/knowledge/published/{key}", q=question[:LONGEST_QUESTION]))

    def asked(self, caller: Caller, question: str, found: Found, channel: str) -> str:
        best = found.hits[0] if found.hits else None
        body = {
            "question": question[:LONGEST_QUESTION],
            "decision": found.decision,
            "keys": [hit.key for hit in found.hits],
            "score": best.score if best else None,
            "key": best.key if best and found.decision == "answer" else None,
            "channel": channel,
        }
        return str(self._http.post("/knowledge/questions", caller, body)["id"])

    def outcome(self, caller: Caller, note: str, outcome: Literal["helpful", "unhelpful", "handed_over"]) -> None:
        self._http.post(f"/knowledge/questions/{note}/outcome", caller, {"outcome": outcome})


def read_hit(data: dict[str, Any]) -> Hit:
    """A hit out of the back office's JSON."""
    answer = plain(data["answer"])
    lead = plain("".join(each if each[-1:] in _ENDS else f"{each}\u3002" for each in data["lead"]))
    lists = "\uff1a\u3002" in lead or lead.endswith("\uff1a")  # what comes next is a list
    lists |= "\n\u00b7" in f"\n{answer}" and len(answer) <= LIST_LENGTH
    short = not lead or lists or len(answer) <= WHOLE_LENGTH or len(lead) >= WHOLE_SHARE * len(answer)
    return Hit(
        key=data["key"],
        question=data["question"],
        score=float(data["score"]),
        lead=answer if short else lead,
        rest="" if short else answer,
        source=data["source_line"],
        version=int(data["version"]),
        facts=tuple(Fact(f["name"], str(f["value"]), f["unit"]) for f in data["facts"]),
    )


def plain(markdown: str) -> str:
    """An answer as channels without Markdown show it: points instead of list marks, no stars, tables as lines."""
    lines = []
    for line in markdown.strip().splitlines():
        if _TABLE_RULE.fullmatch(line):
            continue
        if line.lstrip().startswith("|"):
            line = "：".join(cell.strip() for cell in line.strip().strip("|").split("|"))
        lines.append(_LIST_MARK.sub("· ", line).replace("**", "").rstrip())
    return "\n".join(lines)
