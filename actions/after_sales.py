"""After-sales: money back, goods back, another piece, a repair; how a slip is going; withdrawing it."""

from __future__ import annotations

import json
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import wiring
from actions.base import CustomerAction, Turn, button, over
from actions.forms import Form, OrderAction, OrderForm
from actions.gateways.after_sales import Return
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.orders import Order
from actions.orders import confirmed, told

REASON_INTENTS = (
    "after_sales_report_problem",
    "after_sales_refund",
    "after_sales_return",
    "after_sales_exchange",
    "after_sales_repair",
    "complaints_file",
    "products_ask_detail",
    "feedback_rate",
)


class ValidateAfterSalesForm(OrderForm):
    """Which order, which piece of it, why, and: shall I open the slip? The kind is the intent's own."""

    form = "after_sales_form"
    starts = ("after_sales_refund", "after_sales_return", "after_sales_exchange", "after_sales_repair")
    states = ("shipped", "signed", "completed")

    def rest(self, turn: Turn) -> list[str]:
        """One piece needs no choice; a refusal needs no reason."""
        line = ["after_sales_line"] if turn.slot("after_sales_pieces") else []
        return [*line, "after_sales_reason", "after_sales_confirmed"]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The kind decides which rule of the shop applies, and changes with the customer's mind."""
        self.operation = None
        filled = await super().fill(turn)
        number, kind = turn.slot("orders_number"), turn.slot("after_sales_kind")
        if not number or not kind:
            return filled
        fresh = "orders_number" in filled or turn.intent == f"after_sales_{kind}"
        if fresh:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            if not order.allowed[kind].ok:
                filled["orders_checked"] = self._checked(False)
            many = len(order.items) > 1
            filled["after_sales_pieces"] = [{"line": i.line, "title": i.title} for i in order.items] if many else None
        return filled

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The piece by its button, place or name; the reason in the customer's own words; then yes or no."""
        filled: dict[str, Any] = {}
        if self.asked(turn, "after_sales_line"):
            filled.update(self._line(turn))
        filled.update(self.words(turn, "after_sales_reason", REASON_INTENTS))
        if turn.intent == "after_sales_report_problem" and turn.slot("after_sales_reason") is None:
            filled["after_sales_reason"] = turn.text.strip()
        return {**filled, **self.confirmation(turn, "after_sales_confirmed")}

    def _line(self, turn: Turn) -> dict[str, Any]:
        pieces: list[dict[str, Any]] = turn.slot("after_sales_pieces") or []
        wanted = turn.entity("after_sales_line") or turn.entity("ordinal")
        found = [p["line"] for p in pieces if str(p["line"]) == str(wanted)]
        named = [p["line"] for p in pieces if len(turn.text.strip()) >= 2 and turn.text.strip() in p["title"]]
        chosen = found or (named if len(named) == 1 else [])
        return {"after_sales_line": chosen[0]} if chosen else {}


class AskAfterSalesLine(CustomerAction):
    """Offers the pieces of the order as buttons."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_ask_after_sales_line"

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which piece."""
        pieces = turn.slot("after_sales_pieces") or []
        buttons = [button(p["title"], "chat_inform", json.dumps({"after_sales_line": p["line"]})) for p in pieces]
        turn.utter("utter_ask_after_sales_line", buttons=buttons)
        return []


class AskAfterSalesReason(CustomerAction):
    """Asks why, in words that fit the kind of request."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_ask_after_sales_reason"

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        turn.utter("utter_ask_after_sales_reason", str(turn.slot("after_sales_kind")), title=turn.slot("orders_title"))
        return []


class AskAfterSalesConfirmed(CustomerAction):
    """Reads back what is about to be opened."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_ask_after_sales_confirmed"

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        values = {"title": turn.slot("orders_title"), "reason": turn.slot("after_sales_reason")}
        turn.utter("utter_ask_after_sales_confirmed", str(turn.slot("after_sales_kind")), **values)
        return []


class ActionAfterSalesOpen(OrderAction):
    """Opens the return slip, once, and tells its number and what comes next."""

    gathered = (
        "after_sales_kind",
        "after_sales_line",
        "after_sales_pieces",
        "after_sales_reason",
        "after_sales_confirmed",
    )

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_after_sales_open"

    async def finish(self, turn: Turn, order: Order) -> None:
        """Open it, or leave it."""
        kind = turn.slot("after_sales_kind")
        if kind is None:
            raise Unavailable("the form ended without a kind")
        if not order.allowed[kind].ok:
            raise Rejected(order.allowed[kind].code, order.allowed[kind].detail)
        if not confirmed(turn, "after_sales_confirmed"):
            turn.utter("utter_after_sales_kept", **told(order))
            return
        line, reason = turn.slot("after_sales_line"), turn.slot("after_sales_reason")
        only = order.items[0].line if len(order.items) == 1 else None
        gateway = wiring.gateways().after_sales
        slip = await turn.call(gateway.open, turn.writer, order.number, int(line) if line else only, kind, reason)
        turn.utter("utter_after_sales_opened", kind, **stub(slip))


