"""The project's conventions. A newcomer who breaks one is told here, not in a review."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.shared.utils.common import class_from_module_path

from components.validation import IN_CONTEXT
from topics import domain

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
DOMAIN: dict[str, Any] = domain.of_project()
HAN = re.compile(r"[\u4e00-\u9fff]")


def topics() -> list[str]:
    """The topics: folders with an nlu.yml."""
    return sorted(path.parent.name for path in DATA.glob("*/nlu.yml"))


def topic_of(name: str) -> str:
    """The topic that a name's prefix says, the longest that fits (`after_sales_return` → `after_sales`)."""
    fitting = [topic for topic in topics() if name == topic or name.startswith(f"{topic}_")]
    return max(fitting, key=len, default="")


def python(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    """All modules of these rooms, parsed."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The dotted names that a module imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def responses() -> list[tuple[str, str, Any]]:
    """(topic, name, variants) of every response under data/."""
    return [
        (path.parent.name, name, variants)
        for path in sorted(DATA.glob("*/responses.yml"))
        for name, variants in yaml.safe_load(path.read_text("utf-8"))["responses"].items()
    ]


def test_every_intent_has_its_topics_folder_and_examples() -> None:
    for topic in topics():
        written = {block["intent"] for block in yaml.safe_load((DATA / topic / "nlu.yml").read_text("utf-8"))["nlu"]}
        declared = {intent for intent in DOMAIN["intents"] if topic_of(intent) == topic}
        assert written == declared - set(IN_CONTEXT), topic
    # EXTERNAL_…: triggered over Rasa's API, said by nobody.
    assert all(topic_of(intent.removeprefix("EXTERNAL_")) for intent in DOMAIN["intents"])


@pytest.mark.parametrize("file", ["domain.yml", "nlu.yml", "responses.yml", "stories.yml"])
def test_every_topic_has_the_same_files(file: str) -> None:
    assert [topic for topic in topics() if not (DATA / topic / file).is_file()] == []


def test_every_topic_declares_only_its_own() -> None:
    """An entity may be called as people call it (`colour`); everything else begins with its topic."""
    for topic in topics():
        told = yaml.safe_load((DATA / topic / "domain.yml").read_text("utf-8"))
        for section in ("intents", "slots", "actions"):
            for name in told.get(section) or ():
                bare = re.sub(r"^(EXTERNAL_|action_ask_|action_)", "", name)
                assert topic_of(bare) == topic, f"{name} in data/{topic}/domain.yml"
        form_file = DATA / topic / "forms.yml"
        for form in (yaml.safe_load(form_file.read_text("utf-8")).get("forms") or () if form_file.is_file() else ()):
            assert topic_of(form) == topic, f"{form} in data/{topic}/forms.yml"


def test_every_topic_has_a_test_story_and_a_readme_row() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for topic in topics():
        assert (ROOT / "tests" / "conversations" / f"test_{topic}.yml").is_file(), topic
        assert f"`{topic}`" in readme, topic


def test_the_topic_is_the_prefix_of_every_response_and_lives_in_its_folder() -> None:
    for topic, name, _ in responses():
        own = re.sub(r"^utter_((ask|help|why|unclear|label|which)_)?", "", name)
        assert name == "utter_default" or own.startswith(topic), f"{name} in data/{topic}"


def test_what_explains_a_question_or_names_a_wish_belongs_to_one() -> None:
    asked = {slot for form in DOMAIN["forms"].values() for slot in form["required_slots"]}
    for _, name, _ in responses():
        kind, _, what = name.removeprefix("utter_").partition("_")
        if kind in ("help", "why", "unclear"):
            assert what in asked, f"{name}: no form asks for {what}"
        if kind == "label":
            assert what in DOMAIN["intents"], f"{name}: no intent is called {what}"
        if kind == "which":
            assert what in DOMAIN["forms"], f"{name}: no form is called {what}"


def test_no_response_takes_the_place_of_an_action_that_asks() -> None:
    """Rasa says `utter_ask_<form>_<slot>` before it looks for `action_ask_<slot>`: the buttons would be missing."""
    known = {name for _, name, _ in responses()}
    for form, told in DOMAIN["forms"].items():
        for slot in told["required_slots"]:
            if f"action_ask_{slot}" in DOMAIN["actions"]:
                assert f"utter_ask_{form}_{slot}" not in known, f"utter_ask_{form}_{slot}"


def test_no_response_is_written_twice() -> None:
    counted = Counter(name for _, name, _ in responses())
    assert [name for name, count in counted.items() if count > 1] == []


def test_every_slot_form_and_action_is_named_after_its_topic() -> None:
    shared = {"ab_bucket"}
    for name in [*DOMAIN["slots"], *DOMAIN["forms"]]:
        assert topic_of(name) or name in shared, name
    for action in DOMAIN["actions"]:
        assert topic_of(re.sub(r"^(action_ask_|action_|validate_)", "", action)), action


def test_every_button_leads_to_a_known_intent() -> None:
    for _, name, variants in responses():
        for variant in variants:
            for button in variant.get("buttons") or []:
                intent = re.match(r"/(\w+)", button["payload"])
                assert intent and intent[1] in DOMAIN["intents"], f"{name}: {button}"


def test_declared_actions_are_the_registered_ones() -> None:
    from rasa_sdk.executor import ActionExecutor

    executor = ActionExecutor()
    executor.register_package("actions")
    registered = {name for name in executor.actions if not name.startswith("action_validate_slot")}
    assert registered == set(DOMAIN["actions"])


def test_actions_hold_no_prose() -> None:
    for path, tree in python("actions"):
        documented = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
                assert not HAN.search(node.value), f"{path.relative_to(ROOT)}:{node.lineno}: wording belongs to data/"


def test_every_response_an_action_utters_exists() -> None:
    known = {name for _, name, _ in responses()}
    for path, tree in python("actions"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"utter_\w+[a-z]", node.value):
                if not node.value.endswith("_") and node.value != "utter_action":  # Rasa's key of what was said
                    assert node.value in known, f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"


ALLOWED = {
    "privacy": set(),
    "serving": set(),
    "analytics": {"privacy"},
    "backoffice": {"analytics", "privacy"},
    "topics": set(),
    "actions": {"privacy", "serving", "topics"},
    # A number in a picture has the form that a typed one has: `components/fixed_forms.py` is regular expressions alone.
    # And what a channel waits for within a turn holds up no other (`components/baton.py`: asyncio alone).
    "connectors": {"actions.gateways", "components.baton", "components.fixed_forms", "privacy", "serving"},
    "components": {"actions.gateways", "privacy", "topics"},
}


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_run_one_way(room: str) -> None:
    for path, tree in python(room):
        for name in imported(tree):
            other = name.split(".")[0]
            if other in ALLOWED and other != room:
                fits = any(name == way or name.startswith(f"{way}.") for way in ALLOWED[room])
                assert fits, f"{path.relative_to(ROOT)} imports {name}"
            if other == "rasa":
                assert room in ("connectors", "components"), f"{path.relative_to(ROOT)} imports rasa"
        if path.is_relative_to(ROOT / "actions" / "gateways"):
            assert not any(n.startswith("actions.") and not n.startswith("actions.gateways") for n in imported(tree)), path


def test_importing_actions_opens_nothing() -> None:
    """No module-level call may reach for settings or the network: rasa-sdk imports everything at its start."""
    for path, tree in python("actions"):
        for statement in tree.body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)) and statement.value is not None:
                calls = {ast.unparse(n.func) for n in ast.walk(statement.value) if isinstance(n, ast.Call)}
                assert not calls & {"Settings.from_env", "gateways", "requests.Session", "BackOffice"}, path


def test_a_connector_is_its_folder_and_says_how_to_set_it_up() -> None:
    for path in yaml.safe_load((ROOT / "credentials.yml").read_text("utf-8")):
        channel = class_from_module_path(path)
        folder = ROOT / "connectors" / channel.name()
        assert path.startswith(f"connectors.{channel.name()}.")
        for file in ("channel.py", "codec.py", "README.md"):
            assert (folder / file).is_file(), folder / file


def test_every_entry_of_wechats_menu_leads_to_a_known_intent() -> None:
    from connectors.wechat.menu import menu, payloads

    assert {payload.removeprefix("/") for payload in payloads()} <= set(DOMAIN["intents"])
    assert len(menu()["button"]) <= 3 and all(len(each.get("sub_button", [])) <= 5 for each in menu()["button"])


def test_a_conversations_id_is_the_same_on_both_sides() -> None:
    """What a channel lets in is what the back office can build addresses of."""
    patterns = []
    for path in ("connectors/store.py", "backoffice/assistant.py"):
        found = re.search(r'^_?CONVERSATION_ID = .*r"([^"]+)"', (ROOT / path).read_text("utf-8"), re.MULTILINE)
        assert found, f"{path} declares no alphabet"
        patterns.append(found[1])
    alphabets = [{chr(code) * 5 for code in range(0x250) if re.fullmatch(each, chr(code) * 5)} for each in patterns]
    lengths = [{n for n in range(300) if re.fullmatch(each, "a" * n)} for each in patterns]
    assert alphabets[0] == alphabets[1] and lengths[0] == lengths[1]
