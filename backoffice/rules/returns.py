"""Refunds without goods, returns, exchanges, repairs (documents 03 and 04; for businesses 09)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backoffice.rules import policy
from backoffice.rules.facts import Decision, LineFacts, OrderFacts, allow, last_day, refuse
from backoffice.rules.reasons import FAULTS
from backoffice.rules.review import REVIEW_BY_PERSON
from backoffice.states import (
    Category,
    Level,
    OrderState,
    ReturnKind,
    ReturnReason,
    ReturnRule,
    SellerType,
)

ATTEMPTS = 3
"""The first slip and two more after it was withdrawn or closed; faults are not counted."""
_LARGE_RETURN_FEE = f"大件每件收 {policy.LARGE_RETURN_FEE} 元退回物流费，不另收取件费"

_SENT_BY_CUSTOMER = "寄回运费由您承担。"

_ALWAYS_EXCLUDED = frozenset(
    {
        ReturnRule.CUSTOM,
        ReturnRule.FRESH,
        ReturnRule.PERIODICAL,
        ReturnRule.NEAR_EXPIRY,
        ReturnRule.FLAWED,
    }
)
_EXCLUDED_WHEN_OPENED = frozenset(
    {
        ReturnRule.MEDIA,
        ReturnRule.DIGITAL_CONTENT,
        ReturnRule.INTIMATE,
        ReturnRule.OPENED_FOOD,
        ReturnRule.FEEDING,
    }
)


@dataclass(frozen=True)
class Request:
    """What a customer asks for. `lines` is one line, or all of the order."""

    kind: ReturnKind
    reason: ReturnReason
    lines: tuple[LineFacts, ...]
    is_paid: bool = False
    """A repair the customer pays for: the warranty does not matter."""


def decide(order: OrderFacts, request: Request, now: datetime) -> Decision:
    """Whether a slip may be opened. Stock and variants of an exchange are judged by `exchange_stock`."""
    if not (verdict := _order_allows(order, request.kind)).ok:
        return verdict
    for line in request.lines:
        if line.open_slip:
            return refuse(
                "return_open_exists",
                f"“{line.title}”已有进行中的服务单 {line.open_slip}，请先查看或撤销它。",
            )
        if line.refunded:
            return refuse("return_already_refunded", f"“{line.title}”已经退过款，不能再申请售后。")
        if line.rejected_slip:
            return refuse(
                REVIEW_BY_PERSON,
                f"“{line.title}”之前的服务单 {line.rejected_slip} 没有通过，"
                "有异议的由专人复核，2 个工作日内给出结果。",
            )
    if order.state is OrderState.SHIPPED:
        return allow()
    return _weakest(request.lines, lambda line: _line_allows(order, line, request, now))


def _order_allows(order: OrderFacts, kind: ReturnKind) -> Decision:
    match order.state:
        case OrderState.CANCELLED:
            return refuse("order_cancelled", "订单已取消，不需要售后。已付的钱按原路退回。")
        case OrderState.UNPAID:
            return refuse("order_not_paid", "订单还没有付款，不想要了直接取消就可以。")
        case OrderState.PAID if kind is ReturnKind.REFUND:
            return refuse("cancel_instead", "商品还没有出库，直接取消订单就能退款。")
        case OrderState.PAID:
            return refuse("return_not_signed", "商品还没有出库，不能申请售后。不想要了可以直接取消订单。")
        case OrderState.SHIPPED if kind is not ReturnKind.REFUND:
            return refuse(
                "return_not_signed",
                "包裹还没有签收，签收后才能申请售后。不想要了可以申请退款拦截，或者拒收。",
            )
    return allow()


def _line_allows(order: OrderFacts, line: LineFacts, request: Request, now: datetime) -> Decision:
    match request.kind:
        case ReturnKind.REPAIR:
            return _repair(order, line, now.date(), is_paid=request.is_paid)
        case ReturnKind.REFUND if request.reason not in (ReturnReason.DAMAGED, ReturnReason.MISSING):
            return refuse(
                "return_instead",
                "商品已经签收，需要退回商品才能退款，请申请退货。破损或少件可以直接申请退款。",
            )
    if request.reason in FAULTS:
        return _fault(order, line, request.kind, now.date())
    return _no_reason(order, line, request.kind, now.date())


def _no_reason(order: OrderFacts, line: LineFacts, kind: ReturnKind, today: date) -> Decision:
    if excluded := exclusion(order, line):
        return refuse(
            "return_excluded", f"“{line.title}”{excluded}，不支持无理由退换货。有质量问题的不受限制。"
        )
    days = no_reason_days(order, line)
    deadline = last_day(_signed(order), days)
    if today > deadline:
        what = "换货" if kind is ReturnKind.EXCHANGE else "退货"
        return refuse(
            "return_window_passed",
            f"“{line.title}”的 {days} 天无理由{what}期已在 {deadline:%Y-%m-%d} 截止。"
            f"{_what_is_left(order, line, today)}",
            deadline,
        )
    if line.ended_slips >= ATTEMPTS:
        return refuse(
            "return_attempts_used",
            "这件商品的售后申请已撤销或关闭 3 次，不能再申请。有质量问题不受限制。",
            deadline,
        )
    return allow(deadline)


def _what_is_left(order: OrderFacts, line: LineFacts, today: date) -> str:
    """The next step after a window has passed."""
    exchange_ends = last_day(_signed(order), policy.FAULT_EXCHANGE_DAYS)
    if today <= exchange_ends:
        return f"有质量问题的，{exchange_ends:%Y-%m-%d} 前可以申请换货或维修。"
    if line.warranty_months and today <= warranty_ends(order, line):
        return "还在保修期内，有故障可以申请免费维修。"
    return "有质量问题可以联系人工客服核实。"


def _fault(order: OrderFacts, line: LineFacts, kind: ReturnKind, today: date) -> Decision:
    """三包: back or new within 7 days, new within 15 (document 04); never less than without a reason."""
    days = policy.FAULT_EXCHANGE_DAYS if kind is ReturnKind.EXCHANGE else policy.FAULT_RETURN_DAYS
    days = max(days, no_reason_days(order, line))
    deadline = last_day(_signed(order), days)
    if today > deadline:
        return refuse(
            "return_window_passed",
            f"“{line.title}”签收已超过 {days} 天（{deadline:%Y-%m-%d} 截止），不能再申请。"
            f"{_what_is_left(order, line, today)}",
            deadline,
        )
    return allow(deadline)


def _repair(order: OrderFacts, line: LineFacts, today: date, *, is_paid: bool) -> Decision:
    if not line.warranty_months:
        return refuse("warranty_passed", f"“{line.title}”没有保修服务。有质量问题可以在售后期内申请退换货。")
    deadline = warranty_ends(order, line)
    if today > deadline and not is_paid:
        return refuse(
            "warranty_passed",
            f"“{line.title}”的保修期已在 {deadline:%Y-%m-%d} 结束。"
            f"可以付费维修：{policy.PAID_REPAIR}",
            deadline,
        )
    return allow(deadline)


def warranty_ends(order: OrderFacts, line: LineFacts) -> date:
    """Counted from the day after signing, in months: signed on 1 March, one year ends on 1 March."""
    signed = _signed(order).date()
    months = signed.month - 1 + line.warranty_months
    year, month = signed.year + months // 12, months % 12 + 1
    days = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(signed.day, days))


def exclusion(order: OrderFacts, line: LineFacts) -> str | None:
    """Why goods cannot come back without a reason, or None."""
    rule = line.return_rule
    if order.is_enterprise and (line.opened or line.activated):
        return "是企业采购且已拆封"
    if rule in _ALWAYS_EXCLUDED:
        return f"属于{rule.label}"
    if rule in _EXCLUDED_WHEN_OPENED and line.opened:
        return f"属于{rule.label}"
    if rule is ReturnRule.ACTIVATABLE and line.activated:
        return "已经激活使用"
    return None


def no_reason_days(order: OrderFacts, line: LineFacts) -> int:
    """7 days, 15 for the shop's own clothes and shoes (not for business purchases)."""
    if line.category is Category.APPAREL and not order.is_merchant and not order.is_enterprise:
        return policy.APPAREL_DAYS
    return policy.NO_REASON_DAYS


