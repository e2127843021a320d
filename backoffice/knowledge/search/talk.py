"""A question within a talk: what was said before it decides with it which entry is meant.

"How long does that take?" has an answer only after what was spoken of. So a question is searched three
times: alone, behind what the customer said before, and behind the wish that is spoken of; the entry told last
may be the one that is asked about further, a short question the sooner. One softmax over the candidates, and
over "none of them", joins all that. An entry about other goods than are spoken of is no candidate.

Weights: found on half of `tests/knowledge/in_talk.yml`, on written variants that the index did not know,
each put into one of these talks though it has nothing to do with it, and on questions without an entry;
`make gate` tells what they are worth on the other half.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from backoffice.knowledge.search.combiner import OFFERED, Judged, softmax
from backoffice.knowledge.search.concepts import concepts, goods_marks
from backoffice.states import SearchDecision

ALONE, SAID, TOPIC, SAME, SAME_SHORT = 0.57, 0.35, 0.22, 1.24, 1.7
NONE, NONE_ANY, NONE_SAID, NONE_SHORT = -2.47, -1.42, -0.18, -0.29
ANSWER, OFFER = 0.55, 0.55
SURE, SHORT_SURE = 0.5, 0.97
"""From this probability on a question needs no talk, the shortest from the second on: 67 of 78 answers in
a talk are then right (65 where the second is 0.8); of 90 whole questions put into a talk that they have
nothing to do with 59 are answered instead of 48, all of them rightly."""
PLAIN = 0.9
"""From this probability on a question that names no goods is about its entry's, and not about those that
were spoken of (六楼没电梯，要加钱吗 after a pair of shoes); the shortest (运费怎么收) is about those."""
LEAST_OFFERED = 0.1
"""An entry less likely than this has nothing to do with the talk."""
SHORT, SHORTEST, WHOLE = 12, 7, 24
"""Characters; a shorter question leans on what was said; the shortest do even where an entry has just these
words; from the last on a question says by itself what it is about, the less it goes on from what was told."""
CONSIDERED = 6
PIECE = 3
"""Characters of a manual's goods by which they are called."""
SPECIAL = frozenset({"=企业采购"})
"""Marks in an entry's title of a case that is told only where it is named, or where nothing else can be
meant."""
SURELY_SPECIAL = 0.9
_BUYERS = re.compile("企业|公司|单位|采购|对公|公户|员工|同事|客户|会计|财务|法务|我们[厂店校]|学校")
"""Who buys as a company says so with one of these."""
_FLOOR = 1e-3


@dataclass(frozen=True)
class Talk:
    """What a question was asked in; all may be empty.

    Attributes:
        said: what the customer said before.
        told: the entry that was told last, or whose rule was: its key, or its question as it is written.
        topic: the wish that is spoken of, in a word or two (换货).
        goods: the title of the goods that are spoken of.
    """

    said: str = ""
    told: str = ""
    topic: str = ""
    goods: str = ""

    def __bool__(self) -> bool:
        return bool(self.said or self.told or self.topic or self.goods)


