"""Which one is meant, of all that the customer has: one for all forms and questions.

What a message describes is read by `components/understanding/references.py`; here it is held against the customer's own orders,
their lines, slips, invoices and tickets, not only those that were listed. The answer is one, several (offered as buttons, page by
page), or none; it is never another thing than the one described.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from pypinyin import lazy_pinyin
from rasa_sdk.events import EventType, SlotSet

from actions import focus, wiring
from actions.base import OTHER, Button, Turn, button
from actions.gateways.belongings import INVOICE, ORDER, SLIP, TICKET, Belongings, Piece, Thing
from actions.spoken_of import references as described_lately

CHOICES = "chat_choices"
"""Slot: what the customer may choose from: {"kind", "ids" (all that fit), "page"}."""
PAGE = 5
MORE = "more"
"""The value of the button that shows the next ones."""
SHORTEST = 2  # so many characters name something
SURELY = 3  # so many leave no doubt
MOST_OF = 0.6  # of a subject's signs, told in other words
LATIN = 3  # so many letters of a word that is not Chinese are one
PIECE_OF_NUMBER = 6  # so many digits are found within a number; fewer only at its end
REMEMBERED = 4  # messages, this one included, for which what was described stays what is meant
ONLY_TOLD = ("chat_inform", "nlu_fallback", "chat_out_of_scope", "chat_greet")
"""Intents of messages that describe something and wish for nothing yet."""

# A state as customers name it → codes of `Thing.states`; of several sets the first that some thing has.
STATES: dict[str, tuple[frozenset[str], ...]] = {
    "unpaid": (frozenset({"unpaid"}),),
    "unshipped": (frozenset({"paid"}), frozenset({"unpaid"}), frozenset({"awaiting_goods"})),
    "shipped": (frozenset({"shipped"}),),
    "delivering": (frozenset({"out_for_delivery"}), frozenset({"shipped"})),
    "arrived": (frozenset({"signed", "completed"}),),
    "completed": (frozenset({"completed", "done", "solved", "closed"}), frozenset({"signed"})),
    "cancelled": (frozenset({"cancelled", "withdrawn"}),),
    "refunded": (frozenset({"refunded", "return:refunded", "refund:refunded"}),),
    "exchanged": (frozenset({"exchange", "exchange:open", "exchange:over"}),),
    "repaired": (frozenset({"repair", "repair:open", "repair:over"}),),
    "sent_back": (frozenset({"returning"}),),
    "returned": (frozenset({"return", "refund", "return:open", "return:over", "refund:open", "refund:over"}),),
    "reviewing": (frozenset({"reviewing", *(f"{kind}:reviewing" for kind in ("return", "refund", "exchange", "repair"))}),),
    "rejected": (frozenset({"rejected"}),),
    "issued": (frozenset({"issued"}),),
    "unissued": (frozenset({"waiting", "issuing", "merchant", "changing"}),),
    "returning": (
        frozenset({f"{kind}:open" for kind in ("return", "refund", "exchange", "repair")}),
        frozenset({"reviewing", "awaiting_goods", "inspecting", "repairing", "refunding"}),
    ),
}


OF_SLIPS = (
    "completed", "cancelled", "refunded", "exchanged", "repaired", "returned", "returning", "rejected", "reviewing", "unshipped",
)
# What may be said of others than orders; elsewhere the words are a part of a name (没收到货, the subject of a ticket).
STATES_OF = {SLIP: OF_SLIPS, INVOICE: ("issued", "unissued"), TICKET: ("completed",)}


@dataclass(frozen=True)
class Match:
    """A thing, and the lines of it that the words fit."""

    thing: Thing
    lines: frozenset[int]


@dataclass(frozen=True)
class Found:
    """What the words fit.

    Attributes:
        fits: the things, in the order of the list; where nothing was described, all that may be meant.
        described: whether the words describe anything.
        lines: by a thing's id, the line that they name, where it has several.
        missing: the words that fit nothing the customer has; empty where something fits.
        together: whether all of them are meant (两单都).
        doubtful: whether a part of what was said fits none of them (上周买的耳机, bought long ago): they are offered, not taken.
    """

    fits: tuple[Thing, ...] = ()
    described: bool = False
    lines: Mapping[str, int] = field(default_factory=dict)
    missing: str = ""
    together: bool = False
    doubtful: bool = False

    @property
    def one(self) -> Thing | None:
        """The only one that the words describe."""
        return self.fits[0] if self.described and not self.doubtful and len(self.fits) == 1 else None

    @property
    def line(self) -> int | None:
        """The line of it that they name."""
        return self.lines.get(self.one.id) if self.one else None


async def belongings(turn: Turn) -> Belongings:
    """All that the customer has; asked for once in an action's run."""
    if turn.belongings is None:
        turn.belongings = await turn.call(wiring.gateways().belongings.of, turn.reader)
    return turn.belongings


