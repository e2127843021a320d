"""What is wanted in the same breath as leaving or taking back: 不是取消，我是问运费."""

from __future__ import annotations

from rasa_sdk.events import EventType, SlotSet

from actions import faq
from actions.base import Turn, said


async def besides(turn: Turn) -> list[EventType]:
    """Events as if it were said now: a wish, or what the knowledge can answer; none where nothing more is wanted."""
    wish, question = turn.told("start"), turn.told("know")
    if wish:
        whole = {"words": turn.typed, "entities": [], "reference": {}, **turn.tracker.latest_message, **wish}
        return said(turn, str(wish["intent"]), str(whole["words"]), whole["entities"], whole["reference"])
    if question:
        found = await faq.answered(turn, str(question["question"]))
        return [SlotSet("faq_found", found), *said(turn, "faq", str(question["question"]))] if found else []
    return []
