"""Handoff: a person takes over, knowing what was said."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions import wiring
from actions.base import CustomerAction, Turn, over

TRANSCRIPT_LENGTH = 40
TEXT_LENGTH = 500


class ActionHandoff(CustomerAction):
    """Queues the conversation for a person and gives the ticket number. Visitors may ask for one too."""

    visitors = True

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_handoff"

    async def work(self, turn: Turn) -> list[EventType]:
        """Hand over once; asking again tells the place in the queue."""
        handoff = await turn.call(
            wiring.gateways().desk.hand_over,
            turn.writer,
            turn.tracker.sender_id,
            "customer_asked",
            turn.intent or None,
            transcript(turn),
        )
        variant = "queued" if handoff.in_hours and handoff.position else "closed" if not handoff.in_hours else ""
        turn.utter("utter_handoff", variant, ticket=handoff.ticket_number, position=handoff.position)
        return [*over(), SlotSet("handoff_id", handoff.id)]


def transcript(turn: Turn) -> list[dict[str, str]]:
    """The conversation's last messages, oldest first: `{"who": "customer"|"assistant", "text": …}`."""
    said = [
        {"who": "customer" if event["event"] == "user" else "assistant", "text": event["text"][:TEXT_LENGTH]}
        for event in turn.tracker.events
        if event["event"] in ("user", "bot") and event.get("text")
    ]
    return said[-TRANSCRIPT_LENGTH:]
