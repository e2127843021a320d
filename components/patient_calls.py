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
from rasa.utils.endpoints import EndpointConfig

from components import rasa_turn
from components.baton import waiting

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.5
SULK_SECONDS = 30.0  # who was not there for so long is asked only once by those who come next
PENDING = "chat_pending_write"
OF_THE_TALK = ("chat_", "faq_", "account_", "ab_", "session_", "handoff_", "requested_slot")
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
                _mark(body)
            async with waiting():
                await asyncio.sleep(PAUSE_SECONDS)


def _mark(body: Body) -> None:
    """Mark the call, in place, as one that was made before: it may be more than a plain dictionary."""
    latest = body["tracker"].get("latest_message") or {}
    metadata = {**(latest.get("metadata") or {}), "again": True}
    body["tracker"]["latest_message"] = {**latest, "metadata": metadata}


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


def install() -> None:
    """Make every call of an action patient, whoever sends it now; safe to call again."""
    rasa_turn.install()  # patience is around the call as it is made, not replaced by it
    send: Any = EndpointConfig.request
    if getattr(send, "is_patient", False):
        return

    async def request(endpoint: EndpointConfig, *args: Any, **kwargs: Any) -> Optional[Any]:
        body = kwargs.get("json")
        if not isinstance(body, dict) or "next_action" not in body:
            return await send(endpoint, *args, **kwargs)
        return await until_answered(lambda content: send(endpoint, *args, **{**kwargs, "json": content}), body)

    request.is_patient = True  # type: ignore[attr-defined]
    EndpointConfig.request = request  # type: ignore[method-assign]
