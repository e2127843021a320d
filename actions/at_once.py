"""Where the customer's things stand, told at once: to who waits for a person, or is upset, and is not asked back which one.

A topic says what it tells with `@tells(intent)`; of what the words leave open the newest that matter are told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from actions.base import Turn
from actions.gateways.belongings import Thing
from actions.references import belongings, find

MOST = 2
"""So many things are told of at once."""
MAYBE = 0.02
"""From this confidence on an intent may be what somebody upset is upset about."""

MONEY_BACK = "money_back"
"""No intent, but told in the same way: what became of the money of cancelled orders."""

Tell = Callable[[Turn], Awaitable[bool]]
_TELLS: dict[str, Tell] = {}


def tells(intent: str) -> Callable[[Tell], Tell]:
    """Registers what answers an intent at once; it returns whether there was anything to tell."""

    def register(tell: Tell) -> Tell:
        _TELLS[intent] = tell
        return tell

    return register


async def tell(turn: Turn, intent: str) -> bool:
    """Say where that stands which an intent asks about; whether anything was said. May raise GatewayError."""
    told = _TELLS.get(intent)
    return told is not None and turn.customer is not None and await told(turn)


def upset_about(turn: Turn) -> str:
    """The likeliest of the intents that can be told at once; empty where none is likely."""
    ranked = turn.tracker.latest_message.get("intent_ranking") or []
    likely = (str(each["name"]) for each in ranked if float(each["confidence"]) >= MAYBE)
    return next((intent for intent in likely if intent in _TELLS), "")


async def meant(turn: Turn, kind: str, matters: Callable[[Thing], bool], otherwise: bool = True) -> list[Thing]:
    """What the words describe; else the newest that matter; else, if `otherwise`, the newest. None where it is not found."""
    found = await find(turn, kind, wanted=matters)
    if found.missing:
        return []
    if found.described and not found.doubtful:
        return list(found.fits[:MOST])
    things = (await belongings(turn)).of_kind(kind)
    return [thing for thing in things if matters(thing)][:MOST] or (things[:1] if otherwise else [])
