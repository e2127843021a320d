"""The reader of values as `rasa train` makes it, learned once and kept until a file that it learns from changes."""

from __future__ import annotations

import hashlib
import pickle
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.understanding import value_examples
from components.understanding.values import Reader, ValueReader, context, shown

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = value_examples.read_contexts(ROOT / "data" / "values" / "contexts.yml")


@lru_cache(maxsize=1)
def reader() -> Reader:
    """Learned from this tree's data."""
    said, code = sorted((ROOT / "data").glob("*/nlu.yml")), sorted((ROOT / "components" / "understanding").glob("value*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in (*said, *code)))
    digest.update((ValueReader.fingerprint_addon({}) or "").encode())
    kept = ROOT / ".pytest_cache" / "values" / digest.hexdigest()
    if not kept.exists():
        training = TrainingData()
        for path in said:
            training = training.merge(load_data(str(path)))
        learned = ValueReader(ValueReader.get_default_config(), None, None).learned(training)  # type: ignore[arg-type]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps((learned.chain, learned.reasons, learned.telling)))
    return Reader(*pickle.loads(kept.read_bytes()))


def values(text: str, intent: str, slots: dict[str, Any], entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the component sets on a message said in that moment."""
    asked = context(CONTEXTS, intent, slots.get("requested_slot"), slots.get)
    return [shown(value) for value in reader().read(text, entities, asked)]
