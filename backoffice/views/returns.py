"""After-sales slips as the API tells them."""

from __future__ import annotations

from pydantic import Field

from backoffice.effects.facts import order_facts
from backoffice.effects.refunds import parts_of
from backoffice.effects.returns import slip_title
from backoffice.models import Customer, Refund, Return
from backoffice.money import yuan
from backoffice.rules import pickups, policy, refunds, returns, review, service_points
from backoffice.rules.facts import LineFacts, OrderFacts
from backoffice.states import RefundState, ReturnKind, ReturnReason, ReturnState
from backoffice.views.base import AmountPartView, Day, Money, Time, View


class PickupView(View):
    value: str = Field(examples=["2026-11-22 上午"])
    label: str = Field(examples=["11-22 上午（8:00-12:00）"])


class ReviewView(View):
    code: str = Field(examples=["large_refund"])
    why: str = Field(examples=["退款超过 5000.00 元"])
    ticket_number: str = Field(examples=["GD202611210001"])


class ServicePointView(View):
    name: str = Field(examples=["灵犀售后杭州服务点"])
    address: str
    phone: str
    hours: str


class ReturnEventView(View):
    time: Time
    state: str = Field(examples=["待寄回"])
    state_code: str = Field(examples=["awaiting_goods"])


class ReturnView(View):
    slip: str = Field(examples=["TH202611210001"])
    order_number: str = Field(examples=["202611180001"])
    line: int | None = Field(description="空表示整单")
    item: str = Field(examples=["运动鞋 42 码"])
    kind: str = Field(examples=["return"])
    kind_label: str = Field(examples=["退货"])
    state: str = Field(examples=["待寄回"])
    state_code: str = Field(examples=["awaiting_goods"])
    reason: str
    reason_code: str = Field(examples=["no_reason"])
    to_variant: str | None
    refund_amount: Money | None
    refund_route: str | None = Field(examples=["原路退回微信支付"])
    refund_eta: str | None
    refund_parts: list[AmountPartView] = Field(description="退款怎么算出来的")
    points_back: int = Field(description="抵扣用掉的灵犀币里按退货比例退回账户的")
    refund_sent_at: Time | None
    refund_arrives_by: Day | None = Field(description="退款发出后最晚到账的一天")
    refund_state_code: str | None = Field(examples=["sent"])
    freight_kept: Money = Field(description="订单付过的运费，不在退款里")
    freight_hint: str = Field(description="寄回的运费谁出", examples=["来回运费由我们承担，上门取件免费。"])
    goods_eta: str | None = Field(description="换货、维修：东西多久到手里")
    flash_refund: bool = Field(description="闪电退款：寄回的包裹揽收后先退款")
    deadline: Day | None = Field(description="寄回期限")
    return_address: str | None
    pickup: PickupView | None = Field(description="上门取件时间")
    review_by_person: ReviewView | None = Field(description="按规则要由专人审核")
    is_paid_repair: bool = Field(description="过保的付费维修：先报价")
    service_point: ServicePointView | None = Field(description="维修：收货城市的服务点")
    next_step: str
    created_at: Time
    history: list[ReturnEventView]


class ReturnPage(View):
    items: list[ReturnView]
    total: int


def return_view(slip: Return, customer: Customer) -> ReturnView:
    facts = order_facts(slip.order)
    request = returns.Request(
        kind=slip.kind,
        reason=slip.reason_code,
        lines=tuple(line for line in facts.lines if slip.line in (None, line.line)),
        is_paid=slip.is_paid_repair,
    )
    money = parts_of(slip.order, slip.refund_fen)
    flash = returns.flash_refund(facts, request, customer.level)
    at_home = mended_at_home(slip.kind, facts, request.lines)
    sent = [refund for refund in slip.order.refunds if refund.source == f"return:{slip.slip}"]
    return ReturnView(
        slip=slip.slip,
        order_number=slip.order_number,
        line=slip.line,
        item=slip_title(slip),
        kind=slip.kind.value,
        kind_label=slip.kind.label,
        state=slip.state.label,
        state_code=slip.state.value,
        reason=slip.reason,
        reason_code=slip.reason_code.value,
        to_variant=slip.to_variant,
        refund_amount=yuan(slip.refund_fen) if money else None,
        refund_route=refunds.route(money) if money else None,
        refund_eta=_refund_eta(slip, money, flash),
        refund_parts=_refund_parts(slip, request.lines) if money else [],
        points_back=_of_coins_fen(slip, request.lines) if money else 0,
        refund_sent_at=min((refund.created_at for refund in sent), default=None),
        refund_arrives_by=max((refund.arrives_by for refund in sent), default=None),
        refund_state_code=_refund_state(sent),
        freight_kept=yuan(slip.order.freight_fen if money else 0),
        freight_hint=returns.pickup_hint(facts, request, customer.level, is_fetched=bool(slip.pickup)),
        goods_eta=goods_eta(slip.kind, slip.reason_code, facts, request.lines),
        flash_refund=flash,
        deadline=slip.send_by.date() if slip.send_by else None,
        return_address=slip.return_address,
        pickup=pickup_view(slip.pickup) if slip.pickup else None,
        review_by_person=_review(slip),
        is_paid_repair=slip.is_paid_repair,
        service_point=service_point_view(slip.order.province, slip.order.city)
        if slip.kind is ReturnKind.REPAIR and not at_home
        else None,
        next_step=_next_step(
            slip,
            returns.pickup_hint(facts, request, customer.level, is_fetched=bool(slip.pickup)),
            facts.is_merchant,
            at_home=at_home,
        ),
        created_at=slip.created_at,
        history=[
            ReturnEventView(time=event.time, state=event.state.label, state_code=event.state.value)
            for event in slip.events
        ],
    )


