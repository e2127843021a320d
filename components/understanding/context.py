"""What a message is read against: the question that stands, what was said last, what the talk is about."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Text, Tuple

from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

CONFIRM, CHOOSE, VALUE, WORDS, OFFER, NONE = ANSWERED = ("confirm", "choose", "value", "words", "offer", "none")
"""What kind of question stands: yes or no · which one · a value of some shape · words of one's own · an offer · none."""
QUEUE, ALARM = WAITED = ("queue", "alarm")
"""Where the customer was given to a person: on wish or for want of understanding · for a danger."""
KINDS = (*ANSWERED, *WAITED)
STANDS = 3  # messages for which an offer's buttons still stand
LEAST_NO = ("chat_deny", "chat_stop", "handoff_request", "chat_ask_help")  # buttons that offer nothing
ASKS = ("?", "\uff1f")
EXTERNAL = "EXTERNAL_"


@dataclass(frozen=True)
class Button:
    """A button on the table."""

    title: Text
    payload: Text

    @property
    def intent(self) -> Text:
        """The intent that it says."""
        return self.payload.lstrip("/").partition("{")[0]

    @property
    def entities(self) -> Dict[Text, Any]:
        """The entities that it says."""
        _, brace, rest = self.payload.partition("{")
        try:
            return dict(json.loads(brace + rest)) if brace else {}
        except ValueError:
            return {}


@dataclass(frozen=True)
class Context:
    """The conversation, as far as the next message hangs on it.

    Attributes:
        form: the open form.
        asked: the slot that it has asked for.
        kind: the kind of question that stands, or of waiting: one of `KINDS`. A form that was opened while waiting asks its own.
        said: what the assistant said last.
        buttons: those that the customer sees below what was said since the customer's last message.
        listed: those of the customer's last few messages.
        offered: the intent that a yes would start.
        focus: what the talk is about, newest first (slot `chat_focus`).
        told: the names of the responses since the customer's last message.
        slots: all slots that hold something.
        wished: the intents of the customer's last messages, newest first.
        again: whether the question was asked before that message too, and something else has been told since.
        new: whether nothing was said yet, or nobody knows (then only the message itself is looked at).
        free: the kind that it would be if nobody were waited for.
        waits: whether a person is waited for.
    """

    form: Optional[Text] = None
    asked: Optional[Text] = None
    kind: Text = NONE
    said: Text = ""
    buttons: Tuple[Button, ...] = ()
    offered: Optional[Text] = None
    focus: Tuple[Mapping[Text, Any], ...] = ()
    told: Tuple[Text, ...] = ()
    slots: Mapping[Text, Any] = field(default_factory=dict)
    wished: Tuple[Text, ...] = ()
    again: bool = False
    new: bool = True
    free: Text = NONE
    listed: Tuple[Button, ...] = ()
    waits: bool = False

    @classmethod
    def of(cls, tracker: Optional[DialogueStateTracker], kinds: Mapping[Text, Text]) -> Context:
        """Of Rasa's tracker. `kinds`: each slot's kind of question, where it is asked for."""
        if tracker is None or not tracker.events:
            return cls()
        form = tracker.active_loop_name
        slots = {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}
        asked = slots.get("requested_slot") if form else None
        bots = _said(tracker)
        last = bots[0] if bots else None
        buttons = tuple(button for bot in reversed(bots) for button in _buttons(bot))
        offered = slots.get("chat_offered")
        offers = bool(offered) or _offers(last)
        return cls(
            form=form,
            asked=asked,
            kind=kind_of(asked, kinds, offers, slots),
            said=str(last.text or "") if last else "",
            buttons=buttons,
            offered=str(offered) if offered else None,
            focus=tuple(slots.get("chat_focus") or ()),
            told=tuple(str(each.metadata.get("utter_action")) for each in bots if each.metadata.get("utter_action")),
            slots=slots,
            wished=_wished(tracker),
            again=bool(asked) and _asked_again(tracker, str(asked)),
            new=False,
            listed=tuple(_listed(tracker)),
            free=kind_of(asked, kinds, offers, {}),
            waits=bool(slots.get("handoff_id")),
        )


def kind_of(asked: Optional[Text], kinds: Mapping[Text, Text], offers: bool, slots: Mapping[Text, Any]) -> Text:
    """The kind of question that stands, or of waiting."""
    if asked:
        return kinds.get(asked, CONFIRM if asked.endswith("_confirmed") else VALUE)
    if slots.get("handoff_id"):
        return ALARM if slots.get("handoff_danger") else QUEUE
    return OFFER if offers else NONE


def _offers(last: Optional[BotUttered]) -> bool:
    """Whether what was said last is a question with something to press."""
    return bool(last and _buttons(last) and str(last.text or "").rstrip().endswith(ASKS))


def _buttons(bot: BotUttered) -> List[Button]:
    told = (bot.data or {}).get("buttons") or []
    return [Button(str(each.get("title") or ""), str(each.get("payload") or "")) for each in told]


def _said(tracker: DialogueStateTracker) -> List[BotUttered]:
    """What the assistant said since the customer's last message, newest first."""
    found: List[BotUttered] = []
    for event in reversed(tracker.events):
        if _of_customer(event):
            break
        if isinstance(event, BotUttered) and event.text:
            found.append(event)
    return found


def _asked_again(tracker: DialogueStateTracker, asked: Text) -> bool:
    """Whether a slot was asked for before the customer's last message and after it, and something else was told in between."""
    told: List[List[Text]] = [[]]
    for event in reversed(tracker.events):
        if _of_customer(event) and len(told) == 2:
            break
        if _of_customer(event):
            told.append([])
        elif isinstance(event, BotUttered) and event.text:
            told[-1].append(str(event.metadata.get("utter_action") or ""))
    now, before = told[0], told[-1] if len(told) == 2 else []
    asks = [name for name in now if asked in name]
    return bool(asks) and len(asks) < len(now) and any(asked in name for name in before)


def _listed(tracker: DialogueStateTracker) -> Iterator[Button]:
    """The buttons of the last messages for which they stand, newest first."""
    messages = 0
    for event in reversed(tracker.events):
        messages += _of_customer(event)
        if messages > STANDS:
            break
        if isinstance(event, BotUttered):
            yield from _buttons(event)


def _wished(tracker: DialogueStateTracker) -> Tuple[Text, ...]:
    """The intents of the customer's messages, newest first."""
    return tuple(str(event.intent_name or "") for event in reversed(tracker.events) if _of_customer(event))


def _of_customer(event: Event) -> bool:
    """Whether the customer said it, and not one of the shop's own systems."""
    return isinstance(event, UserUttered) and not str(event.intent_name or "").startswith(EXTERNAL)
