"""Names that have no surname sign to be known by, where a label says that a name follows.

Tibetan, Mongolian and Uyghur names in Chinese signs (扎西顿珠), names in letters (Tom Smith, Li Xiaoming), names with
their signs set apart (王 小 明), and what alone fills the place after `收件人：`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.everyday import EVERYDAY, LONGER
from privacy.name_context import CUT, OWNS
from privacy.spans import Span
from privacy.surnames import SINGLE
from privacy.views import COVER, View

_LABEL = (
    r"(?:收[件货]人|签收人|代收人|收款人|寄件人|下单人|取件人|持卡人|开户名|户名|联[系络]人|经办人|申请人|乘客|旅客|顾客|客户|姓名|名字|真名|"
    r"签名|署名|落款|拼音|乘机人|我叫|我是|本人|名叫|叫做|(?:[Mm]y )?[Nn]ame(?: is)?|I am|I'm|[Ff]rom|[Rr]egards|抬头)"
)
_LINK = r"[\s:=,是叫写填改换成为的个人「“\"]{0,6}"
_LETTERS = re.compile(rf"{_LABEL}{_LINK}(?P<name>[A-Z][a-z]{{1,11}}(?:[ .]{{1,2}}[A-Z][a-z]{{1,14}}){{1,2}})(?![A-Za-z\d])")
# Names in letters without a word for them: Chinese ones in Pinyin, and foreign given names with a Chinese surname.
_SYLLABLE = (
    r"(?:[bp](?:a|ai|an|ang|ao|ei|en|eng|i|ian|iao|ie|in|ing|o|u)|m(?:a|ai|an|ang|ao|ei|en|eng|i|ian|iao|in|ing|o|u)|f(?:a|an|ang|ei|en|eng|o|u)"
    r"|[dt](?:a|ai|an|ang|ao|e|eng|i|ian|iao|ie|ing|ong|ou|u|uan|ui|un|uo)|[nl](?:a|ai|an|ang|ao|e|ei|eng|i|ia|ian|iang|iao|ie|in|ing|iu|ong|ou|u|uan|un|uo|v|ve)"
    r"|[gkh](?:a|ai|an|ang|ao|e|ei|en|eng|ong|ou|u|ua|uai|uan|uang|ui|un|uo)|[jqx](?:i|ia|ian|iang|iao|ie|in|ing|iong|iu|u|uan|ue|un)"
    r"|(?:zh|ch|sh|r|z|c|s)(?:a|ai|an|ang|ao|e|en|eng|i|ong|ou|u|ua|uai|uan|uang|ui|un|uo)"
    r"|y(?:a|an|ang|ao|e|i|in|ing|ong|ou|u|uan|ue|un)|w(?:a|ai|an|ang|ei|en|eng|o|u)|er|ai|an|ao|ou|en|e)"
)
_SURNAMES = (
    r"(?:Wang|Zhang|Liu|Chen|Yang|Huang|Zhao|Zhou|Wu|Xu|Zhu|Guo|Luo|Liang|Zheng|Xie|Tang|Xu|Feng|Deng|Cao|Peng|Zeng|Xiao|Tian|Dong|Yuan|Cai|Jiang|Yu|Ye|Cheng|Wei|Shen|Lu|Hu|"
    r"Fu|Zhong|Cui|Liao|Jia|Xia|Qiu|Qin|Hou|Shao|Meng|Xue|Lei|Duan|Qian|Kong|Shi|Lin|Gao|Li|Ma|He|Song|Han|Sun|Ding|Fang|Du|Su|Ren|Hao|Gong|Mao|Gu|Lai|Ouyang|Zhuge|Situ|Sima|Shangguan)"
)
_PLAIN_SURNAMES = r"(?:Wang|Zhang|Liu|Chen|Yang|Huang|Zhao|Zhou|Xu|Zhu|Guo|Luo|Liang|Zheng|Xie|Deng|Cao|Zeng|Xiao|Jiang|Cai|Shen|Cui|Liao|Qiu|Qin|Shao|Xue|Duan|Qian|Ouyang)"
_PINYIN = re.compile(
    rf"(?<![A-Za-z\d])(?P<name>{_SURNAMES}\s(?i:{_SYLLABLE}{{1,2}})|[A-Z](?i:{_SYLLABLE}{{1,2}})(?<=[a-z])\s{_SURNAMES}|[A-Z][a-z]{{2,10}}\s{_PLAIN_SURNAMES})(?![A-Za-z\d])"
)
_NO_PINYIN = re.compile(r"(?:Li Ning|Hong Kong|Kong|Alexander Wang|Vera Wang|Jason Wu|He\b.*|Xiao Mi|Da Hong|Ma Ma|Hao Hao|Song (?:Ci|Chao)|Han Fu|Qi Pao|Shi Tang)")
_SPELLED = re.compile(
    rf"{_LABEL}(?:拼音)?{_LINK}(?P<name>(?i:{_SYLLABLE}{{1,2}}[ ,]{{1,2}}{_SYLLABLE}{{1,2}}(?: {_SYLLABLE})?)(?![A-Za-z\d])|(?<=人)[A-Z][a-z]{{2,11}}(?=\s?(?:[,.;。]|$))|(?<=人[:是填 ])[A-Z][a-z]{{2,11}}(?=\s?(?:[,.;。]|$)))"
)
_THINGS = re.compile(r"(?:Apple|Air|Nike|Pro|Watch|Hello|Good|Visa|Master|New|Huawei|Xiaomi|Office|Windows|Company|Inc|Ltd|Co)\b")
_SYLLABLES = (
    r"(?:扎西|顿珠|次仁|卓玛|格桑|梅朵|巴桑|旺堆|多吉|央金|拉姆|尼玛|达瓦|丹增|洛桑|平措|白玛|索朗|旦增|仁青|强巴|德吉|曲珍|普布|边巴|米玛|拉巴|罗布|嘉措|旺姆|措姆|桑吉|才让|卓嘎|"
    r"乌兰|图雅|其其格|巴特尔|巴图|苏和|娜仁|托娅|高娃|萨仁|斯琴|乌云|格日勒|哈斯|孟和|宝音|阿古拉|朝鲁|布和|达来|吉雅|那木|"
    r"阿卜杜|阿不都|艾合|买买提|麦麦提|热合曼|古丽|阿依|努尔|吐尔|艾买|依不拉|木合|帕提|玛依|热依|库尔班|玉素甫|艾力|吾买|夏提|米热|迪丽|阿迪|哈力|孟克|其木格|斯琴|巴雅尔|敖登|苏日娜|特木尔|朝克|毕力格|高娃|乌力吉|额尔敦|贡布|顿珠|拥忠|泽仁|降央|卓嘎|仁增|桑珠|益西|格列|赤列|次旦|洛松|阿旺|江白|晋美|班觉|加措|才旦|吐逊|托合提|肉孜|艾尼|阿布都|阿布|买合|祖丽|沙吾提|巴哈尔|叶尔|哈孜|努尔江|别克|赛里克|吉克|阿木|曲比|沙马|阿苏)"
)
_FIRST_SIGNS = "".join(sorted({name[0] for name in _SYLLABLES.strip("(?:)").split("|")}))  # spares most signs the list
_SOUNDED = re.compile(rf"(?P<name>(?=[{_FIRST_SIGNS}]){_SYLLABLES}(?:{_SYLLABLES}|[\u4e00-\u9fff](?=.?(?:{CUT}|$|{OWNS.pattern}))){{1,3}})")
_BEFORE_SOUNDED = re.compile(rf"(?:{_LABEL}{_LINK}|(?:^|{CUT}|{COVER}|[给找叫帮让把请是说由替和跟为那个]))$")
_APART = re.compile(rf"{_LABEL}{_LINK}(?P<name>[{''.join(sorted(SINGLE))}](?: [\u4e00-\u9fff]){{1,2}})(?=[,.;。!]|$|{COVER})")
_ALONE = re.compile(
    rf"(?:收[件货]人|联[系络]人|签收人|取件人|姓名|客户|收)\s?[:：/]\s?(?P<name>[{''.join(sorted(SINGLE))}][\u4e00-\u9fff]{{1,2}})(?={CUT}|{COVER}|$)"
)
_NOBODY = frozenset("时间 地址 电话 空白 项目 方法 方式 双方 平台 全部 都行 万一 任何 单位 单号 公司 和我 同上 安全 成功 经理 国外 年龄 应该 毛病 查询".split())


# Japanese names, and names in kana or Hangul, after their word.
_ABROAD = re.compile(
    rf"{_LABEL}{_LINK}(?P<name>(?:佐藤|铃木|高桥|田中|渡边|伊藤|山本|中村|小林|加藤|吉田|山田|佐佐木|山口|松本|井上|木村|清水|斋藤|池田|桥本|石川|前田|藤田|小川|冈田|长谷川|村上|近藤|石井|坂本|远藤|藤井|青木|福田|三浦|西村|藤原|太田|松田|原田|中川|中野|小野|田村|竹内|金子|和田|石田|上田|森田)"
    rf"[\u4e00-\u9fff]{{1,3}}(?={CUT}|{COVER}|$)|[\u3041-\u30ff\uac00-\ud7af]{{2,8}}(?:\s[\u3041-\u30ff\uac00-\ud7af]{{2,8}})?)"
)


# Cheap questions first: most texts have none of it.
_ANY_LABEL = re.compile(_LABEL)
_TWO_WORDS = re.compile(r"[A-Za-z]{2}\s[A-Za-z]{2}")


def find(view: View) -> Iterator[Span]:
    """Names after a label."""
    text = view.plain
    shapes: list[re.Pattern[str]] = []
    if _ANY_LABEL.search(text):
        shapes += _LETTERS, _APART, _SPELLED, _ABROAD
    if _TWO_WORDS.search(text):
        shapes.append(_PINYIN)
    for match in (match for shape in shapes for match in shape.finditer(text)):
        if not _THINGS.search(match["name"]) and not _NO_PINYIN.match(match["name"]):
            yield Span(*match.span("name"), "person")
    for match in _SOUNDED.finditer(text):
        if _BEFORE_SOUNDED.search(text[max(0, match.start() - 16) : match.start()]):
            yield Span(*match.span("name"), "person")
    for match in _ALONE.finditer(text):
        name = match["name"]
        if name not in _NOBODY and name[:3] not in LONGER and (len(name) == 2 or name[:2] not in EVERYDAY):
            yield Span(*match.span("name"), "person")
