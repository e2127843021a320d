"""A conversation's queue: whatever a turn does, the customer hears something and the next message gets its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from rasa.core.channels.channel import UserMessage

from connectors import turns
from connectors.base import StoredOutput
from connectors.dialogue import Dialogue
from connectors.store import ConnectorStore
from connectors.turns import SORRY, Turns

Handler = Callable[[UserMessage], Awaitable[None]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ConnectorStore]:
    opened = ConnectorStore(f"sqlite:///{tmp_path}/c.db")
    yield opened
    opened.close()


def queue(store: ConnectorStore, handler: Handler) -> Turns:
    def tell(conversation_id: str) -> None:
        """Nobody listens."""

    return Turns(
        channel="webchat",
        store=store,
        secret="s" * 40,
        handler=handler,
        output=lambda seq: StoredOutput("webchat", store, tell, 2000, seq),
        tell=tell,
    )


def said(store: ConnectorStore, conversation: str, *texts: str) -> list[int]:
    return [store.accept(conversation, f"id-{text}", {"text": text}, text, None).seq for text in texts]


def heard_back(store: ConnectorStore, conversation: str) -> list[str]:
    return [message.body["text"] for message in store.after(conversation, 0) if message.who == "bot"]


async def echo(message: UserMessage) -> None:
    await message.output_channel.send_response(message.sender_id, {"text": f"您说：{message.text}"})


def test_a_message_that_ends_the_process_each_time_is_given_up(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id
    seqs = said(store, conversation, "毒", "好")
    for _ in range(3):
        store.next_waiting(conversation)  # three processes have begun it, and none came back
    handled: list[str] = []

    async def handler(message: UserMessage) -> None:
        handled.append(message.text)
        await echo(message)

    asyncio.run(queue(store, handler).finish(conversation, seqs[1]))
    assert handled == ["好"]
    assert heard_back(store, conversation) == [SORRY, "您说：好"]


def test_a_turn_that_hangs_is_ended(store: ConnectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_TURN_SECONDS", 0.1)
    conversation = store.begin("webchat").id
    seqs = said(store, conversation, "等", "好")

    async def handler(message: UserMessage) -> None:
        if message.text == "等":
            await asyncio.sleep(60)
        await echo(message)

    asyncio.run(queue(store, handler).finish(conversation, seqs[1]))
    assert heard_back(store, conversation) == [SORRY, "您说：好"]


@pytest.mark.parametrize(("meant", "answers"), [(True, []), (False, [SORRY])])
def test_silence_is_excused_only_when_it_was_not_meant(
    store: ConnectorStore, meant: bool, answers: list[str]
) -> None:
    conversation = store.begin("webchat").id
    (seq,) = said(store, conversation, "喂")

    async def nothing(message: UserMessage) -> None:
        """As when an action fails, or when a person has the conversation."""

    class Said(Dialogue):
        async def silence_is_meant(self, conversation_id: str) -> bool:
            return meant

    async def run() -> None:
        work = queue(store, nothing)
        await work.start(Said(None))
        await work.finish(conversation, seq)

    asyncio.run(run())
    assert heard_back(store, conversation) == answers


def test_conversations_do_not_wait_for_each_other(store: ConnectorStore) -> None:
    slow, quick = store.begin("webchat").id, store.begin("webchat").id
    (waiting,), (seq,) = said(store, slow, "等"), said(store, quick, "好")

    async def handler(message: UserMessage) -> None:
        if message.text == "等":
            await asyncio.sleep(0.5)
        await echo(message)

    async def run() -> None:
        work = queue(store, handler)
        work.work(slow)
        await work.finish(quick, seq)
        assert store.is_waiting(slow, waiting)
        assert work.busy(slow)
        await work.finish(slow, waiting)

    asyncio.run(run())
    assert heard_back(store, slow) == ["您说：等"]


def test_a_turn_handled_again_says_only_what_is_new(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id
    (seq,) = said(store, conversation, "好")
    output = StoredOutput("webchat", store, lambda _conversation_id: None, 2000, seq)

    async def handler(message: UserMessage) -> None:
        await message.output_channel.send_response(conversation, {"text": "一"})
        await message.output_channel.send_response(conversation, {"text": "二"})

    async def run() -> None:
        await output.send_response(conversation, {"text": "一"})  # the process ended here
        await queue(store, handler).finish(conversation, seq)

    asyncio.run(run())
    assert heard_back(store, conversation) == ["一", "二"]


def test_a_message_that_an_earlier_process_began_is_marked_so(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id
    seqs = said(store, conversation, "确认", "好")
    store.next_waiting(conversation)  # a process has begun it, and did not come back
    marks: list[object] = []

    async def handler(message: UserMessage) -> None:
        marks.append((message.message_id, (message.metadata or {}).get("again")))
        await echo(message)

    asyncio.run(queue(store, handler).finish(conversation, seqs[1]))
    assert marks == [("id-确认", True), ("id-好", None)]


def test_an_apology_does_not_claim_that_nothing_was_done() -> None:
    assert "没有处理" not in SORRY and "没有办" not in SORRY


def test_a_response_said_before_a_crash_is_not_said_again_in_another_wording(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id
    seq = store.accept(conversation, "m-1", {"text": "你好"}, "你好", None).seq

    async def twice() -> None:
        for text, name in (("您好", "utter_greet"), ("您好，金卡会员", "utter_greet"), ("办好了", "utter_done")):
            # A new one for each attempt: the process ended after each.
            output = StoredOutput("webchat", store, lambda _conversation_id: None, 2000, seq)
            await output.send_response(conversation, {"text": text, "utter_action": name})

    asyncio.run(twice())
    assert [message.body["text"] for message in store.answers(conversation, seq)] == ["您好", "办好了"]
