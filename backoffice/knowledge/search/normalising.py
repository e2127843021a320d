"""One spelling for what does not matter to a search: widths, scripts, case, marks that nobody sees,
length."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

MAX_CHARACTERS = 240
"""A question is short; of a longer text the beginning and the end are read."""
_MAX_READ = 4000
_DROPPED = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me", "So", "Sk"})
_SPACES = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\d\sa-z])\1{2,}")
# OpenCC's character table spoils words that keep these signs in simplified text (乾隆, 著名).
_KEPT = frozenset("乾著藉瞭徵")
_SPOKEN = {"麼": "么", "妳": "你", "您": "你", "嗎": "吗", "咁": "这么", "嘅": "的", "冇": "没有", "係": "是"}


def normalise(text: str) -> str:
    """The text as the search reads it; empty for one without a readable sign."""
    folded = unicodedata.normalize("NFKC", text[:_MAX_READ]).lower()
    simple = _simplified()
    kept = (
        " " if sign.isspace() else simple.get(sign, sign)
        for sign in folded
        if sign.isspace() or unicodedata.category(sign) not in _DROPPED
    )
    plain = _SPACES.sub(" ", "".join(kept)).strip()
    plain = _REPEATED.sub(r"\1", plain)
    if len(plain) > MAX_CHARACTERS:
        half = MAX_CHARACTERS // 2
        plain = plain[:half] + plain[-half:]
    return plain


@cache
def _simplified() -> dict[str, str]:
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    rows = (line.partition("\t") for line in table.splitlines())
    simple = {written: plain.split(" ")[0] for written, _, plain in rows if plain}
    return {
        written: plain for written, plain in simple.items() if len(plain) == 1 and written not in _KEPT
    } | _SPOKEN
