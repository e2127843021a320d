"""Handoff: a person takes over knowing what was said, hears every word from then on, and gives the customer back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet

from actions import at_once, chat, faq, focus, given, references, spoken_of, wiring
from actions.base import (
    MEANWHILE,
    REQUESTED_SLOT,
    CustomerAction,
    Turn,
    feeling,
    heard_again,
    over,
    said,
    when,
)
from actions.besides import besides
from actions.gateways.belongings import ORDER
from actions.gateways.desk import Handoff, HandoffRequest, Said
from actions.gateways.errors import GatewayError, NotFound, Rejected
from actions.gateways.identity import IdentityError
from actions.readings import reading

TRANSCRIPT_LENGTH = 40
TEXT_LENGTH = 500
RELAYED_LENGTH = 4000
MOST_RELAYED = 40
SLOTS_BYTES = 16 * 1024
SHANGHAI = timezone(timedelta(hours=8))
ANGER, MISSES, DUE = "chat_anger", "chat_misses", "feedback_due"
# Slots of the talk itself outlive a handoff.
KEPT = ("handoff_", "chat_", "faq_", "feedback_", "session_")
ENTRY = spoken_of.LAST
REQUEST, DANGER, FRAUD = "handoff_request", "danger", "fraud"
OF_DEVICES, TELLS_IN_ALARM = {"fire", "shock", "gas", "suicide"}, 0.85
"""Dangers beside which nothing is told · from this score on an entry is told to who has just raised an alarm and asks."""
MAY_ASK = 0.25
"""From this share on, who asks for a person in a whole sentence may ask for a rule, too."""
ANOTHER = 0.95
"""How sure it must be that who tells more of one danger tells of another one, too."""
IN_DANGER = "handoff_danger"  # slot: what dangers were told, {kinds, message_id}
ASKED = "customer_asked"
NOBODY_THERE = "handoff_nobody_there"  # the desk's no to a handoff that nobody asked for, at night
FOR_PEOPLE = ("complaints_", "feedback_")  # beginnings of intents that who waits wants told to a person
STORIES = "_report_problem"  # endings of intents by which who only tells, and asks for nothing, tells a person
SURE = 0.5
LEAST_WISH = 4  # characters
NO_WISH = ("chat_", "faq", "nlu_", "handoff_", "EXTERNAL_")
MOST_TAGS = 10
SERVED = ("yes", "ask", "correct")  # commands that are a wish whatever the intent
# What who waits may ask of the bot, as a cue of data/chat/cues.yml. That the waiting ends is read from the whole message.
PLACE, PHONE, SAFE, CALLS, NO_WAIT = "queue_place", "asks_phone", "safe", "calls", "no_wait"
RESUMES = "resumes"  # the cue by which only the open question is asked again
CALLBACK, ESCALATED = "callback", "escalated"  # the wordings for who is to be rung, and whose complaint goes to a person
MOODS = ("angry", "dissatisfied")  # the strongest first


class ActionHandoff(CustomerAction):
    """Queues the conversation for a person and gives the ticket number. Visitors may ask for one too."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Hand over once, and forget what was half done: the person has it now."""
        reason = why(turn)
        if reason == ASKED and turn.cue(PHONE) is not None:
            turn.utter("utter_handoff_phone")
            return []
        if reason == ASKED and len(turn.typed) >= faq.LEAST_STORY and faq.only_asks(turn) > MAY_ASK:
            await _surely_told(turn, None)  # a rule (the number for who is old and cannot use the phone's menu) comes first
        if reason == "angry":  # facts first
            await at_once.tell(turn, at_once.upset_about(turn))
        wanted = HandoffRequest(
            conversation_id=turn.tracker.sender_id,
            reason=reason,
            intent=turn.intent or None,
            sentiment=mood(turn),
            transcript=transcript(turn),
            tags=wishes(turn),
            slots=await gathered(turn),
        )
        handoff = await turn.call(wiring.gateways().desk.hand_over, turn.writer, wanted)
        if handoff.ticketed:
            response = "utter_handoff_ticketed"
        else:
            response = "utter_handoff_queued" if handoff.position else "utter_handoff"
        rung = reason == ASKED and turn.cue(CALLS) is not None
        told = CALLBACK if rung else _told_of(turn, reason)
        turn.utter(
            response, told, ticket=handoff.ticket_number, position=handoff.position, answer_by=when(handoff.answer_by)
        )
        if reason == DANGER:
            await _answers_too(turn)
        counted = [SlotSet(name, 0) for name in (ANGER, MISSES) if turn.slot(name)]
        # A ticket is answered later, elsewhere; until then the bot goes on.
        mine = SlotSet("handoff_id", None if handoff.ticketed else handoff.id)
        offered = [SlotSet("chat_offered", None)] if turn.slot("chat_offered") else []
        events = [*over(*_unfinished(turn)), *counted, *offered, mine]
        another = reason == DANGER or told == ESCALATED  # what is spoken of is the danger, or the complaint's own ticket
        return events if another else [*events, *_speak_of(turn, handoff, told)]


    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Nobody is there, and nobody has asked for one: leaving a word is offered, and the counting begins anew."""
        if error.code != NOBODY_THERE:
            return super().rejected(turn, error)
        turn.utter("utter_handoff_nobody_there", why(turn))
        return [*over(*_unfinished(turn)), *(SlotSet(name, 0) for name in (ANGER, MISSES) if turn.slot(name))]


class ActionHandoffRelay(CustomerAction):
    """Gives the person what the customer wrote. Says nothing: the person answers.

    While nobody has taken over, it answers what only the queue can: the place in it, and a customer who leaves it, or says
    that there is no danger. What the assistant can answer or do is done as ever, with the place told beside it (slot
    `handoff_meanwhile`); of all else the customer hears that it was passed on. What else the leaver wants is done next.

    All that was written since the handoff is sent each time, and the desk takes what it lacks: so what was said while
    it could not be reached comes with the next message, in order. (And without one, too: the desk reads the tracker.)
    """

    visitors = True
    patience = 0.0

    async def work(self, turn: Turn) -> list[EventType]:
        """Send it; where the person is gone meanwhile, the bot is back."""
        handoff_id = str(turn.slot("handoff_id"))
        desk = wiring.gateways().desk
        try:
            handoff = await turn.call(desk.relay, turn.writer, handoff_id, since_handoff(turn))
            waits = handoff.position is not None
            if waits and leaves(turn):
                leaver = replace(turn.writer, key=f"{turn.writer.key}:leave")
                await turn.call(desk.leave, leaver, handoff_id)
                if turn.cue(PHONE) is not None:
                    turn.utter("utter_handoff_phone")
                if not denies(turn):
                    return [*ended(turn, "left"), *await besides(turn)]
                return [*ended(turn, "safe"), *(await besides(turn) or resumed(turn))]
        except NotFound:
            return ended(turn, "unread")
        except Rejected as error:
            if error.code == "handoff_closed":
                return await given_back(turn, handoff_id, "unread")
            raise
        if not waits:
            return self._unfilled(turn)
        if turn.cue(PHONE) is not None:
            turn.utter("utter_handoff_phone")
        elif turn.cue(CALLS) is not None and not turn.asks:
            await self._to_be_rung(turn, handoff)
        elif asks_place(turn):
            waits_on = turn.cue(PLACE) is not None or faq.only_asks(turn) <= faq.UNSURE  # 几点有人接电话 asks for no place
            if waits_on or not await _surely_told(turn, handoff.position):
                turn.utter("utter_handoff_place", position=handoff.position)
        else:
            served = await meanwhile(turn, handoff.position)
            if served:
                return served
            if served is None:
                passed_on(turn, handoff.position)
        return self._unfilled(turn)

    async def _to_be_rung(self, turn: Turn, handoff: Handoff) -> None:
        """That, and when, somebody is to call is told, and written to the ticket."""
        if turn.customer is not None:
            caller = replace(turn.writer, key=f"{turn.writer.key}:rung")
            with suppress(GatewayError):  # the person reads it in any case
                await turn.call(
                    wiring.gateways().tickets.add, caller, handoff.ticket_number, turn.text.strip()
                )
        phone = given.said(turn, "phone")
        told = f"{CALLBACK}_number" if phone else CALLBACK
        number = phone.value if phone else ""
        turn.utter("utter_handoff_waiting", told, position=handoff.position, ticket=handoff.ticket_number, phone=number)
        turn.before += _speak_of(turn, handoff, CALLBACK)

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """Not reached: visitors may talk to a person."""
        return self._unfilled(turn)

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Silent: the desk finds the message in the tracker."""
        return self._unfilled(turn)

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """Silent: the desk finds the message in the tracker. Only what was asked of the bot itself is answered."""
        if asks_place(turn) or leaves(turn):
            turn.utter("utter_handoff_unreached")
        return self._unfilled(turn)

    def unknown(self, turn: Turn) -> list[EventType]:
        """As where it failed: who has left the queue after all hears that too, from the desk."""
        return self.failed(turn, "")

    def _unfilled(self, turn: Turn) -> list[EventType]:
        """Rasa extracts slots from what is said to the person; no form may find them later."""
        names = []
        for event in reversed(turn.tracker.events):
            if event["event"] == "user":
                break
            if event["event"] == "slot" and event.get("value") is not None and _of_a_request(turn, event["name"]):
                names.append(event["name"])
        return [SlotSet(name, None) for name in dict.fromkeys(names)]


