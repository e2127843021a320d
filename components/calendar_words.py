"""Days, spans of days and times of day in customers' words, as dates in the shop's zone.

Works on normalised text. What a word means depends on the day it is said; where it could be past or coming (周五, 15号),
what follows decides (买的 / 送), else the nearest.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from components.numerals import number

DATE, PERIOD, TIME = "date", "period", "time"


class Moment(NamedTuple):
    """`value`: a day YYYY-MM-DD; days first/last; a time HH:MM, or from/to."""

    entity: str
    start: int
    end: int
    value: str


def moments(text: str, today: datetime.date, festivals: Iterable[tuple[int, int, str]] = ()) -> Iterator[Moment]:
    """All readings, overlapping ones too; `festivals` are the places of known ones with their days."""
    if _ANY_DAY.search(text):
        told = [(match, meaning, _safe(meaning, match, today)) for pattern, meaning in _DAYS for match in pattern.finditer(text)]
        others = {day for _, meaning, day in told if isinstance(day, datetime.date) and meaning is not _weekday}
        for match, meaning, found in told:
            named = meaning is _weekday and not match[1] and any(day.weekday() == _WEEKDAYS[match[2]] for day in others)
            if found is not None and not named:  # 6号，周日: the weekday of a day that is told is no other day
                yield _moment(match.start(), match.end(), found)
    for start, end, days in festivals:
        found_day = _festival(text, start, end, days, today)
        if found_day is not None:
            began, day = found_day
            yield Moment(DATE, began, end, day.isoformat())
    if _ANY_TIME.search(text):
        yield from _times(text)


Days = datetime.date | tuple[datetime.date, datetime.date]


def _moment(start: int, end: int, days: Days) -> Moment:
    if isinstance(days, datetime.date):
        return Moment(DATE, start, end, days.isoformat())
    return Moment(PERIOD, start, end, f"{days[0].isoformat()}/{days[1].isoformat()}")


def _safe(
    meaning: Callable[[re.Match[str], datetime.date], Days | None], match: re.Match[str], today: datetime.date
) -> Days | None:
    """None for a day that no calendar has (31 April, year 9999 and a month)."""
    try:
        return meaning(match, today)
    except (ValueError, OverflowError):
        return None


RECENT = 60
"""Days: a day of the year said without its year is the nearest one, if it is no further than that."""

# ── which of several days ─────────────────────────────────────────────────────

_PAST = re.compile(
    r"[^，。！？]{0,3}?(?:下的?单|下的|买|拍|付|签收|收[到的]|寄|申请|退的|抢|反馈|投诉|说的?|开的|领|到的|发的|那天|的订?单)"
)
_COMING = re.compile(r"[^，。！？]{0,4}?(?:送|派|到货|再|能|之?前|可以|有空|在家|以后|才|要|会|发货?|取)")


def _nearest(days: Iterable[datetime.date], match_end: int, text: str, today: datetime.date, recent: int = 0) -> datetime.date:
    """The one that what follows asks for, else the nearest, today included. Raises ValueError where there is none.

    `recent`: how many days off the nearest may be and still win over a later one.
    """
    known = sorted(days, key=lambda day: (abs((day - today).days), day < today))
    if not known:
        raise ValueError("no such day")
    if _PAST.match(text, match_end):
        return next((day for day in known if day <= today), known[0])
    # A day just gone by is not said of next year's (预计14日前办结, said on the 21st).
    if _COMING.match(text, match_end) and abs((known[0] - today).days) > recent:
        return next((day for day in known if day >= today), known[0])
    return known[0]


def _month_first(today: datetime.date, months: int) -> datetime.date:
    count = today.year * 12 + today.month - 1 + months
    return datetime.date(count // 12, count % 12 + 1, 1)


def _month(today: datetime.date, months: int) -> tuple[datetime.date, datetime.date]:
    first = _month_first(today, months)
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _int(text: str) -> int:
    value = number(text)
    if value is None or value != int(value):
        raise ValueError(text)
    return int(value)


# ── days ──────────────────────────────────────────────────────────────────────

_RELATIVE = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_WHICH = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1}
_WEEKDAYS = {day: place for place, day in enumerate("一二三四五六日")} | {"天": 6} | {str(n): n - 1 for n in range(1, 8)}
_N = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_ANY_DAY = re.compile(r"[天日儿号月年周昨今明前后]|星期|礼拜|\d[./-]\d|20\d{6}")


def _relative(match: re.Match[str], today: datetime.date) -> Days:
    return today + datetime.timedelta(days=_RELATIVE[match[1]])


def _weekday(match: re.Match[str], today: datetime.date) -> Days:
    which, weekday = match[1], _WEEKDAYS[match[2]]
    monday = today - datetime.timedelta(days=today.weekday())
    day = monday + datetime.timedelta(days=weekday)
    if which:
        return day + datetime.timedelta(weeks=_WHICH[which])
    if _PAST.match(match.string, match.end()):
        return day if day <= today else day - datetime.timedelta(weeks=1)
    return day if day >= today else day + datetime.timedelta(weeks=1)


def _weekend(match: re.Match[str], today: datetime.date) -> Days:
    saturday = today + datetime.timedelta(days=5 - today.weekday(), weeks=_WHICH[match[1] or "这"])
    return saturday, saturday + datetime.timedelta(days=1)


def _week(match: re.Match[str], today: datetime.date) -> Days:
    monday = today + datetime.timedelta(days=-today.weekday(), weeks=_WHICH[match[1]])
    return monday, monday + datetime.timedelta(days=6)


def _which_month(match: re.Match[str], today: datetime.date) -> Days:
    return _month(today, _WHICH[match[1]])


def _day_of_which_month(match: re.Match[str], today: datetime.date) -> Days:
    return _month(today, _WHICH[match[1]])[0].replace(day=_int(match[2]))


def _month_end(match: re.Match[str], today: datetime.date) -> Days:
    return _month(today, _WHICH[match[1] or "这"])[1]


def _year_of(told: str, today: datetime.date) -> int:
    if told[:2] in _YEARS:
        return today.year + _YEARS[told[:2]]
    return int(told[:-1]) + (2000 if len(told) == 3 else 0)


def _month_day(match: re.Match[str], today: datetime.date) -> Days:
    year, month, day = match[1], _int(match[2]), _int(match[3])
    if year:
        return datetime.date(_year_of(year, today), month, day)
    return _nearest(_around(today, month, day), match.end(), match.string, today, RECENT)


def _around(today: datetime.date, month: int, day: int) -> list[datetime.date]:
    """That day last year, this year and next; a 29 February only where there is one."""
    if month not in range(1, 13) or day not in range(1, 32):
        raise ValueError(f"{month}-{day}")
    years = range(today.year - 1, today.year + 2)
    days = [datetime.date(y, month, day) for y in years if day <= calendar.monthrange(y, month)[1]]
    if not days:
        raise ValueError(f"{month}-{day}")
    return days


def _month_of_year(match: re.Match[str], today: datetime.date) -> Days:
    year, month = match[1], _int(match[2])
    if year:
        first = datetime.date(_year_of(year, today), month, 1)
    elif month == today.month:
        first = today
    else:
        first = _nearest(_around(today, month, 1), match.end(), match.string, today, RECENT)
    return _month(first, 0)


def _part_of_month(match: re.Match[str], today: datetime.date) -> Days:
    """The first ten days of a month, or the second: 12月初, 下个月中旬."""
    if match[2]:
        first = _month_first(today, _WHICH[match[2]])
    else:
        coming = [datetime.date(today.year + later, _int(match[1]), 1) for later in (0, 1)]
        first = next(day for day in coming if (day.year, day.month) >= (today.year, today.month))
    begins = 1 if match[3] in ("初", "上旬") else 11
    return first.replace(day=begins), first.replace(day=begins + 9)


def _these_days(match: re.Match[str], today: datetime.date) -> Days:
    return today + datetime.timedelta(days=1), today + datetime.timedelta(days=2)


def _in_days(match: re.Match[str], today: datetime.date) -> Days:
    return today + datetime.timedelta(days=_int(match[1]))


def _iso(match: re.Match[str], today: datetime.date) -> Days:
    return datetime.date(int(match[1]), int(match[2]), int(match[3]))


def _figures(match: re.Match[str], today: datetime.date) -> Days:
    return _nearest(_around(today, int(match[1]), int(match[2])), match.end(), match.string, today, RECENT)


def _day_alone(match: re.Match[str], today: datetime.date) -> Days:
    day = _int(match[1])
    firsts = [_month_first(today, months) for months in (-1, 0, 1)]
    days = [first.replace(day=day) for first in firsts if 0 < day <= calendar.monthrange(first.year, first.month)[1]]
    return _nearest(days, match.end(), match.string, today)


def _days_away(match: re.Match[str], today: datetime.date) -> Days:
    return _away(today, _int(match[1]) * (-1 if match[3] == "前" else 1), match[2])


def _away(today: datetime.date, count: int, unit: str) -> datetime.date:
    if unit in ("月", "年"):
        first, last = _month(today, count * (12 if unit == "年" else 1))
        return min(first.replace(day=1) + datetime.timedelta(days=today.day - 1), last)
    return today + datetime.timedelta(days=count * (1 if unit == "天" else 7))


def _lately(match: re.Match[str], today: datetime.date) -> Days:
    told, unit = match[1], match[2]
    if told == "半":
        day = _away(today, -6, "月") if unit == "年" else today - datetime.timedelta(days=15)
    else:
        day = _away(today, -_int(told), unit)
    return day, today


def _year_alone(match: re.Match[str], today: datetime.date) -> Days:
    year = _year_of(match[0], today)
    return datetime.date(year, 1, 1), datetime.date(year, 12, 31)


_YEAR = r"(?:(20\d\d年|2\d年|前年|去年|今年|明年)的?)"
_WEEK = r"(?:周|星期|礼拜)"
_WHICH_ONE = r"(上上|下下|上|下|这|本)"
_NO_COUNT = r"(?![\d天个件双台箱岁斤人元块分次%])"
_M, _D = r"(1[0-2]|0?[1-9])", r"([12]\d|3[01]|0?[1-9])"
_MM, _DD = r"(1[0-2]|0[1-9])", r"([12]\d|3[01]|0[1-9])"
# What 3号 may also be the number of.
_HOUSES, _NUMBERED = "路街巷道弄村幢栋第", "楼线仓店门院桌库柜球电码键色馆厅客坐员间鞋"
_DAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime.date], Days | None]], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"(大前|大后|(?<!以)前|昨|今|明|(?<![先以])后)(?:天|日|儿个?)", _relative),
        (r"(昨|今|明|前|后)(?=[晚早夜](?!安|好))", _relative),
        (rf"{_WHICH_ONE}?(?:一?个)?(?<![一两三几每半\d]){_WEEK}([一二三四五六日天1-7])(?![\d个年月])", _weekday),
        (rf"{_WHICH_ONE}?(?:一?个)?周末", _weekend),
        (rf"(?<![路网线]){_WHICH_ONE}一?个?{_WEEK}(?![一二三四五六日天末\d])", _week),
        (r"(上上|下下|上|下|这|本|当)个?月份?(?!底)", _which_month),
        (rf"(上上|下下|上|下|这|本|当)个?月的?({_N})[号日]", _day_of_which_month),
        (r"(?:(上上|下下|上|下|这|本)个?)?月底", _month_end),
        (rf"{_YEAR}?(?<![\d.])({_N})月份?({_N})(?:[号日]|{_NO_COUNT})", _month_day),
        (rf"{_YEAR}?(?<![\d.双])({_N})月份?(?![\d初底])", _month_of_year),
        (rf"(?:(?<![\d.])({_N})月份?|(上上|下下|上|下|这|本)个?月)(初|中旬|中(?!秋|间|国|午)|上旬)", _part_of_month),
        (r"明后[两二]?天", _these_days),
        (rf"(?<![超不没已经通路])(?:再)?过({_N})天(?![了的没还])", _in_days),
        (r"(?<!\d)(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", _iso),
        (r"(?<!\d)(20[2-4]\d)(0[1-9]|1[0-2])([0-2]\d|3[01])(?!\d)", _iso),
        (rf"(?<![\d./a-z-]){_M}/{_D}(?!/)[号日]?{_NO_COUNT}", _figures),
        (rf"(?<![\d./a-z-]){_MM}-{_DD}(?!-)[号日]?{_NO_COUNT}", _figures),
        (rf"(?<![\d./a-z-]){_M}[.-]{_D}[号日]", _figures),
        (rf"(?<![\d./a-z{_HOUSES}月-])(?<!月份)({_N})[号日](?![{_NUMBERED}])", _day_alone),
        (rf"({_N}|\d{{3}})个?(天|周|星期|礼拜|月|年)[以之]?([前后])(?!面)", _days_away),
        (rf"(?:最近|近)这?(半|{_N})个?(天|周|星期|礼拜|月|年)", _lately),
        (r"(?:前年|去年|今年|明年)(?!\d)", _year_alone),
    )
)


_FESTIVAL_YEAR = re.compile(rf"{_YEAR}$")


def _festival(text: str, start: int, end: int, days: str, today: datetime.date) -> tuple[int, datetime.date] | None:
    """Where it begins, the year included, and which day it is; None where nobody knows that year's day."""
    if text[start].isdigit() and start and (text[start - 1].isdigit() or text[start - 1] in ".￥$满减"):
        return None
    said = _FESTIVAL_YEAR.search(text[max(0, start - 6) : start])
    listed = days.split(" ")
    known = (
        [datetime.date.fromisoformat(day) for day in listed]
        if len(listed[0]) > 5
        else _around(today, int(listed[0][:2]), int(listed[0][3:]))
    )
    if said is None:
        return start, _nearest(known, end, text, today, RECENT)
    year = _year_of(said[1], today)
    if len(listed[0]) == 5:
        return start - len(said[0]), datetime.date(year, int(listed[0][:2]), int(listed[0][3:]))
    day = next((day for day in known if day.year == year), None)
    return (start - len(said[0]), day) if day else None


