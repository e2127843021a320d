"""Logistics: where a parcel is, hurry it, have it delivered in a certain way, report a delivery gone wrong."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date, timedelta
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions import addresses, at_once, compensations, days, focus, given, order_states, parcels, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, said
from actions.forms import UNCLEAR, confirmed
from actions.gateways.belongings import ORDER
from actions.gateways.errors import NotFound, Rejected, Unavailable
from actions.gateways.logistics import Arrangeable, Shipment
from actions.gateways.orders import Order
from actions.order_form import OrderAction, OrderForm
from actions.order_states import speak_of_refusal, told
from actions.readings import captured, words
from actions.references import option
from topics import clock

ON_THE_WAY = ("shipped",)
ARRIVED_OR_ON_THE_WAY = ("shipped", "signed")
HOUSE, CONTACT, INTERCEPT = "lingxi", "contact", "intercept"
REFUSE, DOOR, LEAVE_WITH, REROUTE = "refuse", "door", "leave_with", "reroute"
BARE = (REFUSE, DOOR, CONTACT, INTERCEPT)  # ways that need no detail
GONE = ("shipment_signed", "shipment_returning")
"""Why nothing on its way can be stopped."""
ON_THE_VAN, LATELY = "out_for_delivery", 2  # messages after which the trace is not told once more
NOT_SENT = "not_sent"  # nothing of ours: a parcel that is none yet
NOTHING = "-"  # the detail of a way that the rules forbid: not worth asking for
CORRECTABLE = ("time_slot_out_of_range", "delivery_date_out_of_range", "address_other_city")
KINDS = {
    "date": ("day",), "time_slot": ("span",), LEAVE_WITH: (given.SPOT, given.NAME), "pickup_point": (given.SPOT,),
    REROUTE: (given.ADDRESS, given.ROOM),
}  # fmt: skip
"""The kinds of values that are a way's detail."""
ANSWERS = ("logistics_arrange", "orders_change", "logistics_report_problem")
LONGEST, DAYS = 200, 7
CHANGE, CHANGED = "orders_change", {"date": "delivery_date", "time_slot": "delivery_date", "reroute": "address"}
"""The intent of who wants an order changed, and what of it a way to deliver changes while it has not left."""


class ParcelForm(OrderForm):
    """A form about a parcel: by its tracking number where one is given, else by its order."""

    states: tuple[str, ...] = ON_THE_WAY

    async def fill(self, turn: Turn) -> dict[str, Any]:
        """A tracking number names the order too."""
        tracking = turn.entity("logistics_tracking_number")
        if tracking and not turn.slot("orders_number"):
            try:
                shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, tracking)
                turn.tracker.slots["orders_number"] = shipment.order_number
            except NotFound:
                turn.utter("utter_logistics_not_found", number=tracking)
        return await super().fill(turn)


class ParcelAction(OrderAction):
    """The action at the end of a `ParcelForm`."""

    async def finish(self, turn: Turn, order: Order) -> None:
        """With a parcel, go on; without, say where the order stands."""
        if order.tracking_number is None:
            turn.utter("utter_logistics_no_parcel", order.state_code, **told(order))
            order_states.speak_of(turn, order)
            return
        order_states.speak_of(turn, order)
        shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, order.tracking_number)
        await self.deliver(turn, shipment, order)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Say why not, with buttons that know the order."""
        own = self.name().replace("action_", "utter_", 1) + "_rejected"
        base = own if turn.knows(own) else error.response
        turn.utter(base, error.code, detail=error.detail, number=turn.slot("orders_number") or "")
        speak_of_refusal(turn, error)
        return self._done(turn)

    @abstractmethod
    async def deliver(self, turn: Turn, shipment: Shipment, order: Order) -> None:
        """What is done with the parcel of the order. May raise GatewayError."""


class ValidateLogisticsTrackForm(ParcelForm):
    """Which parcel."""



class ActionLogisticsTrack(ParcelAction):
    """Says where a parcel is and when it arrives; late and stalled ones are named so, with the next step."""

    async def deliver(self, turn: Turn, shipment: Shipment, order: Order) -> None:
        """Answer from the parcel's trace; of one on the van that was just told, that no hour can be promised."""
        told = any(each.id == shipment.tracking_number for each in focus.of(turn, "parcel")[:1])
        if told and shipment.state_code == ON_THE_VAN and turn.uttered("utter_logistics_track", LATELY):
            self._again(turn, shipment)
            return
        signed = shipment.state_code == "signed"
        waiting = shipment.state_code in ("at_pickup_point", "returning")
        trouble = "" if signed or waiting else "stalled" if shipment.stalled else "late" if shipment.late else ""
        due = await compensations.due_to(turn, order) if trouble or signed else None
        variant = trouble or shipment.state_code
        values = {**parcels.told(shipment), **compensations.worth(due)}
        turn.utter("utter_logistics_track", f"{variant}_due" if due else variant, compensations.buttons(turn, due), **values)
        again = ValidateLogisticsTrackForm.starts[0]
        if due:
            compensations.speak_of(turn, due)
        parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""), again=again)


    def _again(self, turn: Turn, shipment: Shipment) -> None:
        """今天能到吧, right after it was told: when it arrives is asked, and not the trace once more."""
        response = focus.answer(turn, "parcel", "when_arrives", parcels.states(shipment))
        turn.utter(str(response), **parcels.told(shipment))
        parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""), again=ValidateLogisticsTrackForm.starts[0])


