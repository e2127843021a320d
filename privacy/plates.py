"""Number plates: province sign, letter, five signs (six for new energy), as in GA 36 (机动车号牌)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.labels import after, before
from privacy.spans import Span
from privacy.views import View

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_TAIL = r"(?:[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳超使领]|[A-HJKa-hjk][A-HJ-NP-Za-hj-np-z0-9]\d{4}|\d{5}[A-HJKa-hjk])"
_PLATE = re.compile(rf"[{_PROVINCES}][ ]?([A-HJ-Za-hj-z])[ ·•・.\-]{{0,2}}({_TAIL})(?![A-Za-z0-9])")
_SPACED = re.compile(
    rf"[{_PROVINCES}][ ]?([A-HJ-Za-hj-z])[ ·•・.\-]{{0,2}}((?:[A-HJ-NP-Z0-9][ ·\-]?){{4,5}}[A-HJ-NP-Z0-9])(?![A-Za-z0-9])"
)
# Province signs that are also everyday words (新 new, 贵 dear, 云 cloud …): without a word for cars they need a separator or capitals.
_EVERYDAY = set("新贵云青宁使")
_CAR = re.compile(r"车|牌|停|驾|充电|轮胎|洗|违章|抬杆|登记|进[园场站出]|保养|加油|过户|ETC|年检|保险|货")
_MODEL = re.compile(r"[Rr][Tt][Xx]|[Gg][Tt][Xx]|款|版|[Pp]ro|[Pp]lus|[Mm]ax")


def find(view: View) -> Iterator[Span]:
    """Plates, typed or with digits said aloud."""
    for reading in (view.plain, view.spoken):
        # The province sign 云 or 川 is never a digit, so both readings keep it.
        for pattern in (_PLATE, _SPACED):
            for match in pattern.finditer(reading):
                if _is_plate(view, match):
                    yield Span(*match.span(), "plate")


def _is_plate(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    tail = re.sub(r"[ ·\-]", "", match.group(2))
    if sum(char.isdigit() for char in tail) < 2:
        return False
    around = before(view.plain, start, 12) + " " + after(view.plain, end)
    if _CAR.search(around):
        return True
    if "-" in match.group(2):  # 北冰川 KFR-35GW: a dash within the signs is a model's
        return False
    if match.group()[0] not in _EVERYDAY and match.group(1).islower():
        return sum(char.isdigit() for char in tail) >= 3
    if match.group()[0] in _EVERYDAY:
        shaped = match.group(1).isupper() and not re.search(r"[a-z]", tail) and not _MODEL.search(around)
        return shaped and (
            bool(re.search(r"[·•・ \-]", match.group())) or sum(char.isdigit() for char in tail) >= 5
        )
    return True
