"""Amounts of money, quantities of goods, sizes, and places in a list (第二个), in figures or words.

Works on normalised text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from components.fixed_forms import Found
from components.numerals import DIGITS, NUMBER, WORDS, number, plain

_CN = rf"[{WORDS}]"
# What can be counted of goods; what may follow instead shows that the word is another.
_COUNTERS = (
    r"(?:件(?!事|数)|个(?!月|半月|多月|小时|钟|星期|礼拜|工作日|多|问题|人|点|字|地方|电话|快递|客服|订单|单|包裹|号|意思|办法"
    r"|说法|答复|交代|理由|忙|链接|地址|颜色|尺码|赞|好评|差评|评价|红包|券|优惠|活动|账号|平台|东西|客户|疑问|建议|年|世纪|工单"
    r"|师傅|男|女|老|小|大)"
    r"|双(?!十|11|12|1|方|倍)|台|箱(?!子)|瓶(?!子)|包(?!裹|邮|装|括|月)|袋(?!子)|盒(?!子)"
    r"|条(?!信息|短信|消息|评价|物流|评论|件|建议)|套(?!餐)|只(?!能|要|有|是|想|好|会|不|收|发|退|显)|把(?!我|你|他|这|那)"
    r"|张(?!券|优惠|发票|卡|图|照片|单|票|红包|截图)|份(?!额|心)|部(?!分|门)|支(?!付|持)|枚|册|桶|罐|串|颗(?!星)|片|卷"
    r"|提(?!前|示|供|交|醒)|听(?!说|起|不)|根(?!本|据)|副|顶|盏|床|对(?!一|着|的|方|了|不|我|你|应|比|待)"
    r"|本(?!人|来|月|周|店|身|地))"
)
_QUANTITY = re.compile(rf"(?<![第每哪某\d.a-z{WORDS}])({NUMBER}) ?({_COUNTERS})")
_BOTH = re.compile(r"(?<![咱我你他她们哥姐弟妹])([俩仨])(?!人|口|月|小时|天)")
# 一个 counts goods only after what is done with goods; elsewhere it is an article. 换一双 is another pair.
_ONE_OF_GOODS = re.compile(r"(?:[买拍少多退订发缺漏送剩就下只留要修]|其中|收到|还有|下单)了?(?:错了?)?$")
_ARTICLE = re.compile(r"[这那换另任同随]$")
_UNIT_BESIDE = r"(?![\d.]*[%点折成倍米寸码号天年月周岁分秒斤克升瓦g度楼期页]|\d)"
_YUAN = r"(?:块钱|块(?!屏|表|电|肥|香|砖|板|地|布|玻|儿|积|拼|的地|吧)|元(?!旦|宵|素|件)|圆|rmb|人民币)"
_HUNDREDS = rf"[一二两三四五六七八九]千{_CN}*|[一二两三四五六七八九]百{_CN}*|[一二两三四五六七八九十]{{1,3}}万{_CN}*"
_MONEY = re.compile(
    r"(?:￥|rmb ?|人民币)(?P<sign>\d[\d,]*(?:\.\d{1,2})?)"
    rf"|(?<![\d.第{WORDS}])(?P<whole>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|{NUMBER})(?:多|来)? ?{_YUAN}"
    rf"(?:(?P<tenths>\d{{1,2}}|[一二三四五六七八九])(?:毛|角)?{_UNIT_BESIDE}|(?P<half>半))?(?:多|整)?"
    rf"|(?<![\d.{WORDS}])(?P<small>\d|[一二两三四五六七八九])(?:毛|角)钱?(?!病|落|巾|衣|笔)"
    rf"|(?<![第分{WORDS}])(?P<words>{_HUNDREDS})(?:多|来)?"
    rf"(?!{_COUNTERS}| ?[公里米克斤升瓦天次年人种度毫页字名家岁分个位款层集块遍回多来])"
    r"|(?<![\d.a-z])(?P<decimal>\d{1,6}\.\d\d)(?!\d| ?[米寸码升斤克瓦g版])"
)
_MONEY_CUE = re.compile(
    r"(?:[满减]|立减|[降涨]了?|花了?|付了?|(?<!电)充了?|充值|[原现标单总差]价|售价|价格|才|只要|只卖|卖|预算|便宜了?|优惠"
    r"|退款?|退了|补|赔|返|[扣收]了?|金额|[定订]金|尾款|[运邮]费)(?:[是为成到错我]|给我|应该)?[：: ]?"
    rf"(?P<figure>\d{{1,6}}(?:\.\d{{1,2}})?){_UNIT_BESIDE}(?! ?{_COUNTERS}|[gk]b?|款)"
)
_BOUGHT_FOR = re.compile(
    r"(?<![\d.a-z/-])(?P<figure>\d{2,6}(?:\.\d{1,2})?)"
    r"(?=(?:的时候)?(?:买|拍|入手|到手|拿下)|以[内下上]|左右|出头|上下|的?预算)"
)
_PRICE_NOW = re.compile(
    r"(?:[今昨前]天|现在|原来|之前|当时|买的时候|买时)(?:是|才|卖|要|变成|只要)?"
    r"(?P<figure>\d{2,5}(?:\.\d{1,2})?)(?=$|[，。！？了吧])"
)
_ORDINAL = re.compile(
    rf"(倒数)?第 ?({NUMBER}) ?(?:个(?!月|星期|礼拜|小时|人|问题)|件(?!半价|[\d一二三四五六七八九]折|免单|打)|家店?"
    r"|[单条双款台箱笔项份张瓶本只套盒行栏]|(?=$|[，。！？吧呢]))"
    rf"|(倒数)({NUMBER})个"
)
_SIZE_LETTERS = r"(?:[2-6]?x{0,4}[ls]|x{1,4}l|m)"
_SIZE = re.compile(
    rf"(?<![\d.a-z])(?P<shoe>\d{{2,3}}(?:\.5)?) ?码(?!数)"
    rf"|(?<![a-z0-9])(?P<letter>{_SIZE_LETTERS}) ?(?:码|号)(?!数)"
    rf"|(?<![a-z0-9+-])(?P<xl>[2-6]?x{{1,4}}l|[2-6]xl|x{{1,3}}s)(?![a-z0-9])"
    rf"|(?:(?<=[换成要拿买穿选到是和从])|^)(?P<bare>{_SIZE_LETTERS})(?=$|[换的不吧，。！？和还合改到 ])"
    rf"|(?P<relative>[大小](?:[一两半二]|1|2)(?:个)?(?:码|号))"
    rf"|(?P<named>均码|(?:加大|特大|加小|[大中小])(?:码|号)(?!的?字|子))"
    rf"|(?<!\d)(?P<body>\d{{3}}/\d{{2,3}}[a-y]?)(?!\d)"
    rf"|(?<![\d.])(?P<bed>[12]\.\d{{1,2}}) ?米(?:的?床)?"
    rf"|(?<![\d.])(?P<inch>\d{{2,3}}(?:\.\d)?) ?(?:英寸|寸)"
    rf"|(?<=[换要选拿成])(?P<plain>1[5-9][05]|3[4-9]|4[0-6])(?=的|$|[，。！？吧])"
)
_ANY_NUMBER = re.compile(rf"[\d{WORDS}俩仨]")
_STEPS = {"一": "1", "1": "1", "两": "2", "二": "2", "2": "2", "半": "0.5"}


def measures(text: str) -> Iterator[Found]:
    """All readings, overlapping ones too."""
    for match in _SIZE.finditer(text):
        yield Found("size", *match.span(), _size(match))
    if not _ANY_NUMBER.search(text):
        return
    for match in _MONEY.finditer(text):
        value = _money(match)
        if value is not None:
            yield Found("amount", *match.span(), value)
    for pattern in (_MONEY_CUE, _BOUGHT_FOR, _PRICE_NOW):
        for match in pattern.finditer(text):
            yield Found("amount", *match.span("figure"), match["figure"])
    for match in _QUANTITY.finditer(text):
        count = number(match[1])
        before = text[max(0, match.start() - 4) : match.start()]
        if count is None or count != int(count) or count == 0:
            continue
        if count == 1 and (_ARTICLE.search(before) or (match[2] in ("个", "份", "条") and not _ONE_OF_GOODS.search(before))):
            continue
        yield Found("quantity", *match.span(), plain(count))
    for match in _BOTH.finditer(text):
        yield Found("quantity", *match.span(), str(DIGITS[match[1]]))
    for match in _ORDINAL.finditer(text):
        place = number(match[2] or match[4])
        if place is not None and place == int(place) and place > 0:
            yield Found("ordinal", *match.span(), f"{'-' if match[1] or match[3] else ''}{place}")


def _money(match: re.Match[str]) -> str | None:
    """Yuan as figures: two decimals where they were said, else as few as it takes."""
    if match["sign"] or match["decimal"]:
        return (match["sign"] or match["decimal"]).replace(",", "")
    if match["small"]:
        value = number(match["small"])
        return None if value is None else plain(value / 10)
    told = (match["whole"] or match["words"]).replace(",", "")
    value = number(told)
    if value is None or (told == "一" and match.group() == "一块"):
        return None
    if match["tenths"]:
        tenths = number(match["tenths"])
        if tenths is None:
            return None
        value += tenths / (100 if len(match["tenths"]) == 2 else 10)
    if match["half"]:
        value += Decimal("0.5")
    return plain(value)


def _size(match: re.Match[str]) -> str:
    kind = match.lastgroup
    told = match[kind or 0]
    if kind == "relative":
        return ("+" if told[0] == "大" else "-") + _STEPS[told[1]]
    if kind == "bed":
        return f"{told}米床"
    if kind == "inch":
        return f"{told}寸"
    return told if kind == "named" else told.upper()
