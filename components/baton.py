"""One turn computes at a time; the others wait for the baton, and whoever waits for an answer from outside puts it down.

A turn is pure computing between its calls of the action server, some milliseconds at a time. With a hundred turns under way an
event loop would run a piece of each before it looks at its sockets again: whatever only has to be acknowledged, a provider's
push or a customer's message, would wait for all of them. So it waits for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakKeyDictionary


class _Turn:
    """Whether a turn has the baton."""

    has_it = False


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)
_batons: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _baton() -> asyncio.Lock:
    return _batons.setdefault(asyncio.get_running_loop(), asyncio.Lock())


@asynccontextmanager
async def computing() -> AsyncIterator[None]:
    """A turn: nobody else's computes within, but where this one is `waiting`."""
    turn, baton = _Turn(), _baton()
    await baton.acquire()
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
    baton = _baton()
    turn.has_it = False
    baton.release()
    try:
        yield
    finally:
        await baton.acquire()
        turn.has_it = True