def judge_in_talk(
    question: str,
    talk: Talk,
    alone: Judged,
    judge: Callable[[str], Judged],
    titles: list[str],
    told: int | None,
) -> Judged:
    """What to do with a question in a talk, and with which entries.

    Args:
        alone: what the question comes to by itself; `judge`: the same of other words.
        titles: the question of each entry, by number; `told`: the number of the entry told last.
    """
    named = goods_marks(question)
    about = named or goods_marks(talk.goods)
    sure = SURE if len(question) >= SHORTEST else SHORT_SURE
    others = named if _plain(question, alone.first) else about
    if alone.first >= sure and not _of_other_goods(titles[int(alone.entries[0])], others, question):
        return alone
    said = judge(f"{talk.said} {question}") if talk.said else None
    topic = judge(f"{talk.topic} {question}") if talk.topic else None
    looks = [look for look in (alone, said, topic) if look is not None]
    numbers = {int(n) for look in looks for n in look.entries[:CONSIDERED]}
    if told is not None:
        numbers.add(told)
    fitting = [n for n in sorted(numbers) if not _of_other_goods(titles[n], about, question)]
    if not fitting:
        return Judged(alone.entries[:0], alone.scores[:0], 0.0, 0.0, SearchDecision.PASS)
    short = max(0.0, 1 - len(question) / SHORT)
    same = SAME * min(1.0, WHOLE / max(len(question), 1)) + SAME_SHORT * short
    points = [
        ALONE * _log(alone, n)
        + SAID * _log(said, n)
        + TOPIC * _log(topic, n)
        + (n == told) * same
        for n in fitting
    ]
    best_said = max(map(float, said.scores), default=0.0) if said else alone.any
    none = NONE + NONE_ANY * _logit(alone.any) + NONE_SAID * _logit(best_said) + NONE_SHORT * short
    shares = softmax(np.array([*points, none], np.float32))[:-1]
    order = np.argsort(-shares, kind="stable")
    entries, scores = np.array(fitting, np.int64)[order], shares[order]
    first, anything = float(scores[0]), float(shares.sum())
    if first >= ANSWER:
        return Judged(entries, scores, first, anything, SearchDecision.ANSWER)
    near = scores >= LEAST_OFFERED
    offers = anything >= OFFER and bool(near.any())
    kept = near if offers else np.arange(len(scores)) < OFFERED
    if not offers and alone.decision != SearchDecision.PASS and len(question) >= SHORT:
        if first < LEAST_OFFERED:
            return alone  # a talk that tells nothing of it takes nothing from it either
        offers = True
    decision = SearchDecision.CLARIFY if offers else SearchDecision.PASS
    return Judged(entries[kept], scores[kept], first, anything, decision)


def fitting(question: str, goods: str, judged: Judged, titles: list[str]) -> Judged:
    """The same without entries about other goods than are named, and about a special case that nobody named:
    the rule for companies is none for who asks of the rule. What is left is judged by its own scores."""
    named = goods_marks(question)
    about = named or goods_marks(goods)
    bought_by_some = _BUYERS.search(question) is not None
    kept = np.array(
        [
            not _of_other_goods(titles[int(entry)], named if _plain(question, score) else about, question)
            and (score >= SURELY_SPECIAL or bought_by_some or not _special(titles[int(entry)]))
            for entry, score in zip(judged.entries, judged.scores, strict=True)
        ],
        bool,
    )
    if not len(kept):
        return judged
    if kept[0]:
        return replace(judged, entries=judged.entries[kept], scores=judged.scores[kept])
    scores = judged.scores[kept]
    first, anything = float(max(scores, default=0.0)), float(scores[:OFFERED].sum())
    decision = SearchDecision.CLARIFY if first >= LEAST_OFFERED else SearchDecision.PASS
    return Judged(judged.entries[kept], scores, first, anything, decision)


def _plain(question: str, score: float) -> bool:
    """Whether a question says by itself which goods it is about."""
    return score >= PLAIN and len(question) >= SHORTEST


@cache
def _special(title: str) -> bool:
    """Whether an entry is about a case that few customers are in."""
    return not SPECIAL.isdisjoint(concepts().marks(title))


def _of_other_goods(title: str, about: frozenset[str], question: str) -> bool:
    """Whether an entry is about goods, and about others than are spoken of; a piece of their name (机器人 of
    扫拖一体机器人) in the question names them too."""
    marks = _goods_of(title) if about else frozenset()
    return bool(marks) and not marks & about and not _called(title, question)


@cache
def _goods_of(title: str) -> frozenset[str]:
    """The goods of an entry's title: the same few hundred titles are looked at in every search."""
    return goods_marks(title)


def _called(title: str, question: str) -> bool:
    name = title.rpartition("（")[2].rstrip("）") if "（" in title else ""
    return any(name[at : at + PIECE] in question for at in range(len(name) - PIECE + 1))


def _log(look: Judged | None, entry: int) -> float:
    if look is None:
        return math.log(_FLOOR)
    found = look.scores[look.entries == entry]
    return math.log(max(float(found[0]) if len(found) else 0.0, _FLOOR))


def _logit(share: float) -> float:
    share = min(max(share, _FLOOR), 1 - _FLOOR)
    return math.log(share / (1 - share))
