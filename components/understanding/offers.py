"""Which of the things offered is meant: a button on the table, said in one's own words (那麻烦催催, 退钱得了, 第二个).

A message that names one thing offered and little else is that choice, whatever else its words could mean elsewhere; it carries
what the button carries, such as the order that was just spoken of.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Text, Tuple

from components.text_normaliser import normalise
from components.understanding.context import Button

NEVER = ("chat_affirm", "chat_deny", "chat_stop", "handoff_request", "chat_ask_help")
"""Intents of buttons that are said by an act of their own: yes, no, leaving, a person."""
VALUE = "chat_inform"
LONGEST = 14  # characters: who says more wants more than one of the things offered
_FILLERS = re.compile(
    r"[\W_]|好[的呀啊吧嘞呢哒]?|可以[的呀]?|行[吧啊呀]?|嗯+|那[就么]?|就|麻烦|劳烦|辛苦|请|帮[我忙]?|给我|替我|[您你]们?|我|想要?|要|选"
    r"|先|来|去|吧|呗|呀|啊|哦|了|一下?|下|得了|算是|弄|办|搞|整|处理|的话?|这[个张条]|那[个张条]|[个张条只单]|也|都|还是|直接|赶紧|快|谢谢"
)
_AGAINST = re.compile(r"[不别没甭莫]|算了|吗|呢|么|几|多|怎|为|何|谁|哪|啥|什")
_NO = ("没", "不", "先不")
_QUESTION = re.compile(r"[^。！；\n]*[？?]\s*$")
_SAME = str.maketrans({"款": "钱", "查": "看", "瞧": "看", "促": "催", "呼": "叫"})


def offers(buttons: Sequence[Button]) -> List[Button]:
    """Those that offer something to be done or chosen."""
    return [each for each in buttons if each.payload.startswith("/") and each.intent not in NEVER]


def named(text: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """The only one whose title holds all that a normalised text says beside words of courtesy, or is held by it."""
    if len(text) > LONGEST or _AGAINST.search(text):
        return None
    told = _content(text)
    fitting = [each for each in offers(buttons) if told and _says(told, _content(normalise(each.title).text))]
    return fitting[0] if len(fitting) == 1 else None


def wished(intent: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """The only one that says this intent."""
    fitting = [each for each in offers(buttons) if each.intent == intent != VALUE]
    return fitting[0] if len(fitting) == 1 else None


def placed(reference: Mapping[Text, Any], buttons: Sequence[Button]) -> Optional[Button]:
    """The one at the place that was said (第二张), where a list of the same is on the table."""
    places = [each for each in reference.get("conditions") or () if each["by"] == "place"]
    groups: Dict[Tuple[Text, ...], List[Button]] = {}
    for each in offers(buttons):
        groups.setdefault((each.intent, *each.entities), []).append(each)
    listed = max(groups.values(), key=len, default=[])
    if not reference.get("bare") or len(places) != 1 or len(listed) < 2 or not listed[0].entities:
        return None
    place = int(places[0]["value"])
    at = place - 1 if place > 0 else place
    return listed[at] if place and -len(listed) <= at < len(listed) else None


def agreed(said: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """What a yes is to: the only thing offered, or the one whose title the question names (要不要帮您催一下？)."""
    offered = offers(buttons)
    if len(offered) == 1 or (len(offered) == 2 and offered[1].title.startswith(_NO)):
        return offered[0]
    question = _QUESTION.search(normalise(said).text)
    spoken = [each for each in offered if question and _content(normalise(each.title).text) in _content(question.group())]
    return spoken[0] if len(spoken) == 1 else None


def only_agrees(text: Text) -> bool:
    """Whether a normalised text holds nothing but words of courtesy (好呀帮我弄)."""
    return bool(text) and not _AGAINST.search(text) and not _content(text)


def _content(text: Text) -> Text:
    return _FILLERS.sub("", text).translate(_SAME)


def _says(told: Text, title: Text) -> bool:
    return bool(title) and (set(told) <= set(title) or (title in told and len(told) <= len(title) + 2))
