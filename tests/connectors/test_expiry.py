"""Old conversations are forgotten with all that belongs to them; nothing of late, and nothing that waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors import media
from connectors.expiry import DAY_MS, EMPTY_DAYS, sweep
from connectors.settings import Settings
from connectors.store import ConnectorStore, now_ms
from connectors.tables import CONVERSATIONS
from tests.connectors.test_webchat import PNG

DAYS = 30


class Shop:
    """A store whose rows can be made old."""

    def __init__(self, url: str, folder: Path) -> None:
        self.store = ConnectorStore(url)
        self.settings = Settings(
            demo=True,
            customer_jwt_secret="",
            database_url=url,
            media_folder=folder / "media",
            webchat_origins=(),
        )
        self._engine = sa.create_engine(url)

    def talk(self, conversation: str, handled: bool = True) -> None:
        """A message, its answer with a button, a picture."""
        accepted = self.store.accept(conversation, f"m{time.time_ns()}", {"text": "你好"}, "你好", None)
        if handled:
            self.store.handled(conversation, accepted.seq)
        buttons = [{"title": "好", "payload": "/affirm"}]
        self.store.append(conversation, "bot", {"text": "?", "buttons": buttons}, reply_to=accepted.seq)
        media.keep(self.store, self.settings, conversation, PNG)

    def age(self, conversation: str, days: float) -> None:
        """All of it happened so many days earlier."""
        with self._engine.begin() as db:
            for table, column in (
                ("conversations", "id"),
                ("messages", "conversation_id"),
                ("media", "conversation_id"),
            ):
                db.execute(
                    sa.text(f"UPDATE {table} SET created_ms = created_ms - :ms WHERE {column} = :id"),
                    {"ms": int(days * DAY_MS), "id": conversation},
                )

    def sweep(self) -> int:
        return asyncio.run(sweep(self.store, self.settings.media_folder, DAYS, pause_seconds=0))

    def rows(self) -> dict[str, int]:
        with self._engine.connect() as db:
            names = ("conversations", "messages", "buttons", "media")
            return {name: db.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar() or 0 for name in names}

    def files(self) -> int:
        return len(list(self.settings.media_folder.glob("*")))

    def close(self) -> None:
        self.store.close()
        self._engine.dispose()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(f"sqlite:///{tmp_path}/c.db", tmp_path)
    yield opened
    opened.close()


def begun(shop: Shop, days: float, handled: bool = True) -> str:
    conversation = shop.store.begin("webchat").id
    shop.talk(conversation, handled)
    shop.age(conversation, days)
    return conversation


def test_an_old_conversation_is_forgotten_with_its_pictures(shop: Shop) -> None:
    old, new = begun(shop, DAYS + 1), begun(shop, DAYS - 1)
    assert shop.sweep() == 1
    assert shop.store.find(old) is None
    assert shop.store.find(new) is not None
    assert shop.rows() == {"conversations": 1, "messages": 2, "buttons": 1, "media": 1}
    assert shop.files() == 1
    assert shop.sweep() == 0


def test_what_was_begun_long_ago_and_is_still_used_stays_whole(shop: Shop) -> None:
    used, sent = begun(shop, 10 * DAYS), begun(shop, 10 * DAYS)
    shop.talk(used)
    media.keep(shop.store, shop.settings, sent, PNG)
    assert shop.sweep() == 0
    assert len(shop.store.latest(used)) == 4


def test_what_waits_for_an_answer_stays(shop: Shop) -> None:
    waiting = begun(shop, 10 * DAYS, handled=False)
    assert shop.sweep() == 0
    assert shop.store.with_waiting("webchat") == [waiting]


def test_a_page_that_was_only_looked_at_is_forgotten_sooner(shop: Shop) -> None:
    looked, fresh = shop.store.begin("webchat").id, shop.store.begin("webchat").id
    shop.age(looked, EMPTY_DAYS + 1)
    shop.age(fresh, EMPTY_DAYS - 1)
    assert shop.sweep() == 1
    assert (shop.store.find(looked), shop.store.find(fresh) is None) == (None, False)


def test_a_name_that_was_a_customers_becomes_nobody_elses(shop: Shop) -> None:
    shop.store.named("rest", "u1")
    shop.store.bind("u1", "C1")
    shop.store.named("rest", "u2")
    for name in ("u1", "u2"):
        shop.talk(name)
        shop.age(name, DAYS + 1)
    assert shop.sweep() == 2
    assert shop.store.named("rest", "u1").customer == "C1"
    assert shop.store.find("u2") is None
    assert shop.rows()["messages"] == 0
    assert shop.sweep() == 0
    shop.talk("u1")  # and goes on
    assert [each.seq for each in shop.store.latest("u1")] == [3, 4]


def test_many_are_forgotten_some_at_a_time(shop: Shop) -> None:
    old, now = now_ms() - (EMPTY_DAYS + 1) * DAY_MS, now_ms()
    rows = [
        {"id": f"c{number:03}", "channel": "webchat", "last_seq": 0, "created_ms": old if number % 2 else now}
        for number in range(700)
    ]
    with shop.store.engine.begin() as db:
        db.execute(CONVERSATIONS.insert(), rows)
    assert shop.sweep() == 350
    assert shop.rows()["conversations"] == 350


def test_files_that_are_gone_already_hold_nothing_up(shop: Shop) -> None:
    """As after a crash between the files and the rows."""
    begun(shop, DAYS + 1)
    for file in shop.settings.media_folder.glob("*"):
        file.unlink()
    assert shop.sweep() == 1


def test_a_store_of_before_is_opened(tmp_path: Path) -> None:
    """Made when buttons were kept by their words, and conversations had no index."""
    url = f"sqlite:///{tmp_path}/c.db"
    ConnectorStore(url).close()
    with sa.create_engine(url).begin() as db:
        db.execute(
            sa.text("CREATE TABLE offers (conversation_id TEXT, payload_sha256 TEXT, title TEXT, seq INT)")
        )
        db.execute(sa.text("DROP TABLE buttons"))
        db.execute(sa.text("DROP INDEX conversations_by_beginning"))
    store = ConnectorStore(url)
    names = sa.inspect(sa.create_engine(url)).get_table_names()
    assert "buttons" in names and "offers" not in names
    with sa.create_engine(url).connect() as db:
        plan = db.execute(
            sa.text(
                "EXPLAIN QUERY PLAN SELECT id FROM conversations WHERE created_ms < 1 ORDER BY created_ms, id"
            )
        )
        assert "conversations_by_beginning" in str(plan.all())
    store.close()
