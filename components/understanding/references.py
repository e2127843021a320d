"""Which one is meant: reads how a message describes an order, a piece of it, a slip, an invoice or a ticket.

那个九百多的, 上周买的耳机, 尾号 3021, 最近完成的, 另一个. What is read are conditions (`by` and what it needs, below); which of
the customer's own things meet them is found by `actions/references.py`, who knows them. A condition is `sure` where the words can
only be meant so (九百多那个); another one may narrow a choice and never empties it (降了 50).

- `kind`: `said` as it was said, the lexicon's `kind`, its `words`; the goods are called so, and not `not` (手机壳 is no 手机)
- `product`: `parts` of a name (星岚, X20 Pro)
- `colour`, `size`: `value`, and its `core` (黑色: 黑, 65寸: 65)
- `number`: `digits`, the end of a number or a piece of it; `spans` where it may be money too
- `day`: `spans` of days [[from, to], …], the narrowest first, and what happened then (`of`: created, signed, shipped, …)
- `amount`: `spans` of yuan, the narrowest first
- `state`: `value`, a name of `data/references/words.yml`
- `place`: `value`, 1 for the first in the list, -1 for the last
- `kept` beside any of goods: nothing is to be done with these (锅不退), of several that are named or may be meant
- `newest`, `oldest`, `dearest`, `cheapest` (`most`: of all there are, 最贵的, not of two, 贵的那台),
  `before` (the one before), `other`, `all`
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components import enumerated
from components.calendar_words import moments
from components.chinese_spacy import BOUNDS, DOC, SPANS
from components.lexicon import FESTIVAL, NOTHING, lexicon_fingerprint, read_lexicon
from components.numerals import NUMBER, number
from components.text_normaliser import Normalised, normalise, normalised
from topics import clock

REFERENCE = "reference"
"""Message key: {"conditions": […], "names": [pieces that may name goods], "bare": whether it says nothing else}."""

ANOTHER = frozenset({"other", "not", "before", "next"})
"""Conditions that only another thing than the one spoken of meets."""

Condition = Dict[Text, Any]


class ReferencesError(ValueError):
    """`data/references/words.yml` is not of the form its own head describes."""


class Words:
    """What a designer keeps in `data/references/words.yml`, and the kinds of goods of the lexicon."""

    def __init__(self, told: Dict[Text, Any], kinds: Dict[Text, List[Text]]) -> None:
        self.told, self.kinds = told, kinds
        self.states = {name: _either(patterns) for name, patterns in told["states"].items()}
        self.order = {name: _either(patterns) for name, patterns in told["order"].items()}
        self.by_word = {**{kind: kind for kind in told["wider"]}, **{w: kind for kind, words in kinds.items() for w in words}}
        self.uses = [(re.compile(rf"(?:{pattern})(?:用)?(?=的)"), list(kinds)) for pattern, kinds in told["uses"].items()]
        self.empty = re.compile("|".join(map(re.escape, sorted(told["empty"], key=len, reverse=True))))

    def of_kind(self, kind: Text) -> List[Text]:
        """All that goods of a kind are called."""
        narrower = [word for each in self.told["wider"].get(kind, ()) for word in self.kinds.get(each, (each,))]
        return [*self.kinds.get(kind, (kind,)), *narrower]

    def not_of_kind(self, words: List[Text]) -> List[Text]:
        """What other goods are called that these words stand in the beginning of (手机 in 手机壳)."""
        others = {word for each in self.kinds.values() for word in each} - set(words)
        return sorted(o for o in others if any(o != w and w in o and not o.endswith(w) for w in words))


def read_words(references: Path, lexicon: Path) -> Words:
    """Raises ReferencesError, LexiconError."""
    told = read_yaml_file(references) or {}
    if set(told) != {"states", "order", "wider", "uses", "empty"}:
        raise ReferencesError(f"{references}: needs `states`, `order`, `wider`, `uses`, `empty`")
    kinds: Dict[Text, List[Text]] = {}
    for word in read_lexicon(lexicon):
        if word.label == "product_category":
            kinds.setdefault(word.value, []).append(word.text)
    try:
        return Words(told, kinds)
    except re.error as error:
        raise ReferencesError(f"{references}: {error.pattern!r}: {error}") from error


def _either(patterns: List[Text]) -> re.Pattern[Text]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


# ── what words stand around ───────────────────────────────────────────────────

_THING = r"(?:个|单|件|笔|双|台|套|条|只|张|份|箱|瓶|本|部|把|款|东西|包裹|快递|宝贝|货|商品)"
_HEAD = re.compile(rf"(?:的|那|这|哪){{1,2}}(?:一|两|几)?{_THING}|的(?:那|这)|的?(?:订单|单子|单(?![独位据价]))")
_NAMED_SO = re.compile(rf"的(?:$|[，。！？]|(?:那|这|哪)(?:一)?{_THING}?|{_THING}|订单|单(?![独位据价])|到|退|换|取消|发)")
_INSIDE = re.compile(r"(?:里面?|里头|那单|中)的?$")
_WITH = re.compile(r"(?:跟|和|与|同|连)(?:着)?(?:那|这)?(?:个|件|单|盒|瓶|袋|箱)?$")
_TOGETHER = re.compile(r"(?:一起|一块儿?|一同|同时|一道)(?:下单|买|拍|下|订|购|来|到|寄)")
_NEGATED = re.compile(r"(?:不是|并非|除了|不要)(?:那个?|这个?)?$")
_KEPT = re.compile(
    r"[那这]?[个件条双台只单口把]?[我就先都也还是可你们千万哈啊的、， ]{0,5}"
    r"(?:不(?:用|想|要|必|需要)?(?:退|换|修|取消|动|寄)|(?:别|不要|甭|莫|不许|不准|不能)(?:再|给我?|帮我?|乱|一起)*(?:退|换|修|取消|动)"
    r"|留着?|留下|(?<!是)我(?:还|自己)?要[的穿用留]|我(?:还|自己|天天|正)*(?:要|在|还)(?:继续)?[穿用留戴枕睡盖喝吃使])"
    r"(?!货?款?[吗么?]|(?:货|款)?(?:行|可以|成)[吗么不]|不)"
)
_OF_GOODS = re.compile(r"的[^，。！？的]{1,8}")
_DID = (
    ("signed", re.compile(r"[^，。！？]{0,3}?(?:收到|签收|到货|到手|拿到|收货|送到|到的|取的|收的)")),
    ("shipped", re.compile(r"[^，。！？]{0,3}?(?:发货|发出|寄出|出库|发的|寄的)")),
    ("cancelled", re.compile(r"[^，。！？]{0,3}?(?:取消)")),
    ("completed", re.compile(r"[^，。！？]{0,3}?(?:完成|结束)")),
    ("created", re.compile(r"[^，。！？]{0,4}?(?:买|下的?单|拍|订|购|抢|入手|下的|付|[开办报弄]的|提交|申请|反映|投诉)")),
)
_COMING = re.compile(r"[^，。！？]{0,3}?(?:能到|会到|送到吗|再送|来取|上门)")
_BOUGHT = re.compile(r"(?:买|花了?|付了?|拍|价格?|金额|总共|一共|卖|值|是)$")
_FILLERS = re.compile("[的那这个单件笔号就是要选我买吧呢啊哦嗯呀啦吗嘛了下把给帮请查看有它，。！？、 ~]")


_IN_USE = re.compile(
    r"(?<=手机)(?:号|[这那最近两几天老总是一直经常都也又]{0,5}(?:静音|关机|停机|欠费|没电|没信号|没带|不在身|打不通|接不[到了通]|收不到|换号))"
)
"""What makes of a phone the customer's own, on which they are called."""
_AND_OTHER = re.compile(r"(?:和|跟|与|、|还有|以及)[^\s,，。;；、和跟与退换修]{1,5}?(?=不|别|莫|甭|都|留|我|就)")
"""Goods named beside others that are kept with them."""
_NOT_THE = "不(?:是|要)(?:那|这)?[一两]?[个台件双款单瓶盒条只套本张]?"  # what follows is not meant
_COUNT = re.compile(r"([一二三四五六七八九十两百千]{1,5})(?=[段码寸升匹斤克米片支册]|公斤|毫升)")
_PIECE = re.compile(r"[^\s，。！？、：；的]+")
_COUNTED = re.compile(r"[那这一两][本双口顶台个只].$")