async def find(
    turn: Turn,
    *kinds: str,
    states: Sequence[str] = (),
    wanted: Callable[[Thing], bool] | None = None,
    spoken_of: str | None = None,
    asked: bool = False,
) -> Found:
    """What the latest message describes among the customer's things of these kinds.

    `states`, `wanted`: which of them are worth offering, where the words leave a choice; `spoken_of`: the one that 另一个 is
    not, and 再上一单 comes after; `asked`: whether the customer was just asked which one, so that a name alone is an answer.
    """
    things = (await belongings(turn)).of_kind(*kinds)
    reference = _of_such(turn)
    worth = [t for t in things if (not states or t.state_code in states) and (wanted is None or wanted(t))]
    table = _offered(turn, things) or _spoken_of(turn, things)
    return found(reference, things, worth, table, reference.get("spoken_of") or spoken_of, asked)


async def has_named(turn: Turn, kind: str) -> bool | None:
    """Whether the customer has a thing of this kind with the goods that the latest message names; None where it names none."""
    reference = turn.tracker.latest_message.get("reference") or {}
    named = [each for each in reference.get("conditions") or [] if each["by"] in GOODS and each["sure"]]
    return not found({"conditions": named}, (await belongings(turn)).of_kind(kind)).missing if named else None


def found(
    reference: dict[str, Any],
    things: Sequence[Thing],
    worth: Sequence[Thing] = (),
    offered: Sequence[Thing] = (),
    spoken_of: str | None = None,
    asked: bool = False,
) -> Found:
    """What a message's `reference` describes. `offered`: the list on the table, in its order."""
    told = _without_kept(reference.get("conditions") or [], things, asked)
    known = STATES_OF.get(things[0].kind, STATES) if things else ()
    names = [*(reference.get("names") or []), *(c["said"] for c in told if c["by"] == "state" and c["value"] not in known)]
    conditions = [c for c in told if c["by"] != "state" or c["value"] in known]
    on_things = sorted((c for c in conditions if c["by"] in _RANK), key=lambda c: _RANK[c["by"]])
    kept = whole = [Match(thing, frozenset(piece.line for piece in thing.pieces)) for thing in things]
    met: set[str] = set()
    missed = ""
    for condition in (c for c in on_things if c.get("beside")):
        kept = _companions(kept, condition)
        met.add("beside")
    for condition in (c for c in on_things if c["sure"] and not c.get("beside")):
        narrowed = _narrowed(kept, condition)
        if not narrowed and condition["by"] == "day" and _of_orders(things):  # who is a day out is asked which one
            narrowed = _narrowed(kept, {**condition, "spans": [_wider(span) for span in condition["spans"]]})
            missed = str(condition["said"])
            if not narrowed:
                continue
        if not narrowed and condition["by"] in GOODS and "goods" in met:
            narrowed = _with_more(kept, condition)
        if not narrowed and condition.get("kept"):
            continue
        if narrowed:
            kept = narrowed
            met.add("goods" if condition["by"] in GOODS else condition["by"])
        elif not met and condition["by"] == "kind" and spoken_of and not reference.get("bare"):
            continue  # 早上手机就说在送了, of the rice just spoken of: what the customer has none of is no thing that is meant
        elif not met and len(worth) == 1 and condition["by"] in _LOOSELY.get(worth[0].kind, ()):
            missed = ""  # the only one that is open: a ticket's title does not name what it is about
        elif not met:
            return Found(described=True, missing=str(condition["said"]))
        elif not (condition["by"] in GOODS and "goods" in met):  # 耳机的充电器
            missed = str(condition["said"])
    described = bool(met)
    for name in names:
        called = _called(kept, name, asked)
        kept, described = called or kept, described or bool(called)
    by = {condition["by"]: condition for condition in conditions}
    if "place" in by and offered:
        at = _at(offered, int(by["place"]["value"]))
        placed = [match for match in kept if at and match.thing.id == at.id]
        if placed or "goods" not in met:
            return _answer(placed, str(by["place"]["said"]), False)
        del by["place"]  # 还有第一件，那件羽绒服: the first that was spoken of, and not of the list
    lasts = worth and met == {"day"} and all(c["of"] in ("any", "signed") for c in on_things if c["by"] == "day")
    if lasts and not {match.thing.id for match in kept} & {thing.id for thing in worth}:
        kept, missed = [match for match in whole if match.thing in worth], missed or "day"  # 说昨天到的, of what is on its way
    if not by.keys() & _BESIDE:  # 再上一单 is the one before, whatever its state
        kept = _worth(kept, worth)
    answers = asked and bool(reference.get("bare"))  # the whole answer describes
    for condition in (c for c in on_things if not c["sure"]):
        narrowed = _narrowed(kept, condition)
        if not narrowed and answers and not described and condition["by"] not in _LOOKS:
            return Found(described=True, missing=str(condition["said"]))
        if not narrowed and asked and condition["by"] not in _LOOKS:
            missed = str(condition["said"])
        described = described or (asked and bool(narrowed) and (answers or len(narrowed) < len(kept)))
        kept = narrowed or kept
    if "not" in by and spoken_of:
        kept = [match for match in kept if match.thing.id != spoken_of]
    steps = by.keys() & _STEPS.keys()
    if (not described and not steps) or (steps == {"other"} and not spoken_of):
        return Found(tuple(match.thing for match in kept), described=bool(missed), doubtful=bool(missed))
    for name, step in _STEPS.items():
        if name in by:
            kept = step(kept, by[name], spoken_of)
    return replace(_answer(kept, " ".join(str(by[name]["said"]) for name in steps), "all" in by), doubtful=bool(missed))