# ── times of day ──────────────────────────────────────────────────────────────

_PARTS = {
    "早上": (6, 9), "早晨": (6, 9), "清晨": (5, 8), "一早": (6, 9), "早": (6, 9), "上午": (8, 12), "中午": (11, 13),
    "下午": (12, 18), "傍晚": (17, 19), "晚上": (18, 22), "晚": (18, 22), "夜里": (20, 24), "夜": (20, 24), "半夜": (0, 5),
    "凌晨": (0, 6), "白天": (8, 18), "下班后": (18, 20), "下班以后": (18, 20), "下了班": (18, 20),
}  # fmt: skip
_PART = r"(早上|早晨|清晨|一早|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨|白天|下班(?:以?后)|下了班|(?<=[昨今明前后])[晚早夜])"
_MINUTES = (
    r"(?:(半)|([一三]刻)|(?:零|过)?(\d{1,2}|[一二三四五六七八九十]{1,3})(?:分钟?)?(?![天个折元块号月件双台箱次]))"
)
_CLOCK = (
    rf"(?:{_PART}的?)?(?<![\d.:：])(?:(2[0-4]|1\d|0?\d)[:：]([0-5]\d)(?!\d)"
    rf"|(\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})点(钟|整)?{_MINUTES}?)"
)
_CLOCK_RE = re.compile(_CLOCK)
_PART_RE = re.compile(_PART)
_RANGE = re.compile(r"(?:钟|整)?(?:到|至|-|~)")
_ANY_TIME = re.compile(r"[点早晚午夜晨]|\d[:：]\d|白天|下了?班")


