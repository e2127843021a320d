"""Reads a message for values with their places: who, where, why, what for, beside what has a form of its own.

Names, titles, addresses, reasons, remarks and places to leave a parcel are marked character by character by a linear chain
(CRF) that learns from `data/values/` and knows what was just asked: 李四 is a name after "who shall receive it", a title
after "whom is the invoice for". What a value is not (招呼, 电话不变, a question, another wish) is learned as well. Phones,
days, amounts, sizes come from the entities. A reason carries the code that the shop's interface has for it, learned from
`data/after_sales/reasons.yml`.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Text

import joblib
import numpy as np
import pycrfsuite
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.addresses import is_house_number, part_said
from components.sentiment import Weights, fit
from components.sentiment import features as sounds
from components.text_normaliser import character
from components.understanding import value_examples as told

VALUES = "values"
NUMBERS = ("orders_number", "logistics_tracking_number", "after_sales_slip", "invoices_number", "tickets_number")
"""Entities that name a thing by its number."""
ADDRESS, ROOM, REASON, DENIED, TITLE, NAME, PHONE = "address", "room", "reason", "denied", "title", "name", "phone"
ASIDE = "aside"
"""The kind of what stands where a reason would, and is none: which thing, what stays, a correction, a remark."""
FAULTS = ("quality", "damaged", "wrong_item", "missing")
"""Codes of reasons that are a fault."""
CONFIRMED, AFTER_SALES, FEEDBACK = "confirmed", "after_sales", "feedback"
GOODS = ("product", "product_category")
UNLIKE = -0.9
"""The margin below which words are unlike all that a reason's code is learned from."""
SURELY_TELLS = 0.7
"""From this share on words beside a yes or a no tell what is wrong."""
OF_ENTITIES = {
    "phone": "phone", "email": "email", "tax_number": "tax_number", "date": "day", "period": "days", "time": "span",
    "amount": "amount", "quantity": "quantity", "colour": "colour", "size": "size",
}  # fmt: skip
"""Entities that are values of this kind as they are."""
FIXED = ("phone", "email", "tax_number", "date", "time", "period")
"""Those of them that cannot be anything else: no name or room is called so."""
ENDS_LIKE_A_ROOM = ("phone", "tax_number")
"""Kinds of numbers of which the end may be said once more."""
WHOLE = (ADDRESS, ROOM, TITLE, NAME)
"""Kinds in which nothing else is looked for: the 5 of 5幢 is no quantity."""
CALM = (
    "faq", "chat_", "handoff_request", "products_", "logistics_track", "logistics_urge", "orders_ask_status",
    "orders_urge_shipping", "account_", "promotions_ask_coupons", "tickets_", "payments_", "invoices_ask_status",
    "after_sales_ask_status",
)  # fmt: skip
"""Beginnings of intents whose examples hold none of the learned kinds."""


class Value(NamedTuple):
    """A value of a message: `start` and `end` in the customer's own text; `code`: a reason's in the shop's interface, and
    whose a title is (person, company)."""

    kind: str
    value: str
    start: int
    end: int
    code: Optional[str] = None


# ── what a character is seen by ───────────────────────────────────────────────

_CLAUSES = re.compile(r"[,，。.!！?？;；:：\s、~☺]+")
_EMOJI = "☺"


def folded(text: str) -> str:
    """The text character for character, without widths, scripts and cases; any emoji is one sign."""
    return "".join(map(_one, text))


_PUNCTUATION = frozenset("，。！？；：（）、【】《》“”‘’…～￥　")


def _one(sign: str) -> str:
    picture = ord(sign) > 0x2600 and not sign.isalnum() and sign not in _PUNCTUATION
    return _EMOJI if picture else (character(sign) or " ")[0]


def _kind_of(sign: str) -> str:
    if sign.isdigit():
        return "0"
    if sign.isascii():
        return "a" if sign.isalpha() else sign
    return "字" if "一" <= sign <= "鿿" else sign


