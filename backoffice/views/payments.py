"""What was seen of a payment, as the API tells it."""

from __future__ import annotations

from pydantic import Field

from backoffice.effects.payments import PaymentCheck
from backoffice.models import Order
from backoffice.money import yuan
from backoffice.views.base import Money, Time, View
from backoffice.views.orders import order_title, payment


class PaymentCheckView(View):
    problem: str = Field(examples=["付了款，订单没有变"])
    problem_code: str = Field(examples=["paid_unpaid"])
    finding_code: str = Field(
        description="notice_late、transfer_waiting、no_payment_seen、comes_back、refund_sent、refund_arrived、payment_seen、"
        "two_orders、one_payment_seen、settled、still_payable、order_lapsed、nothing_to_pay、top_up_waiting、"
        "top_up_late、nothing_seen",
        examples=["no_payment_seen"],
    )
    needs_person: bool = Field(description="只看订单说不清，要人工核对流水")
    order_number: str | None
    order_title: str | None
    order_state: str | None
    amount: Money | None
    payment_method: str | None
    other_order_number: str | None
    until: Time | None = Field(description="到这时应当自己解决；之前不用人工")
    seen: str = Field(
        description="给人工看的一句话", examples=["订单 202611210001 待付款，没有收到付款通知"]
    )
    ticket_number: str | None = Field(description="这件事已有的工单")
    ticket_due: Time | None
    settled_ticket: str | None = Field(description="已经处理完的工单，结果就是答案（settled）")
    settled_words: str | None = Field(
        description="它最后的一条记录", examples=["确认有一笔重复支付，已原路退回，1 至 3 个工作日到账"]
    )


def payment_check_view(check: PaymentCheck) -> PaymentCheckView:
    order, ticket = check.order, check.ticket
    return PaymentCheckView(
        problem=check.problem.label,
        problem_code=check.problem.value,
        finding_code=check.finding.code,
        needs_person=check.finding.needs_person,
        order_number=order.number if order else None,
        order_title=order_title(order) if order else None,
        order_state=order.state.label if order else None,
        amount=yuan(order.amount_fen) if order else None,
        payment_method=payment(order) if order else None,
        other_order_number=check.finding.other_order,
        until=check.finding.until,
        seen=_seen(order),
        ticket_number=ticket.number if ticket else None,
        ticket_due=ticket.due_at if ticket else None,
        settled_ticket=check.settled.number if check.settled else None,
        settled_words=check.settled.comments[-1].text if check.settled else None,
    )


def _seen(order: Order | None) -> str:
    if order is None:
        return "最近的订单里没有看到相关的付款。"
    paid = f"{order.paid_at:%m-%d %H:%M} 收到付款" if order.paid_at else "没有收到付款通知"
    told = f"订单 {order.number} {order.state.label}，{yuan(order.amount_fen)} 元，{payment(order)}，{paid}"
    back = "".join(
        f"；已退 {yuan(refund.amount_fen)} 元到{refund.method.label}（{refund.state.label}）"
        for refund in order.refunds
    )
    return f"{told}{back}。"