def _answer(kept: list[Match], said: str, together: bool) -> Found:
    if not kept:
        return Found(described=True, missing=said)
    lines = {match.thing.id: next(iter(match.lines)) for match in kept if len(match.lines) == 1 < len(match.thing.pieces)}
    return Found(tuple(match.thing for match in kept), True, lines, together=together and len(kept) > 1)


# ── conditions ────────────────────────────────────────────────────────────────

_RANK = {
    by: rank for rank, by in enumerate(("number", "product", "kind", "colour", "size", "quantity", "state", "day", "amount"))
}
GOODS = ("product", "kind")
COMPARED = ("dearest", "cheapest")
_LOOSELY = {TICKET: ("product", "kind", "day", "state", "amount"), SLIP: ("day",)}
"""What is said of such things without their record showing it."""
_LOOKS = ("colour", "size", "quantity")


def _without_kept(told: Sequence[dict[str, Any]], things: Sequence[Thing], asked: bool) -> list[dict[str, Any]]:
    """The conditions; of goods with which nothing is to be done (锅不退) as what is not meant, where others are named or
    one was asked for. Alone, and of slips, they say which one is meant (台灯不退了)."""
    others = any(each["by"] in GOODS and not each.get("kept") and not each.get("negated") for each in told)
    excludes = _of_orders(things) and (asked or others)
    return [{**each, "negated": True} if excludes and each.get("kept") else each for each in told]


def _narrowed(kept: list[Match], condition: dict[str, Any]) -> list[Match]:
    """The matches that meet a condition; for 不是手机 those that do not, for 锅不退 the other pieces."""
    if condition.get("negated") and condition.get("kept"):
        held = {match.thing.id: match.lines for match in _narrowed(kept, {**condition, "negated": False})}
        left = [replace(match, lines=match.lines - held.get(match.thing.id, frozenset())) for match in kept]
        return [match for match in left if match.lines]
    if condition.get("negated"):
        out = {match.thing.id for match in _narrowed(kept, {**condition, "negated": False})}
        return [match for match in kept if match.thing.id not in out]
    for fits in _tests(condition):
        met = [match for match in (_fitting(match, fits) for match in kept) if match]
        if met:
            return met
    return []


def _of_orders(things: Sequence[Thing]) -> bool:
    return bool(things) and things[0].kind == ORDER


def _companions(kept: list[Match], condition: dict[str, Any]) -> list[Match]:
    """The orders that hold such goods, with what else is in them; all, where none does."""
    by_id = {match.thing.id: match for match in kept}
    held = _narrowed(kept, condition)
    others = [replace(match, lines=by_id[match.thing.id].lines - match.lines) for match in held]
    return [other if other.lines else match for other, match in zip(others, held, strict=True)] or kept


def _wider(span: Sequence[str]) -> list[str]:
    """A span of days with the day before and the day after it."""
    day = datetime.timedelta(days=1)
    first, last = (datetime.date.fromisoformat(each) for each in span)
    return [(first - day).isoformat(), (last + day).isoformat()]


