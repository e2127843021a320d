"""Whatever happens on the way, the lake holds each event of the source once, and no personal data."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pika
import psycopg
import pytest

from analytics.collect import collect
from analytics.lake import Lake
from analytics.problems import LakeError, StoreError
from analytics.sources.broker import BrokerSource
from analytics.sources.sql import PostgresSource, SqliteSource, open_store
from tests.analytics.conftest import COLUMNS, NOW, TABLE, bot, event, slot, stored, user, write


def ids(lake: Lake) -> list[int]:
    return [row[0] for row in stored(lake, "SELECT event_id FROM events ORDER BY event_id")]


def test_a_second_run_takes_only_what_is_new(tmp_path: Path, lake: Lake) -> None:
    store = write(tmp_path / "t.db", [user("c1", "几天发货", NOW), bot("c1", "三天", NOW + 1)])
    assert collect(lake, open_store(store)) == 2
    write(tmp_path / "t.db", [user("c1", "谢谢", NOW + 9)])
    assert collect(lake, open_store(store)) == 1
    assert collect(lake, open_store(store)) == 0
    assert ids(lake) == [1, 2, 3]


def test_what_was_said_is_masked_and_tokens_stay_out(tmp_path: Path, lake: Lake) -> None:
    rows = [
        user("13812345678", "我叫李建国，电话13812345678", NOW, metadata={"customer_token": "eyJhbGciOi.secret"}),
        bot("13812345678", "好的，13812345678 已登记", NOW + 1),
        slot("13812345678", "phone", {"number": "13812345678", "mail": "li@example.com"}, NOW + 2),
        event("13812345678", "user", NOW + 3, text="你好", input_channel="13812345678", metadata={"x": "13812345678"}),
    ]
    collect(lake, open_store(write(tmp_path / "t.db", rows)))
    told = json.dumps(stored(lake, "SELECT * EXCLUDE (day) FROM events"), ensure_ascii=False)
    for secret in ("13812345678", "李建国", "li@example.com", "eyJ"):
        assert secret not in told
    assert stored(lake, "SELECT count(DISTINCT conversation_id), min(conversation_id[:2]) FROM events") == [(1, "p-")]


def test_a_day_is_the_shops_day(tmp_path: Path, lake: Lake) -> None:
    before_midnight = 1_794_931_199.0  # 2026-11-17 23:59:59 in Shanghai
    collect(lake, open_store(write(tmp_path / "t.db", [user("c", "晚", before_midnight), user("c", "早", before_midnight + 1)])))
    assert [str(row[0]) for row in stored(lake, "SELECT day FROM events ORDER BY event_id")] == ["2026-11-17", "2026-11-18"]


def test_what_cannot_be_read_is_kept_and_told(tmp_path: Path, lake: Lake) -> None:
    rows: list[tuple[Any, ...]] = [
        user("c", "你好", NOW),
        ("c", "user", NOW, None, None, "{half"),
        ("c", "user", None, None, None, None),
        ("c", "user", float("inf"), None, None, json.dumps({"event": "user", "text": "half \ud83d pair"})),
        event("c", "some_event_of_rasa_9", NOW, name="x"),
    ]
    assert collect(lake, open_store(write(tmp_path / "t.db", rows))) == 5
    kinds = [row[0] for row in stored(lake, "SELECT type FROM events ORDER BY event_id")]
    assert kinds == ["user", "unreadable", "unreadable", "user", "some_event_of_rasa_9"]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda path: None, "没有这个文件"),
        (lambda path: path.write_text("hello, this is not a database at all" * 40), "不是 SQLite"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE other (x)"), "没有 events 表"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE events (id INTEGER, sender_id TEXT)"), "缺少列"),
    ],
)
def test_a_store_that_is_none_is_told_apart(tmp_path: Path, prepare: Callable[[Path], Any], message: str) -> None:
    prepare(tmp_path / "t.db")
    with pytest.raises(StoreError, match=message):
        open_store(f"sqlite:///{tmp_path}/t.db")


def test_a_locked_store_loses_nothing(tmp_path: Path, lake: Lake) -> None:
    store = write(tmp_path / "t.db", [user("c", "你好", NOW)])
    source = open_store(store)
    assert isinstance(source, SqliteSource)
    source.wait(50)
    holding = "import sqlite3, sys; held = sqlite3.connect(sys.argv[1], isolation_level=None); held.execute('BEGIN EXCLUSIVE'); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(tmp_path / "t.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(StoreError, match="占着"):
            collect(lake, source)
        other.communicate("")
    assert collect(lake, source) == 1


def test_a_store_that_began_anew_is_not_mistaken_for_the_old_one(tmp_path: Path, lake: Lake) -> None:
    store = write(tmp_path / "t.db", [user("c", "一", NOW), user("c", "二", NOW + 1)])
    collect(lake, open_store(store))
    with closing(sqlite3.connect(tmp_path / "t.db")) as connection, connection:
        connection.execute("DELETE FROM events")
    write(tmp_path / "t.db", [user("d", "新", NOW)])
    with pytest.raises(StoreError, match="清空或换过"):
        collect(lake, open_store(store))
    assert collect(lake, open_store(store, "new")) == 1


def test_an_empty_store_and_a_folder_that_is_no_lake(tmp_path: Path, lake: Lake) -> None:
    assert collect(lake, open_store(write(tmp_path / "t.db", []))) == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    with pytest.raises(LakeError, match="不是空的"):
        Lake(tmp_path / "other")


def test_a_second_collector_of_a_source_is_refused(lake: Lake) -> None:
    refused = pytest.raises(LakeError, match="另一个 collect")
    with lake.collecting("one"), lake.collecting("two"), refused, lake.collecting("one"):
        pass


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[str]:
    """A database with an empty `events` of Rasa's."""
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS events")
        admin.execute(TABLE.replace("INTEGER NOT NULL", "SERIAL"))
    yield postgres_url
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("DROP TABLE IF EXISTS events")


