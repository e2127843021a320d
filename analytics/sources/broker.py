"""Rasa's events from RabbitMQ, as `PikaEventBroker` publishes them: JSON with `sender_id`, to a durable queue.

A message is acknowledged when the lake has it. What a crash leaves unacknowledged comes again, marked as redelivered:
`collect` leaves out those of them that the lake has already.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from analytics.problems import StoreError
from analytics.sources import Batch, as_batch

QUEUE = "rasa_core_events"
_PATIENCE = 0.5  # seconds without a message that end a batch
_MOST = 20_000  # messages of a batch: unacknowledged ones are kept by the server too


class BrokerSource:
    """One queue. `read` gives messages in the order of the queue, numbered on from the position."""

    def __init__(self, url: str, queue: str = QUEUE, name: str | None = None) -> None:
        self.name = name or f"rabbitmq:{queue}"
        self._queue = queue
        self._last: int | None = None
        try:
            self._connection: Any = pika.BlockingConnection(pika.URLParameters(url))
            self._channel: Any = self._connection.channel()
            self._channel.basic_qos(prefetch_count=_MOST)
            self._channel.queue_declare(queue, passive=True)
        except ChannelClosedByBroker as error:
            raise StoreError(f"RabbitMQ 里没有队列 {queue}：先用 event_broker 配好 Rasa，或用 --queue 指定") from error
        except (AMQPError, OSError, ValueError) as error:
            raise StoreError(f"连不上 RabbitMQ（{type(error).__name__}）：请检查地址、用户名和密码") from error

    def read(self, after: int) -> Batch:
        """What has arrived, up to a batch; waits half a second for the first message."""
        rows: list[tuple[int, str, str, float | None, str]] = []
        again: set[int] = set()
        until = time.monotonic() + 2 * _PATIENCE
        try:
            for method, _, body in self._channel.consume(self._queue, inactivity_timeout=_PATIENCE):
                if method is not None:
                    number = after + len(rows) + 1
                    rows.append((number, *_unpacked(body)))
                    self._last = method.delivery_tag
                    if method.redelivered:
                        again.add(number)
                if method is None or len(rows) == _MOST or time.monotonic() > until:
                    break
        except (AMQPError, OSError) as error:
            raise _gone(error) from error
        return as_batch(rows, after + len(rows), bool(rows), frozenset(again))

    def stored(self) -> None:
        """All that was read is in the lake: the queue may forget it."""
        if self._last is not None:
            try:
                self._channel.basic_ack(self._last, multiple=True)
            except (AMQPError, OSError) as error:
                raise _gone(error) from error
            self._last = None

    def remaining(self, after: int) -> int:
        """How many messages wait in the queue."""
        try:
            return int(self._channel.queue_declare(self._queue, passive=True).method.message_count)
        except (AMQPError, OSError) as error:
            raise _gone(error) from error

    def close(self) -> None:
        """Close the connection; what is not acknowledged stays in the queue."""
        with suppress(AMQPError, OSError):
            self._connection.close()


def _gone(error: Exception) -> StoreError:
    return StoreError(f"RabbitMQ 断开了（{type(error).__name__}）：再运行一次会接着来，不漏不重")


def _unpacked(body: bytes) -> tuple[str, str, float | None, str]:
    text = body.decode("utf-8", "replace")
    try:
        event = json.loads(text)
        return str(event["sender_id"]), str(event["event"]), float(event["timestamp"]), text
    except (ValueError, TypeError, KeyError):
        return "unreadable", "unreadable", None, "{" if text.startswith("{") else ""
