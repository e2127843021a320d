"""Orders as the API tells them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import object_session

from backoffice.effects.facts import order_facts
from backoffice.effects.refunds import parts_of
from backoffice.models import Coupon, Order
from backoffice.money import yuan
from backoffice.rules import compensations, invoices, orders, policy, price_protection, refunds, returns
from backoffice.rules.facts import Decision, LineFacts, OrderFacts
from backoffice.states import (
    CancelReason,
    CouponKind,
    OrderState,
    PaymentMethod,
    ReturnKind,
    ReturnReason,
    ShipmentState,
)
from backoffice.views.base import AmountPartView, Day, Money, Permission, Time, View, masked_phone, permission


class SellerView(View):
    type: str = Field(examples=["self", "merchant"])
    name: str = Field(examples=["灵犀自营"])


class OrderItemView(View):
    line: int = Field(examples=[1])
    sku: str = Field(examples=["SKU000123"])
    product: str = Field(examples=["蓝牙耳机 LX-B3"])
    variant: str = Field(examples=["云白"])
    category: str = Field(examples=["手机数码"])
    category_code: str = Field(examples=["digital"])
    quantity: int
    unit_price: Money
    amount: Money = Field(description="实付：扣除分摊的优惠和灵犀币之后")


class OrderShipmentView(View):
    tracking_number: str = Field(examples=["LXWL202611200001"])
    carrier: str = Field(examples=["灵犀物流"])
    state: str = Field(examples=["运输中"])
    state_code: str = Field(examples=["in_transit"])


class OrderRefundView(View):
    amount: Money
    source: str = Field(description="cancel、return、price：为什么退", examples=["cancel"])
    route: str = Field(examples=["原路退回微信支付"])
    eta: str = Field(examples=["1 至 3 个工作日"])
    state: str = Field(examples=["退款已发出"])
    state_code: str = Field(examples=["sent"])
    sent_at: Time
    arrives_by: Day


class CancelRequestView(View):
    """A merchant has to agree to a cancellation; its silence agrees too."""

    requested_at: Time
    decide_by: Time


class ApologyView(View):
    coupon: str = Field(examples=["10 元无门槛券"])
    valid_to: Time


class AllowedView(View):
    cancel: Permission
    change: Permission
    urge: Permission
    return_: Permission = Field(serialization_alias="return")
    exchange: Permission
    repair: Permission
    refund: Permission
    price_protection: Permission
    compensation: Permission
    invoice: Permission


class OrderView(View):
    number: str = Field(examples=["202611210001"])
    legacy_number: str | None = Field(examples=["LX20261121000001"])
    state: str = Field(examples=["待发货"])
    state_code: str = Field(examples=["paid"])
    title: str = Field(examples=["蓝牙耳机 LX-B3 等2件"])
    created_at: Time
    paid_at: Time | None
    shipped_at: Time | None
    signed_at: Time | None
    completed_at: Time | None
    cancelled_at: Time | None
    cancel_reason: str | None
    cancel_reason_code: str | None
    cancel_request: CancelRequestView | None
    pay_by: Time | None
    promised_ship_by: Time | None
    delivery_date: Day | None
    amount: Money
    parts: list[AmountPartView] = Field(description="应付金额怎么算出来的")
    freight: Money
    payment_method: str = Field(examples=["微信支付"])
    seller: SellerView
    recipient: str
    phone_masked: str = Field(examples=["138****5678"])
    address: str
    remark: str
    items: list[OrderItemView]
    shipment: OrderShipmentView | None
    open_return: str | None = Field(examples=["TH202611210001"])
    refunds: list[OrderRefundView]
    refund_route: str = Field(description="要是退款，钱回到哪里", examples=["原路退回微信支付"])
    refund_eta: str = Field(description="退款发出后多久到账", examples=["1 至 3 个工作日"])
    points_used: int = Field(description="抵扣用掉的灵犀币，退款时退回账户")
    apology: ApologyView | None = Field(description="因为断货取消而补的券")
    allowed: AllowedView


class OrderPage(View):
    items: list[OrderView]
    total: int


class UrgedOrderView(View):
    order: OrderView
    promised_ship_by: Time | None
    urged_count: int
    ticket_number: str = Field(examples=["GD202611210001"])


def order_view(order: Order, now: datetime) -> OrderView:
    facts = order_facts(order)
    open_slip = next((slip.slip for slip in order.returns if slip.state.is_open), None)
    whole = parts_of(order, order.amount_fen)
    return OrderView(
        number=order.number,
        legacy_number=order.legacy_number,
        state=state_word(
            order.state,
            order.shipment.state if order.shipment else None,
            asked_to_cancel=bool(order.cancel_requested_at),
        ),
        state_code=order.state.value,
        title=order_title(order),
        created_at=order.created_at,
        paid_at=order.paid_at,
        shipped_at=order.shipped_at,
        signed_at=order.signed_at,
        completed_at=order.completed_at,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason,
        cancel_reason_code=order.cancel_reason_code.value if order.cancel_reason_code else None,
        cancel_request=_cancel_request(order),
        pay_by=order.pay_by if order.state is OrderState.UNPAID else None,
        promised_ship_by=order.promised_ship_by or orders.promised_ship_by(facts),
        delivery_date=order.delivery_date,
        amount=yuan(order.amount_fen),
        parts=amount_parts(order),
        freight=yuan(order.freight_fen),
        payment_method=payment(order),
        seller=SellerView(type=order.seller_type.value, name=order.seller_name),
        recipient=order.recipient,
        phone_masked=masked_phone(order.phone),
        address=order.address,
        remark=order.remark,
        items=[
            OrderItemView(
                line=item.line,
                sku=item.sku,
                product=item.product_name,
                variant=item.variant,
                category=item.product.category.label,
                category_code=item.product.category.value,
                quantity=item.quantity,
                unit_price=yuan(item.unit_price_fen),
                amount=yuan(item.paid_fen),
            )
            for item in order.items
        ],
        shipment=OrderShipmentView(
            tracking_number=order.shipment.tracking_number,
            carrier=order.shipment.carrier.label,
            state=order.shipment.state.label,
            state_code=order.shipment.state.value,
        )
        if order.shipment
        else None,
        open_return=open_slip,
        refunds=[
            OrderRefundView(
                amount=yuan(refund.amount_fen),
                source=refund.source.partition(":")[0],
                route=refunds.route([refunds.RefundPart(refund.method, refund.amount_fen)]),
                eta=refunds.eta(refund.method),
                state=refund.state.label,
                state_code=refund.state.value,
                sent_at=refund.created_at,
                arrives_by=refund.arrives_by,
            )
            for refund in order.refunds
        ],
        refund_route=refunds.route(whole),
        refund_eta=refunds.eta_of(whole) or "即时到账",
        points_used=order.points_used,
        apology=_apology(order),
        allowed=_allowed(facts, now),
    )


def _apology(order: Order) -> ApologyView | None:
    """What was sold out after it was paid for is made up for with a coupon of that moment (document 02)."""
    session = object_session(order)
    if order.cancel_reason_code is not CancelReason.OUT_OF_STOCK or session is None:
        return None
    mine = select(Coupon).where(Coupon.customer_id == order.customer_id)
    given = mine.where(Coupon.kind == CouponKind.COMPENSATION, Coupon.valid_from == order.cancelled_at)
    coupon = session.scalar(given.limit(1))
    return ApologyView(coupon=coupon.name, valid_to=coupon.valid_to) if coupon else None


def order_title(order: Order) -> str:
    """The first goods, and how many pieces where there are more lines."""
    first = order.items[0].product_name
    pieces = sum(item.quantity for item in order.items)
    return first if len(order.items) == 1 else f"{first} 等{pieces}件"


def amount_parts(order: Order) -> list[AmountPartView]:
    """商品, 运费, 优惠, 灵犀币: they add up to what was paid, or is to be."""
    coins = order.goods_fen + order.freight_fen - order.discount_fen - order.amount_fen
    taken_off = {"优惠": -order.discount_fen, "灵犀币抵扣": -coins}
    told = {"商品": order.goods_fen, "运费": order.freight_fen, **taken_off}
    return [AmountPartView(label=label, amount=yuan(fen)) for label, fen in told.items() if fen]


def state_word(state: OrderState, shipment: ShipmentState | None, *, asked_to_cancel: bool) -> str:
    """Document 02, 订单状态: a shipped order whose parcel is with the courier is 派送中."""
    if asked_to_cancel and state is OrderState.PAID:
        return "取消审核中"
    if state is OrderState.SHIPPED and shipment is ShipmentState.OUT_FOR_DELIVERY:
        return ShipmentState.OUT_FOR_DELIVERY.label
    return state.label


def _cancel_request(order: Order) -> CancelRequestView | None:
    if order.cancel_requested_at is None or order.state is not OrderState.PAID:
        return None
    requested = order.cancel_requested_at
    return CancelRequestView(requested_at=requested, decide_by=requested + policy.MERCHANT_CANCEL_REVIEW)


def payment(order: Order) -> str:
    """微信支付, with 礼品卡 and 账户余额 where they paid a part."""
    ways = [order.payment_method]
    ways += [PaymentMethod.GIFT_CARD] * bool(order.gift_card_fen) + [PaymentMethod.BALANCE] * bool(
        order.balance_fen
    )
    return "+".join(dict.fromkeys(way.label for way in ways))


def _allowed(facts: OrderFacts, now: datetime) -> AllowedView:
    return AllowedView(
        cancel=permission(orders.cancel(facts)),
        change=permission(orders.changeable(facts)),
        urge=permission(orders.urge(facts)),
        return_=permission(_best(facts, ReturnKind.RETURN, now)),
        exchange=permission(_best(facts, ReturnKind.EXCHANGE, now)),
        repair=permission(_best(facts, ReturnKind.REPAIR, now)),
        refund=permission(_best(facts, ReturnKind.REFUND, now)),
        price_protection=permission(_protection(facts, now)),
        compensation=permission(compensations.eligible(facts, now)),
        invoice=permission(invoices.requestable(facts, now.date())),
    )


def _best(facts: OrderFacts, kind: ReturnKind, now: datetime) -> Decision:
    """What holds without naming a reason; the line that may be sent back longest speaks for the order."""
    return _most_allowed(
        [
            returns.decide(facts, returns.Request(kind, ReturnReason.NO_REASON, (line,)), now)
            for line in facts.lines
        ]
    )


def _protection(facts: OrderFacts, now: datetime) -> Decision:
    def judge(line: LineFacts) -> Decision:
        verdict = price_protection.eligible(facts, line, now.date())
        if not verdict.ok:
            return verdict
        drop = price_protection.difference(line)
        return drop if isinstance(drop, Decision) else verdict

    verdicts = [judge(line) for line in facts.lines]
    allowed = any(verdict.ok for verdict in verdicts)
    return _most_allowed(verdicts) if allowed else price_protection.each_told(verdicts)


def _most_allowed(verdicts: list[Decision]) -> Decision:
    allowed = [verdict for verdict in verdicts if verdict.ok]
    if not allowed:
        return verdicts[0]
    return max(
        allowed, key=lambda verdict: (verdict.deadline is None, verdict.deadline or datetime.min.date())
    )
