"""Invoices: asking for one, changing it, sending it again."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.effects import find
from backoffice.effects.facts import order_facts
from backoffice.effects.work import Work
from backoffice.models import Invoice
from backoffice.numbers import next_number
from backoffice.problems import refused
from backoffice.rules import invoices as rules
from backoffice.states import InvoiceContent, InvoiceState, InvoiceTitleKind, InvoiceType


@dataclass(frozen=True)
class InvoiceWish:
    """What a customer fills in; None keeps what is there (or the usual, for a new one)."""

    type: InvoiceType | None = None
    title_kind: InvoiceTitleKind | None = None
    title: str | None = None
    tax_id: str | None = None
    content: InvoiceContent | None = None
    email: str | None = None


def request(work: Work, order_number: str, wish: InvoiceWish) -> Invoice:
    """Opens an invoice; it is issued by itself when the order is completed and the work done."""
    order = find.order(work.session, work.customer.id, order_number, lock=True)
    facts = order_facts(order)
    if not (verdict := rules.requestable(facts, work.today)).ok:
        raise refused(verdict)
    heading = rules.Heading(
        type=wish.type or InvoiceType.NORMAL,
        title_kind=wish.title_kind or InvoiceTitleKind.PERSON,
        title=wish.title or work.customer.name,
        tax_id=wish.tax_id,
    )
    if not (verdict := rules.heading_allowed(heading, work.customer.special_invoice_qualified)).ok:
        raise refused(verdict)
    state = rules.first_state(facts)
    invoice = Invoice(
        number=next_number(work.session, Invoice.number, "FP", work.today),
        customer_id=work.customer.id,
        order_number=order.number,
        open_key=order.number,
        content=wish.content or InvoiceContent.DETAIL,
        email=wish.email,
        amount_fen=rules.invoice_fen(facts),
        state=state,
        created_at=work.now,
        due_at=rules.due(heading.type, state, work.now),
        changes=0,
    )
    _put(invoice, heading)
    order.invoices.append(invoice)
    work.session.flush()
    return invoice


def change(work: Work, number: str, wish: InvoiceWish) -> Invoice:
    """Before it is issued the entries change at once; afterwards a new one replaces it within 3 workdays."""
    invoice = find.invoice(work.session, work.customer.id, number, lock=True)
    order = find.order(work.session, work.customer.id, invoice.order_number)
    verdict = rules.changeable(
        invoice.state, order_facts(order).is_merchant, invoice.issued_at, invoice.changes, work.today
    )
    if not verdict.ok:
        raise refused(verdict)
    title_kind = wish.title_kind or invoice.title_kind
    heading = rules.Heading(
        type=wish.type or invoice.type,
        title_kind=title_kind,
        title=wish.title or invoice.title,
        tax_id=wish.tax_id or invoice.tax_id,
    )
    if not (verdict := rules.heading_allowed(heading, work.customer.special_invoice_qualified)).ok:
        raise refused(verdict)
    _put(invoice, heading)
    invoice.content = wish.content or invoice.content
    invoice.email = wish.email or invoice.email
    if invoice.issued_at is not None:
        invoice.changes += 1
        invoice.state = InvoiceState.CHANGING
    if invoice.state is not InvoiceState.WAITING:
        invoice.due_at = rules.due(invoice.type, invoice.state, work.now)
    return invoice


def resend(work: Work, number: str, email: str | None) -> Invoice:
    invoice = find.invoice(work.session, work.customer.id, number, lock=True)
    if not (verdict := rules.resendable(invoice.state)).ok:
        raise refused(verdict)
    invoice.email = email or invoice.email
    invoice.sent_at = work.now
    return invoice


def _put(invoice: Invoice, heading: rules.Heading) -> None:
    invoice.type = heading.type
    invoice.title_kind = heading.title_kind
    invoice.title = heading.title
    invoice.tax_id = heading.tax_id if heading.title_kind is InvoiceTitleKind.COMPANY else None
