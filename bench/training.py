"""Trains models to be compared: each a recipe on the same share of the project's examples, timed, in a folder of its own.

A training here starts with an empty cache, so that its seconds are those of a fresh clone.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.processes import resident
from topics import domain, forms

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
RECIPES = {
    "ours": ROOT / "config.yml",
    "default": ROOT / "bench" / "recipes" / "default.yml",
    "logistic": ROOT / "bench" / "recipes" / "logistic.yml",
}
TALK = ROOT / "bench" / "recipes" / "talk.yml"
LABELS = {
    "ours": "Lingxi",
    "default": "Rasa's default recipe",
    "logistic": "jieba counts + LogisticRegression",
}
DEFAULT_SHARE = 0.03
LEAST_EXAMPLES = 5
TRAINING_SECONDS = 3 * 3600
EPOCHS = 100
"""What the default recipe's networks learn for."""


@dataclass(frozen=True)
class Trained:
    """A model with what it took: wall-clock seconds and the training process' peak memory in MiB."""

    name: str
    model: Path
    seconds: float
    peak: float
    examples: int


def share_of_environment() -> float:
    """`LINGXI_BENCH_SHARE`, the part of each intent's examples to train on; raises ValueError outside (0, 1]."""
    share = float(os.environ.get("LINGXI_BENCH_SHARE") or DEFAULT_SHARE)
    if not 0 < share <= 1:
        raise ValueError(f"LINGXI_BENCH_SHARE must lie above 0 and be at most 1, not {share}")
    return share


def sampled_data(folder: Path, share: float, least: int = LEAST_EXAMPLES, root: Path = ROOT) -> int:
    """The project's training data and talk.yml in `folder`, with this share of each intent's examples; their number.

    Always the same examples for the same data and share. `root`: whose data, if not this checkout's; talk.yml, which fits
    this checkout's rules, is left out there.
    """
    kept = 0
    for path in sorted((root / "data").glob("*/*.yml")):
        if path.name in (domain.FILE, forms.FILE):
            continue  # the whole domain is given (`train`); a recipe without our importer gets the forms' rules written out
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.name != "nlu.yml":
            shutil.copyfile(path, target)
            continue
        content = yaml.safe_load(path.read_text("utf-8"))
        for block in content["nlu"]:
            if "intent" in block and isinstance(block["examples"], str):
                examples = block["examples"].splitlines()
                number = min(len(examples), max(least, round(share * len(examples))))
                chosen = sorted(random.Random(block["intent"]).sample(range(len(examples)), number))
                block["examples"] = "\n".join(examples[place] for place in chosen) + "\n"
                kept += number
        target.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    rules = [rule for form in forms.declared([root / "data"]).forms.values() for rule in form.rules()]
    if rules:
        content = {"version": "3.1", "rules": rules}
        (folder / "rules_of_forms.yml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    if root == ROOT:
        shutil.copyfile(TALK, folder / TALK.name)
    return kept


def train(
    name: str, data: Path, folder: Path, examples: int, *, nlu_only: bool = False, epochs: int = EPOCHS, root: Path = ROOT
) -> Trained:
    """Train the recipe `name` on the folder `data`; raises RuntimeError with the log's end when Rasa fails.

    What was trained in `folder` from the same recipe and data before is taken again, with the figures of then.
    `epochs`: for how long networks learn. `root`: whose code and domain, and whose recipe `ours` is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ours = name in ("ours", "base")
    config = root / "config.yml" if ours else RECIPES[name]
    if epochs != EPOCHS:
        text = config.read_text("utf-8").replace(f"epochs: {EPOCHS}", f"epochs: {epochs}")
        config = folder / f"{name}.yml"
        config.write_text(text, "utf-8")
    code = sorted((root / "components").glob("*.py")) if ours else []
    whole = folder / "domain.yml"
    joined = domain.joined(root / "domain.yml", [root / "data"])
    whole.write_text(yaml.safe_dump(joined, allow_unicode=True, sort_keys=False), "utf-8")
    made_of = _digest(config, data, whole, *code)
    note = folder / "trained.json"
    if note.is_file() and (known := json.loads(note.read_text("utf-8")))["made_of"] == made_of:
        return Trained(name, folder / f"{name}.tar.gz", known["seconds"], known["peak"], examples)
    what = ["nlu", "--nlu", str(data)] if nlu_only else ["--data", str(data), "--augmentation", "0"]
    command = [
        str(PYTHON), "-m", "deploy.assistant" if ours else "rasa", "train", *what, "--config", str(config),
        "--out", str(folder), "--fixed-model-name", name,
        *(() if nlu_only else ("--domain", str(whole), "--skip-validation")),
    ]  # fmt: skip
    environ = {**os.environ, **QUIET, "RASA_CACHE_DIRECTORY": str(folder / "cache")}
    started = time.perf_counter()
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=environ, stdout=log, stderr=log)
    peak = 0.0
    try:
        while process.poll() is None:
            peak = max(peak, resident(process.pid))
            if time.perf_counter() - started > TRAINING_SECONDS:
                raise RuntimeError(f"training {name} took more than {TRAINING_SECONDS} s")
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
    model = folder / f"{name}.tar.gz"
    if process.returncode or not model.is_file():
        raise RuntimeError(f"training {name} failed:\n{(folder / f'{name}.log').read_text('utf-8', 'replace')[-3000:]}")
    seconds = time.perf_counter() - started
    note.write_text(json.dumps({"made_of": made_of, "seconds": seconds, "peak": peak}), "utf-8")
    return Trained(name, model, seconds, peak, examples)


def _digest(*paths: Path) -> str:
    """What these files, and all files in these folders, hold."""
    files = [file for path in paths for file in (sorted(path.rglob("*.yml")) if path.is_dir() else [path])]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TQDM_DISABLE": "1",
}