def features(text: str, asked: str, telling: Optional[Weights] = None) -> List[List[str]]:
    """What is known of each character: itself, its neighbours, its clause, and what was asked; `telling` says of a clause
    how probably it tells what is wrong (against all else that is said to a shop)."""
    plain = folded(text)
    kinds = "".join(map(_kind_of, plain))
    clauses = _clauses(plain)
    tells = {start: f"tells={_share(telling, plain[start:end])}" for start, end, _, _ in set(clauses.values())}
    seen = []
    for place in range(len(plain)):
        around = {shift: plain[place + shift] if 0 <= place + shift < len(plain) else "¶" for shift in range(-4, 5)}
        own = [
            "bias", f"asked={asked}", f"len={min(len(plain), 12) // 3}|{asked}",
            *(f"{shift}:{sign}" for shift, sign in around.items()),
            *(f"{shift}{around[shift]}{around[shift + 1]}" for shift in range(-4, 4)),
            *(f"{shift}{around[shift]}{around[shift + 1]}{around[shift + 2]}" for shift in range(-3, 2)),
            f"a0={asked}|{around[0]}", f"k={kinds[max(place - 2, 0) : place + 3]}", f"s={around[0] in SURNAMES}|{around[-1]}",
        ]  # fmt: skip
        if place in clauses:
            begin, end, count, number = clauses[place]
            clause = plain[begin:end]
            own += [
                f"first={clause[:2]}", f"first1={clause[:1]}|{asked}", f"last={clause[-2:]}", f"last1={clause[-1:]}",
                f"at={min(place - begin, 4)}|{asked}", f"left={min(end - 1 - place, 3)}",
                f"n={min(number, 3)}/{min(count, 4)}|{asked}",
                *(f"in={clause[at : at + 2]}" for at in range(len(clause) - 1)),
                *(f"in={clause[at : at + 2]}|{asked}" for at in range(len(clause) - 1)),
                f"all={clause if len(clause) < 7 else ''}|{asked}", tells[begin], f"{tells[begin]}|{asked}",
            ]  # fmt: skip
        seen.append(own)
    return seen


def _share(telling: Optional[Weights], clause: str) -> str:
    if telling is None:
        return ""
    return str(int(telling.share(sounds(clause), TELLS) * 4.999))


TELLS, OTHERS, TROUBLE = "tells", "others", "after_sales_report_problem"
MAY_TELL = ("after_sales_", "orders_cancel", "complaints_", "feedback_", "logistics_report_problem")
"""Beginnings of intents whose sentences may hold a clause that tells what is wrong, beside what is wished."""
_WISH = re.compile("退|换|修|取消")
ROUNDS = 50


def _telling(said: Iterable[tuple[str, str]]) -> Weights:
    """What tells that something is wrong, clause by clause, against all else that is said."""
    clauses, labels = [], []
    for text, intent in said:
        plain = folded(text)
        for clause in {plain[start:end] for start, end, _, _ in _clauses(plain).values()}:
            tells = intent == TROUBLE and not _WISH.search(clause)
            if tells or not intent.startswith(MAY_TELL) or (intent != TROUBLE and _WISH.search(clause)):
                clauses.append(clause)
                labels.append(TELLS if tells else OTHERS)
    return fit(clauses, labels, 3.0, 5)


def _clauses(plain: str) -> Dict[int, tuple[int, int, int, int]]:
    """Place of a character → beginning and end of its clause, how many there are, and which it is."""
    found = [(m.start(), m.end()) for m in re.finditer(r"[^,，。.!！?？;；:：\s、~☺]+", plain)]
    return {place: (start, end, len(found), number) for number, (start, end) in enumerate(found) for place in range(start, end)}


SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文欧上司诸东皇慕庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍"
)


# ── the reader ────────────────────────────────────────────────────────────────


