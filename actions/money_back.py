"""Money that comes back: of which of the customer's things a question means it, where it goes and when it is there.

What the message names (goods, a number, a sum, a price difference) says which; else it is what was spoken of last of which
money comes back; else the order in hand, whose money would come back the way it was paid; else what is on its way. Where
there is none of these the rule is meant, which the knowledge tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk.events import EventType

from actions import focus, spoken_of, wiring
from actions.base import Turn
from actions.gateways.belongings import ORDER, SLIP, TICKET, Thing
from actions.order_states import past_day, told
from actions.readings import reading
from actions.references import belongings, find

ASPECTS = ("where_money", "when_money")
PROTECTION, PAYMENT, PROBLEM = "protection", "payment", "payment_problem"
OF_MONEY = (PROTECTION, "return", "order", PAYMENT)
"""Kinds of things of which money comes back."""
UNPAID = "cancelled_unpaid"
ON_THE_WAY = 2  # so many things are told of at once
LEAST = 10
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_CENT = 0.005


@dataclass(frozen=True)
class _Back:
    """What there is to say of a thing: the response, its facts, and whether there is money at all."""

    spoken: focus.Spoken
    response: str
    facts: dict[str, Any]
    states: focus.States
    is_money: bool

    def is_of(self, sums: Sequence[float]) -> bool:
        own = [float(self.facts[key]) for key in ("back", "amount", "refund") if self.facts.get(key)]
        return any(abs(each - asked) < _CENT for each in own for asked in sums)


async def tell(turn: Turn, aspect: str, asked: focus.Spoken | None) -> list[EventType] | None:
    """Say where the money goes, or when it comes; None where nothing of the customer's is meant. `asked`: what the reader took
    for what is asked about. May raise GatewayError."""
    named, sums, kind = await _named(turn), sums_named(turn), reading("money_of", turn.typed)
    spoken = [each for each in focus.of(turn, *OF_MONEY) if each != asked]
    known = [back for each in ([asked] if asked else []) + spoken if (back := await _back(turn, each, aspect))]
    if kind:
        known = [each for each in known if each.spoken.kind == kind]
    if named:
        known = [each for each in known if each.spoken.order in named]
    one = next((each for each in known if each.is_money and each.is_of(sums)), None)
    if one is None and sums:
        one = await _of_ones_own(turn, aspect, named, sums, kind)
    one = one or next((each for each in known if each.is_money), None)
    if one is None and (named or kind):
        one = await _of_ones_own(turn, aspect, named, [], kind)
    one = one or next(iter(known), None)
    if one:
        return _say(turn, one)
    problem = _problem(turn, await belongings(turn)) if not named else None
    if problem:
        order = await turn.call(wiring.gateways().orders.get, turn.reader, problem.order)
        turn.utter("utter_payments_back", **told(order))
        return []
    if await _would_be(turn, named):
        return []
    under_way = [] if named or kind else await _under_way(turn, aspect)
    return [event for each in under_way for event in _say(turn, each)] if under_way else None


def _say(turn: Turn, back: _Back) -> list[EventType]:
    turn.utter(back.response, **back.facts)
    tell_beside(turn, back.facts)
    one = back.spoken
    return focus.put(turn, one.kind, one.id, one.title, one.told, back.states, one.order, one.again, **one.facts)


def tell_beside(turn: Turn, facts: dict[str, Any]) -> None:
    """What comes back beside the money: the coins that were used, the coupon for what was sold out."""
    if facts.get("coins"):
        turn.utter("utter_orders_coins_back", coins=facts["coins"])
    if facts.get("apology"):
        turn.utter("utter_orders_apology", apology=facts["apology"], until=facts["apology_until"])


async def _back(turn: Turn, spoken: focus.Spoken, aspect: str) -> _Back | None:
    """What there is to say of a thing; None where no designer wrote anything for its state."""
    states, facts = await focus.look(turn, spoken)
    response = focus.answer(turn, spoken.kind, aspect, states)
    if response is None:
        return None
    none = UNPAID in states or (spoken.kind == "return" and not facts.get("back"))
    return _Back(spoken, response, facts, states, not none)


# ── which one ─────────────────────────────────────────────────────────────────


async def _named(turn: Turn) -> set[str]:
    """The numbers of the orders that the message describes."""
    for kind in (SLIP, ORDER):
        found = await find(turn, kind)
        if found.described and not found.missing and not found.doubtful:
            return {str(thing.order) for thing in found.fits}
    return set()


def sums_named(turn: Turn) -> list[float]:
    """The sums that are named, as such or as a figure that is no small number (of days)."""
    values = turn.tracker.latest_message.get("values") or []
    amounts = [float(each["value"]) for each in values if each["kind"] == "amount" and _FIGURE.fullmatch(str(each["value"]))]
    return [*amounts, *(figure for figure in map(float, _FIGURE.findall(turn.typed)) if figure >= LEAST)]


async def _of_ones_own(
    turn: Turn, aspect: str, named: set[str], sums: list[float], kind: str | None
) -> _Back | None:
    """Of all that the customer has, the newest that is named, or of which just such a sum comes back."""
    for each in await _things(turn, named, sums, kind):
        back = await _back(turn, each, aspect)
        if back and back.is_money and (named or not sums or back.is_of(sums)):
            return back
    return None


async def _things(turn: Turn, named: set[str], sums: list[float], kind: str | None) -> list[focus.Spoken]:
    """What may be meant: slips, cancelled orders, price protections."""
    mine = await belongings(turn)
    things = [thing for thing in mine.of_kind(SLIP, ORDER) if thing.kind == SLIP or thing.state_code == "cancelled"]
    meant = [thing for thing in things if thing.order in named or (not named and _costs(thing, sums))]
    spoken = [] if kind == PROTECTION else [_spoken(thing) for thing in meant]
    if kind in (None, PROTECTION):
        for each in await turn.call(wiring.gateways().promotions.protections, turn.reader):
            one = focus.Spoken(PROTECTION, each.number, each.item, "status", each.order_number)
            if one.order in named or (not named and (not sums or any(abs(float(each.amount) - s) < _CENT for s in sums))):
                spoken.append(one)
    return spoken


def _costs(thing: Thing, sums: list[float]) -> bool:
    return any(abs(thing.amount - each) < _CENT for each in sums)


def _spoken(thing: Thing) -> focus.Spoken:
    return focus.Spoken(thing.kind, thing.id, thing.title, "status", thing.order)


def _problem(turn: Turn, mine: Any) -> Thing | None:
    """The ticket just spoken of, where it is about a payment of an order."""
    newest = next(iter(focus.of(turn)), None)
    tickets = {thing.id: thing for thing in mine.of_kind(TICKET) if thing.order and PROBLEM in thing.states}
    return tickets.get(newest.id) if newest and newest.kind == "ticket" else None


async def _would_be(turn: Turn, named: set[str]) -> bool:
    """Say which way the money of the order in hand would come back: the one that is named, the open form's, the one spoken of."""
    newest = next((each for each in focus.of(turn) if spoken_of.messages(turn) - each.said <= spoken_of.LATELY), None)
    in_form = turn.slot("orders_number") if turn.busy else None
    number = next(iter(named), None) if len(named) == 1 else in_form or (newest.order if newest else None)
    if not number or len(named) > 1:
        return False
    order = await turn.call(wiring.gateways().orders.get, turn.reader, str(number))
    if order.state_code in ("unpaid", "cancelled"):
        return False
    turn.utter("utter_orders_back", "" if turn.busy else order.state_code, **told(order))
    if order.points_used:
        turn.utter("utter_orders_coins_back", coins=order.points_used)
    return True


async def _under_way(turn: Turn, aspect: str) -> list[_Back]:
    """Of the customer's things those of which money is on its way, or will be."""
    mine = await belongings(turn)
    slips = [thing for thing in mine.of_kind(SLIP) if thing.open]
    cancelled = [thing for thing in mine.of_kind(ORDER) if thing.state_code == "cancelled"][:ON_THE_WAY]
    told_of = [await _back(turn, _spoken(thing), aspect) for thing in [*slips, *cancelled]]
    return [each for each in told_of if each and each.is_money and not past_day(each.facts.get("last_day"))][:ON_THE_WAY]
