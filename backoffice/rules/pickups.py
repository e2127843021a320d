"""Fetching goods at the customer's door (document 03, 上门取件: within two days, in a part of the day)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backoffice.rules import policy
from backoffice.rules.facts import Decision, LineFacts, OrderFacts, allow, refuse
from backoffice.states import ReturnKind, ReturnState

PARTS = {"上午": (8, 12), "下午": (12, 18)}


def offers(now: datetime) -> list[str]:
    """What can be chosen now, earliest first: `2026-11-22 上午`."""
    days = [now.date() + timedelta(days=ahead) for ahead in range(policy.PICKUP_DAYS + 1)]
    return [f"{day:%Y-%m-%d} {part}" for day in days for part in PARTS if _begins_later(day, part, now)]


def _begins_later(day: date, part: str, now: datetime) -> bool:
    return day > now.date() or now.hour < PARTS[part][0]


def label(offer: str) -> str:
    """`2026-11-22 上午` → `11-22 上午（8:00-12:00）`."""
    day, _, part = offer.partition(" ")
    begins, ends = PARTS[part]
    return f"{day[5:]} {part}（{begins}:00-{ends}:00）"


def offered(order: OrderFacts, kind: ReturnKind, lines: tuple[LineFacts, ...]) -> bool:
    """Small goods of the shop's own that the customer has: large goods go with a fitter."""
    if kind is ReturnKind.REFUND or not order.was_signed or order.is_merchant:
        return False
    return not any(line.is_large for line in lines)


def choose(state: ReturnState, is_offered: bool, wanted: str, now: datetime) -> Decision:
    """Whether a slip's goods can be fetched then; until they are on their way the time may be changed."""
    if state not in (ReturnState.REVIEWING, ReturnState.AWAITING_GOODS):
        return refuse("pickup_too_late", "商品已经寄回或服务单已经结束，不能再约上门取件。")
    if not is_offered:
        return refuse(
            "pickup_not_offered", "商家订单和大件不支持上门取件，请按服务单上的地址寄回或等师傅联系。"
        )
    if wanted not in offers(now):
        choices = "、".join(label(offer) for offer in offers(now))
        return refuse("pickup_out_of_range", f"上门取件可以约 {policy.PICKUP_DAYS} 天内：{choices}。")
    return allow()
