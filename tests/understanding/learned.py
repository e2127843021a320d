"""What components learned, out of the newest model: `make model` brings it to the data as it is."""

from __future__ import annotations

import io
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import pytest

from components.understanding import value_examples
from components.understanding.values import Reader, context, shown

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = value_examples.read_contexts(ROOT / "data" / "values" / "contexts.yml")


def newest_model() -> Path:
    """The model that `rasa run` would load."""
    models = (ROOT / "models").glob("*.tar.gz")
    return max(models, key=lambda path: path.stat().st_mtime, default=None) or pytest.skip("no model under models/: make train")


@cache
def learned(name: str) -> Any:
    """What a component kept in the model under this name."""
    with tarfile.open(newest_model()) as model:
        held = model.extractfile(next(member for member in model if member.name.endswith(f"/{name}.joblib")))
        assert held is not None
        return joblib.load(io.BytesIO(held.read()))


@cache
def reader() -> Reader:
    """What the model reads values with."""
    *of_values, _ = learned("values")
    return Reader(*of_values)


def values(text: str, intent: str, slots: dict[str, Any], entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the component sets on a message said in that moment."""
    asked = context(CONTEXTS, intent, slots.get("requested_slot"), slots.get)
    return [shown(value) for value in reader().read(text, entities, asked)]
