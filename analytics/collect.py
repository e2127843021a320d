"""Takes events from a source into the lake, masked on the way, until there are no more or for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

from analytics.lake import Lake
from analytics.sources import Source
from analytics.staging import Staging

PATIENCE = 0.5  # seconds between two looks at a source that had nothing new
_TIDY_EVERY = 200  # appends


def collect(
    lake: Lake, source: Source, told: Callable[[int], None] = lambda _: None, follow: bool = False,
    stop: threading.Event | None = None,
) -> int:
    """Store what is new; how many events. With `follow` until `stop` is set.

    Args:
        told: is called with the number of events after every append.
    """
    stop = stop or threading.Event()
    staging = Staging(lake.key)
    stored = appends = 0
    with lake.collecting(source.name):
        position = lake.position(source.name)
        while not stop.is_set():
            batch = source.read(position)
            if batch.rows.num_rows:
                lake.append(source.name, staging.stage(source.name, batch.rows), batch.position)
                position = batch.position
                stored += batch.rows.num_rows
                appends += 1
                told(batch.rows.num_rows)
                if appends % _TIDY_EVERY == 0:
                    lake.tidy()
            elif not follow and not source.remaining(position):
                break
            if not batch.more:
                stop.wait(PATIENCE if follow else 0.02)
    return stored
