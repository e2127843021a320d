"""Addresses in running text, whole (省…室) or in part (文三路90号, 3幢502室). Works on normalised text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_H = "(?:(?![是不了我你的把被请吗呢给到])[一-鿿])"
"""A character of a name; these others end one."""
_REGION = rf"{_H}{{2,6}}?(?:省|自治区|自治州|(?<!城)市|新区|开发区|区|县|旗|镇|乡|街道)"
_ROAD = rf"{_H}{{1,7}}?(?:大道|大街|胡同|路|街|巷)(?:[东西南北中]段?)?"
_ESTATE = (
    rf"(?:{_H}|[a-z0-9]){{1,9}}?(?:小区|花园|家园|公寓|大厦|广场|新村|社区|花苑|苑|山庄|别墅|中学|小学|大学|学院|医院|科技园|产业园|工业园|创业园"
    rf"|园区|南区|北区|东区|西区|宿舍|写字楼|国际|名城|公馆|华庭|府|村|庄|屯|校区)"
)
_NUMBER = r"(?:[a-z]?\d{1,5}[a-z]?(?:-\d{1,4}){0,3}|[一二三四五六七八九十百千零]{1,8}|[甲乙丙丁a-z])"
_UNIT = rf"{_NUMBER}(?:号楼|号院|号|栋|幢|座|单元|门|室|户|房|层|楼|弄|组|队)"
_TAIL = r"(?<=[元栋幢座楼层号区苑园])\d{1,2}-\d{1,4}(?:-\d{1,4})?(?!\d)|(?<=[元栋幢座楼层])\d{3,4}(?![\d号])"
_PART = rf"(?:{_UNIT}|{_TAIL}|{_REGION}|{_ROAD}|{_ESTATE})"
_ADDRESS = re.compile(rf"{_PART}(?: ?{_PART}){{0,11}}")
_PARTS = re.compile(_PART)
_WORTH_LOOKING = re.compile("[省市区县镇乡村路街道巷弄庄苑园厦栋幢座室]|胡同|单元|号楼|广场|公寓|国际")
_NAMED = re.compile(rf"{_REGION}|{_ROAD}|{_ESTATE}")
_HOUSE = re.compile(rf"{_NUMBER}(?:号楼|号院|栋|幢|座|单元)|[a-z]?\d{{2,4}}室")
# What stands before an address and is none of it; the last of them in its first part ends it.
_LEAD = re.compile(
    r"(?:送[到去至]|寄[到去往给]|发[到去往]|[改换变]成|[改换变送寄填写搬]到?|收货?地址|地址|门牌号?|楼号|住址|[是为]|[在到去至成给]|我家?|他家|公司|快递|收件|住|新|老家|帮我|请|就|从"
    r"|人|修|取|来|的|，|放|派|装|这|那|你们|我们|咱|了|个|不|知|说|们|叫|离|靠|近)"
)
_NO_NAME = re.compile(
    r"(?:[超门夜都股上城]市|(?:市|地|景|专|郊|城|保税|服务|生活|住宅|厂|库|误|禁)区|农村|乡镇"
    r"|(?:[原铁公一半马带网思出退绕顺个在上走通销套这那来哪老问迷]|高速|指个)路|[逛上大]街|(?:政|官|天)府)$"
    r"|^(?:[这那哪][个条]?|[全每别同本该一几]个?|我们|你们|咱们?|其他|隔壁|附近|小|老|新|大|人民)?(?:小区|区|县|镇|乡|村|村庄|街道|社区|广场|公寓|大厦|路|街|巷|学校|大学|中学|小学|医院|宿舍|市|省|府|庄)$"
)


def addresses(text: str, places: Iterable[tuple[int, int, str]] = ()) -> Iterator[tuple[int, int]]:
    """Places of the addresses; `places` are the spans of known provinces and cities.

    An address has a name (region, road, estate) and another part, or is a house number of a kind nothing else has (3幢,
    502室). A city alone is none.
    """
    if not _WORTH_LOOKING.search(text):
        return
    known = sorted((start, end) for start, end, _ in places)
    for match in _ADDRESS.finditer(text):
        start, end = match.span()
        start = _begin(text, start, end, known)
        if start < end and _is_address(text, start, end, known):
            yield start, end


def _begin(text: str, start: int, end: int, known: list[tuple[int, int]]) -> int:
    """Where it begins: at the first known place in it or right in front of it, else after the words that lead to it."""
    inside = [s for s, e in known if start <= s < end]
    if inside:
        return _before(min(inside), known)
    first = _PARTS.match(text, start)
    if first:
        leads = [lead.end() for lead in _LEAD.finditer(text, start, first.end()) if lead.end() < first.end()]
        start = max([start, *(place for place in leads if _PARTS.match(text, place) or place == start)])
    return _before(start, known)


def _before(start: int, known: list[tuple[int, int]]) -> int:
    """Known places that lead up to it without a gap (广东深圳 in front of 南山区)."""
    while True:
        longer = [s for s, e in known if e == start and s < start]
        if not longer:
            return start
        start = min(longer)


def _is_address(text: str, start: int, end: int, known: list[tuple[int, int]]) -> bool:
    parts = [match.group() for match in _PARTS.finditer(text, start, end)]
    units = sum(1 for part in parts if not _NAMED.fullmatch(part))
    names = sum(1 for part in parts if _NAMED.fullmatch(part) and not _NO_NAME.search(part))
    names += sum(1 for s, e in known if start <= s and e <= end and not _PARTS.match(text, s, e))
    return any(_HOUSE.match(part) for part in parts) or names > 1 or (names > 0 and units > 0)


_SAID = re.compile(
    rf"(?:应该?是|应为|才是|是|改成|改为|换成|写成)\s*(?P<part>{_H}{{1,6}}?(?:省|(?<!城)市|区|县|旗|镇|乡|街道|大道|路|街|巷|胡同|弄"
    rf"|小区|花园|家园|公寓|苑|村))(?=才?[对是]?(?:$|[\s,，。.!！;；吧啊呀哦的了]))"
)


def part_said(text: str) -> tuple[int, int] | None:
    """Where a single part of an address is said to be the right one (写错了，是江干区); the last of them."""
    said = [m.span("part") for m in _SAID.finditer(text) if not _NO_NAME.search(m["part"])]
    return said[-1] if said else None


def is_house_number(text: str) -> bool:
    """Whether an address names no place: 3幢502室, 1203, 18号."""
    return not _NAMED.search(text) and any(sign.isdigit() or sign in "一二三四五六七八九十百" for sign in text)
