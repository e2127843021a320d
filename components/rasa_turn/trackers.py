"""Trackers are copied, not told their whole story again.

Rasa copies a tracker by applying every event of the conversation to a new one, several times a turn, and looks through
all sub-classes of `Event` for each event it reads. The state of a tracker is what its events make of it; so a copy of
the state is the same.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rasa.core.actions.forms import FormAction
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionReverted,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

from components.rasa_turn.replacing import Replacement, original

_COPY = "rasa.shared.core.trackers:DialogueStateTracker.copy"
_APPLIED = "rasa.shared.core.trackers:DialogueStateTracker.applied_events"
_RESOLVE = "rasa.shared.core.events:Event.resolve_by_type"
_TEMPORARY = "rasa.core.actions.forms:FormAction._temporary_tracker"

_KINDS: dict[str, type[Event]] = {}


def resolve_by_type(type_name: str, default: type[Event] | None = None) -> type[Event] | None:
    """The class of an event by its name; Rasa's own walk the first time a name is met."""
    found = _KINDS.get(type_name)
    if found is None:
        found = original(_RESOLVE)(type_name, default)
        if found is not None and found.type_name == type_name:
            _KINDS[type_name] = found
    return found


def copied_slot(slot: Slot) -> Slot:
    """What `copy.copy` makes of a slot, without its detour over pickling."""
    new: Slot = object.__new__(type(slot))
    new.__dict__.update(slot.__dict__)
    return new


def copied(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """A tracker of its own with the same events and the state that follows from them."""
    if type(tracker) is not DialogueStateTracker or tracker._max_event_history is not None:
        return original(_COPY)(tracker)
    followup, known = _followup(tracker)
    if not known or type(tracker.slots) is not dict:
        return original(_COPY)(tracker)
    new: DialogueStateTracker = object.__new__(DialogueStateTracker)
    new.__dict__.update(tracker.__dict__)
    new.events = tracker.events.copy()
    new.slots = {name: copied_slot(slot) for name, slot in tracker.slots.items()}
    new.active_loop = dataclasses.replace(tracker.active_loop) if tracker.active_loop else None
    new.followup_action = followup
    # What no event says is not carried over.
    new.sender_source = new.model_id = new.assistant_id = None
    new.__dict__.pop("stored_events", None)
    if new.events:
        new.__dict__["_applied"] = (new.events, len(new.events), new.events[-1], applied_events(tracker))
    return new


def _followup(tracker: DialogueStateTracker) -> tuple[str | None, bool]:
    """The follow-up action that the events leave, and whether this short look can tell."""
    for event in reversed(tracker.events):
        kind = type(event)
        if kind is ActionExecuted or kind is UserUttered:
            return None, True
        if kind is FollowupAction:
            return event.action_name, True
        if kind is Restarted:
            return ACTION_SESSION_START_NAME, True
        if kind is SessionStarted:
            return ACTION_LISTEN_NAME, True
        if kind is UserUtteranceReverted or kind is ActionReverted:
            return None, False
    return ACTION_LISTEN_NAME, True


def applied_events(tracker: DialogueStateTracker) -> list[Event]:
    """The events that count, worked out once for each state of the list of events."""
    events = tracker.events
    if type(tracker) is not DialogueStateTracker or not events:
        return list(original(_APPLIED)(tracker))
    known: tuple[Any, int, Event, list[Event]] | None = tracker.__dict__.get("_applied")
    if known is None or known[0] is not events or known[1] != len(events) or known[2] is not events[-1]:
        known = tracker.__dict__["_applied"] = (events, len(events), events[-1], original(_APPLIED)(tracker))
    return list(known[3])


def temporary_tracker(
    form: FormAction, tracker: DialogueStateTracker, additional_events: list[Event], domain: Domain
) -> DialogueStateTracker:
    """A form's tracker with some events more than the conversation has."""
    if any(type(event) is Restarted for event in tracker.events) or len(tracker.slots) != len(domain.slots):
        return original(_TEMPORARY)(form, tracker, additional_events, domain)
    new = copied(tracker)
    new.update(SlotSet(REQUESTED_SLOT, form.get_slot_to_fill(tracker)), None)
    new.update(ActionExecuted(form.name()), None)
    for event in additional_events:
        new.update(event, None)
    return new


REPLACEMENTS = (
    Replacement(_COPY, "dfa48dca9f355ad1", copied),
    Replacement(_APPLIED, "764d5065ea9997d6", applied_events),
    Replacement(_RESOLVE, "b5cf570fa7f286c7", staticmethod(resolve_by_type)),
    Replacement(_TEMPORARY, "381bc4b6e07fc205", temporary_tracker),
    Replacement("rasa.shared.core.slots:Slot.__copy__", "", copied_slot),
)
