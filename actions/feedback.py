"""Feedback: the rating at the end of a service, the reason of a low one, and suggestions.

The rating is asked once in a conversation, when work was done and the customer thanks, leaves, or a person is through
with it; never where there was anger.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import given, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, over, when
from actions.forms import UNCLEAR, Form
from actions.words import fits, metadata, opened, variant_meant

SCORE_FORM, REASON_FORM, SUGGESTION_FORM = "feedback_form", "feedback_reason_form", "feedback_suggest_form"
LOW = 2
HEAT = ("chat_abuse", "complaints_file")  # intents of a fight
FEELING = {"satisfied": 5, "dissatisfied": 2, "angry": 1}
FAREWELLS = ("chat_thank", "chat_goodbye")
SUBJECT_LENGTH = 60


def is_due(turn: Turn) -> bool:
    """Whether to ask for a rating now."""
    once = not turn.slot("feedback_asked") and not turn.slot("feedback_id")
    return bool(turn.slot("feedback_due")) and once and not was_heated(turn)


def was_heated(turn: Turn) -> bool:
    """Whether the customer was angry, insulted somebody, or complained."""
    if turn.slot("chat_anger"):
        return True
    for event in turn.tracker.events:
        parsed = event.get("parse_data") or {} if event.get("event") == "user" else {}
        if (parsed.get("sentiment") or {}).get("name") == "angry" or (parsed.get("intent") or {}).get("name") in HEAT:
            return True
    return False


class ActionFeedbackAsk(CustomerAction):
    """Answers thanks and farewells, and asks for the rating where it is due.

    After any other message (a person has closed the conversation) it only asks.
    """

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Kind words first."""
        if turn.intent == "chat_goodbye":
            turn.utter("utter_chat_goodbye")
        elif turn.intent == "chat_thank":
            turn.utter("utter_chat_thank")
        loop = (turn.tracker.active_loop or {}).get("name")
        if loop == SCORE_FORM:
            return over("feedback_score")  # asked, and not answered: that is an answer too
        if loop == REASON_FORM:
            return [*over(), SlotSet("feedback_reason", ""), FollowupAction("action_feedback_reason")]
        return [] if loop or not is_due(turn) else opened(SCORE_FORM, "feedback_score")


class AskFeedbackScore(CustomerAction):
    """Asks for the score; a second time only where the customer wants to rate."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask, or end the form in silence."""
        if turn.slot("feedback_asked") and turn.intent != "feedback_rate":
            return [SlotSet(REQUESTED_SLOT, None)]
        turn.utter("utter_ask_feedback_score")
        return [SlotSet("feedback_asked", True)]


class ValidateFeedbackForm(Form):
    """The score, by button or words."""

    visitors = True

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """1 to 5, or 0 for somebody who will not say."""
        if not self.asked(turn, "feedback_score"):
            return {}  # thanks are no answer to what is only asked after them
        score = scored(turn)
        if score:
            return {"feedback_score": score}
        return {"feedback_score": 0} if turn.intent in ("chat_deny", "chat_stop", *UNCLEAR) else {}


