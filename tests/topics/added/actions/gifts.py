"""Gifts: goods are wrapped before they are sent."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType

from actions.base import CustomerAction, Turn, over
from actions.forms import Form


class ValidateGiftsWrapForm(Form):
    """Which paper."""

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """By its button."""
        paper = turn.entity("gifts_paper")
        return {"gifts_paper": paper} if paper else {}


class ActionGiftsWrap(CustomerAction):
    """Notes the wish."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Say that it is noted."""
        turn.utter("utter_gifts_wrapped")
        return over("gifts_paper")
