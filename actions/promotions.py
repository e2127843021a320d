"""Promotions: the customer's coupons, and the difference after a price drop."""

from __future__ import annotations

import datetime
import re
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import focus, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, over, when
from actions.facts import facts
from actions.forms import confirmed
from actions.gateways.belongings import ORDER
from actions.gateways.errors import Rejected
from actions.gateways.orders import Order
from actions.gateways.promotions import Coupon, Protection, Quote
from actions.order_form import OrderAction, OrderForm
from actions.order_states import past_day, told
from actions.readings import reading, words
from actions.references import (
    CHOICES,
    GOODS,
    at_place,
    belongings,
    described_before,
    find,
    find_line,
    lines_named,
    option,
)
from topics import clock

STATUS, ANY_PIECE = "status", "any"
EXTEND, FITS, BARGAINS = "extend", "fits", "bargains"
"""What is wished of coupons: that one that lapsed be made good · which one an order that is not paid can take · for want of one,
that the price be made less."""
EXPIRED = "expired"
"""What is asked about: a coupon that lapsed; the state of one."""
UNPAID, NO_ORDER = ("unpaid",), "no_order"
SHOWN = 6
SOON = datetime.timedelta(days=3)


class ActionPromotionsCoupons(CustomerAction):
    """The customer's coupons: usable, lapsing soon, why one cannot be used, what a cancelled order gave back."""

    concludes = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Answer what was asked for, from the customer's own coupons."""
        coupons = await turn.call(wiring.gateways().promotions.coupons, turn.reader)
        wish = turn.entity("promotions_coupons") or reading("promotions_coupons", words(turn)) or ""
        if wish == FITS and (number := await _unpaid(turn)):
            turn.utter("utter_promotions_coupon_fits", **await _fitting(turn, number))
            return [*_spoken(turn, coupons), SlotSet("orders_last", number)]
        usable = [coupon for coupon in coupons if coupon.unusable is None]
        soon = [coupon for coupon in usable if _lapses_soon(coupon)]
        named = _by_figures(turn.typed, coupons)
        lapsed = [coupon for coupon in named if coupon.state_code == EXPIRED]
        if lapsed and wish in (EXPIRED, EXTEND):
            turn.utter("utter_promotions_coupons_expired", "seen", coupons=_listed(lapsed[-SHOWN:], why=True))
            return _spoken(turn, coupons)
        if named and wish in ("", EXPIRED):
            until = "\n".join(f"· {coupon.name}：{when(coupon.valid_to)}" for coupon in named[:SHOWN])
            turn.utter("utter_promotions_coupon_until", until=until)
            return _spoken(turn, coupons)
        if wish == "returned":
            self._returned(turn, [coupon for coupon in coupons if coupon.returned_from])
        elif wish == EXPIRED:
            self._expired(turn, soon, [coupon for coupon in coupons if coupon.state_code == EXPIRED])
        elif wish in ("unusable", "missing"):
            waiting = [c for c in coupons if c.unusable and c.state_code != "used"]
            used = [c for c in coupons if c.state_code == "used"]
            listed = _listed([*waiting, *used[-SHOWN:]], why=True)
            turn.utter(f"utter_promotions_coupons_{wish}", "seen" if listed else "", coupons=listed)
        elif wish == EXTEND:
            turn.utter("utter_promotions_coupon_extend")
        elif wish:
            turn.utter("utter_promotions_coupons", wish)
        if wish not in (EXPIRED, "cash", EXTEND, "get", BARGAINS):
            variant = "" if not usable else "soon" if soon else "some"
            turn.utter("utter_promotions_usable", variant, count=len(usable), coupons=_listed(usable), soon=len(soon))
        number = await _unpaid(turn) if wish == BARGAINS else None
        return [*_spoken(turn, coupons), *([SlotSet("orders_last", number)] if number else [])]

    def _returned(self, turn: Turn, back: list[Coupon]) -> None:
        """The coupons of cancelled orders; what lapsed meanwhile is told too."""
        if not back:
            turn.utter("utter_promotions_coupons_returned")
        for coupon in back[:SHOWN]:
            values: dict[str, Any] = {"coupon": coupon.name, "order": coupon.returned_from, "until": when(coupon.valid_to)}
            turn.utter("utter_promotions_coupon_back", "lapsed" if coupon.unusable else "", **values)

    def _expired(self, turn: Turn, soon: list[Coupon], expired: list[Coupon]) -> None:
        values: dict[str, Any] = {"coupons": _listed(expired[-SHOWN:], why=True), "soon": _listed(soon)}
        seen = "soon" if soon else "seen" if expired else ""
        turn.utter("utter_promotions_coupons_expired", seen, **values)