class ActionHandoffClosed(CustomerAction):
    """The person gives the conversation back: the bot says so, and the rule goes on to ask how it was."""

    visitors = True

    async def work(self, turn: Turn) -> list[EventType]:
        """Once: a repeat, or a handoff ended before, says nothing."""
        named = turn.entity("handoff_ended")
        if not turn.slot("handoff_id") or (named and named != turn.slot("handoff_id")):
            return [FollowupAction("action_listen")]
        how = turn.entity("handoff_how") or ""
        back = await given_back(turn, str(turn.slot("handoff_id")), how)
        return [*back, *([FollowupAction("action_listen")] if how else [])]


def _speak_of(turn: Turn, handoff: Handoff, told: str) -> list[EventType]:
    """The ticket that stands for the talk may be asked about next: 几点打来, 哪天答复."""
    if turn.customer is None:
        return []
    title = str(turn.wording("utter_label_handoff_request") or "")
    return focus.put(turn, "ticket", handoff.ticket_number, title, told or ASKED, (told or ASKED,))


async def given_back(turn: Turn, handoff_id: str, how: str) -> list[EventType]:
    """As `ended`; who was promised an answer instead hears until when, as it is written down."""
    if how not in ("unread", "unanswered"):
        return ended(turn, how)
    try:
        handoff = await turn.call(wiring.gateways().desk.find, turn.reader, handoff_id)
    except GatewayError:
        return ended(turn, how)
    return ended(turn, "promised", handoff) if handoff.ticketed and handoff.answer_by else ended(turn, how)


