"""Secrets that open something: verification codes, pick-up codes, passwords of accounts, doors and networks.

A code has no shape of its own; a word for it must stand just before, or just after as in “482913 是验证码”.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.labels import after, before
from privacy.spans import Span
from privacy.views import COVER, View

_CODE = (
    r"(?:验证[码马吗]?|驗證碼|动态[码口]令?|动态密码|校验码|确认码|短信码|核[验实]码|寄存码|存[包物]码|登[录陆]码|取物码|入[户住园场]码|开机码|门码|安全码|授权码|识别码|随机码|一次性密码|取[件货餐][码号]|取[件货](?=\s?[:是])|自提码|提货码|收货码|开[箱柜门锁]码|柜[门子]?码|门禁码?|"
    r"卡密(?!码)|[券劵]码|激活码|消费码|团购码|取[件货餐]密码|丰巢码|菜鸟码|核销码|提取码|兑换码|自提的码|收到的码|(?:(?<![后末尾前])[六6四4]|(?<=身份证后)[六6]|(?<=身份证最后)[六6])位(?:数字?|验证)?码?(?=[\s:是]{0,3}\d)|短信[里上]?(?:[那这][串个]|数字?)?[的是写说]{1,2}(?=\s?\d)|(?<![A-Za-z])code(?=[\s:]{1,2}\d{4})|(?<![\u4e00-\u9fff])码(?=[:是]\s?\d)|(?<=[的个到来])码(?=[:是]{1,2}\s?\d{4})|[那这]串码|"
    r"密[码碼马]锁?|(?:电子|智能|指纹|数字)锁|口令|暗号|锁屏码|解锁码|邀请码|PIN码?|pin码?|[Pp]assword|PASSWORD|pwd|PWD|passcode|verification code)"
)
_LABEL = re.compile(_CODE)
# Between label and value: one character class each, so that nothing backtracks.
_CONNECT = (
    r"(?:[\s:=,、\"'“”「」『』《》【】\[\]()<>→-]|的|是不是|是|为|叫|填|写|改|换|成|设|置|用|还|就|应|该|来|了|收|到|发|给|你|您|我|念|报|如|下|话|都|默|认|初|始|一|直|"
    r"锁|生|日|上|输|入|变|在|这|个|那|串|刚|才|现|新|旧|原|今|天|家|里|忘改?|短信|记|得|位|好像|大概|井号|星号|米字键?|井字键?|[\u2190-\u2bff\U0001f000-\U0001faff]|哈|啊|呢|吧|呀|哦|：){0,12}"
)
_VALUE = re.compile(
    r"(?:"
    r"[A-Za-z]{0,2}\d{1,4}(?:[ ]?-[ ]?[A-Za-z]?\d{1,6}){1,3}(?![A-Za-z0-9])"  # 8-26-4814, the shelf's pick-up code
    r"|(?<!\*)\*\d{3,8}#?(?![A-Za-z0-9*])"  # *2580#, as a door asks for it
    r"|\d{4}(?:[ \-]\d{4}){2,4}(?!\d)"  # printed in groups on a gift card
    r"|\d(?:[ \-.,]?\d){3,9}(?![A-Za-z0-9!@#$%^&_+=~])[#*]?"  # digits, perhaps in groups
    r"|[A-Za-z0-9!@#$%^&_+=~?.\-]{3,31}[A-Za-z0-9!@#$%^&_+=~]"
    r"|[A-Za-z]?\d{3}"
    r")"
)
_TIMES = r"[0-9]个[0-9]"  # 六个八
_SPOKEN_VALUE = re.compile(rf"[0-9](?:[ \-,]?[0-9]){{3,9}}(?![A-Za-z0-9])|{_TIMES}(?![0-9位个字])")
# Cheap questions first: most texts have no value at all.
_SOME = re.compile(r"[A-Za-z0-9!@#$%^&_+=~]")
_SOME_SPOKEN = re.compile(r"[0-9][ \-,个]?[0-9]")
_FORWARD = re.compile(_CODE + _CONNECT)
_COUPON = re.compile(r"[券劵]码")
_IN_GROUPS = re.compile(r"(?=.*\d)[A-Za-z0-9]{3,5}(?:[ \-][A-Za-z0-9]{3,5}){2,5}|\d{8,10}")
# A watchword is said in words (口令芝麻开门99); what is asked or told about one is none.
_WATCHWORD = re.compile(
    r"(?:口令|暗号)(?:[是为:\s]{1,3}(?P<said>[\u4e00-\u9fff]{3,8}\d{0,6})|(?P<mixed>[\u4e00-\u9fff]{2,6}\d{2,6}))(?=[,.;!?。\s]|$)"
)
_NO_WATCHWORD = re.compile(r"[吗呢么啥哪谁几没错不了过吧的]|多少|红包|无效|失效|登录|输入|忘|验证|系统|怎|请")
_UNIT = re.compile(
    r"\s?(?:分钟?|秒|小时|次|位|元|块|遍|条|年|月|日|号(?!柜)|点|%|天|个|张|毛|折|款|版|人|米|斤|级|代|系统)"
)
_PUBLIC = re.compile(
    r"(?:100\d\d|95\d{3,6}|96\d{3,4}|12[13]\d\d|106\d{4,}|1[12]\d|400\d{7}|800\d{7}|20\d{10})$"
)
_LOOSE_WORDS = {
    "wifi",
    "wi-fi",
    "app",
    "email",
    "iphone",
    "android",
    "error",
    "apple",
    "vip",
    "sorry",
    "null",
    "pin",
    "password",
    "windows",
}
_AFTER = re.compile(
    rf"[\s,、)\]】”\"]{{0,2}}[是就这个为我你您的们家发刚收到那个,\s]{{0,8}}(?:(?:登[录陆]|支付|短信|开门|门锁|门禁|[Ww][Ii]-?[Ff][Ii]|手机|取款|交易|单元门|大门)的?)?(?={_CODE})"
)
_REVERSED = re.compile(
    r"(?<![A-Za-z0-9_¥$.\-])(?:\d{4,8}|\d{1,3}(?:-\d{1,5}){1,3}|(?=[A-Za-z]*\d)[A-Za-z0-9#@!_]{6,16})(?![A-Za-z0-9_.\-])"
)
_COMPLAINT = re.compile(
    rf"{_CODE}[\s,]{{0,2}}(?:一直|还|都|也|没|收|不|错|过期|失效|怎么|在哪|忘|无效|{COVER}|[:是为]?\s?[A-Za-z0-9])"
)
_STATED = re.compile(r"[是为]|就是|[,\s)(]|这个")


def find(view: View) -> Iterator[Span]:
    """Values after a label, then values before one."""
    for reading, some, shape in ((view.plain, _SOME, _VALUE), (view.spoken, _SOME_SPOKEN, _SPOKEN_VALUE)):
        for label in _FORWARD.finditer(reading) if some.search(reading) else ():
            value = shape.match(reading, label.end())
            if value is not None and _is_secret(reading, label, value):
                yield Span(*value.span(), "passcode")
    text = view.plain
    for told in _WATCHWORD.finditer(text) if "口令" in text or "暗号" in text else ():
        word = told["said"] or told["mixed"]
        if not _NO_WATCHWORD.search(word):
            yield Span(told.end() - len(word), told.end(), "passcode")
    for value in _REVERSED.finditer(text):
        end = value.end()
        link = _AFTER.match(text, end, end + 24)
        if link is None or _PUBLIC.match(value.group()) or not _STATED.search(link.group()):
            continue
        if _COMPLAINT.match(text, link.end(), link.end() + 16) or _unclear(text, value):
            continue
        yield Span(*value.span(), "passcode")


def _is_secret(text: str, label: re.Match[str], value: re.Match[str]) -> bool:
    word = value.group()
    if (
        text[value.end() : value.end() + 1] == "*"
        and not word.endswith("#")
        and "*" in text[value.end() : value.end() + 2]
    ):
        return False
    if _UNIT.match(text, value.end(), value.end() + 4) or _PUBLIC.match(re.sub(r"[ \-]", "", word)):
        return False
    if re.fullmatch(_TIMES, word):
        return re.search(r"密|口令", label.group()) is not None
    if not any(char.isdigit() for char in word):
        return _is_word_secret(text, label, value)
    if _COUPON.search(label.group()) and not _IN_GROUPS.fullmatch(word):
        return False  # what everybody may use: 券码SPRING2026
    if word.isdigit() and len(word) > 10:
        return False
    if len(word) == 3 or (len(word) == 4 and not word.isdigit() and "-" in word):
        return bool(re.search(r"取[件货餐]|自提|提货|柜|门", label.group()))
    return True


def _is_word_secret(text: str, label: re.Match[str], value: re.Match[str]) -> bool:
    """A secret without any digit: only where the sentence says “密码是/：”, and not a product's or system's name."""
    word = value.group().lower()
    if word in _LOOSE_WORDS or len(word) < 5 or _LABEL.match(text, value.end(), value.end() + 4):
        return False
    stated = re.search(r"[:是为=成]\s?$", label.group())
    return bool(stated) and bool(re.search(r"密|口令|assword|PASSWORD|pwd|PWD", label.group()))


def _unclear(text: str, value: re.Match[str]) -> bool:
    """Does the value before the label belong to something else (order, price, another label)?"""
    left = before(text, value.start(), 10)
    return bool(
        re.search(r"(?:订单|单号|尾号|编号|型号|工号|客服|¥|花了|扣了|[A-Za-z]-?)\s?[:是]?\s?$", left)
    ) or bool(
        _UNIT.match(text, value.end(), value.end() + 4) and not _LABEL.search(after(text, value.end(), 6))
    )
