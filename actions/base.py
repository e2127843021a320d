"""What every action shares: who is writing, one way to speak, one way to fail.

Rasa swallows an action's exception and the customer hears nothing; so every error ends here in a reply.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, ActiveLoop, EventType, SlotSet, UserUttered
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import wiring
from actions.gateways.belongings import Belongings
from actions.gateways.errors import GatewayError, NotFound, OutcomeUnknown, Rejected
from actions.gateways.http import Caller
from actions.gateways.identity import IdentityError, TokenMissing, verify_customer_token
from privacy.secrets import has_hidden

logger = logging.getLogger(__name__)

REQUESTED_SLOT = "requested_slot"
OTHER = "other"  # the value of the button that asks for another order
ANGRY, NEUTRAL = "angry", "neutral"
DONE = "chat_done"  # the action that last changed anything in the shop's systems
PENDING = "chat_pending_write"
MEANWHILE = "handoff_meanwhile"  # slot: the message that the assistant itself answers while a person is waited for
WISH = "chat_wish"  # slot: what a visitor could not do, {intent, words, entities, reference, at}
PATIENCE_SECONDS = 18.0
"""How long a lost answer is asked for again before the customer hears that it is not known yet: a process that died is
back within five seconds, and Rasa holds the conversation meanwhile."""
ASK_AGAIN_SECONDS = (0.3, 0.7, 1.0)  # the last of them from then on
OF_THE_TALK = ("chat_", "faq_", "account_", "ab_", "session_", "handoff_")
"""Beginnings of slots that are no part of what an action does."""
LASTING = ("_last", "_asked")  # endings of slots that outlive what was done
PRESSED = {"chat_affirm": "yes", "chat_deny": "no", "chat_stop": "leave", "handoff_request": "person"}
"""Intents of buttons that are a command by themselves."""
ASKING = ("ask", "status", "why", "why_asked", "how")
"""Acts (`components/understanding/acts.py`) that ask."""
PERSON = (
    "handoff_request",
    "complaints_file",
)  # who asks for a person, or complains, is soothed by that answer

SIGN_IN = "utter_chat_sign_in"
FAQ = "faq"
FOR_EVERYBODY = ("chat_", "products_", FAQ, "account_manage", "handoff_", "feedback_")
"""Beginnings of intents that need nobody to sign in."""
NEAR = 0.2
"""From this score on a rule may have to do with what was said."""

T = TypeVar("T")
Button = dict[str, str]


@dataclass
class Turn:
    """One run of an action: what the customer wrote, what is known, and how to answer.

    Attributes:
        customer: proven customer id; None for a visitor (only in actions that allow visitors).
        finished: whether the wish was really fulfilled, not only talked of; an action that leaves all as it is says False.
        before: events of what was said before the action's own work.
        again: whether this message was given to this action before and may have done its work then.
        wrote: whether a write has been answered in this run: whatever fails afterwards, it is done.
        refused: whether the last refusal was the answer to a write.
        patience: seconds for which the answer of a write is asked for again.
        answered: intents beside its own that this run has answered: where they wait and name nothing of their own, they are done.
        belongings: all that the customer has, once somebody asked for it (`actions/references.py`).
    """

    name: str
    dispatcher: CollectingDispatcher
    tracker: Tracker
    domain: DomainDict
    customer: str | None = None
    finished: bool = True
    before: list[EventType] = field(default_factory=list)
    again: bool = False
    wrote: bool = False
    refused: bool = False
    patience: float = PATIENCE_SECONDS
    belongings: Belongings | None = None
    answered: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """What the customer wrote; of two wishes in one message the words of the first, and none that only refuse what was
        offered (`components/restated.py`)."""
        said = self.tracker.latest_message
        own = self.commands[:1] if self.two else self.commands
        start = next((each for each in own if each["command"] == "start" and each.get("words")), None)
        told = next((own[0][key] for key in ("words", "value", "question") if own[0].get(key)), None) if self.two else None
        return str(start["words"] if start else told or said.get("instead") or said.get("text") or "")

    @property
    def intent(self) -> str:
        """The intent of what the customer wrote."""
        return str((self.tracker.latest_message.get("intent") or {}).get("name") or "")

    @property
    def pressed(self) -> bool:
        """Whether a button was pressed: its payload is none of the customer's words."""
        return self.text.startswith("/")

    @property
    def typed(self) -> str:
        """What the customer typed; empty where a button was pressed."""
        return "" if self.pressed else self.text.strip()

    def entity(self, name: str) -> Any:
        """The latest message's last entity of that name, or None."""
        found = [e["value"] for e in self.tracker.latest_message.get("entities") or [] if e["entity"] == name]
        return found[-1] if found else None

    @property
    def commands(self) -> list[dict[str, Any]]:
        """What is to be done, in order, as `components/understanding/` read it; of a pressed button what its intent says."""
        told = self.tracker.latest_message.get("commands")
        if told is None:
            told = [{"command": PRESSED[self.intent]}] if self.intent in PRESSED else []
        return list(told)

    def told(self, *names: str) -> dict[str, Any] | None:
        """The first command of one of these names."""
        return next((each for each in self.commands if each["command"] in names), None)

    @property
    def two(self) -> bool:
        """Whether another wish follows in the same breath."""
        return any(each.get("fresh") for each in self.commands[1:])

    @property
    def fresh(self) -> bool:
        """Whether this wish came in the same breath as another: it is about what it names itself, never about the first's."""
        return any(each.get("fresh") for each in self.commands[:1])

    @property
    def asks(self) -> bool:
        """Whether the words ask for something to be told."""
        return (self.tracker.latest_message.get("act") or {}).get("name") in ASKING

    def cue(self, name: str) -> str | None:
        """What a cue of `data/chat/cues.yml` found in the message: its value, "" where it has none; None: not there."""
        return (self.tracker.latest_message.get("cues") or {}).get(name)

    def uttered(self, response: str, messages: int) -> bool:
        """Whether a response whose name begins so was told after one of the customer's last messages before this one."""
        heard = 0
        for event in reversed(self.tracker.events):
            heard += event["event"] == "user"
            if heard > messages:
                break
            if event["event"] == "bot" and str((event.get("metadata") or {}).get("utter_action")).startswith(response):
                return True
        return False

    @property
    def message_id(self) -> str:
        """The id of what the customer wrote."""
        return str(self.tracker.latest_message.get("message_id") or "")

    @property
    def with_person(self) -> bool:
        """Whether a person has the talk, or is waited for and this message is only passed on."""
        return bool(self.slot("handoff_id")) and self.slot(MEANWHILE) != self.message_id

    @property
    def busy(self) -> bool:
        """Whether a form is open."""
        return bool((self.tracker.active_loop or {}).get("name"))

    def knows(self, response: str) -> bool:
        """Whether a designer wrote this response."""
        return response in (self.domain.get("responses") or {})

    def wording(self, response: str) -> str | None:
        """The text of a response that serves as a word within others (a button's title, a name)."""
        variants = (self.domain.get("responses") or {}).get(response) or []
        return str(variants[0]["text"]) if variants else None

    def joined(self, parts: Iterable[str]) -> str:
        """Several of something within a sentence."""
        return (self.wording("utter_chat_comma") or " ").join(parts)

    def slot(self, name: str) -> Any:
        """A slot's value."""
        return self.tracker.slots.get(name)

    @property
    def reader(self) -> Caller:
        """The caller of a read."""
        return Caller(self.customer)

    @property
    def writer(self) -> Caller:
        """The caller of a write: its key is this conversation, this action and the message that confirmed it."""
        told = f"{self.tracker.sender_id}\n{self.name}\n{self.message_id}"
        return Caller(self.customer, f"{self.name}:{hashlib.sha256(told.encode()).hexdigest()}", self.again)

    async def call(self, gateway: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a gateway's blocking call in a thread. A write whose answer is lost is repeated under its key for a while.

        Raises OutcomeUnknown when the answer stays lost.
        """
        writes = any(isinstance(each, Caller) and each.key for each in args)
        deadline, pauses = time.monotonic() + self.patience, list(ASK_AGAIN_SECONDS)
        lost: OutcomeUnknown | None = None
        while True:
            try:
                answer = await asyncio.to_thread(gateway, *args, **kwargs)
            except (Rejected, NotFound):
                self.refused = writes
                raise
            except GatewayError as error:
                if isinstance(error, OutcomeUnknown):
                    lost = error
                if lost is None:
                    raise
                pause = pauses.pop(0) if len(pauses) > 1 else pauses[0]
                if time.monotonic() + pause > deadline:
                    raise lost from error
                await asyncio.sleep(pause)
            else:
                self.wrote = self.wrote or writes
                return answer

    async def written(self) -> bool:
        """Whether an earlier try of this message has been answered already: then the shop's rules are not asked whether
        it may be done, for they would speak of a shop in which it is done."""
        if not self.again or self.writer.key is None:
            return False
        return await self.call(wiring.gateways().outcomes.known, self.reader, self.writer.key)

    def utter(
        self, response: str, variant: str = "", buttons: list[Button] | None = None, **values: Any
    ) -> None:
        """Say a response of the domain: `<response>_<variant>` where a designer wrote one, else `<response>`."""
        named = f"{response}_{variant}"
        chosen = named if variant and self.knows(named) else response
        self.dispatcher.utter_message(response=chosen, buttons=buttons or [], **values)


def named_after(kind: type) -> str:
    """The name in the domain of what a class does, form or action.

    `ActionOrdersStatus` → `action_orders_status`, `ValidateOrdersStatusForm` → `validate_orders_status_form`,
    `AskOrdersNumber` (asks for slot `orders_number`) → `action_ask_orders_number`.
    """
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    return f"action_{words}" if words.startswith("ask_") else words


class CustomerAction(Action, ABC):
    """An action that knows the customer. Its class names it (`named_after`); sub-classes say what they do in `work`.

    Attributes:
        visitors: whether somebody who is not signed in may use it.
        concludes: whether a request of the customer is finished when it has run: what else the customer asked for in
            the same message is then offered, and slot `feedback_due` is set where the work was really done.
        warns: whether it tells a customer who typed a password, code or card number not to.
        soothes: whether an apology precedes what it says to a customer who has just become angry.
        writes: whether it may change anything in the shop's systems.
        patience: see `Turn`.
    """

    visitors = False
    concludes = False
    warns = True
    soothes = True
    writes = True
    patience = PATIENCE_SECONDS

    def name(self) -> str:
        """The action's name in the domain; its class says it."""
        return named_after(type(self))

    @abstractmethod
    async def work(self, turn: Turn) -> list[EventType]:
        """Do it, say it, and return the events. May raise GatewayError."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[EventType]:
        """Prove the customer, do the work, and put any error into words."""
        again = tried_before(tracker)
        turn = Turn(self.name(), dispatcher, tracker, domain, again=again, patience=self.patience)
        return await self.answer(turn)

    async def answer(self, turn: Turn) -> list[EventType]:
        """The whole of a run."""
        if self.warns:
            warn(turn)
        if self.soothes:
            soothe(turn)
        try:
            turn.customer = self._customer(turn.tracker)
            events = await self.work(turn)
            done = [SlotSet(DONE, self.name())] if turn.wrote and self.concludes else []
            return [*turn.before, *events, *done, *(conclude(turn, events) if self.concludes else [])]
        except IdentityError as error:
            return [*turn.before, *self.unproven(turn, error)]
        except Rejected as error:
            logger.info("action=%s rejected=%s", self.name(), error.code)
            turn.finished = False
            events = await self._refused(turn, error)
            return [*turn.before, *events, *(conclude(turn, events) if self.concludes else [])]
        except GatewayError as error:
            logger.warning("action=%s error=%s", self.name(), error)
            if self._may_be_done(turn, error):
                return [*turn.before, *self.unknown(turn)]
            return [*turn.before, *self.failed(turn, error.response)]
        except Exception as error:
            logger.exception("action=%s failed", self.name())
            if self._may_be_done(turn, error):
                return [*turn.before, *self.unknown(turn)]
            return [*turn.before, *self.failed(turn, GatewayError.response)]

    async def _refused(self, turn: Turn, error: Rejected) -> list[EventType]:
        """Put a refusal into words, unless it only says that an earlier try of the same message was granted."""
        try:
            done = not turn.refused and await turn.written()
        except GatewayError:
            return self.unknown(turn)
        if not done:
            return self.rejected(turn, error)
        said = list(turn.dispatcher.messages)
        events = self.rejected(turn, error)
        turn.dispatcher.messages[:] = said
        turn.finished = True
        turn.utter("utter_chat_outcome_done")
        return events

    def _may_be_done(self, turn: Turn, error: Exception) -> bool:
        """Whether a write of this message was sent, now or at an earlier try, so that nobody may say it was in vain."""
        in_doubt = turn.again and self.writes and not self.name().startswith("action_ask_")
        return turn.wrote or isinstance(error, OutcomeUnknown) or in_doubt

    def unproven(self, turn: Turn, error: IdentityError) -> list[EventType]:
        """Nobody proven is writing: say how to sign in, and remember what was wanted."""
        visitor = isinstance(error, TokenMissing)
        turn.utter(SIGN_IN, "" if visitor else "again", _rules(turn) if visitor else [])
        return [*over(), *wanted(turn)]

    def rejected(self, turn: Turn, error: Rejected) -> list[EventType]:
        """A rule of the shop said no: say which, kindly, with the next step."""
        own = self.name().replace("action_", "utter_", 1) + "_rejected"
        base = own if turn.knows(own) else error.response
        turn.utter(base, error.code, detail=error.detail)
        return over()

    def unknown(self, turn: Turn) -> list[EventType]:
        """Done or not: say that it is being looked up, and remember what to ask again with the next message."""
        turn.utter(OutcomeUnknown.response)
        held = {
            name: value
            for name, value in turn.tracker.slots.items()
            if value is not None and name != REQUESTED_SLOT and not name.startswith(OF_THE_TALK)
        }
        pending = {
            "action": self.name(),
            "message_id": turn.message_id,
            "proven": turn.customer is not None,
            "slots": held,
        }
        return [*over(*(name for name in held if not name.endswith(LASTING))), SlotSet(PENDING, pending)]

    def failed(self, turn: Turn, response: str) -> list[EventType]:
        """Something broke: apologise, and keep what the customer already said for the next try, but not the yes."""
        turn.utter(response)
        return over(*(name for name in turn.tracker.slots if name.endswith("_confirmed")))

    def _customer(self, tracker: Tracker) -> str | None:
        token = (tracker.latest_message.get("metadata") or {}).get("customer_token")
        try:
            return verify_customer_token(token, wiring.settings().customer_jwt_secret)
        except IdentityError:
            if self.visitors:
                return None
            raise


def tried_before(tracker: Tracker) -> bool:
    """Whether who sent this message to us may have sent it before and lost the answer."""
    return bool((tracker.latest_message.get("metadata") or {}).get("again"))


def warn(turn: Turn) -> None:
    """Whoever types a secret, which the connectors have hidden, is told once a talk that nobody here asks for any."""
    if has_hidden(turn.text) and not turn.slot("chat_secret_told"):
        turn.utter("utter_chat_secret")
        turn.tracker.slots["chat_secret_told"] = True
        turn.before.append(SlotSet("chat_secret_told", True))


def soothe(turn: Turn) -> None:
    """Whoever has just become angry hears an apology first, once a talk, and is offered a person, whatever the wish."""
    new = turn.slot("chat_sentiment") == ANGRY and turn.slot("chat_anger") == 1
    if (
        new
        and turn.intent not in PERSON
        and not turn.tracker.latest_message.get("danger")
        and not turn.slot("handoff_id")
        and not turn.slot("chat_soothed")
    ):
        turn.utter("utter_chat_anger")
        turn.before.append(SlotSet("chat_soothed", turn.message_id))


def conclude(turn: Turn, events: list[EventType]) -> list[EventType]:
    """A request is finished: remember that a rating may be asked, and go on with what else the message asked for."""
    if turn.busy and not any(e["event"] == "active_loop" and e["name"] is None for e in events):
        return []  # in the middle of another form: that one goes on
    due = (
        turn.finished and turn.tracker.slots.get("feedback_due", True) is not True
    )  # only where the domain has the slot
    return [*([SlotSet("feedback_due", True)] if due else []), *go_on(turn, events)]


def go_on(turn: Turn, events: list[EventType]) -> list[EventType]:
    """Events that take up what else the customer asked for, if anything waits and nothing else comes next."""
    told: list[dict[str, Any]] = turn.slot("chat_requests") or []
    wishes = [each for each in told if each["intent"] not in turn.answered or _names(each)]
    answered = [SlotSet("chat_requests", wishes or None)] if len(wishes) < len(told) else []
    signs_in = any(str(each.get("response")).startswith(SIGN_IN) for each in turn.dispatcher.messages)
    if signs_in:  # once is enough
        wishes = [each for each in wishes if str(each["intent"]).startswith(FOR_EVERYBODY)]
    if not wishes or turn.with_person or any(e["event"] in ("followup", "user") for e in events):
        return answered
    wish, *waiting = wishes
    if wish["intent"] != FAQ:  # a question is just answered
        turn.utter("utter_chat_next", request=turn.wording(f"utter_label_{wish['intent']}"))
    looked_up = [SlotSet("faq_found", None)] if turn.slot("faq_found") else []  # for the first: the next is another question
    return [*looked_up, SlotSet("chat_requests", waiting or None), *said(turn, **wish, fresh=True)]


def _names(wish: dict[str, Any]) -> bool:
    """Whether a wish that waits says of which thing it is."""
    return bool(wish.get("entities") or (wish.get("reference") or {}).get("conditions"))


def said(
    turn: Turn,
    intent: str,
    words: str = "",
    entities: Sequence[dict[str, Any]] = (),
    reference: dict[str, Any] | None = None,
    values: Sequence[dict[str, Any]] = (),
    fresh: bool = False,
) -> list[EventType]:
    """Events as if the customer now said this: all rules, forms and actions of that intent apply.

    `fresh`: it is about what its own words name, and not about what was spoken of before.
    """
    latest = turn.tracker.latest_message
    text = words or turn.wording(f"utter_label_{intent}") or turn.text
    parse_data = {
        "text": text,
        "intent": {"name": intent, "confidence": 1.0},
        "entities": list(entities),
        "reference": reference or {},
        "values": list(values),
        "requests": [intent],
        "commands": [{"command": "start", "intent": intent, "fresh": fresh}],
        "cues": {} if fresh else {"points": ""},
        "message_id": latest.get("message_id"),
        "metadata": latest.get("metadata") or {},
    }
    spoken = UserUttered(text, parse_data, input_channel=turn.tracker.get_latest_input_channel())
    spoken |= {"message_id": parse_data["message_id"], "metadata": parse_data["metadata"]}
    return [ActionExecuted("action_listen"), spoken]


def heard_again(turn: Turn) -> list[EventType]:
    """Events as if the latest message were said now, as it was understood: what was passed on is done as well."""
    latest = turn.tracker.latest_message
    parse_data = {**latest, "danger": None}
    spoken = UserUttered(latest.get("text"), parse_data, input_channel=turn.tracker.get_latest_input_channel())
    spoken |= {"message_id": latest.get("message_id"), "metadata": latest.get("metadata") or {}}
    return [ActionExecuted("action_listen"), spoken]


def wanted(turn: Turn) -> list[EventType]:
    """Remember the wish that this message names, for `ActionChatGoOn`; a message that names none changes nothing."""
    if WISH not in turn.tracker.slots or not turn.wording(f"utter_label_{turn.intent}"):
        return []
    latest = turn.tracker.latest_message
    told = {"entities": latest.get("entities") or [], "reference": latest.get("reference") or {}}
    return [SlotSet(WISH, {"intent": turn.intent, "words": turn.typed, "at": time.time(), **told})]


def over(*slots: str) -> list[EventType]:
    """Events that end the form and forget the given slots."""
    return [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None), *(SlotSet(name, None) for name in slots)]


def _rules(turn: Turn) -> list[Button]:
    """The rules nearest to what a visitor said, where none was near enough to be told."""
    found = turn.slot("faq_found") or {}
    hits = found["hits"] if found and found["message_id"] == turn.message_id else []
    near = [hit for hit in hits if hit["score"] >= NEAR]
    return [button(hit["question"], FAQ, json.dumps({"faq_key": hit["key"]})) for hit in near]


def feeling(message: dict[str, Any]) -> str | None:
    """How a message was read; the label angry is for reports, and counts only where the words surely show it."""
    told = message.get("sentiment") or {}
    name = told.get("name")
    return NEUTRAL if name == ANGRY and not told.get("angry", True) else str(name) if name else None


def button(title: str, intent: str, entities: str = "") -> Button:
    """A button; its payload is `/intent{entities}`."""
    return {"title": title, "payload": f"/{intent}{entities}"}


def when(time: str | None) -> str:
    """`2026-11-21T10:02:33+08:00` → `11-21 10:02`; nothing → an empty text."""
    return time[5:16].replace("T", " ") if time else ""
