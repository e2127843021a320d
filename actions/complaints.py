"""Complaints: taken down in the customer's own words where that is wanted, with a number to keep, and taken back."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import at_once, focus, pictures, spoken_of, tickets, wiring
from actions.base import ANGRY, REQUESTED_SLOT, CustomerAction, Turn, over, when
from actions.forms import Ask, Form
from actions.gateways.belongings import ORDER, TICKET, Thing
from actions.gateways.errors import NotFound, Unavailable
from actions.gateways.tickets import Complaint, Ticket
from actions.handoff import transcript
from actions.references import CHOICES, belongings, choices, find, kept, offered, one_of, page, pick, settled

NO_ORDER = "none"
GRAVE, GRAVEST = ("urgent", "major"), "major"
TALK, LATELY, MOST_TOLD = "utter_ask_complaints_agreed_talk", 4, 3
"""What reads back the matter just spoken of · for so many messages it is the one spoken of · so many of them tell of it."""
SAYS_SO = ("complaints_file", "complaints_withdraw", "chat_hold", "chat_take_back", "feedback_rate")
"""What tells nothing of the matter either."""
FORM, FILED = "complaints_form", "complaints_last"
WISHED = "complains"  # the cue of who says that it is to be filed, and not only: 再不发我就投诉
WITHDRAW = "complaints_withdraw"
MOODS = ("satisfied", "neutral", "dissatisfied", "angry")
# What is said while the form waits for the story and is none.
NO_STORY = (
    "chat_greet", "chat_goodbye", "chat_thank", "chat_affirm", "chat_deny", "chat_stop", "chat_repeat", "chat_ask_help",
    "chat_bot_challenge", "handoff_request", "tickets_ask_status",
)  # fmt: skip


class ValidateComplaintsForm(Form):
    """Whether it is to be filed at all, which order, if any, and what happened; what a sentence tells needs no question.

    A complaint is filed when the customer says so or agrees. The first account is its text, whatever answers later.
    """

    def slots(self, turn: Turn) -> list[str]:
        """What happened before which order: the words may name it. Nothing more is asked of who wants none filed."""
        return [] if turn.slot("complaints_agreed") is False else list(self.asks)

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """Take what the sentence holds; ask only for what helps."""
        filled: dict[str, Any] = {"complaints_mood": worst(turn.slot("complaints_mood"), sentiment(turn))}
        if self.asked(turn, "complaints_agreed"):
            return {**filled, **await self._agreed(turn)}
        filled["complaints_agreed"] = True  # or nothing more would have been asked
        if self.asked(turn, "complaints_order"):
            return {**filled, **await self._about(turn)}
        if self.asked(turn, "complaints_text"):
            if turn.intent in NO_STORY or turn.pressed:
                return {}
            return {**filled, **await self._story(turn), **await self._named(turn)}
        return {**filled, **await self._start(turn)}

    async def _named(self, turn: Turn) -> dict[str, Any]:
        """The order that the account names; none where nothing could be done about it."""
        if turn.slot("complaints_order"):
            return {}
        found = await find(turn, ORDER, spoken_of=turn.slot("orders_last"))
        number = await self._own(turn, turn.entity("orders_number")) or (found.one.id if found.one else None)
        if number or found.described:
            return {"complaints_order": number, **({} if found.missing or number else choices(ORDER, found))}
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), None)
        return {} if look.needs_order else {"complaints_order": NO_ORDER}

    def _of_talk(self, turn: Turn) -> dict[str, Any]:
        """What was just spoken of and what was said of it, for who only says that they complain; it is read back first."""
        spoken = next((each for each in focus.of(turn) if each.order), None)
        said = [str(e.get("text") or "") for e in turn.tracker.events if e["event"] == "user" and _tells(e)]
        if spoken is None or turn.fresh or spoken_of.messages(turn) - spoken.said > LATELY or not said[-MOST_TOLD:]:
            return {}
        words = "\n".join(said[-MOST_TOLD:])
        return {"complaints_agreed": None, "complaints_order": spoken.order, "complaints_text": words}

    async def _correct(self, turn: Turn, asked: str) -> dict[str, Any]:
        """不是这件: the matter that was read back is not meant, nor its order."""
        if turn.told("correct") and asked == "complaints_agreed" and turn.uttered(TALK, 1):
            return {"complaints_order": None}
        return await super()._correct(turn, asked)

    async def _start(self, turn: Turn) -> dict[str, Any]:
        found = await find(turn, ORDER, spoken_of=turn.slot("orders_last"))
        number = await self._own(turn, turn.entity("orders_number")) or (found.one.id if found.one else None)
        filled: dict[str, Any] = {"complaints_order": number, "complaints_text": None, CHOICES: None}
        if found.described and not found.one and not found.missing:
            filled |= choices(ORDER, found)
        if turn.pressed:
            return {**filled, "complaints_agreed": True}
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), number)
        # A threat with the authorities is filed at once: the shop has to know of it.
        # What is told after it was filed is more of the same: it goes to the ticket that is open.
        more = await self._filed_on(turn) if not found.described or number else None
        if more and number in (None, more.order_number):
            filled |= {"complaints_agreed": True, "complaints_order": more.order_number or NO_ORDER}
            return filled if look.bare else {**filled, "complaints_text": turn.text.strip()}
        filled["complaints_agreed"] = True if look.grade == GRAVEST or turn.cue(WISHED) is not None else None
        if look.bare:
            return filled if number or found.described else {**filled, **self._of_talk(turn)}
        filled["complaints_text"] = turn.text.strip()
        if filled["complaints_agreed"] is None:  # who is upset about something hears first how it stands
            await at_once.tell(turn, at_once.upset_about(turn))
        last = None if turn.fresh else turn.slot("orders_last")
        if number is None and not found.described and (last or not look.needs_order or look.grade in GRAVE):
            filled["complaints_order"] = last or NO_ORDER
        return filled

    async def _filed_on(self, turn: Turn) -> Ticket | None:
        """The complaint filed in this talk, while somebody is at it and the talk is of nothing else since."""
        spoken = next(iter(focus.of(turn)), None)
        if turn.slot(FILED) is None or spoken is None or spoken.kind != "ticket" or spoken.id != turn.slot(FILED):
            return None
        ticket = await turn.call(wiring.gateways().tickets.get, turn.reader, str(turn.slot(FILED)))
        return None if ticket.state_code in tickets.ENDED else ticket

    async def _agreed(self, turn: Turn) -> dict[str, Any]:
        """A yes, a no, or more of the story, which is kept while the question stands. A no to the matter that was read back asks
        for the one that is meant."""
        answer = self.confirmation(turn, "complaints_agreed")
        if turn.uttered(TALK, 1) and (answer.get("complaints_agreed") is False or turn.told("correct")):
            meant = {"complaints_agreed": True, "complaints_order": None, "complaints_text": None}
            turn.tracker.slots.update(meant)
            return {**meant, **({} if turn.pressed or turn.told("no") else await self._story(turn))}
        if answer.get("complaints_agreed") is not False and (turn.cue(WISHED) is not None or await self._gravest(turn)):
            answer = {"complaints_agreed": True}
        number = await self._own(turn, turn.entity("orders_number"))
        order = {"complaints_order": number} if number else {}
        story = await self._story(turn) if turn.intent in self.starts and not turn.pressed else {}
        return {**order, **story, **answer}

    async def _gravest(self, turn: Turn) -> bool:
        """Whether the words threaten with the authorities, a court or the press: the shop has to know of it."""
        if not turn.typed:
            return False
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), None)
        return look.grade == GRAVEST

    async def _about(self, turn: Turn) -> dict[str, Any]:
        """The order by its button, number, place or goods; a no skips it, what is told beside it is added to the story."""
        number = await self._own(turn, turn.entity("orders_number"))
        if number:
            return {"complaints_order": number}
        found = await find(turn, ORDER, spoken_of=turn.slot("orders_last"), asked=True)
        filled = None if found.missing else settled(turn, ORDER, "complaints_order", found, asked=True)
        if filled is not None:
            return filled
        if turn.intent == "chat_deny":
            return {"complaints_order": NO_ORDER}
        before = turn.slot("complaints_text")
        story = {} if turn.intent in NO_STORY or turn.pressed else await self._story(turn)
        return {**story, "complaints_order": NO_ORDER} if story.get("complaints_text") not in (None, before) else {}

    async def _story(self, turn: Turn) -> dict[str, Any]:
        """The words after those told before; None where they say again only that somebody complains."""
        look = await turn.call(wiring.gateways().tickets.look, turn.reader, turn.text, sentiment(turn), None)
        before = turn.slot("complaints_text")
        if look.bare:
            return {"complaints_text": before}
        return {"complaints_text": "\n".join([*([before] if before else []), turn.text.strip()])}

    async def _own(self, turn: Turn, number: str | None) -> str | None:
        """The number, where it is one of the customer's orders."""
        if not number:
            return None
        try:
            return (await turn.call(wiring.gateways().orders.get, turn.reader, number)).number
        except NotFound:
            return None


