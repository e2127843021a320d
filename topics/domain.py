"""The whole domain: the root's `domain.yml` with what each topic's folder declares.

`data/<topic>/domain.yml` holds its intents, entities, slots and actions; its forms follow from its `forms.yml`, its
responses from its `responses.yml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from topics.files import TopicError, merged, of_topics, read
from topics.forms import ROOT, DeclaredForm, declared, place_of

FILE = "domain.yml"
SECTIONS = ("version", "intents", "entities", "slots", "actions")
ELSEWHERE = {"forms": "forms.yml", "responses": "responses.yml"}


def joined(base: Path, data: Iterable[Path]) -> dict[str, Any]:
    """The domain as Rasa's YAML has it, without wording. `base`: the root's file; `data`: folders with topics.

    Raises TopicError for what is declared twice or in the wrong file.
    """
    data = list(data)
    told: list[tuple[Path, dict[str, Any]]] = [(base, yaml.safe_load(base.read_text("utf-8")) or {})]
    for path in of_topics(data, FILE):
        for section, _, key in read(path).items():
            if section in ELSEWHERE:
                raise key.wrong(f"`{section}` do not stand here", f"Write them into {ELSEWHERE[section]} beside it")
            if section not in SECTIONS:
                raise key.wrong(f"`{section}` is nothing that a topic declares", f"Write one of: {', '.join(SECTIONS)}")
        told.append((path, yaml.safe_load(path.read_text("utf-8"))))
    whole = merged(told)
    forms = declared(data).forms.values()
    for form in forms:
        _known(form, whole, data)
    if forms:
        whole["forms"] = {**whole.get("forms", {}), **{each.name: {"required_slots": list(each.asks)} for each in forms}}
        named = [name for each in forms for name in each.actions if name.startswith(("action_", "validate_"))]
        whole["actions"] = list(dict.fromkeys([*whole.get("actions", []), *named]))
    return whole


def _known(form: DeclaredForm, whole: dict[str, Any], data: list[Path]) -> None:
    """What a form asks and what starts it must be declared."""
    intents = {each if isinstance(each, str) else next(iter(each)) for each in whole.get("intents", ())}
    needed = [("slots", slot, set(whole.get("slots", ()))) for slot in form.asks]
    needed += [("intents", intent, intents) for intent in (*form.starts, *form.meant_by)]
    for section, name, known in needed:
        if name not in known:
            fault = f"`{form.name}` names `{name}`, which is not among the {section}"
            raise TopicError(place_of(form.name, data), fault, f"Write it below `{section}:` in {FILE} beside it")


def of_project() -> dict[str, Any]:
    """This project's own domain, without wording."""
    return joined(ROOT / FILE, [ROOT / "data"])


def responses(data: Iterable[Path]) -> dict[str, Any]:
    """The topics' wording: response → its variants. Raises TopicError for one that stands in two topics."""
    files = [(path, yaml.safe_load(path.read_text("utf-8"))["responses"]) for path in of_topics(data, "responses.yml")]
    return dict(merged((path, {"responses": told}) for path, told in files).get("responses", {}))
