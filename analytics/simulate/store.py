"""Writes rows into Rasa's `events` table, made as Rasa makes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import psycopg

from analytics.problems import StoreError
from analytics.simulate.talk import Row

_TABLE = """CREATE TABLE events (
    id {key}, sender_id VARCHAR(255) NOT NULL, type_name VARCHAR(255) NOT NULL, timestamp FLOAT,
    intent_name VARCHAR(255), action_name VARCHAR(255), data TEXT{primary}
)"""
_INDEX = "CREATE INDEX ix_events_sender_id ON events (sender_id)"
_COLUMNS = "sender_id, type_name, timestamp, intent_name, action_name, data"


def write(url: str, days: Iterable[list[Row]]) -> None:
    """Write each day in a transaction; `url` is a tracker store's, `sqlite:///file` or `postgresql://…`."""
    if url.startswith("sqlite:///"):
        _write_sqlite(Path(url.removeprefix("sqlite:///")), days)
    elif url.startswith("postgresql"):
        _write_postgres(url, days)
    else:
        raise StoreError(f"地址 {url.split(':', 1)[0]}:… 不认识：写 sqlite:///文件 或 postgresql://…")


def _write_sqlite(path: Path, days: Iterable[list[Row]]) -> None:
    if path.exists():
        raise StoreError(f"{path} 已经存在：换一个文件名，或先删掉它")
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")  # made anew where the machine fails
        connection.execute(_TABLE.format(key="INTEGER NOT NULL", primary=", PRIMARY KEY (id)"))
        connection.execute(_INDEX)
        for rows in days:
            with connection:
                connection.executemany(f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)


def _write_postgres(url: str, days: Iterable[list[Row]]) -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT to_regclass('events')").fetchone()
        if found and found[0]:
            raise StoreError("这个库里已经有 events 表：换一个空的库")
        connection.execute(_TABLE.format(key="SERIAL PRIMARY KEY", primary=""))
        connection.execute(_INDEX)
        connection.commit()
        for rows in days:
            with connection.cursor().copy(f"COPY events ({_COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.commit()
