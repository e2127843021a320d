"""The shop's invoices: asked for, changed, sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller
from actions.gateways.orders import Rule


@dataclass(frozen=True)
class Heading:
    """Whom an invoice is made out to; None leaves a thing as it is (or as the shop usually has it).

    Attributes:
        type: normal or special; `kind`: person or company; `content`: detail or category.
    """

    type: str | None = None
    kind: str | None = None
    title: str | None = None
    tax_number: str | None = None
    content: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Checked:
    """Whether a heading would be accepted; `doubtful` where its tax number looks mistyped."""

    rule: Rule
    doubtful: bool


@dataclass(frozen=True)
class Invoice:
    """An invoice.

    Attributes:
        type, kind, state, content: the shop's words; their `…_code`s: normal, special; person, company; waiting, issuing,
            merchant, issued, changing, voided.
        due_at, issued_at, sent_at: ISO 8601, or None.
        change, resend: whether the shop's rules allow it now.
    """

    number: str
    order_number: str
    goods: str
    type: str
    type_code: str
    kind: str
    kind_code: str
    title: str
    tax_number: str | None
    content: str
    email: str | None
    amount: str
    state: str
    state_code: str
    due_at: str | None
    issued_at: str | None
    sent_at: str | None
    next_step: str
    change: Rule
    resend: Rule


class InvoiceGateway(Protocol):
    """Port to the invoices. All calls see only `caller.customer`'s invoices."""

    def check(self, caller: Caller, type_code: str, kind: str, tax_number: str | None) -> Checked:
        """Whether such a heading would be accepted; changes nothing."""

    def request(self, caller: Caller, order_number: str, heading: Heading) -> Invoice:
        """Ask for an invoice. Raises Rejected (`invoice_exists`, …)."""

    def get(self, caller: Caller, number: str) -> Invoice:
        """One invoice. Raises NotFound."""

    def change(self, caller: Caller, number: str, heading: Heading) -> Invoice:
        """Change it, or have a new one made. Raises Rejected."""

    def resend(self, caller: Caller, number: str, email: str | None) -> Invoice:
        """Send it again. Raises Rejected."""


class HttpInvoices:
    """`InvoiceGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def check(self, caller: Caller, type_code: str, kind: str, tax_number: str | None) -> Checked:
        answer = self._http.get("/invoices/check", caller, type=type_code, title_kind=kind, tax_id=tax_number)
        return Checked(_rule(answer["heading"]), bool(answer["doubtful"]))

    def request(self, caller: Caller, order_number: str, heading: Heading) -> Invoice:
        return _invoice(self._http.post("/invoices", caller, {"order_number": order_number, **_body(heading)}))

    def get(self, caller: Caller, number: str) -> Invoice:
        return _invoice(self._http.get(f"/invoices/{number}", caller))

    def change(self, caller: Caller, number: str, heading: Heading) -> Invoice:
        return _invoice(self._http.post(f"/invoices/{number}/change", caller, _body(heading)))

    def resend(self, caller: Caller, number: str, email: str | None) -> Invoice:
        return _invoice(self._http.post(f"/invoices/{number}/resend", caller, {"email": email}))


def _body(heading: Heading) -> dict[str, str | None]:
    return {
        "type": heading.type,
        "title_kind": heading.kind,
        "title": heading.title,
        "tax_id": heading.tax_number,
        "content": heading.content,
        "email": heading.email,
    }


def _rule(data: dict[str, Any]) -> Rule:
    return Rule(bool(data["ok"]), data.get("code") or "", data.get("detail") or "")


def _invoice(data: dict[str, Any]) -> Invoice:
    return Invoice(
        number=data["number"],
        order_number=data["order_number"],
        goods=data["order_title"],
        type=data["type"],
        type_code=data["type_code"],
        kind=data["title_kind"],
        kind_code=data["title_kind_code"],
        title=data["title"],
        tax_number=data.get("tax_id"),
        content=data["content"],
        email=data.get("email"),
        amount=data["amount"],
        state=data["state"],
        state_code=data["state_code"],
        due_at=data.get("due_at"),
        issued_at=data.get("issued_at"),
        sent_at=data.get("sent_at"),
        next_step=data.get("next_step") or "",
        change=_rule(data["allowed"]["change"]),
        resend=_rule(data["allowed"]["resend"]),
    )
