"""Chinese full names of private people.

Without a list of all words, a name is known by evidence on three sides: the signs themselves (a surname, then signs
common in given names), the words before (收件人, 我妈, 给) and the words after (先生, 签收, 的身份证), or a place of its own
between punctuation beside a telephone number or address. The weaker the signs, the more context is asked for.
A surname alone, a nickname (小王), a title (王师傅), a brand (李宁) is nobody's full name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from privacy import name_context as context
from privacy.everyday import EVERYDAY, FAMOUS, LONGER
from privacy.labels import before
from privacy.regions import KNOWN
from privacy.spans import Span
from privacy.surnames import COMPOUND, GIVEN, GIVEN_PAIRS, JOINED, NEVER, SINGLE, TELLING, is_wordlike
from privacy.views import COVER, View

_START = re.compile("|".join(COMPOUND) + "|[" + "".join(sorted(SINGLE)) + "]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NICKNAMES = ("小", "老", "阿")
# What follows a surname sign without being a given name: 下单|明天, 修|东西.
_NO_GIVEN = frozenset(
    """
    一天 一年 成功 失败 商品 截图 优惠 礼品 电影 购物 银行 信用 会员 海报 照片 景房 屋子 半天 两天 几天 明天 东西 清楚 小时 定金 现金 书包 可以 平时 可能 其他 新款
    春天 夏天 秋天 冬天 一下 一次 一样 大小 天天 小子 子女 书本 心得 中国 国家 中文 英文 金额 金卡 银卡
    """.split()
)
_COUNT = re.compile("[一二三四五六七八九十几两][一二三四五六七八九十百千万个]")
_NEVER_SECOND = frozenset("那签寄领查接转拒投验取催问派装交留丢")  # second signs that begin a verb instead
_LAST_ONLY = frozenset("妹来为先能会双支台往对生用")  # given-name signs only where the name plainly ends


def find(view: View) -> Iterator[Span]:
    """Full names, first come first taken."""
    text = view.plain
    at = 0
    for match in _START.finditer(text):
        if match.start() >= at:
            end = _name_end(text, match.start(), len(match.group()))
            if end:
                yield Span(match.start(), end, "person")
                at = end


def _name_end(text: str, start: int, surname: int) -> int:
    """Where the name that starts here ends; 0 where none does."""
    first = start + surname
    last = text[start - 1] if start else ""
    if context.TITLE_AT.match(text, first) or (surname == 1 and last in _NICKNAMES):
        return 0
    if last + text[start:first] in JOINED and not _tells(text[first : first + 2]):
        return 0
    end = first + _given_length(text, first)
    if end == first or (
        text[end : end + 1] == "*" and text[end - 1] in SINGLE
    ):  # a masked name's visible surname
        return 0
    return end if _Candidate.at(text, start, first, end).is_name() else 0


def _tells(given: str) -> bool:
    return len(given) == 2 and set(given) <= TELLING


def _given_length(text: str, first: int) -> int:
    """None, one or two signs? Two wherever the second can be part of the name: hiding less would show some of it."""
    given = text[first : first + 2]
    if given in GIVEN_PAIRS:
        return 2
    if not given or not _HAN.match(given) or given[0] in NEVER:
        return 0
    if len(given) < 2 or not _HAN.match(given[1]) or given[1] in _NEVER_SECOND:
        return 1
    if context.NEXT_WORD.match(text, first + 1):
        return 1
    at_end = context.EDGE.match(text, first + 2) is not None
    if given[1] in NEVER:
        return 2 if at_end and given[1] in _LAST_ONLY and given[0] in GIVEN else 1
    return 1 if given[1] in _LAST_ONLY and not at_end and given[1] not in GIVEN else 2


@dataclass(frozen=True)
class _Candidate:
    """A possible name and the evidence for it."""

    text: str
    start: int
    end: int
    surname: str
    given: str
    window: str  # what stands before

    @classmethod
    def at(cls, text: str, start: int, first: int, end: int) -> _Candidate:
        return cls(text, start, end, text[start:first], text[first:end], before(text, start, 16))

    def is_name(self) -> bool:
        """Rules from the strongest context to the weakest; each asks more of the signs than the one before."""
        word = self._is_word()
        wordlike = is_wordlike(self.surname)
        if self._is_named():
            return True
        if self._is_announced():
            return self._suffices_after_role(word, wordlike)
        if self._is_famous() or context.PUBLIC_AFTER.match(self.text, self.end):
            return False
        if self._is_listed():
            return True
        if word:
            return (
                self.two
                and self.likely
                and (
                    (self.owned and self._follows_break())
                    or self._is_beside_value()
                    or (self.edge_after and context.BY_KIN.search(self.window) is not None)
                )
            )
        if wordlike:
            return self._suffices_wordlike()
        if len(self.surname) == 2:
            return (self.strong > 0 and (self.edge_after or self.next_ok or self._is_led())) or (
                self.next_ok and (self._begins() or self._is_led())
            )
        return self._suffices_plain()

    def _suffices_after_role(self, word: bool, wordlike: bool) -> bool:
        personal = context.PERSONAL_ROLE.search(self.window) is not None
        if word and not self.two:
            return self.likely and self.edge_after and personal
        if not word and not wordlike:
            return (
                self.likely
                or (self.two and (self.strong > 0 or (self.next_ok and personal)))
                or (self.next_ok and (self.edge_after or len(self.surname) == 2))
            )
        if self.likely and (self.edge_after or (self.two and self.next_ok) or (self.owned and not word)):
            return True
        if word:
            return False
        if self.likely and self.two and (self.telling > 0 or personal):
            return True
        return self.strong == 1 and self.next_ok and (self.two or personal)

    def _suffices_wordlike(self) -> bool:
        led = self._is_led()
        if self.two and self.telling and self.likely and led:
            return True
        if re.search(r"[A-Za-z0-9]$", self.window):
            return False
        if not self.likely:
            return self.two and self.strong > 0 and self._is_beside_value()
        if self.two and self.telling == 2 and self.given[0] != self.given[1]:
            return True
        if not led and not self._follows_break():
            return False
        if self.two:
            return (
                self.edge_after
                or self.owned
                or (led and self.next_ok)
                or context.SAYS.match(self.text, self.end) is not None
                or context.SURELY.match(self.text, self.end) is not None
            )
        if led and self.telling and self.next_ok:
            return True
        return (self.owned and (led or self._begins())) or self._is_beside_value()

    def _suffices_plain(self) -> bool:
        if context.BY_KIN.search(self.window):
            return (self.likely and (self.two or self.next_ok)) or (self.strong > 0 and self.next_ok)
        if self._is_beside_value():
            return True
        if context.SURELY.match(self.text, self.end) and (
            self._is_led() or (self.likely and self._follows_break())
        ):
            return True
        if self.strong == 0:
            return False
        if context.SAYS.match(self.text, self.end) and self._follows_break():
            return self.likely
        if self.owned and self._follows_break():
            return self.likely or self.two
        if self._is_led():
            return self.two or (self.next_ok and self.likely)
        return self.two and self.likely and (self.telling == 2 or (self.next_ok and self._follows_break()))

    # --- the signs ---

    @property
    def two(self) -> bool:
        return len(self.given) == 2

    @property
    def strong(self) -> int:
        """How many of the given signs are common in names."""
        return 2 if self.given in GIVEN_PAIRS or self._is_doubled() else sum(sign in GIVEN for sign in self.given)

    @property
    def likely(self) -> bool:
        return self.strong == len(self.given)

    @property
    def telling(self) -> int:
        """How many of the given signs hardly occur but in names."""
        return sum(sign in TELLING for sign in self.given)

    def _is_doubled(self) -> bool:
        """素素, 圆圆: said twice, as a child is called."""
        return self.two and self.given[0] == self.given[1] and self.given[0] in GIVEN and not is_wordlike(self.surname)

    def _is_word(self) -> bool:
        """Does an everyday word or a place begin here?"""
        if len(self.surname) == 2 or self.given in GIVEN_PAIRS:
            return False
        text, start = self.text, self.start
        if (
            text[start : start + 2] in EVERYDAY
            or text[start : start + 3] in LONGER
            or self.given in _NO_GIVEN
            or _COUNT.match(self.given)
        ):
            return True
        place = KNOWN.match(text, start, start + 8)
        return place is not None and place.end() - start >= 2

    def _is_famous(self) -> bool:
        if not any(self.text[self.start : self.start + size] in FAMOUS for size in (2, 3, 4)):
            return False
        return not (self.two and self.likely and self.edge_after and self.surname + self.given not in FAMOUS)

    # --- the words around ---

    @property
    def edge_after(self) -> bool:
        return context.EDGE.match(self.text, self.end) is not None

    @property
    def next_ok(self) -> bool:
        """Does what follows look like the next word?"""
        return context.NEXT.match(self.text, self.end) is not None

    @property
    def owned(self) -> bool:
        """先生, 签收, 的身份证 …: what follows only a person."""
        return context.OWNS.match(self.text, self.end) is not None

    def _is_named(self) -> bool:
        """Does the sentence say that this is somebody's name, so that even an everyday word is one?"""
        if "叫" in self.window and context.NAMED.search(self.window):
            return self.edge_after
        if not self._begins() or self._is_famous():
            return False
        after = context.NAMED_AFTER.match(self.text, self.end)
        return after is not None and (self.strong > 0 or "名" in after.group() or "这" in after.group())

    def _is_listed(self) -> bool:
        """One of several, of whom another is known already (王**、高远)."""
        if "*" not in self.text or not self.likely or self._is_word():
            return False
        if not self.two and not (self.edge_after and (self._after_masked() or self._begins())):
            return False
        return (self._after_masked() and (self.edge_after or self.next_ok)) or (
            self._follows_break() and context.LIST_ON.match(self.text, self.end) is not None
        )

    def _after_masked(self) -> bool:
        return context.LIST_BACK.search(self.window) is not None

    def _is_announced(self) -> bool:
        """收件人…, 我叫…, or the surname said just before (“敝姓颜，颜如松”)."""
        if context.BY_SELF.search(self.window) or context.BY_ROLE.search(self.window):
            return True
        return re.search(rf"姓{self.surname}[,\s]{{1,2}}[叫名]{{0,2}}$", self.window) is not None

    def _is_led(self) -> bool:
        return (
            context.BY_VERB.search(self.window) is not None or context.BY_KIN.search(self.window) is not None
        )

    def _begins(self) -> bool:
        return context.BEGIN.search(self.window) is not None

    def _follows_break(self) -> bool:
        return context.PREVIOUS.search(self.window) is not None

    def _is_beside_value(self) -> bool:
        """In a place of its own: in brackets, or next to something else that is personal."""
        near = self.window[-6:]
        if not self._begins() and not re.search(rf"{COVER}[给收由]$", near):
            return False
        if context.BRACKET.search(near) and context.BRACKET_END.match(self.text, self.end):
            return self.strong > 0
        if context.BEFORE_VALUE.match(self.text, self.end):
            return self.strong > 0 or not self.two
        if context.AFTER_VALUE.search(near) is None:
            return False
        return (self.edge_after and (self.strong > 0 or not self.two)) or (self.strong > 0 and self.owned)
