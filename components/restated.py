"""What is said in place of something that was not meant: 都不是，我要退货 · 不是，我问的是两张能不能合成一张.

The refusal in front says no to what the assistant offered or told; what follows is a message of its own, and is read as if it
had been said alone. Within a form it may correct a value, and is left whole.
"""

from __future__ import annotations

import re
from typing import Optional

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

LEAST = 3  # characters that say something
MENU = 2  # buttons
_STOP = r"[\W_]"
_NONE_OF_THEM = re.compile(rf"^(?:都不是|都不对|都没有|不是(?:这个|这些|这几个)?的?|没有我要的|不对){_STOP}+")
_I_ASK = re.compile(rf"^(?:不是|不对|没问这个|不是(?:问)?这个){_STOP}+(?:我(?:是|想)*(?:问|说)的?(?:是|就是)?{_STOP}*)")
"""Of a normalised text."""


def refusal(text: str, tracker: Optional[DialogueStateTracker]) -> int:
    """How many characters in front of a normalised text only refuse; 0 where nothing stands in place of what was refused."""
    if tracker is None or tracker.active_loop_name:
        return 0
    found = _I_ASK.match(text) or (_NONE_OF_THEM.match(text) if _menu_stands(tracker) else None)
    return found.end() if found and len(text) - found.end() >= LEAST else 0


def _menu_stands(tracker: DialogueStateTracker) -> bool:
    """Whether several things were offered since the customer's message before."""
    for event in reversed(tracker.events):
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, BotUttered) and len((event.data or {}).get("buttons") or []) >= MENU:
            return True
    return False
