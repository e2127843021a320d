"""The components that understand a message, trained as `rasa train` would, without a whole model."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.chinese_spacy import ChineseSpacy
from components.entity_extractor import EntityExtractor
from components.text_normaliser import TextNormaliser
from topics.clock import SHANGHAI

ROOT = Path(__file__).resolve().parents[2]
SATURDAY = datetime.datetime(2026, 11, 21, 10, 0, tzinfo=SHANGHAI)


@dataclass
class Pipeline:
    """The three components as a trained model holds them, at a moment of our choice."""

    spacy: ChineseSpacy
    now: datetime.datetime = SATURDAY
    normaliser: TextNormaliser = field(default_factory=TextNormaliser)

    def message(self, text: str) -> Message:
        message = Message({TEXT: text})
        self.normaliser.process([message])
        self.spacy.process([message])
        EntityExtractor(now=lambda: self.now).process([message])
        return message

    def entities(self, text: str) -> list[dict[str, Any]]:
        return self.message(text).get(ENTITIES)

    def said(self, text: str) -> set[tuple[str, str, str]]:
        return {(e["entity"], text[e["start"] : e["end"]], e["value"]) for e in self.entities(text)}


def trained(folder: Path, **config: Any) -> ChineseSpacy:
    """A ChineseSpacy trained with `config`, and loaded again out of its model."""
    folder.mkdir(parents=True, exist_ok=True)
    storage = LocalModelStorage.create(folder)
    settings = ChineseSpacy.get_default_config() | {"lexicon": str(ROOT / "data" / "lexicon")} | config
    context = ExecutionContext(GraphSchema({}))
    resource = ChineseSpacy.create(settings, storage, Resource("spacy"), context).train(TrainingData())
    return ChineseSpacy.load(settings, storage, resource, context)


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(trained(tmp_path_factory.mktemp("model")))
