"""Complaints: taken down at once, in the customer's own words, with a number to keep; the grave ones go to a person."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import wiring
from actions.base import ANGRY, REQUESTED_SLOT, CustomerAction, Turn, over
from actions.choice import chosen
from actions.forms import Ask, Form
from actions.gateways.errors import NotFound, Unavailable
from actions.gateways.tickets import Complaint
from actions.handoff import transcript
from actions.order_form import AskOrdersNumber, order_button, shown

NO_ORDER = "none"
GRAVE = ("urgent", "major")
SURE = 0.35  # from here on a sentence is believed to be a complaint; below, the customer is asked first
MOODS = ("satisfied", "neutral", "dissatisfied", "angry")
# What is said while the form waits for the story and is none.
NO_STORY = (
    "chat_greet", "chat_goodbye", "chat_thank", "chat_affirm", "chat_deny", "chat_stop", "chat_repeat", "chat_ask_help",
    "chat_bot_challenge", "handoff_request", "tickets_ask_status",
)  # fmt: skip


class ValidateComplaintsForm(Form):
    """Which order, if any, and what happened; a sentence that tells it needs no question."""


    async def fill(self, turn: Turn) -> dict[str, Any]:
        """Take what the sentence holds; ask only for what helps."""
        filled: dict[str, Any] = {"complaints_mood": worst(turn.slot("complaints_mood"), sentiment(turn))}
        if self.asked(turn, "complaints_order"):
            return {**filled, **await self._about(turn)}
        if self.asked(turn, "complaints_text"):
            if turn.intent in NO_STORY or turn.pressed:
                return {}
            return {**filled, **await self._story(turn)}
        return {**filled, **await self._start(turn)}

    async def _start(self, turn: Turn) -> dict[str, Any]:
        number = await self._own(turn, turn.entity("orders_number"))
        filled: dict[str, Any] = {"complaints_order": number, "complaints_text": None}
        if turn.pressed or float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0) < SURE:
            return filled
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), number)
        if look.bare:
            return filled
        filled["complaints_text"] = turn.text.strip()
        if number is None and (turn.slot("orders_last") or not look.needs_order or look.grade in GRAVE):
            filled["complaints_order"] = turn.slot("orders_last") or NO_ORDER
        return filled

    async def _about(self, turn: Turn) -> dict[str, Any]:
        """The order by its button, number, place or goods; a no skips it, a story is taken for the story."""
        offered: list[dict[str, str]] = turn.slot("orders_offered") or []
        number = await self._own(turn, turn.entity("orders_number"))
        if number is None:
            number = chosen(turn, {each["number"]: each["title"] for each in offered})
        if number:
            return {"complaints_order": number}
        if turn.intent == "chat_deny":
            return {"complaints_order": NO_ORDER}
        story = {} if turn.intent in NO_STORY or turn.pressed else await self._story(turn)
        return {**story, "complaints_order": NO_ORDER} if story.get("complaints_text") else story

    async def _story(self, turn: Turn) -> dict[str, Any]:
        """The words, unless they say again only that somebody complains."""
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), None)
        return {"complaints_text": None if look.bare else turn.text.strip()}

    async def _own(self, turn: Turn, number: str | None) -> str | None:
        """The number, where it is one of the customer's orders."""
        if not number:
            return None
        try:
            return (await turn.call(wiring.gateways().orders.get, turn.reader, number)).number
        except NotFound:
            return None


class AskComplaintsOrder(Ask):
    """Offers the recent orders and a way past them; without orders the story is asked for."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        orders = await turn.call(wiring.gateways().orders.recent, turn.reader, (), AskOrdersNumber.offered)
        if orders:
            turn.utter("utter_ask_complaints_order", buttons=[order_button(order) for order in orders])
            return [shown(orders)]
        if turn.slot("complaints_text"):
            return [SlotSet("complaints_order", NO_ORDER), SlotSet(REQUESTED_SLOT, None)]
        turn.utter("utter_ask_complaints_text")
        return [SlotSet("complaints_order", NO_ORDER), SlotSet(REQUESTED_SLOT, "complaints_text")]


class ActionComplaintsFile(CustomerAction):
    """Files the complaint as a ticket graded by the shop, and offers what helps at once."""

    concludes = True
    soothes = False  # it apologises itself
    subject_length = 60

    async def work(self, turn: Turn) -> list[EventType]:
        """File it once; 紧急 and 重大 go to a person at once, with the ticket."""
        text, order = turn.slot("complaints_text"), turn.slot("complaints_order")
        if not text:
            raise Unavailable("the form ended without a complaint")
        number = None if order in (None, NO_ORDER) else str(order)
        mood = worst(turn.slot("complaints_mood"), sentiment(turn))
        gateway = wiring.gateways().tickets
        look = await turn.call(gateway.look, turn.reader, text, mood, number)
        subject = " ".join(text.split())[: self.subject_length]
        complaint = Complaint(text, subject, mood, number, turn.tracker.sender_id, transcript(turn))
        ticket = await turn.call(gateway.complain, turn.writer, complaint)
        grave = ticket.priority_code in GRAVE
        turn.utter("utter_complaints_filed", "grave" if grave else look.remedy, ticket=ticket.number, number=number or "")
        turn.tracker.slots["chat_requests"] = None  # what is complained of is no second request
        events = over("complaints_text", "complaints_order", "complaints_mood", "orders_offered", "chat_requests")
        if number:
            events.append(SlotSet("orders_last", number))
        if grave:
            escalate(turn, ticket.number, "complaint")
            events += handed_over(turn, None)
        return events


# ── handing over what is a person's ───────────────────────────────────────────


def escalate(turn: Turn, ticket: str, why: str) -> None:
    """Remember that this turn ends with a person, and with which ticket."""
    turn.tracker.slots["complaints_escalation"] = {"ticket": ticket, "why": why}


def handed_over(turn: Turn, before: Any) -> list[EventType]:
    """The events that give the conversation to a person, where `escalate` was called since `before` was read."""
    told = turn.slot("complaints_escalation")
    if told is None or told is before:
        return []
    return [SlotSet("complaints_escalation", told), FollowupAction("action_handoff")]


def sentiment(turn: Turn) -> str:
    """How the latest message sounds; a button says nothing."""
    told = turn.tracker.latest_message.get("sentiment") or {}
    name = told.get("name")
    if name == ANGRY and not told.get("angry", True):
        name = "dissatisfied"  # the label alone is not sure enough to grade a complaint by
    return name if name in MOODS else "neutral"


def worst(one: str | None, other: str) -> str:
    """The angrier of two."""
    return max(one or "satisfied", other, key=MOODS.index)
