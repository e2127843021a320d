"""The analysts' guide is true: its commands run one after another, and show what it says one sees."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analytics.cli import app

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "analysts.zh-CN.md"
STEP = re.compile(r"```sh\n(?P<commands>.*?)```(?:\n\n看到：(?P<seen>[^\n]*))?", re.DOTALL)


def test_the_guides_commands_show_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    steps = list(STEP.finditer(GUIDE.read_text("utf-8")))
    assert len(steps) >= 6
    for step in steps:
        shown = ""
        for line in step["commands"].strip().splitlines():
            program, *arguments = shlex.split(line)
            assert program == "lingxi-analytics"
            told = CliRunner().invoke(app, arguments)
            assert told.exit_code == 0, f"{line}\n{told.output}\n{told.exception!r}"
            shown += told.output
        missing = [words for words in re.findall(r"`([^`]+)`", step["seen"] or "") if words not in shown]
        assert not missing, f"{step['commands']}\n{shown}"
    for name in re.findall(r"^\| `([\w.]+)`", GUIDE.read_text("utf-8"), re.MULTILINE):
        assert (tmp_path / "report" / name).is_file()
