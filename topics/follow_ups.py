"""`data/<topic>/follow_ups.yml`: what customers go on to ask about a thing that was just spoken of.

    kinds:
      order:                                   # what `actions/focus.py` calls the thing
        when_money:                              # an aspect: one question about it
          about: when the money is back
          examples:                                # as people say it once the thing is clear, a dozen at least
          - 几天能到账
    others:                                    # what sounds like one of them and is a wish of its own
    - 我另外那单的退款到了没

An aspect may hold `question: 几点送货`: where no answer is written for how the thing stands, the knowledge is asked this.

It is answered by `utter_<topic>_<kind>_<aspect>_<state>` for the states that the thing is in, the most special first, else
by `utter_<topic>_<kind>_<aspect>`. Where a thing has neither, the aspect is none of its own in that state: words as bare as
要多久 may therefore stand in several aspects, and the state says which of them is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from topics.files import Part, Place, TopicError, of_topics, read
from topics.forms import ROOT

FILE = "follow_ups.yml"
LEAST = 12  # examples of an aspect


@dataclass(frozen=True)
class Aspect:
    """One question about one kind of thing. `response` is the beginning of the names of its answers; `question`: what the
    knowledge is asked where none of them is for the thing's state."""

    topic: str
    kind: str
    name: str
    about: str
    examples: tuple[str, ...]
    place: Place
    question: str = ""

    @property
    def response(self) -> str:
        """Its answer, and the beginning of its answers for a state."""
        return f"utter_{self.topic}_{self.kind}_{self.name}"


@dataclass(frozen=True)
class FollowUps:
    """What all topics' `follow_ups.yml` say. `kinds`: kind → name → aspect; `others`: wishes of their own."""

    kinds: Mapping[str, Mapping[str, Aspect]]
    others: tuple[str, ...]

    def aspects(self) -> Iterator[Aspect]:
        """All of them."""
        for named in self.kinds.values():
            yield from named.values()


def declared(data: Iterable[Path]) -> FollowUps:
    """What the topics below these folders say. Raises TopicError, with line and what to write."""
    kinds: dict[str, dict[str, Aspect]] = {}
    others: list[str] = []
    for path in of_topics(data, FILE):
        for section, part, _ in read(path).items(("kinds", "others")):
            if section == "others":
                others += part.texts()
                continue
            for kind, named, key in part.items():
                if kind in kinds:
                    raise key.wrong(f"`{kind}` is another topic's already", "Write its aspects there")
                kinds[kind] = {name: _aspect(path.parent.name, kind, name, body, at) for name, body, at in named.items()}
    return FollowUps(kinds, tuple(others))


@cache
def of_project() -> FollowUps:
    """What this project's own topics say."""
    return declared([ROOT / "data"])


def answered(follow_ups: FollowUps, responses: Mapping[str, Any]) -> None:
    """Each aspect has an answer, or a question to the knowledge. Raises TopicError."""
    for aspect in follow_ups.aspects():
        begins = aspect.response
        if not aspect.question and not any(name == begins or name.startswith(f"{begins}_") for name in responses):
            raise TopicError(aspect.place, f"nothing answers `{aspect.name}`", f"Write `{begins}` into responses.yml beside it")


def _aspect(topic: str, kind: str, name: str, body: Part, key: Part) -> Aspect:
    about, question, examples = "", "", []
    for word, part, _ in body.items(("about", "question", "examples")):
        if word == "about":
            about = part.text()
        elif word == "question":
            question = part.text()
        else:
            examples = part.texts()
    if not about:
        raise key.wrong(f"`{name}` does not say what it is about", "Write `about: when the money is back` below it")
    if len(examples) < LEAST:
        raise key.wrong(f"`{name}` has {len(examples)} examples", f"Write {LEAST} at least, each as somebody else would say it")
    if twice := [each for place, each in enumerate(examples) if each in examples[:place]]:
        raise key.wrong(f"`{twice[0]}` stands in `{name}` twice", "Keep one of them")
    return Aspect(topic, kind, name, about, tuple(examples), key.place, question)
