"""Calls that wait for one another are done at once, and nobody gets another's answer or fault."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.knowledge.search.together import Together


def test_all_that_wait_are_answered_in_one_go_each_with_its_own() -> None:
    begun, go_on = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def squares(asked: list[int]) -> list[int]:
        batches.append(asked)
        begun.set()
        assert go_on.wait(10)
        return [each * each for each in asked]

    together = Together(squares)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(together, 0)
        assert begun.wait(10)
        others = {number: pool.submit(together, number) for number in range(1, 9)}
        while len(together._waiting) < len(others):
            threading.Event().wait(0.01)
        go_on.set()
        assert first.result(10) == 0
        assert {number: told.result(10) for number, told in others.items()} == {n: n * n for n in others}
    assert batches[0] == [0] and sorted(batches[1]) == list(range(1, 9)) and len(batches) == 2


def test_what_fails_fails_for_those_who_asked_and_the_next_is_answered() -> None:
    def reciprocals(asked: list[int]) -> list[float]:
        return [1 / each for each in asked]

    together = Together(reciprocals)
    with pytest.raises(ZeroDivisionError):
        together(0)
    assert together(4) == 0.25
