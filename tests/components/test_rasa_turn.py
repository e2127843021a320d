"""What stands in the place of Rasa's own functions does what they do, in the Rasa that is installed."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from components import rasa_turn
from components.rasa_turn import REPLACEMENTS, quiet
from components.rasa_turn.action_calls import digest_and_text
from components.rasa_turn.finding import action_for_name_or_text
from components.rasa_turn.replacing import Replacement, original, source_digest, taken_back

ROOT = Path(__file__).resolve().parents[2]
rasa_turn.install()

DOMAIN = Domain.from_dict(
    {
        "intents": ["chat_greet"],
        "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("one", "two")},
        "forms": {"some_form": {"required_slots": ["one"]}},
        "actions": ["action_echo", "action_refuse"],
        "responses": {"utter_greet": [{"text": "您好 👋"}]},
    }
)


# It fits the Rasa that is installed


@pytest.mark.parametrize("replacement", REPLACEMENTS, ids=lambda each: str(each.where))
def test_each_replaced_function_is_the_one_that_was_read(replacement: Replacement) -> None:
    assert source_digest(replacement.where) == replacement.source, (
        f"Rasa's {replacement.where} is not the one that components/rasa_turn replaces: read both, adapt ours, "
        f"then write the new digest beside it"
    )


@pytest.mark.parametrize("name", quiet.MODULES)
def test_copies_are_made_for_debug_lines_only(name: str) -> None:
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    logged: set[ast.AST] = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("structlogger.debug",):
            logged.update(ast.walk(call))
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "copy"]
    assert uses and all(node in logged for node in uses)


# Trackers


def _events() -> st.SearchStrategy[Event]:
    name = st.sampled_from(["action_listen", "action_echo", "some_form"])
    return st.one_of(
        name.map(ActionExecuted),
        st.sampled_from(["some_form", None]).map(ActiveLoop),
        st.tuples(st.sampled_from(["one", "two"]), st.integers() | st.none()).map(lambda pair: SlotSet(*pair)),
        st.builds(lambda: UserUttered("你好", {"name": "chat_greet"})),
        st.builds(lambda: BotUttered("您好")),
        st.builds(lambda: FollowupAction("action_echo")),
        st.builds(lambda: ActionExecutionRejected("some_form")),
        st.booleans().map(LoopInterrupted),
        st.sampled_from([AllSlotsReset, ConversationPaused, ConversationResumed, Restarted, SessionStarted, UserUtteranceReverted])
        .map(lambda kind: kind()),
    )  # fmt: skip


def _state(tracker: DialogueStateTracker) -> dict[str, Any]:
    state = tracker.current_state(EventVerbosity.ALL)
    slots = {name: (slot.value, slot.has_been_set) for name, slot in tracker.slots.items()}
    return {**state, "set": slots, "rejected": tracker.is_active_loop_rejected, "said": tracker.latest_bot_utterance}


@settings(max_examples=300, deadline=None)
@given(st.lists(_events(), max_size=25))
def test_a_copied_tracker_is_one_that_was_told_everything(events: list[Event]) -> None:
    tracker = DialogueStateTracker.from_events("someone", events, DOMAIN.slots)
    tracker.clear_followup_action()
    ours = tracker.copy()
    with taken_back(REPLACEMENTS):
        theirs = tracker.copy()
        applied = tracker.applied_events()
    assert _state(ours) == _state(theirs)
    assert [id(event) for event in tracker.applied_events()] == [id(event) for event in applied]
    ours.update(SlotSet("one", "changed"))
    ours.update(ActiveLoop("some_form"))
    assert _state(tracker.copy()) == _state(theirs), "a copy is its own"


def test_applied_events_follow_the_events() -> None:
    tracker = DialogueStateTracker.from_events("someone", [ActionExecuted("action_listen")], DOMAIN.slots)
    assert len(tracker.applied_events()) == 1
    tracker.applied_events().clear()
    tracker.update(UserUttered("你好"))
    assert len(tracker.applied_events()) == 2
    tracker.update(Restarted())
    assert tracker.applied_events() == []


# Answers of actions


_NAMED = ["user", "action", "slot", "active_loop", "followup", "bot", "entities", "nonsense", 7]
_ANY = st.sampled_from([None, 1, 1.5, "x", [], {}, [{}], True, {"name": "x"}, [{"entity": "a", "value": 1}]])


@settings(max_examples=300, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "events": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "event": st.sampled_from(_NAMED),
                        **{key: _ANY for key in ("timestamp", "metadata", "name", "value", "text", "parse_data", "entities", "policy")},
                    },
                ),
                max_size=2,
            )
            | _ANY,
            "responses": st.lists(_ANY, max_size=2) | _ANY,
        },
    )
)
def test_an_answer_is_right_or_wrong_in_rasas_own_words(answer: dict[str, Any]) -> None:
    def told() -> str:
        try:
            return str(RemoteAction("action_echo", None)._validate_action_result(answer))
        except Exception as error:
            return f"{type(error)}: {getattr(error, 'message', error)}"

    ours = told()
    with taken_back(REPLACEMENTS):
        assert ours == told()


# Calls of actions


ECHO = '''
from rasa_sdk import Action
from rasa_sdk.interfaces import ActionExecutionRejection

class Echo(Action):
    def name(self):
        return "action_echo"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=domain["responses"]["utter_greet"][0]["text"])
        dispatcher.utter_message(text=str(len(tracker.events)) + str(tracker.latest_message.get("text")))
        return []

class Refuse(Action):
    def name(self):
        return "action_refuse"

    def run(self, dispatcher, tracker, domain):
        raise ActionExecutionRejection("action_refuse", "no")
'''
KNOWING = "import actions.server\n"


class Server:
    """An action server in a process of its own."""

    def __init__(self, folder: Path, source: str, port: int) -> None:
        (folder / "echoing").mkdir(exist_ok=True)
        (folder / "echoing" / "__init__.py").write_text(source, "utf-8")
        self.url = f"http://127.0.0.1:{port}"
        environ = {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "SANIC_HOST": "127.0.0.1"}
        command = [sys.executable, "-m", "rasa_sdk", "--actions", "echoing", "--port", str(port)]
        self._log = (folder / "actions.log").open("wb")
        self._process = subprocess.Popen(command, env=environ, cwd=folder, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/health", timeout=2).close()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


class Caller:
    """Calls actions as Rasa does, and keeps what went over the wire."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        from rasa.core.channels.channel import CollectingOutputChannel
        from rasa.core.nlg import TemplatedNaturalLanguageGenerator

        self.endpoint = EndpointConfig(f"{url}/webhook")
        self._loop, self._channel = loop, CollectingOutputChannel()
        self._nlg = TemplatedNaturalLanguageGenerator({})
        self.tracker = DialogueStateTracker.from_events("someone", [ActionExecuted("action_listen"), UserUttered("你好")], DOMAIN.slots)

    def call(self, name: str = "action_echo", domain: Domain = DOMAIN) -> list[str]:
        action = RemoteAction(name, self.endpoint)
        events = self._loop.run_until_complete(action.run(self._channel, self._nlg, self.tracker, domain))
        return [event.text for event in events if isinstance(event, BotUttered)]


