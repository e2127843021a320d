"""Full names with ·, as Uyghurs, Kazakhs, Tibetans and Mongols write them (阿迪力·买买提).

The dot makes the name; the words around it say where it begins and ends. Foreign authors and brands are no customers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.name_context import BY_ROLE, TITLE
from privacy.spans import Span
from privacy.surnames import SINGLE
from privacy.views import View

HAN = "\u4e00-\u9fff"
_PART = rf"[{HAN}]{{2,10}}"
_DOTTED = re.compile(rf"[{HAN}]{{1,14}}(?:\s?[·•・‧∙⋅･]\s?{_PART}){{1,3}}")
_DOT = re.compile(r"\s?[·•・‧∙⋅･]\s?")
_FOREIGN = re.compile(
    r"哈利|列夫|史蒂夫|可可|加西亚|马尔克斯|莎士比亚|迪士尼|雷朋|达芬奇|汤姆|福特|乔治|约翰|大卫|玛丽|爱德华|路易|查尔斯|威廉|米奇|凯文|迈克|杰克|泰勒|罗密欧|安德烈|阿玛尼|"
    r"圣罗兰|克里斯|赫本|兰蔻|香奈儿|莫奈|凡尔纳|雨果|欧文|卡尔维诺|海明威|贝多芬|梵高|文森特|乔布斯|马斯克|比尔|沃伦|甘道夫|夏洛克|阿加莎"
)
_THING = re.compile(
    r"旗舰|门店|专卖|中国|世界|限定|经典|礼盒|龙井|西湖|杭州|上海|北京|广州|深圳|成都|香水|联名|同款|系列|咖啡|墨镜"
)
# Said of somebody one knows, whatever the name is.
_PRIVATE_AFTER = re.compile(rf"{TITLE}|[代亲]?收(?!藏)|签收|是[我他她](?!的?(?:偶像|最爱))|本人|的(?:包裹|快递|件|行李|电话)|[,\s]{{1,2}}(?:电话|手机)")
_THING_AFTER = re.compile(
    r"的?(?:全[套集]|小说|传|书|香水|联名|同款|手办|周边|海报|专辑|系列|店|版|款|牌|墨镜|口红|手表|雪茄|酒|茶|咖啡|公仔|[色味饼鞋机])"
)
_BEFORE_DOTTED = re.compile(
    r"(?:联系人|收[件货]人|签收人|寄件人|付款人|收款人|持卡人|申请人|姓名|名字|户名|阿訇|机主|车主|房东|乘客|旅客|司机|师傅|快递员?|同事|朋友|室友|邻居|老公|老婆|媳妇|女儿|儿子|[妈爸哥姐弟妹]|"
    r"改成|换成|改为|写成|写的|填的|写|填|换|改|叫做?|名叫|是|给|让|找|帮|由|替|请|我|叫|到|说|那个|这个|和|跟|用|的|在|了|名|人)"
)
_AFTER_DOTTED = re.compile(
    rf"{TITLE}|本人|那[个本件单份张边]|这[个本件单份张]|名下|[的在是和跟给收签要也已说寄取领没不把就还改吧吗呢啊]|系统|电话|手机|身份|地址|护照|可以|"
    rf"代[收领签]|申请|注册|反馈|现在|今天|明天|昨天|住|想|下单|亲[启收]|家里"
)


def find(view: View) -> Iterator[Span]:
    """A part before the first dot begins after a label, the last part ends before the sentence goes on."""
    text = view.plain
    for match in _DOTTED.finditer(text):
        start = _after_labels(text, match)
        dots = list(_DOT.finditer(text, match.start(), match.end()))
        last = dots[-1].end()
        stop = _AFTER_DOTTED.search(text, last + 2, match.end())
        end = stop.start() if stop else min(match.end(), last + 6)
        foreign = _FOREIGN.search(text[start:end]) is not None
        if (
            (foreign and not _PRIVATE_AFTER.match(text, end) and not _is_labelled(text, start))
            or _THING.search(text[start:end])
            or _THING_AFTER.match(text, end)
        ):
            continue
        if dots[0].start() - start >= 2 or (text[start] in SINGLE and _PRIVATE_AFTER.match(text, end)):
            yield Span(start, end, "person")


def _is_labelled(text: str, start: int) -> bool:
    return BY_ROLE.search(text[max(0, start - 16) : start]) is not None


def _after_labels(text: str, match: re.Match[str]) -> int:
    """Labels belong outside; at least two signs stay for the name."""
    dot = _DOT.search(text, match.start())
    first = dot.start() if dot else match.end()
    start = match.start()
    for label in _BEFORE_DOTTED.finditer(text, start, first - 2):
        start = label.end()
    return start