class AskComplaintsAgreed(CustomerAction):
    """Asks whether a complaint is to be filed, or whether it is about the matter just spoken of, which is read back."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        number = turn.slot("complaints_order")
        spoken = next((each for each in focus.of(turn) if each.order == number), None)
        if turn.cue(WISHED) is not None and number and spoken:
            turn.utter(TALK, title=spoken.title, number=number)
        else:
            turn.utter("utter_ask_complaints_agreed")
        return []


class AskComplaintsOrder(Ask):
    """Offers the recent orders and a way past them; without orders it is about none."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        orders = await offered(turn, ORDER)
        if orders:
            turn.utter("utter_ask_complaints_order", buttons=page(turn, "orders_number", orders))
            return kept(turn, ORDER, orders)
        return [SlotSet("complaints_order", NO_ORDER), SlotSet(REQUESTED_SLOT, None)]


class ActionComplaintsFile(CustomerAction):
    """Files the complaint as a ticket graded by the shop, and offers what helps at once; or leaves it, where none is wanted."""

    concludes = True
    soothes = False  # it apologises itself
    subject_length = 60
    gathered = ("complaints_agreed", "complaints_text", "complaints_order", "complaints_mood", CHOICES, "chat_requests")

    async def work(self, turn: Turn) -> list[EventType]:
        """File it once; 重大 goes to a person at once, with the ticket; to who complains of what is 紧急 one is offered."""
        text, order = turn.slot("complaints_text"), turn.slot("complaints_order")
        if turn.slot("complaints_agreed") is False:
            turn.finished = False
            turn.utter("utter_complaints_left", "filed" if turn.slot(FILED) else "", ticket=turn.slot(FILED) or "")
            return over(*self.gathered)
        if not text:
            raise Unavailable("the form ended without a complaint")
        number = None if order in (None, NO_ORDER) else str(order)
        mood = worst(turn.slot("complaints_mood"), sentiment(turn))
        gateway = wiring.gateways().tickets
        look = await turn.call(gateway.look, turn.reader, text, mood, number)
        subject = " ".join(text.split())[: self.subject_length]
        if number and number not in subject:
            about = turn.wording("utter_complaints_words_about") or ""
            subject = f"{subject}{about.format(number=number)}"
        complaint = Complaint(text, subject, mood, number, turn.tracker.sender_id, transcript(turn))
        ticket = await turn.call(gateway.complain, turn.writer, complaint)
        await pictures.attach(turn, ticket.number)
        gravest = ticket.priority_code == GRAVEST
        said = "utter_complaints_added" if ticket.added else "utter_complaints_filed"
        variant = "grave" if gravest else "urgent" if ticket.priority_code in GRAVE else look.remedy
        turn.utter(said, variant, ticket=ticket.number, number=number or "", due=when(ticket.due_at))
        tickets.speak_of(turn, ticket, "complain")
        turn.tracker.slots["chat_requests"] = None  # what is complained of is no second request
        events = [*over(*self.gathered), SlotSet(FILED, ticket.number)]
        if number:
            events.append(SlotSet("orders_last", number))
        if gravest:
            escalate(turn, ticket.number, "complaint")
            events += handed_over(turn, None)
        return events


