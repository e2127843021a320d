"""What the shop's books say about a payment that went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class PaymentCheck:
    """What was seen.

    Attributes:
        problem: the shop's word for what was reported.
        finding: notice_late, transfer_waiting, no_payment_seen, comes_back, refund_sent, refund_arrived, payment_seen,
            two_orders, one_payment_seen, settled, still_payable, order_lapsed, nothing_to_pay, top_up_waiting, top_up_late,
            nothing_seen.
        needs_person: whether somebody has to look at the flow of money.
        until: by when it should settle by itself; ISO 8601 or None.
        seen: one sentence for the person who looks.
        ticket, ticket_due: the open ticket about it, or None.
        settled, answer: the ticket about it that was answered lately, and what a person found.
    """

    problem: str
    finding: str
    needs_person: bool
    order_number: str | None
    title: str | None
    state: str | None
    amount: str | None
    method: str | None
    other_order: str | None
    until: str | None
    seen: str
    ticket: str | None
    ticket_due: str | None
    settled: str | None = None
    answer: str | None = None


class PaymentGateway(Protocol):
    """Port to the payments. All calls see only `caller.customer`'s."""

    def check(self, caller: Caller, problem: str, order_number: str | None) -> PaymentCheck:
        """Look; problem is paid_unpaid, charged_twice, failed, top_up or other. Raises NotFound."""


class HttpPayments:
    """`PaymentGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def check(self, caller: Caller, problem: str, order_number: str | None) -> PaymentCheck:
        data = self._http.get("/payments/check", caller, problem=problem, order_number=order_number)
        return PaymentCheck(
            problem=data["problem"],
            finding=data["finding_code"],
            needs_person=data["needs_person"],
            order_number=data.get("order_number"),
            title=data.get("order_title"),
            state=data.get("order_state"),
            amount=data.get("amount"),
            method=data.get("payment_method"),
            other_order=data.get("other_order_number"),
            until=data.get("until"),
            seen=data["seen"],
            ticket=data.get("ticket_number"),
            ticket_due=data.get("ticket_due"),
            settled=data.get("settled_ticket"),
            answer=data.get("settled_words"),
        )
