"""One stack for all end-to-end tests; each test is a conversation of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three processes with a freshly seeded demo shop."""
    running = Stack(tmp_path_factory.mktemp("stack"))
    try:
        running.start("backoffice", "actions", "rasa")
        yield running
    finally:
        running.kill()
