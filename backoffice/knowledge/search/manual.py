"""Questions to a manual: its sections are all about the same goods, so what else is said decides among them.

The goods' name is in every section's title, and in most sentences that customers ask with; left in the
question it outweighs the few words that tell one section from another. So the manual is found with it, the
section without.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from backoffice.knowledge.search.combiner import Judged
from backoffice.knowledge.search.concepts import concepts, goods_marks
from backoffice.states import SearchDecision

SECTIONS = 3
"""So many entries about the same goods are a manual."""
LEAST = 3
"""Characters beside the goods' name that ask something."""
_SUBJECT = re.compile(r"（([^（）]{2,})）(?:（\d+）)?$")
_NUMBER = re.compile(r"(?<![a-z\d-])[a-z]+\d+(?![a-z\d])", re.IGNORECASE)
_MODEL = re.compile(r"[a-z]*-?[a-z]+\d+", re.IGNORECASE)


def subjects(titles: Sequence[str]) -> list[str]:
    """Of each title the goods whose manual it is of; empty where it is of none."""
    told = [found[1] if (found := _SUBJECT.search(title)) else "" for title in titles]
    counts = Counter(told)
    return [subject if counts[subject] >= SECTIONS else "" for subject in told]


def models(of: Sequence[str]) -> dict[str, str]:
    """The last part of each model's number, by which customers call it (b3 of LX-B3) → the goods of that
    manual."""
    told = {(model.split("-")[-1].lower(), subject) for subject in of for model in _MODEL.findall(subject)}
    counts = Counter(number for number, _ in told)
    return {number: subject for number, subject in told if counts[number] == 1}


def spelled_out(question: str, known: Mapping[str, str]) -> str:
    """The question with goods that are called by their number alone called by their name."""
    return _NUMBER.sub(lambda match: known.get(match.group().lower(), match.group()), question)


def within(
    question: str, judged: Judged, of: Sequence[str], judge: Callable[[str], Judged], answer: float
) -> Judged:
    """The same with the sections of the manual that is asked about in the order of a look without its
    goods' name.

    Args:
        of: the subject of each entry, by number; `judge`: what other words come to; `answer`: from which
            probability on the first is answered.
    """
    before = _by_entry(judged)
    told: dict[str, float] = {}
    for entry, score in before.items():
        told[of[entry]] = told.get(of[entry], 0.0) + score
    beside = max((score for entry, score in before.items() if not of[entry]), default=0.0)
    told.pop("", None)
    if not told:
        return judged
    subject = max(told, key=lambda each: told[each])
    share = told[subject]
    bare = _without(question, subject)
    if share <= beside or bare == question or len(bare) < LEAST:
        return judged
    near = {entry: score for entry, score in _by_entry(judge(bare)).items() if of[entry] == subject}
    if not near:
        return judged
    whole = min(share, 1.0) / max(sum(near.values()), 1e-9)
    scores = {entry: score for entry, score in before.items() if of[entry] != subject}
    scores |= {entry: score * whole for entry, score in near.items()}
    order = sorted(scores, key=lambda e: -scores[e])
    first = scores[order[0]]
    decision = judged.decision
    if decision != SearchDecision.PASS:
        decision = SearchDecision.ANSWER if first >= answer else SearchDecision.CLARIFY
    return replace(
        judged,
        entries=np.array(order, np.int64),
        scores=np.array([scores[e] for e in order], np.float32),
        first=first,
        decision=decision,
    )


def _by_entry(judged: Judged) -> dict[int, float]:
    return {int(entry): float(score) for entry, score in zip(judged.entries, judged.scores, strict=True)}


def _without(question: str, subject: str) -> str:
    """The question without the names of the goods."""
    bare = question
    for model in _MODEL.findall(subject):
        *maker, number = model.split("-")
        before = "".join(rf"(?:{part}[-\s]*)?" for part in maker)
        bare = re.sub(before + re.escape(number), "", bare, flags=re.IGNORECASE)
    marks = goods_marks(subject)
    known = concepts()

    def named(match: re.Match[str]) -> str:
        return "" if marks.intersection(known.marks(match.group())) else match.group()

    return known.pattern.sub(named, bare).strip()
