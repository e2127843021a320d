"""A stored picture says nothing of where and when it was taken, and looks as it did."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from connectors.recognition.metadata import Broken, without_metadata

SECRET = b"31 deg 13 min N"


def _picture() -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def _exif(way_up: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = way_up
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def photo(kind: str, way_up: int = 6, **more: object) -> bytes:
    out = io.BytesIO()
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", SECRET.decode())
        more |= {"pnginfo": text}
    if kind == "JPEG":
        more |= {"comment": SECRET, "xmp": b"<x:xmpmeta>" + SECRET}
    _picture().save(out, kind, exif=_exif(way_up), **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "more"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {"lossless": True}), ("WEBP", {"quality": 80})],
)
def test_nothing_but_the_picture_is_left(kind: str, more: dict[str, object]) -> None:
    content = photo(kind, **more) + b"\x00film" * (kind != "WEBP")
    cleaned = without_metadata(content, f"image/{kind.lower()}")
    assert SECRET in content and SECRET not in cleaned
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(cleaned))
    assert np.array_equal(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))
    assert len(after.getexif().get_ifd(0x8825)) == 0
    assert after.getexif().get(0x0112, 1) == (6 if kind == "JPEG" else 1), "JPEGs of phones are turned by what they say"
    assert not cleaned.endswith(b"film")


def test_what_is_clean_stays_as_it_is() -> None:
    out = io.BytesIO()
    _picture().save(out, "JPEG")
    assert without_metadata(out.getvalue(), "image/jpeg") == out.getvalue()


def test_a_broken_picture_is_broken_and_nothing_else() -> None:
    chance = random.Random(3)
    for kind in ("JPEG", "PNG", "WEBP"):
        whole = photo(kind)
        for _ in range(300):
            content = bytearray(whole[: chance.randint(12, len(whole))])
            for _ in range(chance.randint(0, 4)):
                content[chance.randrange(len(content))] = chance.randrange(256)
            try:
                cleaned = without_metadata(bytes(content), f"image/{kind.lower()}")
            except Broken:
                continue
            assert len(cleaned) <= len(content) + 200
