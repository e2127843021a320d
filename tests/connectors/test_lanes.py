"""What is urgent goes ahead of what waits; nothing is lost on the way."""

from __future__ import annotations

import asyncio
import threading

import pytest

from connectors.lanes import Lanes


def test_the_urgent_goes_ahead_and_all_is_done_before_the_end() -> None:
    lanes, gate, done = Lanes(1, "test"), threading.Event(), []
    first = lanes.usual.submit(gate.wait, 10)
    jobs = [lanes.usual.submit(done.append, each) for each in ("a", "b")]
    jobs.append(lanes.urgent.submit(done.append, "!"))
    gate.set()
    lanes.close()
    assert first.result(0) and [job.done() for job in jobs] == [True] * 3
    assert done == ["!", "a", "b"]


def test_a_failure_is_heard_and_stops_nothing() -> None:
    async def run() -> int:
        lanes, loop = Lanes(2, "test"), asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(lanes.usual, lambda: 1 // 0)
        given_up = loop.run_in_executor(lanes.usual, lambda: 1)
        given_up.cancel()
        told = await loop.run_in_executor(lanes.urgent, lambda: 7)
        lanes.close()
        return told

    assert asyncio.run(run()) == 7
