"""What the talk is about: the things just spoken of, newest first, with what was told of each.

Every action that speaks of a thing puts it here (`put`). A message is read against it before anything else
(`components/understanding/aspects.py`): 几天能到账 after a cancellation asks about that refund. What is then asked of a thing
(`data/<topic>/follow_ups.yml`) is answered from how it stands at that moment: its topic says how to look (`looks_at`).

Slot `chat_focus`: `[{kind, id, title, told, order, again, facts, asks, said}]`, at most six.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import Turn
from topics import follow_ups

FOCUS = "chat_focus"
MOST = 6
URGED = "urged"
"""The fact that a thing was urged in this talk, the number that follows it; it stays, whatever is told of the thing later."""
States = Sequence[str]


@dataclass(frozen=True)
class Spoken:
    """A thing that was spoken of.

    Attributes:
        kind: order, line, parcel, return, invoice, payment, ticket, product, coupon, protection, rule or danger.
        id: its number; with the kind it says which thing it is.
        title: what customers call it.
        told: what was last said of it or done to it: status, cancel, refused, …; the last of its states.
        order: the number of the order that it belongs to, or None.
        again: the intent that asks the same of another one (冰川蓝呢), or None.
        facts: what an answer may quote and the shop cannot be asked for again: a refusal's words, a sum that was offered.
        asks: the aspects that can be asked of it as it stood, by name.
        said: how many messages the customer had written by then.
    """

    kind: str
    id: str
    title: str
    told: str
    order: str | None = None
    again: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    asks: list[str] = field(default_factory=list)
    said: int = 0


Look = Callable[[Turn, Spoken], Awaitable[tuple[States, dict[str, Any]]]]
"""How a thing stands now: its states, the most special first, and its facts for a response's `{placeholders}`."""

_looks: dict[str, Look] = {}


def looks_at(kind: str) -> Callable[[Look], Look]:
    """Decorates the function that looks a thing of this kind up."""

    def kept(look: Look) -> Look:
        _looks[kind] = look
        return look

    return kept


async def look(turn: Turn, spoken: Spoken) -> tuple[States, dict[str, Any]]:
    """How a thing stands now; one that nobody can look up stands as it was told. May raise GatewayError."""
    if spoken.kind not in _looks:
        return (*_refused_for(spoken), spoken.told), spoken.facts
    states, facts = await _looks[spoken.kind](turn, spoken)
    return (*_refused_for(spoken), *states, spoken.told), {**facts, **spoken.facts}


def put(
    turn: Turn,
    kind: str,
    id: str,
    title: str,
    told: str,
    /,
    states: States = (),
    order: str | None = None,
    again: str | None = None,
    **facts: Any,
) -> list[EventType]:
    """Put a thing on top of what is spoken of; `states`: how it stands, the most special first."""
    known = follow_ups.of_project().kinds.get(kind, {})
    asks = [name for name, aspect in known.items() if aspect.question or answer(turn, kind, name, (*states, told))]
    messages = sum(event["event"] == "user" for event in turn.tracker.events)
    before = next((each for each in of(turn, kind) if each.id == str(id)), None)
    if before and URGED in before.facts:
        facts = {URGED: before.facts[URGED], **facts}
    newest = Spoken(kind, str(id), title, told, order, again, facts, asks, messages)
    others = [each for each in of(turn) if (each.kind, each.id) != (newest.kind, newest.id)]
    stack = [asdict(each) for each in (newest, *others)][:MOST]
    turn.tracker.slots[FOCUS] = stack
    return [SlotSet(FOCUS, stack)]


def _refused_for(spoken: Spoken) -> States:
    """The shop's code for why it was refused is a state too: what can be done instead hangs on it."""
    return [str(spoken.facts["code"])] if spoken.facts.get("code") else []


def of(turn: Turn, *kinds: str) -> list[Spoken]:
    """The things spoken of, newest first; only those of these kinds where any are named."""
    told = [Spoken(**each) for each in turn.slot(FOCUS) or []]
    return [each for each in told if not kinds or each.kind in kinds]


def urged(turn: Turn, kind: str, id: str) -> str | None:
    """The number that follows a thing urged in this talk before."""
    return next((each.facts.get(URGED) for each in of(turn, kind) if each.id == id), None)


def answer(turn: Turn, kind: str, aspect: str, states: States) -> str | None:
    """The response that answers an aspect of a thing in one of these states; None where no designer wrote one."""
    known = follow_ups.of_project().kinds.get(kind, {}).get(aspect)
    if known is None:
        return None
    names = [*(f"{known.response}_{state}" for state in states), known.response]
    return next((name for name in names if turn.knows(name)), None)


def question(kind: str, aspect: str) -> str:
    """What the knowledge is asked where no response is for the thing's state; empty where only the customer's own words are."""
    known = follow_ups.of_project().kinds.get(kind, {}).get(aspect)
    return known.question if known else ""
