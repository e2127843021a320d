"""One turn at a time in a conversation: in one process, among several, and when one of them is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from rasa.core.lock_store import LockError

from components import lock_store
from components.lock_store import LockStore
from tests.services import REDIS

ROOT = Path(__file__).resolve().parents[2]

# Holds a conversation for some seconds, and writes when it came and when it went.
HOLDER = """
import asyncio, sys, time
from components.lock_store import LockStore

async def main(url, name, seconds, times):
    locks = LockStore(url=url)
    for _ in range(int(times)):
        async with locks.hold(name):
            print("in", time.time(), flush=True)
            await asyncio.sleep(float(seconds))
            print("out", time.time(), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def url() -> Iterator[str]:
    """A Redis that is there."""
    address = os.environ.get(REDIS) or "redis://127.0.0.1:6379/15"
    try:
        redis.Redis.from_url(address).ping()
    except redis.RedisError:
        pytest.skip("no Redis")
    return address


@pytest.fixture
def name() -> str:
    """A conversation that no other test knows."""
    return f"test-{secrets.token_hex(8)}"


def holder(url: str, name: str, seconds: float, times: int = 1) -> subprocess.Popen[str]:
    """Another process that holds the conversation."""
    command = [sys.executable, "-W", "ignore", "-c", HOLDER, url, name, str(seconds), str(times)]
    environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> tuple[str, float]:
    """The next thing a holder writes."""
    assert process.stdout
    what, when = process.stdout.readline().split()
    return what, float(when)


async def taken(locks: LockStore, name: str) -> float:
    """The moment the conversation is held."""
    async with locks.hold(name):
        return time.time()


@pytest.mark.parametrize("shared", [False, True])
def test_one_at_a_time_in_the_order_of_coming(url: str, name: str, shared: bool) -> None:
    order: list[int] = []

    async def run() -> float:
        locks = LockStore(url=url if shared else None)

        async def turn(number: int) -> None:
            async with locks.hold(name):
                order.append(number)
                await asyncio.sleep(0.03)
                order.append(number)

        await taken(locks, name)
        started = time.monotonic()
        tasks = []
        for number in range(10):
            tasks.append(asyncio.ensure_future(turn(number)))
            await asyncio.sleep(0.02)
        await asyncio.gather(*tasks)
        return time.monotonic() - started

    assert asyncio.run(run()) < 1, "nobody waits for a second to see that the turn has come"
    assert order == [number for number in range(10) for _ in range(2)]


@pytest.mark.parametrize("shared", [False, True])
def test_conversations_do_not_wait_for_each_other(url: str, name: str, shared: bool) -> None:
    async def run() -> None:
        locks = LockStore(url=url if shared else None)
        async with locks.hold(name):
            await asyncio.wait_for(taken(locks, f"{name}-other"), 2)

    asyncio.run(run())


@pytest.mark.parametrize("shared", [False, True])
def test_who_gives_up_waiting_is_passed_over(url: str, name: str, shared: bool) -> None:
    async def run() -> None:
        locks = LockStore(url=url if shared else None)
        async with locks.hold(name):
            impatient = asyncio.ensure_future(taken(locks, name))
            await asyncio.sleep(0.1)
            patient = asyncio.ensure_future(taken(locks, name))
            await asyncio.sleep(0.1)
            impatient.cancel()
            await asyncio.sleep(0.1)
        await asyncio.wait_for(patient, 2)

    asyncio.run(run())


def test_a_turn_that_does_not_come_is_an_error(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_store, "PATIENCE_SECONDS", 0.3)

    async def run() -> None:
        for locks in (LockStore(), LockStore(url=url)):
            async with locks.hold(name):
                with pytest.raises(LockError):
                    await taken(locks, name)
            await asyncio.wait_for(taken(locks, name), 2)

    asyncio.run(run())


def test_two_processes_never_hold_one_conversation_together(url: str, name: str) -> None:
    processes = [holder(url, name, 0.002, 100) for _ in range(2)]
    spans = []
    for process in processes:
        written, _ = process.communicate(timeout=60)
        moments = [float(line.split()[1]) for line in written.splitlines()]
        assert len(moments) == 200
        spans += list(zip(moments[::2], moments[1::2], strict=True))
    spans.sort()
    assert all(left <= entered for (_, left), (entered, _) in itertools.pairwise(spans))


def test_the_next_is_woken_at_once(url: str, name: str) -> None:
    process = holder(url, name, 0.7)
    said(process)

    async def run() -> float:
        return await taken(LockStore(url=url), name)

    got = asyncio.run(run())
    _, left = said(process)
    process.wait(10)
    assert 0 <= got - left < 0.3


def test_a_killed_holder_is_followed_within_seconds_and_heard_of(url: str, name: str) -> None:
    process = holder(url, name, 600)
    said(process)
    lost: list[float] = []

    async def run() -> tuple[float, float]:
        locks = LockStore(url=url)
        await locks.watch(lambda: lost.append(time.time()))
        waiting = asyncio.ensure_future(taken(locks, name))
        await asyncio.sleep(1.5)
        assert not waiting.done(), "whoever lives keeps it"
        lost.clear()
        process.send_signal(signal.SIGKILL)
        killed = time.time()
        return killed, await asyncio.wait_for(waiting, 10)

    killed, got = asyncio.run(run())
    process.wait()
    assert got - killed < 4
    assert lost, "what it had accepted can be taken up"


def test_every_survivor_hears_of_the_dead_though_only_one_strikes_them_out(url: str, name: str) -> None:
    """Two deployments may share one Redis: the dead one's own survivor must hear, whoever was first."""
    process = holder(url, name, 600)
    said(process)

    async def run() -> list[bool]:
        heard = [asyncio.Event() for _ in range(3)]
        survivors = [LockStore(url=url) for _ in heard]  # kept: a store that is collected no longer watches
        for locks, event in zip(survivors, heard, strict=True):
            await locks.watch(event.set)
        await asyncio.sleep(1.5)
        for event in heard:
            event.clear()
        process.send_signal(signal.SIGKILL)
        await asyncio.wait([asyncio.ensure_future(event.wait()) for event in heard], timeout=10)
        return [event.is_set() for event in heard]

    heard = asyncio.run(run())
    process.wait()
    assert heard == [True] * 3


def test_a_place_whose_leaving_was_lost_does_not_bar_the_conversation(url: str, name: str) -> None:
    async def run() -> None:
        locks = LockStore(url=url)
        await taken(locks, name)
        worker = locks._locks._worker  # type: ignore[attr-defined]
        redis.Redis.from_url(url).rpush(f"{lock_store.PREFIX}lock:{name}", f"{worker}:999")
        await asyncio.wait_for(taken(locks, name), 5)

    asyncio.run(run())


def test_without_redis_it_fails_soon_and_says_so(name: str) -> None:
    async def run() -> None:
        with pytest.raises(LockError):
            await taken(LockStore(url="redis://127.0.0.1:1/0"), name)

    started = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - started < 10


def test_nothing_is_left_behind(url: str, name: str) -> None:
    asyncio.run(taken(LockStore(url=url), name))
    assert not redis.Redis.from_url(url).exists(f"{lock_store.PREFIX}lock:{name}")


def test_the_address_is_read_from_the_environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGXI_REDIS_URL", urlunsplit(urlsplit(url)))
    assert isinstance(LockStore()._locks, lock_store.RedisLocks)
    monkeypatch.delenv("LINGXI_REDIS_URL")
    assert isinstance(LockStore()._locks, lock_store.LocalLocks)
