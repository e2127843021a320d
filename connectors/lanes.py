"""Two lanes into the threads that a database is used from: what is urgent goes ahead of all that waits."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

R = TypeVar("R")
_END = 9


class Lanes:
    """So many threads, which do what is urgent first and else what came first."""

    def __init__(self, threads: int, name: str) -> None:
        """Start them."""
        self._jobs: queue.PriorityQueue[tuple[int, int, Future[Any], Callable[[], Any]]] = (
            queue.PriorityQueue()
        )
        self._order = itertools.count()
        self.usual, self.urgent = _Lane(self, 1), _Lane(self, 0)
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, rank: int, job: Callable[[], Any]) -> Future[Any]:
        """Have it done; by rank, then in the order of coming."""
        future: Future[Any] = Future()
        self._jobs.put((rank, next(self._order), future, job))
        return future

    def close(self) -> None:
        """Do what waits, and end."""
        for _ in self._threads:
            self.put(_END, _nothing)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            rank, _, future, job = self._jobs.get()
            if rank == _END:
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:  # whoever waits for it hears of it
                future.set_exception(error)
            del future, job  # not kept while the next is waited for


class _Lane(Executor):
    """One of the two, as an event loop takes it."""

    def __init__(self, lanes: Lanes, rank: int) -> None:
        self._lanes, self._rank = lanes, rank

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> Future[R]:
        """Have it done."""
        return self._lanes.put(self._rank, lambda: fn(*args, **kwargs))


def _nothing() -> None:
    """The end of a thread."""