class ActionAfterSalesPropose(CustomerAction):
    """Something is wrong with the goods and nothing was asked yet: proposes what the shop can do."""

    visitors = True

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_after_sales_propose"

    async def work(self, turn: Turn) -> list[EventType]:
        """Offer the remedies; what was said becomes the reason."""
        turn.utter("utter_after_sales_propose")
        return [SlotSet("after_sales_reason", turn.text.strip())]


class ActionAfterSalesStatus(CustomerAction):
    """How a slip is going: the named one, the only open one, or a choice."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_after_sales_status"

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer from the after-sales desk."""
        gateway = wiring.gateways().after_sales
        named = turn.entity("after_sales_slip")
        slips = [await turn.call(gateway.get, turn.reader, named)] if named else None
        if slips is None:
            slips = await turn.call(gateway.recent, turn.reader, True) or await turn.call(gateway.recent, turn.reader)
            slips = slips[:5]
        if not slips:
            turn.utter("utter_after_sales_none")
        elif len(slips) > 1:
            turn.utter("utter_after_sales_which", buttons=[slip_button(s, "after_sales_ask_status") for s in slips])
        else:
            turn.utter("utter_after_sales_status", slips[0].state_code, **stub(slips[0]))
        return []


class ValidateAfterSalesCancelForm(Form):
    """Which open slip, and: really?"""

    form, starts = "after_sales_cancel_form", ("after_sales_cancel",)

    def slots(self, turn: Turn) -> list[str]:
        """The slip, then yes or no."""
        return ["after_sales_slip", "after_sales_cancel_confirmed"]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """The named slip, or the only open one."""
        named = turn.entity("after_sales_slip")
        gateway = wiring.gateways().after_sales
        if named:
            try:
                await turn.call(gateway.get, turn.reader, named)
                return {"after_sales_slip": named}
            except NotFound:
                turn.utter("utter_chat_not_found")
                return {"after_sales_slip": None}
        if turn.slot("after_sales_slip") is None:
            slips = await turn.call(gateway.recent, turn.reader, True)
            return {"after_sales_slip": slips[0].slip} if len(slips) == 1 else {}
        return self.confirmation(turn, "after_sales_cancel_confirmed")


class AskAfterSalesSlip(CustomerAction):
    """Offers the open slips as buttons."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_ask_after_sales_slip"

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which slip; with none open the form ends and its action says so."""
        slips = await turn.call(wiring.gateways().after_sales.recent, turn.reader, True)
        if not slips:
            return [SlotSet("requested_slot", None)]
        turn.utter("utter_ask_after_sales_slip", buttons=[slip_button(s, "chat_inform") for s in slips[:5]])
        return []

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """The form's action apologises."""
        return [SlotSet("requested_slot", None)]


class ActionAfterSalesCancel(CustomerAction):
    """Withdraws the request, once, if the customer said yes."""

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_after_sales_cancel"

    async def work(self, turn: Turn) -> list[EventType]:
        """Withdraw, or leave it."""
        gateway = wiring.gateways().after_sales
        slip = turn.slot("after_sales_slip")
        if slip is None:
            if await turn.call(gateway.recent, turn.reader, True):
                raise Unavailable("the form ended without a slip")
            turn.utter("utter_after_sales_none_open")
        elif confirmed(turn, "after_sales_cancel_confirmed"):
            turn.utter("utter_after_sales_withdrawn", **stub(await turn.call(gateway.withdraw, turn.writer, slip)))
        else:
            turn.utter("utter_after_sales_cancel_kept", slip=slip)
        return over("after_sales_slip", "after_sales_cancel_confirmed")

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, and forget the slip."""
        super().rejected(turn, error)
        return over("after_sales_slip", "after_sales_cancel_confirmed")


def slip_button(slip: Return, intent: str) -> dict[str, str]:
    """A button that picks a slip: `退货 蓝牙耳机 LX-B3 待寄回`."""
    title = f"{slip.kind_label} {slip.title} {slip.state}"
    return button(title, intent, json.dumps({"after_sales_slip": slip.slip}))


def stub(slip: Return) -> dict[str, Any]:
    """A slip's facts for a response's `{placeholders}`."""
    return {
        "slip": slip.slip,
        "number": slip.order_number,
        "title": slip.title,
        "kind": slip.kind_label,
        "state": slip.state,
        "refund": slip.refund_amount or "",
        "route": slip.refund_route or "",
        "eta": slip.refund_eta or "",
        "next_step": slip.next_step,
    }
