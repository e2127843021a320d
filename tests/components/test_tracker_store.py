"""Conversations are kept whole, handed back short, and hold no token."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Restarted, SlotSet, UserUttered
from rasa.shared.core.trackers import EventVerbosity

from components.tracker_store import SLACK, WINDOW, TrackerStore

TOKEN = "eyJ.this-is-proof-not-data.sig"
DOMAIN = Domain.from_dict(
    {
        "intents": ["chat_inform"],
        "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("orders_number", "orders_title")},
        "forms": {"orders_form": {"required_slots": ["orders_number"]}},
        "actions": ["action_orders"],
    }
)


class Broker(EventBroker):
    """Keeps what was published."""

    def __init__(self) -> None:
        self.published: list[dict[str, Any]] = []

    def publish(self, event: dict[str, Any]) -> None:
        self.published.append(event)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own: SQLite in a folder that does not exist yet, or a schema of the running PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/not/there/yet/tracker.db"
        return
    postgres: str = request.getfixturevalue("postgres_url")
    engine, schema = sa.create_engine(postgres), f"tracker_{uuid.uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"create schema {schema}"))
    yield f"{postgres}?options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"drop schema {schema} cascade"))


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def store(url: str, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrackerStore]:
    monkeypatch.setenv("LINGXI_TRACKER_DATABASE_URL", url)
    made = TrackerStore(DOMAIN, event_broker=broker)
    yield made
    made.engine.dispose()


def test_workers_that_start_at_once_make_the_tables_together(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = sa.create_engine(postgres_url)
    for _ in range(3):
        schema = f"tracker_{uuid.uuid4().hex}"
        with engine.begin() as connection:
            connection.execute(sa.text(f"create schema {schema}"))
        address = f"{postgres_url}?options=-csearch_path%3D{schema}"
        # Rasa makes its own table, and has its own way when two do so at once.
        monkeypatch.setenv("LINGXI_TRACKER_DATABASE_URL", address)
        SQLTrackerStore(DOMAIN, host=address).engine.dispose()
        with ThreadPoolExecutor(4) as workers:
            for made in workers.map(TrackerStore, [DOMAIN] * 4):
                made.engine.dispose()
        with engine.begin() as connection:
            connection.execute(sa.text(f"drop schema {schema} cascade"))
    engine.dispose()


def talk(store: TrackerStore, turns: int, sender: str = "someone") -> None:
    """Turns of four events each, every one saved as Rasa does it."""
    for number in range(turns):
        tracker = asyncio.run(store.get_or_create_tracker(sender))
        said = UserUttered(f"第{number}句", metadata={"customer_token": TOKEN})
        tracker.update_with_events([said, ActionExecuted("action_orders"), BotUttered("好"), ActionExecuted("action_listen")], DOMAIN)
        asyncio.run(store.save(tracker))


def stored(store: TrackerStore) -> list[dict[str, Any]]:
    with store.engine.connect() as connection:
        return [json.loads(data) for (data,) in connection.execute(sa.text("select data from events order by id"))]


def test_every_event_is_stored_once_but_only_the_last_come_back(store: TrackerStore) -> None:
    talk(store, 60)
    said = [event["text"] for event in stored(store) if event["event"] == "user"]
    assert said == [f"第{number}句" for number in range(60)]
    tracker = asyncio.run(store.retrieve("someone"))
    assert tracker is not None and len(tracker.events) <= WINDOW + SLACK + 10
    assert tracker.latest_message is not None and tracker.latest_message.text == "第59句"


def test_what_was_known_long_ago_is_still_known(store: TrackerStore) -> None:
    tracker = asyncio.run(store.get_or_create_tracker("someone"))
    events = [SlotSet("orders_number", "202611190001"), ActionExecuted("orders_form"), ActiveLoop("orders_form")]
    tracker.update_with_events(events, DOMAIN)
    asyncio.run(store.save(tracker))
    talk(store, 60)
    later = asyncio.run(store.retrieve("someone"))
    assert later is not None
    assert later.get_slot("orders_number") == "202611190001"
    assert later.active_loop_name == "orders_form"
    later.update_with_events([SlotSet("orders_number", None), ActiveLoop(None)], DOMAIN)
    asyncio.run(store.save(later))
    talk(store, 60)
    ended = asyncio.run(store.retrieve("someone"))
    assert ended is not None and ended.get_slot("orders_number") is None and ended.active_loop_name is None


def test_a_restart_forgets(store: TrackerStore) -> None:
    tracker = asyncio.run(store.get_or_create_tracker("someone"))
    tracker.update_with_events([SlotSet("orders_title", "耳机"), Restarted()], DOMAIN)
    asyncio.run(store.save(tracker))
    talk(store, 60)
    later = asyncio.run(store.retrieve("someone"))
    assert later is not None and later.get_slot("orders_title") is None


def everything(store: TrackerStore) -> str:
    """Every column of every table of the database, as text."""
    found = sa.MetaData()
    found.reflect(store.engine)
    with store.engine.connect() as connection:
        return "\n".join(str(row) for table in found.sorted_tables for row in connection.execute(sa.select(table)))


def test_no_column_holds_a_token(store: TrackerStore) -> None:
    tracker = asyncio.run(store.get_or_create_tracker("someone"))
    tracker.update_with_events([SlotSet("session_started_metadata", {"customer_token": TOKEN, "channel": "rest"})], DOMAIN)
    said = UserUttered("你好", {"name": "chat_inform"}, parse_data={"metadata": {"customer_token": TOKEN}}, metadata={"customer_token": TOKEN})
    tracker.update_with_events([ActionExecuted("action_listen"), said, ActionExecuted("orders_form"), ActiveLoop("orders_form")], DOMAIN)
    asyncio.run(store.save(tracker))
    assert "rest" in everything(store) and TOKEN not in everything(store)
    later = asyncio.run(store.retrieve("someone"))
    assert later is not None and TOKEN not in json.dumps(later.current_state(EventVerbosity.ALL))


def test_tokens_of_earlier_versions_are_stripped_at_the_start(store: TrackerStore, url: str) -> None:
    talk(store, 3)
    told = json.dumps({"event": "slot", "name": "session_started_metadata", "value": {"customer_token": TOKEN, "channel": "rest"}})
    state = json.dumps({"slots": {"session_started_metadata": {"customer_token": TOKEN}, "orders_number": "1"}, "active_loop": None})
    with store.engine.begin() as connection:
        connection.execute(sa.text("insert into events (sender_id, type_name, data) values ('someone', 'slot', :told)"), {"told": told})
        connection.execute(sa.text("update tracker_snapshots set state = :state"), {"state": state})
    assert TOKEN in everything(store)
    for _ in range(2):
        again = TrackerStore(DOMAIN)
        assert TOKEN not in everything(again)
        again.engine.dispose()
    later = asyncio.run(store.retrieve("someone"))
    assert later is not None and len(later.events) == 14 and later.events[-1].value == {"channel": "rest"}


def test_two_processes_take_turns_in_one_conversation(store: TrackerStore, url: str) -> None:
    other = TrackerStore(DOMAIN)
    try:
        for number in range(120):
            mine, theirs = (store, other) if number % 3 else (other, store)
            before = asyncio.run(mine.get_or_create_tracker("someone"))
            assert before.get_slot("orders_number") == (number - 1 if number else None)
            before.update_with_events(
                [ActionExecuted("action_listen"), UserUttered(f"第{number}句"), SlotSet("orders_number", number)], DOMAIN
            )
            asyncio.run(mine.save(before))
            after = asyncio.run(theirs.retrieve("someone"))
            assert after is not None and after.latest_message is not None and after.latest_message.text == f"第{number}句"
        assert [event["text"] for event in stored(store) if event["event"] == "user"] == [f"第{n}句" for n in range(120)]
    finally:
        other.engine.dispose()


def test_a_write_over_another_is_not_remembered_as_if_it_was_alone(store: TrackerStore, url: str) -> None:
    other = TrackerStore(DOMAIN)
    try:
        talk(store, 2)
        mine, theirs = asyncio.run(store.retrieve("someone")), asyncio.run(other.retrieve("someone"))
        assert mine is not None and theirs is not None
        for each, place, number in ((theirs, other, "1"), (mine, store, "2")):
            each.update(SlotSet("orders_number", number), DOMAIN)
            asyncio.run(place.save(each))
        for place in (store, other):
            read = asyncio.run(place.retrieve("someone"))
            assert read is not None and [e.value for e in read.events if isinstance(e, SlotSet)] == ["1", "2"]
    finally:
        other.engine.dispose()


def test_what_is_done_to_a_tracker_is_stored_only_when_it_is_saved(store: TrackerStore) -> None:
    talk(store, 2)
    tracker = asyncio.run(store.retrieve("someone"))
    assert tracker is not None
    tracker.update_with_events([SlotSet("orders_number", "1"), ActiveLoop("orders_form")], DOMAIN)
    fresh = asyncio.run(store.retrieve("someone"))
    assert fresh is not None and fresh.get_slot("orders_number") is None and fresh.active_loop_name is None
    assert len(fresh.events) == 9


def test_memory_is_what_a_new_process_would_read(store: TrackerStore, url: str) -> None:
    for number in range(70):
        talk(store, 1)
        tracker = asyncio.run(store.retrieve("someone"))
        assert tracker is not None
        tracker.update_with_events([SlotSet("orders_title", f"{number}"), SlotSet("orders_number", None)], DOMAIN)
        asyncio.run(store.save(tracker))
        if number % 9 == 0:
            new = TrackerStore(DOMAIN)
            read, known = asyncio.run(new.retrieve("someone")), asyncio.run(store.retrieve("someone"))
            assert read is not None and known is not None
            mine, theirs = (t.current_state(EventVerbosity.ALL) for t in (known, read))
            common = min(len(mine["events"]), len(theirs["events"])) - 10
            assert mine["events"][-common:] == theirs["events"][-common:]
            for each in (mine, theirs):
                each.pop("events")
            assert mine == theirs
            new.engine.dispose()


def test_no_token_is_stored_or_published(store: TrackerStore, broker: Broker) -> None:
    talk(store, 2)
    assert TOKEN not in json.dumps(stored(store))
    assert len(broker.published) == len(stored(store)) and TOKEN not in json.dumps(broker.published)
