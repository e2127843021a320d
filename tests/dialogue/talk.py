"""A conversation with the newest model in this process: Rasa's own processor, our actions, no HTTP anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

ROOT = Path(__file__).resolve().parents[2]
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

from rasa.core.agent import Agent  # noqa: E402  (after structlog: a bare agent prints every debug line)
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage  # noqa: E402
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet  # noqa: E402
from rasa.shared.core.trackers import DialogueStateTracker  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402
from rasa_sdk.executor import ActionExecutor  # noqa: E402

from tests.actions.talk import token  # noqa: E402


class Actions(EndpointConfig):
    """The action server, without a server."""

    def __init__(self) -> None:
        super().__init__(url="http://actions.invalid/webhook")
        self._executor = ActionExecutor()
        self._executor.register_package("actions")

    async def request(self, *_: Any, **call: Any) -> Any:
        """Run the action over what would have gone over the wire."""
        return await self._executor.run(json.loads(json.dumps(call["json"])))


@dataclass
class Assistant:
    """The model with its actions."""

    agent: Agent
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @classmethod
    def load(cls, model: Path) -> Assistant:
        """Load it, a few seconds."""
        return cls(Agent.load(model, action_endpoint=Actions()))

    def customer(self, name: str = "C1") -> Customer:
        """A customer who begins a conversation."""
        return Customer(self, name)


@dataclass
class Customer:
    """One conversation. `said`, `told` (its words) and `buttons` are of the last answer."""

    assistant: Assistant
    name: str
    sender: str = field(default_factory=lambda: uuid.uuid4().hex)
    said: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)
    placed: bool = False  # whether it was put into its form by hand
    _tracker: DialogueStateTracker | None = None

    def say(self, text: str) -> list[str]:
        """Write something (or press: `/…`); the names of the responses in order."""
        channel = CollectingOutputChannel()
        proof = {"customer_token": token(self.name)}
        message = UserMessage(text, channel, self.sender, input_channel="rest", metadata=proof)
        self.assistant.loop.run_until_complete(self.assistant.agent.handle_message(message))
        self._tracker = None
        events = list(self.tracker.events)
        last = max(place for place, event in enumerate(events) if event.type_name == "action" and event.action_name == "action_listen" and place < len(events) - 1)  # fmt: skip
        bots = [event for event in events[last:] if event.type_name == "bot"]
        self.said = [str(event.metadata.get("utter_action") or "text") for event in bots]
        self.told = [str(event.text or "") for event in bots]
        self.buttons = list((bots[-1].data.get("buttons") if bots else None) or [])
        return self.said

    @property
    def tracker(self) -> DialogueStateTracker:
        """Rasa's tracker, read once after each message."""
        if self._tracker is None:
            store = self.assistant.agent.processor.tracker_store  # type: ignore[union-attr]
            self._tracker = self.assistant.loop.run_until_complete(store.retrieve(self.sender))
        assert self._tracker is not None
        return self._tracker

    @property
    def form(self) -> str | None:
        """The open form."""
        return self.tracker.active_loop_name

    @property
    def asked(self) -> str | None:
        """The slot that the open form has asked for."""
        return self.tracker.get_slot("requested_slot")

    def open(self, form: str, slot: str) -> None:
        """Put the conversation into a form that no intent opens, at a question."""
        agent = self.assistant.agent
        self.say("/chat_greet")
        tracker = self.tracker
        events: list[Event] = [ActionExecuted(form), ActiveLoop(form), SlotSet("requested_slot", slot), ActionExecuted("action_listen")]
        tracker.update_with_events(events, agent.domain)  # type: ignore[arg-type]
        self.assistant.loop.run_until_complete(agent.processor.tracker_store.save(tracker))  # type: ignore[union-attr]
        self._tracker, self.said, self.buttons, self.placed = None, [f"utter_ask_{slot}"], [], True

    def copy(self) -> Customer:
        """The same conversation once more, to go on otherwise from here."""
        twin = Customer(self.assistant, self.name, said=list(self.said), buttons=list(self.buttons))
        agent = self.assistant.agent
        tracker = DialogueStateTracker.from_events(twin.sender, list(self.tracker.events), agent.domain.slots)  # type: ignore[union-attr]
        self.assistant.loop.run_until_complete(agent.processor.tracker_store.save(tracker))  # type: ignore[union-attr]
        return twin
