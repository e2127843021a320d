"""The closed list of what a message can tell the assistant to do, and its check.

A command is a dict, so that it travels as JSON: `{"command": <name>, …}`. What each may hold:

| command | holds | the customer … |
|---|---|---|
| `start` | `intent`, `words`, `entities`, `reference`, `values`, `fresh` | wants this; `fresh`: said beside another wish |
| `set` | `slot`, `value` | answers the question that stands |
| `correct` | `slot`, `value` (each may be null) | takes back what was said and says what is right |
| `choose` | `words` | says which one of those that were shown |
| `ask` | `aspect`, `object` (`{kind, id}` or null) | asks about a thing of the talk; `question`: why or how it was asked |
| `know` | `question`, `intent` (or null) | asks the knowledge; `intent`: the wish it is about, and does not start |
| `yes`, `no` | | to the question or the offer that stands |
| `hold` | | needs a moment: the question stays |
| `take_back` | `what` (intent or null) | did not want what was begun or done |
| `leave` | | wants nothing more of this |
| `person`, `danger` | | wants a person; is in danger |
| `chat` | `kind` | makes conversation |
| `unclear` | `candidates` (intents) | may mean one of these, or nothing that can be told |
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Sequence, Text

COMMANDS = "commands"
"""Message key: the list of commands, in the order in which they were said."""
Command = Dict[Text, Any]

KEYS: Mapping[Text, tuple[frozenset[Text], frozenset[Text]]] = {
    name: (frozenset(needed.split()), frozenset(more.split()))
    for name, needed, more in (
        ("start", "intent", "words entities reference values fresh"),
        ("set", "slot value", ""),
        ("correct", "slot value", ""),
        ("choose", "words", ""),
        ("ask", "aspect object", ""),
        ("know", "question", "intent"),
        ("yes", "", ""),
        ("no", "", ""),
        ("hold", "", ""),
        ("take_back", "what", ""),
        ("leave", "", ""),
        ("person", "", ""),
        ("danger", "", ""),
        ("chat", "kind", ""),
        ("unclear", "candidates", ""),
    )
}
"""Each command's keys: those it must hold, those it may."""


class CommandError(ValueError):
    """A command is not of the closed list."""


def command(name: Text, **told: Any) -> Command:
    """A command. Raises CommandError."""
    return check({"command": name, **told})


def check(told: Mapping[Text, Any]) -> Command:
    """The command, if it is one of the list and holds what it must and nothing else. Raises CommandError."""
    name = str(told.get("command"))
    if name not in KEYS:
        raise CommandError(f"{name!r} is no command; there are {', '.join(KEYS)}")
    needed, more = KEYS[name]
    keys = set(told) - {"command"}
    if lacking := needed - keys:
        raise CommandError(f"`{name}` lacks {', '.join(sorted(lacking))}")
    if unknown := keys - needed - more:
        raise CommandError(f"`{name}` holds no {', '.join(sorted(unknown))}")
    return dict(told)


def of_intent(intent: Text, text: Text = "", asked: Optional[Text] = None, candidates: Sequence[Text] = ()) -> Command:
    """What an intent alone says; `asked`: the slot of the question that stands."""
    if intent in PLAIN:
        return command(PLAIN[intent])
    if intent == "faq":
        return command("know", question=text)
    if intent == "nlu_fallback":
        return command("unclear", candidates=list(candidates))
    if intent == "chat_inform" and asked:
        return command("set", slot=asked, value=text)
    if intent.startswith("chat_"):
        return command("chat", kind=intent.removeprefix("chat_"))
    return command("start", intent=intent)


PLAIN = {
    "chat_affirm": "yes",
    "chat_deny": "no",
    "chat_stop": "leave",
    "handoff_request": "person",
}
"""Intents that are a command by themselves."""
