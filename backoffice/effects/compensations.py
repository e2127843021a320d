"""A coupon for an order that came or left late, at once where the rules allow it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backoffice.clock import end_of
from backoffice.effects import find
from backoffice.effects.facts import order_facts
from backoffice.effects.work import Work
from backoffice.models import Compensation, Coupon, Customer, Order
from backoffice.money import yuan
from backoffice.numbers import next_number
from backoffice.problems import refused
from backoffice.rules import compensations as rules
from backoffice.rules import policy
from backoffice.states import CouponKind

SCOPE = "全场通用"
_RECENT_ORDERS = 20


def compensate(work: Work, order_number: str) -> Compensation:
    """Raises 404, 409 (the rule's code)."""
    order = find.order(work.session, work.customer.id, order_number, lock=True)
    due = quote(order, work.customer, work.now)
    coupon = Coupon(
        id=next_number(work.session, Coupon.id, "CP", work.today),
        customer_id=order.customer_id,
        name=coupon_name(due),
        kind=CouponKind.COMPENSATION,
        value_fen=due.value_fen,
        scope=SCOPE,
        valid_from=work.now,
        valid_to=end_of(work.today + timedelta(days=policy.COMPENSATION_COUPON_DAYS)),
    )
    order.compensation = Compensation(
        number=next_number(work.session, Compensation.number, "PF", work.today),
        customer_id=order.customer_id,
        kind=due.kind,
        coupon=coupon,
        created_at=work.now,
    )
    return order.compensation


def quote(order: Order, customer: Customer, now: datetime) -> rules.Compensation:
    """What would be given. Raises 409 (the rule's code)."""
    facts = order_facts(order)
    if not (verdict := rules.eligible(facts, now)).ok:
        raise refused(verdict)
    return rules.worth(facts, customer.level)


def offers(session: Session, customer: Customer, now: datetime) -> list[tuple[Order, rules.Compensation]]:
    """What would be given now for each of the newest orders that came or left late."""
    newest = find.orders_of(customer.id).order_by(Order.created_at.desc()).limit(_RECENT_ORDERS)
    known = [(order, order_facts(order)) for order in session.scalars(newest)]
    return [
        (order, rules.worth(facts, customer.level)) for order, facts in known if rules.eligible(facts, now).ok
    ]


def coupon_name(due: rules.Compensation) -> str:
    """5 元无门槛券."""
    return f"{yuan(due.value_fen).removesuffix('.00')} 元无门槛券"
