"""How a found value looks once masked: one `*` for each hidden sign, so that a text keeps its length.

Every form is a function of the value alone. Separators stay; masking a masked value changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from privacy.regions import admin_prefix
from privacy.surnames import surname_length
from privacy.views import View

_SEPARATORS = set(" \t-.·•・,，、()（）+＋/－—　.．_")


def masked(kind: str, value: str) -> str:
    """The value of this kind with its hidden part replaced."""
    return FORMS[kind](value)


def _hide(value: str, keep: Collection[int], stay: Collection[str] = _SEPARATORS) -> str:
    return "".join(char if at in keep or char in stay else "*" for at, char in enumerate(value))


def _signs(value: str) -> list[int]:
    return [at for at, char in enumerate(value) if char not in _SEPARATORS]


_COUNTRY = re.compile(r"\(?(?:\+ ?86|0086)|\(86\)|86(?=\D{0,2}1[3-9](?:\D{0,2}\d){9}$)|\+\d{1,3}(?=[ \-(])|\+\d{2}|00\d{2}")
_AREA = re.compile(r"\(?(0(?:10|2\d|[3-9]\d\d))")
_EXTENSION = re.compile(r"转|分机|ext|EXT|#")


def _phone(value: str) -> str:
    """138****5678; country and area code stay, an extension is hidden."""
    spoken = View.of(value).spoken
    keep: set[int] = set()
    start = 0
    country = _COUNTRY.match(spoken)
    if country is not None:
        start = country.end()
        keep.update(range(start))
    cut = _EXTENSION.search(spoken)
    rest = [at for at in range(start, cut.start() if cut else len(spoken)) if spoken[at].isdigit()]
    digits = "".join(spoken[at] for at in rest)
    if re.fullmatch(r"0?1[3-9]\d{9}", digits):
        return _hide(value, keep | set(rest[: len(digits) - 8]) | set(rest[-4:]))
    area = re.match(r"0(?:10|2\d|[3-9]\d\d)", digits)
    if area is not None:
        keep.update(rest[: area.end()])
        rest = rest[area.end() :]
    if len(rest) > 8:  # what follows eight digits is an extension
        rest = rest[:8]
    return _hide(value, keep | set(rest[-4:]))


def _both_ends(first: int, last: int) -> Callable[[str], str]:
    def form(value: str) -> str:
        signs = _signs(value)
        return _hide(value, {*signs[:first], *signs[-last:]} if last else set(signs[:first]))

    return form


def _id_card(value: str) -> str:
    """3301**********1234; of shorter numbers (a student's, of Hong Kong) the first and the last two."""
    return _both_ends(4, 4)(value) if len(_signs(value)) >= 15 else _both_ends(1, 2)(value)


def _email(value: str) -> str:
    """l*********@163.com: the first sign and the domain stay."""
    at = re.search(r"@|艾特|爱特|\(at\)|\[at\]|圈[aA]|小老鼠| at ", View.of(value).plain)
    cut = at.start() if at else len(value)
    return value[0] + "*" * (cut - 1) + value[cut:]


def _address(value: str) -> str:
    """Province, city and district stay, the rest is hidden; spaces stay."""
    return _hide(value, range(admin_prefix(View.of(value).plain)), stay=" \t　")


def _person(value: str) -> str:
    """The surname stays; of a name with · the first sign."""
    if re.search(r"[·•・‧.．∙]", value):
        return _hide(value, {0})
    return _hide(value, range(surname_length(View.of(value).plain)))


FORMS: dict[str, Callable[[str], str]] = {
    "phone": _phone,
    "id_card": _id_card,
    "bank_card": _both_ends(4, 4),
    "email": _email,
    "address": _address,
    "person": _person,
    "plate": _both_ends(2, 0),
    "wechat_id": lambda value: value[:2] + "*" * (len(value) - 2),
    "passport": _both_ends(1, 2),
    "passcode": lambda value: _hide(value, (), stay=" \t"),
}
