"""Paying back a price drop (document 06, 价保)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from backoffice.money import yuan
from backoffice.rules import policy
from backoffice.rules.facts import Decision, LineFacts, OrderFacts, allow, last_day, refuse
from backoffice.states import Category, OrderState, PriceKind

SUCCESSES = 3


@dataclass(frozen=True)
class Difference:
    """What is paid back, in fen a piece and together."""

    paid_unit_fen: int
    current_fen: int
    quantity: int

    @property
    def amount_fen(self) -> int:
        return (self.paid_unit_fen - self.current_fen) * self.quantity


def eligible(order: OrderFacts, line: LineFacts, today: date) -> Decision:
    """Whether the line may be compared at all; whether the price fell is `difference`."""
    if order.state is OrderState.UNPAID or (order.paid_at is None and order.signed_at is None):
        return refuse("order_not_paid", "订单还没有付款，付款后才能申请价保。")
    if order.state is OrderState.CANCELLED:
        return refuse("order_cancelled", "订单已取消，不能申请价保。")
    if line.asked_back or line.refunded:
        return refuse("price_protection_returned", f"“{line.title}”已经申请退货退款，不能再申请价保。")
    if line.category is Category.FRESH:
        return refuse("price_protection_excluded", f"“{line.title}”是生鲜，不支持价保。")
    if line.price_kind is not PriceKind.NORMAL:
        return refuse(
            "price_protection_excluded", f"“{line.title}”是{line.price_kind.label}买的，不参加价保。"
        )
    if order.is_merchant and not line.merchant_price_protection:
        return refuse(
            "price_protection_not_supported",
            f"“{line.title}”是商家（{order.seller_name}）的商品，没有标“价保 7 天”，不支持价保。",
        )
    if order.signed_at is not None:
        days = protection_days(order, line)
        deadline = last_day(order.signed_at, days)
        if today > deadline:
            return refuse(
                "price_protection_window_passed",
                f"“{line.title}”的价保期是签收次日起 {days} 天，已在 {deadline:%Y-%m-%d} 截止，不能再申请。",
                deadline,
            )
    else:
        deadline = None
    if line.protected_times >= SUCCESSES:
        return refuse("price_protection_limit", "同一件商品最多价保成功 3 次，已经用完了。", deadline)
    return allow(deadline)


def each_told(refusals: Sequence[Decision]) -> Decision:
    """Of several lines every line's own reason, each said once."""
    reasons = dict.fromkeys(refusal.detail for refusal in refusals if refusal.detail)
    return replace(refusals[0], detail="".join(reasons))


def protection_days(order: OrderFacts, line: LineFacts) -> int:
    if order.is_merchant:
        return policy.PROTECTION_OTHER_DAYS
    paid = order.paid_at or order.created_at
    if (paid.month == 6 and paid.day <= 20) or (paid.month == 11 and paid.day <= 12):
        return policy.SALE_PROTECTION_DAYS
    return policy.PROTECTION_DAYS.get(line.category, policy.PROTECTION_OTHER_DAYS)


def difference(line: LineFacts) -> Decision | Difference:
    """The price paid a piece, less earlier protection, against today's; or why nothing is paid back."""
    if not line.on_sale or line.stock <= 0:
        return refuse(
            "price_protection_no_stock", f"“{line.title}”现在无货或已停售，不能比价。有货后可以再申请。"
        )
    paid = line.paid_fen // line.quantity - line.protected_unit_fen
    if line.current_price_fen >= paid and line.protected_times:
        return refuse(
            "price_protection_given",
            f"“{line.title}”的差价已经退过了，从那以后没有再降价，没有新的差价可退。",
        )
    if line.current_price_fen >= paid:
        told = f"您付的是 {yuan(paid)} 元一件，现在 {yuan(line.current_price_fen)} 元"
        return refuse("price_not_lower", f"“{line.title}”{told}，没有低于您的实付单价，没有差价可退。")
    return Difference(paid_unit_fen=paid, current_fen=line.current_price_fen, quantity=line.quantity)
