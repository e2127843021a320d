"""Which of the things offered is meant: a button on the table, said in one's own words (那麻烦催催, 退钱得了, 第二个).

A message that names one thing offered and little else is that choice, whatever else its words could mean elsewhere; it carries
what the button carries, such as the order that was just spoken of.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Text, Tuple

from components.text_normaliser import normalise
from components.understanding.context import Button

NEVER = ("chat_affirm", "chat_deny", "chat_stop", "handoff_request", "chat_ask_help")
"""Intents of buttons that are said by an act of their own: yes, no, leaving, a person."""
VALUE = "chat_inform"
LONGEST = 14  # characters: who says more wants more than one of the things offered
_FILLERS = re.compile(
    r"[\W_]|^[对是][的呀啊]?|好[的呀啊吧嘞呢哒]?|可以[的呀]?|行[吧啊呀]?|嗯+|那[就么]?|就是?|麻烦|劳烦|辛苦|请|帮[我忙]?|给我|替我|[您你]们?|我|想要?|要|选"
    r"|先|来|去|吧|呗|嘛|呀|啊|哦|了|一下?|下|得了|算是|弄|办|搞|整|处理|的话?|这[个张条单件]|那[个张条单件]|[个张条只单]|也|都|还是|直接|赶紧|快|谢谢"
)
_AGAINST = re.compile(r"[不别没甭莫]|算了|吗|呢|么|几|多|怎|为|何|谁|哪|啥|什")
_NOT_THAT = re.compile(r"^不是[^，。,.; ]{1,8}[，。,.; ]+(?:是|我要|我是说|我说的是)?")
_QUESTION_AND_BEFORE = re.compile(r"[^。！；;\n?？]*[？?][^？?。]*。?$|[^。\n?？]*。[^。\n?？]*[？?]\s*$")
_CANNOT = r"(?:不能|不可|没法|无法|不支持|不再|没有?)[^，。,]{0,4}"
LONGEST_ECHO = 4  # characters
LONGEST_TOLD, LEAST_SHARED, SHARE_TOLD = 20, 2, 0.33  # characters · signs · of the signs that are told
LEAST_OWN = 4  # characters beside courtesy
_NO = ("没", "不", "先不")
_HEARS = re.compile(r"(?:好|嗯|哦|噢|喔|行|ok(?:ay)?|要得|知道|明白|了解|晓得|懂|谢谢?|[的了吧啊呀嘞呢哒滴呗叭嘛啦\W_])+")
_AGREES = re.compile(
    r"(?:对|是的?|没错|嗯+|好|行|可以|确认|就|要得|(?:系|得|中|成|啱)[嘅嘞啦咯呀啊哦晒]*(?=[\d\W]|$))(?!不|吗|么|不是)"
)
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
    listed = _listed(buttons)
    if not reference.get("bare") or len(places) != 1 or len(listed) < 2:
        return None
    place = int(places[0]["value"])
    at = place - 1 if place > 0 else place
    return listed[at] if place and -len(listed) <= at < len(listed) else None


def told_of(text: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """The one whose title a normalised text tells in words of its own (没人回电那个), where a list of the same is on the table.

    It shares plainly more signs with it than with any other.
    """
    listed = list(dict.fromkeys(_listed(buttons)))
    titles = [set(_content(normalise(each.title).text)) for each in listed]
    if len(listed) < 2 or len(text) > LONGEST_TOLD:
        return None
    signs = {sign for sign in _content(text) if not all(sign in title for title in titles)}
    shared = sorted(((len(signs & title), -at) for at, title in enumerate(titles)), reverse=True)
    most, second = shared[0][0], shared[1][0]
    plainly = most >= LEAST_SHARED and most - second >= LEAST_SHARED and most >= SHARE_TOLD * len(signs)
    return listed[-shared[0][1]] if plainly else None


def _listed(buttons: Sequence[Button]) -> List[Button]:
    """The longest list of the same on the table."""
    groups: Dict[Tuple[Text, ...], List[Button]] = {}
    for each in offers(buttons):
        groups.setdefault((each.intent, *each.entities), []).append(each)
    longest = max(groups.values(), key=len, default=[])
    return longest if longest and longest[0].entities else []


def agreed(said: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """What a yes is to: the only thing offered, or the one whose title the question names (要不要帮您催一下？)."""
    offered = offers(buttons)
    if len(offered) == 1:
        return offered[0]
    if len(offered) > 1 and offered[-1].title.startswith(_NO):  # 有帮助, 没帮助
        return offered[-2]
    question = _QUESTION.search(normalise(said).text)
    spoken = [each for each in offered if question and _content(normalise(each.title).text) in _content(question.group())]
    return spoken[0] if len(spoken) == 1 else None


def meant(text: Text, said: Text, buttons: Sequence[Button]) -> Optional[Button]:
    """What is taken by words that surely take one: the only thing offered, the only one that shares a word with them, or, where
    none does, the one that the question names."""
    offered, told = offers(buttons), _pairs(text)
    sharing = [each for each in offered if told & _pairs(normalise(each.title).text)] if len(offered) > 1 else offered
    return sharing[0] if len(sharing) == 1 else None if sharing else agreed(said, buttons)


def only_agrees(text: Text) -> bool:
    """Whether a normalised text holds nothing but words of courtesy (好呀帮我弄)."""
    return bool(text) and not _AGAINST.search(text) and not _content(text)


def agrees_first(text: Text) -> bool:
    """Whether a normalised text begins with a yes (没错就围巾啊)."""
    return _AGREES.match(text) is not None


def only_hears(text: Text) -> bool:
    """Whether a normalised text may as well only say that it was heard (好, 嗯嗯, 知道了), and agrees to nothing by name."""
    return _HEARS.fullmatch(text) is not None


def takes_back(head: Text, rest: Text) -> bool:
    """Whether what follows an answer undoes it (退，算了还是不退)."""
    return re.search(rf"算了|[不别没甭][^,.; ]{{0,3}}{re.escape(_content(head))}", rest) is not None


def echoed(text: Text, said: Text) -> bool:
    """Whether a normalised text says, beside courtesy and what is not meant (不是退货，退差价), only words by which the question
    tells what would be done."""
    told = _content(_NOT_THAT.sub("", text))
    offered = _QUESTION_AND_BEFORE.search(normalise(said).text)
    if not told or len(told) > LONGEST_ECHO or _AGAINST.search(told) or offered is None:
        return False
    cannot = re.search(_CANNOT + re.escape(told[0]), offered.group().translate(_SAME))
    return cannot is None and told in _content(offered.group())


def of_something_else(text: Text, said: Text, buttons: Sequence[Button]) -> bool:
    """Whether a normalised text holds, beside courtesy, words of its own that share nothing with what is offered (好吧我今晚用掉,
    asked whether to urge a parcel)."""
    told = _content(text)
    offered = "".join([normalise(said).text, *(normalise(each.title).text for each in buttons)]).translate(_SAME)
    return len(told) >= LEAST_OWN and not any(told[at : at + 2] in offered for at in range(len(told) - 1))


def denies(text: Text) -> bool:
    """Whether a normalised text denies or asks."""
    return _AGAINST.search(text) is not None


def passes_on(text: Text) -> bool:
    """Whether a normalised text only says to pass the talk on to a person (可以，请转)."""
    return not _AGAINST.search(text) and _content(text) in ("转", "转接", "接", "转过", "转人")


def _content(text: Text) -> Text:
    return _FILLERS.sub("", text).translate(_SAME)


def _pairs(text: Text) -> Set[Text]:
    told = _content(text)
    return {told[at : at + 2] for at in range(len(told) - 1)}


def _says(told: Text, title: Text) -> bool:
    return bool(title) and (set(told) <= set(title) or (title in told and len(told) <= len(title) + 2))
