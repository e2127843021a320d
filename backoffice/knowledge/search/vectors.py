"""Vectors of texts, kept on disk by what was encoded: an entry that did not change is never encoded again.

A cache: a damaged or deleted file is begun anew, and what cannot be kept is computed again.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.encoder import Encoder

_AT_ONCE = 256
_BUSY_SECONDS = 5.0
_TABLE = "CREATE TABLE IF NOT EXISTS vectors (hash BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"

_log = logging.getLogger("backoffice.knowledge")


class VectorStore:
    """Rows of length one for texts, from the file where it holds them, else from the encoder."""

    def __init__(self, encoder: Encoder, path: Path | None) -> None:
        self.encoder = encoder
        self._path = path
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path | None:
        """Where what is computed is kept; None where nothing is."""
        return self._path.parent if self._path else None

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text. Raises EncoderUnavailable where something is missing and cannot be
        encoded."""
        keys = [self._key(text) for text in texts]
        with self._lock:
            known = self._read(set(keys))
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            names = list(missing)
            for start in range(0, len(names), _AT_ONCE):
                part = names[start : start + _AT_ONCE]
                fresh = self.encoder.encode([missing[name] for name in part])
                told = {name: row.astype(np.float16) for name, row in zip(part, fresh, strict=True)}
                self._write(told)
                known |= told
        if not keys:
            return np.zeros((0, self.encoder.size), np.float32)
        size = len(known[keys[0]])
        found = np.zeros((len(keys), size), np.float32)
        for place, key in enumerate(keys):
            found[place] = known[key]
        return found

    def _key(self, text: str) -> bytes:
        return blake2b(f"{self.encoder.name}\n{text}".encode(), digest_size=16).digest()

    def _read(self, keys: set[bytes]) -> dict[bytes, NDArray[np.float16]]:
        if self._path is None or not self._path.is_file():
            return {}
        found: dict[bytes, NDArray[np.float16]] = {}
        # An endpoint that was not asked yet does not know its size: the first row kept tells it.
        bytes_of_one = 2 * self.encoder.size
        try:
            with closing(self._open()) as store:
                names = list(keys)
                for start in range(0, len(names), 500):
                    part = names[start : start + 500]
                    marks = ",".join("?" * len(part))
                    for key, told in store.execute(
                        f"SELECT hash, vector FROM vectors WHERE hash IN ({marks})",
                        part,
                    ):
                        bytes_of_one = bytes_of_one or len(told)
                        if len(told) == bytes_of_one and bytes_of_one % 2 == 0:
                            row = np.frombuffer(told, np.float16)
                            if np.isfinite(row).all():
                                found[key] = row
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)
            return {}
        return found

    def _write(self, told: dict[bytes, NDArray[np.float16]]) -> None:
        if self._path is None:
            return
        try:
            with closing(self._open()) as store, store:
                store.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                    [(key, row.tobytes()) for key, row in told.items()],
                )
        except (sqlite3.DatabaseError, OSError) as error:
            self._begin_anew(error)

    def _open(self) -> sqlite3.Connection:
        assert self._path is not None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        store = sqlite3.connect(self._path, timeout=_BUSY_SECONDS)
        try:
            store.execute("PRAGMA synchronous=OFF")
            store.execute(_TABLE)
        except BaseException:
            store.close()
            raise
        return store

    def _begin_anew(self, error: Exception) -> None:
        assert self._path is not None
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return
        _log.warning("vectors begun anew cause=%s", type(error).__name__)
        for name in (self._path, *self._path.parent.glob(f"{self._path.name}-*")):
            try:
                name.unlink(missing_ok=True)
            except OSError:
                return
