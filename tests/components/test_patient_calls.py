"""Rasa's calls to the action server while that dies and comes back, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from components import patient_calls
from components.patient_calls import until_answered
from components.rasa_turn.action_calls import ActionCall

ANSWER = {"events": [], "responses": [{"response": "utter_orders_cancelled_paid"}]}
SLOTS = {"orders_number": "1", "orders_cancel_confirmed": True, "orders_last": "2", "chat_anger": 1, "account_level": None}


def body(action: str = "action_orders_cancel") -> dict[str, Any]:
    latest = {"message_id": "m1", "text": "确认", "metadata": {"customer_token": "t"}}
    return {"next_action": action, "tracker": {"latest_message": latest, "slots": SLOTS}}


def asked(handle: Callable[[web.Request, int], Awaitable[web.StreamResponse]], content: dict[str, Any]) -> tuple[Any, list[Any]]:
    """What comes of a call to a server that answers by `handle(request, number)`; and all the calls it got."""
    heard: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        heard.append(await request.json())
        return await handle(request, len(heard))

    async def work() -> Any:
        app = web.Application()
        app.router.add_post("/webhook", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        try:
            return await EndpointConfig(f"http://127.0.0.1:{port}/webhook").request(json=content, method="post")
        finally:
            await runner.cleanup()

    return asyncio.run(work()), heard


async def hang_up(request: web.Request) -> web.StreamResponse:
    """As a process that dies at its work."""
    assert request.transport
    request.transport.abort()
    return web.Response()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    patient_calls.install()
    patient_calls.install()
    monkeypatch.setattr(patient_calls, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(patient_calls, "_absent_until", 0.0)


def test_a_call_that_breaks_off_is_made_again_and_says_so() -> None:
    async def dies_once(request: web.Request, number: int) -> web.StreamResponse:
        return await hang_up(request) if number == 1 else web.json_response(ANSWER)

    answer, heard = asked(dies_once, body())
    assert answer == ANSWER
    first, second = (call["tracker"]["latest_message"] for call in heard)
    assert first == body()["tracker"]["latest_message"]
    assert second == {**first, "metadata": {"customer_token": "t", "again": True}}


def test_an_error_of_the_action_is_not_repeated() -> None:
    async def fails(request: web.Request, number: int) -> web.StreamResponse:
        return web.json_response({"error": "x"}, status=500)

    heard: list[Any] = []
    with pytest.raises(Exception, match="500"):
        _, heard = asked(fails, body())
    assert len(heard) <= 1


def patience(error: Exception, action: str = "action_orders_cancel") -> tuple[Any, int]:
    calls = 0

    async def send(content: dict[str, Any]) -> Any:
        nonlocal calls
        calls += 1
        raise error

    return asyncio.run(until_answered(send, body(action), 0.05)), calls


def refused() -> Exception:
    key: Any = type("Key", (), {"host": "h", "port": 1, "ssl": None})()
    return aiohttp.ClientConnectorError(key, OSError("refused"))


def test_what_stays_unanswered_is_pending_and_never_said_to_have_failed() -> None:
    answer, calls = patience(aiohttp.ServerDisconnectedError())
    assert calls > 1
    assert answer["responses"] == [{"response": "utter_chat_outcome_unknown"}]
    slots = {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}
    assert slots["orders_cancel_confirmed"] is None and "orders_last" not in slots and "chat_anger" not in slots
    assert slots["chat_pending_write"] == {
        "action": "action_orders_cancel", "message_id": "m1", "proven": True,
        "slots": {"orders_number": "1", "orders_cancel_confirmed": True, "orders_last": "2"},
    }  # fmt: skip


def test_what_reached_nobody_was_not_done_and_a_yes_is_not_kept() -> None:
    answer, calls = patience(refused())
    assert answer["responses"] == [{"response": "utter_chat_backend_unavailable"}]
    slots = {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}
    assert slots == {"requested_slot": None, "orders_cancel_confirmed": None}
    _, later = patience(refused())
    assert calls > 1 and later == 1, "who has been away for long is not waited for at every message"


@pytest.mark.parametrize("action", ["validate_orders_cancel_form", "action_ask_orders_number", "action_chat_context"])
def test_what_another_action_will_tell_is_left_to_it(action: str) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        patience(refused(), action)


def test_a_call_that_leaves_the_domain_out_is_repeated_whole_and_marked() -> None:
    """The cheap calls of `components/rasa_turn` keep the conversation's events apart from the rest."""
    said = UserUttered("确认", parse_data={"metadata": {"customer_token": "t"}, "message_id": "m1"})
    tracker = DialogueStateTracker.from_events("c", [ActionExecuted("action_listen"), said])

    async def dies_once(request: web.Request, number: int) -> web.StreamResponse:
        return await hang_up(request) if number == 1 else web.json_response(ANSWER)

    answer, (first, second) = asked(dies_once, ActionCall("action_orders_cancel", tracker, Domain.empty()))
    assert answer == ANSWER
    assert second["tracker"]["events"] == first["tracker"]["events"] and len(second["tracker"]["events"]) == 2
    marks = [call["tracker"]["latest_message"]["metadata"].get("again") for call in (first, second)]
    assert marks == [None, True]


def test_what_is_no_call_of_an_action_is_sent_as_ever() -> None:
    async def dies(request: web.Request, number: int) -> web.StreamResponse:
        return await hang_up(request)

    with pytest.raises(aiohttp.ClientConnectionError):
        asked(dies, {"text": "…"})
