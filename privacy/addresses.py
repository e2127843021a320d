"""Postal addresses, whole or partial, by the marks they are made of.

A mark is the telling end of one element: 省/市/区, 镇/村, 路/街, 小区/大厦, 大学/医院, 驿站/门卫, or a number with
栋/单元/号/室. Marks that follow one another closely form a run; the kinds in the run, and whether its first mark has a
name before it, decide whether it is somebody's address. A province, city or district alone never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from privacy.address_marks import MARK
from privacy.labels import before
from privacy.spans import Span
from privacy.views import View

_HAN = "\u4e00-\u9fff"
# What may stand between two marks of one address.
_GAP = re.compile(rf"[{_HAN}A-Za-z0-9 \-#()·/]{{0,10}}$")
# Signs that no place is named with: an address neither holds nor crosses them.
_STOP = (
    "了是在到给个我你您他她它们这那哪啊吧呢吗哦嗯呀嘛把被就也还又很请让叫说问帮填写送寄住往去从搬拿取买卖跟或址补没有收货改换能"
    "要等找谁怎什么已不别吃喝喊错扔丢摆塞堆留哪某"
)
_STOP_WORD = re.compile(
    r"楼下|楼牌|牌号|隔壁|[改换变写选拍填]成|补[上充写]|同一?(?=小区)|地址|门牌|快递|包裹|收货|通知|单位|位置|家里|派送|配送|老家|房号|"
    r"房间|店里|收件|联系人?|电话|手机|姓名|备注|下午|上午|明天|今天|晚上|白天|现在|正确|应该|新地|旧地|定位|导航|小时|以后|全部|东西都|"
    rf"公司(?=[{_HAN}])|(?<![解开])放|发(?![展达祥财源])|(?<=[{_STOP}])回(?!龙)|回(?=[{_HAN}]{{0,2}}[省市区县])|(?<!美)的|(?<!软)件|[{_STOP}]"
)
_GAP_STOP = re.compile(
    r"[了是在到给个我你您他她它们这那哪啊吧呢吗哦嗯呀嘛把被就也还又很请让叫说问帮填写送寄住往从搬拿取买卖跟或址没有收改换能要等找"
    r"谁怎什么已不别喊]|(?<!美)的|(?<!软)件|(?<![解开])放|电话|手机|快递(?![柜点架])"
)
_TAIL = re.compile(
    r"[ \-#]{0,2}(?:附?[甲乙丙丁A-Za-z]?-?\d{1,5}(?:[A-Za-z]\d{2,3})?(?:-[A-Za-z\d]{1,5}){0,4}(?:室|房|号)?|[一二三四五六七八九零〇]{3,4})(?![\d年月日点元块%.:]|\s?[件个斤])(?:[A-Za-z](?![A-Za-z]))?"
)
# What is said after the last mark: 之一, 东户, 对面的早餐店.
_SHOP = rf"(?:[{_HAN}]{{0,5}}(?:店|铺|馆|厂|超市|门市部?|小卖部|修理行|药房|诊所|驿站|树|库房|冷库))"
_BESIDE = r"(?:斜?对面|对过|隔壁|旁边?|边上|后面|前面|附近)"
_SUFFIX = re.compile(rf"(?:之[一二三四五六七八九\d]|[甲乙丙丁](?![方类级等])|[东西中南北]户)?(?:往?[东西南北]{{0,2}}{_BESIDE}(?:的|那家)?{_SHOP}?|(?:往[东西南北]{{1,2}})?第[一二三四五六七八九\d][家户栋排间])?")
_ANY_BESIDE = re.compile(r"对[面过]|[隔旁附]|边上|[后前]面")
# No mark at all, but a place beside a place, where something is to be brought.
_LANDMARK = re.compile(
    rf"(?:送到?|寄到?|放到?|搁|住在?|[我家就人]在|地址[是:]?|搬到|换到|改到|发到?|定位)\s?(?P<place>[{_HAN}]{{2,8}}?{_BESIDE}(?:的|那家)?{_SHOP})(?=[,.;。!\s]|$|[就吧啊呀那门])"
)
_LABEL = re.compile(
    r"地址|门牌|房号|住址|住|寄|送|发|放|搬|家|定位|收货|换|改|公司|单位|老家|位置|到|在|往|派|取件点|自提"
)

# Runs that are an address, in mark letters; `N` stands for a name before the first mark, `#` for a bare number at the end.
_ADDRESS = re.compile(
    r"r[aAg]?[nmD#]"  # road and number
    r"|[Aatvrci]D|ND|D[nmD#]"  # building
    r"|[Aa].*?[tv]|tv|(?:N|[tAa])v+n|N?tn|Nrv"  # town, village, group
    r"|[Aatv].*?[rci].*?[nmD#gd]|[Aa]n[nmD#]"  # anything below a named region
    r"|a[Aa]*r|[Aa]{2,}[rc]|[Aa]{2,}v"
    r"|(?:Ni|[Aacir]i|i[ci]).*?[nmD#gd]"  # school or hospital and something inside it
    r"|(?:N[ciDvrta]|[Aatv][ci]|D|[rcivn]c)g?[cnDi]*?g?d|[ci]gd"  # where a parcel is put
    r"|Nc+[nmD#]|cn[nmD#]|n[cn]?n?m|nn#$|ncn|Nn+(?:g?d|[Dnm#])"
    r"|rr?x|Nx.*?[Dnm#]|Nw"
)  # fmt: skip
_LABELLED = re.compile(r"N[cr]c*$|[Aa]+[rc]|Nv$|Ni[cia]+|NcA*g|Nrr")
_LONGEST = 24  # marks in one address; longer runs are cut, which keeps the work proportional to the text
_ONLY_REGION = re.compile(r"N?[Aa]*$")


@dataclass(frozen=True)
class _Mark:
    kind: str
    start: int
    end: int


def find(view: View) -> Iterator[Span]:
    """Address runs, each from its first named element to its last number."""
    text = view.plain
    run: list[_Mark] = []
    for match in MARK.finditer(text):
        mark = _Mark(match.lastgroup or "", *match.span())
        if mark.kind == "A" and not _is_region(text, mark, run):
            continue
        if run and (len(run) == _LONGEST or not _linked(text, run[-1].end, mark)):
            yield from _judge(text, run)
            run = []
        run.append(mark)
    yield from _judge(text, run)
    for found in _LANDMARK.finditer(text) if _ANY_BESIDE.search(text) else ():
        if not _GAP_STOP.search(found["place"][:2]):
            yield Span(*found.span("place"), "address")


def _is_region(text: str, mark: _Mark, run: list[_Mark]) -> bool:
    """A bare 山东 may be the middle of 松山东路: without 省, 市 or 区 a region stands first, or after another."""
    if text[mark.end - 1] in "省市区县州盟旗" or (run and run[-1].kind in "Aa" and run[-1].end == mark.start):
        return True
    return _name_start(text, mark.start) == mark.start


def _linked(text: str, end: int, mark: _Mark) -> bool:
    gap = text[end : mark.start]
    return _GAP.match(gap) is not None and _GAP_STOP.search(gap) is None


def _judge(text: str, run: list[_Mark]) -> Iterator[Span]:
    """Try the run from its first mark on; an element that proves nothing is dropped from the front."""
    while run and run[0].kind in "gd":
        run = run[1:]
    if not run:
        return
    start = _start(text, run[0])
    named = run[0].kind not in "A" and run[0].start - start >= _least_name(text, run[0])
    end = run[-1].end
    tail = _TAIL.match(text, end) if run[-1].kind in "Dnmcrdiga" else None
    kinds = ("N" if named else "") + "".join(mark.kind for mark in run) + ("#" if tail else "")
    if not _is_address(text, start, run, kinds):
        return
    if tail is not None:
        end = tail.end()
    suffix = _SUFFIX.match(text, end)
    yield Span(start, suffix.end() if suffix else end, "address")


def _is_address(text: str, start: int, run: list[_Mark], kinds: str) -> bool:
    if _ONLY_REGION.match(kinds):
        return False
    if _ADDRESS.search(kinds):
        return True
    if kinds.startswith("N") and run[0].start - start < 2:
        return False
    return bool(_LABELLED.search(kinds)) and bool(_LABEL.search(before(text, start, 6)))


def _least_name(text: str, mark: _Mark) -> int:
    """How long a name before the first mark is at least; 翠苑 is one by itself."""
    return 2 if mark.kind in "Dnmc" and text[mark.start : mark.end] not in ("苑", "庭") else 1


def _start(text: str, mark: _Mark) -> int:
    """Where the name before the first mark begins."""
    if mark.kind == "A":
        return mark.start
    return _name_start(text, mark.start)


def _name_start(text: str, end: int) -> int:
    left = before(text, end, 9)
    at = len(left)
    while at and (re.match(rf"[{_HAN}A-Za-z0-9]", left[at - 1])):
        at -= 1
    name = left[at:]
    stop = 0
    for found in _STOP_WORD.finditer(name):
        stop = found.end()
    return end - len(name) + stop
