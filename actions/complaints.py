"""Complaints: taken down at once, in the customer's own words, with a number to keep."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions import wiring
from actions.base import CustomerAction, Turn, when


class ActionComplaintsFile(CustomerAction):
    """Files the complaint as a ticket."""

    subject_length = 60

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_complaints_file"

    async def work(self, turn: Turn) -> list[EventType]:
        """File it once, about the order just spoken of where there is one."""
        text = turn.text.strip()
        ticket = await turn.call(
            wiring.gateways().tickets.open,
            turn.writer,
            "complaint",
            text[: self.subject_length],
            text,
            turn.slot("orders_last"),
            turn.tracker.sender_id,
        )
        turn.utter("utter_complaints_filed", ticket=ticket.number, due=when(ticket.due_at))
        return []
