"""Every script of this folder, played as one test each: `-k` takes words of a script's name or its file's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.stack import Stack
from tests.live.play import Play, Shop
from tests.live.scripts import all_scripts, check

SCRIPTS = list(all_scripts())


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes with a freshly seeded demo shop, in which it is half past three in the afternoon.

    The back office's clock stands still, so that what depends on its hours is the same by day and by night.
    """
    running = Stack(tmp_path_factory.mktemp("stack"))
    afternoon = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=15, minute=30, second=0, microsecond=0)
    running.environ["LINGXI_CLOCK"] = afternoon.isoformat()
    try:
        running.start("backoffice", "actions", "rasa")
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def shop(stack: Stack) -> Shop:
    """Its database, as seeded."""
    return Shop(stack.folder, stack.environ["LINGXI_CLOCK"])


@pytest.mark.parametrize("script", [script for _, script in SCRIPTS], ids=[name for name, _ in SCRIPTS])
def test_live(stack: Stack, shop: Shop, script: Any) -> None:
    Play(stack, shop, check(script)).run()
