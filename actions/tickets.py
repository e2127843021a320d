"""Tickets: how an earlier report is going, adding to it, pressing for it."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction

from actions import focus, wiring
from actions.base import CustomerAction, Turn, over
from actions.facts import facts
from actions.forms import Ask, Form
from actions.gateways.belongings import TICKET, Thing
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.tickets import Ticket
from actions.order_states import past
from actions.readings import captured
from actions.references import MORE, belongings, find, kept, offered, one_of, page, settled

STATUS, ADD, URGE = "status", "add", "urge"
CALLS = "calls"  # the cue of who wants to be rung at a time
HEARD = "CommandReader"  # what made an entity of what no word names
ENDED = ("solved", "closed")
PAYMENT, CHECKING = "payment_problem", "checking"
"""The kind of a ticket about a payment, and how that payment stands while somebody looks."""
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
        if number and number != MORE:
            filled["tickets_number"] = str(number)
        elif turn.slot("tickets_number") is None and filled.get("tickets_wish", wish) != STATUS:
            filled |= await self._meant(turn)
        if turn.cue(CALLS) is not None and filled.get("tickets_wish") == ADD:
            filled["tickets_text"] = turn.text.strip()  # 下午四点打给我: all that is to be added
        elif filled.get("tickets_wish") == ADD and turn.typed and (captured("tickets_more", turn.typed) or _unsaid(turn)):
            filled["tickets_text"] = turn.text.strip()  # 补充一下，我有录像: what is to be added stands beside the wish
        if self.asked(turn, "tickets_text") and turn.intent not in NO_WORDS and not turn.pressed:
            filled["tickets_text"] = turn.text.strip() or None
        return filled

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """The one that the words describe, or the only open one."""
        asked = self.asked(turn, "tickets_number")
        found = await find(turn, TICKET, wanted=is_open, asked=asked)
        filled = settled(turn, TICKET, "tickets_number", found, asked)
        if filled is not None:
            return filled
        still_open = [ticket for ticket in found.fits if ticket.open]
        told = turn.tracker.latest_message.get("reference") or {}
        another = told.get("names") or told.get("conditions")  # words that tell some other one
        spoken = None if another else _spoken_of(turn, still_open)
        number = spoken or (still_open[0].id if len(still_open) == 1 else None)
        return {"tickets_number": number} if number else {}


def _spoken_of(turn: Turn, tickets: list[Thing]) -> str | None:
    """Which of these the talk is about: the thing spoken of last, unless it is all of them or another that is asked for."""
    conditions = (turn.tracker.latest_message.get("reference") or {}).get("conditions") or []
    apart = turn.fresh or turn.cue("others") is not None or any(each["by"] in ("all", "other", "place") for each in conditions)
    newest = None if apart else next(iter(focus.of(turn)), None)
    told = newest is not None and newest.kind == "ticket" and any(ticket.id == newest.id for ticket in tickets)
    return newest.id if newest and told else None


def _unsaid(turn: Turn) -> bool:
    """Whether nothing in the words says that they are to be added: then all of them are."""
    found = turn.tracker.latest_message.get("entities") or []
    return any(each["entity"] == "tickets_wish" and each["value"] == ADD and each.get("extractor") == HEARD for each in found)


class AskTicketsNumber(Ask):
    """Offers the open tickets as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which one; with none open the form ends and its action says so."""
        tickets = await offered(turn, TICKET, is_open)
        if not tickets:
            return self.nothing()
        turn.utter("utter_ask_tickets_number", buttons=page(turn, "tickets_number", tickets))
        return kept(turn, TICKET, tickets)


class ActionTicketsStatus(CustomerAction):
    """What was wished: how a ticket is going (the named one, the only one, or a choice), words added, pressed for."""

    concludes = True
    gathered = ("tickets_wish", "tickets_number", "tickets_text")

    async def work(self, turn: Turn) -> list[EventType]:
        """Do it by the ticket system."""
        gateway = wiring.gateways().tickets
        wish, number, text = turn.slot("tickets_wish"), turn.slot("tickets_number"), turn.slot("tickets_text")
        if wish in (ADD, URGE) and not number:
            if any(is_open(ticket) for ticket in (await belongings(turn)).of_kind(TICKET)):
                raise Unavailable("the form ended without a ticket")
            if turn.cue(CALLS) is not None:  # nobody is at it yet: a person takes it up
                return [*over(*self.gathered), FollowupAction("action_handoff")]
            turn.utter("utter_tickets_none_open")
        elif wish == URGE:
            ticket = await turn.call(gateway.urge, turn.writer, number)
            turn.utter("utter_tickets_urged", **_told(ticket))
            speak_of(turn, ticket, URGE)
        elif wish == ADD:
            if not text:
                raise Unavailable("the form ended without words to add")
            await add(turn, number, text)
        else:
            return [*over(*self.gathered), *await self._tell(turn, number or turn.entity("tickets_number"))]
        return over(*self.gathered)

    async def _tell(self, turn: Turn, number: str | None) -> list[EventType]:
        tickets: list[Thing] = []
        if number in (None, MORE):
            tickets, number = await one_of(turn, TICKET, "tickets_number", is_open)
            number = number or _spoken_of(turn, tickets)
        if number is None and not tickets:
            turn.utter("utter_tickets_none")
        elif number is None:
            turn.utter("utter_tickets_which", buttons=page(turn, "tickets_number", tickets, "tickets_ask_status"))
            return kept(turn, TICKET, tickets)
        else:
            try:
                ticket = await turn.call(wiring.gateways().tickets.get, turn.reader, number)
            except NotFound:
                turn.utter("utter_tickets_not_found", number=number)
                return []
            turn.utter("utter_tickets_status", ticket.state_code, **_told(ticket))
            if ticket.kind == PAYMENT and ticket.state_code not in ENDED:  # when the money is back may be asked next
                about = ticket.order_number or ticket.number
                turn.before += focus.put(turn, "payment", about, "", CHECKING, [], ticket.order_number, ticket=ticket.number)
            speak_of(turn, ticket)
        return []

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, and forget the ticket."""
        super().rejected(turn, error)
        return over(*self.gathered)


async def add(turn: Turn, number: str, text: str) -> None:
    """Add words to an open ticket, and say so. May raise Rejected, GatewayError."""
    ticket = await turn.call(wiring.gateways().tickets.add, turn.writer, number, text)
    turn.utter("utter_tickets_added", **_told(ticket))
    speak_of(turn, ticket, ADD)


def is_open(ticket: Thing) -> bool:
    """Whether somebody is still at it."""
    return ticket.open


def speak_of(turn: Turn, ticket: Ticket, what: str = STATUS) -> None:
    """The ticket is what the talk is about now."""
    turn.before += focus.put(
        turn, "ticket", ticket.number, ticket.subject, what, _states(ticket), ticket.order_number
    )


@focus.looks_at("ticket")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How a ticket stands, and its facts."""
    ticket = await turn.call(wiring.gateways().tickets.get, turn.reader, spoken.id)
    return _states(ticket), _told(ticket)


def _states(ticket: Ticket) -> list[str]:
    late = past(ticket.due_at) and ticket.state_code not in ENDED
    return [*([f"{ticket.state_code}_late", "late"] if late else []), ticket.state_code]


def _told(ticket: Ticket) -> dict[str, Any]:
    return facts(ticket, "subject", "state", "news", ticket="number", due="due_at")
