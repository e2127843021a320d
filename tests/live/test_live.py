"""Every script of this folder, played as one test each: `-k` takes words of a script's name or its file's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stack import Stack
from tests.live.play import Play, Used
from tests.live.scripts import all_scripts, check

SCRIPTS = list(all_scripts())


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes with a freshly seeded demo shop."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start("backoffice", "actions", "rasa")
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def used() -> Used:
    """What the scripts played so far have taken."""
    return Used()


@pytest.mark.parametrize("script", [script for _, script in SCRIPTS], ids=[name for name, _ in SCRIPTS])
def test_live(stack: Stack, used: Used, script: Any) -> None:
    Play(stack, used, check(script)).run()