class ActionComplaintsWithdraw(CustomerAction):
    """Takes a complaint back: the one being written down, the one filed in this talk, or the customer's only open one."""

    soothes = False

    async def work(self, turn: Turn) -> list[EventType]:
        """Withdraw what was meant; a question is only answered."""
        if (turn.tracker.active_loop or {}).get("name") == FORM:
            turn.utter("utter_complaints_left")
            return over(*ActionComplaintsFile.gathered)
        open_ones = [ticket for ticket in (await belongings(turn)).of_kind(TICKET) if _is_open_complaint(ticket)]
        if not open_ones:
            turn.utter("utter_complaints_none")
            return []
        spoken = len(turn.dispatcher.messages)
        choice, number = await one_of(turn, TICKET, "tickets_number", _is_open_complaint)
        filed = turn.slot(FILED) if len(turn.dispatcher.messages) == spoken else None  # what was described is another one
        known = [ticket.id for ticket in open_ones]
        named = next((n for n in (turn.entity("tickets_number"), number, filed) if n in known), None)
        if named is None:
            choice = [ticket for ticket in choice if ticket.id in known] or open_ones
            turn.utter("utter_complaints_which", buttons=page(turn, "tickets_number", choice, WITHDRAW))
            return kept(turn, TICKET, choice)
        if turn.asks:
            told = next(ticket for ticket in open_ones if ticket.id == named)
            turn.utter("utter_complaints_may_withdraw", buttons=[pick("tickets_number", told, WITHDRAW)], ticket=named)
            return []
        await turn.call(wiring.gateways().tickets.withdraw, turn.writer, named)
        turn.utter("utter_complaints_withdrawn", ticket=named)
        return [SlotSet(FILED, None)]


def _tells(event: dict[str, Any]) -> bool:
    """Whether a message of the customer's is typed, and more than a word of the talk."""
    intent = str(((event.get("parse_data") or {}).get("intent") or {}).get("name"))
    typed = not str(event.get("text") or "/").startswith("/")
    return typed and intent not in (*NO_STORY, *SAYS_SO) and not intent.startswith("EXTERNAL_")


def _is_open_complaint(ticket: Thing) -> bool:
    return ticket.open and "complaint" in ticket.states


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
