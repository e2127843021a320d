"""Handoff: a person takes over knowing what was said, hears every word from then on, and gives the customer back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions import at_once, faq, focus, given, wiring
from actions.base import REQUESTED_SLOT, CustomerAction, Turn, over, when
from actions.besides import besides
from actions.gateways.desk import Handoff, HandoffRequest, Said
from actions.gateways.errors import GatewayError, NotFound, Rejected
from actions.gateways.identity import IdentityError
from actions.gateways.knowledge import Hit
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
REQUEST, DANGER, FRAUD = "handoff_request", "danger", "fraud"
IN_DANGER = "handoff_danger"  # slot: what dangers were told, {kinds, message_id}
ASKED = "customer_asked"
NOBODY_THERE = "handoff_nobody_there"  # the desk's no to a handoff that nobody asked for, at night
WISH = "handoff_wish"  # slot: what who waits wanted and the bot could do, {intent, words, entities, reference}
FOR_PEOPLE = ("complaints_", "feedback_")  # beginnings of intents that who waits wants told to a person
OF_TICKETS = "tickets_"
SURE = 0.5
LEAST_WISH = 4  # characters
NO_WISH = ("chat_", "faq", "nlu_", "handoff_", "EXTERNAL_")
MOST_TAGS = 10
# What who waits may ask of the bot, as a cue of data/chat/cues.yml. That the waiting ends is read from the whole message.
PLACE, PHONE, SAFE = "queue_place", "asks_phone", "safe"
PARTING = ("chat_goodbye", "chat_hold", "chat_thank")
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
        if reason == "angry":  # facts first
            await at_once.tell(turn, at_once.upset_about(turn))
        wanted = HandoffRequest(
            conversation_id=turn.tracker.sender_id,
            reason=reason,
            intent=turn.intent or None,
            sentiment=mood(turn),
            transcript=transcript(turn),
            tags=wishes(turn),
            slots=gathered(turn),
        )
        handoff = await turn.call(wiring.gateways().desk.hand_over, turn.writer, wanted)
        if handoff.ticketed:
            response = "utter_handoff_ticketed"
        else:
            response = "utter_handoff_queued" if handoff.position else "utter_handoff"
        told = _told_of(turn, reason)
        turn.utter(
            response, told, ticket=handoff.ticket_number, position=handoff.position, answer_by=when(handoff.answer_by)
        )
        counted = [SlotSet(name, 0) for name in (ANGER, MISSES) if turn.slot(name)]
        # A ticket is answered later, elsewhere; until then the bot goes on.
        mine = SlotSet("handoff_id", None if handoff.ticketed else handoff.id)
        return [*over(*_unfinished(turn)), *counted, mine]


    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Nobody is there, and nobody has asked for one: leaving a word is offered, and the counting begins anew."""
        if error.code != NOBODY_THERE:
            return super().rejected(turn, error)
        turn.utter("utter_handoff_nobody_there", why(turn))
        return [*over(*_unfinished(turn)), *(SlotSet(name, 0) for name in (ANGER, MISSES) if turn.slot(name))]


