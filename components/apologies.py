"""An apology is said once in a talk: where one was heard, or none is wanted, the words around it say what is to be said.

Wordings hold their own apologies (很抱歉，包裹已经晚了), as each is said alone; what makes the third of them in a row hollow is
the talk. Slot `chat_soothed` says that one was heard (`actions/chat.py`).
"""

from __future__ import annotations

import re
from typing import Any, Dict, Text

SOOTHED = "chat_soothed"
_SORRY = "(?:真的|真是|非常|实在|很)*抱歉"
_FIRST = re.compile(rf"^(?:让您[^，。]{{1,8}}，)?{_SORRY}[^，。：:]{{0,8}}[，。：:]\s*")
_AMONG = re.compile(rf"，{_SORRY}(?=[。，])")


def without_apology(response: Dict[Text, Any]) -> Dict[Text, Any]:
    """A response whose text apologises for nothing; one that does nothing but apologise stays as it is."""
    told = str(response.get("text") or "")
    text = _AMONG.sub("", _FIRST.sub("", told)).strip()
    return {**response, "text": text} if text and text != told else response
