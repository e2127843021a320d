"""What customers asked of the knowledge base, masked before it is kept, and what became of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from backoffice.effects.knowledge import Editing, add_regression
from backoffice.effects.work import Work
from backoffice.models import AskedQuestion, KnowledgeEntry, KnowledgeRegression
from backoffice.problems import not_found
from backoffice.states import QuestionOutcome, RegressionOrigin, SearchDecision
from privacy import find, mask

CUSTOMER = "客户"
HELPFUL_AT_MOST = 30
"""So many of an entry's regression questions may come from customers."""
_SHORTEST = 4


@dataclass(frozen=True)
class Asked:
    """A question as it was put."""

    question: str
    decision: SearchDecision
    keys: Sequence[str]
    score: float | None
    channel: str
    conversation_id: str | None
    key: str | None


def record(work: Work, asked: Asked) -> AskedQuestion:
    """Keeps a question, its personal data masked."""
    row = AskedQuestion(
        asked_at=work.now,
        question=mask(asked.question),
        decision=asked.decision,
        keys=list(asked.keys),
        score=asked.score,
        channel=asked.channel,
        conversation_id=asked.conversation_id,
        key=asked.key,
        outcome=None,
        outcome_at=None,
    )
    work.session.add(row)
    work.session.flush()
    return row


def settle(work: Work, number: int, outcome: QuestionOutcome, key: str | None) -> AskedQuestion:
    """What became of it; the last word counts. `key`: the entry that the customer chose.

    What a customer calls helpful, its entry must go on answering.
    """
    row = work.session.get(AskedQuestion, number, with_for_update=True)
    if row is None:
        raise not_found()
    row.outcome, row.outcome_at = outcome, work.now
    row.key = key or row.key
    if outcome is QuestionOutcome.HELPFUL and row.key:
        _hold(work, row.question, row.key)
    return row


def _hold(work: Work, question: str, key: str) -> None:
    entry = work.session.get(KnowledgeEntry, key)
    if entry is None or entry.live_version is None or not _SHORTEST <= len(question) <= 200:
        return
    if "*" in question or find(question):
        return
    count = select(func.count()).where(
        KnowledgeRegression.key == key, KnowledgeRegression.origin == RegressionOrigin.HELPFUL
    )
    if (work.session.scalar(count) or 0) < HELPFUL_AT_MOST:
        add_regression(Editing(work.session, work.now, CUSTOMER), key, question, RegressionOrigin.HELPFUL)