class ValidatePromotionsProtectionForm(OrderForm):
    """Which order, which piece, and, knowing the difference: shall I ask for it?"""

    operation, states = "price_protection", ("paid", "shipped", "signed", "completed")
    by_line = True

    def slots(self, turn: Turn) -> list[str]:
        """How an earlier request is going needs nothing."""
        return [] if turn.slot("promotions_wish") == STATUS else super().slots(turn)

    def rest(self, turn: Turn) -> list[str]:
        """One piece needs no choice; what the shop would refuse needs no yes."""
        line = ["promotions_line"] if turn.slot("promotions_pieces") else []
        return [*line, *([] if turn.slot("promotions_refused") else ["promotions_confirmed"])]

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """An earlier request, or an order."""
        wish = turn.entity("promotions_wish")
        if turn.intent in self.starts:
            wish = wish or reading("promotions_wish", words(turn))
        if wish == STATUS:
            return {"promotions_wish": STATUS}
        filled = await super().fill(turn)
        if wish:
            filled["promotions_wish"] = wish
        return filled

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The piece by its button, place or name; then the shop's offer; then yes or no."""
        number = turn.slot("orders_number")
        if not number:
            return {}
        filled: dict[str, Any] = {}
        if turn.slot("promotions_order_checked") != number or turn.slot(REQUESTED_SLOT) is None:
            order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
            pieces = [{"line": i.line, "title": i.title} for i in order.items]
            filled |= {
                "promotions_order_checked": number,
                "promotions_pieces": pieces if len(pieces) > 1 else None,
                "promotions_line": None,
                "promotions_quote": None,
                "promotions_refused": None,
            }
            turn.tracker.slots.update(filled)
        if turn.slot("promotions_pieces") and turn.slot("promotions_line") is None:
            named = [] if turn.pressed else await lines_named(turn, number)
            filled.update(await (self._judged(turn, number, named) if len(named) > 1 else self._line_of(turn)))
        turn.tracker.slots.update(filled)
        ready = turn.slot("promotions_line") is not None or not turn.slot("promotions_pieces")
        if ready and turn.slot("promotions_quote") is None and not turn.slot("promotions_refused"):
            filled.update(await self._quote(turn, number, _line_of(turn)))
        return {**filled, **self.confirmation(turn, "promotions_confirmed")}

    async def _line_of(self, turn: Turn) -> dict[str, Any]:
        named = turn.entity("promotions_line")
        if named == ANY_PIECE:
            return {"promotions_line": ANY_PIECE}
        asked = self.asked(turn, "promotions_line")
        before = None if asked or named else turn.slot("orders_line")
        number = str(turn.slot("orders_number"))
        line = before or await find_line(turn, number, named, asked)
        line = line or (await self._noun(turn, number) if asked and not named else None)
        return {} if line is None else {"promotions_line": line}

    async def _line(self, turn: Turn, order: Order) -> int | None:
        """The line that the words name; what they name by a single sign comes before what was named earlier."""
        return await self._noun(turn, order.number) or await super()._line(turn, order)

    async def _noun(self, turn: Turn, number: str) -> int | None:
        """那瓶水也便宜了: the only line in whose name a noun of one sign stands, where no goods are named; it is read back."""
        told = turn.tracker.latest_message.get("reference") or {}
        if turn.pressed or any(each["by"] in GOODS for each in told.get("conditions") or []):
            return None
        order = next((each for each in (await belongings(turn)).of_kind(ORDER) if each.id == number), None)
        nouns = {name[0] for name in told.get("names") or []}
        lines = [piece.line for piece in (order.pieces if order else ()) if nouns & set(f"{piece.title}{piece.kind}")]
        return lines[0] if len(lines) == 1 and order and len(order.pieces) > 1 else None

    async def _meant(self, turn: Turn) -> dict[str, Any]:
        """那另一个呢, of an order of which one piece was just told: the other one, or which of the others."""
        told = turn.tracker.latest_message.get("reference") or {}
        conditions = told.get("conditions") or []
        newest = next(iter(focus.of(turn)), None)
        others = [each for each in conditions if each["by"] == "other"]
        if newest and newest.kind == "protection" and newest.order and others and len(others) == len(conditions):
            order = next((each for each in (await belongings(turn)).of_kind(ORDER) if each.id == newest.order), None)
            left = [piece.line for piece in order.pieces if piece.title != newest.title] if order else []
            if left:
                return {"orders_number": newest.order, "orders_line": left[0] if len(left) == 1 else None, CHOICES: None}
        return await super()._meant(turn)

    async def _judged(self, turn: Turn, number: str, lines: list[int]) -> dict[str, Any]:
        """Of several pieces that were named the first with a difference, beside what the shop says of each of the others."""
        judged = [(line, await self._quote(turn, number, line)) for line in lines]
        cheaper = [(line, quote) for line, quote in judged if "promotions_quote" in quote]
        if not cheaper:
            return {"promotions_line": ANY_PIECE, "promotions_refused": True}
        (line, first), *others = cheaper
        refused = "".join(str(quote["promotions_refused"]) for _, quote in judged if "promotions_refused" in quote)
        quote = {**first["promotions_quote"], "refused": refused, "next": [other for other, _ in others]}
        return {"promotions_line": line, "promotions_quote": quote}

    async def _quote(self, turn: Turn, number: str, line: int | None) -> dict[str, Any]:
        """What the shop would pay back, or why nothing."""
        try:
            return {"promotions_quote": _quoted(await turn.call(wiring.gateways().promotions.quote, turn.reader, number, line))}
        except Rejected as error:
            return {"promotions_refused": error.detail or " "}


