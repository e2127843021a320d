"""Registered SMS templates by name: what a provider in mainland China may send at all.

`python -m connectors.sms.templates` lists the responses that have none of their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from connectors.errors import SettingsError
from connectors.settings import ROOT
from connectors.sms.codec import Templated

CODE = "bind_code"
"""The template for the code that proves a telephone; its one parameter is the code."""
REPLY = "reply"
"""The template for what has none of its own; its one parameter is the text."""
_FILE = Path(__file__).with_suffix(".yml")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Template:
    """One template. `ids`: provider → its name there, where it has been registered."""

    name: str
    text: str
    ids: Mapping[str, str]

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters, in their order."""
        return tuple(_PLACEHOLDER.findall(self.text))

    def fill(self, values: Mapping[str, Any]) -> str:
        """The whole text; what is missing is left out."""
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), self.text)

    def at(self, provider: str, values: Mapping[str, Any]) -> Templated | None:
        """How a provider is told to send it; None where it is not registered there."""
        known = self.ids.get(provider)
        return Templated(known, {name: str(values.get(name, "")) for name in self.params}) if known else None


def read_templates(path: Path | None = None) -> dict[str, Template]:
    """All templates: those shipped, or the shop's own file that LINGXI_SMS_TEMPLATES names. Raises SettingsError."""
    own = os.environ.get("LINGXI_SMS_TEMPLATES", "").strip()
    path = path or (ROOT / own if own else _FILE)
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
        found = {name: _template(name, each) for name, each in told.items()}
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        raise SettingsError(
            f"{path.name} is no file of SMS templates: write `name: {{text: …, aliyun: …, tencent: …}}`, "
            "as connectors/sms/templates.yml does"
        ) from None
    if found.get(REPLY) is None or found[REPLY].params != ("text",):
        raise SettingsError(f"{path.name}: the template {REPLY} is needed, with the one parameter {{text}}")
    return found


def _template(name: str, told: Mapping[str, Any]) -> Template:
    ids = {provider: str(told[provider]) for provider in ("aliyun", "tencent") if told.get(provider)}
    return Template(name, str(told["text"]), ids)


def without_template(folder: Path = ROOT / "data") -> Iterator[str]:
    """The responses that have no template of their own, in order."""
    for path in sorted(folder.glob("*/responses.yml")):
        responses: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["responses"]
        for name, variants in responses.items():
            if not any(
                "sms_template" in (each.get("custom") or {})
                for each in variants
                if each.get("channel") == "sms"
            ):
                yield name


if __name__ == "__main__":
    print("\n".join(without_template()))
