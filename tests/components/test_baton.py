"""Turns compute one at a time, so that what only has to be acknowledged waits for one of them and not for all."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from components.baton import computing, urgent, waiting
from components.lock_store import LockStore


async def _turn(rounds: int = 5) -> None:
    async with computing():
        for _ in range(rounds):
            until = time.thread_time() + 0.004
            while time.thread_time() < until:
                pass
            async with waiting():
                await asyncio.sleep(0.001)


def test_the_loop_is_free_between_two_pieces_of_work() -> None:
    async def longest_round() -> tuple[float, float]:
        turns = asyncio.gather(*(_turn() for _ in range(40)))
        began, longest = time.thread_time(), 0.0
        while not turns.done():
            at = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - at)
        return longest, time.thread_time() - began

    longest, whole = asyncio.run(longest_round())
    assert longest < whole / 8, "a piece of each of the forty would be a fifth of the whole"


def test_what_is_acknowledged_waits_for_one_piece_of_work_and_not_at_each_of_its_steps() -> None:
    async def acknowledge() -> float:
        """The loop's computing meanwhile: all of it is the turns'."""
        began = time.thread_time()
        for _ in ("accepted", "read", "routed", "handled"):
            await asyncio.sleep(0)
        with urgent():
            await asyncio.to_thread(time.sleep, 0.002)  # written down
            await asyncio.sleep(0)
        return time.thread_time() - began

    async def busy() -> list[float]:
        turns = asyncio.gather(*(_turn() for _ in range(40)))
        waited = []
        while len(waited) < 11:
            await asyncio.sleep(0.003)
            waited.append(await acknowledge())
        await turns
        return waited

    assert statistics.median(asyncio.run(busy())) < 0.008, "two pieces; one at each step would be twenty milliseconds"


def test_a_flood_of_what_is_urgent_stops_no_turn() -> None:
    async def run() -> None:
        async def flood() -> None:
            with urgent():
                await asyncio.sleep(60)

        flooding = asyncio.ensure_future(flood())
        await asyncio.sleep(0)
        await _turn(2)
        flooding.cancel()

    asyncio.run(asyncio.wait_for(run(), 2))


def test_who_waits_for_an_answer_holds_nobody_up() -> None:
    async def both() -> list[str]:
        told: list[str] = []

        async def slow() -> None:
            async with computing(), waiting():
                await asyncio.sleep(0.2)
                told.append("slow")

        async def quick() -> None:
            async with computing():
                told.append("quick")

        await asyncio.gather(slow(), quick())
        return told

    assert asyncio.run(both()) == ["quick", "slow"]


@pytest.mark.parametrize("where", ["computing", "waiting"])
def test_a_turn_that_is_cancelled_lets_the_others_on(where: str) -> None:
    async def run() -> None:
        async def stuck() -> None:
            async with computing():
                if where == "computing":
                    await asyncio.sleep(10)
                async with waiting():
                    await asyncio.sleep(10)

        turn = asyncio.ensure_future(stuck())
        await asyncio.sleep(0.01)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        async with computing():
            pass

    asyncio.run(asyncio.wait_for(run(), 5))


def test_a_conversation_that_is_held_elsewhere_holds_up_no_other() -> None:
    async def run() -> None:
        locks = LockStore()
        async with locks.hold("a"):
            waits = asyncio.ensure_future(_in(locks, "a"))
            await asyncio.sleep(0.01)
            await asyncio.wait_for(_in(locks, "b"), 5)
        await waits

    async def _in(locks: LockStore, name: str) -> None:
        async with locks.lock(name):
            pass

    asyncio.run(run())
