"""The store keeps order, recognises repeats and forgets nothing, on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.errors import OtherChannel, UnknownConversation
from connectors.store import ConnectorStore


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/not/there/yet/connectors.db"
        return
    server = request.getfixturevalue("postgres_url")
    schema = f"connectors_{secrets.token_hex(6)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(sa.text(f"CREATE SCHEMA {schema}"))
    address = sa.engine.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    yield address.render_as_string(hide_password=False)
    with admin.connect() as db:
        db.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def store(url: str) -> Iterator[ConnectorStore]:
    opened = ConnectorStore(url)
    yield opened
    opened.close()


def accept(store: ConnectorStore, conversation_id: str, provider_id: str, text: str = "你好") -> int:
    return store.accept(conversation_id, provider_id, {"text": text}, text, None).seq


def test_ids_cannot_be_guessed(store: ConnectorStore) -> None:
    ids = {store.begin("webchat").id for _ in range(20)}
    assert len(ids) == 20
    assert min(len(each) for each in ids) >= 43  # 256 bits in base64


def test_a_conversation_belongs_to_its_channel_and_its_first_customer(store: ConnectorStore) -> None:
    conversation = store.named("rest", "u1")
    assert store.named("rest", "u1") == conversation
    with pytest.raises(OtherChannel):
        store.named("webchat", "u1")
    assert [store.bind("u1", "C1"), store.bind("u1", "C2"), store.bind("u1", "C1")] == ["C1", "C1", "C1"]
    assert store.named("rest", "u1").customer == "C1"
    with pytest.raises(UnknownConversation):
        store.bind("u2", "C1")


def test_messages_are_numbered_without_gaps(store: ConnectorStore) -> None:
    one, two = store.begin("webchat").id, store.begin("webchat").id
    assert [accept(store, one, "a"), accept(store, two, "a"), accept(store, one, "b")] == [1, 1, 2]
    assert store.accept(one, "a", {"text": "again"}, "again", None).repeat
    assert store.append(one, "bot", {"text": "answer"}, key="k")
    assert not store.append(one, "bot", {"text": "answer"}, key="k")
    assert accept(store, one, "c") == 4
    assert [(m.seq, m.who, m.body["text"]) for m in store.after(one, 1)] == [
        (2, "customer", "你好"),
        (3, "bot", "answer"),
        (4, "customer", "你好"),
    ]
    assert [m.seq for m in store.latest(one, 2)] == [3, 4]


def test_many_writers_leave_no_gap_and_no_double(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id

    def write(number: int) -> None:
        accept(store, conversation, f"in-{number % 20}")
        store.append(conversation, "bot", {"text": str(number)}, key=f"out-{number % 20}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(60)))
    assert [m.seq for m in store.after(conversation, 0, 200)] == list(range(1, 41))


def test_a_conversation_begun_by_many_at_once_is_one(store: ConnectorStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: store.named("rest", "u1"), range(16)))
    assert len(set(found)) == 1


def test_waiting_messages_are_found_again_in_order(url: str) -> None:
    before = ConnectorStore(url)
    conversation = before.begin("webchat").id
    accept(before, conversation, "a", "一")
    accept(before, conversation, "b", "二")
    other = before.begin("rest").id
    accept(before, other, "a")
    before.close()

    store = ConnectorStore(url)
    assert store.with_waiting("webchat") == [conversation]
    first = store.next_waiting(conversation)
    assert first is not None
    assert (first.provider_id, first.said, first.attempt) == ("a", "一", 1)
    again = store.next_waiting(conversation)
    assert again is not None
    assert (again.provider_id, again.attempt) == ("a", 2)
    store.handled(conversation, again.seq)
    second = store.next_waiting(conversation)
    assert second is not None
    assert second.said == "二"
    store.handled(conversation, second.seq)
    assert store.next_waiting(conversation) is None
    assert (store.with_waiting("webchat"), store.waiting_count(conversation)) == ([], 0)
    store.close()


def test_offers_belong_to_their_conversation_and_move_on(store: ConnectorStore) -> None:
    one, two = store.begin("webchat").id, store.begin("webchat").id
    buttons = [{"title": "确认", "payload": "/affirm"}, {"title": "查这单", "payload": "/pick" + "x" * 9000}]
    store.append(one, "bot", {"text": "?", "buttons": buttons})
    offer = store.offer(one, "/affirm")
    assert offer is not None
    assert (offer.title, offer.seq) == ("确认", 1)
    assert store.offer(one, buttons[1]["payload"]) is not None
    assert store.offer(two, "/affirm") is None
    assert store.offer(one, "/deny") is None
    store.append(one, "bot", {"text": "?", "buttons": buttons[:1]})
    moved = store.offer(one, "/affirm")
    assert moved is not None
    assert moved.seq == 2


def test_what_databases_dislike_comes_back(store: ConnectorStore) -> None:
    conversation = store.begin("webchat").id
    body = {"text": "NUL \x00, half \ud83d, 引号 ' \" \\ 😀", "custom": {"n": [1, None, True]}}
    store.append(conversation, "bot", body)
    assert store.latest(conversation)[0].body == body


def test_unasked_messages_are_a_persons_and_the_bots_own(store: ConnectorStore) -> None:
    conversation = store.named("rest", "u1").id
    seq = accept(store, conversation, "a")
    store.append(conversation, "bot", {"text": "answer"}, reply_to=seq)
    store.append(conversation, "agent", {"text": "person"})
    store.append(conversation, "bot", {"text": "reminder"})
    assert [m.body["text"] for m in store.unasked(conversation, 0)] == ["person", "reminder"]
    assert [m.body["text"] for m in store.unasked(conversation, 3)] == ["reminder"]
    assert [m.body["text"] for m in store.answers(conversation, seq)] == ["answer"]


def test_pictures_belong_to_their_conversation(store: ConnectorStore) -> None:
    one, two = store.begin("webchat").id, store.begin("webchat").id
    kept = store.add_media(one, "image/png", 10)
    assert store.media(one, kept.id) == kept
    assert store.media(two, kept.id) is None
    assert (store.media_since(one, 60), store.media_since(two, 60)) == (1, 0)


def test_nothing_is_said_in_a_conversation_nobody_began(store: ConnectorStore) -> None:
    with pytest.raises(UnknownConversation):
        accept(store, "nowhere", "a")
    with pytest.raises(UnknownConversation):
        store.append("nowhere", "bot", {"text": "x"})


def test_sqlite_finds_waiting_messages_by_index(tmp_path: Path) -> None:
    store = ConnectorStore(f"sqlite:///{tmp_path}/c.db")
    with sa.create_engine(f"sqlite:///{tmp_path}/c.db").connect() as db:
        plan = db.execute(
            sa.text("EXPLAIN QUERY PLAN SELECT conversation_id FROM messages WHERE waiting = 1")
        ).all()
        mode = db.execute(sa.text("PRAGMA journal_mode")).scalar()
    assert "waiting_messages" in str(plan)
    assert mode == "wal"
    store.close()
