"""What the words do, by what was asked before."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.text_normaliser import normalise
from components.understanding.acts import LABELS, ActClassifier, ActsError, read_acts
from components.understanding.context import CONFIRM, NONE, Context
from tests.actions.talk import acts


@pytest.fixture(scope="module")
def classifier() -> ActClassifier:
    """As the newest model has it."""
    return acts()


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
    told = classifier.act(normalise(text).text, Context())
    assert told["name"] == act
    assert 0 <= told["ask"] <= 1


def test_the_same_words_do_something_else_where_they_answer(classifier: ActClassifier) -> None:
    asked = Context(form="a_form", asked="a_confirmed", kind=CONFIRM, said="退货退款 199 元，上门取件。确认退货吗？", new=False)
    assert classifier.act("那就退了吧", Context(kind=NONE))["name"] == "do"
    assert classifier.act("那就退了吧", asked)["name"] == "yes"


def test_a_label_or_a_kind_that_is_unknown_or_lacking_is_named(tmp_path: Path) -> None:
    (tmp_path / "none.yml").write_text("act:\n- begs: [求求了]\n", "utf-8")
    with pytest.raises(ActsError, match="begs"):
        list(read_acts(tmp_path))
    (tmp_path / "none.yml").write_text("act:\n- ask: [多少钱]\n", "utf-8")
    with pytest.raises(ActsError, match=", ".join(sorted({*LABELS} - {"ask"}))):
        list(read_acts(tmp_path))
    (tmp_path / "some.yml").write_text("act:\n- ask: [多少钱]\n", "utf-8")
    with pytest.raises(ActsError, match="some"):
        list(read_acts(tmp_path))