@at_once.tells(ValidateLogisticsTrackForm.starts[0])
async def where_parcels_are(turn: Turn) -> bool:
    """Of the parcels on their way, or of the newest order."""
    orders = await at_once.meant(turn, ORDER, lambda order: order.state_code in ON_THE_WAY)
    for each in orders:
        await ActionLogisticsTrack().finish(turn, await turn.call(wiring.gateways().orders.get, turn.reader, each.id))
    return bool(orders)


class ValidateLogisticsUrgeForm(ParcelForm):
    """Which parcel."""

    def _means_the_last(self, turn: Turn) -> bool:
        """你再催催: the parcel that was just spoken of."""
        newest = next(iter(focus.of(turn)), None)
        spoken = newest is not None and newest.kind == "parcel" and newest.order == turn.slot("orders_last")
        return super()._means_the_last(turn) or (spoken and turn.cue("others") is None and not turn.fresh)


class ActionLogisticsUrge(ParcelAction):
    """Presses the carrier, and gives the number that follows it; of what has not been sent, the warehouse."""

    async def finish(self, turn: Turn, order: Order) -> None:
        """Nothing that is still in the warehouse has a carrier."""
        if order.tracking_number is None and order.state_code == "paid":
            raise Rejected(NOT_SENT, "")
        await super().finish(turn, order)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """What has not been sent is hurried in the warehouse."""
        if error.code != NOT_SENT:
            return super().rejected(turn, error)
        order = [{"entity": "orders_number", "value": turn.slot("orders_number")}]
        return [*self._done(turn), *said(turn, "orders_urge_shipping", entities=order)]

    async def deliver(self, turn: Turn, shipment: Shipment, order: Order) -> None:
        """Urge once; a parcel that is not late is said to be in time, kindly; who urges again hears that it was."""
        title = str(turn.slot("orders_title") or "")
        before = focus.urged(turn, "parcel", shipment.tracking_number)
        if before and not await turn.written():
            turn.finished = False
            turn.utter("utter_logistics_urged_again", "late" if shipment.late else "", **parcels.told(shipment), ticket=before)
            parcels.speak_of(turn, shipment, title, "urge", ticket=before)
            return
        urged = await turn.call(wiring.gateways().logistics.urge, turn.writer, shipment.tracking_number)
        in_time = "early" if shipment.promised_date else ""
        variant = "late" if urged.late or shipment.stalled else in_time
        followed: dict[str, Any] = {"ticket": urged.ticket_number, "promise": urged.promise}
        due = await compensations.due_to(turn, order) if variant == "late" else None
        values = {**parcels.told(shipment), **followed, **compensations.worth(due)}
        turn.utter("utter_logistics_urged", f"{variant}_due" if due else variant, compensations.buttons(turn, due), **values)
        if due:
            compensations.speak_of(turn, due)
        parcels.speak_of(turn, shipment, title, "urge", **followed, **{focus.URGED: urged.ticket_number})


