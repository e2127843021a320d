"""Finding Python: on PATH, under pyenv, through uv, or a message that says what to install."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Find = Callable[..., "subprocess.CompletedProcess[str]"]


def script(path: Path, body: str) -> None:
    """An executable that stands for a Python or for uv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Runs the search on a machine that has only what the test put there."""
    script(tmp_path / "bin" / "python3.10", "exit 127")  # pyenv's shim for a version that is not chosen

    def run(*versions: str, uv: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(ROOT / "deploy" / "find_python.sh"), *versions],
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "PYENV_ROOT": str(tmp_path / "pyenv root"), "UV": uv},
            capture_output=True,
            text=True,
        )

    return run


def test_the_highest_under_pyenv_is_taken_when_the_shim_does_not_run(find: Find, tmp_path: Path) -> None:
    for version in ("3.10.9", "3.10.13", "3.11.7"):
        script(tmp_path / "pyenv root" / "versions" / version / "bin" / "python", 'echo "$0"')
    assert find("3.10").stdout == f"{tmp_path}/pyenv root/versions/3.10.13/bin/python\n"


def test_a_python_on_path_that_runs_is_taken_first(find: Find, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "python3.10", 'echo "$0"')
    script(tmp_path / "pyenv root" / "versions" / "3.10.13" / "bin" / "python", 'echo "$0"')
    assert find("3.10").stdout == f"{tmp_path}/bin/python3.10\n"


def test_versions_are_tried_in_the_order_given(find: Find, tmp_path: Path) -> None:
    script(tmp_path / "bin" / "python3.98", 'echo "$0"')
    script(tmp_path / "bin" / "python3.97", 'echo "$0"')
    assert find("3.99", "3.98", "3.97").stdout == f"{tmp_path}/bin/python3.98\n"


def test_uv_fetches_it_when_there_is_none(find: Find, tmp_path: Path) -> None:
    script(tmp_path / "uv", 'case "$2" in install) exit 0;; find) echo /fetched/python;; esac')
    assert find("3.10", uv=str(tmp_path / "uv")).stdout == "/fetched/python\n"


def test_without_any_it_says_what_to_install(find: Find, tmp_path: Path) -> None:
    script(tmp_path / "uv", "echo no network >&2; exit 2")
    result = find("3.10", uv=str(tmp_path / "uv"))
    assert result.returncode == 1
    assert result.stdout == ""
    assert "pyenv install 3.10" in result.stderr
    assert "python3.10" in result.stderr
    assert "no network" in result.stderr


def test_what_is_found_here_really_runs() -> None:
    found = subprocess.run(
        ["sh", str(ROOT / "deploy" / "find_python.sh"), "3.13", "3.12", "3.11"],
        env=os.environ, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("Python 3.1")