class ActionFeedbackRate(CustomerAction):
    """Writes the rating down; asks a low one's reason."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """From the form, or from what was said unasked."""
        score = turn.slot("feedback_score")
        forget = over("feedback_score") if _loop(turn) in (None, SCORE_FORM) else [SlotSet("feedback_score", None)]
        if score is None and turn.intent == "feedback_rate":
            score = scored(turn)
            if score is None:
                return opened(SCORE_FORM, "feedback_score")
        if score is None:
            return forget  # the customer spoke of something else
        if score == 0:
            turn.utter("utter_feedback_declined", "unclear" if turn.intent in UNCLEAR else "")
            return forget
        gateway, number, conversation = wiring.gateways().feedback, turn.slot("feedback_id"), turn.tracker.sender_id
        if number:
            await turn.call(gateway.amend, turn.writer, number, conversation, score, None)
        else:
            number = await turn.call(gateway.rate, turn.writer, conversation, score)
        kept = [SlotSet("feedback_id", number), SlotSet("feedback_asked", True), SlotSet("feedback_due", None)]
        turn.utter("utter_feedback_rated", str(score))
        if score > LOW:
            why = given.said(turn, given.REASON)
            if why is not None or turn.cue("because") is not None:  # 五星，理由：有耐心
                writer = replace(turn.writer, key=f"{turn.writer.key}:reason")
                await turn.call(gateway.amend, writer, number, conversation, None, turn.typed)
            return [*forget, *kept]
        if turn.customer is None:
            turn.utter("utter_feedback_low_visitor")
            return [*forget, *kept]
        why = given.said(turn, given.REASON)
        if why is not None:  # told with the score: it is not asked for
            await follow_up(turn, why.value, number)
            return [*forget, *kept]
        return [*forget, *kept, *opened(REASON_FORM, "feedback_reason")]


class ValidateFeedbackReasonForm(Form):
    """Why the score is low: a button, or the customer's own words, whatever they are about."""

    others = ("handoff_request", "feedback_rate", "chat_repeat")

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """An empty text where the customer will not say."""
        if not self.asked(turn, "feedback_reason"):
            return {}
        if turn.entity("feedback_reason"):
            return {"feedback_reason": turn.entity("feedback_reason")}
        why = given.said(turn, given.REASON)
        if why is not None and turn.intent in self.others:
            return {"feedback_reason": turn.typed}
        if turn.intent in ("chat_deny", "chat_stop", *FAREWELLS):
            return {"feedback_reason": ""}
        words = turn.typed
        return {"feedback_reason": words} if words and turn.intent not in self.others else {}


class ActionFeedbackReason(CustomerAction):
    """Has somebody follow up a low rating."""

    async def work(self, turn: Turn) -> list[EventType]:
        """The reason beside the score, and a ticket with a number to keep."""
        await follow_up(turn, turn.slot("feedback_reason") or "", turn.slot("feedback_id"))
        return over("feedback_reason")


async def follow_up(turn: Turn, reason: str, number: Any) -> None:
    """The reason beside the score `number`, and a ticket; both are told."""
    conversation = turn.tracker.sender_id
    if reason and number:
        writer = replace(turn.writer, key=f"{turn.writer.key}:reason")
        await turn.call(wiring.gateways().feedback.amend, writer, number, conversation, None, reason)
    subject = reason[:SUBJECT_LENGTH] or str(metadata(turn, "utter_feedback_followup").get("subject") or "")
    writer = replace(turn.writer, key=f"{turn.writer.key}:ticket")
    opening, order = wiring.gateways().tickets.open, turn.slot("orders_last")
    ticket = await turn.call(opening, writer, "rating_followup", subject, reason or subject, order, conversation)
    turn.utter("utter_feedback_followup", ticket=ticket.number, due=when(ticket.due_at))


class ValidateFeedbackSuggestForm(Form):
    """What is suggested."""

    visitors = True

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The customer's own words."""
        return self.words(turn, "feedback_suggestion", ("feedback_suggest", "faq", "chat_smalltalk"))


class ActionFeedbackSuggest(CustomerAction):
    """Writes a suggestion down; asks for it where the customer only announced one."""

    visitors = True
    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """In the customer's own words."""
        words = turn.slot("feedback_suggestion") or turn.typed
        if turn.slot("feedback_suggestion") is None and (not words or fits(turn, "utter_ask_feedback_suggestion", words)):
            turn.finished = False
            return opened(SUGGESTION_FORM, "feedback_suggestion")
        await turn.call(wiring.gateways().feedback.suggest, turn.writer, turn.tracker.sender_id, words)
        turn.utter("utter_feedback_suggested")
        return over("feedback_suggestion") if _loop(turn) in (None, SUGGESTION_FORM) else []


def scored(turn: Turn) -> int | None:
    """The score of a button or of words; of a rating without figures, the feeling in it."""
    pressed = turn.entity("feedback_score")
    if pressed is not None:
        return min(max(int(pressed), 1), 5)
    if turn.intent not in ("feedback_rate", "chat_thank", *UNCLEAR):
        return None
    for key in ("figures", "words"):  # 服务很好，打四分 is a four
        words = variant_meant(turn, "utter_feedback_rated", turn.typed, key)
        if words:
            return int(words)
    if turn.intent != "feedback_rate":
        return None
    feeling = (turn.tracker.latest_message.get("sentiment") or {}).get("name")
    return FEELING.get(str(feeling))


def _loop(turn: Turn) -> str | None:
    return (turn.tracker.active_loop or {}).get("name")
