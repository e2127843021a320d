"""`data/<topic>/forms.yml`: what starts a form, what is asked in which order, what ends it.

    forms:
      orders_cancel_form:
        about: cancel an order                            # what its rules are called
        starts: [orders_cancel]                           # intents that open it; for each a rule
        meant_by: [...]                                   # intents that mean it too, whose own rule opens it or not
        asks: [orders_number, orders_cancel_confirmed]    # slots, in this order; each has `utter_ask_…` or an action
        ends: action_orders_cancel                        # what is done with the answers
        looks: true                                       # it only looks something up: a question opens it too
        undone_by: orders_restore                         # the intent that takes back what it did, where there is one
    asides: [products_ask_stock]                          # intents that are answered in between where they are questions
    keeps: [products_offered]                             # slots that outlive a stopped form
    answers:                                              # what kind of answer a slot's question wants (`KINDS`)
      choose: [orders_number]                             # not said here: yes or no for `…_confirmed`, else a value
    values:                                               # kinds of values (data/values/) that answer a slot's question,
      orders_change_value: [address, phone]               # and that correct it when something else is asked by then

The rules, `required_slots` and the names of the actions follow from it. Where the next question hangs on the answers before
it, the form's class in `actions/` says so (`Form.slots`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from topics.files import Part, Place, TopicError, of_topics, read

ROOT = Path(__file__).resolve().parents[1]
FILE = "forms.yml"
FORM = "_form"
CONFIRMED = "_confirmed"
KINDS = ("confirm", "choose", "value", "words")
"""What kind of answer a question wants: yes or no, one of several, a value of some shape, the customer's own words."""


@dataclass(frozen=True)
class DeclaredForm:
    """One form."""

    name: str
    about: str
    starts: tuple[str, ...]
    meant_by: tuple[str, ...]
    asks: tuple[str, ...]
    ends: str
    looks: bool = False
    undone_by: str | None = None

    @property
    def actions(self) -> tuple[str, str]:
        """The actions that a form has by being one."""
        return f"validate_{self.name}", self.ends

    def rules(self) -> list[dict[str, Any]]:
        """The form's rules as Rasa's YAML has them: one for each intent that starts it, one for its end."""
        opened = [
            {
                "rule": f"{self.about} ({intent})",
                "steps": [{"intent": intent}, {"action": self.name}, {"active_loop": self.name}],
            }
            for intent in self.starts
        ]
        done: dict[str, Any] = {
            "rule": f"{self.about} (done)",
            "condition": [{"active_loop": self.name}],
            "steps": [
                {"action": self.name},
                {"active_loop": None},
                {"slot_was_set": [{"requested_slot": None}]},
                {"action": self.ends},
            ],
        }
        return [*opened, done]


@dataclass(frozen=True)
class Declared:
    """What all topics' `forms.yml` say. `topics`: those that have forms; `answers`: slots' kinds of answer, where told;
    `values`: the kinds of values that are a slot's."""

    forms: dict[str, DeclaredForm]
    asides: tuple[str, ...]
    keeps: tuple[str, ...]
    topics: tuple[str, ...]
    answers: dict[str, str]
    values: dict[str, tuple[str, ...]]

    @property
    def kinds(self) -> dict[str, str]:
        """The kind of answer (of `KINDS`) that each slot's question wants."""
        asked = (slot for form in self.forms.values() for slot in form.asks)
        return {slot: self.answers.get(slot, "confirm" if slot.endswith(CONFIRMED) else "value") for slot in asked}

    @property
    def does(self) -> frozenset[str]:
        """The intents that open a form which does something: no mere question opens it."""
        return frozenset(intent for form in self.forms.values() if not form.looks for intent in form.starts)

    def gathered(self, slot: str) -> bool:
        """Whether a slot is filled for a form's sake, so that it falls when the form is stopped."""
        return slot.startswith(tuple(f"{topic}_" for topic in self.topics)) and slot not in self.keeps


def declared(data: Iterable[Path]) -> Declared:
    """What the topics below these folders say of their forms. Raises TopicError, with line and what to write."""
    forms: dict[str, DeclaredForm] = {}
    asides: list[str] = []
    keeps: list[str] = []
    topics: list[str] = []
    answers: dict[str, str] = {}
    values: dict[str, tuple[str, ...]] = {}
    for path in of_topics(data, FILE):
        for section, part, _ in read(path).items(("forms", "asides", "keeps", "answers", "values")):
            if section == "forms":
                topics.append(path.parent.name)
                for name, body, key in part.items():
                    if name in forms:
                        raise key.wrong(f"`{name}` is another topic's form too", "Name it after its own topic")
                    forms[name] = _form(name, body, key)
            elif section == "answers":
                answers |= {slot: kind for kind, slots, _ in part.items(KINDS) for slot in slots.names()}
            elif section == "values":
                values |= {slot: tuple(of.names()) for slot, of, _ in part.items()}
            else:
                {"asides": asides, "keeps": keeps}[section].extend(part.names())
    _started_once(forms, data)
    return Declared(forms, tuple(asides), tuple(keeps), tuple(topics), answers, values)


@cache
def of_project() -> Declared:
    """What this project's own topics say."""
    return declared([ROOT / "data"])


def _form(name: str, body: Part, key: Part) -> DeclaredForm:
    if not name.endswith(FORM):
        raise key.wrong(f"`{name}` is no form's name", f"Write `{name}{FORM}`")
    told: dict[str, Any] = {"about": name.removesuffix(FORM).replace("_", " "), "starts": [], "meant_by": []}
    for word, part, _ in body.items(("about", "starts", "meant_by", "asks", "ends", "looks", "undone_by")):
        if word == "looks":
            told[word] = part.flag()
            continue
        if word == "undone_by":
            told[word] = part.name()
            continue
        told[word] = part.text() if word == "about" else part.name() if word == "ends" else part.names()
        if word == "ends" and not told[word].startswith(("action_", "utter_")):
            raise part.wrong(f"`{told[word]}` is no action", f"Write `action_{told[word]}`, or a response `utter_…`")
        if word == "asks" and not told[word]:
            raise part.wrong("a form asks for one slot at least", "Write `asks: [a_slot]`")
    for word, example in (("asks", "asks: [a_slot, another_slot]"), ("ends", "ends: action_of_the_topic")):
        if word not in told:
            raise key.wrong(f"`{name}` does not say what it {word}", f"Write `{example}` below it")
    lists = {word: tuple(told[word]) for word in ("starts", "meant_by", "asks")}
    looks, undone_by = bool(told.get("looks")), told.get("undone_by")
    return DeclaredForm(name=name, about=told["about"], ends=told["ends"], looks=looks, undone_by=undone_by, **lists)


def _started_once(forms: dict[str, DeclaredForm], data: Iterable[Path]) -> None:
    """No two forms may start with the same intent."""
    by: dict[str, str] = {}
    for form in forms.values():
        for intent in form.starts:
            if intent in by:
                fault = f"`{intent}` starts `{by[intent]}` already"
                raise TopicError(place_of(form.name, data), fault, "Take it out of `starts` of one of them")
            by[intent] = form.name


def place_of(form: str, data: Iterable[Path]) -> Place:
    """Where a form is declared. Raises KeyError."""
    for path in of_topics(data, FILE):
        for section, part, _ in read(path).items():
            if section == "forms":
                for name, _, key in part.items():
                    if name == form:
                        return key.place
    raise KeyError(form)
