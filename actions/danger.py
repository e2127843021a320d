"""Danger first: what to do now, then a person and a grave ticket, whatever else was being said or done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import wiring
from actions.base import CustomerAction, Turn
from actions.gateways.errors import GatewayError
from actions.handoff import IN_DANGER, since_handoff


class ActionHandoffDanger(CustomerAction):
    """Says first what helps, then hands over: also in a form, at night, and while the customer waits for a person.

    Slot `handoff_danger`: `{"kind", "message_id"}` of what was said last, so that who waits hears it once.
    """

    visitors = True
    soothes = False
    patience = 0.0

    async def work(self, turn: Turn) -> list[EventType]:
        """First aid before anything that may fail; the person who has the conversation reads the words as well."""
        kind = str(danger(turn) or "injury")
        waiting, told = turn.slot("handoff_id"), turn.slot(IN_DANGER) or {}
        if waiting and told.get("kind") == kind:
            return [FollowupAction("action_handoff_relay")]
        turn.utter(f"utter_danger_{kind}")
        if waiting:
            await self._relayed(turn, str(waiting))
        now = {"kind": kind, "message_id": turn.message_id}
        return [SlotSet(IN_DANGER, now), FollowupAction("action_handoff")]

    async def _relayed(self, turn: Turn, handoff_id: str) -> None:
        caller = replace(turn.writer, key=f"{turn.writer.key}:relay")
        try:
            await turn.call(wiring.gateways().desk.relay, caller, handoff_id, since_handoff(turn))
        except GatewayError:
            return  # the desk finds the message in the tracker; a handoff that is over is opened anew


def danger(turn: Turn) -> str | None:
    """The kind of danger that the latest message tells of."""
    found: dict[str, Any] = turn.tracker.latest_message.get("danger") or {}
    return str(found["kind"]) if found.get("kind") else None
