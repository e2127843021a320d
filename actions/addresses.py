"""A part of an address in one that stands already: another room is not another street."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from actions import given
from actions.base import REQUESTED_SLOT, Turn
from actions.readings import captured, patterns, reading

ROOM, LAST, FLOOR, UNIT = "room", "last", "floor", "unit"
CITY, ROAD, ESTATE, HOUSE = "city", "road", "estate", "house"
AREAS = {"province", CITY, "district", "town"}


def rehoused(address: str, number: str) -> str:
    """The address with that house number. 3幢502室 takes the place of what stood for 幢 and 室, and comes behind where neither
    stood; a number without a word for what it numbers (1203) is a room's. A floor or unit that was not told before comes in
    front of the room. The words are in `readings.yml`."""
    told: dict[str, str] = {}
    for sort, found in patterns("house_number").items():
        match = None if sort == LAST else found[0].search(number)
        if match is not None:
            number, told[sort] = number.replace(match[0], " "), match[0]
    bare = number.strip()
    told |= {ROOM: bare} if bare else {}
    for sort, written in told.items():
        if sort != FLOOR:
            address = _replaced(address, sort, written)
    return _replaced(address, FLOOR, told[FLOOR]) if FLOOR in told else address


SHARED = 3  # so many signs in common name the same place
MISTAKEN = "mistaken"
"""The cue of who got something wrong."""


def wanted(turn: Turn, address: str, pending: bool) -> str | None:
    """The address that this message makes of the one that stands, by all the parts that it gives; None where it gives none.
    `pending`: whether that is one which the customer has just given."""
    act = (turn.tracker.latest_message.get("act") or {}).get("name")
    opens = turn.slot(REQUESTED_SLOT) is None
    wrong = pending or (opens and (act == "correct" or turn.told("correct") is not None or turn.cue(MISTAKEN) is not None))
    values = given.all_said(turn, given.ADDRESS, given.ROOM)
    whole = [at for at, value in enumerate(values) if value.kind == given.ADDRESS]
    return _written(address, values, corrected) if wrong else _written(address, values[max(whole, default=0) :], completed)


def placed(address: str, value: given.Given) -> str:
    """An address that was given before, in place of the one that stands."""
    return _written(address, [value], completed) or value.value


def _written(address: str, values: Iterable[given.Given], write: Callable[[str, str], str]) -> str | None:
    whole = None
    for value in values:
        whole = (rehoused if value.kind == given.ROOM else write)(whole or address, value.value)
        write = corrected  # what follows in the same breath is a part of it
    return whole


def completed(address: str, said: str) -> str:
    """What is given, made whole by the address as it stands: from the place that both name (测试家园8号楼) the way up to it is
    the same, and so it is where only another house of the same place is told (同一个小区9号楼). An area alone (滨江区) takes
    the place of the other's; what names its town beside more, or no place of the other, stays as it is."""
    same_place = captured("address_same", said)
    said = same_place or said
    if reading("address_town", said):
        only_area = set(_parts(said)) <= AREAS and _parts(address)
        return corrected(address, said) if only_area and _parts(said) else said
    for begins in range(len(said) - SHARED + 1):
        same = said[begins : begins + SHARED]
        place = -1 if any(sign.isdigit() for sign in same) else address.find(same)
        if place >= 0:
            return address[:place] + said[begins:]
    return rehoused(address, said) if same_place else said


def corrected(address: str, said: str) -> str:
    """The address that was got wrong in a part: each part that is named takes the place of the same part, the rest stays
    (象山区 in 桂林市秀峰区…2栋302). Who names another road or estate with its house means another place: from the first part
    that is named on, all of it is new."""
    stands, named = _parts(address), _parts(said)
    if not stands or not named or captured("address_same", said):
        return completed(address, said)
    elsewhere = [sort for sort in (ROAD, ESTATE) if sort in named and named[sort].strip() != stands.get(sort, "").strip()]
    if elsewhere and (HOUSE in named or {ROAD, ESTATE} <= named.keys() or CITY in named):
        first = list(patterns("address_parts")).index(next(iter(named)))
        wider = [part for sort, part in stands.items() if sort in list(patterns("address_parts"))[:first]]
        return "".join([*wider, said])
    house = named.pop(HOUSE, None)
    merged = {**stands, **named}
    whole = "".join(merged[sort] for sort in patterns("address_parts") if sort in merged)
    return rehoused(whole, house) if house else whole


def _parts(address: str) -> dict[str, str]:
    """An address cut into its parts, from the widest on; empty where something is left over. The patterns are in
    `readings.yml`."""
    parts, at = {}, 0
    for sort, (pattern, *_) in patterns("address_parts").items():
        found = pattern.match(address, at)
        if found and found.end() > at:
            parts[sort], at = found[0], found.end()
    return {} if address[at:].strip() else parts


def _replaced(address: str, sort: str, written: str) -> str:
    sorts = patterns("house_number")
    rooms = list(sorts[ROOM][0].finditer(address)) or list(sorts[LAST][0].finditer(address))
    places = list(sorts[sort][0].finditer(address)) or (rooms if sort == ROOM else [])
    if not places and sort in (FLOOR, UNIT) and rooms:
        return address[: rooms[-1].start()] + written + address[rooms[-1].start() :]
    if not places:
        return f"{address}{' ' if address[-1:].isascii() and address else ''}{written}"
    last = places[-1]
    sorted_already = sorts[sort][0].search(written) or not last.lastindex
    return address[: last.start()] + (written if sorted_already else written + last[1]) + address[last.end() :]
