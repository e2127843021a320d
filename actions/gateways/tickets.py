"""The shop's tickets: what was reported, and how it is going."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Ticket:
    """A ticket. `state` and `priority` are the shop's words; `due_at` is ISO 8601 or None; `news` its last comment."""

    number: str
    subject: str
    state: str
    state_code: str
    priority: str
    due_at: str | None
    news: str


class TicketGateway(Protocol):
    """Port to the ticket system. All calls see only `caller.customer`'s tickets."""

    def recent(self, caller: Caller, only_open: bool = False) -> list[Ticket]:
        """The customer's tickets, newest first."""

    def get(self, caller: Caller, number: str) -> Ticket:
        """One ticket. Raises NotFound."""

    def open(
        self, caller: Caller, kind: str, subject: str, text: str, order_number: str | None, conversation_id: str
    ) -> Ticket:
        """Open a ticket."""


class HttpTickets:
    """`TicketGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def recent(self, caller: Caller, only_open: bool = False) -> list[Ticket]:
        """See `TicketGateway.recent`."""
        answer = self._http.get("/tickets", caller, open="true" if only_open else None)
        return [_ticket(item) for item in answer["items"]]

    def get(self, caller: Caller, number: str) -> Ticket:
        """See `TicketGateway.get`."""
        return _ticket(self._http.get(f"/tickets/{number}", caller))

    def open(
        self, caller: Caller, kind: str, subject: str, text: str, order_number: str | None, conversation_id: str
    ) -> Ticket:
        """See `TicketGateway.open`."""
        body = {
            "kind": kind,
            "subject": subject,
            "text": text,
            "order_number": order_number,
            "conversation_id": conversation_id,
        }
        return _ticket(self._http.post("/tickets", caller, body))


def _ticket(data: dict[str, Any]) -> Ticket:
    comments = data.get("comments") or []
    return Ticket(
        number=data["number"],
        subject=data["subject"],
        state=data["state"],
        state_code=data["state_code"],
        priority=data["priority"],
        due_at=data.get("due_at"),
        news=comments[-1]["text"] if comments else "",
    )
