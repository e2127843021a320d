"""Which open sockets look at which conversation, in this process.

The registry only wakes sockets: what they missed they read from the store themselves, in order, each at its own pace.
So a slow browser holds up nobody, and with several Rasa workers only the waking has to travel between them.
"""

from __future__ import annotations

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

    def start(self) -> None:
        """Nobody else to listen to."""

    def stop(self) -> None:
        """Nothing is open."""

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
