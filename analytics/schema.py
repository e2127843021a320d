"""What every table holds: name, grain, and each column's type and meaning.

The data dictionary, the checks of what the marts deliver and the workbook's headings all come from here. Times are
integer milliseconds since 1970 (UTC): fractions of seconds would cut sessions differently on DuckDB and Spark. Days
and hours are the shop's (Asia/Shanghai). Text is masked. A boolean is never null unless its meaning says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["string", "int64", "float64", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """A column. `label` is what a Chinese reader sees above it."""

    name: str
    type: Type
    label: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table and what one row of it is."""

    name: str
    label: str
    grain: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


_Row = tuple[str, Type, str, str]


def _columns(*rows: _Row) -> tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_WHERE: tuple[_Row, ...] = (
    ("conversation_id", "string", "会话", "会话编号；含个人信息的编号换成不可逆的代号"),
    ("session_id", "string", "会话段", "会话编号#第几段"),
)
_WHEN: tuple[_Row, ...] = (
    ("at_ms", "int64", "时间", "1970 年起的毫秒（UTC）"),
    ("day", "date", "日期", "业务日期（北京时间）"),
    ("hour", "int64", "小时", "0 至 23（北京时间）"),
)
_AB: _Row = ("ab_bucket", "string", "实验组", "A/B 组别，空为没有分组")
_CHANNEL: _Row = ("channel", "string", "渠道", "客户从哪里来，如 webchat、rest、phone")

EVENTS = Table(
    "events",
    "事件",
    "对话记录里的一个事件（湖里的原始层，已脱敏）",
    _columns(
        ("source", "string", "来源", "从哪个记录库采来的"),
        ("event_id", "int64", "事件编号", "在来源里的编号；同一来源内不重复，先发生的小"),
        ("conversation_id", "string", "会话", "会话编号；含个人信息的编号换成不可逆的代号"),
        ("at_ms", "int64", "时间", "1970 年起的毫秒（UTC）"),
        ("day", "date", "日期", "业务日期（北京时间），也是湖的分区"),
        ("type", "string", "类型", "Rasa 的事件类型；程序代发的用户消息为 external，读不懂的为 unreadable"),
        ("text", "string", "文字", "说的话，已脱敏"),
        ("intent", "string", "意图", "识别出的意图"),
        ("confidence", "float64", "意图把握", "0 至 1"),
        ("sentiment", "string", "情绪", "satisfied、neutral、dissatisfied、angry"),
        ("requests", "string", "诉求", "一句话里的全部意图，JSON 列表"),
        ("channel", "string", "渠道", "用户消息的 input_channel"),
        ("name", "string", "名字", "动作、槽位、表单或提醒的名字"),
        ("value", "string", "值", "槽位的值，JSON，已脱敏，最多 500 字"),
        ("policy", "string", "策略", "预测动作的策略"),
        ("response", "string", "话术", "机器人消息所用的话术名（utter_…）"),
        ("agent_id", "string", "坐席", "人工客服的回复才有"),
        ("digest", "int64", "指纹", "事件原文的带密钥摘要，用来认出重复投递"),
    ),
)

MESSAGES = Table(
    "messages",
    "消息",
    "客户、机器人或人工客服说的一句话",
    _columns(
        *_WHERE,
        ("turn", "int64", "轮次", "会话里客户的第几句，从 1 起；客户开口前为 0"),
        ("n", "int64", "序号", "会话里的第几条消息，从 1 起"),
        *_WHEN,
        _CHANNEL,
        ("speaker", "string", "谁说的", "customer、bot、agent"),
        ("agent_id", "string", "坐席", "speaker 为 agent 时"),
        ("text", "string", "文字", "已脱敏"),
        ("intent", "string", "意图", "客户的话才有"),
        ("confidence", "float64", "意图把握", "0 至 1，客户的话才有"),
        ("sentiment", "string", "情绪", "客户的话才有"),
        ("response", "string", "话术", "机器人的话才有"),
        ("button", "boolean", "按钮", "客户点的按钮，而不是打的字"),
    ),
)

