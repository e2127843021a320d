"""Payments: what the shop sees of one that went wrong, and a person where only a person can tell."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import focus, tickets, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, over, when
from actions.facts import facts
from actions.forms import Form
from actions.gateways.belongings import ORDER
from actions.gateways.errors import NotFound, Unavailable
from actions.gateways.payments import PaymentCheck
from actions.readings import reading, words
from actions.references import find

GATHERED = ("payments_problem", "payments_order", "payments_words", "payments_person")
TEXT_LENGTH = 1500
WHEN = "when_money"
"""The aspect that asks when the money is back."""
STANDS = "tickets_ask_status"
"""The intent of who asks how a ticket is going."""
UNDATED = "settled_undated"
"""The state of what a person answered without sending money back."""


class ValidatePaymentsForm(Form):
    """What kind of trouble; the order only where it was named."""


    async def fill(self, turn: Turn) -> dict[str, Any]:
        """From the message's words, its number or a button."""
        said = words(turn)
        filled: dict[str, Any] = {}
        kept = ("payments_words",) if turn.entity("payments_person") else ()  # a ticket was offered for them
        if turn.slot(REQUESTED_SLOT) is None:  # what was told another time
            filled = dict.fromkeys(name for name in GATHERED if turn.slot(name) is not None and name not in kept)
        problem = turn.entity("payments_problem") or reading("payments_problem", said)
        if problem:
            filled["payments_problem"] = str(problem)
        elif self.asked(turn, "payments_problem") and turn.intent in ("chat_inform", "nlu_fallback") and said:
            filled["payments_problem"] = "other"
        if turn.entity("orders_number"):
            filled["payments_order"] = str(turn.entity("orders_number"))
        elif turn.slot("payments_order") is None:
            found = await find(turn, ORDER)
            filled |= {"payments_order": found.one.id} if found.one else {}
        if turn.entity("payments_person"):
            filled["payments_person"] = True
        if said and not kept and (problem or turn.intent in self.starts or "payments_problem" in filled):
            filled["payments_words"] = said[:TEXT_LENGTH]
        return filled


class ActionPaymentsReport(CustomerAction):
    """Looks at the orders and payments, says what is seen, and offers a ticket where a person must look; none is unasked."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Look, say, and hand on what orders alone cannot tell."""
        problem, order = turn.slot("payments_problem"), turn.slot("payments_order")
        if problem is None:
            raise Unavailable("the form ended without a problem")
        try:
            found = await turn.call(wiring.gateways().payments.check, turn.reader, problem, order)
        except NotFound:
            turn.utter("utter_payments_order_not_found", number=order)
            return over(*GATHERED)
        seen = facts(
            found, "title", "state", "amount", "method", "until", "answer",
            number="order_number", other="other_order", ticket="settled",
        )  # fmt: skip
        number, state = found.order_number, UNDATED if found.settled and not found.until else found.finding
        self._tell(turn, found, state, seen)
        turn.before += focus.put(turn, "payment", number or problem, found.title or "", state, [state], number, **seen)
        known = found.ticket or await turn.written()
        if turn.slot("payments_person") or (found.needs_person and known):
            await self._ticket(turn, found)
        elif found.needs_person:
            turn.finished = False
            turn.utter("utter_payments_ask_person", problem=turn.slot("payments_problem"), number=found.order_number or "")
        offered = found.needs_person and not (turn.slot("payments_person") or known)
        forget = over(*(name for name in GATHERED if not (offered and name == "payments_words")))
        return [*forget, *([SlotSet("orders_last", found.order_number)] if found.order_number else [])]

    def _tell(self, turn: Turn, found: PaymentCheck, state: str, seen: dict[str, Any]) -> None:
        """What is seen; who asks once more hears when the money is back, and not the same words."""
        before = next((each for each in focus.of(turn, "payment") if each.id == (found.order_number or found.problem)), None)
        again = focus.answer(turn, "payment", WHEN, [state]) if before and before.told == state and turn.typed else None
        if again:
            turn.utter(again, **seen)
        else:
            turn.utter("utter_payments_seen", state, **seen)

    async def _ticket(self, turn: Turn, found: PaymentCheck) -> None:
        """One ticket a matter: an open one is named instead, which answers who asked how it is going."""
        gateway = wiring.gateways().tickets
        if found.ticket and not await turn.written():
            known = await turn.call(gateway.get, turn.reader, found.ticket)
            turn.utter("utter_payments_ticket", "known", ticket=found.ticket, due=when(found.ticket_due))
            turn.answered.add(STANDS)
            tickets.speak_of(turn, known)
            return
        text = "\n".join(part for part in (turn.slot("payments_words"), found.seen) if part)
        ticket = await turn.call(
            gateway.open, turn.writer, "payment_problem", found.problem, text, found.order_number, turn.tracker.sender_id
        )
        turn.utter("utter_payments_ticket", ticket=ticket.number, due=when(ticket.due_at))
        tickets.speak_of(turn, ticket, tickets.ADD)
