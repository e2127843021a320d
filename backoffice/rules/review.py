"""What a person looks at before anything happens by itself: human first.

A request that one of these rules catches is taken down (so that no period runs out meanwhile), and a ticket
goes to a person; programs read it from `review_by_person`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backoffice.money import yuan
from backoffice.rules.complaints import MINOR_WORDS, unsafe

REFUND_OVER_FEN = 500_000
"""Refunds above this go to a person."""
REVIEW_BY_PERSON = "review_by_person"


@dataclass(frozen=True)
class ReviewFacts:
    """A request for after-sales: the customer's words and the money it would give back."""

    text: str
    refund_fen: int


@dataclass(frozen=True)
class Rule:
    code: str
    why: str
    holds: Callable[[ReviewFacts], bool]


RULES: tuple[Rule, ...] = (
    Rule("safety", "涉及人身安全", lambda facts: unsafe(facts.text)),
    Rule("minor", "涉及未成年人消费", lambda facts: any(word in facts.text for word in MINOR_WORDS)),
    Rule(
        "large_refund",
        f"退款超过 {yuan(REFUND_OVER_FEN)} 元",
        lambda facts: facts.refund_fen > REFUND_OVER_FEN,
    ),
)


def by_person(facts: ReviewFacts) -> Rule | None:
    """The first rule that wants a person, or None."""
    return next((rule for rule in RULES if rule.holds(facts)), None)


def why(code: str) -> str:
    """A rule's reason in the shop's words."""
    return next((rule.why for rule in RULES if rule.code == code), "")
