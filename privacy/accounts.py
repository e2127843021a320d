"""Addresses of a person on the net: e-mail and WeChat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.labels import after, before
from privacy.spans import Span
from privacy.views import View

_AT = re.compile(
    r" ?(?:@|艾特|爱特|\(at\)|\[at\]|（at）|圈[aA]|小老鼠|(?<=[A-Za-z0-9]) at (?=[A-Za-z0-9])) ?"
)
_LOCAL = re.compile(r"(?:[A-Za-z0-9._%+\-]| (?:dot|underscore|dash) |下划线|[横减中]杠|[杠点]){1,64}$")
_SPACED_LOCAL = re.compile(r"(?:邮箱|邮件|[Ee]-?mail)(?:地址)?[\s:是为]{0,3}(?P<name>[A-Za-z][A-Za-z0-9._\-]{1,24} [A-Za-z0-9._\-]{1,24})$")
_DOT = r"(?: ?(?:\.|点儿?|。|dot|DOT|\(dot\)) ?)"
_DOMAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9\-]{{0,40}}(?:{_DOT}[A-Za-z0-9\-]{{2,24}}){{1,4}}")
_BARE_DOMAIN = re.compile(
    r"(?i)(?:qq|163|126|139|189|sina|gmail|outlook|hotmail|foxmail|sohu|icloud|yeah|aliyun)(?![A-Za-z0-9])"
)


def find_emails(view: View) -> Iterator[Span]:
    """E-mail addresses, also full width and said aloud (艾特, 点)."""
    for text in (view.plain, view.spoken):
        for at in _AT.finditer(text):
            domain = _DOMAIN.match(text, at.end(), at.end() + 90) or _BARE_DOMAIN.match(
                text, at.end(), at.end() + 12
            )
            if domain is None:
                continue
            local = _LOCAL.search(before(text, at.start(), 64))
            if local is None:
                continue
            spaced = _SPACED_LOCAL.search(before(text, at.start(), 64))
            name = spaced["name"] if spaced else local.group().lstrip(" .-点杠")
            if name and re.search(r"[A-Za-z0-9]", name):
                yield Span(at.start() - len(name), domain.end(), "email")


_LABEL = (
    r"(?:微信|薇信|威信|维信|微 ?信|[vV]信|[微薇威vVwW]\s?[❤♥♡]|卫星号|绿泡泡|[加+]\s?(?:[微薇]|[vV](?![A-Za-z]))信?|(?<![A-Za-z0-9])(?:[vV][xX]|[wW][xX])(?!id_)"
    r"|(?i:weixin|wechat)|(?<![A-Za-z0-9])[vV](?=\s?:|我))"
)
# Other places where people are found, whose ids look like anything.
_ELSEWHERE = re.compile(
    r"(?:(?<![A-Za-z0-9])[Qq]{2}(?!音乐|邮箱|空间|群|会员|飞车|炫舞)(?:号码?)?|(?<![A-Za-z0-9])[Qq]号码?|扣扣号?|企鹅号?|(?:抖音|快手|小红书|微博|[Bb]站|陌陌|支付宝|淘宝|旺旺|闲鱼|登[录陆])(?:账?号|ID|[Ii]d)"
    r"|旺旺|(?<![A-Za-z0-9])(?i:line|telegram|tg|ins|instagram|twitter|facebook|skype)(?: ?(?:id|号|账号))?(?=[\s:是])|用户名|登录名|账号(?=[:是]?\s?[A-Za-z]))"
    r"(?:[\s:=是为叫加我就的]){0,5}(?P<id>\d{6,11}|(?=[A-Za-z._]*[\d_])[A-Za-z][A-Za-z0-9_.\-]{4,23})(?![A-Za-z0-9_@\-]|\.\w| ?元)"
)
_CONNECT = r"(?:[\s:,、=\"'“”「」(>→-]|号|是|为|叫|加|搜|我|的|你|您|改|成|换|了|新|旧|就|索|添|一|下|这|个|同|账|帐|名|用|也|[\u2190-\u2bff\U0001f000-\U0001faff]|转|账|到|给|发|ID|id|Id){0,10}"
_SIGN = r"(?:[A-Za-z0-9_\-]|下划线|[横减中]杠)"
_AFTER_LABEL = re.compile(rf"{_LABEL}{_CONNECT}")
_VALUE = re.compile(rf"(?:[A-Za-z]{_SIGN}{{4,19}}|\d{{6,10}}(?![\d元块年月]))(?!{_SIGN}|@)")
_SOME_ID = re.compile(r"[A-Za-z]|\d{6}")
_WXID = re.compile(r"(?<![A-Za-z0-9])wxid_[A-Za-z0-9]{5,24}")
_HANDLE = re.compile(r"(?<![A-Za-z0-9_@.\-])[A-Za-z][A-Za-z0-9_\-]{5,19}(?![A-Za-z0-9_@.\-])")
_BEFORE_LABEL = re.compile(
    rf"[\s,、)(]{{0,2}}[是就这个我的她他]{{0,5}}[\s,(]?{_LABEL}(?!支付|付款|转账|客服|群|公众|小程序|红包|登|分享|扫|通知|上|付|提现|零钱|绑|版|端|视频号|充|里|看|{_CONNECT}[A-Za-z0-9])"
)
_NO_HANDLES = re.compile(
    r"(?i)(?:iphone|ipad|android|windows|harmony|macbook|official|wechat|weixin|alipay|apple|huawei|xiaomi|service|online|honor|redmi)"
)
_SOFTWARE = re.compile(r"\s?(?:版|端|系统|手机上|客户端|公众号|小程序|平板)")


def find_wechat_ids(view: View) -> Iterator[Span]:
    """WeChat ids: `wxid_…` anywhere, others beside a word for WeChat."""
    text = view.plain
    if not _SOME_ID.search(view.spoken):
        return
    for match in _WXID.finditer(text):
        yield Span(*match.span(), "wechat_id")
    for label in _AFTER_LABEL.finditer(text):
        value = _VALUE.match(text, label.end(), label.end() + 60)
        if value is not None and _is_handle(text, value):
            yield Span(*value.span(), "wechat_id")
    for found in (*_ELSEWHERE.finditer(text), *_ELSEWHERE.finditer(view.spoken)):
        if not _NO_HANDLES.match(found["id"]):
            yield Span(*found.span("id"), "wechat_id")
    for value in _HANDLE.finditer(text):
        if _BEFORE_LABEL.match(text, value.end(), value.end() + 40) and _is_handle(text, value):
            if re.search(r"[\d_\-]", value.group()) and not re.search(
                r"(?:型号|SKU|[Ii][Dd]|编号|货号)[:\s是]*$", before(text, value.start())
            ):
                yield Span(*value.span(), "wechat_id")


def _is_handle(text: str, value: re.Match[str]) -> bool:
    if _NO_HANDLES.match(value.group()) or _SOFTWARE.match(after(text, value.end())):
        return False
    if value.group().isdigit() and text[value.start() - 1].isascii() and text[value.start() - 1].isalpha():
        return False  # WX20261103 is a slip
    return text[value.end() : value.end() + 2] != "**" and len(value.group()) >= 5
