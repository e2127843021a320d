"""When a model is trained anew: judged by what its sources say, never by when they were written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy import model


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A project whose model has been trained from its sources."""
    (tmp_path / "data" / "orders").mkdir(parents=True)
    (tmp_path / "data" / "orders" / "nlu.yml").write_text("nlu: []\n", encoding="utf-8")
    (tmp_path / "config.yml").write_text("language: zh\n", encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.tar.gz").touch()
    stamp = tmp_path / "models" / model.STAMP
    stamp.write_text(f"{model.fingerprint(tmp_path)} one.tar.gz\n", encoding="utf-8")
    return tmp_path


def test_a_trained_model_is_fresh_even_when_files_are_touched(trained: Path) -> None:
    assert model.is_fresh(trained)
    os.utime(trained / "config.yml", (0, 0))
    (trained / "data" / "__pycache__").mkdir()
    (trained / "data" / "__pycache__" / "x.pyc").write_bytes(b"compiled")
    assert model.is_fresh(trained)


def test_a_changed_a_new_and_a_renamed_source_make_it_stale(trained: Path) -> None:
    nlu = trained / "data" / "orders" / "nlu.yml"
    nlu.write_text("nlu: [x]\n", encoding="utf-8")
    assert not model.is_fresh(trained)
    nlu.write_text("nlu: []\n", encoding="utf-8")
    assert model.is_fresh(trained), "back to the old content"
    (trained / "data" / "orders" / "rules.yml").touch()
    assert not model.is_fresh(trained)
    (trained / "data" / "orders" / "rules.yml").unlink()
    nlu.rename(nlu.with_name("more.yml"))
    assert not model.is_fresh(trained)


def test_a_missing_model_is_stale(trained: Path) -> None:
    (trained / "models" / "one.tar.gz").unlink()
    assert not model.is_fresh(trained)
