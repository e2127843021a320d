"""Marks the small cues by which people steer a talk: no, yes, that one, not this one, why do you ask.

They are patterns, kept by designers in `data/chat/cues.yml`, and not intents: 别取消 is a cancellation's words and a no,
那它能退吗 is a refund's and points back. What they mean is decided where they are said (`actions/forms.py`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Pattern, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import read_yaml_file

from components.text_normaliser import NORMALISED_TEXT, normalise

CUES = "cues"
VALUE = "value"


class CuesError(ValueError):
    """`data/chat/cues.yml` is not of the form its own head describes."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class TurnCues(GraphComponent):
    """Sets `cues: {name: value}`; a value is what the pattern's group `value` holds, else an empty text."""

    def __init__(self, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._patterns: Dict[Text, List[Pattern[Text]]] = {}

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`data`: the file with the patterns."""
        return {"data": "data/chat/cues.yml"}

    @classmethod
    def create(
        cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TurnCues:
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
    ) -> TurnCues:
        """A component with the patterns of the model's training."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._patterns = compiled(json.loads((folder / "cues.json").read_text("utf-8")))
        return component

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Changed patterns are a changed component."""
        return Path({**cls.get_default_config(), **config}["data"]).read_text("utf-8")

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps the patterns in the model: where it runs there is no `data/`."""
        told = read_cues(Path(self._config["data"]))
        self._patterns = compiled(told)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "cues.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Marks each message."""
        for message in messages:
            normalised = message.get(NORMALISED_TEXT)
            text = normalise(message.get(TEXT) or "").text if normalised is None else normalised
            message.set(CUES, cues_of(text, self._patterns), add_to_output=True)
        return messages


def cues_of(text: Text, patterns: Dict[Text, List[Pattern[Text]]]) -> Dict[Text, Text]:
    """The cues of a normalised text; of several patterns of a cue the first that fits counts."""
    found: Dict[Text, Text] = {}
    for name, options in patterns.items():
        match = next(filter(None, (option.search(text) for option in options)), None)
        if match:
            found[name] = (match.groupdict().get(VALUE) or "").strip()
    return found


def read_cues(path: Path) -> Dict[Text, List[Text]]:
    """Name of the cue → regular expressions. Raises CuesError."""
    told = (read_yaml_file(path) or {}).get(CUES)
    if not isinstance(told, dict) or not all(isinstance(each, list) for each in told.values()):
        raise CuesError(f"{path}: `cues:` must name lists of patterns")
    return {str(name): [str(pattern) for pattern in each] for name, each in told.items()}


def compiled(told: Dict[Text, List[Text]]) -> Dict[Text, List[Pattern[Text]]]:
    """The patterns, ready to search. Raises CuesError, naming a pattern that is none."""
    try:
        return {name: [re.compile(pattern) for pattern in each] for name, each in told.items()}
    except re.error as error:
        raise CuesError(f"{error.pattern!r}: {error}") from error