class _Reading:
    """A normalised text while its conditions are read: what was taken once is not taken again."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.taken = bytearray(len(text))
        self.found: List[Condition] = []

    def free(self, start: int, end: int) -> bool:
        return self.taken.find(1, start, end) < 0

    def take(self, by: Text, start: int, end: int, sure: bool, **needs: Any) -> None:
        self.taken[start:end] = b"\1" * (end - start)
        self.found.append({"by": by, "start": start, "end": end, "sure": sure, **needs})

    def headed(self, end: int) -> bool:
        """Whether a word for a thing follows (那单, 的那个)."""
        return _HEAD.match(self.text, end) is not None

    def negated(self, start: int) -> Dict[Text, Any]:
        """What a condition needs where it is said that it is not met (不是手机)."""
        return {"negated": True} if _NEGATED.search(self.text[:start]) else {}

    def kept(self, end: int) -> Dict[Text, Any]:
        """What a condition needs where nothing is to be done with the goods (锅不退, 牙膏和笔留着)."""
        other = _AND_OTHER.match(self.text, end)
        return {"kept": True} if _KEPT.match(self.text, end) or (other and _KEPT.match(self.text, other.end())) else {}

    def beside(self, start: int, end: int) -> Dict[Text, Any]:
        """What a condition needs where other goods of the same order are meant (跟牙膏一起买的那个)."""
        together = _TOGETHER.match(self.text, end) is not None
        return {"beside": True} if together and (_WITH.search(self.text[:start]) or start == 0) else {}

    def left(self) -> Text:
        """What no condition was read from."""
        return "".join(" " if taken else sign for sign, taken in zip(self.text, self.taken, strict=True))


def read(
    text: Text, entities: List[Dict[Text, Any]], spans: List[Any], words: Words, today: datetime.date
) -> Dict[Text, Any]:
    """The conditions of a normalised text. `entities` and the lexicon's `spans` have their places in it."""
    reading = _Reading(text)
    festivals = [(start, end, value) for start, end, value, label in spans if label == FESTIVAL]
    for start, end, _, label in spans:
        if label == NOTHING:
            reading.taken[start:end] = b"\1" * (end - start)
    for entity in entities:
        _of_entity(reading, entity, words)
    for name, pattern in words.order.items():
        for match in pattern.finditer(text):
            _of_order(reading, name, match)
    _spoken(reading)
    _days(reading, festivals, today)
    _states(reading, words)
    _amounts(reading)
    _digits(reading)
    if not any(condition["by"] in ("kind", "product") for condition in reading.found):
        _hidden_kinds(reading, words)
    if not any(condition["by"] in ("kind", "product") for condition in reading.found):
        _uses(reading, words)
    _kept_together(reading)
    left = reading.left()
    bare = bool(reading.found) and len(_FILLERS.sub("", words.empty.sub("", left)).replace(" ", "")) <= 1
    left = _COUNT.sub(lambda match: str(number(match[1]) or match[1]), left)
    names = [piece for piece in re.split(r"[\s，。！？、：；]+", words.empty.sub(" ", left)) if len(piece) > 1]
    names = [piece for piece in names if not re.search(f"{_NOT_THE}{re.escape(piece)}", text)]
    return {"conditions": sorted(reading.found, key=lambda c: int(c["start"])), "names": names, "bare": bare}