TURNS = Table(
    "turns",
    "轮次",
    "客户的一句话，和直到下一句话之前的全部应答",
    _columns(
        *_WHERE,
        ("turn", "int64", "轮次", "会话里客户的第几句，从 1 起"),
        *_WHEN,
        _CHANNEL,
        ("text", "string", "客户的话", "已脱敏"),
        ("intent", "string", "意图", "识别出的意图"),
        ("confidence", "float64", "意图把握", "0 至 1"),
        ("sentiment", "string", "情绪", "这句话的情绪"),
        ("button", "boolean", "按钮", "点的按钮"),
        ("response", "string", "首个话术", "第一条回复的话术名"),
        ("reply", "string", "首条回复", "已脱敏"),
        ("replies", "int64", "回复条数", "到下一句话为止机器人和人工的回复"),
        ("answered_by", "string", "谁回的", "bot、agent；空为没有回"),
        ("agent_id", "string", "坐席", "answered_by 为 agent 时"),
        ("answer_ms", "int64", "响应时间", "到第一条回复的毫秒；空为没有回，由清洗规则补的见 answer_imputed"),
        ("answer_imputed", "boolean", "响应为补值", "响应时间缺失或异常，按主题平均补上"),
        ("actions", "int64", "动作数", "这一轮执行的动作"),
        ("fallback", "boolean", "没听懂", "落到兜底意图或兜底动作"),
        ("missed", "boolean", "答不上", "知识里没有答案"),
        ("form", "string", "表单", "说这句话时正在填的表单"),
        ("asked", "string", "正问的槽位", "说这句话时表单在问什么"),
        ("digression", "boolean", "岔开", "表单中途问了别的"),
        ("correction", "boolean", "改口", "表单中途改了已经说过的内容"),
        ("handed_over", "boolean", "转人工", "这一轮转给了人工"),
        ("with_agent", "boolean", "人工中", "说这句话时由人工接待"),
        ("recommended", "boolean", "推荐", "这一轮推荐了商品"),
        ("topic", "string", "主题", "意图名里第一个下划线之前的部分"),
        _AB,
    ),
)

_SPAN: tuple[_Row, ...] = (
    ("start_ms", "int64", "开始", "第一条消息的时间，1970 年起的毫秒（UTC）"),
    ("end_ms", "int64", "结束", "最后一条消息的时间"),
    ("day", "date", "日期", "开始那天（北京时间）"),
    ("hour", "int64", "小时", "开始的小时（北京时间）"),
)
_COUNTS: tuple[_Row, ...] = (
    ("messages", "int64", "消息数", "客户、机器人和人工的消息"),
    ("turns", "int64", "轮次数", "客户说了几句"),
)
_OUTCOME: tuple[_Row, ...] = (
    ("fallbacks", "int64", "没听懂次数", "没听懂的轮次"),
    ("misses", "int64", "答不上次数", "知识没有答案的轮次"),
    ("handed_over", "boolean", "转人工", "是否转给了人工"),
    ("handoff_reason", "string", "转人工原因", "第一次转人工的原因代码；没有转或不知道为空"),
    ("score", "int64", "评分", "1 至 5；空为没有评"),
)

