"""What a customer has given: the values of this message, and those of earlier ones that nothing has used yet.

The message's values are read by `components/understanding/values.py`. `action_chat_context` keeps them in slot `chat_given`
at every message, so that what was said before a form opened is not asked for; the action that uses a kind drops it (`uses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.base import Turn
from actions.readings import reading
from topics import forms

SLOT = "chat_given"
FRESH = 6  # of the customer's messages: what was given longer ago is asked for
REASON, DENIED, ASIDE, ADDRESS, ROOM, NAME, TITLE, REMARK, SPOT = (
    "reason", "denied", "aside", "address", "room", "name", "title", "remark", "spot",
)  # fmt: skip
FAULTS = ("quality", "damaged", "wrong_item", "missing")
"""Codes of reasons that are the shop's to pay for: no other reason beside one takes its place."""
OF_THE_MOMENT = ("amount", "quantity", "days")
"""Kinds that mean nothing away from their sentence."""


@dataclass(frozen=True)
class Given:
    """A value: `code` is a reason's in the shop's interface, and whose a title is (person, company)."""

    kind: str
    value: str
    code: str | None = None


def all_said(turn: Turn, *kinds: str) -> list[Given]:
    """All that this message gives of these kinds, in the order of its words; of reasons a fault last, if any is."""
    if turn.pressed:
        return []
    found = [v for v in turn.tracker.latest_message.get("values") or [] if v["kind"] in kinds]
    found.sort(key=lambda value: value["kind"] == REASON and value.get("code") in FAULTS)
    return [Given(each["kind"], each["value"], each.get("code")) for each in found]


def said(turn: Turn, *kinds: str) -> Given | None:
    """What this message gives of these kinds: the last of them, for that is how people correct themselves."""
    return next(reversed(all_said(turn, *kinds)), None)


def known(turn: Turn, *kinds: str) -> Given | None:
    """What this message gives of these kinds, else what was given a little before and not used."""
    return said(turn, *kinds) or earlier(turn, *kinds)


def earlier(turn: Turn, *kinds: str) -> Given | None:
    """What was given of these kinds a little before, or now, and not used: of reasons what says most."""
    kept = [(v["at"], kind, v) for kind, v in (turn.slot(SLOT) or {}).items() if kind in kinds]
    if not kept:
        return None
    at, kind, value = max(kept, key=lambda each: each[0])
    return Given(kind, value["value"], value.get("code")) if _now(turn) - at < FRESH else None


def keeping(turn: Turn) -> dict[str, Any] | None:
    """The slot after this message: what it gives is added, what it denies is taken back, what is old is forgotten."""
    now = _now(turn)
    kept = {kind: value for kind, value in (turn.slot(SLOT) or {}).items() if now - value["at"] < FRESH}
    values = [] if turn.pressed else turn.tracker.latest_message.get("values") or []
    if any(value["kind"] == DENIED for value in values):
        kept.pop(REASON, None)
    supposed = turn.asks and reading("supposed", turn.text) is not None  # 要是真坏了怎么办 tells no fault
    for value in values:
        if value["kind"] == REASON and (supposed or asks_beside(turn, value["value"])):
            continue
        if value["kind"] not in (*OF_THE_MOMENT, DENIED, ASIDE) and not _lesser(turn, value, kept.get(REASON)):
            kept[value["kind"]] = {key: value[key] for key in ("value", "code") if key in value} | {"at": now}
    return kept or None


def asks_beside(turn: Turn, words: str = "") -> bool:
    """Whether what is asked within a form is no matter of the form's (我的币要过期了吧), or these words are asked of the slip
    (算不算超期): they tell no reason."""
    start, declared = turn.told("start"), forms.of_project()
    form = declared.forms.get(str((turn.tracker.active_loop or {}).get("name")))
    own = (*form.starts, *form.meant_by) if form else ()
    aside = start is not None and start["intent"] in declared.asides and start["intent"] not in own
    return turn.busy and (aside or (words != "" and reading("asked_of_slip", f"{words}?") is not None))


def only_broken(turn: Turn, reason: str) -> bool:
    """Whether a reason tells nothing but that the goods are broken (锅坏了)."""
    reference = turn.tracker.latest_message.get("reference") or {}
    for each in reference.get("conditions") or []:
        reason = reason.replace(str(each.get("said") or ""), "") if each["by"] in ("kind", "product") else reason
    return reading("after_sales_broken", reason) is not None


def _lesser(turn: Turn, value: dict[str, Any], kept: dict[str, Any] | None) -> bool:
    """Whether it is a mere wish beside a fault that was told (漏水 … 不想要了), or only that it is broken."""
    if value["kind"] != REASON or kept is None or kept.get("code") not in FAULTS:
        return False
    return value.get("code") not in FAULTS or only_broken(turn, str(value["value"]))


def used(turn: Turn, kinds: tuple[str, ...]) -> list[EventType]:
    """The event that drops these kinds."""
    kept = turn.slot(SLOT) or {}
    left = {kind: value for kind, value in kept.items() if kind not in kinds}
    return [SlotSet(SLOT, left or None)] if left != kept else []


def _now(turn: Turn) -> int:
    """The number of this message in the conversation."""
    return sum(1 for event in turn.tracker.events if event["event"] == "user")
