"""The newest model reads every case."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from components.understanding.acts import read_acts
from tests.actions.talk import ROOT
from tests.dialogue.talk import Assistant
from tests.understanding.cases import Case, read
from tests.understanding.learned import newest_model

SEEN, UNSEEN = 0.95, 0.85
"""The least share of cases that are read rightly."""
CASES = list(read())


@pytest.fixture(scope="session")
def commands() -> Callable[[Case], list[dict[str, Any]]]:
    """Reads a case's message as `rasa run` would."""
    agent = Assistant.load(newest_model()).agent
    loop = asyncio.new_event_loop()

    def read_case(case: Case) -> list[dict[str, Any]]:
        tracker = case.tracker(agent.domain)  # type: ignore[arg-type]
        parse = agent.processor.parse_message(UserMessage(case.message), tracker)  # type: ignore[union-attr]
        return list(loop.run_until_complete(parse).get("commands") or [])

    return read_case


@pytest.mark.parametrize("unseen", [False, True], ids=["seen", "unseen"])
def test_messages_are_read_in_their_context(unseen: bool, commands: Callable[[Case], list[dict[str, Any]]]) -> None:
    right: dict[str, int] = defaultdict(int)
    wrong: dict[str, list[str]] = defaultdict(list)
    for case in CASES:
        if case.unseen is unseen:
            fault = case.fault(commands(case))
            right[case.kind] += fault is None
            if fault is not None:
                asked = case.context.get("asked") or case.context.get("form") or case.context.get("offered") or "-"
                wrong[case.kind].append(f"{asked} | {case.message} → {fault}")
    cases = {kind: right[kind] + len(wrong[kind]) for kind in {*right, *wrong}}
    total = sum(right.values()) / max(1, sum(cases.values()))
    told = "\n".join(f"{kind}: {right[kind]} of {cases[kind]}" for kind in sorted(cases))
    print(f"\n{'unseen' if unseen else 'seen'} cases read rightly: {total:.1%}\n{told}")
    if not unseen:  # whoever reads unseen ones has seen them
        print("\n".join(line for kind in sorted(wrong) for line in wrong[kind]))
    assert total >= (UNSEEN if unseen else SEEN)


def test_there_are_enough_and_a_third_of_them_unseen() -> None:
    assert len(CASES) >= 250
    assert sum(case.unseen for case in CASES) * 3 >= len(CASES)


def test_no_message_stands_among_the_examples() -> None:
    """What was learned by heart measures nothing."""
    learned = {each.text for each in read_acts(ROOT / "data" / "acts") if len(each.text) > 4}
    assert sorted({case.message for case in CASES} & learned) == []
