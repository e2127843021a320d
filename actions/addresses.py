"""A house number in an address that stands already: another room is not another street."""

from __future__ import annotations

from actions.readings import captured, patterns, reading

ROOM, LAST, FLOOR = "room", "last", "floor"


def rehoused(address: str, number: str) -> str:
    """The address with that house number. 3幢502室 takes the place of what stood for 幢 and 室, and comes behind where neither
    stood; a number without a word for what it numbers (1203) is a room's. A floor that was not told before comes in front of
    the room. The words are in `readings.yml`."""
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


def completed(address: str, given: str) -> str:
    """What is given, made whole by the address as it stands: from the place that both name (测试家园8号楼) the way up to it is
    the same, and so it is where only another house of the same place is told (同一个小区9号楼). What names its town, or no
    place of the other, stays as it is."""
    same_place = captured("address_same", given)
    given = same_place or given
    if reading("address_town", given):
        return given
    for begins in range(len(given) - SHARED + 1):
        same = given[begins : begins + SHARED]
        place = -1 if any(sign.isdigit() for sign in same) else address.find(same)
        if place >= 0:
            return address[:place] + given[begins:]
    return rehoused(address, given) if same_place else given


def _replaced(address: str, sort: str, written: str) -> str:
    sorts = patterns("house_number")
    rooms = list(sorts[ROOM][0].finditer(address)) or list(sorts[LAST][0].finditer(address))
    places = list(sorts[sort][0].finditer(address)) or (rooms if sort == ROOM else [])
    if not places and sort == FLOOR and rooms:
        return address[: rooms[-1].start()] + written + address[rooms[-1].start() :]
    if not places:
        return f"{address}{' ' if address[-1:].isascii() and address else ''}{written}"
    last = places[-1]
    sorted_already = sorts[sort][0].search(written) or not last.lastindex
    return address[: last.start()] + (written if sorted_already else written + last[1]) + address[last.end() :]
