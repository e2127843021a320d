"""Runs an action as Rasa would: a tracker in, what was said and which events out."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from components.text_normaliser import normalise
from components.understanding.acts import ActClassifier
from components.understanding.context import Button, Context, kind_of
from components.understanding.reader import Reader, declared
from components.understanding.said import Reading, Said
from tests.actions.described import described
from tests.understanding.learned import learned, values
from topics import domain

SECRET = "a-secret-for-tests-only-of-enough-length"


ROOT = Path(__file__).resolve().parents[2]
DOMAIN: dict[str, Any] = {**domain.of_project(), "responses": domain.responses([ROOT / "data"])}
CUES: dict[str, list[str]] = yaml.safe_load((ROOT / "data" / "chat" / "cues.yml").read_text("utf-8"))["cues"]


def cues(text: str) -> dict[str, str]:
    """The message's cues, as components/turn_cues.py marks them in a text already normalised."""
    found = {name: next(filter(None, (re.search(each, text) for each in options)), None) for name, options in CUES.items()}
    return {name: (match.groupdict().get("value") or "").strip() for name, match in found.items() if match}


@cache
def acts() -> ActClassifier:
    """What the newest model knows of acts."""
    made = ActClassifier(ActClassifier.get_default_config(), None, None)  # type: ignore[arg-type]
    made._weights, made._kinds = learned("acts")
    return made


def context_of(form: str | None, slots: Mapping[str, Any], events: list[dict[str, Any]]) -> Context:
    """What the message is read against; where no event says what was said, the open question is."""
    asked = slots.get("requested_slot") if form else None
    bots = [each for each in events if each["event"] == "bot" and each.get("text")]
    last = bots[-1] if bots else {"text": str((DOMAIN["responses"].get(f"utter_ask_{asked}") or [{"text": ""}])[0]["text"])}
    buttons = tuple(Button(b["title"], b["payload"]) for b in (last.get("data") or {}).get("buttons") or [])
    offered = slots.get("chat_offered")
    kind, free = (kind_of(asked, declared()["kinds"], bool(offered) or bool(buttons), each) for each in (slots, {}))
    known = {name: value for name, value in slots.items() if value is not None}
    waits = bool(slots.get("handoff_id"))
    return Context(form, asked, kind, last["text"], buttons, offered, (), (), known, new=False, free=free, waits=waits)


def understood(
    text: str, intent: str, context: Context, entities: list[dict[str, Any]], given: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the last components of the pipeline add to a message that was given this intent."""
    if text.startswith("/") or not text.strip():
        return {"intent": {"name": intent, "confidence": 0.9}}
    plain = normalise(text).text
    act = acts().act(plain, context)
    reader = Reader(declared()["starts"], frozenset(declared()["does"]), declared()["values"])
    said = Said(plain, intent, 0.9, (), (), entities, act["shares"], cues(plain), values=given)
    reading: Reading = reader.read(said, context)
    return {"intent": {"name": reading.intent, "confidence": 0.9}, "commands": list(reading.commands), "act": act}


def token(customer: str, seconds: int = 600, secret: str = SECRET) -> str:
    """A customer token."""
    return jwt.encode({"sub": customer, "exp": int(time.time()) + seconds}, secret, "HS256")


@dataclass(frozen=True)
class Outcome:
    """What an action said (response names), the messages themselves, and the slots it set."""

    said: list[str]
    messages: list[dict[str, Any]]
    slots: dict[str, Any]
    loop_ended: bool
    events: list[dict[str, Any]]

    @property
    def loop(self) -> str | None:
        """The form that it opened."""
        return next((e["name"] for e in reversed(self.events) if e["event"] == "active_loop"), None)

    @property
    def then(self) -> str | None:
        """The action that follows at once."""
        return next((e["name"] for e in self.events if e["event"] == "followup"), None)

    @property
    def buttons(self) -> list[dict[str, str]]:
        """All buttons offered."""
        return [button for message in self.messages for button in message["buttons"]]


def run(
    action: Action,
    text: str = "",
    intent: str = "chat_inform",
    customer: str | None = "C1",
    slots: dict[str, Any] | None = None,
    form: str | None = None,
    message_id: str = "m1",
    entities: dict[str, Any] | None = None,
    customer_token: str | None = None,
    events: list[dict[str, Any]] | None = None,
    message: dict[str, Any] | None = None,
    sentiment: str | None = None,
) -> Outcome:
    """One run of an action after the customer wrote `text`; `message` adds to what is known of it (sentiment, requests).

    As Rasa does, a button's payload (`/…`) is not looked at for cues and values.
    """
    known = {name: None for name in [*DOMAIN["slots"], "requested_slot"]} | (slots or {})
    proof = customer_token or (token(customer) if customer else None)
    found = [
        {"entity": name, "value": value}
        for name, told in (entities or {}).items()
        for value in (told if isinstance(told, list) else [told])
    ]
    given = values(text, intent, known, found) if text and not text.startswith("/") else []
    given = (message or {}).get("values", given)
    latest = {
        "text": text,
        **understood(text, intent, context_of(form, slots or {}, events or []), found, given),
        "entities": found,
        "message_id": message_id,
        "metadata": {"customer_token": proof} if proof else {},
        "cues": {} if text.startswith("/") else cues(text),
        "reference": {} if text.startswith("/") else described(text),
        **(message or {}),
    }
    if text and not text.startswith("/"):
        latest["values"] = given
    if sentiment:
        latest["sentiment"] = {"name": sentiment, "confidence": 0.9}
    loop = {"name": form} if form else {}
    tracker = Tracker("conversation", known, latest, events or [], False, None, loop, "action_listen")
    dispatcher = CollectingDispatcher()
    came = asyncio.run(action.run(dispatcher, tracker, DOMAIN))  # type: ignore[arg-type]
    return Outcome(
        said=[m["response"] for m in dispatcher.messages if m.get("response")],
        messages=dispatcher.messages,
        slots={e["name"]: e["value"] for e in came if e["event"] == "slot"},
        loop_ended=any(e["event"] == "active_loop" and e["name"] is None for e in came),
        events=[dict(e) for e in came],
    )
