"""Paying back a price drop, at once where the rules allow it."""

from __future__ import annotations

from datetime import date

from backoffice.effects import find
from backoffice.effects.facts import order_facts
from backoffice.effects.refunds import send_refund
from backoffice.effects.work import Work
from backoffice.models import Order, PriceProtection
from backoffice.numbers import next_number
from backoffice.problems import invalid, refused
from backoffice.rules import price_protection as rules
from backoffice.rules.facts import Decision, LineFacts, OrderFacts


def protect(work: Work, order_number: str, line: int | None) -> tuple[Order, PriceProtection]:
    """For the named line, or the first that qualifies. Raises 404, 409 (the rule's code), 422 (no line)."""
    order = find.order(work.session, work.customer.id, order_number, lock=True)
    each, drop = quote(order, line, work.today)
    return order, _pay(work, order, each, drop)


def quote(order: Order, line: int | None, today: date) -> tuple[LineFacts, rules.Difference]:
    """What would be paid back, and for which line. Raises 409 (the rule's code), 422 (no line)."""
    facts = order_facts(order)
    lines = [each for each in facts.lines if line in (None, each.line)]
    if not lines:
        raise invalid(("line", "订单里没有这一件商品"))
    refusals: list[Decision] = []
    for each in lines:
        drop = _drop(facts, each, today)
        if isinstance(drop, rules.Difference):
            return each, drop
        refusals.append(drop)
    raise refused(rules.each_told(refusals))


def _drop(order: OrderFacts, line: LineFacts, today: date) -> Decision | rules.Difference:
    verdict = rules.eligible(order, line, today)
    return rules.difference(line) if verdict.ok else verdict


def _pay(work: Work, order: Order, line: LineFacts, drop: rules.Difference) -> PriceProtection:
    protection = PriceProtection(
        number=next_number(work.session, PriceProtection.number, "JB", work.today),
        customer_id=order.customer_id,
        order_number=order.number,
        line=line.line,
        paid_unit_fen=drop.paid_unit_fen,
        current_fen=drop.current_fen,
        quantity=drop.quantity,
        amount_fen=drop.amount_fen,
        created_at=work.now,
    )
    order.price_protections.append(protection)
    send_refund(work.session, order, drop.amount_fen, protection.refund_source, work.now)
    return protection
