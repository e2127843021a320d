"""How probably a message takes what was offered, in whatever words (蚊子腿也是肉，发来吧).

A linear model on the sentiment's features, learned from what people typed instead of pressing a button
(`data/offers/examples.yml`): it tells whether one is taken; which one, the buttons' words tell (`offers.py`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.sentiment import Weights, features, fitted
from components.text_normaliser import normalise, normalised
from components.understanding.context import Context

TAKES = "takes"
TAKEN, LEFT = "taken", "left"


class OffersError(ValueError):
    """The file of examples is not of the form its own head describes."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class TakingReader(GraphComponent):
    """Sets `takes`, 0 to 1, where buttons are on the table and no form has asked for anything."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = Weights({}, np.zeros(0), np.zeros((0, 0)), np.zeros(0), [])

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the file with the examples; `C`: inverse regularisation; `min_df`: a feature's least number of messages."""
        return {"data": "data/offers/examples.yml", "C": 10.0, "min_df": 2}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TakingReader:
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
    ) -> TakingReader:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.learned(joblib.load(folder / "taking.joblib"))
        return component

    def learned(self, weights: Weights) -> None:
        """Takes what a training found."""
        self._weights = weights

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed examples are a changed component."""
        return hashlib.sha256(Path({**cls.get_default_config(), **config}["data"]).read_bytes()).hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the file's examples."""
        self.learned(fit(read_offers(Path(self._config["data"])), self._config["C"], self._config["min_df"]))
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._weights, folder / "taking.joblib")
        return self._resource

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Adds it to each message that has words."""
        context = Context.of(tracker, {})
        for message in messages:
            if context.buttons and not context.asked and (message.get(TEXT) or "").strip():
                message.set(TAKES, self.takes(normalised(message).text), add_to_output=True)
        return messages

    def takes(self, text: Text) -> float:
        """The probability that a normalised text takes one of the things offered."""
        return round(float(1 / (1 + np.exp(-self._weights.scores(features(text))[0]))), 4)


def fit(examples: Dict[Text, List[Text]], inverse_regularisation: float, min_df: int) -> Weights:
    """The model of these examples."""
    told = [(normalise(text).text, label) for label in (LEFT, TAKEN) for text in examples[label]]
    return fitted([features(text) for text, _ in told], [label for _, label in told], inverse_regularisation, min_df)


def read_offers(path: Path) -> Dict[Text, List[Text]]:
    """The examples by label. Raises OffersError."""
    told = read_yaml_file(path)
    lists = isinstance(told, dict) and all(isinstance(each, list) and each for each in told.values())
    if not lists or set(told) != {TAKEN, LEFT}:
        raise OffersError(f"{path}: two lists of sentences, {TAKEN} and {LEFT}, are needed")
    return {label: [str(text) for text in texts] for label, texts in told.items()}
