"""The service desk: people who take over a conversation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Handoff:
    """A conversation waiting for, or held by, a person.

    Attributes:
        position: place in the queue, 1-based; None once taken or outside working hours.
        in_hours: whether people are at work now.
        ticketed: whether nobody takes over now and a ticket stands for the conversation.
        answer_by: with a ticket, until when a person answers: the shop's one promise, to be told as it is.
    """

    id: str
    ticket_number: str
    position: int | None
    in_hours: bool
    ticketed: bool = False
    answer_by: str | None = None


@dataclass(frozen=True)
class Said:
    """A message of the customer's on its way to the person.

    Attributes:
        message_id: what a repeat is recognised by.
        at_ms: milliseconds since 1970, UTC.
        media: pictures, `{"id", "type", "path"}` each.
        sentiment: how the assistant reads it.
    """

    message_id: str
    text: str
    at_ms: int
    media: tuple[dict[str, str], ...] = ()
    sentiment: str | None = None


@dataclass(frozen=True)
class HandoffRequest:
    """What the person who takes over is to know.

    Attributes:
        reason: customer_asked, danger (a grave ticket), angry, not_understood, or the shop's own word.
        sentiment: the strongest mood of the talk.
        transcript: the last messages, oldest first: `{"who": "customer"|"assistant"|"agent", "text", "time", "media"}`.
        tags: the intents the customer came with.
        slots: what was gathered so far.
    """

    conversation_id: str
    reason: str
    intent: str | None = None
    sentiment: str | None = None
    transcript: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)


class DeskGateway(Protocol):
    """Port to the service desk. `caller.customer` may be None: visitors may ask for a person too."""

    def hand_over(self, caller: Caller, wanted: HandoffRequest) -> Handoff:
        """Queue the conversation for a person; a second call answers the one that is open."""

    def relay(self, caller: Caller, handoff_id: str, said: list[Said]) -> Handoff:
        """Give the person what the customer wrote; what they have already changes nothing. Answers how it stands.

        Raises NotFound or Rejected (`handoff_closed`) where no person has the conversation any more.
        """

    def leave(self, caller: Caller, handoff_id: str) -> None:
        """The customer waits no longer. Raises Rejected (`handoff_taken`) where a person has taken over meanwhile."""

    def find(self, caller: Caller, handoff_id: str) -> Handoff:
        """How a handoff stands. Raises NotFound."""


class HttpDesk:
    """`DeskGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def hand_over(self, caller: Caller, wanted: HandoffRequest) -> Handoff:
        body: dict[str, Any] = {
            "conversation_id": wanted.conversation_id,
            "reason": wanted.reason,
            "intent": wanted.intent,
            "sentiment": wanted.sentiment,
            "transcript": wanted.transcript,
            "tags": wanted.tags,
            "slots": wanted.slots,
        }
        return _handoff(self._http.post("/handoffs", caller, body))

    def relay(self, caller: Caller, handoff_id: str, said: list[Said]) -> Handoff:
        messages = [{**asdict(each), "media": list(each.media)} for each in said]
        return _handoff(self._http.post(f"/handoffs/{handoff_id}/messages", caller, {"messages": messages}))

    def leave(self, caller: Caller, handoff_id: str) -> None:
        self._http.post(f"/handoffs/{handoff_id}/leave", caller, {})

    def find(self, caller: Caller, handoff_id: str) -> Handoff:
        return _handoff(self._http.get(f"/handoffs/{handoff_id}", caller))


def _handoff(answer: dict[str, Any]) -> Handoff:
    return Handoff(
        str(answer["id"]),
        str(answer["ticket_number"]),
        answer.get("position"),
        bool(answer.get("in_hours")),
        answer.get("state_code") == "ticketed",
        answer.get("answer_by"),
    )