def pickup_view(offer: str) -> PickupView:
    return PickupView(value=offer, label=pickups.label(offer))


def service_point_view(province: str, city: str) -> ServicePointView | None:
    point = service_points.nearest(province, city)
    if point is None:
        return None
    return ServicePointView(name=point.name, address=point.address, phone=point.phone, hours=point.hours)


def _review(slip: Return) -> ReviewView | None:
    if slip.review_code is None or slip.review_ticket is None:
        return None
    return ReviewView(
        code=slip.review_code, why=review.why(slip.review_code), ticket_number=slip.review_ticket
    )


def _refund_eta(slip: Return, money: list[refunds.RefundPart], flash: bool) -> str | None:
    arrival = refunds.eta_of(money)
    if arrival is None or slip.state is ReturnState.REFUNDED:
        return None
    if slip.kind is ReturnKind.REFUND or slip.state is ReturnState.REFUNDING:
        return arrival
    if flash:
        return f"寄回揽收后先退款，{arrival}"
    return f"仓库收到后 48 小时内验收，合格当天退款，之后{arrival}"


def _refund_parts(slip: Return, lines: tuple[LineFacts, ...]) -> list[AmountPartView]:
    """What the goods cost, less their share of what was taken off and what was paid back before.

    Coins come back as coins.
    """
    priced, paid = _priced_fen(slip, lines), sum(line.paid_fen for line in lines)
    protected = sum(line.protected_unit_fen * line.quantity for line in lines)
    of_coins = _of_coins_fen(slip, lines)
    told = {
        "商品": priced,
        "分摊的优惠": paid - priced + of_coins,
        "灵犀币抵扣（用掉的币按退货比例退回账户）": -of_coins,
        "退过的差价": -protected,
        "其他扣减": slip.refund_fen - (paid - protected),
    }
    return [AmountPartView(label=label, amount=yuan(fen)) for label, fen in told.items() if fen]


def _priced_fen(slip: Return, lines: tuple[LineFacts, ...]) -> int:
    bought = {item.line: item for item in slip.order.items}
    return sum(bought[line.line].unit_price_fen * bought[line.line].quantity for line in lines)


def _of_coins_fen(slip: Return, lines: tuple[LineFacts, ...]) -> int:
    """The lines' share of what was paid in coins; one coin is worth a fen."""
    order = slip.order
    coins = order.goods_fen + order.freight_fen - order.discount_fen - order.amount_fen
    taken_off = order.discount_fen + coins
    taken_off_here = _priced_fen(slip, lines) - sum(line.paid_fen for line in lines)
    return taken_off_here * coins // taken_off if taken_off else 0


def _refund_state(sent: list[Refund]) -> str | None:
    """Under way as long as a part of it is."""
    states = {refund.state for refund in sent}
    if not states:
        return None
    return (RefundState.SENT if RefundState.SENT in states else RefundState.ARRIVED).value


_AT_HOME = f"厂家工程师 {policy.hours(policy.LARGE_REPAIR_VISIT)} 小时内上门检修"
"""Document 04, 怎么申请维修: large appliances are mended where they stand."""