def _kept_together(reading: _Reading) -> None:
    """面膜奶瓶都不动: goods named right before others that are kept are kept too."""
    goods = sorted((each for each in reading.found if each["by"] in ("kind", "product")), key=lambda each: -int(each["start"]))
    for earlier, later in zip(goods[1:], goods, strict=False):
        between = reading.text[int(earlier["end"]) : int(later["start"])]
        if later.get("kept") and between in ("", "和", "跟", "与", "、", "还有"):
            earlier["kept"] = True


def _of_entity(reading: _Reading, entity: Dict[Text, Any], words: Words) -> None:
    name, start, end, value = entity["entity"], entity["start"], entity["end"], entity["value"]
    if not reading.free(start, end):
        return
    if name == "product_category" and _IN_USE.match(reading.text, end):
        reading.taken[start:end] = b"\1" * (end - start)  # 新手机号, 我手机老是静音: no goods
    elif name == "product_category":
        said, wide = reading.text[start:end], value in words.told["wider"]
        called = words.of_kind(value)
        told: Dict[Text, Any] = {"said": said, "kind": normalise(value).text, "words": called, "not": words.not_of_kind(called)}
        inside = _INSIDE.search(reading.text[:start]) is not None
        beside = reading.beside(start, end)
        told |= {**reading.negated(start), **reading.kept(end), **beside, "wide": wide, "inside": inside}
        reading.take("kind", start, end, True, **told)
    elif name == "product":
        told = {"said": reading.text[start:end], "parts": str(value).split(" ")}
        told |= {**reading.negated(start), **reading.kept(end), **reading.beside(start, end)}
        reading.take("product", start, end, True, **told)
    elif name == "quantity" and str(value).isdigit() and int(value) > 1:
        reading.take("quantity", start, end, False, said=reading.text[start:end], value=int(value))
    elif name in ("colour", "size"):
        core = re.match(r"[\d.]+|.", str(value))
        reading.take(name, start, end, False, said=reading.text[start:end], value=str(value), core=core[0] if core else "")
    elif name == "ordinal" and any(begins <= start < ends for begins, ends in enumerated.items(reading.text)):
        return  # 第一，…；第二，…: counts wishes
    elif name == "ordinal" and not reading.text.startswith("最近", start):
        last = {"newest": True} if reading.text.startswith("最后", start) else {}
        reading.take("place", start, end, True, value=int(value), **last)
    elif name in ("phone", "email", "address", "tax_number", "orders_number", "logistics_tracking_number",
                  "after_sales_slip", "tickets_number", "time"):  # fmt: skip
        reading.taken[start:end] = b"\1" * (end - start)