LONGEST = 400  # characters of a message that are read: a longer one tells its values in its beginning


class Reader:
    """What was learned: the chain that marks, and the weights that name a reason's code."""

    def __init__(self, chain: bytes, reasons: Weights, telling: Weights) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(chain)
        self.chain, self.reasons, self.telling = chain, reasons, telling

    @classmethod
    def learned(
        cls, examples: Iterable[told.Example], sayings: Sequence[tuple[str, str]], said: Iterable[tuple[str, str]]
    ) -> Reader:
        """Fits all; `sayings`: with the code of each; `said`: sentences with their intents."""
        telling = _telling(said)
        trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
        trainer.set_params({"c1": 0.05, "c2": 0.02, "max_iterations": ROUNDS, "feature.minfreq": 2})
        for example in examples:
            if example.text:
                trainer.append(features(example.text, example.asked, telling), list(told.labels(example)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "chain"
            trainer.train(str(path))
            chain = path.read_bytes()
        return cls(chain, fit([saying for saying, _ in sayings], [code for _, code in sayings], 30.0, 1), telling)

    def read(
        self, text: str, entities: Iterable[Dict[str, Any]] = (), asked: str = told.NOTHING_ASKED, tells: bool = False,
        answers: bool = False,
    ) -> List[Value]:
        """The values of a message, by place; of those that overlap the learned ones count. `tells`: whether the message most
        likely tells a fault, so that a clause which is one is its reason; `answers`: whether another question stands."""
        entities = list(entities)
        read = _without_numbers(text, entities)
        spans = [self._titled(read, span) if span.kind == TITLE else span for span in self._spans(read, asked)]
        of_goods = any(each["entity"] in GOODS for each in entities)
        beside = asked == CONFIRMED or (asked == told.NOTHING_ASKED and of_goods)
        if beside and not any(span.kind in (REASON, DENIED) for span in spans):
            spans += self._faults(read)
        if tells and not any(span.kind in (REASON, DENIED) for span in spans):
            clauses = sorted({(start, end) for start, end, _, _ in _clauses(folded(read)).values()})
            faults = [told.Span(start, end, REASON) for start, end in clauses if self.code(read[start:end]) in FAULTS]
            spans += faults[:1]
        fixed = [(e["start"], e["end"]) for e in entities if e["entity"] in FIXED and "start" in e]
        sized = [(e["start"], e["end"]) for e in entities if e["entity"] == "size" and "start" in e]
        spans = [span for span in spans if not _of_fixed(span, fixed) and not _of_size(span, sized)]
        goods = [(e["start"], e["end"]) for e in entities if e["entity"] in GOODS and "start" in e]
        spans = [span for span in spans if span.kind != REASON or _gives_reason(text, span, goods)]
        spans = [span for span in spans if span.kind != TITLE or not _NO_TITLE.search(text[span.start : span.end])]
        spans = [span for span in spans if span.kind != NAME or text[span.end - 1] != "的"]  # 改成我妈的，139…: her number
        spans = [span for span in spans if not _SAYS_NO_VALUE.fullmatch(text, span.start, span.end)]
        found = [self._value(text, span, asked, answers) for span in _joined(text, spans)]
        found = _whole(text, found, [e for e in entities if e["entity"] == ADDRESS and "start" in e])
        found = [part for value in found for part in _apart(value)]
        found = _with_part(text, found) if asked in MAY_BE_WRONG else found
        found += _named_before(text, found, [e["start"] for e in entities if e["entity"] == PHONE and "start" in e])
        for each in entities:
            kind = OF_ENTITIES.get(each["entity"])
            place = each.get("start", -1)
            if kind and not any(v.kind in WHOLE and v.start <= place < v.end for v in found):
                found.append(Value(kind, str(each["value"]), place, each.get("end", -1)))
        return _meant(text, sorted(found, key=lambda value: (value.start, value.end)))

    def code(self, reason: str, beside: bool = False) -> str:
        """The code that the shop's interface has for a reason; words unlike all reasons are none beside the answer to another
        question."""
        scores = self.reasons.scores(sounds(reason))
        best = int(np.argmax(scores))
        return ASIDE if beside and scores[best] < UNLIKE else str(self.reasons.labels[best])

    def _spans(self, text: str, asked: str) -> List[told.Span]:
        spans: List[told.Span] = []
        read = text[:LONGEST]
        for place, label in enumerate(self._tagger.tag(features(read, asked, self.telling)) if read else ()):
            if label == "O":
                continue
            kind = label[2:]
            if label[0] == "I" and spans and spans[-1].end == place and spans[-1].kind == kind:
                spans[-1] = spans[-1]._replace(end=place + 1)
            else:
                spans.append(told.Span(place, place + 1, kind))
        if asked == ADDRESS:
            spans = [_with_way(text, span) for span in spans]
            whole = [span for span in spans if span.kind == ADDRESS]
            spans = [s for s in spans if s.kind == ADDRESS or not any(w.start <= s.start and s.end <= w.end for w in whole)]
        return [span for span in (_trimmed(text, _said(text, each)) for each in spans) if span.start < span.end]

    def _faults(self, text: str) -> List[told.Span]:
        """What is told of a fault beside the answer to a question that asks for none."""
        told_of = [span for span in self._spans(text, AFTER_SALES) if span.kind == REASON]
        return [span for span in told_of if self.telling.share(sounds(text[span.start : span.end]), TELLS) >= SURELY_TELLS]

    def _titled(self, text: str, span: told.Span) -> told.Span:
        """A clause that is a title from its first sign on, as an answer to the question for one, is cut by no bracket."""
        clause = _clauses(folded(text)).get(span.start)
        if clause is None or clause[1] < span.end:
            return span
        begin, end = clause[:2]
        whole = next(iter(self._spans(text[begin:end], TITLE)), span)
        fits = whole.kind == TITLE and whole.start == 0 and whole.end + begin >= span.end
        return span._replace(start=begin, end=whole.end + begin) if fits else span

    def _value(self, text: str, span: told.Span, asked: str, answers: bool) -> Value:
        words = text[span.start : span.end]
        kind = ROOM if span.kind == ADDRESS and is_house_number(words) else span.kind
        code = self.code(words, answers and asked != REASON) if kind == REASON else whose(words) if kind == TITLE else None
        if code == ASIDE:  # why a service was bad has no code of the shop's
            return Value(REASON if asked == FEEDBACK else ASIDE, words, span.start, span.end)
        return Value(kind, words, span.start, span.end, code)


PERSON, COMPANY = "person", "company"
_NAME = re.compile(r"[一-鿿]{2,3}|(?:欧阳|上官|司马|诸葛|东方|皇甫|慕容)[一-鿿]{1,2}|[一-鿿]+·[一-鿿·]+")


def whose(title: str) -> str:
    """Whether a title is a person's name or a company's."""
    return PERSON if _NAME.fullmatch(title) and title[0] in SURNAMES or "·" in title else COMPANY


_AROUND = " \t\r\n,，.。;；:：!！?？、~～'\"“”‘’"


_NUMBER = re.compile(r"(?:我的?|这个|那个)?(?:订单|单子|单号|编号)*号?[是:：]?$")


def _without_numbers(text: str, entities: Iterable[Dict[str, Any]]) -> str:
    """The text, of the same length, with a pause where a number names a thing: 订单2026…的尺码大了 tells what 尺码大了 does."""
    for each in entities:
        if each["entity"] in NUMBERS and "start" in each:
            before = _NUMBER.search(text, 0, each["start"])
            start = before.start() if before else each["start"]
            end = each["end"] + (text[each["end"] : each["end"] + 1] == "的")
            text = text[:start] + "，" * (end - start) + text[end:]
    return text


def _trimmed(text: str, span: told.Span) -> told.Span:
    start, end = span.start, span.end
    while start < end and text[start] in _AROUND:
        start += 1
    while start < end and text[end - 1] in _AROUND:
        end -= 1
    return span._replace(start=start, end=end)


def _of_fixed(span: told.Span, fixed: List[tuple[int, int]]) -> bool:
    """Whether a span is nothing but what has a form of its own, or goes from one such value to another (1号，是30号)."""
    begins = any(start <= span.start < end for start, end in fixed)
    return begins and any(start < span.end <= end for start, end in fixed)


def _of_size(span: told.Span, sized: List[tuple[int, int]]) -> bool:
    """Whether what looks like a room holds a size (不是39 换40)."""
    return span.kind == ROOM and any(span.start <= start and end <= span.end for start, end in sized)


_NO_REASON = re.compile(
    r"不是[^,，。]{1,8}?[,，。 ]*是|没有?(?:什么|任何|啥)?危险"
    r"|(?:我|都|已经|刚)*(?:吃|忙|弄|做|开|睡|洗)(?:完|好|醒)(?:会|饭)?[了啦]?$"
    r"|(.)不\1$|[^,，。]{0,10}谁[^,，。]{1,4}$|[^坏破裂烂漏碎]{0,10}[那这](?:一)?[个台件单双款条部]$"
    r"|.*(?:这|那)(?:里面?|里头|上面)没有$"
    r"|[^,，。]{0,10}(?:吗|么|几点|多久)$|[^,，。坏破烂]{0,4}说[^,，。]{0,6}[到送]的?$"
    r"|(?:没坏|没有坏|好好的|没拆封?|没[穿用]过?|配件都?[在齐]|吊牌都?还?在|[,，。 还都也])+$"
)
_SAYS_NO_VALUE = re.compile(
    r"[还就都也是]*(?:不[用要必]*[动改变换]|照旧|别[动改换]|(?:还是|就是)?(?:那个|原来的?|老的)|一样)[的了吧哈啊]*|[给写填弄搞]*错了?"
)
"""What is said of a field that stays, or was got wrong: no name, title or address is called so."""
_SUPPOSED = re.compile(r"(?:要是|万一|如果|假如|倘若|将来|以后)[^,，。!！]{0,6}$")


_NO_TITLE = re.compile(r"\d(?:元|块)|[:：;；?？!！]")
"""What no title holds: a list of what is to stand on which invoice."""
_OR_NOT = re.compile(r"(?<=[是算会能要该有])[不没][是算会能要该有]|(.)不\1")


def _gives_reason(text: str, span: told.Span, goods: List[tuple[int, int]]) -> bool:
    """Whether the words tell why, and do not only say which goods are meant, ask, deny, suppose, or tell of oneself."""
    if _OR_NOT.match(text, span.start):
        return False  # 是不是要过期了, 算不算晚
    if any(start < span.end < end or (start <= span.start and span.end <= end) for start, end in goods):
        return False  # it is nothing but goods, or ends within their name: 橙子, 今天到的耳
    return _NO_REASON.match(text[span.start : span.end]) is None and _SUPPOSED.search(text, 0, span.start) is None


_DENIES = re.compile(r"(?:不是|不在|不要|别写|并非)(?:在|写|到|送)?[\s“\"]*$")


_DENIED_AFTER = re.compile(
    r"(?:那个?|[也都就又才还这])*(?:不[对是行]|错|[写打填说弄看]错|是[^,，。;； ]{1,8}(?:家|屋|那[里儿边]?)(?![0-9]))"
)
"""What is said behind a value that is not meant, where another of its kind is (3栋写错了，是5栋; 2栋是我姑家)."""
_DENIABLE = (ADDRESS, ROOM, NAME, PHONE, "day")
_DISLIKES = re.compile(r"(?:不(?:是|要|想要|喜欢|爱|中意)|嫌|讨厌|看不上)[了这那个种件它太是]*\s*$")
_DISLIKED = re.compile(
    r"[的色款码号]*[这那个我是]*(?:有点|实在|真的?|觉得)?(?:不(?:要|想要|喜欢)[了啦]?(?=$|[\s,，。!！;；])|不(?:好看|合适|搭|合身)"
    r"|太[大小丑艳素暗亮浅深花肥紧松长短挤土老]|[丑显腻])"
)
_LOOKS = ("colour", "size")


def _meant(text: str, found: List[Value]) -> List[Value]:
    """Without what is denied, where another of its kind is said: 不是1号 是30号, 换成30号，不是1号; a colour or size that is
    disliked is none that is wanted, and the end of a number is no room (13800000000，后面四个零)."""
    numbers = [v.value for v in found if v.kind in ENDS_LIKE_A_ROOM]
    found = [v for v in found if v.kind != ROOM or not any(v.value.isdigit() and v.value in number for number in numbers)]
    found = [
        v for v in found
        if v.kind not in _LOOKS or v.start < 0 or not (_DISLIKES.search(text, 0, v.start) or _DISLIKED.match(text, v.end))
    ]  # fmt: skip
    kinds = {kind: ADDRESS if kind == ROOM else kind for kind in (value.kind for value in found)}
    denied = [v for v in found if v.kind not in (REASON, DENIED) and v.start >= 0 and _DENIES.search(text, 0, v.start)]
    denied += [v for v in found if v.kind in _DENIABLE and v not in denied and _DENIED_AFTER.match(text, v.end)]
    stands = {kinds[value.kind] for value in found if value not in denied}
    return [value for value in found if value not in denied or kinds[value.kind] not in stands]


_OWN_NAME = re.compile(
    r"(?:(?<=[\s,，。;；:：、])|^)(?:收[件货]人|姓名|联系人|名字)?(?:是|叫|写|改成|换成|为)?[:： ]?"
    rf"(?P<name>[{''.join(sorted(SURNAMES))}][一-鿿]{{1,2}})"
    r"[\s,，。;；、:：]*(?:的?(?:电话|手机号?|号码))?(?:是|为)?[:： ]*$"
)
_NO_NAME = re.compile("[电话机号码系]|马上|常用|方便|白[天色]|单[位号]|成都|[江安][苏西徽排全]|金额|平时|任何|万一|高兴|于是")


def _named_before(text: str, found: List[Value], phones: Iterable[int]) -> List[Value]:
    """Who is named right before a phone number (王小明 138…): a name beside its phone, where none was read."""
    if any(value.kind == NAME for value in found):
        return []
    names = filter(None, (_OWN_NAME.search(text, 0, start) for start in phones))
    spans = [name.span("name") for name in names if not _NO_NAME.search(name["name"])]
    clear = [span for span in spans if not any(v.start < span[1] and span[0] < v.end for v in found)]
    return [Value(NAME, text[start:end], start, end) for start, end in clear]


MAY_BE_WRONG = (CONFIRMED, ADDRESS, "orders", "logistics", told.NOTHING_ASKED)
"""What a message is read as where an address may have been got wrong before."""


def _with_part(text: str, found: List[Value]) -> List[Value]:
    """With the part of an address that is said to be right, where nothing but an aside was read there."""
    part = part_said(text)
    there = [v for v in found if part and v.start < part[1] and part[0] < v.end]
    if part is None or any(v.kind != ASIDE for v in there):
        return found
    return [*(v for v in found if v not in there), Value(ADDRESS, text[part[0] : part[1]], *part)]


_SORTS = {
    "block": re.compile(r"(?:\d+|[a-zA-Z甲乙丙丁一二三四五六七八九十]+)(?:号楼|栋|幢|座)"), "unit": re.compile("单元"),
    "room": re.compile(r"\d{3,4}(?!号)"),
}  # fmt: skip


def _apart(value: Value) -> List[Value]:
    """An address without what a sentence before it left (看清楚 演示路8号), and a house number that is told twice (3号楼
    3号楼501) as two."""
    if value.kind not in (ADDRESS, ROOM):
        return [value]
    start, pieces = value.start, re.split(r"(\s+)", value.value)
    if len(pieces) > 2 and len(pieces[0]) == 1 and not pieces[0].isdigit():
        start, pieces = start + len(pieces[0]) + len(pieces[1]), pieces[2:]
    parts: List[List[str]] = [[pieces[0]]]
    for space, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        again = any(sort.search(piece) and sort.search("".join(parts[-1])) for sort in _SORTS.values())
        if again:
            parts.append([piece])
        else:
            parts[-1] += [space, piece]
    apart = []
    at = start
    for part in map("".join, parts):
        wrong = _DENIED_AFTER.search(part, 1)  # 4栋是我姑家
        part = part[: wrong.start()] if wrong else part
        at = value.value.index(part, at - value.start) + value.start
        kind = ROOM if value.kind == ROOM or (at > start and is_house_number(part)) else ADDRESS
        apart.append(value._replace(kind=kind, value=part, start=at, end=at + len(part)))
        at += len(part)
    return apart


_WAY = re.compile(r"[一-鿿]{2,10}?(?:路|街|大道|巷|弄|村|镇)\s*$")


def _with_way(text: str, span: told.Span) -> told.Span:
    """An address from its road on: 文一路 1号 is more than 1号."""
    clause = max((text.rfind(sign, 0, span.start) for sign in ",，。;；"), default=-1) + 1
    way = _WAY.search(text, clause, span.start) if span.kind == ADDRESS else None
    if way is None:
        return span
    led = re.match(r".*(?:[改换]成|改[到为]|[送寄放]到|应为|地址是?|是)", way[0])
    return span._replace(start=way.start() + (led.end() if led else 0))


_SAYS = re.compile(r"(?:(?<=应)[为是叫写]|应该?(?:是|为|叫|写)|该是|改成|改为|换成|写成|就写|就叫)(?=.{2})")
_IS = re.compile(r"是(?!不是)(?=.{2})")


def _said(text: str, span: told.Span) -> told.Span:
    """A title or a reason without the words that only say that it is one (应为…; 不是坏了，是…)."""
    says = {TITLE: _SAYS, REASON: _IS}.get(span.kind)
    begins = says.match(text, span.start, span.end) if says else None
    return span._replace(start=begins.end()) if begins else span


def _joined(text: str, spans: List[told.Span]) -> List[told.Span]:
    """Two clauses of one reason are one: 杯子碎了，盒子也破了."""
    joined: List[told.Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and span.kind == last.kind == REASON and not text[last.end : span.start].strip(_AROUND):
            joined[-1] = last._replace(end=span.end)
        else:
            joined.append(span)
    return joined


def _whole(text: str, found: List[Value], addresses: List[Dict[str, Any]]) -> List[Value]:
    """An address that was found by its form as well goes as far as either says."""
    for each in addresses:
        touching = [v for v in found if v.start < each["end"] and each["start"] < v.end]
        if not touching:
            words = text[each["start"] : each["end"]]
            kind = ROOM if is_house_number(words) else ADDRESS
            found.append(Value(kind, words, each["start"], each["end"]))
        elif all(v.kind in (ADDRESS, ROOM) for v in touching):
            start, end = min(each["start"], *(v.start for v in touching)), max(each["end"], *(v.end for v in touching))
            words = text[start:end]
            found = [v for v in found if v not in touching]
            found.append(Value(ROOM if is_house_number(words) else ADDRESS, words, start, end))
    return found


# ── in Rasa's graph ───────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class ValueReader(GraphComponent):
    """Sets `values: [{kind, value, start, end, code?}]`; needs the entities, and sees what the open form asks for."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._reader: Optional[Reader] = None
        self._contexts: Dict[str, Dict[str, Any]] = {"slots": {}, "intents": {}}

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder with the examples; `reasons`: the file with the reasons' codes; `calm`: beginnings of
        intents whose examples hold no learned value, `calm_examples` of each intent."""
        return {"data": "data/values", "reasons": "data/after_sales/reasons.yml", "calm": list(CALM), "calm_examples": 40}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> ValueReader:
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
    ) -> ValueReader:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            *learned, component._contexts = joblib.load(folder / "values.joblib")
        component._reader = Reader(*learned)
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed examples are a changed component."""
        settings = {**cls.get_default_config(), **config}
        digest = hashlib.sha256()
        for path in (*sorted(Path(settings["data"]).glob("*.yml")), Path(settings["reasons"])):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns, and keeps the contexts."""
        reader = self._reader = self.learned(training_data)
        self._contexts = told.read_contexts(Path(self._config["data"]) / "contexts.yml")
        with self._model_storage.write_to(self._resource) as path:
            joblib.dump((reader.chain, reader.reasons, reader.telling, self._contexts), path / "values.joblib")
        return self._resource

    def learned(self, training_data: TrainingData) -> Reader:
        """From the examples, and from what Rasa's training data says without any value."""
        folder, reasons = Path(self._config["data"]), Path(self._config["reasons"])
        said = [(e.get(TEXT), str(e.get(INTENT))) for e in training_data.intent_examples if e.get(TEXT)]
        examples = [*told.of_folder(folder, reasons), *self._calm(training_data)]
        codes = (told.read_reasons(reasons), told.read_reasons(reasons, "sayings"), {ASIDE: told.read_asides(reasons)})
        sayings = [(each, code) for coded in codes for code, sayings in coded.items() for each in sayings]
        return Reader.learned(examples, sayings, said)

    def _calm(self, training_data: TrainingData) -> List[told.Example]:
        calm: Dict[str, List[str]] = {}
        for example in training_data.intent_examples:
            intent, text = str(example.get(INTENT)), example.get(TEXT)
            if text and intent.startswith(tuple(self._config["calm"])) and not example.get(ENTITIES):
                calm.setdefault(intent, []).append(text)
        most = self._config["calm_examples"]
        chosen = [text for texts in calm.values() for text in texts[:: max(1, len(texts) // most)][:most]]
        return [told.Example(told.NOTHING_ASKED, text, ()) for text in chosen]

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Adds the values to each message that has words."""
        for message in messages:
            text = message.get(TEXT)
            if text and self._reader is not None:
                intent = str((message.get(INTENT) or {}).get("name") or "")
                asked = context(self._contexts, intent, *_moment(tracker))
                answers = bool(_moment(tracker)[0])
                found = self._reader.read(text, message.get(ENTITIES) or [], asked, intent == TROUBLE and not answers, answers)
                message.set(VALUES, [shown(value) for value in found], add_to_output=True)
        return messages


def shown(value: Value) -> Dict[str, Any]:
    """A value as it stands on a message."""
    return {name: told_of for name, told_of in value._asdict().items() if told_of is not None}


def _moment(tracker: Optional[DialogueStateTracker]) -> tuple[Optional[str], Callable[[str], Any]]:
    """The slot that an open form has just asked for, and where slots are read."""
    if tracker is None or not tracker.active_loop_name:
        return None, lambda name: None
    return tracker.get_slot("requested_slot"), tracker.get_slot


def context(contexts: Dict[str, Dict[str, Any]], intent: str, asked: Optional[str], slot: Callable[[str], Any]) -> str:
    """What a message is read as: an answer to what was just asked, else a message about its topic."""
    found = contexts["slots"].get(asked) if asked else None
    if isinstance(found, dict):
        found = found.get(slot(found["of"]))
    return str(found or contexts["intents"].get(intent) or told.NOTHING_ASKED)
