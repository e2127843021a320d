"""Which open sockets look at which conversation, in this process.

The registry only wakes sockets: what they missed they read from the store themselves, in order, each at its own pace.
So a slow browser holds up nobody, and with several Rasa workers only the waking has to travel between them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Protocol


class Listener(Protocol):
    """An open socket, as the registry sees it."""

    def wake(self) -> None:
        """There may be news. Returns at once."""

    def customer_proven(self, customer: str) -> None:
        """The conversation is this customer's now: whoever has not proven to be them must look away."""


class LiveSockets(Protocol):
    """Reaches the sockets of a conversation."""

    def add(self, conversation_id: str, listener: Listener) -> bool:
        """Let a socket listen; False when the conversation has too many already."""

    def remove(self, conversation_id: str, listener: Listener) -> None:
        """Stop telling this socket."""

    def wake(self, conversation_id: str) -> None:
        """Tell the conversation's sockets that there may be news."""

    def customer_proven(self, conversation_id: str, customer: str) -> None:
        """Tell the conversation's sockets whose it is."""


class LocalSockets:
    """Sockets of one process: enough while one Rasa worker runs."""

    most_per_conversation = 20

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    def add(self, conversation_id: str, listener: Listener) -> bool:
        """Let a socket listen; False when the conversation has too many already."""
        if len(self._listeners[conversation_id]) >= self.most_per_conversation:
            return False
        self._listeners[conversation_id].add(listener)
        return True

    def remove(self, conversation_id: str, listener: Listener) -> None:
        """Stop telling this socket."""
        self._listeners[conversation_id].discard(listener)
        if not self._listeners[conversation_id]:
            del self._listeners[conversation_id]

    def wake(self, conversation_id: str) -> None:
        """Tell the conversation's sockets that there may be news."""
        for listener in tuple(self._listeners.get(conversation_id, ())):
            listener.wake()

    def customer_proven(self, conversation_id: str, customer: str) -> None:
        """Tell the conversation's sockets whose it is."""
        for listener in tuple(self._listeners.get(conversation_id, ())):
            listener.customer_proven(customer)


class Allowance:
    """How often somebody may do something: `burst` at once, `per_second` in the long run."""

    def __init__(self, burst: int, per_second: float) -> None:
        """Begins full."""
        self._burst = burst
        self._per_second = per_second
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> float:
        """0 when allowed (and then it is used up), else the seconds to wait."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) / self._per_second

    def is_full(self) -> bool:
        """Whether forgetting this allowance would change nothing."""
        return self._left + (time.monotonic() - self._at) * self._per_second >= self._burst


class Allowances:
    """One allowance a key, forgotten when it is full again."""

    def __init__(self, burst: int, per_second: float) -> None:
        """Every key begins full."""
        self._burst = burst
        self._per_second = per_second
        self._by_key: dict[str, Allowance] = {}

    def take(self, key: str) -> float:
        """0 when `key` may (and then it is used up), else the seconds to wait."""
        if len(self._by_key) > 1000:
            self._by_key = {name: one for name, one in self._by_key.items() if not one.is_full()}
        return self._by_key.setdefault(key, Allowance(self._burst, self._per_second)).take()
