"""Rasa's ResponseSelector on the knowledge entries' variants: one intent of retrieval, an entry a response."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from rasa.model_training import train_nlu

from bench.parsing import Parser

PIPELINE = [
    {"name": "JiebaTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 1},
    {"name": "ResponseSelector", "retrieval_intent": "knowledge", "epochs": 100},
]


def train(entries: dict[str, list[str]], folder: Path) -> Path:
    """A model of the folder's own, from key → sentences."""
    nlu: list[dict[str, Any]] = [
        {"intent": f"knowledge/{key}", "examples": "".join(f"- {text}\n" for text in texts)}
        for key, texts in entries.items()
    ]
    nlu.append({"intent": "other", "examples": "- 你好\n- 再见\n"})
    responses = {f"utter_knowledge/{key}": [{"text": texts[0]}] for key, texts in entries.items()}
    (folder / "config.yml").write_text(
        yaml.safe_dump({"recipe": "default.v1", "language": "zh", "pipeline": PIPELINE}), "utf-8"
    )
    data = {"version": "3.1", "nlu": nlu, "responses": responses}
    (folder / "nlu.yml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    domain = {"version": "3.1", "intents": ["knowledge", "other"], "responses": responses}
    (folder / "domain.yml").write_text(yaml.safe_dump(domain, allow_unicode=True), "utf-8")
    made = train_nlu(
        str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"), domain=str(folder / "domain.yml")
    )
    return Path(str(made))


def main() -> int:
    """Trains, asks, prints the shares of right answers first and in three."""
    content = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        parser = Parser(train(content["entries"], Path(folder)))
        for name, questions in content["sets"].items():
            if not questions:
                continue
            first = three = 0
            for text, right in questions:
                ranked = parser.parse(text)["response_selector"]["knowledge"]["ranking"]
                keys = [each["intent_response_key"].split("/")[-1] for each in ranked[:3]]
                first += keys[:1] != [] and keys[0] in right
                three += bool(set(keys) & set(right))
            print(f"{name:<30}ResponseSelector  {len(questions):>4}{first / len(questions):>8.3f}{three / len(questions):>8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
