"""What is stored is pushed: in order, again after a failure, kept where it may not go, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from connectors.delivery import Delivery, Parcel
from connectors.errors import PushHeld, PushLater, PushRefused
from connectors.outbox import Outbox
from connectors.store import ConnectorStore, Message
from connectors.tables import ADDRESSES, MESSAGES, ROUTES, UNDELIVERED


class Provider:
    """Takes parcels, or fails as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[tuple[str, str]] = []
        self.busy: set[str] = set()

    def pack(self, messages: Sequence[Message]) -> Iterable[Parcel]:
        return [Parcel((message,), message.body["text"]) for message in messages]

    async def push(self, address: str, parcel: Parcel) -> None:
        assert address not in self.busy, "one sender at a time"
        self.busy.add(address)
        await asyncio.sleep(0.01)
        self.busy.discard(address)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append((address, parcel.content))


def conversation(store: ConnectorStore, address: str = "o1") -> str:
    outbox = Outbox(store)
    found = outbox.reach("wechat", address).id
    outbox.heard(found, "wechat", address)
    return found


def delivered(
    store: ConnectorStore,
    provider: Provider,
    during: Callable[[Delivery], Awaitable[Any]],
    pause: float = 0.01,
) -> None:
    async def run() -> None:
        delivery = Delivery("wechat", store, provider, pause)
        await delivery.start()
        try:
            await during(delivery)
        finally:
            await delivery.stop()

    asyncio.run(run())


async def seen(look: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + 10
    while (found := look()) != wanted:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.01)


def test_what_was_stored_before_a_start_is_pushed_in_order(store: ConnectorStore) -> None:
    ids = [conversation(store, address) for address in ("o1", "o2")]
    for text in ("一", "二", "三"):
        for each in ids:
            store.append(each, "bot", {"text": text})
    provider = Provider()
    delivered(store, provider, lambda _: seen(lambda: len(provider.taken), 6))
    for address in ("o1", "o2"):
        assert [text for to, text in provider.taken if to == address] == ["一", "二", "三"]
    again = Provider()
    delivered(store, again, lambda _: asyncio.sleep(0.2))
    assert again.taken == [], "nothing is pushed twice"


def test_a_failure_is_tried_again_and_nothing_overtakes_it(store: ConnectorStore) -> None:
    mine = conversation(store)
    provider = Provider(PushLater("busy"), ConnectionError(), PushLater("busy", 0.05))

    async def during(delivery: Delivery) -> None:
        for text in ("一", "二"):
            await store.on_thread(store.append, mine, "bot", {"text": text})
            delivery.wake(mine)
        await seen(lambda: [text for _, text in provider.taken], ["一", "二"])

    delivered(store, provider, during)


def test_what_is_held_goes_when_the_customer_writes(store: ConnectorStore) -> None:
    mine = conversation(store)
    provider = Provider(PushHeld("45047"))

    async def during(delivery: Delivery) -> None:
        for text in ("一", "二"):
            await store.on_thread(store.append, mine, "agent", {"text": text})
            delivery.wake(mine)
        await asyncio.sleep(0.2)
        assert provider.taken == []
        await store.on_thread(Outbox(store).heard, mine, "wechat", "o1")
        delivery.wake(mine)
        await seen(lambda: [text for _, text in provider.taken], ["一", "二"])

    delivered(store, provider, during)


def test_what_is_refused_is_kept_for_a_person_and_sent_again_when_asked(store: ConnectorStore) -> None:
    mine, outbox = conversation(store), Outbox(store)
    provider = Provider(PushRefused("45002"))

    async def during(delivery: Delivery) -> None:
        for text in ("一", "二"):
            await store.on_thread(store.append, mine, "bot", {"text": text})
            delivery.wake(mine)
        await seen(lambda: [text for _, text in provider.taken], ["二"])
        (kept,) = await store.on_thread(outbox.undelivered, "wechat")
        assert (kept.conversation_id, kept.seq, kept.problem) == (mine, 1, "45002")
        provider.failures.append(PushRefused("45002"))
        for left in ([1], []):
            assert await store.on_thread(outbox.send_again, "wechat") == 1
            delivery.wake(mine)
            await asyncio.sleep(0.2)
            assert [each.seq for each in await store.on_thread(outbox.undelivered, "wechat")] == left
        assert [text for _, text in provider.taken] == ["二", "一"]

    delivered(store, provider, during)


def test_after_a_day_of_failures_a_message_is_given_up(store: ConnectorStore) -> None:
    mine = conversation(store)
    store.append(mine, "bot", {"text": "昨天"})
    with store.engine.begin() as db:
        db.execute(MESSAGES.update().values(created_ms=MESSAGES.c.created_ms - 25 * 3600 * 1000))
    store.append(mine, "bot", {"text": "今天"})
    provider = Provider(PushLater("busy"))
    delivered(store, provider, lambda _: seen(lambda: [text for _, text in provider.taken], ["今天"]))
    assert [each.problem for each in Outbox(store).undelivered()] == ["busy"]


def test_answers_go_to_the_channel_used_last(store: ConnectorStore) -> None:
    mine, outbox = conversation(store), Outbox(store)
    outbox.heard(mine, "sms", "13800000000")
    store.append(mine, "bot", {"text": "短信"})
    assert outbox.pending(mine, "wechat") is None
    pending = outbox.pending(mine, "sms")
    assert pending is not None and pending.address == "13800000000"


def test_one_address_has_one_conversation_whoever_asks_first(store: ConnectorStore) -> None:
    outbox = Outbox(store)
    with ThreadPoolExecutor(6) as threads:
        found = {each.id for each in threads.map(lambda _: outbox.reach("wechat", "o1"), range(12))}
        list(threads.map(lambda id_: outbox.heard(id_, "wechat", "o1"), [*found] * 12))
    assert len(found) == 1
    assert outbox.reach("sms", "o1").id not in found


def test_a_signature_is_used_with_one_body(store: ConnectorStore) -> None:
    outbox = Outbox(store)
    assert outbox.first_use("wechat", "n1", "a", 600) and outbox.first_use("wechat", "n1", "a", 600)
    assert not outbox.first_use("wechat", "n1", "b", 600)
    assert outbox.first_use("sms", "n1", "b", 600) and outbox.first_use("wechat", "n2", "b", 600)
    time.sleep(0.01)
    assert outbox.first_use("wechat", "n1", "b", 0), "forgotten, and too old by then to pass"


def test_forgetting_leaves_nothing_of_a_conversation(store: ConnectorStore) -> None:
    mine, outbox = conversation(store), Outbox(store)
    store.append(mine, "bot", {"text": "一"})
    pending = outbox.pending(mine, "wechat")
    assert pending is not None
    outbox.give_up(mine, "wechat", pending.messages, "45002")
    far = 2**50
    assert store.forget(mine, far, far)
    with store.engine.connect() as db:
        for table in (ADDRESSES, ROUTES, UNDELIVERED):
            assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