def _with_more(kept: list[Match], condition: dict[str, Any]) -> list[Match]:
    """Other goods of the same orders too (帐篷和书); only those where they were said to be inside (帐篷那单里的书)."""
    whole = [replace(match, lines=frozenset(piece.line for piece in match.thing.pieces)) for match in kept]
    before = {match.thing.id: match.lines for match in kept}
    others = _narrowed(whole, condition)
    return others if condition.get("inside") else [replace(m, lines=m.lines | before[m.thing.id]) for m in others]


Test = Callable[[Thing, "Piece | None"], bool]


def _fitting(match: Match, fits: Test) -> Match | None:
    """The match with the lines that fit; whole where the test is on the thing itself."""
    if fits(match.thing, None):
        return match
    lines = frozenset(piece.line for piece in match.thing.pieces if piece.line in match.lines and fits(match.thing, piece))
    return replace(match, lines=lines) if lines else None


def _tests(condition: dict[str, Any]) -> Iterable[Test]:
    """Tests of a condition, the strictest first: the first that anything passes counts."""
    by = condition["by"]
    if by == "number":
        digits = str(condition["digits"])
        yield _of_thing(lambda thing: any(number.endswith(digits) for number in thing.numbers))
        if len(digits) >= PIECE_OF_NUMBER:
            yield _of_thing(lambda thing: any(digits in number for number in thing.numbers))
        yield from _costing(condition.get("spans") or ())
    elif by == "kind":
        others = [_plain(each) for each in condition["not"]]
        words = [_plain(each) for each in condition["words"]]
        said = [_plain(condition["said"])]
        kind = [_plain(condition["kind"])]
        yield _of_piece(lambda piece: _plain(piece.kind) in said)
        yield _headed(said)
        yield _both(_headed(words if condition["wide"] else kind), _titled(said, others))
        yield _titled(said if len(said[0]) > 1 else [], others)
        yield _of_piece(lambda piece: _plain(piece.kind) in kind)
        if condition["wide"]:
            yield _of_piece(lambda piece: len(kind[0]) > 1 and kind[0] in _plain(piece.kind))
        else:
            yield _headed(kind)
            yield _titled(kind, others)
        yield _of_kind(words, others)
    elif by == "product":
        parts = [_plain(part) for part in condition["parts"]]
        yield _titled(["".join(parts)])
        yield _of_piece(lambda piece: all(part in _plain(piece.title) for part in parts))
    elif by in ("colour", "size"):
        for named in dict.fromkeys((condition["said"], condition["value"], condition["core"])):
            yield _titled([_plain(named)])
    elif by == "quantity":
        yield _of_piece(lambda piece: piece.quantity == condition["value"])
    elif by == "state":
        for codes in STATES[condition["value"]]:
            yield _in_state(codes)
    elif by == "day":
        for first, last in condition["spans"]:
            for names in _ALSO[condition["of"]]:
                yield _happened(names, first, last)
    elif by == "amount":
        yield from _costing(condition["spans"])


_ALSO: dict[str, tuple[tuple[str, ...], ...]] = {
    "created": (("created",), ("paid",)),
    "signed": (("signed",), ("completed",)),
    "shipped": (("shipped",), ("created",)),
    "completed": (("completed",), ("signed",)),
    "cancelled": (("cancelled",), ("created",)),
    "any": (("created", "issued"), ("signed", "paid"), ("shipped", "completed", "cancelled")),
}


def _titled(words: Sequence[str], others: Sequence[str] = ()) -> Test:
    return _of_piece(lambda piece: any(word in _without(_plain(piece.title), others) for word in words))


def _headed(words: Sequence[str]) -> Test:
    """Whether the name ends with a word (平板 is a 平板电脑, no 平板拖把), before what says how much is in it."""
    ends = re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?![\u4e00-\u9fff])")
    return _of_piece(lambda piece: ends.search(piece.product.lower()) is not None)


def _both(one: Test, other: Test) -> Test:
    return lambda thing, piece: one(thing, piece) and other(thing, piece)


def _of_kind(words: Sequence[str], others: Sequence[str]) -> Test:
    return _of_piece(lambda p: p.category in words or any(word in _without(_plain(p.title + p.kind), others) for word in words))


def _in_state(codes: frozenset[str]) -> Test:
    return _of_thing(lambda thing: bool(thing.states & codes))


def _happened(names: Iterable[str], first: str, last: str) -> Test:
    return _of_thing(lambda thing: any(first <= thing.times.get(name, "")[:10] <= last for name in names))


