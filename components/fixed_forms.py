"""Numbers and names of a fixed form: orders, parcels, tickets, slips, phones, tax numbers, e-mail addresses.

Works on normalised text: lower case, spoken and spaced numbers already in figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Found(NamedTuple):
    """A reading: `start` and `end` in the normalised text."""

    entity: str
    start: int
    end: int
    value: str
    carrier: str | None = None


_CARRIER_OF = {
    "lxwl": "灵犀物流", "sf": "顺丰", "zt": "中通", "zto": "中通", "yt": "圆通", "yto": "圆通", "jt": "极兔", "jd": "京东物流",
    "jdv": "京东物流", "jdx": "京东物流", "jdvb": "京东物流", "dpk": "德邦", "yd": "韵达", "sto": "申通", "ht": "百世",
}  # fmt: skip
_ORDER = re.compile(r"(?<!\d)20[2-9]\d{9}(?!\d)|(?<![a-z])lx\d{14}(?!\d)")
_TRACKING = re.compile(
    r"(?<![a-z0-9])(?:(lxwl)\d{10}|(sf)\d{12,15}|(zto?)\d{10,15}|(yto?)\d{13,15}|(jt)\d{13,15}"
    r"|(jd[a-z]{0,2})\d{10,15}|(dpk)\d{12}|(yd|sto|ht)\d{12,15}|(e[a-z])\d{9}cn)(?![a-z0-9])"
)
_BARE_TRACKING = re.compile(r"(?:快递|速递|物流|速运|运单|单号|单|号码|号|的|是|为|[：: ]){0,6}(?<!\d)(\d{12,15})(?!\d)")
_TRACKING_CUE = re.compile("运单号?码?|快递单?号码?|物流单?号码?")
_TICKET = re.compile(r"(?<![a-z])gd\d{12}(?!\d)")
_SLIP = re.compile(r"(?<![a-z])th\d{12}(?!\d)")
_PHONE = re.compile(r"(?<![\d.])(?:\+?86[ -]?)?(1[3-9]\d[ -]?\d{4}[ -]?\d{4})(?!\d)")
_TAX = re.compile(r"(?:税号|识别号|信用代码)[^0-9a-z]{0,8}([0-9a-z](?:[ -]?[0-9a-z]){17})(?![0-9a-z])")
_EMAIL = re.compile(r"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{0,63}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,10}")

_LONG_NUMBER = re.compile(r"\d[\d -]{7,}|[0-9a-z]{8}|[0-9a-z]{4} [0-9a-z]{4}")


def fixed_forms(text: str, carriers: Iterable[tuple[int, int, str]]) -> Iterator[Found]:
    """All readings; `carriers` are the places of carriers' names, after which a bare number is a tracking number."""
    for match in _EMAIL.finditer(text) if "@" in text else ():
        yield Found("email", *match.span(), match.group())
    if not _LONG_NUMBER.search(text):
        return
    for entity, pattern in (("orders_number", _ORDER), ("tickets_number", _TICKET), ("after_sales_slip", _SLIP)):
        for match in pattern.finditer(text):
            yield Found(entity, *match.span(), match.group().upper())
    for match in _TRACKING.finditer(text):
        prefix = match[match.lastindex or 0]
        carrier = _CARRIER_OF.get(prefix, "邮政" if prefix[0] == "e" else None)
        yield Found("logistics_tracking_number", *match.span(), match.group().upper(), carrier)
    cues = [(match.end(), None) for match in _TRACKING_CUE.finditer(text)]
    for after, carrier in [*((end, name) for _, end, name in carriers), *cues]:
        bare = _BARE_TRACKING.match(text, after)
        if bare and not (len(bare[1]) == 12 and bare[1].startswith("20")):
            yield Found("logistics_tracking_number", *bare.span(1), bare[1], carrier)
    for match in _PHONE.finditer(text):
        yield Found("phone", *match.span(), re.sub("[ -]", "", match[1]))
    for match in _TAX.finditer(text):
        yield Found("tax_number", *match.span(1), re.sub("[ -]", "", match[1]).upper())