def insert(connection: psycopg.Connection[Any], *rows: tuple[Any, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO events ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", rows)


def test_two_writers_that_commit_out_of_order_lose_nothing(postgres: str, lake: Lake) -> None:
    with psycopg.connect(postgres) as first, psycopg.connect(postgres) as second:
        insert(second, user("c0", "零", NOW))
        second.commit()
        insert(first, user("c1", "一", NOW))  # draws its id, and waits
        insert(second, user("c2", "二", NOW + 1))
        second.commit()
        source = PostgresSource(postgres)
        batch = source.read(0)
        assert (batch.rows.num_rows, batch.position) == (1, 1), "what lies behind the open transaction is held back"
        first.commit()
        assert collect(lake, source) == 3
    assert ids(lake) == [1, 2, 3]


def test_a_gap_that_nobody_fills_holds_nothing_up(postgres: str, lake: Lake) -> None:
    with psycopg.connect(postgres) as writer:
        insert(writer, user("c", "一", NOW))
        writer.rollback()
        insert(writer, user("c", "二", NOW))
        writer.commit()
    assert collect(lake, PostgresSource(postgres)) == 1


def test_many_writers_at_once_lose_nothing(postgres: str, lake: Lake) -> None:
    """Writers of unequal patience, some of whom take back what they wrote, while the lake follows."""
    stop = threading.Event()
    follower = threading.Thread(target=collect, args=(lake, PostgresSource(postgres)), kwargs={"follow": True, "stop": stop})
    follower.start()

    def write_some(number: int) -> None:
        with psycopg.connect(postgres) as writer:
            for n in range(30):
                insert(writer, *(user(f"w{number}", f"{n}", NOW + n) for _ in range(number % 3 + 1)))
                time.sleep(0.002 * (number % 4))
                writer.rollback() if n % 7 == number else writer.commit()

    writers = [threading.Thread(target=write_some, args=(n,)) for n in range(6)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    with psycopg.connect(postgres) as reader:
        expected = [row[0] for row in reader.execute("SELECT id FROM events ORDER BY id").fetchall()]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (not lake.files() or len(ids(lake)) < len(expected)):
        time.sleep(0.1)
    stop.set()
    follower.join()
    assert ids(lake) == expected


def test_a_killed_follower_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """SIGKILL at some moment of its work, while events are written; and again; then once more to the end."""
    store = write(tmp_path / "t.db", [])
    lake = Lake(tmp_path / "lake")
    command = [sys.executable, "-m", "analytics", "collect", store, "--lake", str(lake.path), "--follow"]
    random, written = Random(11), 0
    for _ in range(int(os.environ.get("LINGXI_TEST_SCALE", "2"))):
        begun = lake.position("sqlite:t")
        follower = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline, until = time.monotonic() + 60, None
        while until is None or time.monotonic() < until:
            write(tmp_path / "t.db", [user(f"c{written % 7}", f"第{written + i}句", NOW + written + i) for i in range(50)])
            written += 50
            assert time.monotonic() < deadline, "the follower stores nothing"
            if until is None and lake.position("sqlite:t") > begun:
                until = time.monotonic() + random.uniform(0, 1)
        follower.send_signal(signal.SIGKILL)
        follower.wait()
    assert 0 < len(ids(lake)) <= written
    collect(lake, open_store(store))
    assert ids(lake) == list(range(1, written + 1))


@pytest.fixture
def queue(rabbitmq_url: str) -> Iterator[tuple[str, str, Callable[..., None]]]:
    """A durable queue bound as Rasa binds it: its server, its name, and what publishes to it."""
    name = f"lingxi-test-{secrets.token_hex(4)}"
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    channel = connection.channel()
    channel.queue_declare(name, durable=True)

    def publish(*rows: tuple[Any, ...]) -> None:
        for row in rows:
            body = {"sender_id": row[0], **json.loads(row[5])}
            channel.basic_publish("", name, json.dumps(body).encode(), pika.BasicProperties(delivery_mode=2))

    yield rabbitmq_url, name, publish
    channel.queue_delete(name)
    connection.close()


def drain(lake: Lake, url: str, name: str) -> int:
    with closing(BrokerSource(url, name)) as source:
        return collect(lake, source)


def test_a_message_is_acknowledged_when_the_lake_has_it(queue: tuple[str, str, Callable[..., None]], lake: Lake) -> None:
    url, name, publish = queue
    publish(user("c1", "电话13812345678", NOW), bot("c1", "好", NOW + 1))
    crashed = BrokerSource(url, name)
    assert crashed.read(0).rows.num_rows == 2
    crashed.close()  # died before anything was stored
    assert drain(lake, url, name) == 2
    publish(user("c1", "谢谢", NOW + 9))
    assert drain(lake, url, name) == 1
    assert [row[0] for row in stored(lake, "SELECT text FROM events ORDER BY event_id")] == ["电话138****5678", "好", "谢谢"]


def test_a_message_stored_and_not_acknowledged_is_not_stored_twice(
    queue: tuple[str, str, Callable[..., None]], lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, name, publish = queue
    publish(*(user("c1", f"第{n}句", NOW + n) for n in range(5)))
    crashed = BrokerSource(url, name)

    def die() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(crashed, "stored", die)
    with pytest.raises(KeyboardInterrupt):
        collect(lake, crashed)
    crashed.close()
    publish(user("c1", "后来", NOW + 60))
    assert drain(lake, url, name) == 1
    assert len(ids(lake)) == 6


def test_no_queue_and_no_server_are_told_apart(rabbitmq_url: str) -> None:
    with pytest.raises(StoreError, match="没有队列"):
        BrokerSource(rabbitmq_url, "lingxi-test-no-such-queue")
    with pytest.raises(StoreError, match="连不上"):
        BrokerSource("amqp://guest:guest@127.0.0.1:1/")
