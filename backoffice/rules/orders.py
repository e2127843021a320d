"""Cancelling, changing and urging an order (document 02; document 01, 发货 and 预约配送)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backoffice.rules import policy
from backoffice.rules.cities import is_same_city
from backoffice.rules.facts import Decision, OrderFacts, allow, refuse
from backoffice.states import Carrier, OrderState, ShipmentState

REMARK_LENGTH = 100
ADDRESS_CHANGES = 1
DELIVERY_DATE_CHANGES = 2


def cancel(order: OrderFacts) -> Decision:
    """Only what has not left the warehouse; a parcel on its way can be intercepted instead."""
    match order.state:
        case OrderState.CANCELLED:
            return refuse("order_already_cancelled", "这笔订单已经取消了，不能重复取消。需要的话请重新下单。")
        case OrderState.COMPLETED:
            return refuse("order_completed", "订单已完成，不能取消。商品有问题可以申请售后。")
        case OrderState.SIGNED:
            return refuse("order_signed", "订单已签收，不能取消。不想要了可以申请退货。")
        case OrderState.SHIPPED:
            return refuse("order_shipped", "订单已出库，不能直接取消。可以申请退款拦截包裹，或者收货时拒收。")
        case OrderState.UNPAID | OrderState.PAID:
            if order.cancel_requested_at:
                within = policy.hours(policy.MERCHANT_CANCEL_REVIEW)
                told = f"取消申请已提交，商家 {within} 小时内审核，超时自动同意。"
                return refuse("order_cancel_reviewing", told)
            return allow()


def withdraw_cancel(order: OrderFacts) -> Decision:
    """Document 02, 恢复订单: only while the merchant has not answered."""
    if order.cancel_requested_at and order.state is OrderState.PAID:
        return allow()
    if order.state is OrderState.CANCELLED:
        return refuse("order_already_cancelled", "订单已经取消成功，不能恢复，只能重新下单。")
    return refuse("order_no_cancel_request", "这笔订单没有审核中的取消申请。")


@dataclass(frozen=True)
class OrderChange:
    """What a customer wants changed; None leaves a thing as it is."""

    recipient: str | None = None
    phone: str | None = None
    address: str | None = None
    remark: str | None = None
    delivery_date: date | None = None


def changeable(order: OrderFacts) -> Decision:
    """Whether anything about the order can still be changed by its customer."""
    if order.state in (OrderState.CANCELLED, OrderState.SIGNED, OrderState.COMPLETED):
        return refuse("order_closed", f"订单{order.state.label}，不能再修改。")
    if order.state is OrderState.SHIPPED:
        if (
            order.carrier is Carrier.LINGXI
            and order.shipment_state in (ShipmentState.CREATED, ShipmentState.IN_TRANSIT)
            and order.reroutes == 0
        ):
            return refuse(
                "order_shipped_reroutable",
                "订单已出库，不能直接修改。包裹还没有派送，可以免费同城改派 1 次，时效顺延 1 天。",
            )
        return refuse("order_shipped", "订单已出库，不能修改。改地址请联系承运方，或者拦截退回后重新下单。")
    if order.cancel_requested_at:
        return refuse("order_cancel_reviewing", "取消申请正在审核，不能修改。请先撤销取消。")
    if order.is_merchant:
        return refuse(
            "order_of_merchant", f"这是商家订单，请在发货前联系商家客服（{order.seller_name}）修改。"
        )
    return allow()


def change(order: OrderFacts, wanted: OrderChange, today: date) -> Decision:
    if wanted.address and order.state is OrderState.SHIPPED:
        verdict = changeable(order)
        if verdict.code == "order_shipped_reroutable" and not is_same_city(
            wanted.address, order.province, order.city
        ):
            return refuse("order_shipped", "订单已出库，跨城不能改派。可以拦截退回后重新下单。")
        return verdict
    if not (verdict := changeable(order)).ok:
        return verdict
    if wanted.address:
        if not is_same_city(wanted.address, order.province, order.city):
            return refuse("address_other_city", f"只能改成{order.city}内的地址，跨城请取消后重新下单。")
        if order.address_changes >= ADDRESS_CHANGES:
            return refuse(
                "address_change_limit", "收货地址只能改 1 次，这笔订单已经改过了。可以取消后重新下单。"
            )
    if wanted.delivery_date:
        days = policy.LARGE_GOODS_DAYS if order.is_large else policy.SMALL_GOODS_DAYS
        last = today + timedelta(days=days)
        if not today <= wanted.delivery_date <= last:
            return refuse(
                "delivery_date_out_of_range",
                f"送货日期可约 {days} 天内，请选 {today:%Y-%m-%d} 至 {last:%Y-%m-%d} 之间的一天。",
                last,
            )
        if order.delivery_date_changes >= DELIVERY_DATE_CHANGES:
            return refuse("delivery_date_change_limit", "送货时间最多改 2 次，这笔订单已经改满了。")
    return allow()


def urge(order: OrderFacts) -> Decision:
    match order.state:
        case OrderState.UNPAID:
            return refuse("order_not_paid", "订单还没有付款，付款后才会安排发货。")
        case OrderState.SHIPPED:
            return refuse("order_shipped", "订单已经出库了，可以查物流或者催派送。")
        case OrderState.PAID:
            if order.cancel_requested_at:
                return refuse("order_cancel_reviewing", "取消申请正在审核，暂不能催发货。请先撤销取消。")
            return allow()
        case _:
            return refuse("order_closed", f"订单{order.state.label}，不需要再催发货。")


def promised_ship_by(order: OrderFacts) -> datetime | None:
    """Goods in stock leave within 24 h of payment, a merchant's within 48 h (document 01)."""
    if order.paid_at is None:
        return None
    return order.paid_at + (policy.MERCHANT_SHIPS_WITHIN if order.is_merchant else policy.SELF_SHIPS_WITHIN)
