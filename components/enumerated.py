"""Wishes told as a list: 第一，…；第二，… · 第一件，…；第二件，… · 1. … 2. …. The numbers count the wishes and name no goods."""

from __future__ import annotations

import re
from typing import List, Text, Tuple

_COUNTED = "一二三四五"
_BEFORE, _AFTER = r"(?:^|(?<=[\W_]))", r"(?=[,，:：、\s])"
_MARK = re.compile(
    rf"{_BEFORE}第(?P<word>[{_COUNTED}])(?:件|个|点|条|项|桩)?(?:事情?)?[是呢嘛]?{_AFTER}"
    rf"|{_BEFORE}(?<![\d.])(?P<figure>[1-5])[.、)）](?!\d)"
)
"""Of a normalised text."""


def items(text: Text) -> List[Tuple[int, int]]:
    """Where the number of each item of the list stands, which count up from one; empty where there is no list."""
    found: List[Tuple[int, int]] = []
    for mark in _MARK.finditer(text):
        count = _COUNTED.index(mark["word"]) + 1 if mark["word"] else int(mark["figure"])
        if count == len(found) + 1:
            found.append(mark.span())
    return found if len(found) > 1 else []


def begins(text: Text) -> bool:
    """Whether a text begins with the number of a later item."""
    return _MARK.match(text) is not None
