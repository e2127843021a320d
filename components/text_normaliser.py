"""One spelling for what does not matter: widths, scripts, case, repetitions, emoji, numbers in words, channel marks.

The normalised text is for the components after this one; the customer's own text is never changed, and every place in
the normalised text is known in the customer's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Optional

import emoji
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.restated import refusal

NORMALISED_TEXT = "normalised_text"
"""Message key: the normalised text."""
INSTEAD = "instead"
"""Message key: the customer's own words behind a refusal of what was offered."""
NORMALISED = "normalised"
"""Message key: the `Normalised`, text and places."""

MAX_PASSES = 6
"""One pass does nearly all texts; what a replacement uncovers is done by the next."""


@dataclass(frozen=True)
class Normalised:
    """`text[i]` stands for the customer's characters `offsets[i]` up to `ends[i]` (exclusive)."""

    text: str
    offsets: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The customer's span of the non-empty span `start`…`end` of the normalised text."""
        return self.offsets[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """The normalised text. Doing it again changes nothing."""
    now = _characters(text)
    for _ in range(MAX_PASSES):
        before = now.text
        now = _replacements(now)
        if now.text == before:
            break
    return now


# ── character by character ────────────────────────────────────────────────────

_KEEP = frozenset("，。！？；：（）、【】《》“”‘’…～￥")
"""Chinese punctuation that Unicode's compatibility form would turn into ASCII."""
_ONE_SIGN = str.maketrans({"¥": "￥", "〜": "~", "～": "~"})
_FULL_WIDTH = {"!": "！", "?": "？", ";": "；", "(": "（", ")": "）"}

_EMOJI_WORDS = {
    word: frozenset(signs)
    for word, signs in {
        "生气": "😡😠🤬👿😤💢🖕",
        "难过": "😢😭😞😔😟🙁☹😿💔😥😰😓😩😫😖😣",
        "无语": "😒🙄😑😐😶🤦",
        "失望": "👎",
        "开心": "😀😃😄😁😆😂🤣😊🙂😋😍🥰😘🤩😸😻",
        "谢谢": "🙏",
        "好": "👍👌🆗✅☑✔💯",
        "再见": "👋",
        "喜欢": "❤♥💕💖💗💓💘🧡💛💚💙💜🤍",
        "疑问": "❓❔🤔",
        "吐": "🤮🤢💩",
        "不行": "🙅❌❎🚫✖",
        "礼物": "🎁",
        "红包": "🧧",
        "快递": "📦",
        "电话": "📞☎📱",
        "快点": "🚀⏰⏳⌛",
        "钱": "💰💵💴💸",
        "鞋": "👟👞👠",
        "衣服": "👕👚👗",
    }.items()
}
_EMOJI = {sign: word for word, signs in _EMOJI_WORDS.items() for sign in signs}
_EMOJI_OTHERS = frozenset(s for s in emoji.EMOJI_DATA if len(s) == 1 and s not in "©®™〰〽㊗㊙⭐") - _EMOJI.keys()
_DROPPED_CATEGORIES = frozenset({"Cf", "Cc", "Mn", "Me", "Co", "Cs", "Cn", "Sk"})


def _table(name: str) -> Iterable[tuple[str, str]]:
    """The rows of one of OpenCC's dictionaries: what is written, its first rewriting."""
    for line in (files("opencc") / "dictionary" / name).read_text("utf-8").splitlines():
        written, _, rewritten = line.partition("\t")
        if rewritten:
            yield written, rewritten.split(" ")[0]


_SIMPLIFIED = {written: simple for written, simple in _table("TSCharacters.txt") if len(simple) == 1}
# OpenCC's phrases keep what a single character's rule would spoil (乾隆, 显著): longer than one, same length.
_PHRASES = {written: simple for written, simple in _table("TSPhrases.txt") if len(simple) == len(written)}
_PHRASES |= {simple: simple for simple in _PHRASES.values()}
# A simplified text holds these characters by right.
_SIMPLIFIED = {written: simple for written, simple in _SIMPLIFIED.items() if written not in "乾著藉瞭徵"} | {
    "麼": "么",
    "著": "着",
    "乾": "干",
    "妳": "你",
    "咁": "这么",
}
_PHRASES |= {word: word for word in ("著名", "显著", "著作", "名著", "原著", "编著", "专著", "土著", "昭著", "卓著")}
_PHRASES |= {"顯著": "显著", "編著": "编著", "專著": "专著"}
_PHRASE = re.compile("|".join(map(re.escape, sorted(_PHRASES, key=len, reverse=True))))
_PHRASE_SIGNS = frozenset(sign for written in _PHRASES for sign in written) & _SIMPLIFIED.keys()


@lru_cache(maxsize=8192)
def character(sign: str) -> str:
    """What stands for one character; nothing for what has no width or is an emoji without a word."""
    if sign in _EMOJI:
        return _EMOJI[sign]
    if sign in _KEEP:
        return sign.translate(_ONE_SIGN)
    if sign.isspace():
        return " "
    if sign in _EMOJI_OTHERS or unicodedata.category(sign) in _DROPPED_CATEGORIES:
        return ""
    plain = unicodedata.normalize("NFKC", sign)
    plain = "".join(part for part in plain if unicodedata.category(part) not in _DROPPED_CATEGORIES)
    # Some characters fold to many (a ligature to a sentence): they are nobody's shopping words.
    if len(plain) > 4:
        return ""
    plain = plain.lower().translate(_ONE_SIGN)
    return "".join(" " if part.isspace() else _SIMPLIFIED.get(part, part) for part in plain)


def _characters(text: str) -> Normalised:
    """Width, script, case and emoji; a run of one emoji is one word."""
    kept: list[str] = []
    offsets: list[int] = []
    ends: list[int] = []
    phrases = _phrases(text)
    before = ""
    for place, sign in enumerate(text):
        plain = phrases.get(place) or character(sign)
        if sign in _EMOJI:
            if sign == before and ends:
                ends[-1] = place + 1
                continue
            before = sign
        elif plain:
            before = ""
        for part in plain:
            kept.append(part)
            offsets.append(place)
            ends.append(place + 1)
    return Normalised("".join(kept), tuple(offsets), tuple(ends))


def _phrases(text: str) -> dict[int, str]:
    """Place → character, for characters whose simplified form depends on the word they stand in."""
    if _PHRASE_SIGNS.isdisjoint(text):
        return {}
    return {
        match.start() + step: sign
        for match in _PHRASE.finditer(text)
        for step, sign in enumerate(_PHRASES[match.group()])
    }


# ── what takes more than one character ────────────────────────────────────────

Pieces = list[tuple[str, int, int]]
"""Characters with the span of the match that each stands for."""

_DIGITS = dict(zip("零〇一二三四五六七八九幺", "001234567891", strict=True))
_LINK = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
_STARS = re.compile("⭐+")
_ARTEFACT = re.compile(r"[\[【]([^\[\]【】\n]{1,8})[\]】]")
_ARTEFACTS = {
    "图片": "图片", "image": "图片", "照片": "图片", "截图": "图片", "img": "图片", "视频": "视频", "video": "视频",
    "小视频": "视频", "语音": "语音", "voice": "语音", "文件": "文件", "file": "文件", "位置": "位置", "链接": "链接",
    "表情": "", "动画表情": "", "emoji": "", "微笑": "", "呲牙": "开心", "偷笑": "开心", "愉快": "开心", "憨笑": "开心",
    "发怒": "生气", "怒": "生气", "抓狂": "生气", "咒骂": "生气", "炸弹": "生气", "大哭": "难过", "流泪": "难过",
    "难过": "难过", "捂脸": "无语", "白眼": "无语", "裂开": "无语", "强": "好", "ok": "好", "赞": "好", "弱": "失望",
    "抱拳": "谢谢", "合十": "谢谢", "玫瑰": "谢谢", "爱心": "喜欢", "再见": "再见", "疑问": "疑问", "红包": "红包",
}  # fmt: skip
# Digits in words: an order number or phone read out, not 一下 or 三四五个. A last 一 belongs to 一共, 一下 and the like.
_SPOKEN = re.compile(r"[零〇一二三四五六七八九幺]{3,}(?:[ -]?[零〇一二三四五六七八九幺]{3,})*")
_ONE_MORE_WORD = frozenset("共下起直样般些定点次")
SPOKEN_DIGITS = 5
_GROUPED = re.compile(r"(?<![0-9a-z.\-])\d+(?:[ -]\d+)+(?![0-9a-z]|[.\-]\d)")
_PREFIXED = re.compile(r"(?<![a-z0-9])((?:lxwl|lx|sf|zto?|yt|jt|jd|gd|th|dpk|yd) ?[\d -]{9,24}\d)(?![0-9a-z])")
_ASCII_MARK = re.compile("[!?;()]")
_ASCII_COMMA = re.compile(r",(?!\d{3}(?!\d))|(?<!\d),")
_ASCII_COLON = re.compile(r":(?!\d)|(?<!\d):")
_ASCII_DOT = re.compile(r"(?<![0-9a-z])\.|\.(?![0-9a-z])")
_TILDE = re.compile(r"(?<!\d)~+|~+(?!\d)|~{2,}")
_MARKS = re.compile(r" *[，。！？、…]+(?: *[，。！？、…]+)* *|[，。！？、…] +")
_SPACES = re.compile(r" {2,}|^ +| +$")
_REPEATED = re.compile(r"([^\d a-z])\1{2,}|([a-wyz])\2{3,}")


def _whole(word: str) -> Callable[[re.Match[str]], Pieces]:
    """A replacement that stands for the whole match."""
    return lambda match: [(part, 0, len(match.group())) for part in word]


def _kept(found: str, unwanted: str) -> Pieces:
    """The match without the unwanted characters."""
    return [(sign, place, place + 1) for place, sign in enumerate(found) if sign not in unwanted]


def _artefact(match: re.Match[str]) -> Pieces:
    word = _ARTEFACTS.get(match.group(1).strip())
    return _kept(match.group(), "") if word is None else _whole(word or " ")(match)


def _spoken(match: re.Match[str]) -> Pieces:
    found = match.group()
    after = match.string[match.end() : match.end() + 1]
    last = len(found) - 1 if found[-1] == "一" and after in _ONE_MORE_WORD and after else len(found)
    if sum(sign in _DIGITS for sign in found[:last]) < SPOKEN_DIGITS:
        return _kept(found, "")
    pieces = [(_DIGITS[s], i, i + 1) for i, s in enumerate(found[:last]) if s in _DIGITS]
    return pieces + [(found[i], i, i + 1) for i in range(last, len(found))]


def _grouped(match: re.Match[str]) -> Pieces:
    """Joins a phone (11 digits from 1), an order number (12 from 20) or a longer number typed in groups."""
    found = match.group()
    groups = re.split("[ -]", found)
    digits = "".join(groups)
    known = (len(digits) == 11 and digits[0] == "1") or (len(digits) == 12 and digits.startswith("20"))
    spaced = 12 < len(digits) <= 15 and "-" not in found and min(map(len, groups)) >= 2
    single = max(map(len, groups)) == 1
    if (known or spaced) and max(map(len, groups)) <= 8 and (single or min(map(len, groups)) >= 2):
        return _kept(found, " -")
    return _kept(found, "")


def _mark(match: re.Match[str]) -> Pieces:
    found = match.group()
    for mark in "？！。…，、":
        if mark in found:
            break
    mark = "。" if mark == "…" else mark
    if len(set(found)) == 1 and mark == "、" and len(found) > 1:
        mark = "，"
    return [(mark, 0, len(found))]


_STEPS: tuple[tuple[re.Pattern[str], str, Callable[[re.Match[str]], Pieces]], ...] = (
    (_LINK, "/.", _whole("链接")),
    (_ARTEFACT, "[【", _artefact),
    (_STARS, "⭐", lambda match: [(sign, 0, len(match.group())) for sign in f"{len(match.group())}星"]),
    (_SPOKEN, "零〇一二三四五六七八九幺", _spoken),
    (_PREFIXED, "xfztd4hk", lambda match: _kept(match.group(), " -")),
    (_GROUPED, " -", _grouped),
    (_ASCII_MARK, "!?;()", lambda match: [(_FULL_WIDTH[match.group()], 0, 1)]),
    (_ASCII_COMMA, ",", _whole("，")),
    (_ASCII_COLON, ":", _whole("：")),
    (_ASCII_DOT, ".", _whole("。")),
    (_TILDE, "~", lambda match: []),
    (_MARKS, "，。！？、…", _mark),
    (_REPEATED, "", lambda match: [(sign, i, i + 1) for i, sign in enumerate(match.group()[:2])]),
    (_SPACES, " ", lambda match: _spaces(match)),
)
"""Pattern, characters without one of which it cannot match (a cheap test), replacement."""


def _spaces(match: re.Match[str]) -> Pieces:
    edge = match.start() == 0 or match.end() == len(match.string)
    return [] if edge else [(" ", 0, len(match.group()))]


def _replacements(told: Normalised) -> Normalised:
    for pattern, signs, replacement in _STEPS:
        if not signs or any(sign in told.text for sign in signs):
            told = _replaced(told, pattern, replacement)
    return told


def _replaced(told: Normalised, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], Pieces]) -> Normalised:
    """`told` with each match replaced, places kept."""
    match = pattern.search(told.text)
    if match is None:
        return told
    signs: list[str] = []
    offsets: list[int] = []
    ends: list[int] = []
    done = 0
    for match in pattern.finditer(told.text):
        start, end = match.span()
        signs.append(told.text[done:start])
        offsets += told.offsets[done:start]
        ends += told.ends[done:start]
        for sign, first, last in replacement(match):
            signs.append(sign)
            offsets.append(told.offsets[start + first])
            ends.append(told.ends[start + last - 1])
        done = end
    signs.append(told.text[done:])
    offsets += told.offsets[done:]
    ends += told.ends[done:]
    return Normalised("".join(signs), tuple(offsets), tuple(ends))