def ended(turn: Turn, how: str, handoff: Handoff | None = None) -> list[EventType]:
    """Say that the bot is back and forget the person.

    `how`: unread, unanswered, promised (a ticket is answered later), left (the queue), safe
    (left it, and there is no danger), or nothing for a proper end.
    """
    promise: dict[str, Any] = {"ticket": handoff.ticket_number, "answer_by": when(handoff.answer_by)} if handoff else {}
    turn.utter("utter_handoff_ended", how, **promise)
    due = [SlotSet(DUE, True)] if not how and DUE in turn.tracker.slots else []
    counted = [SlotSet(name, 0) for name in (ANGER, MISSES) if turn.slot(name)]
    past = [SlotSet(name, None) for name in (IN_DANGER, MEANWHILE) if turn.slot(name)]
    return [*over(*_unfinished(turn)), *counted, SlotSet("handoff_id", None), *past, *due]


def leaves(turn: Turn) -> bool:
    """Whether who waits for a person waits no longer. An old button says nothing of it, and nobody in danger is let go."""
    left = turn.cue(NO_WAIT) is not None or (turn.told("leave") is not None and not turn.busy) or denies(turn)
    return left and not turn.pressed and not turn.tracker.latest_message.get("danger")


def denies(turn: Turn) -> bool:
    """Whether what was taken for a danger is said to be none."""
    if not turn.slot(IN_DANGER):
        return False
    corrects = turn.told("leave") is not None and (turn.tracker.latest_message.get("act") or {}).get("name") == "correct"
    told = turn.cue(SAFE) is not None or reading("safe", turn.typed) is not None
    return corrects or told  # in the words that it was told to answer with


