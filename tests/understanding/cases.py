"""What a case may hold.

    - context:                                   # what the message is read against; left out: the talk has just begun
        form: orders_cancel_form
        asked: orders_cancel_confirmed           # without it: the first slot that the form asks for
        said: 订单……取消后不能恢复，确认取消吗？      # the assistant's last words; without it: the question's own wording
        buttons: {确认取消: /chat_affirm}          # those below it
        slots: {orders_number: "202611010001"}
        offered: orders_cancel                   # the intent that a yes would start
        focus: [{kind: order, id: "202611010001", told: cancelled}]
        told: [utter_orders_cancelled_paid]      # the responses said last
        wished: [orders_cancel]                  # the intents of the customer's messages before, the first first
      message: 嗯退吧                             # or `messages: […]`, all of which mean the same
      commands: [{command: yes}]                 # in order; of each what is written here is compared, and no more
      never: [yes]                               # commands that would do harm here, instead of or beside `commands`
      alone: true                                # one thing is wanted, and no second one beside it
      urges: false                               # whether something is to be hurried, or only asked about
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from tests.actions.talk import DOMAIN

FOLDER = Path(__file__).resolve().parent
UNSEEN = "_unseen"
ASIDE = "asks"  # what only the aspects are asked for has a form, and a runner, of its own
CHECKS = {"commands", "never", "alone", "urges"}
KEYS = {"context", "message", "messages", *CHECKS}
CONTEXT = {"form", "asked", "said", "buttons", "slots", "offered", "focus", "told", "wished"}


class CaseError(Exception):
    """A case is written wrongly; the message says where and how."""


@dataclass(frozen=True)
class Case:
    """One message in its context."""

    file: str
    message: str
    context: dict[str, Any] = field(default_factory=dict)
    commands: list[dict[str, Any]] | None = None
    never: tuple[str, ...] = ()
    alone: bool = False
    urges: bool | None = None

    @property
    def kind(self) -> str:
        """What its file is about, unseen or not."""
        return self.file.removesuffix(UNSEEN)

    @property
    def unseen(self) -> bool:
        """Whether nobody looked at it while tuning."""
        return self.file.endswith(UNSEEN)

    def fault(self, found: list[dict[str, Any]]) -> str | None:
        """What is wrong with the commands that were read."""
        names = [each["command"] for each in found]
        if harm := [name for name in self.never if name in names]:
            return f"{harm[0]}, which does harm here"
        if self.alone and len(found) > 1:
            return f"{found}, of which only one is wanted"
        if self.urges is not None and self.urges is not any("_urge" in str(each.get("intent")) for each in found):
            return f"{found}"
        if self.commands is None:
            return None
        right = len(found) == len(self.commands) and all(
            all(one.get(key) == value for key, value in wanted.items())
            for one, wanted in zip(found, self.commands, strict=True)
        )
        return None if right else f"{found}"

    def tracker(self, domain: Domain) -> DialogueStateTracker:
        """The conversation before the message."""
        told = self.context
        events: list[Event] = [ActionExecuted("action_session_start"), ActionExecuted("action_listen")]
        if told:
            events.append(UserUttered("/chat_greet", {"name": "chat_greet"}))
        events += [UserUttered(f"/{intent}", {"name": intent}) for intent in told.get("wished") or ()]
        slots = dict(told.get("slots") or {})
        form = told.get("form")
        asked = told.get("asked") or (form and DOMAIN["forms"][form]["required_slots"][0])
        if form:
            events += [ActionExecuted(form), ActiveLoop(form)]
            slots["requested_slot"] = asked
        slots |= {f"chat_{name}": told[name] for name in ("offered", "focus") if told.get(name)}
        events += [SlotSet(name, value) for name, value in slots.items()]
        said = told.get("said") or (_wording(f"utter_ask_{asked}") if asked else "")
        names = told.get("told") or [f"utter_ask_{asked}" if asked else "text"]
        if said or told.get("told"):
            buttons = [{"title": title, "payload": payload} for title, payload in (told.get("buttons") or {}).items()]
            for name in names[:-1]:
                events.append(BotUttered(_wording(name) or name, metadata={"utter_action": name}))
            last = said or _wording(names[-1])
            events.append(BotUttered(last, {"buttons": buttons}, metadata={"utter_action": names[-1]}))
        events.append(ActionExecuted("action_listen"))
        return DialogueStateTracker.from_events("a case", events, domain.slots)


def _wording(response: str) -> str:
    variants = DOMAIN["responses"].get(response) or []
    return str(variants[0].get("text") or "") if variants else ""


def read(folder: Path = FOLDER) -> Iterator[Case]:
    """All cases of the folder. Raises CaseError."""
    for path in sorted(folder.glob("*.yml")):
        for place, told in enumerate(yaml.safe_load(path.read_text("utf-8")) or [], 1):
            if ASIDE in told:
                continue
            where = f"{path.name}: case {place}"
            if unknown := set(told) - KEYS:
                raise CaseError(f"{where}: {', '.join(sorted(unknown))} is not known; there are {', '.join(sorted(KEYS))}")
            context = told.get("context") or {}
            if unknown := set(context) - CONTEXT:
                raise CaseError(f"{where}: context holds no {', '.join(sorted(unknown))}")
            if context.get("form") and context["form"] not in DOMAIN["forms"]:
                raise CaseError(f"{where}: there is no form {context['form']}")
            if not CHECKS & set(told):
                raise CaseError(f"{where}: says none of {', '.join(sorted(CHECKS))}")
            messages = told.get("messages") or [told.get("message")]
            for message in messages:
                if not isinstance(message, str) or not message:
                    raise CaseError(f"{where}: {message!r} is no message")
                commands = told.get("commands")
                listed = None if commands is None else [{"command": c} if isinstance(c, str) else c for c in commands]
                never = tuple(told.get("never") or ())
                yield Case(path.stem, message, context, listed, never, bool(told.get("alone")), told.get("urges"))
