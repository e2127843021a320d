"""What the words do: ask, ask about one's own, want it done, tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.message import Message

from components.acts import ActClassifier, ActsError, read_acts
from components.sentiment import fit

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def classifier() -> ActClassifier:
    """Fitted as in training."""
    made = ActClassifier(ActClassifier.get_default_config(), None, None)  # type: ignore[arg-type]
    texts, labels = read_acts(ROOT / "data" / "acts")
    made._weights = fit(texts, labels, 10.0, 2)
    return made


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("要是我现在把单子撤了，用掉的红包会回来吗", "ask"),
        ("可以麻烦您把我这单撤掉吗", "do"),
        ("那就给我退了吧", "do"),
        ("退回去的快递费是谁掏", "ask"),
        ("我那笔退款走到哪步了", "status"),
        ("包装盒压扁了，里面的杯子也碎了", "tell"),
    ],
)
def test_a_question_in_shape_is_told_from_a_wish(classifier: ActClassifier, text: str, act: str) -> None:
    message = Message({"text": text})
    classifier.process([message])
    assert message.get("act")["name"] == act
    assert 0 <= message.get("act")["ask"] <= 1


def test_a_message_without_words_does_nothing(classifier: ActClassifier) -> None:
    message = Message({"text": " "})
    classifier.process([message])
    assert message.get("act") is None


def test_a_label_that_is_unknown_or_lacking_is_named(tmp_path: Path) -> None:
    (tmp_path / "some.yml").write_text("act:\n  begs: [求求了]\n", "utf-8")
    with pytest.raises(ActsError, match="begs"):
        read_acts(tmp_path)
    (tmp_path / "some.yml").write_text("act:\n  ask: [多少钱]\n", "utf-8")
    with pytest.raises(ActsError, match="do, status, tell"):
        read_acts(tmp_path)