def goods_policy(rule: ReturnRule, category: Category, seller: SellerType) -> str:
    """What a page says before anything is bought."""
    if rule in _ALWAYS_EXCLUDED:
        return "不支持七天无理由退货"
    longer = category is Category.APPAREL and seller is SellerType.SELF
    days = f"{policy.APPAREL_DAYS} 天" if longer else "七天"
    if rule in _EXCLUDED_WHEN_OPENED:
        return f"{days}无理由退货（拆封后不支持）"
    if rule is ReturnRule.ACTIVATABLE:
        return f"{days}无理由退货（激活后不支持）"
    return f"{days}无理由退货"


def exchange_stock(to_variant: str | None, variants: dict[str, int], title: str) -> Decision:
    """Only another variant of the same goods, and only in stock (document 03, 换货).

    `variants`: those of the same product with their stock, the bought one under its own name.
    """
    if to_variant not in variants:
        choices = "、".join(name for name, stock in variants.items() if stock > 0) or "暂无"
        return refuse("exchange_variant_unknown", f"只能换“{title}”同款的规格，可换：{choices}。")
    if variants[to_variant] <= 0:
        return refuse(
            "exchange_out_of_stock",
            f"“{title}”的“{to_variant}”暂时没有货，可以换别的规格，或者改为退货退款。",
        )
    return allow()