class ValidateLogisticsArrangeForm(ParcelForm):
    """Which parcel, how, and the detail of it, checked with the carrier's rules while it can still be corrected."""


    def rest(self, turn: Turn) -> list[str]:
        """Refusing and door delivery need no detail; another address, which is taken once, needs a yes."""
        if turn.slot("logistics_how") in BARE:
            return ["logistics_how"]
        once = turn.slot("logistics_how") == REROUTE and turn.slot("logistics_detail") != NOTHING
        return ["logistics_how", "logistics_detail", *(["logistics_reroute_confirmed"] if once else [])]

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """The way from its words, the detail from the customer's own; what the rules forbid anyway is not asked for."""
        filled: dict[str, Any] = {}
        how, known = _how(turn), turn.slot("logistics_how")
        if how and how != known and (known is None or turn.intent in self.starts):
            filled = {"logistics_how": how}
            if turn.slot("logistics_detail") is not None:
                filled["logistics_detail"] = None
        how = filled.get("logistics_how") or known
        if not how:
            return filled
        number = turn.slot("orders_number")
        if number is None:
            return filled  # which one is asked first
        order = await turn.call(wiring.gateways().orders.get, turn.reader, number)
        if how == CONTACT or order.tracking_number is None:
            return {**filled, "logistics_detail": NOTHING} if how not in BARE else filled
        if turn.slot("logistics_detail") is None or "logistics_how" in filled:
            filled.update(await self._detail(turn, order, how))
            return filled
        if self.asked(turn, "logistics_reroute_confirmed"):
            filled.update(await self._read_back(turn, order))
        return filled

    async def _read_back(self, turn: Turn, order: Order) -> dict[str, Any]:
        """Yes or no to the address, or the better one instead of either or beside it."""
        better = addresses.wanted(turn, str(turn.slot("logistics_detail")), pending=True)
        if better and better != turn.slot("logistics_detail"):
            return await self._detail(turn, order, REROUTE)
        answer = self.confirmation(turn, "logistics_reroute_confirmed")
        return {"logistics_detail": None} if answer.get("logistics_reroute_confirmed") is False else answer

    async def _detail(self, turn: Turn, order: Order, how: str) -> dict[str, Any]:
        """The detail that the message holds, where the shop takes it; else why not, and it is asked for again."""
        if how in BARE:
            return {}
        tracking = str(order.tracking_number)
        look = wiring.gateways().logistics.arrangeable
        first = await turn.call(look, turn.reader, tracking, how, turn.text.strip()[:LONGEST] if how == LEAVE_WITH else None)
        if not first.rule.ok and first.rule.code not in CORRECTABLE:
            return {"logistics_detail": NOTHING}  # the form's action says why not
        offered = {"logistics_dates": list(first.dates), "logistics_city": first.city}
        told = self._address(turn, order) if how == REROUTE else self._told(turn, how, first)
        span = given.said(turn, "days") if how == "date" and not told else None
        if span:  # 12月初: the days of it that can be had, or why none can
            begins, _, ends = span.value.partition("/")
            within = [day for day in first.dates if begins <= day <= ends]
            offered["logistics_dates"] = within or offered["logistics_dates"]
            told = None if within else ends
        spoken = surface(turn, "time") if how == "time_slot" else None
        if spoken and (await turn.call(look, turn.reader, tracking, how, spoken)).rule.ok:
            told = spoken  # the shop knows the word for a part of the day
        if how == "date" and told and (part := surface(turn, "time")):
            with_part = f"{told} {part}"
            told = with_part if (await turn.call(look, turn.reader, tracking, how, with_part)).rule.ok else told
        if not told:
            unclear = self.asked(turn, "logistics_detail") and turn.intent in UNCLEAR
            return {**offered, "logistics_detail": None} if unclear else offered
        second = await turn.call(look, turn.reader, tracking, how, told)
        if not second.rule.ok and second.rule.code in CORRECTABLE:
            turn.utter("utter_logistics_detail_rejected", second.rule.code, detail=second.rule.detail, city=second.city)
            return {**offered, "logistics_detail": None}
        return {**offered, "logistics_detail": told}

    def _told(self, turn: Turn, how: str, first: Arrangeable) -> str | None:
        """A button's value, what is given, or (where it was asked for and may be anything) the words themselves."""
        pressed = turn.entity("logistics_detail")
        if pressed:
            return str(pressed)
        found = given.known if turn.slot(REQUESTED_SLOT) in (None, "orders_number") else given.said
        place = left_at(turn) if how == LEAVE_WITH else None
        if place:
            return place
        value = found(turn, *KINDS.get(how, ()))
        if value:
            return hours(value.value) if how == "time_slot" else value.value
        if how == LEAVE_WITH and first.named:
            return first.named
        typed = self.words(turn, "logistics_detail", ANSWERS)
        return str(typed["logistics_detail"])[:LONGEST] if typed and not turn.pressed else None


    def _address(self, turn: Turn, order: Order) -> str | None:
        """Another address for the parcel: what is given, made whole by the one that stands."""
        pending = turn.slot("logistics_detail") if self.asked(turn, "logistics_reroute_confirmed") else None
        now = addresses.wanted(turn, str(pending or order.address), pending=bool(pending))
        opens = now is None and turn.slot(REQUESTED_SLOT) in (None, "orders_number")
        before = given.known(turn, given.ADDRESS) if opens else None
        return addresses.placed(order.address, before) if before else now


