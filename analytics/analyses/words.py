"""Words: what messages are about, for the word cloud and for rising words."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import rjieba

CONTENT = ("n", "v", "a", "eng", "j", "l", "i")
"""First letters of the parts of speech that carry content (ICTCLAS tag set, as jieba's dictionary has it)."""
EMPTY = frozenset(
    "可以 没有 请问 你好 您好 谢谢 一下 怎么 什么 知道 需要 能够 应该 觉得 还有 就是 不是 不会 不能 帮忙 麻烦 想要 看看 问题 现在 东西".split()
)


def words_of(text: str) -> set[str]:
    """The different content words of a text, at least two characters each; nothing that was masked."""
    return {
        word
        for word, tag in rjieba.tag(text)
        if len(word) > 1
        and tag.startswith(CONTENT)
        and word not in EMPTY
        and "*" not in word
        and not word.isdigit()
    }


def daily_words(messages: pd.DataFrame) -> pd.DataFrame:
    """For `topics.hot_topics`: how many messages of a day hold a word.

    Args:
        messages: `day` and `text` of each customer's message.
    """
    per_day = messages.groupby("day").size().rename("messages")
    texts = messages.groupby(["day", "text"]).size().rename("count").reset_index()
    texts["topic"] = _segmented(texts["text"])
    counted = (
        texts.explode("topic").dropna(subset="topic").groupby(["day", "topic"])["count"].sum().reset_index()
    )
    return counted.join(per_day, on="day")


def word_cloud(messages: pd.DataFrame, most: int = 80) -> pd.DataFrame:
    """The words that most messages hold.

    Args:
        messages: `text` of each customer's message, and `conversation`.

    Returns:
        `word`, `messages`, `conversations`, `weight` (1 for the most frequent, by square root), `example`, the most
        frequent first.
    """
    told = messages[["text", "conversation"]].copy()
    told["word"] = _segmented(told["text"])
    told = told.explode("word").dropna(subset="word")
    if told.empty:
        return pd.DataFrame(columns=["word", "messages", "conversations", "weight", "example"])
    found = told.groupby("word").agg(
        messages=("text", "size"), conversations=("conversation", "nunique"), example=("text", "first")
    )
    found = found.sort_values(["messages", "conversations"], ascending=False).head(most).reset_index()
    found["weight"] = (found["messages"] / found["messages"].max()) ** 0.5
    return found[["word", "messages", "conversations", "weight", "example"]]


def _segmented(texts: Iterable[str]) -> list[list[str]]:
    known: dict[str, list[str]] = {}
    return [
        known.setdefault(text, sorted(words_of(text))) if text not in known else known[text] for text in texts
    ]
