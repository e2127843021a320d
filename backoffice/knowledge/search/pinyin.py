"""How characters sound, so that 油费 finds 邮费: syllables, with what typists and dialects mix up made
one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_OTHERS = re.compile(r"[a-z]+|\d+")


def syllables(text: str) -> list[str]:
    """One for each Chinese character, runs of letters and digits as they are, the rest left out."""
    readings = _readings()
    found: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign in readings:
            found.append(readings[sign])
            place += 1
        elif run := _OTHERS.match(text, place):
            found.append(run.group())
            place = run.end()
        else:
            place += 1
    return found


def plain(syllable: str) -> str:
    """zh, ch, sh sound like z, c, s to half the country; -ng like -n; l like n."""
    told = re.sub("^([zcs])h", r"\1", syllable)
    told = re.sub("ng$", "n", told)
    return re.sub("^l", "n", told)


@cache
def _readings() -> dict[str, str]:
    rows = files(__package__).joinpath("pinyin.txt").read_text("utf-8").splitlines()
    return {sign: plain(row.split(" ")[0]) for row in rows for sign in row.split(" ")[1]}
