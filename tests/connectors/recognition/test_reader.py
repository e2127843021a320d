"""Pictures are read in a process of its own; whatever a picture does to it, the next one is read."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.recognition.fields import fields_of
from connectors.recognition.reader import Reader, with_text
from connectors.store import Waiting
from tests.connectors.recognition.screenshots import FONTS, LEAST, SANS, Shot, shots

SAMPLE = range(0, 60, 6)


@pytest.fixture(scope="module")
def sample() -> list[Shot]:
    if not (FONTS / SANS).exists():
        assert not os.environ.get("CI"), "the package fonts-noto-cjk is needed to draw screenshots"
        pytest.skip("no Chinese font to draw screenshots with")
    return list(shots(SAMPLE))


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(asyncio.sleep(0.1))  # killed processes are taken leave of
    loop.close()


def message(media_id: str) -> Waiting:
    shown = {"id": media_id, "type": "image/jpeg", "path": f"/webhooks/webchat/media/{media_id}"}
    return Waiting("c", 1, "p", "[图片]", None, (shown,), 1)


def bomb(width: int, height: int) -> bytes:
    """A few kilobytes that claim to be so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(height * (1 + width // 8)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_order_numbers_of_screenshots_are_read(sample: list[Shot], loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    """A tenth and more of the sixty; `python -m tests.connectors.recognition.screenshots` reads all."""

    async def read_all() -> tuple[int, int, list[float]]:
        reader, right, parcels, seconds = Reader(seconds=120), 0, 0, []
        for shot in sample:
            (tmp_path / "shot").write_bytes(shot.content)
            began = time.monotonic()
            fields = fields_of(await reader.lines(tmp_path / "shot"))
            seconds.append(time.monotonic() - began)
            right += fields.orders == (shot.order,)
            parcels += fields.parcels == ((shot.parcel,) if shot.parcel else fields.parcels)
        reader.close()
        assert reader._process is None
        return right, parcels, seconds

    right, parcels, seconds = loop.run_until_complete(read_all())
    print(f"{right} of {len(sample)} order numbers; {sum(seconds) / len(sample):.2f} s a picture")
    assert right >= LEAST * len(sample)
    assert parcels >= 0.9 * len(sample)


def test_the_dialogue_hears_what_the_picture_says(sample: list[Shot], loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    shot = next(each for each in sample if each.parcel)
    (tmp_path / "m1").write_bytes(shot.content)

    async def read() -> Waiting:
        reader = Reader(seconds=120)
        try:
            return await with_text(message("m1"), tmp_path, reader)
        finally:
            reader.close()

    heard = loop.run_until_complete(read())
    assert heard.said == f"[图片] 订单号 {shot.order} 运单号 {shot.parcel}"
    (media,) = heard.media
    assert media["fields"]["orders"] == [shot.order] and shot.order in media["text"]


def test_what_cannot_be_read_says_nothing_and_harms_nothing(sample: list[Shot], loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    hostile = {
        "bomb": bomb(40_000, 40_000),
        "wide": bomb(30_000, 20),
        "cut": sample[0].content[: len(sample[0].content) // 3],
        "text": b"not a picture at all",
        "empty": b"",
        "page": b"%!PS-Adobe-3.0\n(x) show",
    }
    for name, content in hostile.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good").write_bytes(sample[1].content)

    async def read() -> tuple[list[list[str]], list[str]]:
        reader = Reader(seconds=120)
        try:
            nothing = [await reader.lines(tmp_path / name) for name in [*hostile, "not there"]]
            return nothing, await reader.lines(tmp_path / "good")
        finally:
            reader.close()

    nothing, good = loop.run_until_complete(read())
    assert not any(lines for lines in nothing if lines and "订单" in "".join(lines)) and nothing[0] == []
    assert fields_of(good).orders == (sample[1].order,)


def test_a_worker_that_died_or_hangs_is_replaced(sample: list[Shot], loop: asyncio.AbstractEventLoop, tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(sample[0].content)

    async def read() -> list[list[str]]:
        reader, told = Reader(seconds=3), []
        (tmp_path / "none").write_bytes(b"")
        for how in (signal.SIGKILL, signal.SIGSTOP):
            await reader.lines(tmp_path / "none")
            reader._seconds = 3
            if reader._process is not None:
                reader._process.send_signal(how)
                await asyncio.sleep(0.2)
            told.append(await reader.lines(tmp_path / "good"))
            reader._seconds = 120
            told.append(await reader.lines(tmp_path / "good"))
        reader.close()
        return told

    told = loop.run_until_complete(read())
    for lines in told[1::2]:
        assert fields_of(lines).orders == (sample[0].order,)


@pytest.mark.parametrize(
    ("line", "orders", "parcels", "amounts"),
    [
        ("订单编号：2026O6O1OOO1 复制", ["202606010001"], [], []),
        ("订单号 2026 0601 0001", ["202606010001"], [], []),
        ("快递单号：SF1234567890123", [], ["SF1234567890123"], []),
        ("运单号: SFl23456789O123", [], ["SF1234567890123"], []),
        ("实付款：￥389.00", [], [], ["389.00"]),
        ("下单时间：2026-06-01 12:30:22", [], [], []),
        ("客服电话 4008201234567", [], [], []),
    ],
)
def test_numbers_and_sums_of_a_line(line: str, orders: list[str], parcels: list[str], amounts: list[str]) -> None:
    found = fields_of([line])
    assert (list(found.orders), list(found.parcels), list(found.amounts)) == (orders, parcels, amounts)
