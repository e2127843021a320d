"""Asked for Spark where a part of it is missing, the command says which, and what to do. That Spark finds what DuckDB finds
is proven by `make spark`: its 400 MB are no part of the usual environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.lake import Lake


def java(home: Path, version: str) -> Path:
    """A JAVA_HOME whose Java tells this version."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n", "utf-8")
    program.chmod(0o755)
    return home


@pytest.mark.parametrize(
    ("version", "told"),
    [(None, "要用 Java 17"), ("1.8.0_402", "里的是 1："), ("11.0.2", "里的是 11："), ("17.0.15", "要用 PySpark")],
)
def test_what_spark_lacks_is_told(tmp_path: Path, version: str | None, told: str) -> None:
    Lake(tmp_path / "lake")
    home = java(tmp_path / "java", version) if version else tmp_path / "nothing"
    command = (sys.executable, "-m", "analytics", "marts", "--engine", "spark", "--master", "local[2]", "--lake", str(tmp_path / "lake"))
    done = subprocess.run(command, env={**os.environ, "JAVA_HOME": str(home)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