def _costing(spans: Iterable[Sequence[float]]) -> Iterable[Test]:
    """What all of it cost, else a piece of it."""
    for low, high in spans:
        yield _of_thing(_within(low, high))
        yield _of_piece(_priced_within(low, high))


def _within(low: float, high: float) -> Callable[[Thing], bool]:
    return lambda thing: low <= thing.amount <= high


def _priced_within(low: float, high: float) -> Callable[[Piece], bool]:
    return lambda piece: low <= piece.unit_price <= high or low <= piece.amount <= high


def _of_thing(fits: Callable[[Thing], bool]) -> Test:
    return lambda thing, piece: piece is None and fits(thing)


def _of_piece(fits: Callable[[Piece], bool]) -> Test:
    return lambda thing, piece: piece is not None and fits(piece)


def _without(title: str, others: Sequence[str]) -> str:
    """A name without those of other kinds (手机壳)."""
    for other in others:
        title = title.replace(other, " ")
    return title


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Letters and digits only, in one case."""
    return re.sub(r"[\W_]+", "", text.lower())


# ── names in words of one's own ───────────────────────────────────────────────


def _called(kept: list[Match], said: str, asked: bool) -> list[Match]:
    """The matches whose goods' names hold most of the words: by characters, else by their sounds; none where all do."""
    least = SHORTEST if asked else SURELY
    latin = said.isascii()
    for spelled in (_plain, _read_out if latin else _sounds):
        words: Sequence[str] = [_plain(said)] if latin else spelled(said)
        best = least - 1
        met: list[Match] = []
        for match in kept:
            names = {piece.line: _names(match.thing, piece) for piece in match.thing.pieces if piece.line in match.lines}
            names |= {} if names and match.thing.kind != TICKET else {0: match.thing.title}
            shared = {line: _shared(words, spelled(name), least) for line, name in names.items()}
            if match.thing.kind == TICKET and spelled is _plain:
                shared[0] = max(shared[0], _told_of(said, match.thing.title))
            most = max(shared.values(), default=0)
            if spelled is _sounds and most < SURELY and set(said).isdisjoint("".join(names.values())):
                continue  # 墨迹 sounds like a piece of 三模机械键盘, and is none
            if most > best:
                best, met = most, []
            if most == best >= least:
                lines = frozenset(line for line, count in shared.items() if count == most and line)
                met.append(replace(match, lines=lines or match.lines))
        if met:
            return met if len(met) < len(kept) or len(kept) == 1 else []
    short = [] if latin else [match for match in (_fitting(match, _called_short(said)) for match in kept) if match]
    pieces = [piece for match in short for piece in match.thing.pieces if piece.line in match.lines]
    return short if len({_end(piece) for piece in pieces}) == 1 else []


def _called_short(said: str) -> Test:
    """Whether the words hold the end of what goods are called: 暖器不热了, of a 取暖器."""
    return _of_piece(lambda piece: _end(piece) != "" and _end(piece) in said)


def _end(piece: Piece) -> str:
    """The last signs of the longest word of a name, which says what it is; empty where it has no such word."""
    word = max(_CHINESE.findall(piece.product), key=len, default="")
    return word[-SHORTEST:] if len(word) > SHORTEST else ""


_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def _told_of(said: str, subject: str) -> int:
    """How many signs of a ticket's subject the words hold in whatever order, where they are most of the one or of the other."""
    signs, words = set(_plain(subject)), set(_plain(said))
    held = len(signs & words)
    return held if held >= SURELY and held >= MOST_OF * min(len(signs), len(words)) else 0


def _names(thing: Thing, piece: Piece) -> str:
    return f"{piece.title} {piece.kind} {thing.seller} {thing.label}"


@lru_cache(maxsize=4096)
def _sounds(text: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(_plain(text)))


@lru_cache(maxsize=4096)
def _read_out(text: str) -> str:
    """In pinyin without spaces: shouji."""
    return "".join(_sounds(text))


def _shared(words: Sequence[str], title: Sequence[str], least: int) -> int:
    """How many of the words stand in the title, in runs of at least so many."""
    count = start = 0
    while start < len(words):
        run = 0
        while start + run < len(words) and _holds(title, words[start : start + run + 1]):
            run += 1
        whole = run == 1 and isinstance(words, list) and (len(words[start]) >= LATIN or _MODEL.search(words[start]) is not None)
        count += len(words[start]) if whole else run if run >= least else 0
        start += run if run >= least else 1
    return count


_MODEL = re.compile(r"[a-z]\d|\d[a-z]")


