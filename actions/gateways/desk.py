"""The service desk: people who take over a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Handoff:
    """A conversation waiting for, or held by, a person.

    Attributes:
        position: place in the queue, 1-based; None once taken or outside working hours.
        in_hours: whether people are at work now.
    """

    id: str
    ticket_number: str
    position: int | None
    in_hours: bool


class DeskGateway(Protocol):
    """Port to the service desk. `caller.customer` may be None: visitors may ask for a person too."""

    def hand_over(
        self, caller: Caller, conversation_id: str, reason: str, intent: str | None, transcript: list[dict[str, str]]
    ) -> Handoff:
        """Queue the conversation for a person; a second call answers the one that is open."""


class HttpDesk:
    """`DeskGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def hand_over(
        self, caller: Caller, conversation_id: str, reason: str, intent: str | None, transcript: list[dict[str, str]]
    ) -> Handoff:
        """See `DeskGateway.hand_over`."""
        body: dict[str, Any] = {
            "conversation_id": conversation_id,
            "reason": reason,
            "intent": intent,
            "transcript": transcript,
        }
        answer = self._http.post("/handoffs", caller, body)
        return Handoff(
            str(answer["id"]), str(answer["ticket_number"]), answer.get("position"), bool(answer.get("in_hours"))
        )