def _hidden_kinds(reading: _Reading, words: Words) -> None:
    """Kinds of goods within a longer word, at its end (彩色打印机, 那本书)."""
    left = words.empty.sub(lambda match: " " * len(match.group()), reading.left())
    for piece in _PIECE.finditer(left):
        sizes = [*range(6, 1, -1), *([1] if _COUNTED.search(left[: piece.end()]) else [])]
        word = next((piece.group()[-size:] for size in sizes if piece.group()[-size:] in words.by_word), None)
        if word:
            place = {"start": piece.end() - len(word), "end": piece.end()}
            _of_entity(reading, {"entity": "product_category", "value": words.by_word[word], **place}, words)


def _uses(reading: _Reading, words: Words) -> None:
    """Goods by what they are for (坐的那个, 吹头发的)."""
    for pattern, kinds in words.uses:
        match = pattern.search(reading.text)
        if match is None or not reading.free(*match.span()) or not _NAMED_SO.match(reading.text, match.end()):
            continue
        called = [word for kind in kinds for word in words.of_kind(kind)]
        told: Dict[Text, Any] = {"said": match.group(), "kind": match.group(), "words": called, "not": words.not_of_kind(called)}
        told |= {**reading.negated(match.start()), "wide": True, "inside": False}
        reading.take("kind", match.start(), match.end() + len("的"), True, **told)
        return


def _of_order(reading: _Reading, name: Text, match: re.Match[Text]) -> None:
    if not match.group() or not reading.free(*match.span()):
        return
    if name == "last_place":
        reading.take("place", *match.span(), True, value=-1)
    elif name == "middle_place":
        reading.take("place", *match.span(), True, value=0)
    elif name in ("newest", "oldest"):
        reading.take(name, *match.span(), True, of=_happened(reading.text, match.end()))
    elif name in ("dearest", "cheapest"):
        reading.take(name, *match.span(), True, most="最" in match.group())
    else:
        reading.take(name, *match.span(), True)


