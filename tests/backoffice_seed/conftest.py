"""A PostgreSQL database of the tests' own, dropped afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.services import POSTGRES

_USUAL = "postgresql://root@127.0.0.1:5432/test"


@pytest.fixture
def postgres() -> Iterator[str]:
    """Its address. Where no server answers: a failure in CI, else the test is skipped."""
    server = os.environ.get(POSTGRES) or _USUAL
    name = f"lingxi_seed_{secrets.token_hex(4)}"
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL answers; set {POSTGRES}")
        pytest.skip(f"no PostgreSQL answers; set {POSTGRES}")
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
