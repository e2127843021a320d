"""The one place that says which search engine the gate asks, and what makes vectors of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from backoffice.knowledge.published import PublishedEntry

if TYPE_CHECKING:
    from backoffice.knowledge.search import EntrySearch
    from backoffice.knowledge.search.vectors import VectorStore

_MOST_FRESH = 0.1
"""Of the texts; with more, all is learned anew."""
_kept: dict[str, EntrySearch] = {}


def build(entries: Sequence[PublishedEntry]) -> EntrySearch:
    """A searcher over these entries; what it needs is imported at first use.

    The first is kept, and the next ones are built from it: only what differs is learned.
    """
    from backoffice.knowledge.search import EntrySearch
    from backoffice.knowledge.search.service import CACHE_FOLDER, combiner_of

    made = EntrySearch(entries, _vectors(), combiner_of(CACHE_FOLDER), before=_kept.get("first"))
    if made.index.fresh > _MOST_FRESH * len(made.index.texts):
        made = made.learned()
    if made.index.is_exact:
        _kept["first"] = made
    return made


def sentence_vectors(texts: Sequence[str]) -> NDArray[Any]:
    """A row of length one for each sentence; near sentences have near rows."""
    from backoffice.knowledge.search.index import dense_text
    from backoffice.knowledge.search.normalising import normalise

    return _vectors().rows([dense_text(normalise(text)) for text in texts])


@cache
def _vectors() -> VectorStore:
    from backoffice.knowledge.search.service import CACHE_FOLDER, bundled_vectors

    return bundled_vectors(CACHE_FOLDER)
