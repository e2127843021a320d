"""What a message describes, as the model's components read it, without a model."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.chinese_spacy import DOC, ShopTokenizer, build
from components.entity_extractor import EntityExtractor
from components.lexicon import read_lexicon
from components.text_normaliser import TextNormaliser, normalised
from components.understanding.references import Words, read_words, reference
from topics.clock import SHANGHAI

ROOT = Path(__file__).resolve().parents[2]
SATURDAY = datetime.datetime(2026, 11, 21, 15, 30, tzinfo=SHANGHAI)


@cache
def _words() -> Words:
    return read_words(ROOT / "data" / "references" / "words.yml", ROOT / "data" / "lexicon")


@cache
def _pipeline() -> Any:
    return build(read_lexicon(ROOT / "data" / "lexicon"))


def described(text: str, now: datetime.datetime = SATURDAY) -> dict[str, Any]:
    """The message's `reference`, said at that moment."""
    message = Message({TEXT: text})
    TextNormaliser().process([message])
    pipeline = _pipeline()
    tokenizer: ShopTokenizer = pipeline.tokenizer
    doc = tokenizer.doc(text, normalised(message))
    for _, component in pipeline.pipeline:
        doc = component(doc)
    message.set(DOC, doc)
    EntityExtractor(now=lambda: now).process([message])
    return reference(message, _words(), now.date())
