"""What is offered where there are no buttons: numbered text, and which of the options an answer means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from connectors.wording import say

_HAN = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_NUMBER = "([0-9]{1,2}|[一二两三四五六七八九十])"
# "三个" is a quantity; only "第三个" names an option.
_ORDINAL = re.compile(f"(?:我?要|我?选|就)?第{_NUMBER}(?:个|项|条|种|款)?|我?选(?:项)?{_NUMBER}")
_BARE = re.compile("([0-9]{1,2})|[(]([0-9]{1,2})[)]|([一二三四五六七八九十])")
_AROUND = re.compile(r"^\s+|[\s。.!,、~]+$")
_POLITE = re.compile("(?:吧|的|谢谢)$")


def numbered(text: str, titles: Sequence[str]) -> str:
    """`text` with the options below it, and how to answer."""
    lines = [f"{number}. {title}" for number, title in enumerate(titles, start=1)]
    return "\n".join([text, *lines, say("choose_words" if _ambiguous(titles) else "choose")])


def choose(text: str, titles: Sequence[str]) -> int | None:
    """Which option (from 0) an answer means: by its words, by "第二个", or by a number alone; None where it is none.

    A number alone chooses nothing where an option's own words hold another's number ("2件", "3件"): it may mean either.
    """
    said = _plain(text)
    same = [index for index, title in enumerate(titles) if _plain(title) == said]
    if len(same) == 1:
        return same[0]
    if said in ("最后一个", "最后一项"):
        return len(titles) - 1
    ordinal, bare = _ORDINAL.fullmatch(_POLITE.sub("", said)), _BARE.fullmatch(said)
    found = ordinal or bare
    if found is None:
        return None
    digits = next(group for group in found.groups() if group)
    number = _HAN.get(digits) or int(digits)
    if not 0 < number <= len(titles) or (ordinal is None and _ambiguous(titles)):
        return None
    return number - 1


def _ambiguous(titles: Sequence[str]) -> bool:
    """Whether some option's number stands in another's own words."""
    return any(
        digits.isdecimal() and 0 < int(digits) <= len(titles) and int(digits) != place
        for place, title in enumerate(titles, start=1)
        for digits in re.findall(r"\d+", _plain(title))
    )


def _plain(text: str) -> str:
    return _AROUND.sub("", unicodedata.normalize("NFKC", text)).lower()
