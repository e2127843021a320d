"""Servers of the channel tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.running import RunningServer
from tests.connectors.wechat.line import connected


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all tests that do not stop it."""
    with connected(tmp_path_factory.mktemp("server"), "--origins", "https://shop.example") as line:
        yield line.server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that the test may kill and start again."""
    running = RunningServer(tmp_path).start()
    yield running
    running.end(signal.SIGKILL)
