"""What a customer's words for a return come to (document 03: windows, freight and evidence hang on it)."""

from __future__ import annotations

from backoffice.states import ReturnReason

# The first line with a word in the text wins: "少了配件" is missing, not "not wanted".
_WORDS: tuple[tuple[ReturnReason, tuple[str, ...]], ...] = (
    (ReturnReason.MISSING, ("少件", "少发", "漏发", "少了", "缺少", "没收到配件", "缺件", "空包")),
    (
        ReturnReason.WRONG_ITEM,
        ("发错", "错发", "不是我买的", "不是我要的", "寄错", "描述不符", "与描述", "和描述"),
    ),
    (ReturnReason.DAMAGED, ("破损", "碎", "压坏", "压扁", "摔坏", "运输损坏", "漏液", "腐", "烂", "变质")),
    (
        ReturnReason.QUALITY,
        (
            "质量",
            "故障",
            "坏",
            "瑕疵",
            "划痕",
            "不能用",
            "用不了",
            "没反应",
            "开不了机",
            "不充电",
            "没声音",
            "异响",
            "掉色",
            "开胶",
            "开线",
            "假货",
            "过期",
        ),
    ),
    (ReturnReason.SIZE, ("尺码", "码", "大小", "太大", "太小", "大了", "小了", "颜色", "不合身", "不合脚")),
)
_NOT_FAULTY = ("没有质量问题", "没质量问题", "不是质量问题", "没坏", "没有坏")

FAULTS = frozenset(
    {ReturnReason.QUALITY, ReturnReason.DAMAGED, ReturnReason.WRONG_ITEM, ReturnReason.MISSING}
)
"""Not the customer's doing: freight is ours, exclusions do not apply, evidence is asked for."""


def classify(text: str | None) -> ReturnReason:
    """The reason a text names; NO_REASON where it names none (the customer need not give one)."""
    if not text:
        return ReturnReason.NO_REASON
    for phrase in _NOT_FAULTY:
        text = text.replace(phrase, "")
    for reason, words in _WORDS:
        if text == reason.label or any(word in text for word in words):
            return reason
    return ReturnReason.NO_REASON
