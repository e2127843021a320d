"""Demo shops for the tests: at which moments, in which database, and how one talks to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from backoffice.app import create_app
from backoffice.clock import SHANGHAI, frozen_clock
from backoffice.database import Database
from backoffice.models import Base
from backoffice.seed.shop import assemble, write
from backoffice.settings import Settings

SERVICE_TOKEN = "service-token-of-the-tests-0123456789"
JWT_SECRET = "customer-jwt-secret-of-the-tests-0123456789"
RASA_URL = "http://127.0.0.1:5999"

MOMENTS = (
    datetime(2026, 11, 21, 15, 30, tzinfo=SHANGHAI),
    datetime(2027, 1, 1, 0, 3, tzinfo=SHANGHAI),
    datetime(2028, 2, 29, 23, 58, 59, tzinfo=SHANGHAI),
    datetime(2026, 3, 1, 7, 59, tzinfo=SHANGHAI),
)
"""An afternoon, just after New Year, the last minute of a leap day, an early month's first."""


def settings(now: datetime, database_url: str = "sqlite://", demo: bool = True) -> Settings:
    return Settings(
        service_token=SERVICE_TOKEN,
        customer_jwt_secret=JWT_SECRET,
        database_url=database_url,
        demo=demo,
        rasa_url=RASA_URL,
        clock=frozen_clock(now),
    )


@contextmanager
def seeded(folder: Path, now: datetime, order_count: int) -> Iterator[Database]:
    """A migrated SQLite file with a demo shop as of `now`."""
    database = Database(f"sqlite:///{folder / 'shop.db'}")
    database.migrate()
    with database.write() as session:
        write(session, assemble(now, order_count=order_count))
    yield database
    database.close()


class Customer:
    """Talks to the API as one customer, as the actions do."""

    def __init__(self, client: TestClient, customer_id: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {SERVICE_TOKEN}", "X-Customer-Id": customer_id}
        self._writes = 0

    def get(self, path: str, **query: object) -> dict:
        answer = self._client.get(f"/api/v1{path}", headers=self._headers, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict | None = None) -> tuple[int, dict]:
        self._writes += 1
        headers = {**self._headers, "Idempotency-Key": f"test-{self._writes}"}
        answer = self._client.post(f"/api/v1{path}", headers=headers, json=body or {})
        return answer.status_code, answer.json()

    def orders(self, **query: object) -> list[dict]:
        return self.get("/orders", limit=50, **query)["items"]


@contextmanager
def client(database: Database, now: datetime, demo: bool = True) -> Iterator[TestClient]:
    yield TestClient(create_app(settings(now, demo=demo), database))


def rows(engine: Engine) -> dict[str, list[tuple]]:
    """Every row of every table, in the order of their keys."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