def _how(turn: Turn) -> Any:
    """The way that the words name; a day with a part of it (明天下午) is another day."""
    how = turn.entity("logistics_how")
    if how in (None, DOOR) and left_at(turn):
        return LEAVE_WITH
    asked = turn.slot(REQUESTED_SLOT) == "logistics_how"
    if how is None and asked and given.said(turn, given.ADDRESS):
        return REROUTE  # where else to, asked how it is to be delivered
    day = given.said(turn, "day")
    if how == "time_slot" and day and day.value != clock.now().date().isoformat():
        return "date"
    return how


def left_at(turn: Turn) -> str | None:
    """The place where the parcel is to be left (放1402门口就行); who wants it brought up to the door wants no such place."""
    return captured("logistics_left_at", words(turn))


class AskLogisticsDetail(CustomerAction):
    """Asks for the detail that the wished way needs, with what can be chosen."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask; days are buttons."""
        how = str(turn.slot("logistics_how"))
        offered: list[str] = (turn.slot("logistics_dates") or [])[:DAYS] if how == "date" else []
        buttons = [option("logistics_detail", day, days.with_weekday(turn, day)[5:]) for day in offered]
        turn.utter("utter_ask_logistics_detail", how, buttons=buttons, city=turn.slot("logistics_city") or "")
        return []


class AskLogisticsRerouteConfirmed(CustomerAction):
    """Reads the address back, with what it costs and the new day: a parcel is redirected once."""

    async def work(self, turn: Turn) -> list[EventType]:
        """Ask."""
        order = await turn.call(wiring.gateways().orders.get, turn.reader, turn.slot("orders_number"))
        shipment = await turn.call(wiring.gateways().logistics.get, turn.reader, order.tracking_number)
        day = later(shipment.promised_date)
        variant = "" if day else "unpromised"
        promised = days.with_weekday(turn, day)
        turn.utter("utter_ask_logistics_reroute_confirmed", variant, address=turn.slot("logistics_detail"), promised=promised)
        return []


