"""Two Rasa processes behind one port, over PostgreSQL and Redis: what customers say is answered, also when one is killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.e2e.stack import Customer, Stack
from tests.services import POSTGRES, REDIS, free_port

SAID = ("你好", "运费怎么算", "你是机器人吗", "你能做什么", "发票怎么开", "几点上班", "谢谢")
CONVERSATIONS = 6


class Workers(Stack):
    """The processes of `make run WORKERS=2`."""

    def __init__(self, folder: Path, database: str, redis: str) -> None:
        super().__init__(folder)
        for store in ("tracker", "connectors"):
            with psycopg.connect(database, autocommit=True) as admin:
                admin.execute(f"DROP SCHEMA IF EXISTS workers_{store} CASCADE")
                admin.execute(f"CREATE SCHEMA workers_{store}")
            address = f"{database}?options=-csearch_path%3Dworkers_{store}"
            self.environ[f"LINGXI_{store.upper()}_DATABASE_URL"] = address
        self.environ["LINGXI_REDIS_URL"] = redis
        command = self._commands.pop("rasa")
        for name in ("rasa.1", "rasa.2"):
            port = free_port()
            self.urls[name] = f"http://127.0.0.1:{port}"
            self._commands[name] = f"{command} --worker {port}"


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    database, redis = os.environ.get(POSTGRES), os.environ.get(REDIS)
    if not database or not redis:
        pytest.skip("no PostgreSQL or no Redis")
    running = Workers(tmp_path, database, redis)
    try:
        running.start()
        yield running
    finally:
        running.kill()


def insist(customer: Customer, text: str, message_id: str) -> str:
    """Say something, and say it again with the same id while nobody answers, as clients do."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return customer.say(text, message_id)
        except (httpx.HTTPError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_every_message_is_answered_in_order_and_once_though_a_worker_is_killed(workers: Workers) -> None:
    customers = [workers.customer(None) for _ in range(CONVERSATIONS)]

    def converse(customer: Customer) -> list[str]:
        return [insist(customer, text, f"m-{number}") for number, text in enumerate(SAID)]

    with ThreadPoolExecutor(CONVERSATIONS) as talking:
        answered = [talking.submit(converse, customer) for customer in customers]
        time.sleep(2)
        workers.kill("rasa.1")
        told = [each.result(120) for each in answered]
    assert all(all(answers) for answers in told), "everything is answered"
    assert not [answer for answers in told for answer in answers if "没有处理成功" in answer]
    for customer in customers:
        events = workers.tracker(customer.sender)["events"]
        said = [event["text"] for event in events if event["event"] == "user"]
        # What the killed one had said and not yet written down as handled, is handled again.
        assert [text for place, text in enumerate(said) if text not in said[:place]] == list(SAID)
        assert len(said) <= len(SAID) + 1
    workers.start("rasa.1")
    assert workers.customer(None).say("你好")
