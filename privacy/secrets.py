"""What nobody may type into a chat: identity numbers, bank cards and their check codes, passwords, codes that open an account.

Narrower than `mask`: telephone, address, name, tax number and pick-up code stay, since the shop needs them. Wider in one
thing: a code is hidden also where only pieces of it are said, or where it is recited to somebody.
"""

from __future__ import annotations

import re

from privacy.engine import scan
from privacy.forms import masked
from privacy.labels import before
from privacy.spans import Span

_CARDS = frozenset({"id_card", "bank_card"})
# A code that the courier or the shop itself gave out, and wants back.
_HANDED_OUT = re.compile(r"(?:取[件货餐物]|自提|提货|收货|寄存|存[包物件]|邀请|识别|优惠|兑换|核销)[码号密]?")
_TAIL = re.compile(r"(?:手机|电话|号码|订单|运单|单号|快递)[^，。,]{0,4}[六6四4]位")
_TAX = re.compile(r"税号|纳税人|识别号|信用代码")
_SIGN = r"[0-9零〇○一幺二两三四五六七八九洞拐勾壹贰叁肆伍陆柒捌玖]"
_RUN = rf"{_SIGN}(?:[\s\-.,，、]{{0,2}}{_SIGN})"
_NOT_MORE = rf"(?!{_SIGN})(?!\s?(?:[元块位次条个秒分年月日号点天件单张毛折%]|小时))"
_CODE_WORD = r"(?:验证[码马吗]?|動態碼|驗證碼|动态[码口]令?|校验码|短信码|短信[里上]?[的写]?|密码|口令|付款码|那串数字?|这串数字?)"
_CHECK_CODE = re.compile(
    rf"(?:[Cc][Vv][VvCcNn]2?|安全码|(?:卡|背面|签名)[^\d，。,!！?？]{{0,8}}[后末]?(?:三|3)[位个](?:数字?|码)?)[\s:：是为=，,]{{0,4}}(?P<code>{_RUN}{{2,3}})(?!{_SIGN})"
)
_LINK = r"[\s:：是为=，,的就叫、]{0,4}"
_SHOP = r"订单|单号|运单|尾号|手机|电话|取件|自提|提货|工单|税号|快递|金额|编号|型号"
_ARRIVED = re.compile(r"(?:收到|发来|来了|过来|显示)[了的，,]?[\s是为:：]{0,3}$")
"""手机上刚收到: what comes by the telephone is not its number."""
_PIECES = tuple(
    re.compile(pattern)
    for pattern in (
        # 验证码前三位是482, 密码尾号 13
        rf"{_CODE_WORD}[^，。,!！?？\d]{{0,6}}?(?:[前后頭头末尾中](?:间|面)?(?:号|[一两二三四五六1-6][位个](?:数字?)?)?){_LINK}(?P<code>{_RUN}{{0,5}}){_NOT_MORE}",
        # 前三位482，后三位913: nobody gives three digits of an order
        rf"(?<![单号机话码尾])[前后头末][一两二三123][位个](?:数字?)?{_LINK}(?P<code>{_RUN}{{0,2}}){_NOT_MORE}(?!\s?的)",
        rf"第[一二两三四五六1-6][位个](?:数字?)?{_LINK}(?P<code>{_SIGN}){_NOT_MORE}",
        # 验证码四八, 验证码是 48
        rf"{_CODE_WORD}{_LINK}(?P<code>{_RUN}{{1,2}}){_NOT_MORE}",
        # 四八二九一三是刚收到的验证码
        rf"(?<!{_SIGN})(?P<code>{_RUN}{{3,7}})(?=[\s，,]{{0,2}}[就这]?[是为][我你他刚才收到发来的短信里]{{0,8}}{_CODE_WORD})",
        # 让我报验证码 说是退款用的 刚收到 是482913: the word and the code in two clauses
        rf"{_CODE_WORD}[^。!！?？\d]{{0,24}}?(?:收到|发来|来了|过来|显示)[了的，,]?{_LINK}(?P<code>{_RUN}{{5}}){_NOT_MORE}(?![\d\-])",
        # 念给他了：4-8-2-9-1-3; 收到一串数字 482913
        rf"(?:念|报|说|告诉|发|给|读|输|填)[给到过]?了?(?:他|她|对方|那边|那人|人家|客服)了?[^，。,!！?？\d]{{0,6}}[:：，,\s]{{0,3}}(?P<code>{_RUN}{{3,7}}){_NOT_MORE}",
        rf"(?:短信|弹出|六位数|6位数|串数字)[^，。,!！?？\d]{{0,8}}{_LINK}(?P<code>{_RUN}{{5}}){_NOT_MORE}",
    )
)
"""Pieces of a code, and codes without their word."""
_HIDDEN = re.compile(
    r"(?:码|密|短信|数字|[位个他她服])[^*，。！？\n]{0,8}\*(?:[\s\-]?\*)+|第[一两二三四五六1-6][位个][^*，。！？\n]{0,4}\*|(?<![\d*])[\d零〇一二三四五六七八九幺两洞拐勾]{4}[\s\-]?\*{2,}[*\s\-]{4,}"
    r"|\*{4,}[^*，。！？\n]{0,8}(?:码|密)|(?:收到|发来|来了|过来|显示)[了的，,]?[\s是为:：]{0,3}\*{6}"
    r"|(?:码|密|短信|[Cc][Vv][VvCcNn]2?|口令|(?:三|3)[位个](?:数字?)?|[Pp][Ii][Nn]|[Pp]ass\w*|PASS\w*|[Pp]wd)[^*，。！？\n]{0,14}\*{3,}"
)


