"""Sentence vectors from an OpenAI-compatible endpoint (`POST …/embeddings`), where the shop has one.

Its texts leave the process: entries' texts once, customers' questions at each search.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import httpx
import numpy as np
from numpy.typing import NDArray

from backoffice.knowledge.search.encoder import EncoderUnavailable

_CONNECT_SECONDS, _READ_SECONDS = 2.0, 5.0
_ATTEMPTS = 3
_PAUSES = (0.2, 0.6)
_AT_ONCE = 64
_MOST_NUMBERS = 8192
_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})

_log = logging.getLogger("backoffice.knowledge")


class EndpointEncoder:
    """Asks the endpoint in batches; a batch is tried up to three times."""

    def __init__(self, url: str, model: str, key: str = "", attempts: int = _ATTEMPTS) -> None:
        """`url` up to and without `/embeddings`. Nothing is asked yet."""
        self.name = f"{model}@{httpx.URL(url).host}"
        self.size = 0
        self._address = f"{url.rstrip('/')}/embeddings"
        self._model = model
        self._attempts = attempts
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        self._http = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length one for each text. Raises EncoderUnavailable."""
        parts = [self._batch(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, self.size), np.float32)

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def _batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        asked = {"model": self._model, "input": [text or " " for text in texts], "encoding_format": "float"}
        cause = "nothing"
        for attempt in range(self._attempts):
            if attempt:
                time.sleep(_PAUSES[min(attempt - 1, len(_PAUSES) - 1)])
            try:
                answer = self._http.post(self._address, json=asked)
            except httpx.HTTPError as error:
                cause = type(error).__name__
                continue
            if answer.status_code == 200:
                return self._rows(answer, len(texts))
            cause = f"status {answer.status_code}"
            if answer.status_code not in _TRY_AGAIN:
                break
        raise EncoderUnavailable(cause)

    def _rows(self, answer: httpx.Response, wanted: int) -> NDArray[np.float32]:
        try:
            told = sorted(answer.json()["data"], key=lambda each: int(each["index"]))
            rows = np.array([each["embedding"] for each in told], np.float32)
        except (ValueError, KeyError, TypeError, OverflowError):
            raise EncoderUnavailable("no embeddings in the answer") from None
        if rows.ndim != 2 or len(rows) != wanted or not 0 < rows.shape[1] <= _MOST_NUMBERS:
            raise EncoderUnavailable("embeddings of another number or size")
        if self.size not in (0, rows.shape[1]):
            raise EncoderUnavailable("embeddings changed their size")
        if not np.isfinite(rows).all():
            raise EncoderUnavailable("embeddings are no numbers")
        self.size = int(rows.shape[1])
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)
