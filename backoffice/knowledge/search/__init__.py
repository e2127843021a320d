"""The search over the published entries: which one answers a question, whether to answer, ask which, or pass.

`KnowledgeSearch` follows a store in a process; `EntrySearch` searches entries at hand. ADR 0012 says
how and how well.
"""

from __future__ import annotations

from backoffice.knowledge.search.service import EntrySearch, Found, Hit, KnowledgeSearch
from backoffice.knowledge.search.talk import Talk

__all__ = ["EntrySearch", "Found", "Hit", "KnowledgeSearch", "Talk"]
