"""Calls that would wait for one another are done at once.

The encoder and the joint reading stream megabytes of weights from memory for one question, and no more for
sixteen. Whoever comes while others are at work waits, and then does the work of all who wait with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


@dataclass
class _Call(Generic[Asked, Told]):
    asked: Asked
    told: Told | None = None
    error: BaseException | None = None
    done: bool = False


class Together(Generic[Asked, Told]):
    """`work` gets what several asked and gives as many answers; what it raises, all of these get."""

    def __init__(self, work: Callable[[list[Asked]], Sequence[Told]]) -> None:
        self._work = work
        self._working = threading.Lock()
        self._adding = threading.Lock()
        self._waiting: list[_Call[Asked, Told]] = []

    def __call__(self, asked: Asked) -> Told:
        """The answer to what is asked."""
        mine: _Call[Asked, Told] = _Call(asked)
        with self._adding:
            self._waiting.append(mine)
        with self._working:
            if not mine.done:
                self._work_off()
        if mine.error is not None:
            raise mine.error
        assert mine.told is not None
        return mine.told

    def _work_off(self) -> None:
        with self._adding:
            calls, self._waiting = self._waiting, []
        try:
            for call, told in zip(calls, self._work([call.asked for call in calls]), strict=True):
                call.told = told
        except BaseException as error:
            for call in calls:
                call.error = error
        finally:
            for call in calls:
                call.done = True
