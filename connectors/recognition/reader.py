"""Rasa's side of the process that reads pictures: starts it with the first picture, ends it when idle or stuck."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from connectors.recognition.fields import Fields, fields_of
from connectors.settings import ROOT
from connectors.store import Waiting
from connectors.wording import say
from privacy import mask, secrets

logger = logging.getLogger(__name__)

_PICTURE_SECONDS = 30.0
_IDLE_SECONDS = 300.0
_MOST_WAITING = 8
_MOST_ANSWER = 256 * 1024
_MOST_TEXT = 1000


class Reader:
    """One worker; pictures are read one after another, and only so many wait for it."""

    def __init__(self, seconds: float = _PICTURE_SECONDS, idle_seconds: float = _IDLE_SECONDS) -> None:
        """Nothing is started before the first picture. `seconds`: what a picture may take."""
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._one = asyncio.Lock()
        self._waiting = 0
        self._ending: asyncio.TimerHandle | None = None

    async def lines(self, path: Path) -> list[str]:
        """The lines of text in a picture; none where it cannot be read, or not in time."""
        if self._waiting >= _MOST_WAITING:
            logger.warning("event=picture_not_read problem=too_many")
            return []
        self._waiting += 1
        try:
            async with self._one:
                return await self._lines(path)
        finally:
            self._waiting -= 1

    async def _lines(self, path: Path) -> list[str]:
        if self._ending is not None:
            self._ending.cancel()
        try:
            told = await asyncio.wait_for(self._ask(path), self._seconds)
        except (asyncio.TimeoutError, OSError, ValueError, asyncio.CancelledError) as error:
            self._end()  # stuck, or in the middle of an answer to this
            if isinstance(error, asyncio.CancelledError):
                raise
            told = {"problem": type(error).__name__}
        if "lines" not in told:
            logger.warning("event=picture_not_read problem=%.60s", told.get("problem"))
            return []
        self._ending = asyncio.get_running_loop().call_later(self._idle_seconds, self._end)
        return [str(line) for line in told["lines"]]

    async def _ask(self, path: Path) -> dict[str, Any]:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "connectors.recognition.worker",
                cwd=ROOT,
                env={
                    "PATH": os.environ.get("PATH", "")
                },  # no secret of ours where strangers' files are unpacked
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_MOST_ANSWER,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"path": str(path)}).encode() + b"\n")
        await stdin.drain()
        answer = await stdout.readline()
        if not answer:
            raise ValueError("the process has ended")
        told: dict[str, Any] = json.loads(answer)
        return told

    def _end(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
        self._process = None

    def close(self) -> None:
        """End the worker; a later picture starts another."""
        if self._ending is not None:
            self._ending.cancel()
        self._end()


@cache
def open_reader() -> Reader:
    """The process's one reader: the channels share it."""
    return Reader()


async def with_text(message: Waiting, folder: Path, reader: Reader) -> Waiting:
    """A message whose pictures say what stands in them: `text` and `fields` in its media, numbers in what Rasa hears."""
    if not message.media:
        return message
    media: list[dict[str, Any]] = []
    numbers: list[str] = []
    for each in message.media:
        if "id" not in each:  # not fetched
            media.append(dict(each))
            continue
        lines = await reader.lines(folder / str(each["id"]))
        fields = fields_of(lines)
        text = mask(secrets.hide("\n".join(lines))[:_MOST_TEXT])
        told = {"text": text, "fields": fields.told()} if text else {}
        media.append({**each, **told})
        numbers += _as_typed(fields)
    return replace(message, media=tuple(media), said=" ".join([message.said, *dict.fromkeys(numbers)]))


def _as_typed(fields: Fields) -> list[str]:
    """What the customer would have typed; a sum only where the picture shows nothing else."""
    told = [say("picture_order", number=number) for number in fields.orders]
    told += [say("picture_parcel", number=number) for number in fields.parcels]
    if not told and len(fields.amounts) == 1:
        told.append(say("picture_amount", amount=fields.amounts[0]))
    return told
