"""TensorFlow stays out of Rasa's process exactly when the recipe has no use for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploy.without_tensorflow import needs_none
from tests.deploy.test_assistant import ROOT, assistant, stand_in

__all__ = ["stand_in"]

LOOK = """
import importlib.util, sys
print("real:", importlib.util.find_spec("tensorflow").origin is not None)
"""
RECIPE = "recipe: default.v1\npipeline:\n- name: {nlu}\npolicies:\n- name: {policy}\n"


def rasa(code: str) -> str:
    """What Rasa's interpreter says to code that runs without TensorFlow."""
    start = "from deploy.without_tensorflow import leave_out\nassert leave_out()\n"
    environ = {**os.environ, "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "RASA_TELEMETRY_ENABLED": "false"}
    command = [".venv/bin/python", "-W", "ignore", "-c", start + code]
    result = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout


def test_the_projects_own_recipe_needs_no_tensorflow() -> None:
    assert needs_none(ROOT / "config.yml")


@pytest.mark.parametrize(
    ("nlu", "policy", "none"),
    [
        ("components.x.Y", "RulePolicy", True),
        ("LogisticRegressionClassifier", "components.x.Y", True),
        ("DIETClassifier", "RulePolicy", False),
        ("rasa.nlu.classifiers.diet_classifier.DIETClassifier", "RulePolicy", False),
        ("components.x.Y", "TEDPolicy", False),
        ("somebody.elses.Component", "RulePolicy", False),
    ],
)
def test_a_component_that_may_need_it_gets_it(tmp_path: Path, nlu: str, policy: str, none: bool) -> None:
    config = tmp_path / "config.yml"
    config.write_text(RECIPE.format(nlu=nlu, policy=policy), encoding="utf-8")
    assert needs_none(config) is none


@pytest.mark.parametrize(
    "text",
    ["", "[", "- x", "pipeline:\npolicies:\n", "pipeline:\n- name: components.x.Y\n", "recipe: graph.v1\npipeline: []\npolicies: []\n"],
)
def test_a_recipe_that_rasa_would_complete_or_refuse_gets_it(tmp_path: Path, text: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text(text, encoding="utf-8")
    assert not needs_none(config)
    assert not needs_none(tmp_path / "missing.yml")


def test_the_recipe_of_the_command_line_is_the_one_that_counts(stand_in: Path, tmp_path: Path) -> None:
    (stand_in / "rasa" / "__main__.py").write_text(LOOK, encoding="utf-8")
    config = tmp_path / "diet.yml"
    config.write_text(RECIPE.format(nlu="DIETClassifier", policy="RulePolicy"), encoding="utf-8")
    assert "real: False" in assistant(stand_in, "data", "validate").stdout
    assert "real: True" in assistant(stand_in, "train", "--config", str(config)).stdout
    assert "real: True" in assistant(stand_in, "train", f"--config={config}").stdout
    assert "real: True" in assistant(stand_in, "test", "-c", str(ROOT / "config.yml"), str(config)).stdout


def test_rasa_loads_whole_and_says_what_is_missing_when_it_is_used() -> None:
    said = rasa("""
import rasa.__main__, rasa.core.agent, rasa.core.train, rasa.nlu.test, rasa.server, spacy
from rasa.core.policies.ted_policy import TED
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow.models import RasaModel
from thinc.compat import has_tensorflow
DefaultV1Recipe()
print("mapped:", "libtensorflow" in open("/proc/self/maps").read(), "spacy:", has_tensorflow)
print("kind:", issubclass(TED, RasaModel), issubclass(DIETClassifier, RasaModel))
try:
    TED()
except ImportError as error:
    print("error:", error)
""")
    assert "mapped: False spacy: False" in said
    assert "kind: True False" in said
    assert "TED was used" in said and "config.yml" in said
