"""A call to the action server that breaks off is made again: the server is back within seconds of a crash.

An action is the same for the same message: what it wrote has the message's idempotency key, and the back office answers a
repeat with what it answered before. So a call may be repeated after it was sent; `again` in the message's metadata tells
the action that an earlier call may have done the work. Where nobody answers for `PATIENCE_SECONDS`, the answer is given
here in the action server's stead: Rasa would swallow the error, and the customer hear a guess.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Dict, Optional

import aiohttp
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import EndpointConfig

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.5
SULK_SECONDS = 30.0  # who was not there for so long is asked only once by those who come next
PENDING = "chat_pending_write"
OF_THE_TALK = ("chat_", "account_", "ab_", "session_", "handoff_", "requested_slot")
LASTING = ("_last", "_asked")
ANOTHER_ACTION_SPEAKS = ("validate_", "action_ask_", "action_chat_context", "action_handoff_relay", "action_session_start")
"""Beginnings of actions that write nothing, and after which the customer hears of the failure anyway (or need not)."""

Body = Dict[str, Any]
Send = Callable[[Body], Awaitable[Any]]
_absent_until = 0.0


async def until_answered(send: Send, body: Body, patience: float = PATIENCE_SECONDS) -> Any:
    """What the action server answers to `body`, asked again while the connection fails.

    Raises what `send` raised last, where another action will tell the customer.
    """
    global _absent_until
    began, sent = time.monotonic(), False
    while True:
        try:
            return await send(body)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            sent = sent or not isinstance(error, aiohttp.ClientConnectorError)
            now = time.monotonic()
            if now + PAUSE_SECONDS > began + patience or (not sent and began < _absent_until):
                _absent_until = now + SULK_SECONDS
                logger.error("event=action_unanswered action=%s sent=%s", body.get("next_action"), sent)
                if str(body.get("next_action")).startswith(ANOTHER_ACTION_SPEAKS):
                    raise
                return in_its_stead(body, sent)
            if sent:
                body = _again(body)
            await asyncio.sleep(PAUSE_SECONDS)


def _again(body: Body) -> Body:
    """The same call, marked as one that was made before."""
    tracker = body["tracker"]
    latest = tracker.get("latest_message") or {}
    metadata = {**(latest.get("metadata") or {}), "again": True}
    return {**body, "tracker": {**tracker, "latest_message": {**latest, "metadata": metadata}}}


def in_its_stead(body: Body, sent: bool) -> Body:
    """An action's answer when there is none: unknown where it was sent (then asked again later), else not reached."""
    tracker = body["tracker"]
    latest, slots = tracker.get("latest_message") or {}, tracker.get("slots") or {}
    held = {name: value for name, value in slots.items() if value is not None and not name.startswith(OF_THE_TALK)}
    forgotten = [name for name in held if (not name.endswith(LASTING) if sent else name.endswith("_confirmed"))]
    events: list[Body] = [{"event": "active_loop", "name": None}, _slot("requested_slot", None)]
    events += [_slot(name, None) for name in forgotten]
    if sent:
        pending = {
            "action": body.get("next_action"),
            "message_id": latest.get("message_id"),
            "proven": bool((latest.get("metadata") or {}).get("customer_token")),
            "slots": held,
        }
        events.append(_slot(PENDING, pending))
    response = "utter_chat_outcome_unknown" if sent else "utter_chat_backend_unavailable"
    return {"events": events, "responses": [{"response": response}]}


def _slot(name: str, value: Any) -> Body:
    return {"event": "slot", "name": name, "value": value}


class PatientEndpoint(EndpointConfig):
    """The action server's address, asked until it answers."""

    @classmethod
    def of(cls, endpoint: EndpointConfig) -> PatientEndpoint:
        """The same address."""
        made = cls.__new__(cls)
        made.__dict__.update(endpoint.__dict__)
        return made

    async def request(self, *args: Any, **kwargs: Any) -> Optional[Any]:
        """See `EndpointConfig.request`; calls of actions are repeated."""
        body = kwargs.pop("json", None)
        if not isinstance(body, dict) or "tracker" not in body:
            return await super().request(*args, json=body, **kwargs)

        async def send(content: Body) -> Any:
            return await EndpointConfig.request(self, *args, json=content, **kwargs)

        return await until_answered(send, body)


def install() -> None:
    """Make every action that Rasa runs elsewhere patient; safe to call twice."""
    made = RemoteAction.__init__
    if getattr(made, "_patient", False):
        return

    def patient(self: RemoteAction, name: str, action_endpoint: Optional[EndpointConfig]) -> None:
        if action_endpoint is not None and not isinstance(action_endpoint, PatientEndpoint):
            action_endpoint = PatientEndpoint.of(action_endpoint)
        made(self, name, action_endpoint)

    patient._patient = True  # type: ignore[attr-defined]
    RemoteAction.__init__ = patient  # type: ignore[method-assign]
