"""Which of the facts on a product's page a question asks for. What the page does not say is not answered.

Authenticity and dates follow documents 04 (买到假货怎么赔；生产日期新不新) and 09 (自营与商家).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from backoffice.rules.search import tokens
from backoffice.states import Category, SellerType

SHELF = "类目"

_ASKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("防水|泡水|淋雨|防雨|雨天|下雨|进水|下水|游泳|浸水|防溅|沾水", ("防水", "防护", "清洁")),
    ("多重|重不重|几斤|克重|轻不轻|重量|几公斤|有多沉|沉不沉", ("重量", "克重", "净含量")),
    (
        "多大|大小|多长|多宽|多高|尺寸|厚度|放得下|长宽高|多厚",
        ("尺寸", "屏幕", "长度", "裙长", "高度", "折叠", "容量", "厚度"),
    ),
    ("用多久|能用几|用几个?小时|续航|待机|耐用|玩多久|听多久|多少毫安", ("续航", "电池")),
    ("充电(?![器头])|充满|快充|充一次", ("快充", "电池", "充电", "无线充电")),
    ("无线充", ("无线充电", "电池")),
    (
        "包装|清单|里面有|送什么|送东西|带不带|附带|配件|几样|赠品|送不送|含什么|包含|都有啥|有哪些东西",
        ("包装清单", "包含", "附赠", "刷头", "拖布"),
    ),
    (
        "材质|材料|面料|真皮|什么做的|什么料|布料|纯棉|含绒",
        ("材质", "面料", "鞋面", "鞋底", "内里", "内胆", "填充", "车架"),
    ),
    (
        "机洗|怎么洗|能洗|干洗|手洗|缩水|褪色|掉色|保养|清洗|洗涤|洗碗机",
        ("洗涤", "清洗", "保养", "洗碗机", "自清洁"),
    ),
    (
        "偏大|偏小|尺码|什么码|多大码|选码|几码|偏码|穿多大|码数|标准码|脚宽|合脚|身高|体重",
        ("尺码建议", "适用体重", "适合身高"),
    ),
    ("产地|哪里产|哪产的|国产|进口|哪个国家|原产", ("产地",)),
    ("保质期|有效期|过期|放多久|新鲜|生产日期|日期", ("保质期", "效期", "储存")),
    ("几升|容量|装多少|多少升|够几个人|净含量|几个人", ("容量", "净含量")),
    ("多少瓦|耗电|费电|功率|能效|用电|能耗|几级", ("功率", "能效", "日耗电")),
    ("吵|声音大|噪音|静音|分贝|响不响", ("噪音",)),
    ("屏幕|几寸|多少寸|刷新率|分辨率|高刷", ("屏幕", "分辨率")),
    ("拍照|像素|摄像|摄影", ("摄像头", "像素", "视频")),
    ("两台|双设备|同时连|多台", ("双设备连接",)),
    ("两张卡|插.{0,3}卡|5g|4g|全网通|双卡|电话卡|联通|电信卡|移动卡", ("网络", "插卡", "通话")),
    ("蓝牙", ("蓝牙版本", "连接")),
    ("几岁|年龄|月龄|多大孩子|多大宝宝|宝宝能", ("适用年龄",)),
    ("敏感肌|油皮|干皮|肤质|孕妇|肌肤", ("适用肤质", "孕妇", "不适宜")),
    (
        "成分|配料|酒精|香精|添加|含糖|几个糖|过敏|转基因|糖尿病",
        ("成分", "酒精", "添加", "糖", "过敏原", "转基因"),
    ),
    ("安装|上门装|怎么装", ("安装",)),
    ("认证|甲醛|环保|安全标准|国标", ("认证", "甲醛", "执行标准")),
    ("接口|插口|插线|有线|耳机孔|hdmi", ("接口", "无线耳机孔", "有线连接")),
    ("多大房间|多大面积|平方|平米|面积", ("适用面积", "覆盖")),
    ("味道|口味|甜不甜|好不好吃|气味|难闻", ("口味", "甜度", "气味")),
    ("保温|保冷|凉得快", ("保温",)),
    ("作者|谁写的|出版社|多少页|页数", ("作者", "出版社", "页数")),
    ("老人|爸妈|长辈", ("字体", "紧急呼叫", "微信")),
    ("降噪|隔音", ("降噪",)),
    ("吸力", ("吸力",)),
)
"""Words of a question, and the facts they ask for."""

_WARRANTY = re.compile("保修|质保|三包|保几年|包修|坏了.{0,4}修")
_AUTHENTIC = re.compile(
    "正品|真的假的|是真的|假货|真货|假的|防伪|授权|正版|正规|自营|谁卖|谁发货|商家发货|行货|旗舰店"
)
_RETURNS = re.compile("退货|能退|退换|无理由|能换|包退")
_DATES = re.compile("生产日期|日期新|日期怎么样|新鲜|哪天生产|什么时候生产")
_VARIANTS = re.compile(
    "什么颜色|哪些颜色|几种颜色|几个颜色|颜色有|哪几个颜色|别的颜色|哪些规格|什么规格|几种规格|有几款|哪些款|哪些尺码|有哪些码"
)
_GENERAL = re.compile("怎么样|介绍|参数|好不好|好用吗|好吗|详细|功能|优点|特点|值得买|配置|说明")
_NOISE = re.compile(
    "支持|可以|可不可以|能不能|有没有|是不是|怎么|什么|多少|这个|那个|这款|那款|它|吗|呢|呀|啊|请问|你好|您好|不能|需要|使用|使|用着|的"
)


def kind_of(attributes: Mapping[str, str]) -> str:
    """智能手机, of 手机数码 · 智能手机."""
    return str(attributes.get(SHELF, "")).split(" · ")[-1]


@dataclass(frozen=True)
class Fact:
    """One thing that is known: what, and how it is."""

    name: str
    value: str


@dataclass(frozen=True)
class Page:
    """What is known of a product."""

    name: str
    attributes: Mapping[str, str]
    seller_type: SellerType
    seller_name: str
    category: Category
    warranty_months: int
    return_policy: str
    variants: tuple[str, ...]


def asked(question: str, page: Page) -> list[Fact]:
    """The facts that answer a question; none where the page is silent about it."""
    text = question.lower()
    found = {fact.name: fact for fact in _of_the_sale(text, page)}
    names = [name for name in page.attributes if name != SHELF and len(name) > 1 and name.lower() in text]
    names += [name for name in _sharing(text, page, 3) if name not in names]
    if not names:
        rows = (wanted for words, wanted in _ASKED if re.search(words, text))
        names = [name for wanted in rows for name in wanted if name in page.attributes]
    for name in names or ([] if found else _sharing(text, page, 2)):
        found.setdefault(name, Fact(name, page.attributes[name]))
    return list(found.values())


def is_general(question: str) -> bool:
    """Whether it asks what the product is like, not for one property."""
    return bool(_GENERAL.search(question))


def told(page: Page) -> list[Fact]:
    """All that the page says, in its order."""
    return [Fact(name, value) for name, value in page.attributes.items() if name != SHELF]


def _of_the_sale(text: str, page: Page) -> list[Fact]:
    facts = []
    if _AUTHENTIC.search(text):
        facts.append(
            Fact("正品保障" if page.seller_type is SellerType.SELF else "销售方", _authenticity(page))
        )
    if _WARRANTY.search(text) and "保修" not in page.attributes:
        months = page.warranty_months
        facts.append(
            Fact("保修", f"自签收次日起 {months} 个月" if months else "这类商品没有保修期，有质量问题走售后")
        )
    if _RETURNS.search(text):
        facts.append(Fact("退货", page.return_policy))
    if (
        _DATES.search(text)
        and page.category in (Category.FOOD, Category.BABY)
        and page.seller_type is SellerType.SELF
    ):
        facts.append(Fact("日期", "发货时剩余保质期不少于总保质期的三分之一，不能指定生产日期"))
    if _VARIANTS.search(text):
        facts.append(Fact("可选规格", "、".join(page.variants)))
    return facts


def _authenticity(page: Page) -> str:
    if page.seller_type is SellerType.SELF:
        return (
            "灵犀自营，由品牌方或授权经销商供货，保证正品；怀疑有问题可以申请鉴定，"
            "确认是假货的，退还货款并赔偿货款的 3 倍"
        )
    return (
        f"由第三方商家“{page.seller_name}”销售，商品页“店铺”一栏能看到营业执照；"
        "商家不履行责任的，平台用保证金先行赔付"
    )


def _sharing(text: str, page: Page, length: int) -> list[str]:
    """The facts that share so many characters in a row with the question's own words."""
    known = tokens(f"{page.name} {kind_of(page.attributes)}")
    rest = _NOISE.sub(" ", text)
    runs = {word for word in tokens(rest) if word.isascii() and len(word) > 1}
    for run in re.findall(r"[\u4e00-\u9fff]+", rest):
        runs |= {run[i : i + length] for i in range(len(run) - length + 1)}
    runs = {run for run in runs if not tokens(run) <= known}
    facts = ((name, f"{name} {value}".lower()) for name, value in page.attributes.items() if name != SHELF)
    return [name for name, told in facts if any(run in told for run in runs) or runs & tokens(told)]
