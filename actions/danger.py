"""Danger first: what to do now, then a person and a grave ticket, whatever else was being said or done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import focus, wiring
from actions.base import CustomerAction, Turn
from actions.gateways.errors import GatewayError
from actions.handoff import ANOTHER, DANGER, IN_DANGER, held, since_handoff


class ActionHandoffDanger(CustomerAction):
    """Says first what helps, then hands over: also in a form, at night, and while the customer waits for a person.

    Slot `handoff_danger`: `{"kinds", "message_id", "held"}` of what was told, so that who waits hears it once, and of the
    form that it cut off, so that it goes on where there is no danger.
    """

    visitors = True
    soothes = False
    patience = 0.0

    async def work(self, turn: Turn) -> list[EventType]:
        """First aid before anything that may fail; the person who has the conversation reads the words as well."""
        waiting, told = turn.slot("handoff_id"), turn.slot(IN_DANGER) or {}
        known = list(told.get("kinds") or []) if waiting else []
        told_of: dict[str, Any] = turn.tracker.latest_message.get("danger") or {}
        surely = not known or float(told_of.get("confidence") or 0) >= ANOTHER
        new = [kind for kind in dangers(turn)[: 1 if known else None] if kind not in known] if surely else []
        if waiting and not new:
            return [FollowupAction("action_handoff_relay")]
        for kind in new:
            turn.utter(f"utter_danger_{kind}")
        if waiting:
            await self._relayed(turn, str(waiting))
        now = {"kinds": known + new, "message_id": turn.message_id, "held": told.get("held") or held(turn)}
        spoken = focus.put(turn, DANGER, new[0], "", new[0])
        return [SlotSet(IN_DANGER, now), *spoken, FollowupAction("action_handoff")]

    async def _relayed(self, turn: Turn, handoff_id: str) -> None:
        caller = replace(turn.writer, key=f"{turn.writer.key}:relay")
        try:
            await turn.call(wiring.gateways().desk.relay, caller, handoff_id, since_handoff(turn))
        except GatewayError:
            return  # the desk finds the message in the tracker; a handoff that is over is opened anew


def dangers(turn: Turn) -> list[str]:
    """The kinds of danger that the latest message tells of, likeliest first."""
    found: dict[str, Any] = turn.tracker.latest_message.get("danger") or {}
    return [str(kind) for kind in found.get("kinds") or ["injury"]]
