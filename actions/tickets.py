"""Tickets: how an earlier report is going."""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk.events import EventType

from actions import wiring
from actions.base import CustomerAction, Turn, button, when
from actions.gateways.tickets import Ticket


class ActionTicketsStatus(CustomerAction):
    """How a ticket is going: the named one, the only one, or a choice."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_tickets_status"

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer from the ticket system."""
        gateway = wiring.gateways().tickets
        named = turn.entity("tickets_number")
        tickets: list[Ticket]
        if named:
            tickets = [await turn.call(gateway.get, turn.reader, named)]
        else:
            tickets = await turn.call(gateway.recent, turn.reader, True) or await turn.call(gateway.recent, turn.reader)
        if not tickets:
            turn.utter("utter_tickets_none")
        elif len(tickets) > 1:
            turn.utter("utter_tickets_which", buttons=[_button(ticket) for ticket in tickets[:5]])
        else:
            turn.utter("utter_tickets_status", tickets[0].state_code, **_told(tickets[0]))
        return []


def _button(ticket: Ticket) -> dict[str, str]:
    title = f"{ticket.number} {ticket.subject} {ticket.state}"
    return button(title, "tickets_ask_status", json.dumps({"tickets_number": ticket.number}))


def _told(ticket: Ticket) -> dict[str, Any]:
    return {
        "ticket": ticket.number,
        "subject": ticket.subject,
        "state": ticket.state,
        "due": when(ticket.due_at),
        "news": ticket.news,
    }
