"""Takes out of a picture what a camera writes beside it: where and when it was taken, with what, by whom.

The pixels stay byte for byte as they came, and which way up they are is kept. Formats: JPEG (ITU T.81, annex B), PNG (“Portable
Network Graphics”, chunks), WebP (“WebP Container Specification”). A GIF carries no such data.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

from PIL import Image

_ORIENTATION = 0x0112
# JFIF, ICC profile, Adobe: how the pixels are meant.
_JPEG_KEPT = (0xE0, 0xE2, 0xEE)
_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # in coded data: neither a stuffed zero nor a restart
_PNG_KEPT = (
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"bKGD",
    b"pHYs",
    b"acTL",
    b"fcTL",
    b"fdAT",
)
_WEBP_DROPPED = (b"EXIF", b"XMP ")


class Broken(ValueError):
    """The picture's container is not whole."""


def without_metadata(content: bytes, content_type: str) -> bytes:
    """The picture alone. Raises Broken."""
    try:
        if content_type == "image/jpeg":
            return b"".join(_jpeg(content, _way_up(content)))
        if content_type == "image/png":
            return b"".join(_png(content))
        if content_type == "image/webp":
            return _webp(content)
    except (IndexError, struct.error):
        raise Broken("ends too early") from None
    return content


def _way_up(content: bytes) -> int:
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            return int(picture.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, struct.error, Image.DecompressionBombError):
        return 1  # nothing that could be read says otherwise


def _jpeg(content: bytes, way_up: int) -> Iterator[bytes]:
    yield b"\xff\xd8"
    if 1 < way_up <= 8:
        exif = Image.Exif()
        exif[_ORIENTATION] = way_up
        data = exif.tobytes()
        yield b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data
    at = 2
    while True:
        if content[at] != 0xFF:
            raise Broken("no marker where one must be")
        while content[at + 1] == 0xFF:  # fill bytes
            at += 1
        kind = content[at + 1]
        if kind == 0xD9:
            yield b"\xff\xd9"  # what stands behind it (a film, a second picture) is left behind
            return
        end = at + 2 + int(struct.unpack_from(">H", content, at + 2)[0])
        if end > len(content):
            raise Broken("a segment is longer than the picture")
        if kind == 0xDA:
            marker = _JPEG_MARKER.search(content, end)
            if marker is None:
                # Cut off on its way: browsers show what there is.
                yield content[at:] + b"\xff\xd9"
                return
            yield content[at : marker.start()]
            at = marker.start()
            continue
        if not (0xE0 <= kind <= 0xEF or kind == 0xFE) or kind in _JPEG_KEPT:
            yield content[at:end]
        at = end


def _png(content: bytes) -> Iterator[bytes]:
    yield content[:8]
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        if end > len(content):
            raise Broken("a chunk is longer than the picture")
        if kind[:1].isupper() or kind in _PNG_KEPT:
            yield content[at:end]
        at = end


def _webp(content: bytes) -> bytes:
    chunks = []
    at = 12
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, at)
        end = at + 8 + length + length % 2
        if at + 8 + length > len(content):
            raise Broken("a chunk is longer than the picture")
        if kind == b"VP8X":
            flags = content[at + 8] & ~0x0C  # neither EXIF nor XMP is in it any more
            chunks.append(content[at : at + 8] + bytes([flags]) + content[at + 9 : end])
        elif kind not in _WEBP_DROPPED:
            chunks.append(content[at:end])
        at = end
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body
