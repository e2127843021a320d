"""Takes events from a source into the lake, masked on the way, until there are no more or for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc

from analytics.lake import Lake
from analytics.sources import BATCH, Batch, Source
from analytics.staging import Staging

PATIENCE = 0.5  # seconds between two looks at a source that had nothing new
_HELD_BACK = 10.0  # seconds to wait for somebody else's open transaction before leaving the rest for the next time
_TIDY_EVERY = 200  # appends


def collect(
    lake: Lake,
    source: Source,
    told: Callable[[int], None] = lambda _: None,
    follow: bool = False,
    stop: threading.Event | None = None,
) -> int:
    """Store what is new; how many events. With `follow` until `stop` is set.

    Args:
        told: is called with the number of events after every append.
    """
    stop = stop or threading.Event()
    staging = Staging(lake.key)
    stored = appends = 0
    last_news = time.monotonic()
    with lake.collecting(source.name), closing(staging):
        position = lake.position(source.name)
        while not stop.is_set():
            batch = source.read(position)
            if batch.rows.num_rows:
                rows = _new(lake, source.name, position, batch, staging.stage(source.name, batch.rows))
                if rows.num_rows:
                    lake.append(source.name, rows, batch.position)
                    position = batch.position
                    appends += 1
                source.stored()
                stored += rows.num_rows
                last_news = time.monotonic()
                told(rows.num_rows)
                if appends % _TIDY_EVERY == _TIDY_EVERY - 1:
                    lake.tidy()
            elif not follow and (not source.remaining(position) or time.monotonic() - last_news > _HELD_BACK):
                break
            if not batch.more:
                stop.wait(PATIENCE if follow else 0.02)
    return stored


def _new(lake: Lake, source: str, position: int, batch: Batch, rows: pa.Table) -> pa.Table:
    """The rows without those that came before a crash and come again."""
    if not batch.again:
        return rows
    stored = lake.digests(source, position - BATCH)
    again = pc.and_(
        pc.is_in(rows["event_id"], pa.array(sorted(batch.again), pa.int64())),
        pc.is_in(rows["digest"], pa.array(sorted(stored), pa.int64())),
    )
    return rows.filter(pc.invert(again))
