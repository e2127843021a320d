"""Mistakes as people make them: another character of the same sound, one dropped, two swapped.

For training and measuring: what customers mistype is not among what writers write.
"""

from __future__ import annotations

import random
from functools import cache
from importlib.resources import files

_SAME_SOUND, _DROPPED = 0.6, 0.8


def mistyped(text: str, chance: random.Random) -> str:
    """The text with one mistake, two in a long one."""
    for _ in range(1 if len(text) < 12 else 2):
        text = _once(text, chance)
    return text


def _once(text: str, chance: random.Random) -> str:
    sounds = _same_sounds()
    places = [place for place, sign in enumerate(text) if sign in sounds]
    if len(places) < 3:
        return text
    place = chance.choice(places)
    kind = chance.random()
    if kind < _SAME_SOUND:
        return text[:place] + chance.choice(sounds[text[place]]) + text[place + 1 :]
    if kind < _DROPPED:
        return text[:place] + text[place + 1 :]
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


@cache
def _same_sounds() -> dict[str, str]:
    rows = files(__package__).joinpath("pinyin.txt").read_text("utf-8").splitlines()
    # The first level of GB 2312 holds what an input method offers first.
    groups = ["".join(sign for sign in row.split(" ")[1] if sign.encode("gb2312")[0] < 0xD8) for row in rows]
    return {sign: group for group in groups if len(group) > 1 for sign in group}
