"""What a question was asked in: what was said and told before it, the wish and the goods that are spoken of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actions import focus
from actions.base import Turn
from actions.gateways.knowledge import Talk

LATELY = 3
"""Messages of the customer's after which what was said and told is no longer what a question goes on from."""
STILL = 8  # messages for which the wish and the goods are spoken of
LAST, REFUSED = "faq_last", "refused"
NO_WISH = ("chat_", "EXTERNAL_", "feedback_", "handoff_", "faq", "nlu_")
NAMES = ("product_category", "product")  # entities
GOODS = ("kind", "product")  # by what the goods of a reference are named
HAVE_TITLES = ("order", "line", "parcel", "return", "invoice", "protection", "product")  # kinds of things in focus


def messages(turn: Turn) -> int:
    """How many messages the customer has written."""
    return sum(event["event"] == "user" for event in turn.tracker.events)


def talk(turn: Turn) -> Talk:
    """The talk before the latest message; of a question in the same breath as another wish nothing is known."""
    if turn.fresh:
        return Talk()
    last = _told_last(turn)
    return Talk(
        said=str(last.get("question") or "") or _said(turn),
        told=str(last.get("key") or "") or _rule(turn),
        topic=_topic(turn),
        goods=_goods(turn),
    )


def _told_last(turn: Turn) -> dict[str, Any]:
    """The entry told last (slot `faq_last`), where nothing else was spoken of since."""
    last: dict[str, Any] = turn.slot(LAST) or {}
    newest = max((thing.said for thing in focus.of(turn)), default=0)
    return last if goes_on(turn, last) and newest <= int(last["said"]) else {}


def _rule(turn: Turn) -> str:
    """The question of the entry whose rule was told when something was just refused."""
    refusal = refused_lately(turn)
    return str(refusal.facts.get("rule") or "") if refusal else ""


def refused_lately(turn: Turn, within: int = LATELY) -> focus.Spoken | None:
    """What was refused at most so many messages ago, where nothing else was spoken of since."""
    newest = next(iter(focus.of(turn)), None)
    refused = newest is not None and newest.told == REFUSED and messages(turn) - newest.said <= within
    return newest if refused else None


def references(turn: Turn) -> Iterator[dict[str, Any]]:
    """What the customer's latest messages describe of goods, newest first; a number or a price alone is left out."""
    said = [event for event in turn.tracker.events if event["event"] == "user"]
    for event in reversed(said[-STILL:]):
        goods = _goods_of((event.get("parse_data") or {}).get("reference"))
        if goods:
            yield {"conditions": goods}


def goods_named(turn: Turn) -> list[dict[str, Any]]:
    """What the latest message describes of goods."""
    return _goods_of(turn.tracker.latest_message.get("reference"))


def _goods_of(reference: dict[str, Any] | None) -> list[dict[str, Any]]:
    told = (reference or {}).get("conditions") or []
    return [each for each in told if each["by"] in GOODS and each["sure"] and not each.get("negated")]


def goes_on(turn: Turn, last: dict[str, Any]) -> bool:
    """Whether an answer was given so lately that the message may go on from it."""
    return "said" in last and messages(turn) - int(last["said"]) <= LATELY


def _said(turn: Turn) -> str:
    """What the customer last wrote before this that was more than small talk or an answer."""
    for place, (text, intent, _) in enumerate(_before(turn)):
        if place >= LATELY:
            break
        if not text.startswith("/") and not intent.startswith(("chat_", "EXTERNAL_")):
            return text
    return ""


def of_another(turn: Turn) -> bool:
    """Whether the wish is that which was spoken last, of another thing that the words tell (便宜那台呢，也能补点不)."""
    told = (turn.tracker.latest_message.get("reference") or {}).get("conditions")
    return bool(told) and not turn.fresh and turn.wording(f"utter_label_{turn.intent}") == (_topic(turn) or None)


def _topic(turn: Turn) -> str:
    """What the wish is called that was spoken last."""
    for place, (_, intent, _) in enumerate(_before(turn)):
        label = None if intent.startswith(NO_WISH) else turn.wording(f"utter_label_{intent}")
        if label and (turn.busy or place < STILL):
            return label
    return ""


def _goods(turn: Turn) -> str:
    """The goods that the customer named last, or those of the thing in focus, whichever is nearer."""
    here = messages(turn)
    in_focus = next((thing for thing in focus.of(turn, *HAVE_TITLES)), None)
    age = here - in_focus.said if in_focus else STILL
    for place, (_, _, entities) in enumerate(_before(turn)):
        if place >= min(age, STILL):
            break
        named = next((str(e["value"]) for e in entities if e["entity"] in NAMES), None)
        if named:
            return named
    return in_focus.title if in_focus and age < STILL else ""


def _before(turn: Turn) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """The customer's messages before the latest, newest first: words, intent, entities."""
    said = [event for event in turn.tracker.events if event["event"] == "user"]
    for event in reversed(said[:-1]):
        read = event.get("parse_data") or {}
        yield str(event.get("text") or ""), str((read.get("intent") or {}).get("name") or ""), read.get("entities") or []