def _holds(title: Sequence[str], run: Sequence[str]) -> bool:
    if isinstance(title, str):
        return "".join(run) in title
    return any(title[place : place + len(run)] == run for place in range(len(title) - len(run) + 1))


# ── of several ────────────────────────────────────────────────────────────────


def _worth(kept: list[Match], worth: Sequence[Thing]) -> list[Match]:
    """Those worth offering, where some are."""
    ids = {thing.id for thing in worth}
    return [match for match in kept if match.thing.id in ids] or kept


Step = Callable[["list[Match]", "dict[str, Any]", "str | None"], "list[Match]"]


def _other(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    return [match for match in kept if match.thing.id != spoken_of]


def _placed(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    """Without a list on the table: of what is left; the last is the newest."""
    if condition.get("newest"):
        return _latest(kept, condition, spoken_of)
    at = _at(kept, int(condition["value"]))
    return [at] if at else []


def _beside(steps: int) -> Step:
    """So many further down the list than the one spoken of, or than the newest."""

    def beside(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
        ids = [match.thing.id for match in kept]
        at = (ids.index(spoken_of) if spoken_of in ids else 0) + steps
        return [kept[at]] if 0 <= at < len(kept) else []

    return beside


def _previous(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    """The one before the one spoken of; where none was, the newest."""
    return (_beside(1) if spoken_of else _latest)(kept, condition, spoken_of)


def _extreme(best: Callable[[Iterable[float]], float]) -> Step:
    def extreme(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
        amount = best(map(_price, kept)) if kept else 0
        return [match for match in kept if _price(match) == amount]

    return extreme


def _price(match: Match) -> float:
    """What the piece that is meant cost, else the whole."""
    meant = [piece.unit_price for piece in match.thing.pieces if piece.line in match.lines]
    return meant[0] if len(meant) == 1 < len(match.thing.pieces) else match.thing.amount


def _latest(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    return _by_time(kept, str(condition.get("of") or "created"), last=True)


def _first(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    return _by_time(kept, str(condition["of"]), last=False)


def _by_time(kept: list[Match], of: str, last: bool) -> list[Match]:
    """The last or first to which it happened; the list itself is in the order in which they were made."""
    told = [match for match in kept if match.thing.times.get(of)] or kept
    if of != "created":
        told = sorted(told, key=lambda match: match.thing.times.get(of, ""), reverse=True)
    return told[:1] if last else told[-1:]


def _all(kept: list[Match], condition: dict[str, Any], spoken_of: str | None) -> list[Match]:
    return kept


_BESIDE = frozenset({"before", "next", "previous"})
OF_TIME = frozenset({*_BESIDE, "newest", "oldest"})
"""What says which order by when it was made."""
_STEPS: dict[str, Step] = {
    "other": _other, "place": _placed, "before": _beside(1), "next": _beside(-1),
    "dearest": _extreme(max), "cheapest": _extreme(min),
    "previous": _previous, "newest": _latest, "oldest": _first, "all": _all,
}  # fmt: skip

T = TypeVar("T")


def _at(matches: Sequence[T], place: int) -> T | None:
    """The one at a place (1: the first, -1: the last, 0: the middle), if there is one."""
    if place == 0:
        return matches[len(matches) // 2] if len(matches) % 2 else None
    index = place - 1 if place > 0 else place
    return matches[index] if -len(matches) <= index < len(matches) else None


# ── what is offered ───────────────────────────────────────────────────────────


def _offered(turn: Turn, things: Sequence[Thing]) -> list[Thing]:
    """The list on the table, as far as it was shown."""
    told = turn.slot(CHOICES) or {}
    by_id = {thing.id: thing for thing in things}
    at = int(told.get("page") or 0) * PAGE
    return [by_id[number] for number in (told.get("ids") or [])[at : at + PAGE] if number in by_id]


def _spoken_of(turn: Turn, things: Sequence[Thing]) -> list[Thing]:
    """Where nothing is listed, those spoken of, the first first, where they are several (头一个大概哪天到)."""
    by_id = {thing.id: thing for thing in things}
    told = (each.order if each.order in by_id else each.id for each in reversed(focus.of(turn)))
    spoken = [by_id[number] for number in dict.fromkeys(told) if number in by_id]
    return spoken if len(spoken) > 1 else []


def choices(kind: str, found: Found, intent: str = "") -> dict[str, Any]:
    """The slot's value: what fits may be chosen, and its first page is shown. `intent`: what is wished for all of them."""
    told = {"kind": kind, "ids": [thing.id for thing in found.fits], "page": 0, "lines": dict(found.lines)}
    return {CHOICES: {**told, "together": intent} if found.together and intent else told}


def settled(turn: Turn, kind: str, slot: str, found: Found, asked: bool) -> dict[str, Any] | None:
    """What fills a form's `slot`: the one described, or None with what is left to choose from; None where nothing is described.

    That the customer has no such thing is said.
    """
    if turn.entity(slot) == MORE or (asked and not found.described and turn.cue("others") is not None):
        return {slot: None, **paged(turn)}
    only = found.fits[0] if asked and found.described and len(found.fits) == 1 else found.one
    if only:  # asked which one, it need not fit in all that is said of it
        return {slot: only.id}
    if found.missing:
        turn.utter(f"utter_{slot.rpartition('_')[0]}_none_fits", words=found.missing)
        return {slot: None, CHOICES: None}
    if found.described:
        return {**({slot: None} if asked else {}), **choices(kind, found, turn.intent)}
    return None


async def one_of(turn: Turn, kind: str, entity: str, worth: Callable[[Thing], bool]) -> tuple[list[Thing], str | None]:
    """For a question that needs no form: the id of the one that is described, or the only one worth it; else what to choose from.

    That the customer has no such thing is said.
    """
    before = next((each.id for each in focus.of(turn, kind)), None)
    found = await find(turn, kind, wanted=worth, spoken_of=before, asked=False)
    filled = settled(turn, kind, entity, found, asked=False) or {}
    turn.tracker.slots.update({CHOICES: filled.get(CHOICES)})
    if filled.get(entity):
        return [], str(filled[entity])
    things = await offered(turn, kind, worth) or await offered(turn, kind)
    return ([], things[0].id) if len(things) == 1 and not found.missing else (things, None)


def paged(turn: Turn) -> dict[str, Any]:
    """The slot's value for the next page; after the last one the first again."""
    told = turn.slot(CHOICES)
    if not told:
        return {}
    at = int(told["page"]) + 1
    return {CHOICES: {**told, "page": at if at * PAGE < len(told["ids"]) else 0}}


async def offered(turn: Turn, kind: str, worth: Callable[[Thing], bool] = lambda thing: True) -> list[Thing]:
    """What may be chosen: what the words fitted, else what is worth offering."""
    things = (await belongings(turn)).of_kind(kind)
    told = turn.slot(CHOICES) or {}
    if told.get("kind") == kind:
        by_id = {thing.id: thing for thing in things}
        fitting = [by_id[number] for number in told["ids"] if number in by_id]
        if fitting:
            return fitting
    return [thing for thing in things if worth(thing)]


def page(turn: Turn, entity: str, things: Sequence[Thing], intent: str = "chat_inform") -> list[Button]:
    """Buttons for the page that is to be shown, and one for the next."""
    at = int((turn.slot(CHOICES) or {}).get("page") or 0) * PAGE
    lines = (turn.slot(CHOICES) or {}).get("lines") or {}
    buttons = [pick(entity, thing, intent, lines.get(thing.id)) for thing in things[at : at + PAGE]]
    more = [option(entity, MORE, turn.wording("utter_chat_more") or MORE, intent=intent)] if len(things) > PAGE else []
    return [*buttons, *more]


def pick(entity: str, thing: Thing, intent: str = "chat_inform", line: int | None = None) -> Button:
    """A button that picks one: `11-19 蓝牙耳机 LX-B3 ¥199 已发货`, `退货 蓝牙耳机 LX-B3 ¥199 待寄回`,
    `蓝牙耳机 199.00 已开具`; `line`: the piece of an order that was meant."""
    paid = f"¥{thing.amount:.2f}".removesuffix(".00")
    goods = next((piece.title for piece in thing.pieces if piece.line == line), thing.title)
    titles = {
        ORDER: (thing.times.get("created", "")[5:10], goods, paid, thing.state),
        SLIP: (thing.label, thing.title, *((paid,) if thing.amount else ()), thing.state),
        INVOICE: (thing.title, f"{thing.amount:.2f}", thing.state),
        TICKET: (thing.id, thing.title, thing.state),
    }
    return option(entity, thing.id, *titles[thing.kind], intent=intent)


def kept(turn: Turn, kind: str, things: Sequence[Thing]) -> list[EventType]:
    """The event that remembers what was offered."""
    told = turn.slot(CHOICES) or {}
    same = told.get("kind") == kind and told.get("ids") == [thing.id for thing in things]
    return [SlotSet(CHOICES, told if same else choices(kind, Found(tuple(things)))[CHOICES])]


def option(entity: str, value: Any, *title: Any, intent: str = "chat_inform", **more: Any) -> Button:
    """A button that picks one thing: its title is these words, its payload `/intent{"entity": value, …}`."""
    return button(" ".join(str(word) for word in title), intent, json.dumps({entity: value, **more}))


# ── what stands in a list that is no belonging ────────────────────────────────


def at_place(turn: Turn, listed: Sequence[T]) -> T | None:
    """The one at the place that was said: the second, the last but one."""
    conditions = (turn.tracker.latest_message.get("reference") or {}).get("conditions") or []
    place = next((condition["value"] for condition in conditions if condition["by"] == "place"), None)
    return None if place is None else _at(listed, int(place))


async def find_line(turn: Turn, number: str, pressed: Any, asked: bool) -> int | None:
    """Which line of an order is meant: by its button, or by whatever describes it."""
    order = next((thing for thing in (await belongings(turn)).of_kind(ORDER) if number in thing.numbers), None)
    if order is None:
        return None
    if pressed is not None:
        return next((piece.line for piece in order.pieces if str(piece.line) == str(pressed)), None)
    return _line_meant(order, turn.tracker.latest_message.get("reference") or {}, asked)


async def lines_named(turn: Turn, number: str) -> list[int]:
    """The lines of an order that the words name, each by goods of its own (锅和碗都降了)."""
    order = next((thing for thing in (await belongings(turn)).of_kind(ORDER) if number in thing.numbers), None)
    told = (turn.tracker.latest_message.get("reference") or {}).get("conditions") or []
    goods = [each for each in told if each["by"] in GOODS and not each.get("kept") and not each.get("negated")]
    meant = {_line_meant(order, {"conditions": [each]}, asked=False) for each in goods} if order else set()
    return sorted(line for line in meant if line)


def _line_meant(order: Thing, told: dict[str, Any], asked: bool) -> int | None:
    """The line of an order that a reference describes; that it is the last order says nothing of its lines, unless one is asked
    for."""
    if not asked:
        told = {**told, "conditions": [each for each in told.get("conditions") or [] if each["by"] not in OF_TIME]}
    lines = [replace(order, id=str(p.line), title=p.title, amount=p.amount, numbers=(), pieces=(p,)) for p in order.pieces]
    meant = found(told, lines, lines, lines if asked else (), asked=asked)
    return int(meant.one.id) if meant.one else None


def _of_such(turn: Turn) -> dict[str, Any]:
    """What the message describes; of which goods one is the cheaper (便宜那台呢), the last message that named any says."""
    told: dict[str, Any] = turn.tracker.latest_message.get("reference") or {}
    conditions = told.get("conditions") or []
    compared = any(each["by"] in COMPARED and not each.get("most") for each in conditions)
    if not compared or any(each["by"] in GOODS for each in conditions):
        return told
    for before in described_lately(turn):
        goods = [each for each in before["conditions"] if not each.get("kept")]
        if goods:
            return {**told, "conditions": [*goods, *conditions]}
    return told


# ── what was described before ─────────────────────────────────────────────────


async def described_before(turn: Turn, states: Sequence[str] = ()) -> Found | None:
    """The order that one of the last messages described before saying what is wanted: many begin so.

    None where another order was spoken of since, or is meant now.
    """
    if turn.cue("others") is not None or turn.fresh:
        return None
    messages = 0
    for event in reversed(turn.tracker.events):
        if event["event"] == "slot" and event["name"] == "orders_last" and event["value"]:
            return None
        if event["event"] != "user":
            continue
        messages += 1
        if messages > REMEMBERED:
            return None
        said = event.get("parse_data") or {}
        if str(event.get("text") or "").startswith("/"):
            continue
        numbers = [e["value"] for e in said.get("entities") or [] if e["entity"] == "orders_number" and e["value"] != OTHER]
        things = (await belongings(turn)).of_kind(ORDER)
        if numbers:
            return Found(tuple(t for t in things if numbers[-1] in t.numbers), True)
        asked = any(each["command"] == "know" and each.get("intent") == turn.intent for each in said.get("commands") or [])
        if messages > 1 and (asked or (said.get("intent") or {}).get("name") in ONLY_TOLD):  # 想退，还来得及吗
            worth = [t for t in things if not states or t.state_code in states]
            told = said.get("reference") or {}
            before = found(told, things, worth)
            if before.one:
                line = before.line or _line_meant(before.one, told, asked=False)
                return replace(before, lines={before.one.id: line} if line else {})
    return None
