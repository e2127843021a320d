"""Sees that somebody is hurt, in danger or weary of life, whatever else the message says.

Two linear models on character n-grams and on the word classes of `data/danger/words.yml`, with the order in which the
classes stand: one says whether there is a danger, the other which. Figures of speech (气炸了) and names of goods
(灭火器) are taken out first. What is learned from stands in `data/danger/`; Rasa's own examples count as harmless.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Pattern, Text, Tuple

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.sentiment import Weights, fitted
from components.text_normaliser import normalise

DANGER = "danger"
"""Message key: `{kind, confidence}`; None where nobody is in danger."""
KINDS = ("burn", "shock", "fire", "swallow", "poison", "injury", "gas", "suicide")
NONE = "none"
MANY_CLAUSES = 3
OF_DANGER, OF_TRAINING = 2.0, 0.1
"""How much a danger counts, and a sentence of Rasa's training data, beside a look-alike."""
NOTHING, CLAUSE_END = "nothing", re.compile(r"[,，。.!！?？;；~～\s]+")
_CLASSES = (*KINDS, "body", "who", "suffered", "asked", "unhurt")
Words = Dict[Text, Pattern[Text]]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class DangerReader(GraphComponent):
    """Sets `danger: {kind, confidence}` on a message that tells of one; a pressed button never does."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._reader: Optional[Reader] = None

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder; `C`: inverse regularisation; `threshold`: from this probability on it is a danger."""
        return {"data": "data/danger", "C": 30.0, "threshold": 0.5}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> DangerReader:
        """An untrained component."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DangerReader:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            words = compiled(json.loads((folder / "words.json").read_text("utf-8")))
            found, kinds = joblib.load(folder / "danger.joblib")
        component._reader = Reader(words, found, kinds)
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed sentences or words are a changed component."""
        digest = hashlib.sha256()
        folder = Path({**cls.get_default_config(), **config}["data"])  # Rasa may ask without the defaults
        for name in ("dangers.yml", "look_alikes.yml", "words.yml"):
            digest.update((folder / name).read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Learns from the folder, and from what customers say of everything else."""
        folder = Path(self._config["data"])
        words = read_yaml_file(folder / "words.yml")
        said = [(str(e.get(TEXT)), str(e.get(INTENT))) for e in training_data.intent_examples if e.get(TEXT)]
        self._reader = learned(*read_examples(folder), compiled(words), said, self._config["C"])
        with self._model_storage.write_to(self._resource) as kept:
            (kept / "words.json").write_text(json.dumps(words, ensure_ascii=False), "utf-8")
            joblib.dump((self._reader.found, self._reader.kinds), kept / "danger.joblib")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds what is found to each message."""
        for message in messages:
            text = message.get(TEXT) or ""
            read = self._reader.read(text) if self._reader and text.strip() and not text.startswith("/") else None
            held = read is not None and read[1] >= self._config["threshold"]
            message.set(
                DANGER, {"kind": read[0], "confidence": read[1]} if read and held else None, add_to_output=True
            )
        return messages


class Reader:
    """The learned part: `words` by class, `found` tells danger from none, `kinds` one danger from another."""

    def __init__(self, words: Words, found: Weights, kinds: Weights) -> None:
        self.words, self.found, self.kinds = words, found, kinds

    def read(self, text: Text) -> Tuple[Text, float]:
        """The likeliest kind, and how probable it is that there is a danger at all: 0 to 1."""
        parts = [features(part, self.words) for part in _parts(text)]
        shares = [self.found.share(told, DANGER) for told in parts]
        worst = shares.index(max(shares))
        return str(self.kinds.best(parts[worst])), shares[worst]


def _parts(text: Text) -> List[Text]:
    """The whole, and of a long message every two or three clauses: a danger told in passing is one."""
    clauses = [clause for clause in CLAUSE_END.split(text) if clause]
    if len(clauses) < MANY_CLAUSES:
        return [text]
    return [text, *("，".join(clauses[i : i + size]) for size in (2, 3) for i in range(len(clauses) - size + 1))]


def learned(
    dangers: Dict[Text, List[Text]], harmless: List[Text], words: Words, said: List[Tuple[Text, Text]], inverse: float
) -> Reader:
    """A reader of the given examples; `said`: (text, intent) of the assistant's own training data."""
    kinds = [(text, kind) for kind, texts in dangers.items() for text in texts]
    calm = [text for text, intent in said if not _may_tell(text, intent, words)]
    texts = [*(text for text, _ in kinds), *harmless, *calm]
    labels = [DANGER] * len(kinds) + [NONE] * (len(harmless) + len(calm))
    counting = [OF_DANGER] * len(kinds) + [1.0] * len(harmless) + [OF_TRAINING] * len(calm)
    told = {text: features(text, words) for text in set(texts)}
    found = fitted([told[text] for text in texts], labels, inverse, 2, counting)
    which = fitted([told[text] for text, _ in kinds], [kind for _, kind in kinds], inverse, min_df=1)
    return Reader(words, found, which)


def _may_tell(text: Text, intent: Text, words: Words) -> bool:
    """Whether one of Rasa's examples may speak of harm: it is then no example of what is harmless."""
    plain = words[NOTHING].sub("~", normalise(text).text)
    return intent.startswith(("complaints_", "handoff_", "tickets_")) or any(words[kind].search(plain) for kind in KINDS)


def read_examples(folder: Path) -> Tuple[Dict[Text, List[Text]], List[Text]]:
    """(examples by kind, look-alikes). Raises ValueError where a kind is unknown or lacking."""
    dangers = read_yaml_file(folder / "dangers.yml")["danger"]
    if set(dangers) != set(KINDS):
        raise ValueError(f"{folder}/dangers.yml: the kinds are {', '.join(KINDS)}")
    look_alikes = read_yaml_file(folder / "look_alikes.yml")["look_alikes"]
    return {kind: [str(text) for text in texts] for kind, texts in dangers.items()}, [str(text) for text in look_alikes]


def compiled(told: Dict[Text, List[Text]]) -> Words:
    """One pattern a class. Raises ValueError where a class is lacking."""
    if lacking := {NOTHING, *_CLASSES} - set(told):
        raise ValueError(f"words.yml lacks {', '.join(sorted(lacking))}")
    return {name: re.compile("|".join(patterns)) for name, patterns in told.items()}


def features(text: Text, words: Words) -> List[Text]:
    """The letters, and the word classes: each, pairs in one clause in their order, and pairs anywhere."""
    plain = words[NOTHING].sub("~", normalise(text).text.lower())
    found: List[Text] = []
    whole: set[Text] = set()
    for clause in filter(None, CLAUSE_END.split(plain)):
        padded = f"<{clause}>"
        for size in (1, 2, 3):
            found += [padded[i : i + size] for i in range(len(padded) - size + 1)]
        places = {name: match.start() for name in _CLASSES if (match := words[name].search(clause))}
        whole |= set(places)
        ordered = sorted(places, key=lambda name: places[name])
        found += [f"@{a}>{b}" for i, a in enumerate(ordered) for b in ordered[i + 1 :]]
    harms = sorted(whole & set(KINDS))
    signs = sorted(whole - set(KINDS))
    found += [f"@{name}" for name in whole] * 2
    found += [f"@harm{min(len(harms), 3)}"] * 2
    if harms:
        found += [f"@harm&{sign}" for sign in signs]
        found += [f"@harm-{sign}" for sign in ("asked", "unhurt") if sign not in whole] * 2
    return found + [f"@{harm}&{sign}" for harm in harms for sign in signs]
