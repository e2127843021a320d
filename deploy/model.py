"""Trains the model when what it is made of has changed: `python -m deploy.model`.

Judged by content, not by file times, so that a fresh clone, a switched branch or a touched file comes
out right. Rasa compares fingerprints too, but only after a quarter of a minute of loading.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.environment import QUIET, ROOT

SOURCES = ("config.yml", "domain.yml", "data", "components", "topics", "requirements/rasa.txt")
STAMP = ".trained-from"


def source_files(root: Path) -> Iterator[Path]:
    """The files that a model is made of, in a fixed order."""
    for name in SOURCES:
        path = root / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and "__pycache__" not in file.parts)


def fingerprint(root: Path) -> str:
    """SHA-256 over the names and contents of the source files."""
    digest = hashlib.sha256()
    for file in source_files(root):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_fresh(root: Path) -> bool:
    """Whether `models/` holds a model of exactly these sources."""
    stamp = root / "models" / STAMP
    if not stamp.is_file():
        return False
    made_of, _, model = stamp.read_text(encoding="utf-8").strip().partition(" ")
    return (root / "models" / model).is_file() and made_of == fingerprint(root)


def train(root: Path) -> int:
    """Train into `models/`; Rasa's exit code. Conflicts in the data are `make validate`'s to tell."""
    made_of = fingerprint(root)  # of before: a file saved while training is trained on the next time
    print("训练模型，约三五分钟 / training the model, some minutes", flush=True)
    command = [sys.executable, "-m", "deploy.assistant", "train", "--augmentation", "0", "--skip-validation"]
    code = subprocess.run(command, cwd=root, env={**QUIET, **os.environ}).returncode
    if code == 0:
        newest = max((root / "models").glob("*.tar.gz"), key=lambda model: model.stat().st_mtime)
        (root / "models" / STAMP).write_text(f"{made_of} {newest.name}\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    if is_fresh(ROOT):
        print("模型已是最新 / the model is up to date")
    else:
        sys.exit(train(ROOT))
