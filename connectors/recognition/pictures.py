"""Reads the text of a picture: RapidOCR (PaddleOCR's models on ONNX, in the wheel). Runs in the worker only.

A tall picture is cut into tiles, so that a long screenshot keeps its letters' size; text is looked for in a smaller copy of a
tile, and read from the tile itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 64_000_000
_WIDTH = 1280
"""What a picture is scaled down to: a phone's screenshot keeps its size or nearly so."""
_TILE = 1600
_OVERLAP = 80
_MOST_TILES = 6
_LOOKED_FOR_AT = 960
_SURE = 0.6
_TALLEST = 0.6
"""Two pieces stand on one line where their middles differ by less than this part of their height."""


class Unreadable(ValueError):
    """No picture that can be read."""


def lines_of(content: bytes) -> list[str]:
    """The lines of text, from top to bottom; pieces of one line are joined by a space. Raises Unreadable."""
    found: list[tuple[float, float, float, str]] = []
    for top, tile in _tiles(_opened(content)):
        found += [(top + y, x, height, text) for y, x, height, text in _read(tile)]
    return _joined(found)


def _opened(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS or min(picture.size) < 16:
                raise Unreadable("too large or too small")
            picture.draft("RGB", (_WIDTH, _WIDTH))  # JPEG: unpacked no larger than is looked at
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (OSError, SyntaxError, ValueError, MemoryError, Image.DecompressionBombError):
        raise Unreadable("not a whole picture") from None
    if upright.width > _WIDTH:
        upright = upright.resize(
            (_WIDTH, max(1, round(upright.height * _WIDTH / upright.width))), Image.Resampling.LANCZOS
        )
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    return flat


def _tiles(picture: Image.Image) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Top and pixels (BGR, as OpenCV has them) of each tile."""
    pixels = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    for number in range(_MOST_TILES):
        top = number * (_TILE - _OVERLAP)
        yield top, pixels[top : top + _TILE]
        if top + _TILE >= len(pixels):
            return


@cache
def _engine() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, det_limit_type="max", rec_batch_num=1)


def _read(tile: np.ndarray[Any, Any]) -> Iterator[tuple[float, float, float, str]]:
    """Middle, left, height and text of each piece."""
    engine = _engine()
    scale = min(1.0, _LOOKED_FOR_AT / max(tile.shape[:2]))
    size = (max(1, round(tile.shape[1] * scale)), max(1, round(tile.shape[0] * scale)))
    small = np.asarray(Image.fromarray(tile).resize(size, Image.Resampling.BILINEAR)) if scale < 1 else tile
    boxes, _ = engine.text_det(small)
    if boxes is None or not len(boxes):
        return
    boxes = np.asarray(engine.sorted_boxes(boxes), dtype=np.float32) / scale
    texts, _ = engine.text_rec(engine.get_crop_img_list(tile, boxes))
    for box, (text, sure) in zip(boxes, texts, strict=True):
        if text.strip() and float(sure) >= _SURE:
            top, bottom = float(box[:, 1].min()), float(box[:, 1].max())
            yield (top + bottom) / 2, float(box[:, 0].min()), bottom - top, text.strip()


def _joined(found: list[tuple[float, float, float, str]]) -> list[str]:
    lines: list[list[tuple[float, float, float, str]]] = []
    for piece in sorted(found):
        last = lines[-1][-1] if lines else None
        if last is not None and piece[0] - last[0] < _TALLEST * min(piece[2], last[2]):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    told = [" ".join(piece[3] for piece in sorted(line, key=lambda each: each[1])) for line in lines]
    return list(dict.fromkeys(told))  # what two tiles share is there once
