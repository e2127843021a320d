"""How serious a complaint is, what it is about, and what helps at once (document 10, 投诉处理).

`RULES` is the whole policy: a shop changes a row, not code. All rules that hold give their tags, the gravest
gives the grade. The targets are the house's own; what a customer is told is the document's promise, whatever
the grade.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backoffice.rules.service_hours import in_hours, opens_after
from backoffice.states import Level, OrderState, TicketPriority

REPEAT_DAYS = 30
"""Earlier reports about the same order count for this long."""
LARGE_ORDER_FEN = 500_000
URGENT_RESPONSE = timedelta(minutes=15)
NORMAL_RESPONSE = timedelta(hours=24)
MAJOR_CLOSED = timedelta(hours=24)

_UNSAFE = re.compile(
    r"人身安全|(?<![没未不防])(?<!没有)(?:受伤|伤到|烫伤|割伤|划伤|流血|住院|中毒|拉肚子|过敏|着火|起火|冒烟|冒火|爆炸|自燃|漏电|触电|电到)"
    r"|(?<![没未不])(?<!没有)伤了|(?<![气肺])炸了"
    r"|(?<![通充没来停断缺插放接省费耗上])电了"  # 通电了不加热 hurts nobody
)
MINOR_WORDS = (
    "未成年 未满18 未满十八 孩子误买 小孩误买 孩子乱买 小孩乱买 孩子买的 小孩买的 孩子偷偷 小孩偷偷 "
    "孩子误下单 小孩误下单 孩子下的单 小孩下的单 孩子点的 孩子自己买 儿子偷偷 女儿偷偷 "
    "孩子拿我手机 小孩拿我手机 孩子用我手机 小孩用我手机"
).split()
_LEGAL_WORDS = "起诉 律师 法院 法律途径 打官司 告你们 诉讼".split()
_REGULATOR_WORDS = "12315 12345 消协 消费者协会 工商 市场监管 监管局 工信部 市长热线".split()
_MEDIA_WORDS = "媒体 曝光 记者 黑猫 热搜 发抖音 发微博 发小红书 上新闻".split()
_THREAT_WORDS = "报警 威胁我 打我 打人 动手 殴打 骚扰".split()
_FAKE_WORDS = "假货 假的 仿品 冒牌 不是正品 山寨".split()
_PRIVACY_WORDS = "泄露 泄漏 隐私 卖我信息 诈骗电话 骗子知道".split()
_ABUSE_WORDS = "骂人 骂我 辱骂 侮辱 人身攻击 爆粗".split()
_DISPUTE_WORDS = "拒绝退款 拒绝退货 不给退 不肯退 不让退 驳回 退款被拒 退货被拒 拒了我".split()


def unsafe(text: str) -> bool:
    """Whether the words tell that somebody was hurt or in danger."""
    return _UNSAFE.search(text) is not None


@dataclass(frozen=True)
class ComplaintFacts:
    """What is known when a complaint comes in.

    `open_before`: the customer's other complaints still open. `on_order_before`: reports about the same order
    within `REPEAT_DAYS`. `rejected_slip`: an after-sales request on this order that was turned down.
    """

    text: str
    sentiment: str = "neutral"
    level: Level = Level.BASIC
    order_state: OrderState | None = None
    order_fen: int = 0
    open_before: int = 0
    on_order_before: int = 0
    rejected_slip: str | None = None

    def says(self, words: list[str]) -> bool:
        return any(word in self.text for word in words)


@dataclass(frozen=True)
class Rule:
    name: str
    grade: TicketPriority
    tag: str
    holds: Callable[[ComplaintFacts], bool]


_MAJOR, _URGENT = TicketPriority.MAJOR, TicketPriority.URGENT

RULES: tuple[Rule, ...] = (
    Rule("safety", _MAJOR, "人身安全", lambda facts: unsafe(facts.text)),
    Rule("threat", _MAJOR, "人身威胁", lambda facts: facts.says(_THREAT_WORDS)),
    Rule("minor", _MAJOR, "未成年人消费", lambda facts: facts.says(MINOR_WORDS)),
    Rule("legal", _MAJOR, "法律途径", lambda facts: facts.says(_LEGAL_WORDS)),
    Rule("regulator", _MAJOR, "监管投诉", lambda facts: facts.says(_REGULATOR_WORDS)),
    Rule("media", _MAJOR, "媒体曝光", lambda facts: facts.says(_MEDIA_WORDS)),
    Rule(
        "angry_again",
        _MAJOR,
        "矛盾升级",
        lambda facts: facts.sentiment == "angry" and facts.on_order_before >= 2,
    ),
    Rule("privacy", _URGENT, "信息泄露", lambda facts: facts.says(_PRIVACY_WORDS)),
    Rule("counterfeit", _URGENT, "疑似假货", lambda facts: facts.says(_FAKE_WORDS)),
    Rule("abuse", _URGENT, "辱骂客户", lambda facts: facts.says(_ABUSE_WORDS)),
    Rule(
        "refund_dispute",
        _URGENT,
        "退款争议",
        lambda facts: facts.rejected_slip is not None or facts.says(_DISPUTE_WORDS),
    ),
    Rule("large_order", _URGENT, "大额订单", lambda facts: facts.order_fen > LARGE_ORDER_FEN),
    Rule("again_on_order", _URGENT, "同单重复", lambda facts: facts.on_order_before >= 1),
    Rule("again", _URGENT, "多次投诉", lambda facts: facts.open_before >= 2),
    Rule("angry", _URGENT, "情绪激动", lambda facts: facts.sentiment == "angry"),
    Rule("diamond", _URGENT, "钻石会员", lambda facts: facts.level is Level.DIAMOND),
)
_GRAVITY = (TicketPriority.NORMAL, TicketPriority.URGENT, TicketPriority.MAJOR)


@dataclass(frozen=True)
class Grading:
    grade: TicketPriority
    tags: tuple[str, ...]
    rules: tuple[str, ...]


def graver(one: TicketPriority, other: TicketPriority) -> TicketPriority:
    return max(one, other, key=_GRAVITY.index)


def grade(facts: ComplaintFacts) -> Grading:
    """The gravest grade of the rules that hold; 一般 where none does."""
    held = [rule for rule in RULES if rule.holds(facts)]
    worst = TicketPriority.NORMAL
    for rule in held:
        worst = graver(worst, rule.grade)
    about = subject(facts.text)
    tags = [rule.tag for rule in held] + ([about.tag] if about else [])
    return Grading(worst, tuple(dict.fromkeys(tags)), tuple(rule.name for rule in held))


def respond_by(grade: TicketPriority, now: datetime) -> datetime:
    """The house's target of the first answer: 15 minutes for 紧急 and 重大, while people are there."""
    if grade is TicketPriority.NORMAL:
        return now + NORMAL_RESPONSE
    return (now if in_hours(now) else opens_after(now)) + URGENT_RESPONSE


