"""After-sales slips: opening, approving, withdrawing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backoffice.clock import end_of
from backoffice.effects import find
from backoffice.effects.facts import goods_title, order_facts
from backoffice.effects.refunds import send_refund
from backoffice.effects.tickets import open_ticket
from backoffice.effects.work import Work
from backoffice.models import Order, OrderItem, Product, Return, ReturnEvent
from backoffice.numbers import next_number
from backoffice.problems import Problem, invalid, refused
from backoffice.rules import pickups, policy, review
from backoffice.rules import returns as rules
from backoffice.rules.facts import LineFacts, OrderFacts, last_day
from backoffice.rules.reasons import classify
from backoffice.states import OrderState, ReturnKind, ReturnReason, ReturnState, TicketPriority

_WAREHOUSES = (
    "浙江省嘉兴市嘉善县灵犀路 18 号 灵犀售后一仓",
    "广东省佛山市三水区灵犀大道 6 号 灵犀售后二仓",
    "天津市武清区灵犀街 3 号 灵犀售后三仓",
)
_RECEIVED = frozenset({ReturnState.INSPECTING, ReturnState.REPAIRING, ReturnState.REFUNDING})


def open_slip(
    work: Work,
    order_number: str,
    line: int | None,
    kind: ReturnKind,
    reason: str | None,
    reason_code: ReturnReason | None,
    to_variant: str | None,
    pickup: str | None = None,
    is_paid: bool = False,
) -> Return:
    """Opens a slip for one line or the whole order. Raises 404, 409 (the rule's code), 422 (no such line).

    What `rules.review` wants a person to see is opened too, so that no period runs out, and waits for
    that person.
    """
    order = find.order(work.session, work.customer.id, order_number, lock=True)
    facts = order_facts(order)
    covered = _covered(order, facts, line, kind)
    because = reason_code or classify(reason)
    request = rules.Request(kind=kind, reason=because, lines=covered, is_paid=is_paid)
    if not (verdict := rules.decide(facts, request, work.now)).ok:
        raise refused(verdict)
    only = covered[0].line if len(covered) == 1 else None
    if kind is ReturnKind.EXCHANGE:
        to_variant = _exchange_to(work.session, _item(order, covered[0].line), to_variant)
    if pickup:
        _must_be_fetchable(ReturnState.REVIEWING, pickups.offered(facts, kind, covered), pickup, work.now)
    intercepts = order.state is OrderState.SHIPPED
    slip = Return(
        slip=next_number(work.session, Return.slip, "TH", work.today),
        customer_id=order.customer_id,
        order=order,
        line=only,
        open_key=f"{order.number}:{only or '*'}",
        kind=kind,
        state=ReturnState.REVIEWING,
        reason=reason or because.label,
        reason_code=because,
        to_variant=to_variant if kind is ReturnKind.EXCHANGE else None,
        intercepts=intercepts,
        refund_fen=rules.coming_back_fen(facts, request),
        created_at=work.now,
        review_by=rules.review_by(facts, request, work.now),
        pickup=pickup,
        is_paid_repair=is_paid and kind is ReturnKind.REPAIR and _is_past_warranty(facts, covered, work),
    )
    work.session.add(slip)
    enter(slip, ReturnState.REVIEWING, work.now)
    if person := review.by_person(review.ReviewFacts(reason or "", slip.refund_fen)):
        _give_to_person(work, slip, person)
    elif not rules.needs_review(facts, request):
        approve(work.session, slip, work.now)
    work.session.flush()
    return slip


def _give_to_person(work: Work, slip: Return, rule: review.Rule) -> None:
    ticket = open_ticket(
        work,
        kind="review",
        subject=f"{slip.kind.label}人工审核 {slip.slip}：{rule.why}",
        text=slip.reason,
        order_number=slip.order.number,
        priority=TicketPriority.URGENT if rule.code == "large_refund" else TicketPriority.MAJOR,
        tags=[rule.why],
    )
    slip.review_code, slip.review_ticket = rule.code, ticket.number


def _is_past_warranty(facts: OrderFacts, lines: tuple[LineFacts, ...], work: Work) -> bool:
    return any(work.today > rules.warranty_ends(facts, line) for line in lines if line.warranty_months)


def _must_be_fetchable(state: ReturnState, is_offered: bool, wanted: str, now: datetime) -> None:
    if not (verdict := pickups.choose(state, is_offered, wanted, now)).ok:
        raise refused(verdict)


def choose_pickup(work: Work, number: str, wanted: str) -> Return:
    """Fixes or changes when the goods are fetched."""
    slip = find.slip(work.session, work.customer.id, number, lock=True)
    facts = order_facts(slip.order)
    covered = tuple(line for line in facts.lines if slip.line in (None, line.line))
    _must_be_fetchable(slip.state, pickups.offered(facts, slip.kind, covered), wanted, work.now)
    slip.pickup = wanted
    return slip


def _covered(order: Order, facts: OrderFacts, line: int | None, kind: ReturnKind) -> tuple[LineFacts, ...]:
    """The lines a slip is for. A parcel on its way is stopped as a whole."""
    if line is not None and line not in [each.line for each in facts.lines]:
        raise invalid(("line", "订单里没有这一件商品"))
    if order.state is OrderState.SHIPPED and kind is ReturnKind.REFUND:
        return facts.lines
    if line is not None:
        return tuple(each for each in facts.lines if each.line == line)
    if len(facts.lines) > 1 and kind in (ReturnKind.EXCHANGE, ReturnKind.REPAIR) and facts.was_signed:
        names = "、".join(f"{each.line} {each.title}" for each in facts.lines)
        raise Problem(409, "line_required", f"订单里有多件商品，请说明是哪一件：{names}。", for_customer=True)
    return facts.lines


def _item(order: Order, line: int) -> OrderItem:
    return next(item for item in order.items if item.line == line)


def _exchange_to(session: Session, item: OrderItem, to_variant: str | None) -> str:
    """The variant to send instead; the same one again where none was named."""
    wanted = to_variant or item.variant
    siblings = select(Product).where(Product.product_id == item.product.product_id).order_by(Product.sku)
    stock = {goods.variant: goods.stock if goods.on_sale else 0 for goods in session.scalars(siblings)}
    if not (verdict := rules.exchange_stock(wanted, stock, item.product_name)).ok:
        raise refused(verdict)
    return wanted


def approve(session: Session, slip: Return, when: datetime) -> None:
    """The shop agrees: the customer learns where to send the goods, or the money goes out."""
    slip.review_by = None
    if slip.kind is ReturnKind.REFUND:
        enter(slip, ReturnState.REFUNDING, when)
        session.flush()
        send_refund(session, slip.order, slip.refund_fen, f"return:{slip.slip}", when)
        return
    if slip.kind is ReturnKind.EXCHANGE and slip.reason_code is ReturnReason.MISSING:
        enter(slip, ReturnState.DONE, when)  # what was missing is sent after; nothing comes back
        return
    enter(slip, ReturnState.AWAITING_GOODS, when)
    slip.send_by = end_of(last_day(when, policy.SEND_BACK_DAYS))
    slip.return_address = _return_address(slip)


def _return_address(slip: Return) -> str:
    """Each slip may have another one (document 03, 退货要寄到哪里)."""
    if order_facts(slip.order).is_merchant:
        return f"{slip.order.seller_name}的退货地址已发到您的短信和服务单页面"
    warehouse = _WAREHOUSES[int(slip.slip[-4:]) % len(_WAREHOUSES)]
    return f"{warehouse}（收），电话 400-000-2468，请在包裹里放写有 {slip.slip} 的纸条"


def enter(slip: Return, state: ReturnState, when: datetime) -> None:
    """Moves a slip on, with its history; an ended one frees its goods for another."""
    slip.state = state
    slip.events.append(ReturnEvent(time=when, state=state))
    if not state.is_open:
        slip.open_key = None


def withdraw(work: Work, number: str) -> Return:
    slip = find.slip(work.session, work.customer.id, number, lock=True)
    verdict = rules.cancel_slip(slip.state.is_open, slip.state in _RECEIVED)
    if not verdict.ok:
        raise refused(verdict)
    enter(slip, ReturnState.WITHDRAWN, work.now)
    slip.review_by = slip.send_by = None
    return slip


def slip_title(slip: Return) -> str:
    """The goods a slip is for, as the customer knows them."""
    covered = [item for item in slip.order.items if slip.line in (None, item.line)]
    pieces = sum(item.quantity for item in covered)
    return goods_title(covered[0]) + (f" 等{pieces}件" if len(covered) > 1 else "")
