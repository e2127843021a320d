"""What tests of every room may ask for. `make test` brings it; a single pytest run skips what it lacks."""

from __future__ import annotations

import os

import pytest

from deploy.without_tensorflow import leave_out
from tests import services

leave_out()  # as in every process of `make run`: before anything imports Rasa


def _needed(variable: str) -> str:
    told = os.environ.get(variable)
    if not told:
        name, _ = services.SERVICES[variable]
        pytest.skip(f"needs {name}: run `make test`, or set {variable}")
    return told


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """An empty PostgreSQL database: tests that fill it clear it."""
    return _needed(services.POSTGRES)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis database of the tests' own."""
    return _needed(services.REDIS)


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """A RabbitMQ server."""
    return _needed(services.RABBITMQ)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return services.find_chromium() or _needed(services.CHROMIUM)
