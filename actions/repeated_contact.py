"""The same order for the third time: an apology before the answer, then somebody looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import wiring
from actions.base import CustomerAction, Turn

TOO_OFTEN = 3
APART = timedelta(minutes=10)
REMEMBERED = 20  # orders, and contacts about each


def now() -> datetime:
    """The shop's time."""
    return datetime.now(ZoneInfo("Asia/Shanghai"))


def asked_again(turn: Turn, number: str) -> list[EventType]:
    """Counts a finished request about an order. From the third on the answer begins with an apology and is escalated.

    What comes within ten minutes of the last one on the same day is the same contact.
    """
    asked: dict[str, list[str]] = dict(turn.slot("orders_asked") or {})
    times, moment = list(asked.pop(number, [])), now()
    last = datetime.fromisoformat(times[-1]) if times else None
    if last and moment - last < APART and moment.date() == last.date():
        return []
    times = [*times, moment.isoformat(timespec="seconds")][-REMEMBERED:]
    kept = dict([*asked.items(), (number, times)][-REMEMBERED:])
    events: list[EventType] = [SlotSet("orders_asked", kept)]
    if len(times) < TOO_OFTEN:
        return events
    turn.utter("utter_orders_asked_again", number=number, count=len(times))
    said = turn.dispatcher.messages
    said.insert(0, said.pop())  # the apology comes before the answer
    return [*events, FollowupAction("action_orders_escalate")]


class ActionOrdersEscalate(CustomerAction):
    """The same order for the third time: a person is to look at it; one ticket an order, however often it is asked."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Open the ticket (or add to it) and tell its number."""
        number = str(turn.slot("orders_last") or "")
        words = turn.intent if turn.pressed else turn.text
        gateway = wiring.gateways().tickets
        conversation = turn.tracker.sender_id
        ticket = await turn.call(gateway.open, turn.writer, "repeated_contact", number, words, number, conversation)
        turn.utter("utter_orders_escalated", number=number, ticket=ticket.number)
        return []
