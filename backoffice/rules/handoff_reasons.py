"""Why a conversation is a person's, and what it is about, in the shop's words: people are shown no code."""

from __future__ import annotations

from collections.abc import Iterable

DANGER = "danger"
"""Somebody is hurt or in danger: the ticket is grave, whatever its kind."""
FRAUD, FRAUD_LABEL = "fraud", "疑似诈骗"
OTHER = "需要人工处理"
_REASONS = {
    DANGER: "人身安全",
    "customer_asked": "客户要求人工",
    "angry": "客户生气",
    "not_understood": "机器人没听懂",
    "complaints_file": "投诉",
}
_TOPICS = {
    "orders_": "订单",
    "logistics_": "物流",
    "after_sales_": "售后",
    "invoices_": "发票",
    "promotions_": "优惠价保",
    "payments_": "支付",
    "products_": "商品",
    "account_": "账户",
    "complaints_": "投诉",
    "tickets_": "工单",
    "feedback_": "评价建议",
    "faq": "规则咨询",
}


UNASKED = ("angry", "not_understood")
"""For these the assistant hands over by itself: where nobody is there, nothing is left behind unasked."""


def danger_in_words(kinds: object) -> str:
    """What a danger is called: who is only cheated of money is not hurt."""
    return FRAUD_LABEL if kinds == [FRAUD] else _REASONS[DANGER]


def in_words(reason: str) -> str:
    """The reason as people read it; an intent is its topic, words that are no code stay."""
    known = _REASONS.get(reason) or "、".join(topics([reason]))
    return known or (OTHER if reason.isascii() else reason)


def topics(intents: Iterable[str]) -> list[str]:
    """What the intents are about, each topic once."""
    found = [label for intent in intents for prefix, label in _TOPICS.items() if intent.startswith(prefix)]
    return list(dict.fromkeys(found))
