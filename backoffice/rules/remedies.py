"""What to do about goods that are not right (documents 03 and 04): the customer tells, the shop proposes.

Missing: sent after or paid back. Wrong: exchanged, freight on us. Broken: back or new within 7 days, new or
repaired within 15, then repaired; damaged fresh goods are paid back without being sent.
"""

from __future__ import annotations

from datetime import datetime

from backoffice.rules import returns
from backoffice.rules.facts import Decision, LineFacts, OrderFacts
from backoffice.states import Category, OrderState, ReturnKind, ReturnReason

_REFUND, _RETURN, _EXCHANGE, _REPAIR = (
    ReturnKind.REFUND,
    ReturnKind.RETURN,
    ReturnKind.EXCHANGE,
    ReturnKind.REPAIR,
)
_PROPOSALS: dict[ReturnReason, tuple[ReturnKind, ...]] = {
    ReturnReason.MISSING: (_EXCHANGE, _REFUND),
    ReturnReason.WRONG_ITEM: (_EXCHANGE, _RETURN),
    ReturnReason.DAMAGED: (_EXCHANGE, _RETURN, _REPAIR),
    ReturnReason.QUALITY: (_EXCHANGE, _RETURN, _REPAIR),
    ReturnReason.SIZE: (_EXCHANGE, _RETURN),
    ReturnReason.NO_REASON: (_RETURN, _EXCHANGE, _REPAIR),
}


def propose(
    order: OrderFacts, lines: tuple[LineFacts, ...], reason: ReturnReason, now: datetime
) -> list[ReturnKind]:
    """What fits the fault and is allowed now, the best first; empty where nothing is."""
    wanted = _PROPOSALS[reason]
    if order.state is OrderState.SHIPPED:
        wanted = (_REFUND,)
    elif any(line.category is Category.FRESH for line in lines) and reason in (
        ReturnReason.DAMAGED,
        ReturnReason.QUALITY,
    ):
        wanted = (_REFUND,)
        reason = ReturnReason.DAMAGED
    return [kind for kind in wanted if judge(order, lines, kind, reason, now).ok]


def label(kind: ReturnKind, reason: ReturnReason) -> str:
    """What a customer calls it: what was missing is sent after, nothing is exchanged."""
    if kind is _EXCHANGE and reason is ReturnReason.MISSING:
        return "补发"
    return kind.label


def judge(
    order: OrderFacts, lines: tuple[LineFacts, ...], kind: ReturnKind, reason: ReturnReason, now: datetime
) -> Decision:
    """The rules' word for the most favourable of the lines."""
    verdicts = [returns.decide(order, returns.Request(kind, reason, (line,)), now) for line in lines]
    return next((verdict for verdict in verdicts if verdict.ok), verdicts[0])


def ever(order: OrderFacts, lines: tuple[LineFacts, ...], kind: ReturnKind, now: datetime) -> bool:
    """Whether some reason would be good enough: then it is worth asking for it."""
    return any(judge(order, lines, kind, reason, now).ok for reason in ReturnReason)
