"""A coupon for what came late (document 10, 配送延误有赔偿吗), or left a merchant late (01, 延迟发货赔付)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backoffice.rules import policy
from backoffice.rules.facts import Decision, OrderFacts, allow, refuse
from backoffice.rules.orders import promised_ship_by
from backoffice.states import CompensationKind, Level, OrderState


@dataclass(frozen=True)
class Compensation:
    """What is given. `reason` is kind Chinese."""

    kind: CompensationKind
    value_fen: int
    reason: str


def eligible(order: OrderFacts, now: datetime) -> Decision:
    """Whether a coupon is due; what it is worth is `worth`."""
    if order.state is OrderState.UNPAID or (order.is_merchant and order.paid_at is None):
        return refuse("order_not_paid", "订单还没有付款，没有延误可以赔。")
    if order.state is OrderState.CANCELLED:
        return refuse("order_cancelled", "订单已取消，不能申请延误赔付。")
    if order.compensated_at:
        return refuse(
            "compensation_exists",
            f"这一单 {order.compensated_at:%Y-%m-%d} 已经赔过了，每单赔一次，券在“我的—优惠券”里。",
        )
    verdict = _shipped_late(order, now) if order.is_merchant else _delivered_late(order, now)
    if verdict.ok and order.delay_excuse:
        return refuse(
            "compensation_excused",
            f"{order.delay_excuse}。因天气、交通管制、收件人改期或联系不上造成的延误不赔。",
        )
    return verdict


def worth(order: OrderFacts, level: Level) -> Compensation:
    """Of an eligible order."""
    if order.is_merchant:
        percent = sum(line.paid_fen for line in order.lines) * policy.LATE_SHIPPING_PERCENT // 100
        value = min(max(percent, policy.LATE_SHIPPING_LEAST_FEN), policy.LATE_SHIPPING_MOST_FEN)
        went = f"{order.shipped_at:%m-%d %H:%M} 才发货" if order.shipped_at else "现在还没有发货"
        reason = f"最晚 {_ship_by(order):%m-%d %H:%M} 该发货，{went}"
        return Compensation(CompensationKind.LATE_SHIPPING, value, reason)
    value = policy.LATE_DELIVERY_FEN.get(level, policy.LATE_DELIVERY_OTHER_FEN)
    came = f"{order.reached_at:%m-%d} 才到" if order.reached_at else "现在还没到"
    return Compensation(
        CompensationKind.LATE_DELIVERY, value, f"预计 {order.promised_date:%m-%d} 送到，{came}"
    )


def _delivered_late(order: OrderFacts, now: datetime) -> Decision:
    promised, today = order.promised_date, now.date()
    if promised is None:
        if order.state is OrderState.PAID:
            return refuse("compensation_not_shipped", "订单还没有发货，发货后才有预计送达日。可以先催发货。")
        return refuse("compensation_not_late", "这一单没有预计送达日，算不了延误。")
    came = order.reached_at
    if (came.date() if came else today) <= promised:
        told = f"，{came:%m-%d} 就到了" if came else ""
        return refuse("compensation_not_late", f"这一单预计 {promised:%m-%d} 送到{told}，没有延误。")
    deadline = promised + timedelta(days=policy.LATE_DELIVERY_DAYS)
    if today > deadline:
        return refuse(
            "compensation_window_passed",
            f"预计送达日是 {promised:%Y-%m-%d}，延误赔付要在之后 {policy.LATE_DELIVERY_DAYS} 天内申请，"
            f"{deadline:%Y-%m-%d} 已经截止。",
            deadline,
        )
    return allow(deadline)


def _shipped_late(order: OrderFacts, now: datetime) -> Decision:
    due = _ship_by(order)
    if (order.shipped_at or now) > due:
        return allow()
    told = f"，{order.shipped_at:%m-%d %H:%M} 就发了" if order.shipped_at else ""
    return refuse("compensation_not_late", f"商家最晚 {due:%m-%d %H:%M} 发货{told}，没有超时。")


def _ship_by(order: OrderFacts) -> datetime:
    due = order.promised_ship_by or promised_ship_by(order)
    assert due is not None  # what was not paid is refused before
    return due
