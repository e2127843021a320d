"""Rasa's `events` table in SQLite or PostgreSQL, read in the order of its ids.

SQLite writes one transaction at a time, so ids become visible in their order. PostgreSQL gives an id before the commit:
a reader that follows the highest id loses a row whose transaction commits later. A run of ids without a gap has lost
nothing; behind a gap we wait until every transaction that could fill it has ended. Such a transaction holds the table's
RowExclusiveLock since before it drew its id (Explicit Locking: "acquired by any command that modifies data"), so it is
seen in pg_locks.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import adbc_driver_manager
import adbc_driver_sqlite
import psycopg
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcStatement

from analytics.problems import StoreError
from analytics.sources import BATCH, Batch, Source, arrow_batch, as_batch

_COLUMNS = ("id", "sender_id", "type_name", "timestamp", "data")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM events"
_Row = tuple[int, str, str, float | None, str]
_SQLITE_SELECT = """SELECT id AS event_id, CAST(sender_id AS TEXT) AS sender_id, CAST(type_name AS TEXT) AS type_name,
    CAST(timestamp AS REAL) AS timestamp, CAST(data AS TEXT) AS data FROM events"""
_PATIENCE_MS = 15_000


def open_store(url: str, name: str | None = None) -> Source:
    """The source behind a tracker store's URL (SQLAlchemy's form, `postgresql+psycopg2://` too); raises StoreError."""
    scheme = url.split(":", 1)[0].split("+", 1)[0]
    if scheme == "sqlite":
        return SqliteSource(Path(unquote(url.removeprefix("sqlite:///"))), name)
    if scheme in ("postgresql", "postgres"):
        return PostgresSource("postgresql" + url[len(url.split(":", 1)[0]) :], name)
    if "://" not in url and Path(url).exists():
        return SqliteSource(Path(url), name)
    raise StoreError("对话记录库的地址要写成 sqlite:///文件 或 postgresql://用户@主机/库")


class SqliteSource:
    """A file that Rasa may be writing at the same moment; it is opened for reading only.

    The driver, which hands rows over as Arrow, brings an SQLite of its own, and POSIX locks hold between processes: what
    writes the file must be another process.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.name = name or f"sqlite:{path.stem}"
        if not path.is_file():
            raise StoreError(f"没有这个文件：{path}。请检查地址，Rasa 写进第一条消息后才会有它")
        self._path = path
        try:
            self._database = adbc_driver_sqlite.connect(f"{path.resolve().as_uri()}?mode=ro")
            self._connection = AdbcConnection(self._database)
        except adbc_driver_manager.Error as error:
            raise _sqlite_problem(error, path) from error
        self.wait(_PATIENCE_MS)
        _check_columns(set(self._ask("PRAGMA table_info(events)")["name"].to_pylist()))

    def wait(self, milliseconds: int) -> None:
        """Be patient for so long with a writer that holds the whole file."""
        self._ask(f"PRAGMA busy_timeout = {milliseconds}")

    def read(self, after: int) -> Batch:
        """The next events; several readers and the writer may work at once."""
        rows = self._ask(f"{_SQLITE_SELECT} WHERE id > {after:d} ORDER BY id LIMIT {BATCH}")
        if not rows.num_rows:
            _check_not_reset(self._highest(), after)
        return arrow_batch(rows, after, rows.num_rows == BATCH)

    def stored(self) -> None:
        """Nothing to do: the lake keeps the position."""

    def remaining(self, after: int) -> int:
        """How many ids there are after a position."""
        return max(0, self._highest() - after)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        self._database.close()

    def _highest(self) -> int:
        return self._ask("SELECT coalesce(max(id), 0) AS id FROM events")["id"][0].as_py() or 0

    def _ask(self, query: str) -> pa.Table:
        try:
            with AdbcStatement(self._connection) as statement:
                # One Arrow batch for all rows: the driver tells a column's type by its first batch.
                statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH)})
                statement.set_sql_query(query)
                return pa.RecordBatchReader.from_stream(statement.execute_query()[0]).read_all()
        except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
            raise _sqlite_problem(error, self._path) from error


