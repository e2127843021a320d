"""What a Rasa project's names mean, and the cleaning rules: two YAML files, each replaceable in part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from analytics.problems import SettingError

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Project:
    """Both files, read. `names("handoff", "slots")` are the names of one kind."""

    told: dict[str, dict[str, list[str]]]
    rules: dict[str, Any]

    def names(self, what: str, kind: str) -> list[str]:
        """The declared names; none for what a project does not have."""
        return self.told.get(what, {}).get(kind, [])


def read_project(project: Path | None = None, rules: Path | None = None) -> Project:
    """The defaults, and over them what the given files say; raises SettingError."""
    return Project(_over(_HERE / "project.yml", project), _over(_HERE / "clean" / "rules.yml", rules))


def _over(default: Path, own: Path | None) -> dict[str, Any]:
    known = _read(default)
    told = _read(own) if own else {}
    strange = sorted(set(told) - set(known))
    if strange:
        raise SettingError(f"{own}：不认识 {', '.join(strange)}；认识的有 {', '.join(known)}")
    for name, value in told.items():
        if type(value) is not type(known[name]):
            raise SettingError(f"{own}：{name} 要像默认的那样写：{known[name]}")
        known[name] = {**known[name], **value} if isinstance(value, dict) else value
    return known


def _read(path: Path) -> dict[str, Any]:
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"读不了 {path}：{error}") from error
    if not isinstance(told, dict):
        raise SettingError(f"{path} 要是“名字: 值”的 YAML")
    return told
