"""Tickets: how an earlier report is going, adding to it, pressing for it."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType

from actions import wiring
from actions.base import Button, CustomerAction, Turn, over
from actions.choice import chosen, option
from actions.facts import facts
from actions.forms import Ask, Form
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.tickets import Ticket

OFFERED = 5
STATUS, ADD, URGE = "status", "add", "urge"
NO_WORDS = ("chat_stop", "chat_deny", "chat_repeat", "chat_greet", "chat_goodbye", "handoff_request", "chat_ask_help")


class ValidateTicketsForm(Form):
    """What is wished of which ticket: its state needs no question, adding and urging need to know which one."""


    def slots(self, turn: Turn) -> list[str]:
        """A question about the state answers itself, with a choice where there are several."""
        wish = turn.slot("tickets_wish")
        return [] if wish == STATUS else ["tickets_number", *(["tickets_text"] if wish == ADD else [])]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The wish, the ticket, the words to add."""
        filled: dict[str, Any] = {}
        wish = turn.entity("tickets_wish") or (turn.slot("tickets_wish") or STATUS)
        if turn.intent in self.starts or not turn.slot("tickets_wish"):
            filled["tickets_wish"] = wish if wish in (ADD, URGE) else STATUS
        number = turn.entity("tickets_number")
        if number:
            filled["tickets_number"] = str(number)
        elif turn.slot("tickets_number") is None and filled.get("tickets_wish", wish) != STATUS:
            found = await self._meant(turn)
            if found:
                filled["tickets_number"] = found
        if self.asked(turn, "tickets_text") and turn.intent not in NO_WORDS and not turn.pressed:
            filled["tickets_text"] = turn.text.strip() or None
        return filled

    async def _meant(self, turn: Turn) -> str | None:
        """The only open one, or the one whose place or subject is said."""
        tickets = await turn.call(wiring.gateways().tickets.recent, turn.reader, True)
        if len(tickets) == 1:
            return tickets[0].number
        if not self.asked(turn, "tickets_number"):
            return None
        shown = tickets[:OFFERED]
        return chosen(turn, {t.number: t.subject for t in shown}, ends={t.number: t.number for t in shown})


class AskTicketsNumber(Ask):
    """Offers the open tickets as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which one; with none open the form ends and its action says so."""
        tickets = await turn.call(wiring.gateways().tickets.recent, turn.reader, True)
        if not tickets:
            return self.nothing()
        turn.utter("utter_ask_tickets_number", buttons=[_button(ticket, "chat_inform") for ticket in tickets[:OFFERED]])
        return []


class ActionTicketsStatus(CustomerAction):
    """What was wished: how a ticket is going (the named one, the only one, or a choice), words added, pressed for."""

    concludes = True
    gathered = ("tickets_wish", "tickets_number", "tickets_text")

    async def work(self, turn: Turn) -> list[EventType]:
        """Do it by the ticket system."""
        gateway = wiring.gateways().tickets
        wish, number, text = turn.slot("tickets_wish"), turn.slot("tickets_number"), turn.slot("tickets_text")
        if wish in (ADD, URGE) and not number:
            if await turn.call(gateway.recent, turn.reader, True):
                raise Unavailable("the form ended without a ticket")
            turn.utter("utter_tickets_none_open")
        elif wish == URGE:
            turn.utter("utter_tickets_urged", **_told(await turn.call(gateway.urge, turn.writer, number)))
        elif wish == ADD:
            if not text:
                raise Unavailable("the form ended without words to add")
            turn.utter("utter_tickets_added", **_told(await turn.call(gateway.add, turn.writer, number, text)))
        else:
            await self._tell(turn, number or turn.entity("tickets_number"))
        return over(*self.gathered)

    async def _tell(self, turn: Turn, number: str | None) -> None:
        gateway = wiring.gateways().tickets
        tickets: list[Ticket]
        if number:
            try:
                tickets = [await turn.call(gateway.get, turn.reader, number)]
            except NotFound:
                turn.utter("utter_tickets_not_found", number=number)
                return
        else:
            tickets = await turn.call(gateway.recent, turn.reader, True) or await turn.call(gateway.recent, turn.reader)
        if not tickets:
            turn.utter("utter_tickets_none")
        elif len(tickets) > 1:
            turn.utter("utter_tickets_which", buttons=[_button(t, "tickets_ask_status") for t in tickets[:OFFERED]])
        else:
            turn.utter("utter_tickets_status", tickets[0].state_code, **_told(tickets[0]))

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, and forget the ticket."""
        super().rejected(turn, error)
        return over(*self.gathered)


def _button(ticket: Ticket, intent: str) -> Button:
    return option("tickets_number", ticket.number, ticket.number, ticket.subject, ticket.state, intent=intent)


def _told(ticket: Ticket) -> dict[str, Any]:
    return facts(ticket, "subject", "state", "news", ticket="number", due="due_at")
