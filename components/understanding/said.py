"""One message as the components before the reader left it, and what a reading of it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Text, Tuple

from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.intent_classifier import HEADS, INTENT_RANKING, REQUESTS, RESTS, SECOND
from components.text_normaliser import normalised
from components.turn_cues import CUES
from components.understanding.acts import ACT, PARTS
from components.understanding.aspects import ASKED
from components.understanding.commands import Command
from components.understanding.references import REFERENCE
from components.understanding.taking import TAKES
from components.understanding.values import ASIDE, VALUES

PLAIN_TALK = ("chat_", "nlu_", "faq")
"""Beginnings of intents that start nothing: being wrong about them does no harm."""
DANGER = "danger"
FAULTS = ("quality", "damaged", "wrong_item", "missing")
"""The codes of reasons that are a fault."""


@dataclass(frozen=True)
class Said:
    """One message, as the components before this one left it."""

    text: Text
    intent: Text
    confidence: float = 1.0
    ranking: Sequence[Mapping[Text, Any]] = ()
    requests: Sequence[Text] = ()
    entities: Sequence[Mapping[Text, Any]] = ()
    acts: Mapping[Text, float] = field(default_factory=dict)
    cues: Mapping[Text, Text] = field(default_factory=dict)
    danger: bool = False
    reference: Mapping[Text, Any] = field(default_factory=dict)
    follow_up: Mapping[Text, Any] = field(default_factory=dict)
    values: Sequence[Mapping[Text, Any]] = ()
    parts: Sequence[Tuple[int, int, Text, float]] = ()
    rests: Sequence[Tuple[int, Text, float]] = ()
    heads: Sequence[Tuple[int, Text, float]] = ()
    fault: bool = False
    reason: bool = False
    takes: float = 0.0
    second: bool = False
    """Whether two requests were made; the second begins at `split` of the customer's own `words`."""
    words: Text = ""
    split: int = 0
    offsets: Sequence[int] = ()

    @property
    def act(self) -> Text:
        """What the words most probably do."""
        return max(self.acts, key=lambda name: self.acts[name], default="")

    def share(self, *names: Text) -> float:
        """How probably they do one of these."""
        return sum(self.acts.get(name, 0.0) for name in names)


@dataclass(frozen=True)
class Reading:
    """What a message means: the commands, the intent that says the first of them, and what it names, if that changes."""

    intent: Text
    commands: Tuple[Command, ...]
    entities: Optional[Sequence[Mapping[Text, Any]]] = None
    reference: Optional[Mapping[Text, Any]] = None


def said(message: Message) -> Said:
    """What the components before this one found in a message."""
    told, second = normalised(message), message.get(SECOND)
    intent = message.get(INTENT) or {}
    return Said(
        text=told.text,
        intent=str(intent.get("name") or ""),
        confidence=float(intent.get("confidence") or 0.0),
        ranking=message.get(INTENT_RANKING) or (),
        requests=message.get(REQUESTS) or (),
        entities=message.get(ENTITIES) or (),
        acts=(message.get(ACT) or {}).get("shares") or {},
        cues=message.get(CUES) or {},
        danger=bool(message.get(DANGER)),
        reference=message.get(REFERENCE) or {},
        follow_up=message.get(ASKED) or {},
        second=bool(second),
        words=message.get(TEXT) or "",
        split=told.offsets[second] if second else 0,
        offsets=told.offsets,
        values=[each for each in message.get(VALUES) or () if each.get("kind") != ASIDE],
        parts=message.get(PARTS) or (),
        rests=message.get(RESTS) or (),
        heads=message.get(HEADS) or (),
        fault=any(each.get("code") in FAULTS for each in message.get(VALUES) or ()),
        reason=any(each.get("kind") == "reason" for each in message.get(VALUES) or ()),
        takes=float(message.get(TAKES) or 0.0),
    )


def described(reference: Mapping[Text, Any], words: Text) -> Dict[Text, Any]:
    """What these words of a message describe, of all that it does."""
    conditions = [each for each in reference.get("conditions") or () if each.get("said", "") in words]
    return {**reference, "conditions": conditions, "names": [name for name in reference.get("names") or () if name in words]}


def candidates(said: Said) -> List[Text]:
    """The two likeliest wishes."""
    names = [str(each["name"]) for each in said.ranking]
    return [name for name in names if not name.startswith(PLAIN_TALK)][:2]
