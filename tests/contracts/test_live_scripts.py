"""The scripts of live conversations are written rightly: seen in a second, before any process starts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.live.scripts import ScriptError, all_scripts, check, responses
from topics import domain

ROOT = Path(__file__).resolve().parents[2]


def test_every_script_is_readable_and_named_once() -> None:
    broken = []
    for name, script in all_scripts():
        try:
            check(script)
        except ScriptError as error:
            broken.append(f"{name}: {error}")
    assert broken == []
    twice = [name for name, times in Counter(name for name, _ in all_scripts()).items() if times > 1]
    assert twice == []


def test_the_expected_responses_exist() -> None:
    written = set(domain.responses([ROOT / "data"]))
    unknown = {f"{name}: {each}" for name, script in all_scripts() for each in responses(check(script)) - written}
    assert unknown == set()