def later(day: str | None) -> str:
    """The day after a day (YYYY-MM-DD); nothing stays nothing."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat() if day else ""


class ActionLogisticsArrange(ParcelAction):
    """Has the parcel delivered as wished, as far as the carrier allows."""

    gathered = ("logistics_how", "logistics_detail", "logistics_dates", "logistics_city", "logistics_reroute_confirmed")
    uses = ("day", "span", given.SPOT, given.ADDRESS, given.ROOM)

    async def finish(self, turn: Turn, order: Order) -> None:
        """Another day or place for what has not left is a change of the order: that is gone on with."""
        field = CHANGED.get(str(turn.slot("logistics_how")))
        if order.tracking_number is not None or order.state_code != "paid" or field is None:
            await super().finish(turn, order)
            return
        turn.utter("utter_logistics_no_parcel", "changed", **told(order))
        entities = [{"entity": "orders_number", "value": order.number}, {"entity": "orders_change_field", "value": field}]
        waiting = [{"intent": CHANGE, "words": "", "entities": entities, "reference": {}}, *(turn.slot("chat_requests") or [])]
        turn.tracker.slots["chat_requests"] = waiting
        turn.before.append(SlotSet("chat_requests", waiting))

    def _done(self, turn: Turn) -> list[EventType]:
        """The day and the place that were given are the change's, where one follows."""
        follows = any(each["intent"] == CHANGE for each in turn.slot("chat_requests") or [])
        return [event for event in super()._done(turn) if not (follows and event.get("name") == given.SLOT)]

    async def deliver(self, turn: Turn, shipment: Shipment, order: Order) -> None:
        """Ask the carrier; the courier's contact is shown only on the delivery day."""
        how, detail = turn.slot("logistics_how"), turn.slot("logistics_detail")
        detail = None if detail == NOTHING else detail
        if detail and how == LEAVE_WITH:
            detail = captured("logistics_keeper", str(detail)) or detail
        if how is None:
            raise Unavailable("the form ended without a way")
        if how == CONTACT:
            other = "other" if shipment.carrier_code != HOUSE else ""
            turn.utter("utter_logistics_contact", "known" if shipment.courier_phone else other, **parcels.told(shipment))
            parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""))
            return
        gateway = wiring.gateways().logistics
        if how == INTERCEPT:
            refusable = (await turn.call(gateway.arrangeable, turn.reader, shipment.tracking_number, REFUSE, None)).rule
            if refusable.code in GONE:
                raise Rejected(refusable.code, refusable.detail)
            turn.finished = False
            turn.utter("utter_logistics_intercept", **parcels.told(shipment))
            parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""))
            return
        look = await turn.call(gateway.arrangeable, turn.reader, shipment.tracking_number, how, detail)
        if not look.rule.ok and not await turn.written():
            raise Rejected(look.rule.code, look.rule.detail)
        if detail is None and how not in BARE:
            raise Unavailable("the form ended without the detail")
        if how == REROUTE:
            confirmed(turn, "logistics_reroute_confirmed")
        shipment = await turn.call(gateway.arrange, turn.writer, shipment.tracking_number, how, detail)
        variant = "left" if how == LEAVE_WITH and left_at(turn) else how
        if how == REROUTE and not shipment.promised_date:
            variant = f"{REROUTE}_unpromised"
        told = {**parcels.told(shipment), "promised": days.with_weekday(turn, shipment.promised_date or "")}
        turn.utter("utter_logistics_arranged", variant, **told, detail=detail or "")
        parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""), REROUTE if how == REROUTE else "arrange")


class ValidateLogisticsReportForm(ParcelForm):
    """Which parcel, and what went wrong."""

    states = ARRIVED_OR_ON_THE_WAY

    async def fill_rest(self, turn: Turn) -> dict[str, Any]:
        """From the message's words, which go along."""
        problem = turn.slot("logistics_problem") or turn.entity("logistics_problem")
        filled: dict[str, Any] = {"logistics_problem": problem} if problem else {}
        if turn.intent in self.starts and not turn.pressed:
            filled["logistics_words"] = turn.text.strip()
        return filled


class ActionLogisticsReport(ParcelAction):
    """Opens an investigation and gives its number."""

    gathered = ("logistics_problem", "logistics_words")

    async def deliver(self, turn: Turn, shipment: Shipment, order: Order) -> None:
        """Report once; what is already looked into is said to be."""
        problem = turn.slot("logistics_problem")
        if problem is None:
            raise Unavailable("the form ended without a problem")
        gateway = wiring.gateways().logistics
        account = turn.slot("logistics_words")
        found = await turn.call(gateway.report, turn.writer, shipment.tracking_number, problem, account)
        variant = problem if found.new else "known"
        turn.utter("utter_logistics_reported", variant, **parcels.told(shipment), ticket=found.ticket_number)
        parcels.speak_of(turn, shipment, str(turn.slot("orders_title") or ""), "report", ticket=found.ticket_number)


def surface(turn: Turn, name: str) -> str | None:
    """An entity as it was written."""
    found = [e for e in turn.tracker.latest_message.get("entities") or [] if e["entity"] == name and "start" in e]
    return turn.text[found[-1]["start"] : found[-1]["end"]] if found else None


def hours(time: str) -> str:
    """A time of day as the carrier takes it: `14:00/17:00` → `14:00-17:00`; a single hour is two long; a word stays."""
    if "/" in time:
        return time.replace("/", "-")
    begins = time.partition(":")[0]
    return f"{int(begins)}:00-{int(begins) + 2}:00" if begins.isdigit() else time
