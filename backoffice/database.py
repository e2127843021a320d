"""Opens the database, SQLite or PostgreSQL, and gives transactions that behave alike on both.

A write on SQLite begins with BEGIN IMMEDIATE: it waits for its turn at the start, never fails half-way
on a lock. On PostgreSQL writers lock the rows they decide about (`with_for_update`), which SQLite's
single writer makes needless there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from sqlite3 import connect

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

PROJECT_ROOT = Path(__file__).resolve().parent.parent
_WRITES = "lingxi_writes"
_BUSY_SECONDS = 30
_MIGRATION_LOCK = 0x4C58


class Database:
    """One engine and its transactions."""

    def __init__(self, url: str) -> None:
        self.url = _driver_url(url)
        self.engine = _create_engine(self.url)
        self._write_engine = self.engine.execution_options(**{_WRITES: True})

    def open(self) -> Session:
        """A session for reading, the caller's to close; whatever is changed in it is dropped."""
        return Session(self.engine, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever is changed in it is dropped."""
        with self.open() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back by any exception."""
        with Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            if session.get_bind().dialect.name == "sqlite":
                session.connection()
            yield session

    def migrate(self) -> None:
        """Brings the tables to the newest version; does nothing where they are."""
        with self._write_engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # Several processes may start at once; the first migrates, the others wait and find it done.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            command.upgrade(alembic_config(connection), "head")

    def close(self) -> None:
        self.engine.dispose()


class Changes:
    """Tells, for less than a statement costs, whether anything may have been written since it was last asked.

    SQLite counts the commits of other connections; PostgreSQL has no such count, and the answer is
    always yes. Also yes every `at_least` seconds, for what only time changes. For one thread.
    """

    def __init__(self, database: Database, at_least: float) -> None:
        self._at_least = at_least
        self._looked_at = -at_least
        self._version: int | None = None
        url = database.url
        self._file = url.database if url.get_backend_name() == "sqlite" else None
        self._connection: SqliteConnection | None = None

    def __call__(self) -> bool:
        """Whether to look; raises sqlite3.Error when the file is away."""
        now, version = time.monotonic(), self._count()
        if version is not None and version == self._version and now - self._looked_at < self._at_least:
            return False
        self._version, self._looked_at = version, now
        return True

    def again(self) -> None:
        """What was looked for was not found out: yes, the next time."""
        self._looked_at = -self._at_least

    def _count(self) -> int | None:
        if self._file is None:
            return None
        if self._connection is None:
            self._connection = connect(self._file, timeout=_BUSY_SECONDS, check_same_thread=False)
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def alembic_config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _driver_url(url: str) -> URL:
    """postgresql:// goes through psycopg; a relative SQLite path counts from the project's root."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database:
        return parsed.set(database=str(PROJECT_ROOT / parsed.database))
    return parsed


def _create_engine(url: URL) -> Engine:
    # Parameters hold names, phones and addresses: they must not reach a log through an exception.
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True, pool_size=20, max_overflow=30, pool_pre_ping=True)
    if not url.database:
        raise ValueError("an SQLite database needs a file: sqlite:///var/backoffice.db")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, hide_parameters=True, pool_size=20, max_overflow=30, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
