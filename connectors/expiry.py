"""Forgets conversations in which nothing has been said for a long time: their messages, buttons and pictures.

Some at a time, in the background, so that nobody who talks waits for it. What still waits for an answer stays, and so does
everything of a conversation in which something was said of late, however old its beginning.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from connectors.store import FIRST, ConnectorStore, Place

logger = logging.getLogger(__name__)

DAY_MS = 24 * 3600 * 1000
# Begun by a page that was looked at, and never used.
EMPTY_DAYS = 7
_AT_ONCE = 300
_PAUSE_SECONDS = 1.0
_EVERY_SECONDS = 600.0


async def forget_old(store: ConnectorStore, media_folder: Path, days: int) -> None:
    """Sweep again and again, until cancelled. `days` 0: nothing is ever forgotten."""
    while days:
        try:
            forgotten = await sweep(store, media_folder, days)
            if forgotten:
                logger.info("event=forgotten conversations=%d", forgotten)
        except Exception as error:  # the store is out of reach: the next round tries again
            logger.error("event=sweep_failed error=%s", type(error).__name__)
        await asyncio.sleep(_EVERY_SECONDS)


async def sweep(
    store: ConnectorStore, media_folder: Path, days: int, pause_seconds: float = _PAUSE_SECONDS
) -> int:
    """Look at every conversation once; how many are forgotten."""
    now = time.time_ns() // 1_000_000
    before, empty_before = now - days * DAY_MS, now - min(days, EMPTY_DAYS) * DAY_MS
    forgotten = 0
    place: Place | None = FIRST
    while place is not None:
        ids, place = await store.on_thread(store.idle, before, empty_before, place, _AT_ONCE)
        for conversation_id in ids:
            forgotten += await _forget(store, media_folder, conversation_id, before, empty_before)
        await asyncio.sleep(pause_seconds if place else 0)
    return forgotten


async def _forget(
    store: ConnectorStore, media_folder: Path, conversation_id: str, before: int, empty_before: int
) -> bool:
    # The files first: after a crash in between the rows still lead to what is left.
    media = await store.on_thread(store.forgettable, conversation_id, before, empty_before)
    if media is None:
        return False
    for media_id in media:
        await store.on_thread((media_folder / media_id).unlink, missing_ok=True)
    return await store.on_thread(store.forget, conversation_id, before, empty_before)