@pytest.mark.parametrize("source", [ECHO, KNOWING + ECHO], ids=["stock server", "our server"])
def test_an_action_has_the_domain_whichever_server_runs_it(
    source: str, tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    port = _free_port()
    server = Server(tmp_path, source, port)
    try:
        caller = Caller(server.url, loop)
        for _ in range(3):
            assert caller.call() == ["您好 👋", "2你好"]
        caller.tracker.update(SlotSet("one", 1))
        assert caller.call() == ["您好 👋", "3你好"]
        changed = Domain.from_dict({**DOMAIN.as_dict(), "responses": {"utter_greet": [{"text": "换了"}]}})
        assert caller.call(domain=changed)[0] == "换了"
        assert caller.call()[0] == "您好 👋"
        with pytest.raises(RasaException, match="no"):
            caller.call("action_refuse")
        with pytest.raises(RasaException):
            caller.call("action_unknown")
    finally:
        server.stop()
    server = Server(tmp_path, KNOWING + ECHO if source == ECHO else ECHO, port)  # the other kind takes its place
    try:
        loop.run_until_complete(asyncio.sleep(0.2))  # Rasa's loop always runs: it sees that the connection has ended
        assert caller.call()[0] == "您好 👋"
    finally:
        server.stop()


def test_only_the_digest_travels_once_the_server_knows_the_domain(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    wording = {f"utter_{n}": [{"text": "字" * 100}] for n in range(300)}
    domain = Domain.from_dict({**DOMAIN.as_dict(), "responses": {**DOMAIN.as_dict()["responses"], **wording}})
    digest, text = digest_and_text(domain)
    server = Server(tmp_path, KNOWING + ECHO, _free_port())
    try:
        caller = Caller(server.url, loop)
        caller.call(domain=domain)
        body = json.dumps({"digest_action": "action_echo", "tracker": {**caller.tracker.current_state(), "events": []}})

        def posted(text: str, asked: str) -> bytes:
            headers = {"Content-Type": "application/json", "X-Domain-Digest": asked}
            with urllib.request.urlopen(urllib.request.Request(f"{server.url}/webhook", text.encode(), headers)) as response:
                return bytes(response.read())

        assert json.loads(posted(body, digest))["responses"][0]["text"] == "您好 👋"
        with pytest.raises(urllib.error.HTTPError, match="449"):
            posted(body, "0" * 64)
        with pytest.raises(urllib.error.HTTPError, match="500"):  # its own domain lacks the response
            posted(json.dumps({**json.loads(body), "next_action": "action_echo", "domain": {**json.loads(text), "responses": {}}}), digest)
        assert caller.call(domain=domain)[0] == "您好 👋", "a domain is kept under its own digest only"
    finally:
        server.stop()


def test_a_refusal_is_told_as_rasa_tells_it(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    server = Server(tmp_path, KNOWING + ECHO, _free_port())
    try:
        caller = Caller(server.url, loop)
        call = RemoteAction("action_refuse", caller.endpoint)._action_call_format(caller.tracker, DOMAIN)
        with pytest.raises(ClientResponseError) as refused:
            loop.run_until_complete(caller.endpoint.request(json=call, method="post"))
        assert refused.value.status == 400 and json.loads(refused.value.text)["action_name"] == "action_refuse"
    finally:
        server.stop()


def test_what_travels_is_what_rasa_sends(loop: asyncio.AbstractEventLoop) -> None:
    caller = Caller("http://127.0.0.1:1", loop)
    for _ in range(2):
        caller.tracker.update(ActionExecuted("action_listen"))
        caller.tracker.update(UserUttered("再来", {"name": "chat_greet"}))
    action = RemoteAction("action_echo", caller.endpoint)
    ours = action._action_call_format(caller.tracker, DOMAIN)
    theirs = original("rasa.core.actions.action:RemoteAction._action_call_format")(action, caller.tracker, DOMAIN)
    for _ in range(2):
        assert json.loads(ours.body(whole=True)) == json.loads(json.dumps(theirs))  # type: ignore[attr-defined]


def test_messages_that_lie_behind_travel_without_what_they_did_not_mean(loop: asyncio.AbstractEventLoop) -> None:
    caller = Caller("http://127.0.0.1:1", loop)
    ranking = {"intent_ranking": [{"name": "chat_greet", "confidence": 1.0}]}
    for text in ("半个字 \ud83d", "再来"):
        caller.tracker.update(UserUttered(text, {"name": "chat_greet"}, parse_data={**ranking, "text": text, "sentiment": {"name": "angry"}}))
    ours = RemoteAction("action_echo", caller.endpoint)._action_call_format(caller.tracker, DOMAIN)
    tracker = json.loads(ours.body(whole=False))["tracker"]  # type: ignore[attr-defined]
    assert tracker["latest_message"]["intent_ranking"] == ranking["intent_ranking"]
    said = [event for event in tracker["events"] if event["event"] == "user"][-2:]
    assert [event["text"] for event in said] == ["半个字 \ud83d", "再来"]
    assert all("intent_ranking" not in event["parse_data"] and event["parse_data"]["sentiment"] for event in said)


class Answering(EndpointConfig):
    """An action server that answers as it is told to."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        super().__init__(url="http://actions.invalid")
        self.answers = list(answers)

    async def request(self, *_: Any, **__: Any) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


COUNTED = {"events": [{"event": "slot", "name": "one", "value": 1, "timestamp": None}], "responses": []}
CONTEXT = Domain.from_dict(
    {
        "intents": ["chat_greet"],
        "slots": {"one": {"type": "any", "mappings": [{"type": "custom", "action": "action_chat_context"}]}},
        "actions": ["action_chat_context"],
    }
)


def extracted(server: Answering, tracker: DialogueStateTracker, loop: asyncio.AbstractEventLoop) -> list[Event]:
    extraction = action_for_name_or_text("action_extract_slots", CONTEXT, server)
    channel, words = CollectingOutputChannel(), TemplatedNaturalLanguageGenerator(CONTEXT.responses)
    return list(loop.run_until_complete(extraction.run(channel, words, tracker, CONTEXT)))


def test_what_counts_messages_is_asked_once_for_each_and_again_when_it_failed(loop: asyncio.AbstractEventLoop) -> None:
    server = Answering(RasaException("down"), COUNTED, COUNTED)
    tracker = DialogueStateTracker.from_events("a", [ActionExecuted("action_listen"), UserUttered("你好", {"name": "chat_greet"})], CONTEXT.slots)
    assert extracted(server, tracker, loop) == []
    assert extracted(server, tracker, loop) == [SlotSet("one", 1)]
    assert extracted(server, tracker, loop) == []
    assert len(server.answers) == 1, "the same message, counted already"
    tracker.update(UserUttered("你好", {"name": "chat_greet"}))
    assert extracted(server, tracker, loop) == [SlotSet("one", 1)]


@pytest.mark.parametrize("name", DOMAIN.action_names_or_texts)
def test_an_action_is_found_as_rasa_finds_it(name: str) -> None:
    endpoint = EndpointConfig("http://actions.invalid")
    theirs = original("rasa.core.actions.action:action_for_name_or_text")(name, DOMAIN, endpoint)
    for _ in range(2):
        ours = action_for_name_or_text(name, DOMAIN, endpoint)
        assert type(ours) is type(theirs) and ours.name() == name
        assert vars(ours).keys() == vars(theirs).keys()
        assert vars(ours).get("action_endpoint") is vars(theirs).get("action_endpoint")


def test_an_action_that_is_nowhere_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(RasaException):
            action_for_name_or_text("action_nowhere", DOMAIN, None)


def test_a_domain_that_says_something_is_not_empty() -> None:
    for _ in range(2):
        assert Domain.empty().is_empty() and not DOMAIN.is_empty()
