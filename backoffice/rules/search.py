"""Which goods a customer's words mean: characters they share with names and kinds, rare ones counting more.

A shop with a search engine of its own answers `GET /products/search` with that instead.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")

_LATIN = re.compile(r"[a-z0-9]+(?:[.+-][a-z0-9]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_EMPTY_WORDS = re.compile(
    "为什么|什么时候|什么|怎么样|怎么|多少|多久|哪一?[个款种]|[这那][个款种]|一[个款下]|可以|可不可以|能不能|有没有|是不是|支持|新款|使用|"
    "请问|你们|我们|商品|产品|帮我|推荐|适合|还有|现在|有货|价格|优惠|便宜|需要|想要|想买|给我|介绍"
)
_NEAR_BEST = 0.85
"""What scores this share of the best is as good."""


@dataclass(frozen=True)
class Found(Generic[Key]):
    """A thing, how much of what was said fits it (0 to 1), and whether it is among the best."""

    key: Key
    score: float
    best: bool


def tokens(text: str) -> set[str]:
    """Pairs of Chinese characters (靴子 as 靴, as names have it), and words in Latin letters or digits."""
    text = text.lower()
    found = {word.replace("-", "") for word in _LATIN.findall(text)}
    for run in _HAN.findall(text):
        found |= {run[i : i + 2] for i in range(len(run) - 1)} or {run}
        if len(run) == 2 and run.endswith("子"):
            found = found - {run} | {run[0]}
    return found


def said(text: str) -> set[str]:
    """What of a whole sentence may name goods."""
    named = tokens(_EMPTY_WORDS.sub(" ", text.lower()))
    return {token for token in named if len(token) > 1 or f"{token}子" in text}


def search(wanted: set[str], shelf: Iterable[tuple[Key, str]]) -> list[Found[Key]]:
    """The things that have some of the wanted tokens, best first; none where nothing has any."""
    stocked: Sequence[tuple[Key, set[str]]] = [(key, _told(name, wanted)) for key, name in shelf]
    counts = Counter(token for _, told in stocked for token in told)
    weight = {token: math.log((len(stocked) + 1) / (count + 0.5)) for token, count in counts.items()}
    whole = sum(weight.values())
    if not whole:
        return []
    scored = [(sum(weight[token] for token in told) / whole, key) for key, told in stocked if told]
    best = max((score for score, _ in scored), default=0.0)
    scored.sort(key=lambda pair: -pair[0])
    return [Found(key, score, score >= best * _NEAR_BEST) for score, key in scored]


def _told(name: str, wanted: set[str]) -> set[str]:
    """The wanted tokens that a name has; a lone character is looked for anywhere in it."""
    lone = {token for token in wanted if len(token) == 1 and _HAN.fullmatch(token) and token in name}
    return (tokens(name) & wanted) | lone
