"""The pictures that the customer has sent: kept with the slip or ticket that they belong to."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

from actions import wiring
from actions.base import Turn
from actions.gateways.errors import GatewayError

logger = logging.getLogger(__name__)

LATELY_SECONDS = 1800
"""How long before a slip or ticket is opened a picture may have been sent that belongs to it."""
MOST = 10


def sent(turn: Turn) -> list[dict[str, str]]:
    """`{"id", "type"}` of those sent of late, this message's included; oldest first."""
    since = time.time() - LATELY_SECONDS
    said = (e for e in turn.tracker.events if e["event"] == "user" and float(e.get("timestamp") or 0) > since)
    media = [each for event in said for each in (event.get("metadata") or {}).get("media") or [] if each.get("id")]
    return [{"id": str(each["id"]), "type": str(each["type"])} for each in media][-MOST:]


async def attach(turn: Turn, number: str) -> bool:
    """Keep them with this slip or ticket; whether there were any and the shop has taken them. What it belongs to is done
    already: a failure is no reason to say anything else."""
    pictures = sent(turn)
    if not pictures or turn.customer is None:
        return False
    writer = replace(turn.writer, key=f"{turn.writer.key}:{number}")
    try:
        await asyncio.to_thread(
            wiring.gateways().pictures.attach, writer, number, turn.tracker.sender_id, pictures
        )
    except GatewayError as error:
        logger.warning("event=pictures_not_attached error=%s", type(error).__name__)
        return False
    return True