class AskPromotionsLine(CustomerAction):
    """Offers the pieces of the order as buttons."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask which piece."""
        pieces = turn.slot("promotions_pieces") or []
        buttons = [option("promotions_line", p["line"], p["title"]) for p in pieces]
        turn.utter("utter_ask_promotions_line", buttons=buttons)
        return []


class AskPromotionsConfirmed(CustomerAction):
    """Tells the difference and asks whether to apply for it."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        quote: dict[str, Any] = turn.slot("promotions_quote") or {}
        if quote.get("refused"):
            turn.utter("utter_promotions_pieces_refused", detail=quote["refused"])
        turn.utter("utter_ask_promotions_confirmed", **quote)
        number, line = turn.slot("orders_number"), turn.slot("promotions_line")
        return focus.put(
            turn, "protection", f"{number}:{line or 1}", str(quote.get("item")), "quoted", ["quoted"], number, **quote
        )


class ActionPromotionsProtection(OrderAction):
    """Has the difference paid back, once; or tells how an earlier request is going."""

    operation, of_line = "price_protection", "promotions_line"
    gathered = (
        "promotions_wish",
        "promotions_order_checked",
        "promotions_pieces",
        "promotions_line",
        "promotions_quote",
        "promotions_refused",
        "promotions_confirmed",
    )

    async def work(self, turn: Turn) -> list[EventType]:
        """An earlier request, or a new one."""
        if turn.slot("promotions_wish") != STATUS:
            return await super().work(turn)
        found = await turn.call(wiring.gateways().promotions.protections, turn.reader)
        if not found:
            turn.utter("utter_promotions_protections_none")
        for protection in found[:3]:
            turn.utter("utter_promotions_protection_status", protection.refund_code, **_granted(protection))
            _speak_of(turn, protection, "status")
        return [*over(), *(SlotSet(name, None) for name in self.gathered)]

    async def finish(self, turn: Turn, order: Order) -> None:
        """Apply, or leave it; what the shop refuses is said in its words."""
        gateway = wiring.gateways().promotions
        if turn.slot("promotions_refused"):
            await turn.call(gateway.quote, turn.reader, order.number, _line_of(turn))  # raises why
        if not confirmed(turn, "promotions_confirmed"):
            turn.finished = False
            turn.utter("utter_promotions_protection_kept", **told(order))
            return
        granted = await turn.call(gateway.protect, turn.writer, order.number, _line_of(turn))
        turn.utter("utter_promotions_protected", **_granted(granted))
        left = [item for item in order.items if item.line in (turn.slot("promotions_quote") or {}).get("next", ())]
        if left:
            more = {"orders_number": order.number}
            buttons = [option("promotions_line", i.line, i.title, intent="promotions_price_protection", **more) for i in left]
            turn.utter("utter_promotions_pieces_left", buttons=buttons)
        _speak_of(turn, granted, "protect")


def _speak_of(turn: Turn, granted: Protection, what: str) -> None:
    """What was paid back is what the talk is about now."""
    number = granted.order_number
    turn.before += focus.put(turn, "protection", granted.number, granted.item, what, _states(granted), number)


@focus.looks_at("protection")
async def look(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """How a price protection stands; a sum that was only offered stands as it was told."""
    granted = await turn.call(wiring.gateways().promotions.protections, turn.reader)
    one = next((each for each in granted if each.number == spoken.id), None)
    return (["quoted"], spoken.facts) if one is None else (_states(one), _granted(one))


@focus.looks_at("coupon")
async def look_at_coupons(turn: Turn, spoken: focus.Spoken) -> tuple[focus.States, dict[str, Any]]:
    """The coupons that were listed: the one that is meant by its place or a piece of its name, else all; and, where that is
    asked, which of them fit the order that is not paid."""
    shown: list[dict[str, str]] = spoken.facts["shown"]
    if (turn.tracker.latest_message.get("follow_up") or {}).get("aspect") == FITS:
        number = await _unpaid(turn)
        return ([], await _fitting(turn, number)) if number else ([NO_ORDER], {})
    one = at_place(turn, shown)
    called = [c for c in shown if any(c["name"][at : at + 2] in turn.typed for at in range(len(c["name"]) - 2))]
    meant = [one] if one else called or shown
    return [], {key: "\n".join(f"· {c['name']}：{c[key]}" for c in meant) for key in ("until", "scope")}


def _spoken(turn: Turn, coupons: list[Coupon]) -> list[EventType]:
    """The coupons are what the talk is about: those that can be used, else those that could be."""
    usable = [coupon for coupon in coupons if coupon.unusable is None]
    lapsed = [coupon for coupon in coupons if coupon.state_code == EXPIRED]
    meant = usable[:SHOWN] or lapsed[-SHOWN:]
    shown = [{"name": c.name, "scope": c.scope, "until": when(c.valid_to)} for c in meant]
    told = "list" if usable else "lapsed"
    return focus.put(turn, "coupon", "usable", "", told, [told], shown=shown) if shown else []


async def _unpaid(turn: Turn) -> str | None:
    """The number of the order that waits for its money: the one that the words mean, that was spoken of, or the only one."""
    last = turn.slot("orders_last")
    found = await find(turn, ORDER, states=UNPAID, spoken_of=last)
    waiting = [thing.id for thing in found.fits if thing.state_code in UNPAID]
    before = await described_before(turn, UNPAID)
    meant = [number for number in (last, before.one.id if before and before.one else None) if number in waiting]
    return meant[0] if meant else waiting[0] if len(waiting) == 1 else None


async def _fitting(turn: Turn, number: str) -> dict[str, Any]:
    """Which coupons fit an order, for a response's `{placeholders}`: a line each, the best first."""
    order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
    held = await turn.call(wiring.gateways().promotions.fitting, turn.reader, number)
    best, fits, lacks = (str(turn.wording(f"utter_promotions_words_{name}")) for name in ("best", FITS, "lacks"))
    lines = [
        (lacks if each.lacks else fits if at else best).format(
            name=each.name, until=each.valid_to[5:10], lacks=each.lacks, pays=each.pays
        )
        for at, each in enumerate(held[:SHOWN])
    ]
    listed = "\n".join(lines) or str(turn.wording("utter_promotions_words_none"))
    return {"number": order.number, "title": order.title, "amount": order.amount, "fitting": listed}


