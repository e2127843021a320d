"""Servers that WeChat's stand-in pushes to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.running import RunningServer
from tests.connectors.wechat.line import Line, connected


@pytest.fixture
def line(server: RunningServer) -> Line:
    """Of the server that all tests share."""
    shared: Line = server.lines.wechat
    return shared


@pytest.fixture
def own_line(tmp_path: Path) -> Iterator[Line]:
    """The test may kill its server."""
    with connected(tmp_path) as one:
        yield one
