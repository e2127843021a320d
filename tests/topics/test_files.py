"""A topic's files: what they may say, and that a wrong one is refused with its line and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from rasa.shared.exceptions import RasaException

from components.topic_importer import TopicImporter
from topics.domain import joined
from topics.files import TopicError
from topics.forms import declared

FORM = """\
forms:
  gifts_wrap_form:
    about: wrap a gift
    starts: [gifts_wrap]
    asks: [gifts_paper]
    ends: action_gifts_wrap
"""
WRONG_FORMS = [
    ("forms:\n  gifts_wrap:\n    asks: [gifts_paper]\n", 2, "Write `gifts_wrap_form`"),
    (FORM.replace("starts:", "start:"), 4, "Write one of: about, starts, meant_by, asks, ends"),
    (FORM.replace("[gifts_paper]", "gifts_paper"), 5, "Write `[one, two]`"),
    (FORM.replace("[gifts_paper]", "[]"), 5, "Write `asks: [a_slot]`"),
    (FORM.replace("[gifts_paper]", "[礼物]"), 5, "Write letters, digits and `_`"),
    (FORM.replace("    asks: [gifts_paper]\n", ""), 2, "Write `asks: [a_slot, another_slot]` below it"),
    (FORM.replace("    ends: action_gifts_wrap\n", ""), 2, "Write `ends: action_of_the_topic` below it"),
    (FORM.replace("action_gifts_wrap", "gifts_wrap"), 6, "Write `action_gifts_wrap`"),
    (FORM + "    ends: action_gifts_again\n", 7, "Keep one of them"),
    (FORM + "   asks: [gifts_paper]\n", 7, "Mind the indentation"),
    ("form:\n  gifts_wrap_form: {}\n", 1, "Write one of: forms, asides, keeps"),
    ("", 1, "Delete it"),
]


def topic(folder: Path, name: str, **files: str) -> Path:
    """A topic's folder with these files (`domain` → domain.yml)."""
    place = folder / "data" / name
    place.mkdir(parents=True, exist_ok=True)
    for stem, text in files.items():
        (place / f"{stem}.yml").write_text(text, encoding="utf-8")
    return folder / "data"


@pytest.mark.parametrize(("text", "line", "write"), WRONG_FORMS)
def test_a_wrong_form_is_refused_with_its_line_and_what_to_write(tmp_path: Path, text: str, line: int, write: str) -> None:
    data = topic(tmp_path, "gifts", forms=text)
    with pytest.raises(TopicError) as told:
        declared([data])
    assert str(told.value).startswith(f"data/gifts/forms.yml:{line}: ") and write in str(told.value)


def test_two_forms_do_not_start_alike(tmp_path: Path) -> None:
    topic(tmp_path, "gifts", forms=FORM)
    data = topic(tmp_path, "parcels", forms=FORM.replace("gifts_wrap_form", "parcels_wrap_form"))
    with pytest.raises(TopicError, match=r"data/parcels/forms.yml:2: `gifts_wrap` starts `gifts_wrap_form` already"):
        declared([data])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("forms:\n  gifts_wrap_form: {required_slots: [x]}\n", "data/gifts/domain.yml:1: .*Write them into forms.yml"),
        ("intents: [gifts_wrap]\nresponses: {}\n", "data/gifts/domain.yml:2: .*Write them into responses.yml"),
        ("intent: [gifts_wrap]\n", "data/gifts/domain.yml:1: .*Write one of: version, intents"),
        ("slots:\n  gifts_paper: {type: any}\n  gifts_paper: {type: text}\n", "data/gifts/domain.yml:3: .*Keep one of them"),
        ("intents:\n- orders_cancel\n", "data/orders/domain.yml:2: `orders_cancel` is declared in data/gifts/domain.yml:2 too"),
    ],
)
def test_a_wrong_domain_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    topic(tmp_path, "gifts", domain=text)
    data = topic(tmp_path, "orders", domain="intents:\n- orders_cancel\n")
    with pytest.raises(TopicError, match=told):
        joined(tmp_path / "domain.yml", [data])


@pytest.mark.parametrize(("missing", "section"), [("gifts_paper", "slots"), ("gifts_wrap", "intents")])
def test_what_a_form_names_must_be_declared(tmp_path: Path, missing: str, section: str) -> None:
    (tmp_path / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    told = {"intents": ["gifts_wrap"], "slots": {"gifts_paper": {"type": "any"}}}
    told[section] = type(told[section])()
    data = topic(tmp_path, "gifts", domain=yaml.safe_dump(told), forms=FORM)
    with pytest.raises(TopicError, match=rf"data/gifts/forms.yml:2: .*`{missing}`.* Write it below `{section}:` in domain.yml"):
        joined(tmp_path / "domain.yml", [data])


def test_a_form_brings_its_slots_actions_and_rules(tmp_path: Path) -> None:
    (tmp_path / "domain.yml").write_text('version: "3.1"\n', encoding="utf-8")
    slots = "slots:\n  gifts_paper: {type: any, mappings: [{type: custom}]}\n"
    data = topic(tmp_path, "gifts", domain=f"intents: [gifts_wrap]\n{slots}", forms=FORM)
    importer = TopicImporter(None, str(tmp_path / "domain.yml"), [str(data)])
    domain = importer.get_domain()
    assert domain.forms == {"gifts_wrap_form": {"required_slots": ["gifts_paper"]}}
    assert {"validate_gifts_wrap_form", "action_gifts_wrap"} <= set(domain.action_names_or_texts)
    rules = [step.block_name for step in importer.get_stories().story_steps]
    assert rules == ["wrap a gift (gifts_wrap)", "wrap a gift (done)"]


def test_what_is_wrong_reaches_the_one_who_trains(tmp_path: Path) -> None:
    """Rasa's command line tells its own kind of errors in one line, without a traceback."""
    (tmp_path / "domain.yml").write_text(yaml.safe_dump({"version": "3.1"}), encoding="utf-8")
    data = topic(tmp_path, "gifts", forms=FORM.replace("starts:", "start:"))
    with pytest.raises(RasaException, match=r"data/gifts/forms.yml:4"):
        TopicImporter(None, str(tmp_path / "domain.yml"), [str(data)]).get_domain()