class ActionHandoffRelay(CustomerAction):
    """Gives the person what the customer wrote. Says nothing: the person answers.

    While nobody has taken over, the bot says that it was passed on, answers what it knows, and says what it could do itself
    (slot `handoff_wish`). It answers what only the queue can: the place in it, and a customer who leaves it, or says that
    there is no danger. What else the leaver wants, or wanted while waiting, is done next.

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
                offered = None if _parts(turn) else turn.slot(WISH)
                if turn.cue(PHONE) is not None:
                    turn.utter("utter_handoff_phone")
                return [*ended(turn, "safe" if denies(turn) else "left"), *await besides(turn, offered)]
        except NotFound:
            return ended(turn, "unread")
        except Rejected as error:
            if error.code == "handoff_closed":
                return await given_back(turn, handoff_id, "unread")
            raise
        if waits and turn.cue(PHONE) is not None:
            turn.utter("utter_handoff_phone")
        elif waits and asks_place(turn):
            turn.utter("utter_handoff_place", position=handoff.position)
        elif waits and turn.slot(IN_DANGER):
            return [*self._unfilled(turn), *in_danger(turn, handoff.position)]
        elif waits:
            return [*self._unfilled(turn), *await meanwhile(turn, handoff.position)]
        return self._unfilled(turn)

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
    past = [SlotSet(name, None) for name in (IN_DANGER, WISH) if turn.slot(name)]
    return [*over(*_unfinished(turn)), *counted, SlotSet("handoff_id", None), *past, *due]


def leaves(turn: Turn) -> bool:
    """Whether who waits for a person waits no longer. An old button says nothing of it, and nobody in danger is let go."""
    left = turn.told("leave") is not None or denies(turn)
    return left and not turn.pressed and not turn.tracker.latest_message.get("danger")


def _parts(turn: Turn) -> bool:
    """Whether who leaves the queue says goodbye as well (先挂了，回头再说): what was offered meanwhile is not wanted now."""
    ranked = turn.tracker.latest_message.get("intent_ranking") or []
    return bool(ranked) and ranked[0]["name"] in PARTING


def denies(turn: Turn) -> bool:
    """Whether what was taken for a danger is said to be none."""
    if not turn.slot(IN_DANGER):
        return False
    corrects = turn.told("leave") is not None and (turn.tracker.latest_message.get("act") or {}).get("name") == "correct"
    told = turn.cue(SAFE) is not None or reading("safe", turn.typed) is not None
    return corrects or told  # in the words that it was told to answer with


async def meanwhile(turn: Turn, position: int | None) -> list[EventType]:
    """Who waits is answered what needs nobody; what the bot could do is offered, once; all else is passed on."""
    if turn.entity("faq_key") or turn.entity("faq_helpful"):
        return await faq.ActionFaqAnswer().work(turn)
    wish = turn.intent if _does(turn) else None
    if wish and await at_once.tell(turn, wish):
        turn.utter("utter_handoff_waiting", "told", position=position)
        return []
    found = None if turn.pressed else await faq.look_up(turn)
    if found and found["decision"] == "answer":
        told = await faq.tell(turn, Hit.of(found["hits"][0]), turn.typed, None)
        turn.utter("utter_handoff_waiting", "told", position=position)
        return told
    if wish and wish != (turn.slot(WISH) or {}).get("intent") and not wish.startswith(OF_TICKETS):  # 几天有回复: theirs to say
        label = turn.wording(f"utter_label_{wish}")
        turn.utter("utter_handoff_waiting", "wish", request=label, position=position)
        return _wished(turn)
    turn.utter("utter_handoff_waiting", position=position)
    return []


def in_danger(turn: Turn, position: int | None) -> list[EventType]:
    """What to do is said again; who speaks of goods as if nothing were is asked whether there is a danger, and served then."""
    told = turn.tracker.latest_message.get("danger")
    if told or not _does(turn):
        turn.utter("utter_handoff_waiting", _told_of(turn, DANGER), position=position)
        return []
    turn.utter("utter_handoff_waiting_calm", request=turn.wording(f"utter_label_{turn.intent}"), position=position)
    return _wished(turn)


def _wished(turn: Turn) -> list[EventType]:
    """What the bot does once it has the talk again."""
    entities = turn.tracker.latest_message.get("entities") or []
    reference = turn.tracker.latest_message.get("reference") or {}
    wish = {"intent": turn.intent, "words": turn.typed, "entities": entities, "reference": reference}
    return [SlotSet(WISH, wish), SlotSet(given.SLOT, given.keeping(turn))]


def _does(turn: Turn) -> bool:
    """Whether the message surely names a wish that the bot can fulfil."""
    confidence = float((turn.tracker.latest_message.get("intent") or {}).get("confidence") or 0)
    named = turn.wording(f"utter_label_{turn.intent}") and not turn.intent.startswith((*NO_WISH, *FOR_PEOPLE))
    words = turn.pressed or len(turn.typed) >= LEAST_WISH  # who only presses for haste (快点) names nothing
    return bool(named) and words and confidence >= SURE and turn.customer is not None


def asks_place(turn: Turn) -> bool:
    """Whether somebody who waits asks how long still, or for a person once more."""
    return turn.cue(PLACE) is not None or turn.intent == REQUEST


def mood(turn: Turn) -> str | None:
    """The strongest mood of the talk; the latest message's where nobody was upset."""
    latest = (turn.tracker.latest_message.get("sentiment") or {}).get("name")
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
    return "escalated" if turn.slot("complaints_escalation") else reason  # its number has just been told


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
            if text:
                yield event, titles.get(text, text) if event["event"] == "user" else text


def wishes(turn: Turn) -> list[str]:
    """The intents the customer came with, in their order; small talk is none."""
    intents = [
        str((event.get("parse_data") or {}).get("intent", {}).get("name") or "")
        for event in turn.tracker.events
        if event["event"] == "user"
    ]
    return list(dict.fromkeys(intent for intent in intents if intent and not intent.startswith(NO_WISH)))[-MOST_TAGS:]


def gathered(turn: Turn) -> dict[str, Any]:
    """What is known of what was being done; nothing where it would not fit."""
    known = {name: turn.slot(name) for name in _unfinished(turn) if not name.endswith(("_offered", "_checked"))}
    known |= {name: value for name, value in turn.tracker.slots.items() if name.endswith("_last") and value}
    spoken = next((each.order for each in focus.of(turn) if each.order), None)
    if spoken:
        known.setdefault("orders_last", spoken)
    form = (turn.tracker.active_loop or {}).get("name")
    if form:
        known["form"] = form
    return known if len(json.dumps(known, ensure_ascii=False).encode()) <= SLOTS_BYTES else {}


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
    name = ((event.get("parse_data") or {}).get("sentiment") or {}).get("name")
    return str(name) if name else None


def _agent(event: dict[str, Any]) -> bool:
    return bool((event.get("metadata") or {}).get("agent_id"))


def _iso(timestamp: Any) -> str:
    return datetime.fromtimestamp(float(timestamp or 0), SHANGHAI).isoformat(timespec="milliseconds")
