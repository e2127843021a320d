"""What a channel asks of the dialogue itself: whether a silence was meant, and what a visitor had begun.

Rasa cannot rename a conversation. Who proves at an address who they are (`connectors/binding.py`) speaks in the customer's own
conversation from then on; what the address's own one holds unfinished is appended there, and the dialogue told to go on.
"""

from __future__ import annotations

from typing import Any

from rasa.shared.core.events import ActiveLoop, Event, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

HANDED_OVER = "handoff_id"
WISH = "chat_wish"
# Of the talk, the moment or the person: true of the conversation they were said in.
_STAYS = ("chat_", "handoff_", "feedback_", "account_", "session_", "ab_", "faq_")
_GOES = (WISH, "chat_given")


class Dialogue:
    """The trackers of Rasa's agent on this server."""

    def __init__(self, agent: Any) -> None:
        """`agent`: Rasa's."""
        self._agent = agent

    async def silence_is_meant(self, conversation_id: str) -> bool:
        """Whether a turn without an answer was meant: a person has the conversation."""
        if not self._agent.is_ready():
            return False
        tracker = await self._agent.tracker_store.retrieve(conversation_id)
        return tracker is not None and bool(tracker.get_slot(HANDED_OVER))

    async def go_on(self, conversation_id: str, begun_in: str | None) -> bool:
        """Append what was left unfinished in `begun_in`, if in any; whether there is something to go on with."""
        store = self._agent.tracker_store
        left = await store.retrieve(begun_in) if begun_in else None
        async with self._agent.lock_store.lock(conversation_id):
            tracker = await store.get_or_create_tracker(conversation_id, append_action_listen=False)
            for event in unfinished(left, tracker) if left else ():
                tracker.update(event)
            await store.save(tracker)
        if tracker.get_slot(HANDED_OVER):
            return False  # a person has it
        return bool(tracker.get_slot(WISH) or (left and tracker.active_loop_name))


def unfinished(left: DialogueStateTracker, tracker: DialogueStateTracker) -> list[Event]:
    """What of the conversation that is left goes on in this one: what was wanted and given, and an open form with its slots.

    A form that is open here stays: it is the customer's own. Nothing is overwritten but by the wish, which is newer.
    """
    loop = left.active_loop_name if not tracker.active_loop_name else None
    known = tracker.current_slot_values()
    events: list[Event] = [
        SlotSet(name, value)
        for name, value in left.current_slot_values().items()
        if value is not None
        and name in known
        and (name in _GOES if name.startswith(_STAYS) else loop and known[name] is None)
        and (known[name] is None or name == WISH)
    ]
    return [*events, *([ActiveLoop(loop)] if loop else [])]


def dialogue_of(app: Any) -> Dialogue | None:
    """That of Rasa's agent on this server, where there is one."""
    agent = getattr(app.ctx, "agent", None)
    return None if getattr(agent, "tracker_store", None) is None else Dialogue(agent)
