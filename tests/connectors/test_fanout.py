"""Two servers over one store and one Redis: whoever takes a message, it is handled once, in order, and heard everywhere."""

from __future__ import annotations

import asyncio
import os
import signal
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import redis
import websockets

from tests.connectors.clients import Socket, new_id, token
from tests.connectors.running import RunningServer
from tests.services import REDIS

Pair = tuple[RunningServer, RunningServer]


@contextmanager
def started(folder: Path) -> Iterator[Pair]:
    """Two servers as `make run WORKERS=2` starts them, but each on its own port, so that a test can choose."""
    url = os.environ.get(REDIS) or "redis://127.0.0.1:6379/15"
    try:
        redis.Redis.from_url(url).ping()
    except redis.RedisError:
        pytest.skip("no Redis")
    shared = ("--database-url", f"sqlite:///{folder}/shared.db", "--redis-url", url)
    one, two = (RunningServer(folder / name, *shared) for name in ("one", "two"))
    try:
        yield one.start(), two.start()
    finally:
        one.end(signal.SIGKILL)
        two.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """For all tests that kill neither."""
    with started(tmp_path_factory.mktemp("pair")) as servers:
        yield servers


@pytest.fixture
def own_pair(tmp_path: Path) -> Iterator[Pair]:
    """One of them may be killed."""
    with started(tmp_path) as servers:
        yield servers


def texts(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["text"] for answer in answers]


def say(server: RunningServer, sender: str, text: str, message_id: str) -> list[str]:
    """Over REST; sent again with the same id, as clients do, when the line breaks."""
    status, answers = server.post("/webhooks/rest/webhook", {"sender": sender, "message": text, "message_id": message_id})
    assert status == 200, answers
    return texts(answers)


def test_one_conversation_over_both_is_handled_in_order_and_once(pair: Pair) -> None:
    sender = f"u-{new_id()}"
    said = [f"{number} 号" for number in range(12)]
    with ThreadPoolExecutor(12) as customers:
        told = list(customers.map(lambda n: say(pair[n % 2], sender, said[n], f"m-{n}"), range(12)))
    assert told == [[f"您说：{text}"] for text in said], "each request hears the answer to its own message"
    heard = [each["text"] for server in pair for each in server.heard(sender)]
    assert sorted(heard) == sorted(said), "once"


def test_a_message_that_both_get_is_handled_once(pair: Pair) -> None:
    sender = f"u-{new_id()}"
    with ThreadPoolExecutor(2) as customers:
        told = list(customers.map(lambda server: say(server, sender, "慢一点", "the-same"), pair))
    assert told == [["您说：慢一点"]] * 2
    assert sum(len(server.heard(sender)) for server in pair) == 1


def test_a_socket_hears_what_the_other_process_stores(pair: Pair) -> None:
    async def run() -> None:
        async with Socket(pair[0]) as here, Socket(pair[1]) as there:
            conversation = (await here.hello())["conversation"]
            await there.hello(conversation=conversation)
            await here.say("你好")
            await there.next("message", text="您说：你好", seconds=2)
            await asyncio.get_running_loop().run_in_executor(
                None, lambda: pair[1].agent_says("webchat", conversation, "我是客服小林")
            )
            await here.next("message", text="我是客服小林", seconds=2)

    asyncio.run(run())


def test_a_socket_looks_away_when_another_process_learns_whose_it_is(pair: Pair) -> None:
    async def run() -> None:
        async with Socket(pair[0]) as visitor, Socket(pair[1]) as customer:
            conversation = (await visitor.hello())["conversation"]
            await customer.hello(conversation=conversation, token=token())
            await visitor.next("error", code="other_customer", seconds=2)
            await customer.say("我的订单")
            assert not [frame for frame in await visitor.quiet(1) if frame["type"] == "message"]

    asyncio.run(run())


def test_what_a_killed_process_had_accepted_is_taken_up_by_the_other(own_pair: Pair) -> None:
    async def run() -> list[tuple[str, str]]:
        with suppress(websockets.ConnectionClosed):  # on leaving a line whose other end is dead
            async with Socket(own_pair[0]) as doomed:
                conversation = (await doomed.hello())["conversation"]
                for text in ("慢一", "慢二", "三"):
                    await doomed.say(text)
                await asyncio.sleep(0.3)  # in the middle of the first
                own_pair[0].end(signal.SIGKILL)
        async with Socket(own_pair[1]) as socket:
            await socket.hello(conversation=conversation, last_seq=0)
            await socket.next("message", text="您说：三", seconds=10)
            return [said for said in socket.said() if said[0] == "bot"]

    assert asyncio.run(run()) == [("bot", "您说：慢一"), ("bot", "您说：慢二"), ("bot", "您说：三")]


def test_whoever_was_cut_off_gets_the_answer_from_the_other(own_pair: Pair) -> None:
    sender = f"u-{new_id()}"
    with ThreadPoolExecutor(1) as customer:
        cut_off = customer.submit(say, own_pair[0], sender, "慢", "m-1")
        while not own_pair[0].heard(sender):
            pass
        own_pair[0].end(signal.SIGKILL)
        with pytest.raises((OSError, urllib.error.URLError)):
            cut_off.result(20)
    assert say(own_pair[1], sender, "慢", "m-1") == ["您说：慢"]