def held(turn: Turn) -> dict[str, Any] | None:
    """The open form, what it has asked for, and what it knows; None where none is open."""
    if not turn.busy:
        return None
    slots = {name: turn.slot(name) for name in _unfinished(turn)}
    return {"form": turn.tracker.active_loop["name"], "asked": turn.slot(REQUESTED_SLOT), "slots": slots}


def resumed(turn: Turn) -> list[EventType]:
    """The form that a danger cut off goes on with its question, since there is none."""
    form = (turn.slot(IN_DANGER) or {}).get("held")
    if not form or turn.busy:
        return []
    known = [SlotSet(name, value) for name, value in form["slots"].items()]
    events = said(turn, "chat_repeat")
    events[-1]["parse_data"]["cues"] = {RESUMES: ""}
    return [*known, ActiveLoop(form["form"]), SlotSet(REQUESTED_SLOT, form["asked"]), *events]


async def meanwhile(turn: Turn, position: int | None) -> list[EventType] | None:
    """What the assistant can do or answer while nobody has taken over is done as ever; None where it is for the person."""
    danger = turn.tracker.latest_message.get("danger")
    if danger:  # a weak one, for another was told before: what is surely asked is no danger
        weak = float(danger.get("confidence") or 0) < ANOTHER
        return [] if weak and await _surely_told(turn, position) else None
    wants = _wants(turn)
    if wants and not turn.busy and await at_once.tell(turn, turn.intent):
        _beside(turn, position)
        return []
    story = turn.intent.endswith(STORIES) and (turn.tracker.latest_message.get("act") or {}).get("name") == "tell"
    known = await chat.at_this_message(turn)
    if not (turn.busy or (wants and not story) or _knows(turn, known["faq_found"])):
        asks = turn.asks or faq.only_asks(turn) > faq.UNSURE or len(turn.typed) >= faq.LEAST_STORY
        if asks and not _knows(turn, known["faq_found"]) and len(turn.typed) >= faq.LEAST_QUESTION:
            known["faq_found"] = await faq.answered(turn, turn.typed)
        if not _knows(turn, known["faq_found"]):
            return None
    if not turn.busy:
        _beside(turn, position)
    changed = [SlotSet(name, value) for name, value in known.items() if turn.slot(name) != value]
    return [*changed, SlotSet(MEANWHILE, turn.message_id), *heard_again(turn)]


async def _answers_too(turn: Turn) -> None:
    """What the shop's documents surely say to who asks in an alarm (the insurance of a broken screen, whether it was us who
    called); nothing where a device burns or is live: what is normal for it may not be now."""
    kinds = set((turn.slot(IN_DANGER) or {}).get("kinds") or [])
    if not kinds & OF_DEVICES and faq.only_asks(turn) > faq.SURELY_ASKS:
        await _surely_told(turn, None)


async def _surely_told(turn: Turn, position: int | None) -> bool:
    """Say what the shop's documents surely tell of the message, below the place of who waits; whether they did."""
    found = await faq.answered(turn, turn.typed) if len(turn.typed) >= faq.LEAST_QUESTION else None
    hit = found["hits"][0] if found else None
    if hit is None or float(hit["score"]) < TELLS_IN_ALARM:
        return False
    if turn.intent == REQUEST and str(turn.wording(f"utter_label_{REQUEST}")) in hit["question"]:
        return False  # how to get a person, to who is getting one
    if position is not None:
        _beside(turn, position)
    turn.utter("utter_faq_answer", answer=hit["lead"], source=hit["source"])
    return True


def _beside(turn: Turn, position: int | None) -> None:
    """Tell the place, and that this needs no waiting; who has just been told so only hears the place."""
    lately = "again" if any(name.startswith("utter_handoff_meanwhile") for name in _said_last(turn)) else ""
    turn.utter("utter_handoff_meanwhile", lately or (DANGER if turn.slot(IN_DANGER) else ""), position=position)


def passed_on(turn: Turn, position: int | None) -> None:
    """Say that the person will read it; to who is in danger what to do, too. Never the same twice in a row."""
    told = _told_of(turn, DANGER) if turn.slot(IN_DANGER) else ""
    named = f"utter_handoff_waiting_{told}" if told else "utter_handoff_waiting"
    last = next(iter(_said_last(turn)), "")
    turn.utter(named, "again" if last == named else "still" if last == f"{named}_again" else "", position=position)