def _happened(text: Text, end: int) -> Text:
    return next((name for name, verb in _DID if verb.match(text, end)), "created")


# ── days ──────────────────────────────────────────────────────────────────────

_DAY_ALONE = re.compile(r"(\d{1,2}|[一二三四五六七八九十]{1,3})[号日]$")
_NUMBERED = re.compile(r"\d{1,2}号(?=[\u4e00-\u9fff])(?![的那这买下拍订付收签到发取晚早上中左前后寄退])")
_AGO = re.compile(r"([天周年月]|星期|礼拜)[以之]?前$")
_LATELY = re.compile(r"(?:前|这|最近|近)(?:几|两|些)天|前阵子|前段时间|前些日子|这阵子|前不久|不久前|近期|(?<!之)前几日")
_PART = re.compile(r"(?:(上上|上|这|本)个?月|(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?)(初|上旬|中旬|中|下旬|底|末)")
_BESIDE = re.compile(
    r"(?:节日?|假期|那天|当天)?(?:(?=前后|左右|期间|那阵|那会|那段时间|附近)"
    r"|[之以]?(前|后)(?:面|边)?(?![天几一两]))(?:前后|左右|期间|那阵子?|那会儿?|那段时间|附近)?"
)
_POINTED = re.compile(r"(?<![\d.])(1[0-2]|0?[1-9])[./-]([12]\d|3[01]|0?[1-9])(?=[号日]?(?:那|下|买|拍|订|付|$)|[号日]的)")
_SPAN_OF = {"初": (1, 8), "上旬": (1, 10), "中旬": (11, 20), "中": (11, 20), "下旬": (21, 31), "底": (24, 31), "末": (24, 31)}
_DAY_WIDTH = {"天": 1, "周": 4, "星期": 4, "礼拜": 4, "月": 12, "年": 60}


def _days(reading: _Reading, festivals: List[Any], today: datetime.date) -> None:
    text = reading.text
    told = [(m.start(), m.end(), [_between(*_part(m, today))]) for m in _PART.finditer(text)]
    told += [(m.start(), m.end(), [_between(today - datetime.timedelta(days=12), today)]) for m in _LATELY.finditer(text)]
    told += [(m.start(), m.end(), _of_year(int(m[1]), int(m[2]), today)) for m in _POINTED.finditer(text)]
    for moment in moments(text.replace("元月", "一月"), today, festivals):
        if moment.entity == "time":
            continue
        begins, _, ends = moment.value.partition("/")
        first = datetime.date.fromisoformat(begins)
        last = datetime.date.fromisoformat(ends) if ends else first
        festive = any(start < moment.end and end > moment.start for start, end, _ in festivals)
        told.append((moment.start, moment.end, _spans(text[moment.start : moment.end], first, last, festive, today)))
    for start, end, spans in sorted(told, key=lambda each: each[0] - each[1]):
        if not spans or not reading.free(start, end) or _NUMBERED.match(text[start:]):
            continue
        did = next((name for name, verb in _DID if verb.match(text, end)), None)
        sure = (did is not None or reading.headed(end) or _OF_GOODS.match(text, end) is not None) and not _COMING.match(text, end)
        beside = _BESIDE.match(text, end)
        if beside:
            end, spans = beside.end(), _shifted(spans, beside[1] or "")
        reading.take("day", start, end, sure, said=text[start:end], spans=spans, of=did or "any")


