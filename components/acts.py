"""Says what the words do: ask for something to be told, ask how one's own thing is going, want it done, or only tell.

能不能先试穿 and 能给我取消掉吗 are questions in shape; the one asks, the other wants something done. A linear model on the
same features as the sentiment's tells them apart by the examples in `data/acts/`, whose heads say what each label holds.
Read by `actions/faq.py`: what only asks is answered from the shop's knowledge before a topic starts anything.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Tuple

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.sentiment import Weights, features, fit

ACT = "act"
LABELS = frozenset({"ask", "status", "do", "tell"})


class ActsError(ValueError):
    """A file of `data/acts/` is not of the form its own head describes."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class ActClassifier(GraphComponent):
    """Sets `act: {name: ask|status|do|tell, confidence, ask}`; `ask` is the probability that the message only asks."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._weights = Weights({}, np.zeros(0), np.zeros((0, 0)), np.zeros(0), [])

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the folder with the examples; `C`: inverse regularisation; `min_df`: a feature's least number of
        sentences; `sharpness`: scores are multiplied by it before softmax."""
        return {"data": "data/acts", "C": 10.0, "min_df": 2, "sharpness": 1.5}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> ActClassifier:
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
    ) -> ActClassifier:
        """A trained component out of the model."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._weights = joblib.load(folder / "acts.joblib")
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed sentences are a changed component."""
        digest = hashlib.sha256()
        for path in sorted(Path({**cls.get_default_config(), **config}["data"]).glob("*.yml")):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def train(self, training_data: TrainingData) -> Resource:
        """Fits on the folder's sentences."""
        texts, labels = read_acts(Path(self._config["data"]))
        self._weights = fit(texts, labels, self._config["C"], self._config["min_df"])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump(self._weights, folder / "acts.joblib")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Adds the act to each message that has words."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text.strip():
                shares = self.shares(text)
                name = max(shares, key=lambda label: shares[label])
                told = {"name": name, "confidence": round(shares[name], 4), "ask": round(shares["ask"], 4)}
                message.set(ACT, told, add_to_output=True)
        return messages

    def shares(self, text: Text) -> Dict[Text, float]:
        """The probability of each label; they sum to 1."""
        scores = self._weights.scores(features(text)) * self._config["sharpness"]
        odds = np.exp(scores - scores.max())
        return dict(zip(self._weights.labels, map(float, odds / odds.sum()), strict=True))


def read_acts(folder: Path) -> Tuple[List[Text], List[Text]]:
    """Sentences and their labels of all files of the folder. Raises ActsError where a label is unknown or lacking."""
    sentences: List[Text] = []
    labels: List[Text] = []
    for path in sorted(folder.glob("*.yml")):
        for label, told in (read_yaml_file(path).get(ACT) or {}).items():
            if label not in LABELS:
                raise ActsError(f"{path}: unknown act {label!r}; known are {', '.join(sorted(LABELS))}")
            sentences += map(str, told)
            labels += [label] * len(told)
    if lacking := LABELS - set(labels):
        raise ActsError(f"{folder}: no sentences for {', '.join(sorted(lacking))}")
    return sentences, labels