# ── in Rasa's graph ───────────────────────────────────────────────────────────


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class TextNormaliser(GraphComponent):
    """Sets `normalised_text` and `normalised` on each message, in training too; `text` stays the customer's."""

    @classmethod
    def create(
        cls, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext
    ) -> TextNormaliser:
        """Has no settings."""
        return cls()

    def process(self, messages: list[Message], tracker: Optional[DialogueStateTracker] = None) -> list[Message]:
        """Adds the normalised text of each message; what only refuses what was offered is none of it (`restated.py`), and
        then `instead` holds the customer's own words of the rest."""
        for message in messages:
            told = normalised(message)
            start = refusal(told.text, tracker)
            if start:
                told = Normalised(told.text[start:], told.offsets[start:], told.ends[start:])
                message.set(INSTEAD, (message.get(TEXT) or "")[told.offsets[0] :], add_to_output=True)
            message.set(NORMALISED_TEXT, told.text)
            message.set(NORMALISED, told)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the normalised text of each example."""
        self.process(training_data.training_examples)
        return training_data


def normalised(message: Message) -> Normalised:
    """The message's normalised text, made now where no `TextNormaliser` stands in front."""
    told = message.get(NORMALISED)
    return told if isinstance(told, Normalised) else normalise(message.get(TEXT) or "")