class PostgresSource:
    """A database that several Rasa processes may be writing; see the module for how nothing is lost."""

    def __init__(self, url: str, name: str | None = None) -> None:
        parts = urlsplit(url)
        self.name = name or f"postgresql:{parts.hostname or 'local'}{parts.path.replace('/', ':', 1)}"
        try:
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
            found = self._ask("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('events') AND attnum > 0")
            _check_columns({row[0] for row in found})
            if self._ask("SELECT pg_is_in_recovery()")[0][0]:
                raise StoreError("这是 PostgreSQL 的只读备库，看不到未提交的写入，会漏事件：请填主库的地址")
            cached = self._ask(
                "SELECT cache_size FROM pg_sequences WHERE pg_get_serial_sequence('events', 'id')"
                " = quote_ident(schemaname) || '.' || quote_ident(sequencename)"
            )
        except psycopg.Error as error:
            raise _postgres_problem(error) from error
        if cached and cached[0][0] > 1:
            raise StoreError("events 的编号序列开了 CACHE，编号不按先后：请先 ALTER SEQUENCE … CACHE 1")
        self._behind = 0
        self._writers: set[str] = set()  # who could still fill a gap at or before `_behind`

    def read(self, after: int) -> Batch:
        """The next events up to the first id that may still come; fewer, or none, while somebody writes there."""
        try:
            rows = self._rows(after)
            whole = _without_gap(rows, after)
            if whole < len(rows):
                if rows[-1][0] > self._behind or not self._writers:
                    self._behind, self._writers = rows[-1][0], self._writing()
                deadline = time.monotonic() + 0.5
                while self._writers and time.monotonic() < deadline:
                    self._writers &= self._writing()
                    time.sleep(0.01)
                # When whoever could fill a gap has ended, what a new look does not show will never come.
                ended = not self._writers
                rows = [row for row in self._rows(after) if row[0] <= self._behind] if ended else rows[:whole]
            elif not rows:
                _check_not_reset(self._ask("SELECT max(id) FROM events")[0][0], after)
        except psycopg.Error as error:
            raise _postgres_problem(error) from error
        return as_batch(rows, rows[-1][0] if rows else after, len(rows) == BATCH)

    def stored(self) -> None:
        """Nothing to do: the lake keeps the position."""

    def remaining(self, after: int) -> int:
        """How many ids there are after a position."""
        try:
            return max(0, (self._ask("SELECT max(id) FROM events")[0][0] or 0) - after)
        except psycopg.Error as error:
            raise _postgres_problem(error) from error

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _rows(self, after: int) -> list[_Row]:
        query = f"{_SELECT} WHERE id > %s ORDER BY id LIMIT %s"
        return self._connection.execute(query, (after, BATCH)).fetchall()

    def _writing(self) -> set[str]:
        """The transactions that write, or may yet write, into the table at this moment."""
        query = """SELECT virtualtransaction FROM pg_locks WHERE relation = 'events'::regclass AND mode = 'RowExclusiveLock'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        return {row[0] for row in self._ask(query)}

    def _ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def _without_gap(rows: list[_Row], after: int) -> int:
    """How many rows follow one another without a missing id."""
    if not rows or rows[-1][0] - after == len(rows):
        return len(rows)
    return next(n for n, row in enumerate(rows) if row[0] != after + n + 1)


def _check_columns(found: set[str]) -> None:
    missing = [name for name in _COLUMNS if name not in found]
    if not found:
        raise StoreError("库里没有 events 表：这不是 Rasa 的对话记录库，或者还没有写进第一条消息")
    if missing:
        raise StoreError(f"events 表缺少列 {', '.join(missing)}：库可能正升级到一半，请等升级完成再采集")


def _check_not_reset(highest: int | None, after: int) -> None:
    if after and (highest or 0) < after:
        raise StoreError(
            f"记录库的编号到 {highest or 0}，而上次已采到 {after}：库被清空或换过。新的库请用 --name 起一个新的来源名"
        )


def _sqlite_problem(error: Exception, path: Path) -> StoreError:
    if "locked" in str(error) or "busy" in str(error):
        return StoreError(f"{path} 一直被别的程序占着：稍后再采集，已经采到的都在")
    if "not a database" in str(error):
        return StoreError(f"{path} 不是 SQLite 数据库")
    return StoreError(f"读不了 {path}：{str(error).splitlines()[0]}")


def _postgres_problem(error: psycopg.Error) -> StoreError:
    reason = str(error).strip().splitlines()
    return StoreError(f"读不了 PostgreSQL：{reason[0] if reason else type(error).__name__}")