def hide(text: str, said_before: str = "") -> str:
    """The text with its secrets masked; same length, and hiding again changes nothing.

    `said_before`: what the same person said just before, whose last word may say what these digits are.
    """
    if said_before and _AT_END.search(said_before) and _ALONE.fullmatch(text):
        return _ANY.sub("*", text)
    for span in reversed(_secrets(text)):
        hidden = masked(span.type, text[span.start : span.end])
        text = text[: span.start] + hidden + text[span.end :]
    return text


_AT_END = re.compile(r"(?:验证[码马吗]?|动态[码口]令?|校验码|短信码|密码|口令|[前后][一两二三四123４4][位个](?:数字?)?[是为:：\s]{0,3}[*\d]+)[^，。,!！?？\d]{0,6}[\s:：，,。*]*$")
"""Ends with a word for a code, or with a piece of one: the rest may come alone."""
_ALONE = re.compile(rf"(?:{_RUN}{{2,7}}|(?:[后末剩][面下]?|还有|再来)[的是位数字一两二三四2-4：: ]{{0,6}}(?:{_RUN}{{0,7}}|{_SIGN}))[。.!！~ ]*")
_ANY = re.compile(_SIGN)


def has_hidden(text: str) -> bool:
    """Whether a text has been through `hide`, and a secret was in it."""
    return "*" in text and _HIDDEN.search(text) is not None


def _secrets(text: str) -> list[Span]:
    found = [span for span in scan(text).spans if _is_secret(text, span)]
    for match in (each for pattern in (_CHECK_CODE, *_PIECES) for each in pattern.finditer(text)):
        span = Span(*match.span("code"), "passcode")
        if re.search(_SHOP, before(text, match.start("code"), 10)) and not _ARRIVED.search(before(text, match.start("code"), 6)):
            continue
        if all(span.end <= known.start or known.end <= span.start for known in found):
            found.append(span)
    return sorted(found)


def _is_secret(text: str, span: Span) -> bool:
    left = before(text, span.start, 16)
    if span.type in _CARDS:
        return _TAX.search(left) is None
    return span.type == "passcode" and _HANDED_OUT.search(left) is None and _TAIL.search(left) is None
