"""Sends by the sample provider's API."""

from __future__ import annotations

import os

import aiohttp

from connectors.errors import PushLater


async def send(address: str, text: str) -> None:
    """Raises PushLater."""
    body = {"to": address, "text": text}
    async with aiohttp.ClientSession() as line, line.post(os.environ["SAMPLE_URL"], json=body) as answer:
        if answer.status != 200:
            raise PushLater(str(answer.status))
