"""The conversations that measure how the dialogue does in unknown waters stay unknown to the training."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the training data is large
UNSEEN = ROOT / "tests" / "conversations_unseen"


def stories() -> Iterator[dict[str, Any]]:
    """Every unseen story."""
    for path in sorted(UNSEEN.glob("*.yml")):
        yield from yaml.safe_load(path.read_text("utf-8"))["stories"]


def test_there_are_enough_and_each_is_named_once() -> None:
    names = [story["story"] for story in stories()]
    assert len(names) >= 100
    assert len(names) == len(set(names))


def test_no_training_data_lies_in_the_folder() -> None:
    assert UNSEEN.is_relative_to(ROOT / "tests"), "training reads data/ only"
    assert all(path.name.startswith("test_") for path in UNSEEN.glob("*.yml")), "Rasa takes only these for tests"


def test_the_sentences_are_in_no_training_data() -> None:
    trained: set[str] = set()
    for path in ROOT.glob("data/*/nlu.yml"):
        for block in yaml.load(path.read_text("utf-8"), LOADER)["nlu"]:
            trained |= {re.sub(r"\[([^]]+)]\([^)]*\)|\[([^]]+)]\{[^}]*}", r"\1\2", line[2:]).strip() for line in block["examples"].splitlines()}
    said = {step["user"].strip() for story in stories() for step in story["steps"] if "user" in step}
    long_enough = {words for words in said if len(words) > 5 and not words.startswith("/")}  # 好的, 转人工: there is no other way
    assert long_enough & trained == set(), "somebody trains on these: say it otherwise here"
