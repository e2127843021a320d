"""Three readings of one text, all of the same length, so that an offset means the same in each.

`raw` is what was typed. `plain` folds full width and every kind of digit sign to ASCII, and traditional
signs to simplified. `spoken` also reads
digits said aloud (幺三八, 洞, 拐) as ASCII digits. What an earlier detector has found is covered by `COVER`
in all three: a later detector cannot take it again, but sees that something stands there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from privacy.spans import Span
from privacy.traditional import SIMPLIFIED

COVER = "\ue000"

_SPOKEN = str.maketrans(
    "零〇○一幺壹二两贰貳三叁參四肆五伍六陆陸七柒拐八捌九玖洞勾",
    "00011122223334455666777889909",
)

_KEYCAP = "\ufe0f\u20e3"  # what turns a digit into a keycap emoji


class _Fold(dict[int, int]):
    """Folds one code point to one code point; remembers those it has seen."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        digit = unicodedata.digit(char, None)
        if digit is not None:
            folded = ord("0") + digit
        elif 0xFF01 <= code <= 0xFF5E:
            folded = code - 0xFEE0
        elif char == COVER:
            folded = ord("?")
        elif code < 128:
            folded = code
        elif char.isspace() or unicodedata.category(char) == "Cf" or char in _KEYCAP:
            folded = ord(" ")
        elif unicodedata.category(char) == "Pd":
            folded = ord("-")
        else:
            folded = code
        self[code] = folded
        return folded


_FOLD = _Fold(SIMPLIFIED)


@dataclass(frozen=True)
class View:
    """One text in its three readings."""

    raw: str
    plain: str
    spoken: str

    @classmethod
    def of(cls, text: str) -> View:
        plain = text.translate(_FOLD)
        return cls(text, plain, plain.translate(_SPOKEN))

    def covering(self, spans: Iterable[Span]) -> View:
        """The same text with these spans covered."""
        cuts = sorted(spans)
        return View(*(_cover(reading, cuts) for reading in (self.raw, self.plain, self.spoken)))


def _cover(text: str, cuts: list[Span]) -> str:
    parts: list[str] = []
    at = 0
    for cut in cuts:
        parts.append(text[at : cut.start])
        parts.append(COVER * (cut.end - cut.start))
        at = cut.end
    parts.append(text[at:])
    return "".join(parts)
