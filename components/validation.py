"""What Rasa's validator warns of and is right all the same, so that `rasa data validate` shows only what is to be mended.

The validator follows rules and stories. It cannot see that actions say responses by name (`utter_x` and its variants
`utter_x_…`; an action's refusal `utter_<action>_rejected`), that forms ask (`utter_ask_…`), that intents are taken in by
forms, that events come from outside (`EXTERNAL_…`) and that some intents are given by the talk and not by words alone
(`IN_CONTEXT`). Nothing is written into the training data to silence it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from topics import follow_ups

ACTIONS = Path(__file__).resolve().parents[1] / "actions"
OF_SLOTS = ("utter_ask_", "utter_help_", "utter_why_", "utter_unclear_", "utter_label_", "utter_which_")
"""Beginnings of responses that are said for a slot, a form or an intent by its name (a contract test looks at the rest)."""
IN_CONTEXT = ("chat_follow_up", "chat_hold", "chat_take_back", "logistics_compensation", "invoices_split")
"""Intents without examples: a component gives them to messages that mean something only after what was said before, or whose
words say a wish plainly (cues that begin with `means_`)."""
UNUSED_RESPONSE = "The utterance '{}' is not used in any story or rule"
UNUSED_INTENT = "The intent '{}' is not used in any story or rule"
UNTRAINED_INTENT = "The intent '{}' is listed in the domain file, but is not found in the NLU training data"


def hide_what_is_right(responses: Iterable[str], intents: Iterable[str], actions: Sequence[str]) -> None:
    """Let Python leave out the warnings about these, where they are right."""
    sources = [path.read_text("utf-8") for path in sorted(ACTIONS.rglob("*.py"))]
    sources += [aspect.response for aspect in follow_ups.of_project().aspects()]
    for message in harmless(responses, intents, actions, sources):
        warnings.filterwarnings("ignore", message=re.escape(message))


def harmless(
    responses: Iterable[str], intents: Iterable[str], actions: Sequence[str], sources: Sequence[str]
) -> list[str]:
    """The beginnings of the warnings to leave out. `sources` are the texts of the actions' modules."""
    said = {name.rstrip("_") for source in sources for name in re.findall(r"\butter_\w+", source)}
    said |= {f"utter_{name.removeprefix('action_')}_rejected" for name in actions}
    named = {name for source in sources for name in re.findall(r'"([a-z_]+)"', source)}
    outside = [name for name in intents if name.startswith("EXTERNAL_")]
    taken = [name for name in intents if name in named]
    return [
        *(UNUSED_RESPONSE.format(name) for name in responses if _is_said(name, said)),
        *(UNUSED_INTENT.format(name) for name in (*outside, *taken)),
        *(UNTRAINED_INTENT.format(name) for name in (*outside, *IN_CONTEXT)),
    ]


def _is_said(response: str, said: Collection[str]) -> bool:
    beginnings = (
        response[:end] for end in range(len(response), 0, -1) if end == len(response) or response[end] == "_"
    )
    return response.startswith(OF_SLOTS) or response == "utter_default" or any(each in said for each in beginnings)
