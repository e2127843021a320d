"""The shop's tickets: what was reported, and how it is going."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller

TEXT_LENGTH = 2000


@dataclass(frozen=True)
class Ticket:
    """A ticket. `state` and `priority` are the shop's words; `due_at` is ISO 8601 or None; `news` its last comment.

    `added`: whether more was said to it after it was opened.
    """

    number: str
    subject: str
    state: str
    state_code: str
    priority: str
    due_at: str | None
    news: str
    order_number: str | None = None
    priority_code: str = "normal"
    kind: str = ""
    added: bool = False


@dataclass(frozen=True)
class Complaint:
    """What somebody complains of. `sentiment` is the assistant's reading; transcript as in `handoff.transcript`."""

    text: str
    subject: str
    sentiment: str
    order_number: str | None
    conversation_id: str
    transcript: list[dict[str, str]]


@dataclass(frozen=True)
class ComplaintLook:
    """How the shop would take a complaint.

    Attributes:
        bare: nothing of what happened is told yet. needs_order: worth asking which order it is about.
        grade: normal, urgent, major.
        remedy: urge_shipping, urge_parcel, report_parcel, send_back, refund_status; empty where nothing can be started.
    """

    bare: bool
    needs_order: bool
    grade: str
    remedy: str


class TicketGateway(Protocol):
    """Port to the ticket system. All calls see only `caller.customer`'s tickets."""

    def get(self, caller: Caller, number: str) -> Ticket:
        """One ticket. Raises NotFound."""

    def open(
        self, caller: Caller, kind: str, subject: str, text: str, order_number: str | None, conversation_id: str
    ) -> Ticket:
        """Open a ticket; of `repeated_contact` and `refund_dispute` an order has one at a time."""

    def look(self, caller: Caller, text: str, sentiment: str, order_number: str | None) -> ComplaintLook:
        """How a complaint would be taken; nothing is filed."""

    def complain(self, caller: Caller, complaint: Complaint) -> Ticket:
        """File a complaint, graded by the shop's rules; the same matter again is `added` to the open one."""

    def add(self, caller: Caller, number: str, text: str) -> Ticket:
        """Add the customer's words. Raises Rejected (`ticket_closed`)."""

    def withdraw(self, caller: Caller, number: str) -> Ticket:
        """Take a complaint back. Raises Rejected (`ticket_closed`, `ticket_not_complaint`)."""

    def urge(self, caller: Caller, number: str) -> Ticket:
        """Press for it. Raises Rejected (`ticket_urge_limit`, `ticket_closed`)."""


class HttpTickets:
    """`TicketGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def get(self, caller: Caller, number: str) -> Ticket:
        return _ticket(self._http.get(f"/tickets/{number}", caller))

    def open(
        self, caller: Caller, kind: str, subject: str, text: str, order_number: str | None, conversation_id: str
    ) -> Ticket:
        body = {
            "kind": kind,
            "subject": subject,
            "text": text,
            "order_number": order_number,
            "conversation_id": conversation_id,
        }
        return _ticket(self._http.post("/tickets", caller, body))

    def look(self, caller: Caller, text: str, sentiment: str, order_number: str | None) -> ComplaintLook:
        body = {"text": text[:TEXT_LENGTH] or " ", "sentiment": sentiment, "order_number": order_number}
        told = self._http.post("/tickets/complaint-look", caller, body)
        return ComplaintLook(told["is_bare"], told["needs_order"], told["grade_code"], told.get("remedy") or "")

    def complain(self, caller: Caller, complaint: Complaint) -> Ticket:
        body = {
            "kind": "complaint",
            "subject": complaint.subject,
            "text": complaint.text[:TEXT_LENGTH],
            "order_number": complaint.order_number,
            "conversation_id": complaint.conversation_id,
            "sentiment": complaint.sentiment,
            "transcript": complaint.transcript,
        }
        return _ticket(self._http.post("/tickets", caller, body))

    def add(self, caller: Caller, number: str, text: str) -> Ticket:
        return _ticket(self._http.post(f"/tickets/{number}/comments", caller, {"text": text[:TEXT_LENGTH]}))

    def withdraw(self, caller: Caller, number: str) -> Ticket:
        return _ticket(self._http.post(f"/tickets/{number}/withdraw", caller, {}))

    def urge(self, caller: Caller, number: str) -> Ticket:
        return _ticket(self._http.post(f"/tickets/{number}/urge", caller, {}))


def _ticket(data: dict[str, Any]) -> Ticket:
    comments = data.get("comments") or []
    return Ticket(
        number=data["number"],
        subject=data["subject"],
        state=data["state"],
        state_code=data["state_code"],
        priority=data["priority"],
        priority_code=data["priority_code"],
        due_at=data.get("due_at"),
        news=comments[-1]["text"] if comments else "",
        order_number=data.get("order_number"),
        kind=data.get("kind") or "",
        added=len(comments) > 1,
    )