def _said_last(turn: Turn) -> list[str]:
    """The names of the responses to the message before this one, newest first."""
    told: list[str] = []
    names: list[str] = []
    message: Any = None
    for event in reversed(turn.tracker.events):
        if event["event"] == "bot":
            names.append(str((event.get("metadata") or {}).get("utter_action") or ""))
        elif event["event"] == "user" and (names or told):
            if told and event.get("message_id") != message:
                break
            told, names, message = told + names, [], event.get("message_id")  # twice, where it was heard again
    return told or names


def _wants(turn: Turn) -> bool:
    """Whether the message surely names a wish that the assistant can fulfil, or asks about what was just told or done."""
    if turn.entity("faq_key") or turn.entity("faq_helpful") or turn.tracker.latest_message.get("follow_up"):
        return True
    if turn.told(*SERVED) and (turn.slot("chat_offered") or not turn.intent.startswith(NO_WISH)):
        return True
    confidence = float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0)
    named = turn.wording(f"utter_label_{turn.intent}") and not turn.intent.startswith((*NO_WISH, *FOR_PEOPLE))
    words = turn.pressed or len(turn.typed) >= LEAST_WISH  # who only presses for haste (快点) names nothing
    return bool(named) and words and confidence >= SURE and turn.customer is not None


def _knows(turn: Turn, found: dict[str, Any] | None) -> bool:
    """Whether the shop's knowledge answers; to who is in danger only what surely does: what is about that rings again."""
    if found is None or found["decision"] == "pass":
        return False
    if turn.slot(IN_DANGER):
        return found["decision"] == "answer" and float(found["hits"][0]["score"]) >= faq.LIKELY
    return found["decision"] != "clarify" or turn.asks


def asks_place(turn: Turn) -> bool:
    """Whether somebody who waits asks how long still, or for a person once more."""
    return turn.cue(PLACE) is not None or turn.intent == REQUEST


def mood(turn: Turn) -> str | None:
    """The strongest mood of the talk; the latest message's where nobody was upset."""
    latest = feeling(turn.tracker.latest_message)
    felt = {latest, *(_sentiment(event) for event in turn.tracker.events if event["event"] == "user")}
    return next((name for name in MOODS if name in felt), latest)


def why(turn: Turn) -> str:
    """Why the conversation goes to a person: a danger, a wish, what the policy or a form saw, or the matter."""
    told = turn.slot("handoff_danger") or {}
    if turn.message_id and told.get("message_id") == turn.message_id:
        return DANGER
    if turn.intent == REQUEST:
        return ASKED
    for slot, reason in ((ANGER, "angry"), (MISSES, "not_understood")):
        if isinstance(turn.slot(slot), int) and turn.slot(slot) > 1:
            return reason
    return "not_understood" if turn.intent.startswith(NO_WISH) else turn.intent or "customer_asked"


def _told_of(turn: Turn, reason: str) -> str:
    """Which wording a reason has: nobody who is cheated is told of an ambulance."""
    if reason == DANGER:
        kinds = (turn.slot(IN_DANGER) or {}).get("kinds") or []
        return FRAUD if kinds == [FRAUD] else DANGER
    return ESCALATED if turn.slot("complaints_escalation") else reason  # its number has just been told


def transcript(turn: Turn) -> list[dict[str, Any]]:
    """The conversation's last messages, oldest first: `{"who": "customer"|"assistant"|"agent", "text", "time", "media"}`."""
    lines = [
        {
            "who": "customer" if event["event"] == "user" else "agent" if _agent(event) else "assistant",
            "text": text[:TEXT_LENGTH],
            "time": _iso(event.get("timestamp")),
            "media": _media(event),
        }
        for event, text in spoken(turn.tracker.events)
        if text
    ]
    return lines[-TRANSCRIPT_LENGTH:]


def since_handoff(turn: Turn) -> list[Said]:
    """The customer's messages since the conversation went to the person, oldest first."""
    found: list[Said] = []
    for event, text in spoken(turn.tracker.events):
        if event["event"] == "slot":
            found = []
        elif event["event"] == "user":
            at = float(event.get("timestamp") or 0)
            found.append(
                Said(
                    str(event.get("message_id") or f"at-{at:.6f}"),
                    text[:RELAYED_LENGTH],
                    int(at * 1000),
                    tuple(_media(event)),
                    _sentiment(event),
                )
            )
    return found[-MOST_RELAYED:]


