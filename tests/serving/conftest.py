"""Rasa and the action server, each started by its own plain command: the guard must not need ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.serving.raw import TOKEN, Server


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """Both servers, by name."""
    folder = tmp_path_factory.mktemp("servers")
    commands = {
        "actions": ("/health", "rasa_sdk", "--actions", "actions"),
        "rasa": ("/", "rasa", "run", "--enable-api", "--auth-token", TOKEN, "--interface", "127.0.0.1"),
    }
    with ExitStack() as ends:
        started = {}
        for name, command in commands.items():
            started[name] = Server(folder, name, *command)
            ends.callback(started[name].end)
        yield started


@pytest.fixture(params=["actions", "rasa"])
def server(servers: dict[str, Server], request: pytest.FixtureRequest) -> Server:
    """Either of them."""
    return servers[str(request.param)]


@pytest.fixture
def rasa(servers: dict[str, Server]) -> Server:
    return servers["rasa"]


@pytest.fixture
def actions(servers: dict[str, Server]) -> Server:
    return servers["actions"]
