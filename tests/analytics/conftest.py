"""Lakes, and rows of tracker stores to fill them with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.lake import Lake

COLUMNS = "sender_id, type_name, timestamp, intent_name, action_name, data"
TABLE = (
    "CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY, sender_id VARCHAR(255) NOT NULL, type_name VARCHAR(255) NOT NULL,"
    " timestamp FLOAT, intent_name VARCHAR(255), action_name VARCHAR(255), data TEXT)"
)
NOW = 1_795_000_000.0  # seconds; a day of November 2026


def event(sender: str, kind: str, at: float = NOW, **more: Any) -> tuple[str, str, float, None, None, str]:
    """A row of `events`."""
    return sender, kind, at, None, None, json.dumps({"event": kind, "timestamp": at, **more})


def user(sender: str, text: str, at: float, intent: str = "faq", **more: Any) -> tuple[str, str, float, None, None, str]:
    """What a customer said."""
    parsed = {"intent": {"name": intent, "confidence": 0.9}, **more.pop("parse", {})}
    return event(sender, "user", at, text=text, parse_data=parsed, input_channel="webchat", **more)


def bot(sender: str, text: str, at: float, response: str = "utter_faq_answer", **more: Any) -> tuple[str, str, float, None, None, str]:
    """What the bot said, or with `agent_id` a person."""
    told = {"agent_id": more["agent_id"]} if "agent_id" in more else {"utter_action": response}
    return event(sender, "bot", at, text=text, metadata=told)


def action(sender: str, name: str, at: float) -> tuple[str, str, float, None, None, str]:
    """What the bot did."""
    return event(sender, "action", at, name=name, policy="RulePolicy")


def slot(sender: str, name: str, value: Any, at: float) -> tuple[str, str, float, None, None, str]:
    """What was kept."""
    return event(sender, "slot", at, name=name, value=value)


def write(path: Path, rows: Iterable[tuple[Any, ...]]) -> str:
    """A tracker store, or more of one; its URL."""
    with closing(sqlite3.connect(path)) as connection, connection:
        if not connection.execute("SELECT name FROM sqlite_master WHERE name = 'events'").fetchone():
            connection.execute(TABLE)
        connection.executemany(f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


def stored(lake: Lake, select: str) -> list[tuple[Any, ...]]:
    """Ask the lake's files, which are the table `events`."""
    with duckdb.connect() as connection:
        source = f"read_parquet({lake.files()}, hive_partitioning=true)"
        return connection.execute(select.replace("FROM events", f"FROM {source}")).fetchall()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with nothing in it."""
    return Lake(tmp_path / "lake")