def needs_review(order: OrderFacts, request: Request) -> bool:
    """The shop's own goods without a fault are approved at once; a merchant or evidence takes a look."""
    evidence = request.reason in FAULTS or request.kind in (ReturnKind.REFUND, ReturnKind.REPAIR)
    return order.is_merchant or evidence


def review_by(order: OrderFacts, request: Request, now: datetime) -> datetime | None:
    """Silence until then approves. An interception has no such moment: the carrier's answer decides."""
    if order.state is OrderState.SHIPPED:
        return None
    if order.is_merchant:
        return now + policy.MERCHANT_REVIEW
    if any(line.category is Category.FRESH for line in request.lines):
        return now + policy.FRESH_REVIEW
    return now + policy.SELF_REVIEW


def evidence_is_late(order: OrderFacts, request: Request, now: datetime) -> bool:
    """Damage and wrong or missing goods are told within 48 h, fresh within 24 h; later needs more proof."""
    if request.reason not in (ReturnReason.DAMAGED, ReturnReason.WRONG_ITEM, ReturnReason.MISSING):
        return False
    fresh = any(line.category is Category.FRESH for line in request.lines)
    return now - _signed(order) > (policy.FRESH_EVIDENCE_WINDOW if fresh else policy.EVIDENCE_WINDOW)


def coming_back_fen(order: OrderFacts, request: Request) -> int:
    """What a slip pays back: for a parcel stopped on its way what is left of the order, else its lines."""
    if order.state is OrderState.SHIPPED:
        return order.amount_fen - order.refunded_fen
    return refund_fen(request)


def refund_fen(request: Request) -> int:
    if request.kind in (ReturnKind.EXCHANGE, ReturnKind.REPAIR):
        return 0
    return sum(line.paid_fen - line.protected_unit_fen * line.quantity for line in request.lines)


def pickup_hint(order: OrderFacts, request: Request, level: Level, *, is_fetched: bool = False) -> str:
    """What sending the goods back costs, and that they can be fetched where that costs something."""
    cost = sending_cost(order, request, level, is_fetched=is_fetched)
    if cost != _SENT_BY_CUSTOMER:
        return cost
    fetched = sending_cost(order, request, level, is_fetched=True).removeprefix("取件费")
    return f"{cost.rstrip('。')}；也可以约 {policy.PICKUP_DAYS} 天内上门取件，{fetched}"


def sending_cost(order: OrderFacts, request: Request, level: Level, *, is_fetched: bool) -> str:
    """What this way of sending the goods back costs (document 03, 退换货的运费谁出 and 上门取件收费吗)."""
    in_warranty = request.kind is ReturnKind.REPAIR and not request.is_paid
    if request.reason in FAULTS or in_warranty:
        return "来回运费由我们承担，上门取件免费。"
    if any(line.is_large for line in request.lines):
        return f"{_LARGE_RETURN_FEE}。"
    apparel = all(line.category is Category.APPAREL for line in request.lines)
    if request.kind is ReturnKind.EXCHANGE and apparel and not order.is_merchant:
        if all(line.exchanged == 0 for line in request.lines):
            return "首次换码来回运费由我们承担。"
        return f"第二次起每次换码收 {policy.EXCHANGE_AGAIN_FEE} 元。"
    if not is_fetched:
        return _SENT_BY_CUSTOMER
    free = policy.FREE_PICKUPS.get(level)
    member = f"，{level.label}会员每年免 {free} 次" if free else ""
    return f"取件费每次 {policy.PICKUP_FEE} 元{member}。"


def flash_refund(order: OrderFacts, request: Request, level: Level) -> bool:
    """闪电退款: silver and above, the shop's own goods, up to the level's limit."""
    limit = policy.FLASH_REFUND_FEN.get(level, 0)
    return request.kind is ReturnKind.RETURN and not order.is_merchant and 0 < refund_fen(request) <= limit


def cancel_slip(state_is_open: bool, already_received: bool) -> Decision:
    """A slip can be withdrawn until the goods are on their way back."""
    if not state_is_open:
        return refuse("return_closed", "这张服务单已经结束，不能撤销。")
    if already_received:
        return refuse(
            "return_already_received", "商品已经寄回或正在处理，不能撤销了。可以查看进度或联系人工。"
        )
    return allow()


def _signed(order: OrderFacts) -> datetime:
    if order.signed_at is None:
        raise ValueError(f"order {order.number} is {order.state.value} but has no signing time")
    return order.signed_at


def _weakest(lines: tuple[LineFacts, ...], judge: Callable[[LineFacts], Decision]) -> Decision:
    """The first refusal, else the earliest deadline."""
    verdicts = [judge(line) for line in lines]
    for verdict in verdicts:
        if not verdict.ok:
            return verdict
    return min(verdicts, key=lambda verdict: verdict.deadline or date.max)
