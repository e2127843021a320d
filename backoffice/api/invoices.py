"""Invoices: asking, changing, sending again."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backoffice.api.context import READS, WRITES, CustomerReading, CustomerWriting
from backoffice.api.inputs import Body, InvoicePath, Limit, Offset, OrderNumber, Printable
from backoffice.api.routing import Router
from backoffice.effects import find, invoices
from backoffice.effects.invoices import InvoiceWish
from backoffice.effects.work import Work
from backoffice.models import Invoice, Order
from backoffice.rules import invoices as rules
from backoffice.states import InvoiceContent, InvoiceTitleKind, InvoiceType
from backoffice.views.invoices import InvoiceCheckView, InvoicePage, InvoiceView, check_view, invoice_view

router = Router(prefix="/invoices", tags=["invoices"])

Email = Annotated[
    str, StringConstraints(max_length=120, pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
]


class HeadingBody(Body):
    type: InvoiceType | None = Field(default=None, description="normal 普通发票，special 专用发票")
    title_kind: InvoiceTitleKind | None = Field(default=None, description="person 个人，company 单位")
    title: Annotated[str, StringConstraints(min_length=1, max_length=100), Printable] | None = Field(
        default=None, description="个人姓名或单位全称", examples=["示例科技有限公司"]
    )
    tax_id: Annotated[str, StringConstraints(max_length=18, pattern=r"^[0-9A-Z]+$")] | None = Field(
        default=None, description="单位的 18 位纳税人识别号", examples=["91330100MA00000000"]
    )
    content: InvoiceContent | None = Field(default=None, description="detail 商品明细，category 大类")
    email: Email | None = Field(default=None, examples=["buyer@example.com"])


class InvoiceBody(HeadingBody):
    order_number: OrderNumber


class ResendBody(Body):
    email: Email | None = Field(default=None, description="不填则发到原来的邮箱", examples=["me@example.com"])


@router.post("", status_code=201, summary="申请发票", responses=WRITES, response_model=InvoiceView)
def create_invoice(body: InvoiceBody, once: CustomerWriting) -> Response:
    wish = InvoiceWish(**body.model_dump(exclude={"order_number"}))

    def effect(work: Work) -> tuple[int, InvoiceView]:
        return 201, _told(work.session, invoices.request(work, body.order_number, wish), work.today)

    return once(body, effect)


@router.get("", summary="客户的发票，新的在前", responses=READS)
def list_invoices(
    look: CustomerReading,
    order_number: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z]{1,16}$")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> InvoicePage:
    mine = [Invoice.customer_id == look.customer.id]
    if order_number:
        numbers = select(Order.number).where(
            (Order.number == order_number) | (Order.legacy_number == order_number)
        )
        mine.append(Invoice.order_number.in_(numbers))
    total = look.session.scalar(select(func.count()).select_from(Invoice).where(*mine)) or 0
    page = select(Invoice).where(*mine).order_by(Invoice.created_at.desc(), Invoice.number.desc())
    found = look.session.scalars(page.limit(limit).offset(offset))
    return InvoicePage(
        items=[_told(look.session, invoice, look.now.date()) for invoice in found], total=total
    )


@router.get("/check", summary="这样的抬头能不能开（不改动任何东西）", responses=READS)
def check_heading(
    look: CustomerReading,
    type: Annotated[InvoiceType, Query()] = InvoiceType.NORMAL,
    title_kind: Annotated[InvoiceTitleKind, Query()] = InvoiceTitleKind.PERSON,
    tax_id: Annotated[str | None, Query(max_length=30, pattern=r"^[0-9A-Z]+$")] = None,
) -> InvoiceCheckView:
    heading = rules.Heading(type=type, title_kind=title_kind, title="", tax_id=tax_id)
    verdict = rules.heading_allowed(heading, look.customer.special_invoice_qualified)
    return check_view(verdict, rules.doubtful(tax_id or ""))


@router.get("/{number}", summary="一张发票", responses=READS)
def get_invoice(number: InvoicePath, look: CustomerReading) -> InvoiceView:
    return _told(look.session, find.invoice(look.session, look.customer.id, number), look.now.date())


@router.post(
    "/{number}/change",
    summary="修改或换开发票",
    description="开票前直接修改；开票后 180 天内免费换开 1 次，3 个工作日内开出新票。",
    responses=WRITES,
    response_model=InvoiceView,
)
def change_invoice(number: InvoicePath, body: HeadingBody, once: CustomerWriting) -> Response:
    def effect(work: Work) -> tuple[int, InvoiceView]:
        changed = invoices.change(work, number, InvoiceWish(**body.model_dump()))
        return 200, _told(work.session, changed, work.today)

    return once(body, effect)


@router.post("/{number}/resend", summary="重新发送发票", responses=WRITES, response_model=InvoiceView)
def resend_invoice(number: InvoicePath, once: CustomerWriting, body: ResendBody | None = None) -> Response:
    def effect(work: Work) -> tuple[int, InvoiceView]:
        sent = invoices.resend(work, number, body.email if body else None)
        return 200, _told(work.session, sent, work.today)

    return once(body, effect)


def _told(session: Session, invoice: Invoice, today: date) -> InvoiceView:
    return invoice_view(invoice, session.get_one(Order, invoice.order_number), today)
