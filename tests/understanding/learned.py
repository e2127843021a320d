"""The reader of values out of the newest model: `make model` brings it to the data as it is."""

from __future__ import annotations

import io
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import joblib

from components.understanding import value_examples
from components.understanding.values import Reader, context, shown

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = value_examples.read_contexts(ROOT / "data" / "values" / "contexts.yml")


@lru_cache(maxsize=1)
def reader() -> Reader:
    """What the model reads values with."""
    newest = max((ROOT / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    with tarfile.open(newest) as model:
        kept = next(member for member in model if member.name.endswith("/values.joblib"))
        held = model.extractfile(kept)
        assert held is not None
        *learned, _ = joblib.load(io.BytesIO(held.read()))
    return Reader(*learned)


def values(text: str, intent: str, slots: dict[str, Any], entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the component sets on a message said in that moment."""
    asked = context(CONTEXTS, intent, slots.get("requested_slot"), slots.get)
    return [shown(value) for value in reader().read(text, entities, asked)]
