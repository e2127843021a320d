"""Invoices (document 05): all are electronic, for what was paid in money for goods and freight."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backoffice.clock import SHANGHAI
from backoffice.rules import policy
from backoffice.rules.facts import Decision, OrderFacts, allow, refuse
from backoffice.rules.workdays import add_workdays
from backoffice.states import InvoiceState, InvoiceTitleKind, InvoiceType, OrderState

CHANGES = 1
_TAX_ID = re.compile(r"^[0-9A-HJ-NPQRTUWXY]{18}$")
_TAX_ID_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_TAX_ID_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class Heading:
    """Whom an invoice is made out to."""

    type: InvoiceType
    title_kind: InvoiceTitleKind
    title: str
    tax_id: str | None


def requestable(order: OrderFacts, today: date) -> Decision:
    match order.state:
        case OrderState.UNPAID:
            return refuse("order_not_paid", "订单还没有付款，付款后才能申请发票。")
        case OrderState.CANCELLED:
            return refuse("order_cancelled", "订单已取消，不能开票。")
    if order.has_invoice:
        return refuse("invoice_exists", "这笔订单已经有发票了，可以查看、换开或重新发送。")
    if invoice_fen(order) <= 0:
        if order.refunded_fen:
            return refuse("invoice_refunded", "已经退款的商品不能补开发票。")
        return refuse(
            "invoice_nothing_to_invoice", "礼品卡支付的部分买卡时已开过发票，这笔订单没有可开票的金额。"
        )
    if order.completed_at is not None:
        deadline = order.completed_at.date() + timedelta(days=policy.INVOICE_REQUEST_DAYS)
        if today > deadline:
            return refuse(
                "invoice_window_passed",
                "订单完成已超过 1 年，不能自助补开。请转人工登记，5 个工作日内答复。",
                deadline,
            )
        return allow(deadline)
    return allow()


def heading_allowed(heading: Heading, special_qualified: bool) -> Decision:
    if heading.type is InvoiceType.SPECIAL:
        if heading.title_kind is InvoiceTitleKind.PERSON:
            return refuse("invoice_special_company_only", "专用发票只能开给单位，个人请选普通发票。")
        if not special_qualified:
            return refuse(
                "invoice_special_not_qualified",
                "开专用发票要先在“发票中心—专票资质”提交资料，1 个工作日内审核。",
            )
    if heading.title_kind is InvoiceTitleKind.COMPANY and not _TAX_ID.match(heading.tax_id or ""):
        return refuse(
            "invoice_tax_id_invalid", "单位发票要填 18 位纳税人识别号（统一社会信用代码），请核对后再提交。"
        )
    return allow()


def doubtful(tax_id: str) -> bool:
    """Whether the last character of a well-formed tax number does not follow from the others (GB 32100-2015):
    most likely a slip of the pen. Worth a second look, but no refusal: some units still have older numbers.
    """
    if not _TAX_ID.match(tax_id):
        return False
    *signs, last = map(_TAX_ID_SIGNS.index, tax_id)
    return last != -sum(sign * weight for sign, weight in zip(signs, _TAX_ID_WEIGHTS, strict=True)) % 31


def changeable(
    state: InvoiceState, is_merchant: bool, issued_at: datetime | None, changes: int, today: date
) -> Decision:
    """Free until issued; once within 180 days afterwards."""
    if is_merchant:
        return refuse("invoice_of_merchant", "商家订单的发票由商家开具，请联系商家修改。")
    if state is InvoiceState.VOIDED:
        return refuse("invoice_voided", "这张发票已经红冲，不能换开。")
    if state is InvoiceState.CHANGING:
        return refuse("invoice_changing", "这张发票正在换开，3 个工作日内开出新票。")
    if issued_at is None:
        return allow()
    deadline = issued_at.date() + timedelta(days=policy.INVOICE_CHANGE_DAYS)
    if today > deadline:
        return refuse("invoice_change_window_passed", "开票已超过 180 天，不能换开。", deadline)
    if changes >= CHANGES:
        return refuse(
            "invoice_change_limit", "每张发票免费换开 1 次，这张已经换开过。是我们填错的请转人工。", deadline
        )
    return allow(deadline)


def resendable(state: InvoiceState) -> Decision:
    if state is InvoiceState.ISSUED:
        return allow()
    if state is InvoiceState.VOIDED:
        return refuse("invoice_voided", "这张发票已经红冲，不能发送。")
    return refuse("invoice_not_issued", f"发票{state.label}，开出后会自动发送，也可以在发票中心下载。")


def invoice_fen(order: OrderFacts) -> int:
    """Gift cards were invoiced when bought; coupons and points are no money; refunds are taken off."""
    return order.amount_fen - order.gift_card_fen - order.refunded_fen


def first_state(order: OrderFacts) -> InvoiceState:
    if order.is_merchant:
        return InvoiceState.MERCHANT
    return InvoiceState.ISSUING if order.state is OrderState.COMPLETED else InvoiceState.WAITING


def due(invoice_type: InvoiceType, state: InvoiceState, start: datetime) -> datetime | None:
    """By when it is issued, from the moment the work can begin (`start`)."""
    match state:
        case InvoiceState.MERCHANT:
            return start + timedelta(days=policy.INVOICE_MERCHANT_DAYS)
        case InvoiceState.CHANGING:
            return _end_of_workday(start, policy.INVOICE_SPECIAL_WORKDAYS)
        case InvoiceState.ISSUING:
            if invoice_type is InvoiceType.SPECIAL:
                return _end_of_workday(start, policy.INVOICE_SPECIAL_WORKDAYS)
            return start + policy.INVOICE_WITHIN
        case _:
            return None


def _end_of_workday(start: datetime, days: int) -> datetime:
    return datetime.combine(add_workdays(start.date(), days), time(18, 0), SHANGHAI)
