"""A whole topic is added to a copy of the project: how much must be written, and that it is understood and runs.

What is written lies in `added/`: a form with one question, two answers and the button's title. README tells the same steps.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ADDED = Path(__file__).with_name("added")
ROW = "| `gifts` | wraps what was bought as a gift |\n"
MOST_FILES, MOST_LINES = 12, 180
EXAMPLES = 12  # of each intent, in the copy: enough to train in half a minute
COPIED = ("actions", "components", "connectors", "data", "deploy", "privacy", "serving", "tests", "topics", "config.yml", "domain.yml",
          "README.md", "pyproject.toml")  # fmt: skip
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}


def written() -> list[Path]:
    """The files that a new topic takes."""
    return sorted(path for path in ADDED.rglob("*") if path.is_file() and path.suffix in (".py", ".yml"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy with the new topic, and a part of the other topics' examples."""
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "added"))
        else:
            shutil.copyfile(source, copy / name)
    for path in sorted(copy.glob("data/*/nlu.yml")):
        content = yaml.safe_load(path.read_text("utf-8"))
        for block in content["nlu"]:
            examples = block["examples"].splitlines()
            block["examples"] = "\n".join(random.Random(0).sample(examples, min(EXAMPLES, len(examples)))) + "\n"
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    for path in sorted(copy.glob("data/acts/*.yml")):
        content = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # where yes is a word
        content["act"] = content["act"][:: len(content["act"]) // EXAMPLES + 1]
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    for path in written():
        target = copy / path.relative_to(ADDED)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    readme = copy / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("| `payments` |", f"{ROW}| `payments` |", 1), "utf-8")
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def run(project: Path, *command: str) -> str:
    """Run Python there; its output. Fails with it where the exit code is none of success."""
    environ = {**os.environ, **QUIET, "PYTHONPATH": ""}
    done = subprocess.run([sys.executable, *command], cwd=project, env=environ, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout + done.stderr


def test_it_is_little_to_write() -> None:
    files = len(written()) + 1  # and the README's row
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in written()) + 1
    assert files <= MOST_FILES and lines <= MOST_LINES


def test_the_conventions_miss_nothing(project: Path) -> None:
    asked = "topic or intent or response or action or slot or button or form"
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contracts/test_conventions.py", "-k", asked)
    run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/actions/test_chat.py", "-k", "every_request_has_a_name")


def test_rasa_accepts_it_and_the_form_runs(project: Path) -> None:
    from tests.validate import warnings

    told = run(project, "-m", "rasa", "data", "validate", "--domain", "domain.yml", "--data", "data", "--config", "config.yml")
    assert [line for line in warnings(told) if "gifts" in line] == []
    run(project, "-m", "deploy.assistant", "train", "--augmentation", "0", "--skip-validation")
    shutil.copyfile(Path(__file__).with_name("added_talk.py"), project / "added_talk.py")
    said = run(project, "-W", "ignore", "added_talk.py").splitlines()
    talk = json.loads(next(line for line in said if line.startswith("{")))
    assert talk["asked"] == ["utter_ask_gifts_paper"]
    assert talk["aside"][-1] == "utter_ask_gifts_paper", "a digression comes back to the question"
    assert talk["why"] == ["utter_chat_why", "utter_ask_gifts_paper"]
    assert talk["done"] == ["utter_gifts_wrapped"] and talk["form"] is None
    assert talk["stopped"] == ["utter_chat_stopped"]
