"""What the sentence vectors are good for: sentences that share no word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from components import sentence_vectors
from components.intent_classifier import VectorModel

MONEY = ["退款多久到账", "钱什么时候退回来", "退的钱到哪了", "还没收到退款", "款项什么时候返还"]
PARCEL = ["快递到哪了", "包裹什么时候送到", "物流怎么不动了", "我的件走到哪里了", "东西还要几天能到"]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(sentence_vectors, "KEPT", tmp_path / "var" / "vectors.npz")
    return sentence_vectors.KEPT


def test_many_at_once_are_what_each_is_alone() -> None:
    """Also in another order, and with a text that holds nothing."""
    told = [*MONEY, "", *PARCEL]
    found = sentence_vectors.vectors(told)
    assert found.shape == (len(told), sentence_vectors.SIZE)
    for row, text in zip(found, told, strict=True):
        if text:
            assert np.allclose(row, sentence_vectors.vector(text), atol=1e-3)


def test_what_is_very_long_is_read_from_its_beginning() -> None:
    """Twenty thousand characters must hold nobody up."""
    long = "".join(MONEY) * 1000
    assert np.array_equal(sentence_vectors.vector(long), sentence_vectors.vector(long[: sentence_vectors.LONGEST]))
    assert np.allclose(sentence_vectors.vectors([long])[0], sentence_vectors.vector(long), atol=1e-3)


def test_none_are_no_rows() -> None:
    assert sentence_vectors.vectors([]).shape == (0, sentence_vectors.SIZE)


def test_what_was_read_before_is_not_read_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training after a few changed sentences takes a minute less; another order and other sentences change nothing."""
    found = sentence_vectors.vectors(MONEY)
    asked: list[str] = []
    read = sentence_vectors._encoded
    monkeypatch.setattr(sentence_vectors, "_encoded", lambda texts: asked.extend(texts) or read(texts))
    again = sentence_vectors.vectors([*PARCEL[:1], *MONEY[::-1]])
    assert asked == PARCEL[:1]
    assert np.array_equal(again[1:], found[::-1])
    kept.write_bytes(b"PK\x03\x04 half a file")
    assert np.array_equal(sentence_vectors.vectors(MONEY), found)


def test_words_that_no_example_holds_are_understood() -> None:
    """Of two kinds of sentences, each learned from five, others are told apart that share hardly a character with them."""
    model = VectorModel.fit([*MONEY, *PARCEL], ["money"] * 5 + ["parcel"] * 5, 1.0)
    for text in ("付的费用啥时还我", "支付宝咋没进账"):
        assert model.margins(text)[0] < 0, text
    for text in ("骑手现在在哪条路", "车开到什么地方啦"):
        assert model.margins(text)[0] > 0, text
