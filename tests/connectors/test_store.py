"""The store keeps order, recognises repeats and forgets nothing, on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.errors import OtherChannel, UnknownConversation
from connectors.store import Accepted, ConnectorStore, Gone, is_button


def accept(store: ConnectorStore, conversation_id: str, provider_id: str, text: str = "你好") -> int:
    return store.accept(conversation_id, provider_id, {"text": text}, text, None).seq


def test_workers_that_start_at_once_make_the_tables_together(postgres_url: str) -> None:
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    for _ in range(5):
        schema = f"connectors_{secrets.token_hex(6)}"
        address = sa.engine.make_url(postgres_url).update_query_dict({"options": f"-csearch_path={schema}"})
        with admin.connect() as db, ThreadPoolExecutor(4) as workers:
            db.execute(sa.text(f"CREATE SCHEMA {schema}"))
            for opened in workers.map(ConnectorStore, [address.render_as_string(hide_password=False)] * 4):
                opened.close()
            db.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


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
    with pytest.raises(ValueError, match="not a conversation id"):
        store.named("rest", "../u1")


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


def ask(store: ConnectorStore, conversation: str, *payloads: str, **about: Any) -> list[str]:
    """Ask with buttons; their ids."""
    buttons = [{"title": f"选{payload[:9]}", "payload": payload} for payload in payloads]
    who = about.pop("who", "bot")
    store.append(conversation, who, {"text": "?", "buttons": buttons}, **about)
    return [each["payload"] for each in store.latest(conversation, 1)[0].body["buttons"]]


def press(store: ConnectorStore, conversation: str, button: str) -> Accepted | Gone:
    return store.press(conversation, secrets.token_hex(8), button, None)


def test_a_button_says_its_payload_in_its_own_conversation(store: ConnectorStore) -> None:
    one, two = store.begin("webchat").id, store.begin("webchat").id
    long = "/pick" + "x" * 9000
    seq = accept(store, one, "a")
    yes, pick = ask(store, one, "/affirm", long, reply_to=seq)
    assert is_button(yes) and is_button(pick)
    assert press(store, two, yes) == Gone(again=False, question=None)
    assert press(store, one, pick) == Accepted(3, repeat=False)
    waiting = store.next_waiting(one)
    assert waiting is not None
    store.handled(one, waiting.seq)
    waiting = store.next_waiting(one)
    assert waiting is not None
    assert waiting.said == long
    assert store.latest(one, 1)[0].body == {"text": "选/pickxxxx"}


def test_a_press_is_recognised_when_it_is_repeated(store: ConnectorStore) -> None:
    one = store.begin("webchat").id
    (yes,) = ask(store, one, "/affirm")
    assert store.press(one, "p", yes, None) == Accepted(2, repeat=False)
    assert store.press(one, "p", yes, None) == Accepted(2, repeat=True)
    assert press(store, one, yes) == Gone(again=True, question=None)


def test_only_the_open_questions_buttons_may_be_pressed(store: ConnectorStore) -> None:
    one = store.begin("webchat").id
    first = accept(store, one, "a")
    (old,) = ask(store, one, "/affirm", reply_to=first)
    second = accept(store, one, "b")
    (late,) = ask(store, one, "/affirm", reply_to=first)  # said after "b" was written, about "a"
    (new,) = ask(store, one, "/affirm", reply_to=second)
    for gone in (old, late):
        answer = press(store, one, gone)
        assert isinstance(answer, Gone)
        assert answer.question is not None
        assert answer.question.body["buttons"][0]["payload"] == new
    assert isinstance(press(store, one, new), Accepted)


def test_what_the_bot_asks_by_itself_ends_what_it_asked_before(store: ConnectorStore) -> None:
    one = store.begin("webchat").id
    (confirm,) = ask(store, one, "/affirm", reply_to=accept(store, one, "a"))
    (of_agent,) = ask(store, one, "/affirm", who="agent")
    (rating,) = ask(store, one, "/rate")
    store.append(one, "bot", {"text": "包裹已发货"})
    assert isinstance(press(store, one, confirm), Gone)
    assert isinstance(press(store, one, of_agent), Gone)
    assert isinstance(press(store, one, rating), Accepted)


def test_presses_at_once_are_one(store: ConnectorStore) -> None:
    one = store.begin("webchat").id
    yes, no = ask(store, one, "/affirm", "/deny")
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: press(store, one, (yes, no)[n % 2]), range(16)))
    assert len([each for each in answers if isinstance(each, Accepted)]) == 1


def test_buttons_of_long_ago_are_forgotten(store: ConnectorStore, url: str) -> None:
    one = store.begin("webchat").id
    for number in range(5):
        ask(store, one, "/affirm", "/deny", reply_to=accept(store, one, str(number)))
    with sa.create_engine(url).connect() as db:
        assert db.execute(sa.text("SELECT count(*) FROM buttons")).scalar() == 4


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
