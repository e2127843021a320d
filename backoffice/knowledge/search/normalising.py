"""One spelling for what does not matter to a search: widths, scripts, case, marks that nobody sees,
dialects, length."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

import yaml

from backoffice.knowledge.search.concepts import LEXICON

MAX_CHARACTERS = 240
"""A question is short; of a longer text the beginning and the end are read."""
_MAX_READ = 4000
_DROPPED = frozenset({"Cf", "Cc", "Cs", "Co", "Cn", "Mn", "Me", "So", "Sk"})
_SPACES = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\d\sa-z])\1{2,}")
# OpenCC's character table spoils words that keep these signs in simplified text (乾隆, 著名).
_KEPT = frozenset("乾著藉瞭徵")
_SPOKEN = {"麼": "么", "妳": "你", "您": "你", "嗎": "吗", "係": "系"}


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
    plain = _in_common_speech(_REPEATED.sub(r"\1", plain))
    if len(plain) > MAX_CHARACTERS:
        half = MAX_CHARACTERS // 2
        plain = plain[:half] + plain[-half:]
    return plain


def _in_common_speech(text: str) -> str:
    said, meant = _dialects()
    return said.sub(lambda match: meant[(match.lastindex or 1) - 1], text)


@cache
def _dialects() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """What dialects say (`data/lexicon/dialects.yml`): a pattern whose group n says meaning n - 1."""
    path = LEXICON / "dialects.yml"
    told = yaml.safe_load(path.read_text("utf-8"))["dialects"] if path.is_file() else {}
    said = "|".join(f"({'|'.join(each)})" for each in told.values())
    return re.compile(said or "(?!)"), tuple(told)


@cache
def _simplified() -> dict[str, str]:
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    rows = (line.partition("\t") for line in table.splitlines())
    simple = {written: plain.split(" ")[0] for written, _, plain in rows if plain}
    return {
        written: plain for written, plain in simple.items() if len(plain) == 1 and written not in _KEPT
    } | _SPOKEN