def mended_at_home(kind: ReturnKind, order: OrderFacts, lines: tuple[LineFacts, ...]) -> bool:
    return kind is ReturnKind.REPAIR and not order.is_merchant and any(line.is_large for line in lines)


def goods_eta(
    kind: ReturnKind, reason: ReturnReason, order: OrderFacts, lines: tuple[LineFacts, ...]
) -> str | None:
    """When exchanged or mended goods come (documents 03, 换货要多久, and 04, 维修要多久); None for others."""
    if mended_at_home(kind, order, lines):
        return _AT_HOME
    if kind is ReturnKind.EXCHANGE and reason is ReturnReason.MISSING:
        return "核对属实后 24 小时内补发"
    if kind is ReturnKind.EXCHANGE:
        return "仓库收到退回的商品后 48 小时内验收，合格后 24 小时内发出换货商品，一般全程 5 至 7 天"
    return "收到后一般 7 至 15 个工作日修好寄回" if kind is ReturnKind.REPAIR else None


def _next_step(slip: Return, pickup_hint: str, is_merchant: bool, *, at_home: bool) -> str:
    match slip.state:
        case ReturnState.REVIEWING if slip.intercepts:
            return "已通知承运方拦截，24 小时内告诉您结果；拦截不成的，收货时直接拒收即可。"
        case ReturnState.REVIEWING if slip.review_code:
            return f"{review.why(slip.review_code)}，由专人审核，24 小时内答复您。"
        case ReturnState.REVIEWING:
            return _review_step(slip, is_merchant) + (f"通过后{_AT_HOME}，不用寄回。" if at_home else "")
        case ReturnState.AWAITING_GOODS | ReturnState.REPAIRING if at_home:
            return f"{_AT_HOME}，请保持电话畅通，不用寄回。"
        case ReturnState.AWAITING_GOODS if slip.pickup:
            when = pickups.label(slip.pickup)
            return f"取件员 {when} 上门，请备好商品、赠品和配件，凭服务单号取货。{pickup_hint}"
        case ReturnState.DONE if (
            slip.kind is ReturnKind.EXCHANGE and slip.reason_code is ReturnReason.MISSING
        ):
            return "缺的商品 24 小时内补发，发出后短信告诉您运单号，不用寄回已收到的。"
        case ReturnState.AWAITING_GOODS:
            until = f" {slip.send_by:%Y-%m-%d} 前" if slip.send_by else f" {policy.SEND_BACK_DAYS} 天内"
            return f"请在{until}寄回商品（赠品和配件一起）。{pickup_hint}"
        case ReturnState.INSPECTING:
            return "已收到商品，48 小时内验收。" + (
                "合格后 24 小时内发出换货商品。" if slip.kind is ReturnKind.EXCHANGE else "合格当天退款。"
            )
        case ReturnState.REPAIRING:
            return "正在维修，一般 7 至 15 个工作日修好寄回。"
        case ReturnState.REFUNDING:
            return "退款已发出，请留意到账。"
        case ReturnState.REJECTED:
            return "申请没有通过，48 小时内可以选择寄回原商品、折价退款或申请复核。"
        case ReturnState.WITHDRAWN | ReturnState.CLOSED:
            return "服务单已结束，仍在售后期内的可以重新申请。"
    return "已办完，不需要再操作。"


def _review_step(slip: Return, is_merchant: bool) -> str:
    if is_merchant:
        within = policy.hours(policy.MERCHANT_REVIEW)
        return f"商家 {within} 小时内审核，超时自动同意。审核通过后会告诉您怎么寄回。"
    if slip.kind is ReturnKind.REPAIR and slip.is_paid_repair:
        return f"已过保修期，{policy.PAID_REPAIR}"
    if slip.kind is ReturnKind.REPAIR:
        within = policy.hours(policy.SELF_REVIEW)
        return f"在保修期内，非人为故障免费修。请在服务单里写明故障并上传视频，{within} 小时内审核。"
    if slip.kind is ReturnKind.EXCHANGE and slip.reason_code is ReturnReason.MISSING:
        return "请在服务单里上传商品和面单的照片，24 小时内核对出库称重和录像，属实的马上补发。"
    within = policy.hours(policy.FRESH_REVIEW if _is_fresh(slip) else policy.SELF_REVIEW)
    return f"请在服务单里上传商品和问题处的照片或视频，{within} 小时内审核。来回运费由我们承担。"


def _is_fresh(slip: Return) -> bool:
    wait = slip.review_by - slip.created_at if slip.review_by else policy.SELF_REVIEW
    return wait < policy.SELF_REVIEW
