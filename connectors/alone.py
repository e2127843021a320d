"""Who handles and who pushes a conversation's messages, where several Rasa processes could."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True)
class Alone:
    """How a process keeps the others from doing what it does, by a name for it, and hears that one of them has died."""

    hold: Callable[[str], AbstractAsyncContextManager[Any]]
    watch: Callable[[Callable[[], Any]], Any]


def alone_of(app: Any) -> Alone | None:
    """By the locks of Rasa's agent on this server, where they are ours."""
    locks = getattr(getattr(app.ctx, "agent", None), "lock_store", None)
    if not hasattr(locks, "watch"):
        return None
    return Alone(cast(Any, locks).hold, cast(Any, locks).watch)