def spoken(events: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """What was said, with the words people saw: a pressed button is its title. Also where a handoff began ("")."""
    titles: dict[str, str] = {}
    last: tuple[Any, ...] = ()
    for event in events:
        if (event.get("metadata") or {}).get("is_external"):
            continue  # nobody said it
        if event["event"] == "slot" and event.get("name") == "handoff_id" and event.get("value"):
            yield event, ""
        elif event["event"] in ("user", "bot"):
            data = event.get("data") or {}
            for offered in data.get("buttons") or []:
                titles[str(offered.get("payload"))] = str(offered.get("title"))
            text = str(event.get("text") or "")
            if text and (event["event"], event.get("message_id"), text) != last:
                yield event, titles.get(text, text) if event["event"] == "user" else text
            last = (
                ("user", event.get("message_id"), text) if event["event"] == "user" else last
            )  # done as well, said once


def wishes(turn: Turn) -> list[str]:
    """The intents the customer came with, in their order; small talk is none."""
    intents = [
        str((event.get("parse_data") or {}).get("intent", {}).get("name") or "")
        for event in turn.tracker.events
        if event["event"] == "user"
    ]
    return list(dict.fromkeys(intent for intent in intents if intent and not intent.startswith(NO_WISH)))[-MOST_TAGS:]


async def gathered(turn: Turn) -> dict[str, Any]:
    """What is known of what was being done and spoken of; nothing where it would not fit."""
    known = {name: turn.slot(name) for name in _unfinished(turn) if not name.endswith(("_offered", "_checked"))}
    known |= {name: value for name, value in turn.tracker.slots.items() if name.endswith("_last") and value}
    spoken = next((each.order for each in focus.of(turn) if each.order), None)
    if spoken or (spoken := await _order_of_goods(turn)):
        known.setdefault("orders_last", spoken)
    entry = turn.slot(ENTRY) or {}
    if entry.get("key") and spoken_of.goes_on(turn, entry):
        known["faq_key"] = entry["key"]
    if turn.slot(IN_DANGER):
        known[DANGER] = turn.slot(IN_DANGER)["kinds"]
    form = (turn.tracker.active_loop or {}).get("name")
    if form:
        known["form"] = form
    return known if len(json.dumps(known, ensure_ascii=False).encode()) <= SLOTS_BYTES else {}


async def _order_of_goods(turn: Turn) -> str | None:
    """The number of the only order that the goods which the customer named lately belong to."""
    if turn.customer is None:
        return None
    with suppress(GatewayError):
        for told in spoken_of.references(turn):
            found = references.found(told, (await references.belongings(turn)).of_kind(ORDER))
            if found.described and found.one:
                return found.one.id
    return None


def _unfinished(turn: Turn) -> list[str]:
    """The slots of what is being done: not the thing last spoken of, nor what belongs to the talk itself."""
    return [name for name, value in turn.tracker.slots.items() if value is not None and _of_a_request(turn, name)]


def _of_a_request(turn: Turn, name: str) -> bool:
    """Whether the slot is filled for something being done, not kept by an action at every message."""
    if name == REQUESTED_SLOT or name.startswith(KEPT) or name.endswith("_last"):
        return False
    declared = (turn.domain.get("slots") or {}).get(name) or {}
    return not any("action" in mapping for mapping in declared.get("mappings") or [])


def _media(event: dict[str, Any]) -> list[dict[str, str]]:
    """The pictures that came with a message."""
    sent = (event.get("metadata") or {}).get("media") or []
    return [{name: str(each.get(name) or "") for name in ("id", "type", "path")} for each in sent]


def _sentiment(event: dict[str, Any]) -> str | None:
    """How the message of an event was read."""
    return feeling(event.get("parse_data") or {})


def _agent(event: dict[str, Any]) -> bool:
    return bool((event.get("metadata") or {}).get("agent_id"))


def _iso(timestamp: Any) -> str:
    return datetime.fromtimestamp(float(timestamp or 0), SHANGHAI).isoformat(timespec="milliseconds")
