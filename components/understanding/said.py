"""A message as the components before the reader left it, and what the reader makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence, Text, Tuple

from components.understanding.commands import Command


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