def close_by(grade: TicketPriority, now: datetime) -> datetime | None:
    """重大 is closed within a day; the others by the document's promise."""
    return now + MAJOR_CLOSED if grade is TicketPriority.MAJOR else None


# ── what it is about, and what helps ──────────────────────────────────────────


@dataclass(frozen=True)
class Subject:
    """`about`: code for programs. `needs_order`: worth asking which order: something can be done about it."""

    about: str
    tag: str
    needs_order: bool
    words: tuple[str, ...]


# The first that has a word in the text counts: 配送员把杯子摔坏了还骂人 is about the courier.
SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "staff",
        "服务态度",
        False,
        tuple("态度 骂 吼 不耐烦 挂我电话 挂电话 不理人 爱理不理 阴阳怪气 凶 敷衍 踢皮球 推卸".split()),
    ),
    Subject(
        "not_received",
        "未收到货",
        True,
        tuple("没收到 没有收到 未收到 显示签收 显示已签收 丢件 弄丢 丢了 送错 放错".split()),
    ),
    Subject(
        "refund",
        "退款问题",
        True,
        tuple("不退款 不给退 退款没 退款还没 没退款 不退钱 拒绝退 退款慢 退款被".split()),
    ),
    Subject(
        "goods",
        "商品问题",
        True,
        tuple(
            "坏 破 碎 裂 漏 质量 瑕疵 划痕 假货 假的 发错 少发 漏发 少了 缺 过期 "
            "变质 发霉 描述不符 不能用 用不了".split()
        ),
    ),
    Subject(
        "late",
        "配送延误",
        True,
        tuple(
            "还没到 没到 不到 没送 不送 不发货 没发货 还没发 太慢 好慢 很慢 延误 超时 "
            "晚了 拖 几天了 一周了 催".split()
        ),
    ),
    Subject("price", "价格与活动", False, tuple("降价 差价 涨价 优惠券 虚假宣传 套路 骗 多收".split())),
)


def subject(text: str) -> Subject | None:
    return next((each for each in SUBJECTS if any(word in text for word in each.words)), None)


def remedy(text: str, state: OrderState | None) -> str | None:
    """What can be started at once: urge_shipping, urge_parcel, report_parcel, send_back, refund_status."""
    about = subject(text)
    arrived = state in (OrderState.SIGNED, OrderState.COMPLETED)
    match about.about if about else "":
        case "late" if state is OrderState.PAID:
            return "urge_shipping"
        case "late" | "not_received" if state is OrderState.SHIPPED or (state is None and about):
            return "urge_parcel" if about and about.about == "late" else "report_parcel"
        case "late" | "not_received" if state is OrderState.SIGNED:
            return "report_parcel"
        case "goods" if arrived or state is None:
            return "send_back"
        case "refund":
            return "refund_status"
    return None


# Words that only say that somebody complains, and about whom.
_EMPTY = re.compile(
    "我现在|我今天|我要|我想|我得|要|想|请问|你好|您好|麻烦|帮我|给我|投诉|举报|告状|登记|立案|记上|记下来?|记录|受理|处理|一下|你们家|你们|您们|咱们|这家|那个|这个|商家|卖家|店家|店铺|客服|"
    "快递员|配送员|快递|配送|物流|师傅|平台|公司|商城|灵犀|人员|怎么|如何|在哪里|在哪儿|在哪|哪里|哪儿|入口|渠道|有哪些|有没有|电话|号码|是多少|多少|"
    "可以|能不能|能|行不行|吗|么|嘛|呢|啊|呀|了|的|我|去|进行|向|对|个|有|问题|必须|一定|就|真的|再|也|都|上|打|方式|流程|联系"
)
_NO_WORD = re.compile(r"[\W_]+")


def is_bare(text: str) -> bool:
    """Whether nothing of what happened is told: 我要投诉, 怎么投诉商家."""
    if any(rule.holds(ComplaintFacts(text)) for rule in RULES) or subject(text):
        return False
    return len(_NO_WORD.sub("", _EMPTY.sub("", text))) < 2
