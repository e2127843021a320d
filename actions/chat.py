"""Small talk's few deeds: stop what is being done, say the last answer again."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.base import CustomerAction, Turn, over

GATHERED = ("orders_", "logistics_", "after_sales_")


class ActionChatStop(CustomerAction):
    """Drops what is being done; nothing of it is kept."""

    visitors = True

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_chat_stop"

    async def work(self, turn: Turn) -> list[EventType]:
        """Stop, and say so."""
        busy = bool((turn.tracker.active_loop or {}).get("name"))
        turn.utter("utter_chat_stopped", "" if busy else "idle")
        return over(*(name for name, value in turn.tracker.slots.items() if name.startswith(GATHERED) and value))


class ActionChatRepeat(CustomerAction):
    """Says the last answer again, word for word, buttons included."""

    visitors = True

    def name(self) -> str:
        """See `CustomerAction.name`."""
        return "action_chat_repeat"

    async def work(self, turn: Turn) -> list[EventType]:
        """Repeat all that followed the customer's message before this one."""
        said: list[dict[str, object]] = []
        users = 0
        for event in reversed(turn.tracker.events):
            users += event["event"] == "user"
            if users == 2:
                break
            if event["event"] == "bot" and users == 1:
                said.insert(0, event)
        for event in said:
            data = event.get("data")
            buttons = data.get("buttons") if isinstance(data, dict) else None
            turn.dispatcher.utter_message(text=str(event.get("text") or ""), buttons=buttons or [])
        if not said:
            turn.utter("utter_chat_ask_help")
        return []
