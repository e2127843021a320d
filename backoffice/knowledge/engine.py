"""The one place that says which search engine the gate asks, and what makes vectors of sentences."""

from __future__ import annotations

from collections.abc import Sequence

from backoffice.knowledge.gate import Searcher
from backoffice.knowledge.misses import Vectors
from backoffice.knowledge.published import PublishedEntry


def build(entries: Sequence[PublishedEntry]) -> Searcher:
    """A searcher over these entries; what it needs is imported at first use."""
    from backoffice.knowledge.nearest import NearestQuestions

    return NearestQuestions(entries)


sentence_vectors: Vectors | None = None
"""For grouping unanswered questions; None: by the characters they share."""
