"""A minute of `make soak`; and that its judge sees what it is there to see."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.soak.__main__ import soak
from tests.soak.customers import REPLIED
from tests.soak.judgement import Book, Verdict, done_once, silent_logs, table, with_people
from tests.soak.world import Small, World

Day = tuple[World, list[Verdict]]
# One answer, one customer's message, one reply of a person: of conversations that went well.
ANSWER = "select rowid from messages where who = 'bot' and reply_to is not null and conversation_id like 'soak-%' limit 1"
COPY = (
    "insert into messages select conversation_id, (select max(seq) + 1 from messages n where n.conversation_id = m.conversation_id),"
    " who, body, {key}, reply_to, created_ms, said, customer, attempts, waiting from messages m where rowid = ({which})"
)
REPLY = f"select rowid from messages where who = 'agent' and body like '%{json.dumps(REPLIED)[1:-1]}%' limit 1"
TAMPERED = {
    "a message that was taken is there, once": ("connectors", "delete from messages where who = 'customer' and conversation_id like 'soak-%'"),
    "every message is answered (or a person has it)": ("connectors", f"delete from messages where rowid = ({ANSWER})"),
    "no answer twice": ("connectors", COPY.format(key="key || ':2'", which=ANSWER)),
    "in order": ("connectors", f"update messages set seq = -seq where rowid = ({ANSWER})"),
    "what was heard is what is stored": ("connectors", f"update messages set body = '{{\"text\": \"x\"}}' where rowid = ({ANSWER})"),
    "an agent's reply comes once, in order": ("connectors", COPY.format(key="key || ':2'", which=REPLY)),
    "what is said to a person arrives once, in order": ("backoffice", "delete from handoff_messages where who = 'customer'"),
    "what was wanted is done once, and said so": ("backoffice", "delete from {table}"),
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """What came of a minute with much trouble; its processes have ended."""
    return soak(Small(tmp_path_factory.mktemp("soak")), 75, customers=12, think=(1.0, 3.0), pause=(0.5, 2.0), seed=1)


def again(world: World) -> Iterator[Verdict]:
    """What can be judged from files alone."""
    book = Book(world)
    yield from (book.taken(), book.answered(), book.not_doubled(), book.in_order(), book.as_stored(), done_once(world))
    yield from (*with_people(world, book), silent_logs(world))


def test_a_troubled_minute_loses_nothing_and_doubles_nothing(day: Day) -> None:
    world, judged = day
    print(table(world, judged))
    assert not [broken for each in judged for broken in each.broken]
    assert len(world.said) > 100 and world.troubles, "something was said, and something went wrong"


@pytest.mark.parametrize("promise", TAMPERED)
def test_the_judge_sees_a_broken_promise(day: Day, promise: str) -> None:
    world, _ = day
    store, change = TAMPERED[promise]
    if "{table}" in change:
        done = next(wish.attempt for wish in world.wishes if wish.confirmed and wish.attempt.rows() == 1 and wish.attempt.kind.name != "cancel")
        change = change.format(table=done.kind.rows.split(" from ")[1].split()[0])
    file = world.stack.folder / f"{store}.db"
    with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(":memory:")) as kept:
        live.backup(kept)
        with live:
            assert live.execute(change).rowcount > 0, "nothing to tamper with"
        broken = [each.promise for each in again(world) if each.broken]
        kept.backup(live)
    assert promise in broken
    assert not [each.broken for each in again(world) if each.broken]


def test_the_judge_reads_the_logs(day: Day) -> None:
    world, _ = day
    with (world.stack.folder / "more.log").open("w") as log:
        log.write(f"event=x token={world.tokens[0]}\n")
    assert silent_logs(world).broken
    (world.stack.folder / "more.log").unlink()
