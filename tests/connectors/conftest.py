"""Servers of the channel tests."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.store import ConnectorStore
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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database for the channels, of each kind that they keep their memory in."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/not/there/yet/connectors.db"
        return
    server = request.getfixturevalue("postgres_url")
    schema = f"connectors_{secrets.token_hex(6)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(sa.text(f"CREATE SCHEMA {schema}"))
    address = sa.engine.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield address.render_as_string(hide_password=False)
    with admin.connect() as db:
        db.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def store(url: str) -> Iterator[ConnectorStore]:
    """The channels' memory, empty."""
    opened = ConnectorStore(url)
    yield opened
    opened.close()