def _spans(said: Text, first: datetime.date, last: datetime.date, festive: bool, today: datetime.date) -> List[List[Text]]:
    """The days meant, the likeliest first; what was bought was not bought in days to come."""
    alone = _DAY_ALONE.search(said)
    if alone and first == last and "月" not in said:
        days = [_back(today, first.day, months) for months in range(4)]
        return [_between(day, day) for day in days if day and day <= today]
    if first > today and re.match("明|下|后", said):
        return []
    if last == first >= today and re.match("周|星期|礼拜", said):
        week = datetime.timedelta(weeks=1)
        return [*([_between(first, last)] if first == today else []), _between(first - week, last - week)]
    if first > today and re.search("周|星期|礼拜", said):
        first, last = first - datetime.timedelta(weeks=1), last - datetime.timedelta(weeks=1)
    elif first > today:
        first, last = _year_before(first), _year_before(last)
    if re.search("月", said) and not re.search("[年上下这本当前后内]", said):
        return [_between(first, last), _between(_year_before(first), _year_before(last))]
    if festive:
        week = datetime.timedelta(days=12)
        return [
            _between(first, last),
            _between(first, last + datetime.timedelta(days=7)),
            _between(first - week, last + datetime.timedelta(days=7)),
        ]
    ago = _AGO.search(said)
    if ago:
        width = datetime.timedelta(days=_DAY_WIDTH[ago[1]])
        return [_between(first, last), _between(first - width, last + width)]
    return [_between(first, last)]


def _shifted(spans: List[List[Text]], how: Text) -> List[List[Text]]:
    """The weeks before, after or around the first span."""
    first, last = (datetime.date.fromisoformat(day) for day in spans[0])
    day, near, far = (datetime.timedelta(days=days) for days in (1, 10, 35))
    if how == "前":
        return [_between(first - near, first - day), _between(first - far, first - day)]
    if how == "后":
        return [_between(last + day, last + near), _between(last + day, last + far)]
    return [_between(first - near, last + near)]


def _of_year(month: int, day: int, today: datetime.date) -> List[List[Text]]:
    """That day of this year and of the last, as far as it is over."""
    try:
        days = [datetime.date(today.year - years, month, day) for years in (0, 1)]
    except ValueError:
        return []
    return [_between(each, each) for each in days if each <= today]


