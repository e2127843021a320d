"""Words: what messages are about, for the word cloud and for rising words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import rjieba

CONTENT = ("n", "v", "a", "eng", "j", "l", "i")
"""First letters of the parts of speech that carry content (ICTCLAS tag set, as jieba's dictionary has it)."""
NAMES = ("nr", "ns", "nt")
"""People, places, firms: they belong to an address or a name, not to what it is about."""
EMPTY = frozenset(
    "可以 没有 请问 你好 您好 谢谢 一下 怎么 什么 知道 需要 能够 应该 觉得 还有 就是 不是 不会 不能 帮忙 麻烦 想要"
    " 看看 问题 现在 东西".split()
)


def words_of(text: str) -> set[str]:
    """The different content words of a text, at least two characters each; none of a text that tells an address or a name."""
    if "*" in text:
        return set()
    return {
        word
        for word, tag in rjieba.tag(text)
        if len(word) > 1 and tag.startswith(CONTENT) and word not in EMPTY and not word.isdigit()
    }


def daily_words(texts: pd.DataFrame) -> pd.DataFrame:
    """For `topics.hot_topics`: how many messages of a day hold a word.

    Args:
        texts: `day`, `text` and `count` of what customers wrote.
    """
    per_day = texts.groupby("day")["count"].sum().rename("messages")
    told = texts.assign(topic=_segmented(texts["text"])).explode("topic").dropna(subset="topic")
    return told.groupby(["day", "topic"])["count"].sum().reset_index().join(per_day, on="day")


def word_cloud(texts: pd.DataFrame, most: int = 80) -> pd.DataFrame:
    """The words that most messages hold.

    Args:
        texts: `text` and `count`.

    Returns:
        `word`, `messages`, `weight` (1 for the most frequent, by square root), `example` (the most frequent message with
        it), the most frequent first.
    """
    told = texts.groupby("text")["count"].sum().sort_values(ascending=False, kind="stable").reset_index()
    told = told.assign(word=_segmented(told["text"])).explode("word").dropna(subset="word")
    found = told.groupby("word").agg(messages=("count", "sum"), example=("text", "first")).reset_index()
    found = found.sort_values(["messages", "word"], ascending=[False, True]).head(most).reset_index(drop=True)
    return found.assign(weight=(found["messages"] / found["messages"].max()) ** 0.5)[
        ["word", "messages", "weight", "example"]
    ]


def _segmented(texts: Iterable[str]) -> list[list[str]]:
    known: dict[str, list[str]] = {}
    for text in texts:
        if text not in known:
            known[text] = sorted(words_of(text))
    return [known[text] for text in texts]
