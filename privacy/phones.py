"""Private telephone numbers: mobiles and landlines, written or said aloud, in any grouping.

Shapes: the Ministry of Industry's numbering plan (电信网编号计划): mobiles are 1[3-9] and nine digits, area codes 010,
02x and 0[3-9]xx, local numbers seven or eight digits that start with 2-8. Shop and service lines (95xxx, 400, 800, 106…,
12xxx) have other shapes and never match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.labels import after, before, is_serial
from privacy.spans import Span
from privacy.views import View

_SEP = r"[ \t\-.·•,、_]{0,2}"
_MOBILE = re.compile(
    rf"(?<!\d)(?:\(?(?:\+ ?|00)86[ \-)]{{0,2}}|\(86\)[ \-]{{0,2}}|86[ \-]{{0,2}}|0(?=1))?(1{_SEP}[3-9](?:{_SEP}\d){{9}})(?!\d)"
)
# Groupings people use, as the number of digits in each group; others need a word for telephone beside them.
_GROUPS = {
    (11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 3, 4), (4, 4, 3), (3, 5, 3), (5, 6), (6, 5), (3, 2, 6), (3, 6, 2),
    (3, 2, 3, 3), (3, 2, 2, 4), (3, 2, 2, 2, 2), (3, 4, 2, 2), (3, 3, 3, 2), (1, 3, 3, 4), (2, 3, 3, 3), (5, 3, 3),
    (2, 9), (1, 10), (4, 7), (8, 3), (9, 2), (1,) * 11,
}  # fmt: skip
_EXTENSION = r"(?:[ ,\-]{0,2}(?:转分机|分机号?|转|ext\.?|EXT\.?|#|-)[ :]?\d{1,6})?"
_LANDLINE = re.compile(
    rf"(?<![\d\-])(?:\+86[ \-]?|0086[ \-]?)?(?:\((?:0\d{{2,3}})\)|0?(?:10|2\d|[3-9]\d\d))[ \-.]{{0,2}}"
    rf"[2-8]\d\d(?:[ \-]?\d){{4,5}}{_EXTENSION}(?!\d)"
)
_AREA = re.compile(r"(?:\+86[ \-]?|0086[ \-]?)?\(?(0(?:10|2\d|[3-9]\d\d))\)?[ \-.]{0,2}")
_LOCAL = re.compile(rf"(?<![\d\-.¥$])[2-8]\d{{2,3}}[ \-]?\d{{4}}{_EXTENSION}(?!\d)(?! ?[元块%])")
_ABROAD = re.compile(
    r"(?<![A-Za-z0-9+])(?:\+(?!86)\d{1,3}|00(?:852|853|886|65|60|81|82|44|1|61|49|33))(?:[ \-()]{0,2}\d){7,12}(?!\d)"
)

_CONNECT = r"[\s:=,、是为叫写的填就改成换在家里老本地打这个我您你新旧备用固定]{0,6}"
_LOCAL_LABEL = re.compile(
    r"(?:(?<!充)电话|座机|固话|宅电|传真|总机|话机|[Tt][Ee][Ll]\.?|[Pp]hone|☎|(?<![单编货款批券件条Qq音书博])号码?|拨打?|致电|联系|来电|回电|打给?)"
    + _CONNECT
    + "$"
)
_PHONE_LABEL = re.compile(r"电话|手机|号码|座机|联系|拨|打|呼|喊|call|Call|[Tt]el|回电|短信|绑|机主")
_LATIN_BEFORE = re.compile(r"[A-Za-z]{1,12}-?$")
_LATIN_AFTER = re.compile(r"[A-Z]|[a-z]{0,6}[\d\-]")
_CALL_WORDS = {
    "tel",
    "phone",
    "call",
    "mobile",
    "mob",
    "m",
    "t",
    "p",
    "ph",
    "cell",
    "vx",
    "v",
    "wx",
    "hi",
    "no",
    "number",
    "or",
    "and",
    "add",
}
_MONEY = re.compile(r"[¥$￥]\s?$|[A-Za-z]-$|\d\.$")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$")


def find(view: View) -> Iterator[Span]:
    """Telephone numbers, digits typed first: what is typed is surer than what is said."""
    for reading in (view.plain, view.spoken):
        for match in _MOBILE.finditer(reading):
            if _is_mobile(view, reading, match):
                yield Span(*match.span(), "phone")
        for match in _LANDLINE.finditer(reading):
            if _is_landline(view, match):
                yield Span(*match.span(), "phone")
        for match in _LOCAL.finditer(reading):
            if _is_local(view, match):
                yield Span(*match.span(), "phone")
    for match in _ABROAD.finditer(view.plain):
        yield Span(*match.span(), "phone")


def _is_mobile(view: View, reading: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    left = before(view.plain, start)
    if _MONEY.search(left):
        return False
    latin = _LATIN_BEFORE.search(left)
    if latin is not None and not _may_precede(latin.group()):
        return False
    if _LATIN_AFTER.match(after(view.plain, end)) and not re.match(r"(?i)vx|wx|v信", after(view.plain, end)):
        return False
    groups = tuple(len(part) for part in re.split(r"\D+", match.group(1)))
    spoken = view.plain[start:end] != reading[start:end]
    if groups not in _GROUPS and not spoken and not _PHONE_LABEL.search(left):
        return False
    return not is_serial(view, start, end)


def _may_precede(latin: str) -> bool:
    """`tel138…` and `wang138…` are people's numbers, `YT138…` and `sku138…` are not."""
    word = latin.rstrip("-").lower()
    if word in _CALL_WORDS:
        return True
    return (
        latin.islower()
        and len(latin) >= 3
        and word not in {"sku", "spu", "imei", "upc", "ean"}
        and not latin.endswith("-")
    )


def _is_landline(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    area = _AREA.match(match.group())
    local = re.split(r"转|分机|ext|EXT|#", match.group()[area.end() :])[0] if area else ""
    if area is None or re.search(r"[A-Za-z¥$]\s?$", before(view.plain, start)):
        return False
    digits = re.sub(r"\D", "", local)
    if len(digits) > 8 and not re.match(r"\d{3,4}[ \-]?\d{4}[ \-]+\d{1,6}$", local):
        return False
    if area.group(1) in {"010"} or area.group(1).startswith("02"):
        if len(digits) < 8:
            return False
    return not is_serial(view, start, end)


def _is_local(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    digits = re.sub(r"\D", "", match.group())
    if _DATE.match(digits):
        return False
    return bool(_LOCAL_LABEL.search(before(view.plain, start))) and not is_serial(view, start, end)
