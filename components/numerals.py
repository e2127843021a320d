"""Numbers in Chinese words: 三百二十八, 一千五, 两, 俩, 1.5万."""

from __future__ import annotations

import re
from decimal import Decimal

DIGITS = {sign: value for value, signs in enumerate("零〇 一 二两俩 三仨 四 五 六 七 八 九".split()) for sign in signs}
UNITS = {"十": 10, "百": 100, "千": 1000}
WORDS = "零〇一二两三四五六七八九十百千万"

NUMBER = rf"(?:\d{{1,9}}(?:\.\d{{1,6}})?[千万]?|[{WORDS}]{{1,16}})"
"""A number in figures or words, as part of a pattern; bounded, so that looking for it stays linear."""

_FIGURES = re.compile(r"(\d+(?:\.\d+)?)([千万]?)")


def number(text: str) -> Decimal | None:
    """The number, or None where the words make none (十百). 一千五 is 1500, 三百五 350, 百 alone 100."""
    figures = _FIGURES.fullmatch(text)
    if figures:
        return Decimal(figures[1]) * {"": 1, "千": 1000, "万": 10000}[figures[2]]
    if not text or any(sign not in DIGITS and sign not in UNITS and sign != "万" for sign in text):
        return None
    if len(text) > 1 and all(sign in DIGITS for sign in text):
        if len(text) == 2:  # 五六天 is not 56
            return None
        return Decimal("".join(str(DIGITS[sign]) for sign in text))
    total = section = digit = 0
    last, after_zero = 1, False  # the last unit, and whether 零 came after it
    previous = ""
    for sign in text:
        if sign in DIGITS:
            if previous in DIGITS and DIGITS[previous] != 0:
                return None
            digit = DIGITS[sign]
            after_zero = after_zero or digit == 0
        elif sign in UNITS:
            if previous in UNITS:
                return None
            section += (digit or (1 if not previous or previous in "万零" else 0)) * UNITS[sign]
            digit, last, after_zero = 0, UNITS[sign], False
        else:
            total, section, digit, last, after_zero = (total + section + digit) * 10000, 0, 0, 10000, False
        previous = sign
    tail = digit * (last // 10) if last >= 100 and not after_zero else digit
    return Decimal(total + section + tail)


def plain(value: Decimal) -> str:
    """199.00 stays so, 200 is 200: as written, without an exponent."""
    return f"{value:f}"