def _back(today: datetime.date, day: int, months: int) -> Optional[datetime.date]:
    count = today.year * 12 + today.month - 1 - months
    try:
        return datetime.date(count // 12, count % 12 + 1, day)
    except ValueError:
        return None


def _year_before(day: datetime.date) -> datetime.date:
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _part(match: re.Match[Text], today: datetime.date) -> tuple[datetime.date, datetime.date]:
    if match[1]:
        count = today.year * 12 + today.month - 1 + {"上上": -2, "上": -1}.get(match[1], 0)
    else:
        month = int(number(match[2]) or 1)
        count = (today.year - (month > today.month)) * 12 + month - 1
    month_first = datetime.date(count // 12, count % 12 + 1, 1)
    next_first = datetime.date((count + 1) // 12, (count + 1) % 12 + 1, 1)
    begins, ends = _SPAN_OF[match[3]]
    last = next_first - datetime.timedelta(days=1)
    return month_first.replace(day=begins), min(last, month_first + datetime.timedelta(days=ends - 1))


def _between(first: datetime.date, last: datetime.date) -> List[Text]:
    return [first.isoformat(), last.isoformat()]


# ── states, money, numbers ────────────────────────────────────────────────────


def _states(reading: _Reading, words: Words) -> None:
    for name, pattern in words.states.items():
        for match in pattern.finditer(reading.text):
            if match.group() and reading.free(*match.span()):
                sure = reading.headed(match.end()) or reading.text[match.end() - 1] == "的"
                reading.take("state", *match.span(), sure, said=match.group(), value=name)


_ONES = "[一二两三四五六七八九]"
_AMOUNT = re.compile(
    rf"(?P<before>大概|大约|差不多|将近|快|接近|不到|不足|超过|上|好几|几|￥)?"
    rf"(?:(?P<low>{_ONES})(?P<high>{_ONES})(?P<unit>[十百千万])|(?P<bare>百|千|万)(?=来|把)|(?P<value>{NUMBER})|(?P<some>十|百|千|万))"
    r"(?P<more>好几|多|来|几|把)? ?(?P<yuan>块钱|块(?!屏|表)|元|圆)?(?P<tenths>\d(?!\d))?"
    r"(?P<more_after>多|来)?(?P<about>左右|上下|出头|以上|以下|以内|不到|的样子)?"
)
_OTHER_UNIT = re.compile(r"[\d月号日点%年折楼栋室码寸gkl升斤克米段岁]|英寸|厘米|毫升|公斤|千克|个(?!的)|天|周|小时")
_PART_OF = re.compile(r"[\d第每a-z.]$")
_UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10000}


def _amounts(reading: _Reading) -> None:
    for match in _AMOUNT.finditer(reading.text):
        start, end = match.span()
        spans = _yuan(match)
        if not spans or not reading.free(start, end):
            continue
        if _OTHER_UNIT.match(reading.text, end) or _PART_OF.search(reading.text[:start]):
            continue
        marked = bool(match["yuan"] or match["about"] or match["before"] == "￥" or match["more"])
        headed = reading.headed(end) or _BOUGHT.search(reading.text, 0, start) is not None
        alone = end == len(reading.text) or reading.text[end] in "，。！？ 的"
        if not marked and not ((headed or alone) and _plain_amount(match)):
            continue
        read_out = re.fullmatch("[零〇一二三四五六七八九]{3,6}", match.group())
        digits = {"digits": "".join(_FIGURE[sign] for sign in match.group())} if read_out else {}
        by = "number" if read_out else "amount"
        reading.take(by, start, end, headed or reading.text[end : end + 1] == "买", said=match.group(), spans=spans, **digits)


def _plain_amount(match: re.Match[Text]) -> bool:
    """Whether a number without a unit may be money: not the 2 of 2 个, not the end of an order's number."""
    value = match["value"]
    if not value or len(value) < 2 or (number(value) or 0) < 10:
        return False
    return not value.isdigit() or (len(value) < 6 and value[0] != "0")


def _yuan(match: re.Match[Text]) -> List[List[float]]:
    """Spans of yuan, the narrowest first."""
    before, about = match["before"] or "", match["about"] or ""
    more = match["more"] or match["more_after"]
    if match["unit"]:
        low, high = (int(number(match[name]) or 0) * _UNIT[match["unit"]] for name in ("low", "high"))
        return [[low, high + _UNIT[match["unit"]] - 0.01]] if low < high else []
    if match["bare"] or match["some"]:
        unit = _UNIT[match["bare"] or match["some"]]
        if before in ("几", "好几"):
            return [[unit * 2, unit * 10 - 0.01]]
        if before == "上":
            return [[unit, unit * 10]]
        return [[unit * 0.7, unit * 1.5]] if more in ("来", "把") else []
    told = number(match["value"])
    if told is None or told <= 0:
        return []
    if match["tenths"]:
        told += Decimal(match["tenths"]) / 10
    value = float(told)
    step = 10 ** max(len(str(int(value))) - len(str(int(value)).rstrip("0")), 1)
    step = min(step, 10 ** (len(str(int(value))) - 1)) if value >= 10 else 1
    if before in ("几", "好几"):
        return []
    if more in ("多", "几") or about == "出头" or before == "超过":
        return [[value, value + step - 0.01]]
    if more == "来":
        return [[value * 0.95, value + step - 0.01]]
    if before in ("不到", "不足", "快", "将近", "接近") or about in ("不到", "以内", "以下"):
        return [[value - step * 0.5 if step > 1 else value * 0.8, value], [0, value]]
    if about == "以上":
        return [[value, 1e9]]
    near = [[value * 0.9, value * 1.1]]
    if before or about:
        return near
    exact = [[value - 0.5, value + 0.99]] if told == int(told) else [[value, value]]
    return [*exact, [value * 0.97, value * 1.03]] if told == int(told) and value >= 20 else exact


_SPOKEN = re.compile(r"(?:尾号|末尾|结尾|后[三四五六3-6]位|尾数)(?:是|为|：)?([零〇一二三四五六七八九幺]{2,6})")
_TAIL = re.compile(r"(?:尾号|末尾|结尾|后[二三四五六2-6]位|尾数|最后[三四五六3-6]位|单号|订单号|编号)(?:是|为|的|：| )*$")
_AFTER = re.compile(r"结尾|收尾|的?(?:那|这)?(?:单|个|笔)|尾号|的(?:订单|那)|打头|开头")
_FIGURES = re.compile(r"(?<![\d.a-z/￥])(\d{2,16})(?![\d.]*(?:[块元圆码寸%]|月|号|日|年|点|楼|克|g|ml))")
_FIGURE = dict(zip("零〇一二三四五六七八九幺", "001234567891", strict=True))


def _spoken(reading: _Reading) -> None:
    for match in _SPOKEN.finditer(reading.text):
        if reading.free(*match.span(1)):
            reading.take("number", *match.span(1), True, said=match[1], digits="".join(_FIGURE[sign] for sign in match[1]))


def _digits(reading: _Reading) -> None:
    for match in _FIGURES.finditer(reading.text):
        digits, (start, end) = match[1], match.span(1)
        tail = _TAIL.search(reading.text, 0, start) is not None
        after = _AFTER.match(reading.text, end) is not None
        if len(digits) < 3 and not tail:
            continue
        if not reading.free(start, end):
            for amount in [c for c in reading.found if c["by"] == "amount" and c["start"] <= start and c["end"] >= end]:
                if tail:
                    reading.found.remove(amount)
                    reading.take("number", start, end, True, said=digits, digits=digits)
                elif len(digits) > 3 and digits == amount["said"]:  # 3021那单: the end of a number, or money
                    amount.update(by="number", digits=digits)
            continue
        if not _OTHER_UNIT.match(reading.text, end):
            reading.take("number", start, end, tail or after, said=digits, digits=digits)


# ── in Rasa's graph ───────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class ReferenceReader(GraphComponent):
    """Sets `reference` on each message; needs the text normaliser, the Chinese pipeline and the entities before it."""

    def __init__(
        self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource,
        now: Callable[[], datetime.datetime] = clock.now,
    ) -> None:  # fmt: skip
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._now = now
        self._words: Optional[Words] = None

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the file with the words; `lexicon`: the folder with the kinds of goods."""
        return {"data": "data/references/words.yml", "lexicon": "data/lexicon"}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> ReferenceReader:
        """An untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ReferenceReader:
        """A component with the words of the model's training."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            kept = json.loads((folder / "references.json").read_text("utf-8"))
        component._words = Words(kept["told"], kept["kinds"])
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed words are a changed component."""
        told = {**cls.get_default_config(), **config}
        words = hashlib.sha256(Path(told["data"]).read_bytes()).hexdigest()
        return f"{words} {lexicon_fingerprint(Path(told['lexicon']))}"

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps the words in the model: where it runs there is no `data/`."""
        self._words = read_words(Path(self._config["data"]), Path(self._config["lexicon"]))
        with self._model_storage.write_to(self._resource) as folder:
            kept = {"told": self._words.told, "kinds": self._words.kinds}
            (folder / "references.json").write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds what is described to each message that has words."""
        for message in messages:
            if self._words and (message.get(TEXT) or "").strip():
                message.set(REFERENCE, reference(message, self._words, self._now().date()), add_to_output=True)
        return messages


def reference(message: Message, words: Words, today: datetime.date) -> Dict[Text, Any]:
    """What a message describes, its words in the customer's own spelling."""
    told, doc = normalised(message), message.get(DOC)
    spans: List[Any] = []
    if doc is not None:
        bounds = doc.user_data[BOUNDS]
        marked = [span for span in doc.spans.get(SPANS, ()) if span.label_ in (FESTIVAL, NOTHING)]
        spans = [(bounds[span.start][0], bounds[span.end - 1][1], span.id_, span.label_) for span in marked]
    found = read(told.text, _in_normalised(message.get(ENTITIES) or [], told), spans, words, today)
    for condition in found["conditions"]:
        start, end = told.span(condition.pop("start"), condition.pop("end"))
        condition["said"] = str(message.get(TEXT))[start:end]
    return found


def _in_normalised(entities: List[Dict[Text, Any]], told: Normalised) -> List[Dict[Text, Any]]:
    """The entities with their places in the normalised text."""
    placed = []
    for entity in entities:
        if "start" not in entity:
            continue
        start = sum(offset < entity["start"] for offset in told.offsets)
        end = sum(offset < entity["end"] for offset in told.offsets)
        if end > start:
            placed.append({**entity, "start": start, "end": end})
    return placed