SESSIONS = Table(
    "sessions",
    "会话段",
    "一次接待：Rasa 的会话开始事件，或静默超过 30 分钟，就是新的一段",
    _columns(
        *_WHERE,
        ("customer_id", "string", "客户", "已核实的客户编号；不知道时用会话编号代替"),
        *_SPAN,
        _CHANNEL,
        *_COUNTS,
        ("first_answer_ms", "int64", "首次响应", "第一句话到第一条回复的毫秒；空为没有回"),
        ("answer_ms", "float64", "平均响应", "各轮响应时间的平均，毫秒"),
        ("duration_ms", "int64", "时长", "从第一条到最后一条消息，毫秒"),
        ("first_intent", "string", "首个意图", "不算问候的第一个意图；只有问候时用问候"),
        ("topic", "string", "主题", "首个意图所属的主题"),
        ("first_text", "string", "首句", "首个意图的那句话，已脱敏"),
        ("outcome", "string", "结果", "confirmed 确认解决、assumed 应已解决、handed_over 转人工、abandoned 未解决离开"),
        ("left_form", "string", "离开的表单", "离开时没有填完的表单；空为没有"),
        ("left_asked", "string", "离开的问题", "离开时表单正在问的槽位"),
        *_OUTCOME,
        ("sentiment_start", "string", "开始情绪", "第一句有情绪的话"),
        ("sentiment_end", "string", "结束情绪", "最后一句有情绪的话"),
        ("agent_id", "string", "坐席", "第一位回复的人工客服"),
        ("digressions", "int64", "岔开次数", ""),
        ("corrections", "int64", "改口次数", ""),
        ("repeat", "boolean", "重复来访", "同一客户 24 小时内就同一主题再来"),
        ("repeated_later", "boolean", "之后又来", "24 小时内同一客户同一主题又来过，即这次没有一次解决"),
        ("recommended", "boolean", "推荐", "推荐过商品"),
        ("ordered_after", "boolean", "推荐后下单", "推荐后七天内同一客户下了单；空为没有推荐，或不知道是哪位客户"),
        _AB,
    ),
)

CONVERSATIONS = Table(
    "conversations",
    "会话",
    "同一个会话编号下的全部往来",
    _columns(
        ("conversation_id", "string", "会话", "会话编号"),
        ("customer_id", "string", "客户", "已核实的客户编号；不知道时用会话编号代替"),
        *_SPAN,
        _CHANNEL,
        ("sessions", "int64", "会话段数", ""),
        *_COUNTS,
        ("outcome", "string", "结果", "最后一段的结果"),
        *_OUTCOME,
        _AB,
    ),
)

CUSTOMER_DAYS = Table(
    "customer_days",
    "客户日",
    "一个客户的一天",
    _columns(
        ("customer_id", "string", "客户", "客户编号"),
        ("day", "date", "日期", "北京时间"),
        ("sessions", "int64", "会话段数", "这天开始的"),
        *_COUNTS,
        ("topics", "int64", "主题数", "说到几个不同的主题"),
        ("handoffs", "int64", "转人工次数", ""),
        ("repeats", "int64", "重复来访次数", ""),
        ("score", "float64", "平均评分", "空为没有评"),
    ),
)

AGENT_DAYS = Table(
    "agent_days",
    "坐席日",
    "一位人工客服的一天",
    _columns(
        ("agent_id", "string", "坐席", "坐席编号"),
        ("day", "date", "日期", "北京时间"),
        ("sessions", "int64", "接待数", "回复过的会话段"),
        ("messages", "int64", "回复条数", ""),
        ("answer_ms", "float64", "平均响应", "由他回复的轮次的平均响应毫秒"),
        ("handling_ms", "float64", "平均处理时长", "每段里他的第一条到最后一条回复，毫秒"),
        ("resolved", "int64", "解决数", "之后没有因同一主题再来的接待"),
        ("score", "float64", "平均评分", "空为没有评"),
        ("scores", "int64", "评分数", ""),
        ("angry_end", "int64", "生气收场", "结束情绪为生气的接待"),
    ),
)

INTENT_HOURS = Table(
    "intent_hours",
    "意图时",
    "一个意图的一个小时",
    _columns(
        ("day", "date", "日期", "北京时间"),
        ("hour", "int64", "小时", "0 至 23"),
        ("intent", "string", "意图", ""),
        ("turns", "int64", "轮次数", ""),
        ("sessions", "int64", "会话段数", "说到它的会话段"),
        ("fallbacks", "int64", "没听懂次数", ""),
        ("misses", "int64", "答不上次数", ""),
        ("handoffs", "int64", "转人工次数", "这一轮就转了人工"),
        ("confidence", "float64", "平均把握", "0 至 1"),
        ("answer_ms", "float64", "平均响应", "毫秒"),
    ),
)

FORMS = Table(
    "forms",
    "表单",
    "一次填表：从打开到填完、放弃或离开",
    _columns(
        *_WHERE,
        ("form", "string", "表单", ""),
        *_SPAN,
        _CHANNEL,
        ("turns", "int64", "轮次数", "填表期间客户说了几句"),
        ("outcome", "string", "结果", "completed 填完、cancelled 放弃、handed_over 转人工、left 离开"),
        ("last_asked", "string", "最后的问题", "最后在问的槽位"),
        ("duration_ms", "int64", "时长", "毫秒"),
        _AB,
    ),
)