def _times(text: str) -> Iterator[Moment]:
    clocks = [(match, minutes) for match in _CLOCK_RE.finditer(text) if (minutes := _minutes(match)) is not None]
    skip = -1
    for place, (match, minutes) in enumerate(clocks):
        if place == skip:
            continue
        end, value = match.end(), _clock(minutes)
        if place + 1 < len(clocks):
            after, later = clocks[place + 1]
            between = _RANGE.fullmatch(text, match.end(), after.start())
            if between:
                if later <= minutes and later + 720 <= 1440:
                    later += 720
                end, value, skip = after.end(), f"{value}/{_clock(later)}", place + 1
        yield Moment(TIME, match.start(), end, value)
    for match in _PART_RE.finditer(text):
        if text[match.end() : match.end() + 1] != "好":
            first, last = _PARTS[match[1]]
            yield Moment(TIME, match.start(), match.end(), f"{_clock(first * 60)}/{_clock(last * 60)}")


def _minutes(match: re.Match[str]) -> int | None:
    """Minutes after midnight; None for what is no time of day (有一点, 两点建议, 3点几)."""
    part = match[1]
    if match[2]:
        hour, minute = int(match[2]), int(match[3])
    else:
        told = number(match[4])
        if told is None or told > 24:
            return None
        hour = int(told)
        exact = match[5] or match[6] or match[7] or match[8]
        if not part and not exact and not match[4].isdigit() and not _beside_time(match):
            return None
        minute = 30 if match[6] else {"一": 15, "三": 45}[match[7][0]] if match[7] else int(number(match[8] or "0") or 0)
    if minute > 59:
        return None
    afternoon = part and (_PARTS[part][0] >= 12 or (part == "中午" and hour < 4) or (part == "半夜" and hour >= 6))
    if afternoon and hour < 12:
        hour += 12
    return hour * 60 + minute


_BESIDE_TIME = re.compile(r"(?:多|左右|之?前|之?后|以前|以后|送|到|至|钟)")


def _beside_time(match: re.Match[str]) -> bool:
    return match[4] not in ("一", "两") and _BESIDE_TIME.match(match.string, match.end()) is not None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
