"""Invoices as the API tells them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from backoffice.models import Invoice, Order
from backoffice.money import yuan
from backoffice.rules import invoices as rules
from backoffice.rules.facts import Decision
from backoffice.states import InvoiceState, SellerType
from backoffice.views.base import Money, Permission, Time, View, permission
from backoffice.views.orders import order_title


class InvoiceAllowedView(View):
    change: Permission
    resend: Permission


class InvoiceView(View):
    number: str = Field(examples=["FP202611210001"])
    order_number: str = Field(examples=["202611180001"])
    order_title: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    type: str = Field(examples=["数电普通发票"])
    type_code: str = Field(examples=["normal"])
    title_kind: str = Field(examples=["个人"])
    title_kind_code: str = Field(examples=["person"])
    title: str
    tax_id: str | None
    content: str = Field(examples=["商品明细"])
    content_code: str = Field(examples=["detail"])
    email: str | None
    amount: Money = Field(description="实际支付的货款和运费，不含券、灵犀币和礼品卡")
    state: str = Field(examples=["已开具"])
    state_code: str = Field(examples=["issued"])
    created_at: Time
    due_at: Time | None = Field(description="开具时限；订单完成前为空")
    issued_at: Time | None
    sent_at: Time | None
    changes: int
    next_step: str
    allowed: InvoiceAllowedView


class InvoiceCheckView(View):
    """Whether an invoice could be made out like that, before anything is done."""

    heading: Permission
    doubtful: bool = Field(description="税号格式对，但校验码对不上，多半是抄错了一位")


class InvoicePage(View):
    items: list[InvoiceView]
    total: int


_NEXT_STEPS = {
    InvoiceState.WAITING: "订单完成后 24 小时内自动开具（专用发票 3 个工作日）；想早点拿到，可以先确认收货。",
    InvoiceState.ISSUING: "正在开具，开出后会自动发送，也可以在发票中心下载。",
    InvoiceState.MERCHANT: "由商家在 7 天内开具；超时没有开出的，可以发起发票投诉。",
    InvoiceState.ISSUED: "已开具，可以在发票中心下载，也可以重新发送到邮箱。",
    InvoiceState.CHANGING: "3 个工作日内开出新票，旧票自动红冲作废。",
    InvoiceState.VOIDED: "已红冲作废。",
}


def invoice_view(invoice: Invoice, order: Order, today: date) -> InvoiceView:
    is_merchant = order.seller_type is SellerType.MERCHANT
    change = rules.changeable(invoice.state, is_merchant, invoice.issued_at, invoice.changes, today)
    return InvoiceView(
        number=invoice.number,
        order_number=invoice.order_number,
        order_title=order_title(order),
        type=invoice.type.label,
        type_code=invoice.type.value,
        title_kind=invoice.title_kind.label,
        title_kind_code=invoice.title_kind.value,
        title=invoice.title,
        tax_id=invoice.tax_id,
        content=invoice.content.label,
        content_code=invoice.content.value,
        email=invoice.email,
        amount=yuan(invoice.amount_fen),
        state=invoice.state.label,
        state_code=invoice.state.value,
        created_at=invoice.created_at,
        due_at=invoice.due_at,
        issued_at=invoice.issued_at,
        sent_at=invoice.sent_at,
        changes=invoice.changes,
        next_step=_NEXT_STEPS[invoice.state],
        allowed=InvoiceAllowedView(
            change=permission(change), resend=permission(rules.resendable(invoice.state))
        ),
    )


def check_view(verdict: Decision, doubtful: bool) -> InvoiceCheckView:
    return InvoiceCheckView(heading=permission(verdict), doubtful=doubtful)
