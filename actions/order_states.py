"""How an order stands, as `data/orders/follow_ups.yml` names it, with the facts that are asked for afterwards."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from actions import focus, wiring
from actions.base import Turn, when
from actions.facts import facts
from actions.gateways.errors import Rejected
from actions.gateways.orders import AmountPart, Order, OrderRefund
from actions.words import metadata
from topics import clock

STATUS, REFUSED, RULE = "status", "refused", "rule"


def told(order: Order) -> dict[str, Any]:
    """An order's facts for a response's `{placeholders}`."""
    refund = order.refunds[0] if order.refunds else None
    return {
        **facts(order, "number", "title", "state", "amount", "seller", "carrier", "pay_by", day="delivery_date"),
        **facts(
            order, payment="payment_method", created="times.created_at", paid="times.paid_at", signed="times.signed_at",
            completed="times.completed_at", cancelled="times.cancelled_at", ship_by="promised_ship_by",
            reason="cancel_reason", tracking="tracking_number", decide_by="cancel_decide_by", shipped="times.shipped_at",
            back_route="refund_route", back_eta="refund_eta",
        ),
        **facts(refund, "route", "eta"),
        "pay_at": (order.pay_by or "")[11:16],
        "refunds": "\n".join(f"- {r.route} ¥{r.amount} ({r.eta})" for r in order.refunds),
    }  # fmt: skip


def speak_of(turn: Turn, order: Order, what: str = STATUS, again: str | None = None, **facts: Any) -> None:
    """The order is what the talk is about now."""
    turn.before += focus.put(turn, "order", order.number, order.title, what, states(order), order.number, again, **facts)


def speak_of_refusal(turn: Turn, error: Rejected) -> None:
    """What was refused, in which words and by which rule, so that 为什么不行 asks for that."""
    number = turn.slot("orders_number")
    if number:
        title = str(turn.slot("orders_title") or "")
        line = turn.slot("after_sales_line") or turn.slot("orders_line")
        of_slip = {"wish": turn.slot("after_sales_kind"), "line": line}
        turn.before += focus.put(
            turn, "order", number, title, REFUSED, [error.code], number,
            code=error.code, detail=error.detail, **rule_said(turn), **{name: value for name, value in of_slip.items() if value},
        )  # fmt: skip


def rule_said(turn: Turn) -> dict[str, str]:
    """The rule that was just told, as a fact of what is spoken of: a response's `metadata: {rule: …}` names the entry of the
    knowledge that it follows, by that entry's question."""
    responses = [str(each["response"]) for each in turn.dispatcher.messages if each.get("response")]
    rule = metadata(turn, responses[-1]).get("rule") if responses else None
    return {RULE: str(rule)} if rule else {}


CHANGED = "change"
"""What was told of an order that was just changed, and the state of one of which that is asked."""


@focus.looks_at("order")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How an order stands, and its facts with the parts of its amount and the way of its money."""
    order = await turn.call(wiring.gateways().orders.get, turn.reader, spoken.id)
    lines = [[item.title, item.amount] for item in order.items if item.amount]
    return [*([CHANGED] if spoken.told == CHANGED else []), *states(order)], {
        **told(order),
        **money(order),
        "goods": goods(order),
        "address": order.address,
        "lines": lines,
    }


def goods(order: Order) -> str:
    """What is in it."""
    return "、".join(f"{item.title}×{item.quantity}" for item in order.items)


def states(order: Order) -> list[str]:
    """The order's states, the most special first; a merchant's as such before, and last who sells it."""
    moments = _moments(order)
    return [*(f"{state}_merchant" for state in moments), *moments, "merchant"] if order.merchant else moments


def _moments(order: Order) -> list[str]:
    if order.cancel_decide_by:
        return ["reviewing", order.state_code]
    if order.state_code == "cancelled":
        return _cancelled(order)
    if order.state_code == "unpaid":
        return [*(["unpaid_today"] if _today(order.pay_by) else []), "unpaid"]
    if order.state_code == "paid":
        ready = ["paid"] if paid(order) else ["on_delivery", "paid"]
        ready = ["dated", *ready] if order.delivery_date and not past_day(order.delivery_date) else ready
        return [*(f"{state}_late" for state in ready if past(order.promised_ship_by)), *ready]
    return [order.state_code]


def _cancelled(order: Order) -> list[str]:
    back = backs(order)
    if not back:
        return ["cancelled_unpaid", "cancelled"]
    ways = "cancelled_split" if len(back) > 1 else "cancelled"
    instant = all(refund.state_code == "arrived" and refund.sent_at[:10] == refund.arrives_by for refund in back)
    arrived = all(refund.state_code == "arrived" or past_day(refund.arrives_by) for refund in back)
    flags = {f"{ways}_instant": instant, f"{ways}_arrived": arrived, "sold_out": bool(order.apology)}
    return [*(flag for flag, is_so in flags.items() if is_so), ways, "cancelled"]


def backs(order: Order) -> list[OrderRefund]:
    """What comes back because the order was cancelled."""
    return [refund for refund in order.refunds if refund.source == "cancel"]


def money(order: Order) -> dict[str, Any]:
    """What the amount is made of, and when its money is back."""
    back = backs(order)
    return {
        **facts(back[0] if back else None, "route", "eta"),
        "parts": summed(order.parts),
        "sent": when(min((refund.sent_at for refund in back), default=None)),
        "arrives": max((refund.arrives_by for refund in back), default="")[5:],
        "back": str(sum(Decimal(refund.amount) for refund in back)) if back else "",
        "last_day": max((refund.arrives_by for refund in back), default=""),
        "coins": order.points_used if back else 0,
        **facts(order, "apology", "apology_until"),
    }


def summed(parts: tuple[AmountPart, ...]) -> str:
    """`商品 219.00，优惠 -20.00`."""
    return "，".join(f"{part.label} {part.amount}" for part in parts)


def paid(order: Order) -> bool:
    """Whether money has come in; goods paid on delivery are shipped without."""
    return bool(order.times.get("paid_at"))


def past(moment: str | None) -> bool:
    """Whether a moment (ISO 8601 with offset) lies behind us."""
    return bool(moment) and datetime.fromisoformat(str(moment)) < clock.now()


def _today(moment: str | None) -> bool:
    """Whether a moment lies in this day of the shop's calendar."""
    return bool(moment) and str(moment)[:10] == clock.now().date().isoformat()


def past_day(day: str | None) -> bool:
    """Whether a day (YYYY-MM-DD) lies behind us, by the shop's calendar."""
    return bool(day) and past(f"{day}T23:59:59+08:00")
