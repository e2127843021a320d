"""One turn computes at a time; the others wait for the baton, and whoever waits for an answer from outside puts it down.

A turn is pure computing between its calls of the action server, some milliseconds at a time. With a hundred turns under way an
event loop would run a piece of each before it looks at its sockets again: whatever only has to be acknowledged, a provider's
push or a customer's message, would wait for all of them. So it waits for one.

Nor does it wait for one at each of its own steps: the next piece is begun when what has come in meanwhile is read and on its
way (`_ROUNDS`), and nothing is being acknowledged (`urgent`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

_ROUNDS = 4
"""Of the event loop: a connection is accepted, its bytes are read, its task begins, its handler."""
_LONGEST_SECONDS = 0.05
"""For which a piece gives way to what is urgent: under a flood of it turns still go on."""


class _Turn:
    """Whether a turn has the baton."""

    has_it = False


@dataclass
class _Loop:
    """The baton of an event loop, and how much is being acknowledged on it."""

    baton: asyncio.Lock = field(default_factory=asyncio.Lock)
    clear: asyncio.Event = field(default_factory=asyncio.Event)
    underway: int = 0


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)
_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = WeakKeyDictionary()


def _loop() -> _Loop:
    running = asyncio.get_running_loop()
    if running not in _loops:
        _loops[running] = _Loop()
    return _loops[running]


async def _take() -> asyncio.Lock:
    loop = _loop()
    await loop.baton.acquire()
    try:
        # A piece is computed in one go: without a round of the loop, whoever else is ready would find the baton free again.
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        if loop.underway:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(loop.clear.wait(), _LONGEST_SECONDS)
    except BaseException:
        loop.baton.release()
        raise
    return loop.baton


@contextmanager
def urgent() -> Iterator[None]:
    """Something is being acknowledged: no turn begins a piece of its computing meanwhile."""
    loop = _loop()
    loop.underway += 1
    loop.clear.clear()
    try:
        yield
    finally:
        loop.underway -= 1
        if not loop.underway:
            loop.clear.set()


@asynccontextmanager
async def computing() -> AsyncIterator[None]:
    """A turn: nobody else's computes within, but where this one is `waiting`."""
    turn = _Turn()
    baton = await _take()
    turn.has_it = True
    told = _turn.set(turn)
    try:
        yield
    finally:
        _turn.reset(told)
        if turn.has_it:
            baton.release()


@asynccontextmanager
async def waiting() -> AsyncIterator[None]:
    """The turn waits for something outside: the others may compute. Outside of a turn it does nothing."""
    turn = _turn.get()
    if turn is None or not turn.has_it:
        yield
        return
    turn.has_it = False
    _loop().baton.release()
    try:
        yield
    finally:
        await _take()
        turn.has_it = True