# Facts of the back office; empty tables where none was collected.
HANDOFFS = Table(
    "handoffs",
    "人工服务",
    "后台的一次转人工",
    _columns(
        ("handoff_id", "string", "编号", ""),
        ("conversation_id", "string", "会话", ""),
        ("customer_id", "string", "客户", "空为未核实"),
        ("state", "string", "状态", "waiting、connected、ticketed、closed"),
        ("reason", "string", "原因", "原因代码"),
        ("agent_id", "string", "坐席", ""),
        ("created_ms", "int64", "创建", "毫秒"),
        ("connected_ms", "int64", "接入", "毫秒；空为没有接入"),
        ("closed_ms", "int64", "结束", "毫秒；空为没有结束"),
        ("promised_ms", "int64", "答应的时间", "告诉客户的最晚回复时间；空为没有答应"),
        ("waited_ms", "int64", "等待", "到接入或成为留言为止，毫秒"),
    ),
)
TICKETS = Table(
    "tickets",
    "工单",
    "后台的一张工单",
    _columns(
        ("ticket", "string", "编号", ""),
        ("conversation_id", "string", "会话", ""),
        ("customer_id", "string", "客户", ""),
        ("kind", "string", "类别", ""),
        ("grade", "string", "等级", "normal 一般、urgent 紧急、major 重大"),
        ("state", "string", "状态", ""),
        ("created_ms", "int64", "创建", "毫秒"),
        ("promised_ms", "int64", "答应的时间", "毫秒"),
        ("closed_ms", "int64", "办结", "毫秒；空为没有办结"),
    ),
)
RETURNS = Table(
    "returns",
    "售后单",
    "后台的一张售后服务单",
    _columns(
        ("slip", "string", "编号", ""),
        ("customer_id", "string", "客户", ""),
        ("kind", "string", "类别", "return、refund、exchange、repair"),
        ("state", "string", "状态", ""),
        ("created_ms", "int64", "创建", "毫秒"),
        ("amount", "float64", "金额", "元"),
    ),
)
ORDERS = Table(
    "orders",
    "订单",
    "后台的一张订单",
    _columns(
        ("order", "string", "编号", ""),
        ("customer_id", "string", "客户", ""),
        ("state", "string", "状态", ""),
        ("created_ms", "int64", "下单", "毫秒"),
        ("amount", "float64", "金额", "元"),
    ),
)
RATINGS = Table(
    "ratings",
    "评价",
    "后台的一次评价或建议",
    _columns(
        ("rating", "string", "编号", ""),
        ("conversation_id", "string", "会话", ""),
        ("kind", "string", "类别", "rating、suggestion"),
        ("score", "int64", "评分", "1 至 5"),
        ("text", "string", "文字", "已脱敏"),
        ("created_ms", "int64", "时间", "毫秒"),
    ),
)
QUESTIONS = Table(
    "questions",
    "知识提问",
    "客户问知识库的一个问题",
    _columns(
        ("question", "string", "编号", ""),
        ("conversation_id", "string", "会话", ""),
        ("text", "string", "问题", "已脱敏"),
        ("decision", "string", "怎么答的", "answer 直接答、clarify 请选择、pass 没有答案"),
        ("entry", "string", "条目", "答案所在的条目"),
        ("outcome", "string", "有没有帮助", "helpful、unhelpful、handed_over；空为不知道"),
        ("at_ms", "int64", "时间", "毫秒"),
    ),
)

MARTS = (MESSAGES, TURNS, SESSIONS, CONVERSATIONS, CUSTOMER_DAYS, AGENT_DAYS, INTENT_HOURS, FORMS)
FACTS = (HANDOFFS, TICKETS, RETURNS, ORDERS, RATINGS, QUESTIONS)
TABLES = {table.name: table for table in (EVENTS, *MARTS, *FACTS)}
