"""A running back office over SQLite and over PostgreSQL: every API test meets both, by real HTTP."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from backoffice.app import create_app
from backoffice.database import Database
from backoffice.settings import Settings
from tests.backoffice.shop import ANNA, NOW, Shop

TOKEN = "test-service-token-of-forty-characters-xx"
POSTGRES_URL = os.environ.get("LINGXI_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/test")


class HandClock:
    """A clock that a test sets by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    """A running back office, its rows and its clock."""

    url: str
    shop: Shop
    clock: HandClock
    client: httpx.Client
    app: FastAPI

    def get(self, path: str, customer: str | None = ANNA, **options: Any) -> httpx.Response:
        headers = {"X-Customer-Id": customer} if customer else {}
        return self.client.get(f"/api/v1{path}", headers=headers, **options)

    def send(
        self,
        path: str,
        body: Any = None,
        *,
        customer: str | None = ANNA,
        key: str | None = None,
        method: str = "POST",
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        if customer:
            headers["X-Customer-Id"] = customer
        return self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    def at_once(self, times: int, path: str, body: Any, key: str | None) -> list[httpx.Response]:
        """The same write from `times` threads at the same moment; with `key` None each has its own."""
        gate = threading.Barrier(times)

        def one(_: int) -> httpx.Response:
            gate.wait()
            return self.send(path, body, key=key)

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path_factory.mktemp("database")) as opened:
        opened.migrate()
        yield opened


class fresh_database:
    """An empty database of a kind, gone afterwards."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._schema = f"backoffice_{secrets.token_hex(6)}" if kind == "postgresql" else None
        self._folder = folder

    def __enter__(self) -> Database:
        if self._schema is None:
            self._database = Database(f"sqlite:///{self._folder / 'made' / 'backoffice.db'}")
            return self._database
        self._run(f"CREATE SCHEMA {self._schema}")
        separator = "&" if "?" in POSTGRES_URL else "?"
        self._database = Database(f"{POSTGRES_URL}{separator}options=-csearch_path%3D{self._schema}")
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()
        if self._schema:
            self._run(f"DROP SCHEMA {self._schema} CASCADE")

    def _run(self, statement: str) -> None:
        engine = create_engine(POSTGRES_URL.replace("postgresql://", "postgresql+psycopg://", 1))
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except OperationalError:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip("PostgreSQL cannot be reached: set LINGXI_TEST_POSTGRES_URL")
        finally:
            engine.dispose()


@pytest.fixture(scope="session")
def running(database: Database) -> Iterator[Office]:
    clock = HandClock()
    settings = Settings(service_token=TOKEN, customer_jwt_secret="j" * 40, clock=clock)
    app = create_app(settings, database)
    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    limits = httpx.Limits(max_connections=60, max_keepalive_connections=0)
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60, limits=limits, trust_env=False
    ) as client:
        yield Office(url, Shop(database), clock, client, app)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def office(running: Office) -> Office:
    """The running back office with one customer and nothing else, at NOW."""
    running.shop.clear()
    running.clock.now = NOW
    running.shop.customer()
    return running


@pytest.fixture
def shop(office: Office) -> Shop:
    return office.shop
