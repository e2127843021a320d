"""Invoices of the crowd, by document 05: for completed orders, and some chosen while ordering."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from backoffice.effects.facts import order_facts
from backoffice.models import Customer, Invoice, Order
from backoffice.rules import invoices
from backoffice.seed.numbers import Numbers
from backoffice.seed.orders import Purchase
from backoffice.seed.people import Words
from backoffice.states import InvoiceContent, InvoiceState, InvoiceTitleKind, InvoiceType, OrderState

COMPANY_TAX_ID = "91110000MA00000A1X"
"""Of the right shape and nobody's."""
_SHARE = 0.3
_MERCHANT_TAKES = timedelta(days=4)
_SHOP_TAKES = timedelta(hours=10)


def make_invoices(
    rng: Random,
    numbers: Numbers,
    now: datetime,
    purchases: Sequence[Purchase],
    customers: Sequence[Customer],
    words: Words,
) -> None:
    """For about a third of what was paid for; businesses want one for everything."""
    by_id = {customer.id: customer for customer in customers}
    for purchase in purchases:
        order = purchase.order
        customer = by_id[order.customer_id]
        business = order.is_enterprise
        if order.paid_at is None or order.state is OrderState.CANCELLED or order.returns:
            continue
        if business or rng.random() < _SHARE:
            company = rng.choice(words.companies) if business or rng.random() < 0.15 else None
            special = business and customer.special_invoice_qualified
            make_invoice(numbers, now, order, customer, company, special)


def make_invoice(
    numbers: Numbers,
    now: datetime,
    order: Order,
    customer: Customer,
    company: str | None = None,
    special: bool = False,
) -> Invoice | None:
    """Asked for when the order was paid; None where nothing can be invoiced."""
    judged = order_facts(order)
    amount_fen = invoices.invoice_fen(judged)
    if amount_fen <= 0 or order.paid_at is None:
        return None
    kind = InvoiceType.SPECIAL if special else InvoiceType.NORMAL
    state = invoices.first_state(judged)
    start = order.completed_at or order.paid_at
    takes = _MERCHANT_TAKES if state is InvoiceState.MERCHANT else _SHOP_TAKES
    issued_at = start + takes if state is not InvoiceState.WAITING and start + takes <= now else None
    invoice = Invoice(
        number=numbers.take("FP", order.paid_at),
        customer_id=order.customer_id,
        open_key=order.number,
        type=kind,
        title_kind=InvoiceTitleKind.COMPANY if company else InvoiceTitleKind.PERSON,
        title=company or customer.name,
        tax_id=COMPANY_TAX_ID if company else None,
        content=InvoiceContent.DETAIL,
        email=f"{customer.id.lower()}@lingxi.example",
        amount_fen=amount_fen,
        state=InvoiceState.ISSUED if issued_at else state,
        created_at=order.paid_at,
        due_at=invoices.due(kind, state, start),
        issued_at=issued_at,
        sent_at=issued_at,
    )
    order.invoices.append(invoice)
    return invoice
