"""Numbers printed on cards and papers: identity card, bank card, passport.

Identity card: GB 11643, 6 digits of place, 8 of birth date, 3 of order, a check sign (15 digits on the first generation:
two-digit year, no check). The check sign is not required to be right: a customer's typing error is still personal.
Bank card: ISO/IEC 7812, 16 to 19 digits; cards of China UnionPay start with 62.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.labels import after, before, is_near_thing, is_serial
from privacy.spans import Span
from privacy.views import View

_SEP = r"[ \t\-·.,_]{0,2}"
_ID18 = re.compile(rf"(?<![\dA-Za-z])[1-9](?:{_SEP}\d){{16}}{_SEP}[\dXx×叉](?!\d)")
_ID15 = re.compile(r"(?<![\dA-Za-z])[1-9](?:[ \-]?\d){14}(?![\dA-Za-z])")
_BANK = re.compile(rf"(?<![\dA-Za-z.])[1-9](?:{_SEP}\d){{15,18}}(?!\d)")
_PASSPORT = re.compile(
    r"(?<![A-Za-z0-9\-])(?:[EeGg][ \-]?\d{4}[ \-]?\d{4}|[Ee][A-Za-z][ \-]?\d{3}[ \-]?\d{4})(?![A-Za-z0-9]|-[A-Za-z0-9])"
)

# Numbers by which an office knows a person, known by their word alone; none of them has a shape of its own.
_OFFICE = re.compile(
    r"(?:学籍?号|(?:电费|水费|燃气|天然气|用电|供暖|缴费)?户号|缴费号|公积金账?号|车架号|发动机号|(?:驾驶|行驶|房产|不动产|结婚|离婚|出生|毕业|学位)证(?:编号|号)|(?:校园|工|饭|门禁)卡号|宽带账?号|学生证号?|准考证号?|[社医]保卡?号?|社保号|就诊卡号?|就诊号|住院号|病案号|病历号|档案编?号|(?:军官|士兵|警官|退役|残疾|老年|居住|教师|记者|律师|导游|工作|员工)证(?:编?号)?"
    r"|(?:我的?|员工|职工|本人|内部)工号|港澳居民\S{0,6}证|(?:回乡|通行|台胞|居民)证|(?:香港|澳门|港澳|台湾)身份证|[身香澳][份港门]身?份?证)(?:号码?|编号)?"
    r"[\s:是为,]{0,3}(?P<number>[A-Za-z]{1,2}[ ]?\d{6}[ ]?\([0-9Aa]\)|[A-Za-z\u4e00-\u9fff]{0,2}(?:字?第)?[A-Za-z]{0,4}\d[\d\- ]{3,16}\d号?)(?![\dA-Za-z])"
)
_SOME_NUMBER = re.compile(r"\d[\d\- ]{3,16}\d|\d{6}")
_HONG_KONG = re.compile(r"(?<![A-Za-z0-9])[A-Z]{1,2}\d{6}\([0-9A]\)")

_PLACES = {"11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43", "44",
           "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"}  # fmt: skip
_BORN18 = re.compile(r"\d{6}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_BORN15 = re.compile(r"\d{8}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_ID_LABEL = re.compile(r"身份证|证件|实名|证号|身份|一代证|老证|驾驶证|驾照|社保|身分證|ID ?card")
_BANK_LABEL = re.compile(
    r"卡|银行|对公|公户|开户|户头|[工农中建交招商行]行|浦发|兴业|民生|光大|中信|平安|邮储|信用社|农信|账[号户]|帐[号户]|存折|打款|打到|转账|转到|转给|汇|收款|还款|退到|退回|进账|到账|visa|VISA|Visa|[Mm]aster"
)
_PASSPORT_LABEL = re.compile(r"护照|passport|Passport|PASSPORT|出入境|签证|旅行证")


def find_id_cards(view: View) -> Iterator[Span]:
    """Identity card numbers: birth date and place make a number one; a label excuses a wrong birth date."""
    for reading in (view.plain, view.spoken):
        for match in _ID18.finditer(reading):
            if _is_id18(view, match):
                yield Span(*match.span(), "id_card")
        for match in _ID15.finditer(reading):
            if _is_id15(view, match):
                yield Span(*match.span(), "id_card")
    if not _SOME_NUMBER.search(view.plain):
        return
    for match in _OFFICE.finditer(view.plain):
        yield Span(*match.span("number"), "id_card")
    for match in _HONG_KONG.finditer(view.plain):
        if not is_serial(view, *match.span()):
            yield Span(*match.span(), "id_card")


def _is_id18(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    digits = re.sub(r"[^0-9Xx×叉]", "", match.group())
    labelled = bool(
        _ID_LABEL.search(before(view.plain, start, 14))
        or _ID_LABEL.match(after(view.plain, end).lstrip("是就的为 ,"))
    )
    if digits[:2] in _PLACES and _BORN18.match(digits):
        return labelled or not is_serial(view, start, end)
    return labelled and not _BANK_LABEL.search(before(view.plain, start, 6))


def _is_id15(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    digits = re.sub(r"\D", "", match.group())
    if digits[:2] not in _PLACES or not _BORN15.match(digits):
        return False
    if _ID_LABEL.search(before(view.plain, start, 14)):
        return True
    return (
        digits == match.group()
        and not is_serial(view, start, end)
        and not is_near_thing(view, start, end, 12)
    )


def find_bank_cards(view: View) -> Iterator[Span]:
    """Bank card and account numbers: 62… by itself, others where a word for cards or transfers is near."""
    for reading in (view.plain, view.spoken):
        for match in _BANK.finditer(reading):
            if _is_bank_card(view, match):
                yield Span(*match.span(), "bank_card")


def _is_bank_card(view: View, match: re.Match[str]) -> bool:
    start, end = match.span()
    digits = re.sub(r"\D", "", match.group())
    left = before(view.plain, start, 14)
    labelled = bool(_BANK_LABEL.search(left) or _BANK_LABEL.search(after(view.plain, end, 8)))
    if is_serial(view, start, end) or len(set(digits)) == 1:
        return False
    groups = [len(part) for part in re.split(r"\D+", match.group())]
    if len(groups) > 1 and not labelled and (max(groups) > 8 or re.search(r"[.,]", match.group())):
        return False
    if digits.startswith(("62", "60", "9558")):
        return labelled or not is_near_thing(view, start, end, 8)
    if labelled:
        return not re.search(r"单号|流水|凭证|订单|快递|运单|条码|交易|物流", left)
    return len(digits) == 16 and digits[0] in "345" and not is_near_thing(view, start, end, 12)


def find_passports(view: View) -> Iterator[Span]:
    """Chinese passports (E or G and eight digits, E and a letter and seven digits)."""
    for reading in (view.plain, view.spoken):
        for match in _PASSPORT.finditer(reading):
            start, end = match.span()
            if _PASSPORT_LABEL.search(before(view.plain, start, 16)):
                yield Span(start, end, "passport")
            elif not is_serial(view, start, end) and not is_near_thing(view, start, end, 8):
                yield Span(start, end, "passport")
