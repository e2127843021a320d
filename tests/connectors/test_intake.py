"""What a provider pushes is read once and in order; what nobody can read ends, is told, and keeps nothing else waiting."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import intake as module
from connectors.intake import Body, Intake, unreadable
from connectors.store import ConnectorStore, now_ms
from connectors.tables import PUSHES


class Reader:
    """A channel that reads what it is given, but for what it is told to stumble over."""

    def __init__(self, store: ConnectorStore) -> None:
        self.read: list[str] = []
        self.sorry: list[str] = []
        self.away = 0
        self.intake = Intake("wechat", store, self._take, self._apologise)

    async def _take(self, body: Body) -> None:
        if self.away:
            self.away -= 1
            raise sa.exc.OperationalError("", {}, Exception("the database restarts"))
        if body["said"] == "bad":
            raise KeyError("13800138000")
        self.read.append(body["said"])

    async def _apologise(self, key: str, _body: Body) -> None:
        self.sorry.append(key)

    async def done(self) -> None:
        while self.intake.busy:
            await asyncio.sleep(0.005)


def run(store: ConnectorStore, work: Callable[[Reader], Coroutine[Any, Any, None]]) -> Reader:
    """A process's life."""

    async def live() -> Reader:
        reader = Reader(store)
        await reader.intake.start()
        await work(reader)
        await reader.done()
        await reader.intake.stop()
        return reader

    return asyncio.run(live())


def rows(store: ConnectorStore) -> list[tuple[str, str, bool]]:
    with store.engine.connect() as db:
        found = db.execute(sa.select(PUSHES.c.key, PUSHES.c.body, PUSHES.c.waiting).order_by(PUSHES.c.key))
        return [(row.key, row.body, row.waiting) for row in found]


def test_a_repeat_is_read_once_while_it_waits_and_once_it_is_read(store: ConnectorStore) -> None:
    async def push(reader: Reader) -> None:
        await asyncio.gather(*(reader.intake.put("a", {"said": "one"}) for _ in range(3)))
        await reader.done()
        await reader.intake.put("a", {"said": "one"})
        await reader.intake.put("b", {"said": "two"})

    assert run(store, push).read == ["one", "two"]
    assert rows(store) == [("a", "", False), ("b", "", False)], "known, without its words"
    with store.engine.begin() as db:
        db.execute(PUSHES.update().values(at_ms=now_ms() - 16 * 60 * 1000))
    assert run(store, lambda reader: reader.intake.put("c", {"said": "three"})).read == ["three"]
    assert [key for key, *_ in rows(store)] == ["c"], "no provider repeats itself for so long"


def test_what_nobody_can_read_ends_and_the_next_is_read_at_once(
    store: ConnectorStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def push(reader: Reader) -> None:
        for key, said in (("openid-1:1", "bad"), ("openid-1:2", "good"), ("openid-1:1", "bad")):
            await reader.intake.put(key, {"said": said})

    began = time.monotonic()
    reader = run(store, push)
    assert time.monotonic() - began < 1
    assert (reader.read, reader.sorry) == (["good"], ["openid-1:1"])
    assert [(each.key, each.problem) for each in unreadable(store)] == [("openid-1:1", "KeyError")]
    assert caplog.text.count("event=push_unreadable") == 1
    assert "13800138000" not in caplog.text and "openid-1" not in caplog.text
    assert run(store, lambda reader: reader.done()).read == [], "not tried again at the next start"


def test_what_a_crash_has_left_is_read_at_the_next_start_whatever_else_lies_there(store: ConnectorStore) -> None:
    with store.engine.begin() as db:
        for at, (key, body) in enumerate((("1", '{"said": "one"}'), ("2", "{no JSON"), ("3", '{"said": "three"}'))):
            db.execute(PUSHES.insert().values(channel="wechat", key=key, body=body, at_ms=now_ms() + at, waiting=True))
    reader = run(store, lambda reader: reader.intake.put("3", {"said": "three"}))
    assert (reader.read, reader.sorry) == (["one", "three"], ["2"])


def test_while_the_store_is_away_what_came_waits_and_keeps_its_order(
    store: ConnectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_PAUSE_SECONDS", 0.05)

    async def push(reader: Reader) -> None:
        reader.away = 8
        for key in ("1", "2", "3"):
            await reader.intake.put(key, {"said": key})

    assert run(store, push).read == ["1", "2", "3"]
    assert unreadable(store) == []
