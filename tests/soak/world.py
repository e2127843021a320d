"""The processes under test and the book of what happened to them: who said what, what was asked for, when something was down."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.e2e.stack import Stack
from tests.e2e.test_workers import Workers


@dataclass
class Said:
    """One message of a customer.

    Attributes:
        began, ended: when it was first sent, and when its answer was there (`time.time()`).
        answers: texts heard for it; None where nobody waited for them, or none came.
        to_person: said to somebody of the shop: the bot is silent.
    """

    conversation: str
    id: str
    text: str
    began: float
    ended: float = 0.0
    answers: list[str] | None = None
    to_person: bool = False
    vanished: bool = False


@dataclass
class Wish:
    """One thing a customer wanted done: `confirmed` when the last word was said, `heard` what was told then."""

    attempt: Any
    confirmed: bool = False
    heard: str = ""


@dataclass
class Talk:
    """One conversation with a person: what each side said, in order, and what the customer heard of the agent."""

    conversation: str
    handoff: str
    replies: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    given_back: bool = False


@dataclass(frozen=True)
class Span:
    """Something from then till then (`time.time()`)."""

    what: str
    began: float
    ended: float

    def touches(self, began: float, ended: float, slack: float = 0.0) -> bool:
        return self.began - slack <= ended and began <= self.ended + slack


class World:
    """What customers, troubles and the judge share. Appending to its lists is safe from any thread."""

    def __init__(self, stack: Small | Grown, seconds: float, seed: int) -> None:
        self.stack, self.seconds = stack, seconds
        self.seed = seed
        self.said: list[Said] = []
        self.wishes: list[Wish] = []
        self.talks: list[Talk] = []
        self.tokens: list[str] = []
        self.people: set[str] = set()
        self.wrong: list[str] = []
        self.faults: list[Span] = []  # answers of 5xx
        self.downs: list[Span] = []
        self.troubles: dict[str, int] = {}
        self.refused = 0  # answers of 429
        self.memory: dict[str, list[tuple[float, float]]] = {}
        self.stop = threading.Event()
        self.ends = time.time() + seconds
        self._open: dict[str, float] = {}

    def over(self, before: float = 0.0) -> bool:
        """Whether nothing new should begin, from `before` seconds before the end on."""
        return self.stop.is_set() or time.time() > self.ends - before

    def dice(self, name: str) -> random.Random:
        """Chances of somebody's own, the same for the same seed."""
        return random.Random(f"{self.seed} {name}")

    @contextmanager
    def down(self, what: str) -> Iterator[None]:
        """While a process is away or a store is held."""
        began = self._open[what] = time.time()
        try:
            yield
        finally:
            del self._open[what]
            self.downs.append(Span(what, began, time.time()))

    def disturbed(self, began: float, ended: float) -> bool:
        """Whether anything was down then, or so shortly before that it was still coming up."""
        open_now = [Span(what, since, ended) for what, since in list(self._open.items())]
        return any(each.touches(began, ended, 6.0) for each in [*self.downs, *open_now])

    def fault(self, what: str, began: float) -> None:
        """Somebody was answered 5xx."""
        self.faults.append(Span(what, began, time.time()))

    def channel_rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the channels' store."""
        return _ask(self.stack, "connectors", sql)


class Small(Stack):
    """The embedded default: SQLite, one Rasa process."""

    def hold(self, store: str, seconds: float) -> None:
        """Keep every writer out of a store."""
        connection = sqlite3.connect(self.folder / f"{store}.db", timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)
            connection.execute("ROLLBACK")
        finally:
            connection.close()


class Grown(Workers):
    """PostgreSQL for every store, Redis, two Rasa processes."""

    tables = {"connectors": "conversations, messages", "tracker": "events", "backoffice": "orders, handoffs"}  # noqa: RUF012

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        super().__init__(folder, database, redis)
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("DROP SCHEMA IF EXISTS workers_backoffice CASCADE")
            admin.execute("CREATE SCHEMA workers_backoffice")
        self.environ["LINGXI_BACKOFFICE_DATABASE_URL"] = f"{database}?options=-csearch_path%3Dworkers_backoffice"

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Ask the back office's database directly."""
        return _ask(self, "backoffice", sql, *values)

    def hold(self, store: str, seconds: float) -> None:
        """Keep everybody out of a store's tables."""
        with psycopg.connect(self.environ[f"LINGXI_{store.upper()}_DATABASE_URL"]) as connection:
            connection.execute(f"LOCK TABLE {self.tables[store]} IN ACCESS EXCLUSIVE MODE")
            time.sleep(seconds)
            connection.rollback()


class Indexed(dict[str, Any]):
    """A row that can be asked by name and by place, as SQLite's."""

    def __getitem__(self, key: Any) -> Any:
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)


def _ask(stack: Stack, store: str, sql: str, *values: Any) -> list[Any]:
    url = stack.environ[f"LINGXI_{store.upper()}_DATABASE_URL"]
    if url.startswith("sqlite"):
        connection = sqlite3.connect(f"file:{stack.folder}/{store}.db?mode=ro", uri=True, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()
    with psycopg.connect(url, row_factory=dict_row) as server:
        return [Indexed(row) for row in server.execute(sql.replace("%", "%%").replace("?", "%s"), values)]