def _states(granted: Protection) -> list[str]:
    arrived = granted.refund_code == "arrived" or past_day(granted.arrives_by)
    return ["arrived" if arrived else "sent"]


def _line_of(turn: Turn) -> int | None:
    line = turn.slot("promotions_line")
    return None if line in (None, ANY_PIECE) else int(line)


def _quoted(quote: Quote) -> dict[str, Any]:
    return facts(quote, "item", "paid", "current", "amount", "route", "eta", "quantity")


def _granted(protection: Protection) -> dict[str, Any]:
    known = facts(protection, "number", order="order_number", created="created_at")
    return {**_quoted(protection), **known, "arrives": protection.arrives_by[5:]}


def _listed(coupons: list[Coupon], why: bool = False) -> str:
    """One line a coupon: what it is, where it holds, and until when (or why it cannot be used)."""
    lines = [
        f"· {coupon.name}（{coupon.scope}）{coupon.unusable if why else '～ ' + when(coupon.valid_to)}"
        for coupon in coupons[:SHOWN]
    ]
    return "\n".join(lines)


def _by_figures(typed: str, coupons: list[Coupon]) -> list[Coupon]:
    """Those with all the figures that the customer names (满129减20的那张)."""
    figures = re.findall(r"\d{2,}", typed)
    return [coupon for coupon in coupons if figures and all(figure in coupon.name for figure in figures)]


def _lapses_soon(coupon: Coupon) -> bool:
    left = datetime.datetime.fromisoformat(coupon.valid_to) - clock.now()
    return left <= SOON
