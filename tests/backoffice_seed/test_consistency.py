"""Whatever the day and the hour of seeding: every order, parcel, slip and ledger agrees with itself and the rules."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backoffice.clock import SHANGHAI
from backoffice.effects.facts import order_facts
from backoffice.models import Order
from backoffice.rules import policy, price_protection, returns
from backoffice.seed.catalogue import price_at
from backoffice.seed.loyalty import level_for, spent_fen
from backoffice.seed.shop import Shop, assemble
from backoffice.states import (
    CancelReason,
    Carrier,
    Category,
    CouponState,
    InvoiceState,
    OrderState,
    PaymentMethod,
    PriceKind,
    RefundState,
    ReturnKind,
    ReturnReason,
    ReturnState,
    SellerType,
    ShipmentState,
    TicketState,
)

from .shops import MOMENTS

_TRACKING = {Carrier.LINGXI: r"LXWL\d{10}", Carrier.SF: r"SF\d{13}", Carrier.ZTO: r"ZT\d{12}"}

moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31, 23, 59, 59)).map(
    lambda moment: moment.replace(tzinfo=SHANGHAI)
)
any_moment = hypothesis_settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def at_moments(test):
    """Runs a test of (now) at the known hard moments and at a dozen others."""
    for moment in MOMENTS:
        test = example(now=moment)(test)
    return any_moment(given(now=moments)(test))


@at_moments
def test_a_shop_of_any_moment_is_consistent(now: datetime) -> None:
    shop = assemble(now, order_count=400)
    now = now.replace(microsecond=0)
    traces: dict[str, list[dict]] = {}
    for trace in shop.traces:
        traces.setdefault(trace["tracking_number"], []).append(trace)
    for purchase in shop.purchases:
        order = purchase.order
        _check_life(order, now)
        _check_money(order)
        _check_parcel(order, traces, now)
        _check_after_sales(order, now)
    _check_references(shop)
    _check_loyalty(shop, now)
    _check_tickets(shop, now)


@at_moments
def test_the_pickers_situations_hold_at_any_moment(now: datetime) -> None:
    shop = assemble(now, order_count=60)
    today = now.date()
    of = {
        number: [one.order for one in shop.purchases if one.order.customer_id == f"C{number:06}"]
        for number in range(1, 13)
    }
    last_news = {trace["tracking_number"]: trace["time"] for trace in shop.traces}

    by_state = Counter(order.state for order in of[1])
    assert set(by_state) == set(OrderState)
    assert all(
        by_state[state] == 1
        for state in (OrderState.UNPAID, OrderState.PAID, OrderState.SHIPPED, OrderState.CANCELLED)
    )
    [unpaid] = [order for order in of[1] if order.state is OrderState.UNPAID]
    assert now < unpaid.pay_by and now - unpaid.created_at < timedelta(minutes=10)
    [coming] = [order for order in of[1] if order.state is OrderState.SHIPPED]
    assert coming.shipment.promised_date == today + timedelta(days=1)
    signed_days = {(today - order.signed_at.date()).days: order for order in of[1] if order.signed_at}
    assert returns_ok(signed_days[2], now)
    assert not returns_ok(signed_days[20], now) and signed_days[20].state is OrderState.COMPLETED
    assert [slip.state for order in of[1] for slip in order.returns] == [ReturnState.AWAITING_GOODS]

    [late] = [order for order in of[2] if order.state is OrderState.SHIPPED]
    assert late.shipment.promised_date == today - timedelta(days=2)
    assert now - last_news[late.shipment.tracking_number] < timedelta(hours=72)
    [stalled] = [order for order in of[3] if order.state is OrderState.SHIPPED]
    assert now - last_news[stalled.shipment.tracking_number] >= timedelta(hours=80)
    [lost] = of[4]
    assert lost.shipment.state is ShipmentState.SIGNED and lost.signed_at.date() == today - timedelta(days=1)

    [shoes] = of[5]
    assert (today - shoes.signed_at.date()).days == 10 and returns_ok(shoes, now)
    [phone] = of[6]
    assert not returns_ok(phone, now) and returns_ok(phone, now, ReturnReason.QUALITY)
    assert {order.seller_type for order in of[7]} == {SellerType.MERCHANT}
    [waiting] = [order for order in of[7] if order.state is OrderState.PAID]
    assert waiting.promised_ship_by < now

    fryer = max(of[8], key=lambda order: order.created_at)
    facts = order_facts(fryer)
    assert price_protection.eligible(facts, facts.lines[0], today).ok
    assert price_protection.difference(facts.lines[0]).amount_fen == 3000
    [refunding] = of[9]
    assert [slip.state for slip in refunding.returns] == [ReturnState.REFUNDING]
    assert [refund.state for refund in refunding.refunds] == [RefundState.SENT]
    [transfer] = [order for order in of[10] if order.state is OrderState.UNPAID]
    assert transfer.payment_method is PaymentMethod.BANK_TRANSFER and transfer.pay_by - now > timedelta(
        hours=60
    )
    [today_s] = [order for order in of[11] if order.state is OrderState.SHIPPED]
    assert (
        today_s.shipment.state is ShipmentState.OUT_FOR_DELIVERY and today_s.shipment.promised_date == today
    )
    broken = min(of[11], key=lambda order: order.created_at)
    assert returns_ok(broken, now, ReturnReason.QUALITY, ReturnKind.REPAIR)
    assert of[12] == []

    levels = [customer.level.label for customer in shop.customers[:12]]
    assert (levels[0], levels[1], levels[7], levels[11]) == ("金卡", "钻石", "金卡", "普通")


def returns_ok(
    order: Order,
    now: datetime,
    reason: ReturnReason = ReturnReason.NO_REASON,
    kind: ReturnKind = ReturnKind.RETURN,
) -> bool:
    facts = order_facts(order)
    return returns.decide(facts, returns.Request(kind, reason, facts.lines), now).ok


def _check_life(order: Order, now: datetime) -> None:
    chain = [order.created_at, order.shipped_at, order.signed_at, order.completed_at]
    passed = [moment for moment in chain if moment]
    assert passed == sorted(passed) and passed[-1] <= now
    assert chain[: len(passed)] == passed, "no step is left out"
    on_delivery = order.payment_method is PaymentMethod.CASH_ON_DELIVERY
    assert order.number.startswith(f"{order.created_at:%Y%m%d}") and len(order.number) == 12
    if order.paid_at:
        assert order.created_at <= order.paid_at <= now
        assert on_delivery == (order.paid_at == order.signed_at)
        if not on_delivery:
            assert order.paid_at <= order.pay_by
    match order.state:
        case OrderState.UNPAID:
            assert not order.paid_at and not order.shipped_at and order.pay_by >= now
        case OrderState.PAID:
            assert (order.paid_at or on_delivery) and not order.shipped_at
            late = order.promised_ship_by < now
            assert not late or order.seller_type is SellerType.MERCHANT
        case OrderState.SHIPPED:
            assert order.shipped_at and not order.signed_at
        case OrderState.SIGNED:
            assert order.signed_at and not order.completed_at
            assert (now.date() - order.signed_at.date()).days < policy.AUTO_COMPLETE_DAYS
        case OrderState.COMPLETED:
            assert order.completed_at
            assert (order.completed_at.date() - order.signed_at.date()).days <= policy.AUTO_COMPLETE_DAYS
        case OrderState.CANCELLED:
            assert order.created_at < order.cancelled_at <= now and not order.shipped_at
            assert order.cancel_reason and order.cancel_reason_code
            assert (
                bool(order.paid_at) == (order.cancel_reason_code is not CancelReason.PAYMENT_EXPIRED)
                or on_delivery
            )
    if order.shipped_at and order.seller_type is SellerType.SELF:
        assert order.shipped_at <= order.promised_ship_by


def _check_money(order: Order) -> None:
    goods = sum(item.unit_price_fen * item.quantity for item in order.items)
    paid = goods - order.discount_fen - order.points_used
    assert (order.goods_fen, order.amount_fen) == (goods, paid + order.freight_fen)
    assert sum(item.paid_fen for item in order.items) == paid
    assert all(0 < item.paid_fen <= item.unit_price_fen * item.quantity for item in order.items)
    assert 0 <= order.gift_card_fen <= order.amount_fen
    assert order.points_used <= goods * 0.3 and order.points_used % 100 == 0
    assert sum(refund.amount_fen for refund in order.refunds) <= order.amount_fen
    for item in order.items:
        if item.price_kind is PriceKind.NORMAL:
            assert item.unit_price_fen == price_at(item.product, order.created_at)
        assert item.product.seller_name == order.seller_name
    if order.seller_type is SellerType.SELF and not any(
        item.product.category is Category.FRESH for item in order.items
    ):
        assert order.freight_fen in (0, 600, 1500)
        assert order.freight_fen == 0 or paid < 19900
        assert order.freight_fen > 0 or paid >= 9900


def _check_parcel(order: Order, traces: dict[str, list[dict]], now: datetime) -> None:
    shipment = order.shipment
    assert (shipment is not None) == (order.shipped_at is not None)
    if shipment is None:
        return
    news = traces[shipment.tracking_number]
    times = [trace["time"] for trace in news]
    assert times == sorted(times) and len(set(times)) == len(times)
    assert times[0] == order.shipped_at and times[-1] <= now
    assert (shipment.state is ShipmentState.SIGNED) == (order.signed_at is not None)
    assert shipment.signed_at == order.signed_at
    assert re.fullmatch(_TRACKING[shipment.carrier], shipment.tracking_number)
    assert shipment.promised_date >= order.shipped_at.date()
    if order.payment_method is PaymentMethod.CASH_ON_DELIVERY:
        assert shipment.carrier is Carrier.LINGXI and order.amount_fen <= 500_600


def _check_after_sales(order: Order, now: datetime) -> None:
    for slip in order.returns:
        times = [event.time for event in slip.events]
        assert times == sorted(times) and times[0] == slip.created_at and times[-1] <= now
        assert slip.events[-1].state is slip.state
        assert bool(slip.open_key) == slip.state.is_open
        assert order.shipped_at <= slip.created_at
        assert order.signed_at is None or order.signed_at <= slip.created_at
        sent = sum(refund.amount_fen for refund in order.refunds if refund.source == f"return:{slip.slip}")
        if slip.state in (ReturnState.REFUNDING, ReturnState.REFUNDED):
            assert sent == slip.refund_fen > 0
        else:
            assert sent == 0
        if slip.kind is ReturnKind.EXCHANGE:
            assert slip.to_variant
    for refund in order.refunds:
        assert refund.created_at <= now
        assert refund.state is RefundState.ARRIVED or refund.arrives_by >= now.date()
    for invoice in order.invoices:
        assert order.paid_at <= invoice.created_at <= now
        assert (invoice.state is InvoiceState.ISSUED) == (invoice.issued_at is not None)
        assert invoice.issued_at is None or invoice.issued_at <= now
        assert 0 < invoice.amount_fen <= order.amount_fen


def _check_references(shop: Shop) -> None:
    bought = [one.order for one in shop.purchases]
    slips = [slip for order in bought for slip in order.returns]
    invoices = [invoice for order in bought for invoice in order.invoices]
    for keys in (
        [order.number for order in bought],
        [order.legacy_number for order in bought if order.legacy_number],
        [order.shipment.tracking_number for order in bought if order.shipment],
        [slip.slip for slip in slips],
        [slip.open_key for slip in slips if slip.open_key],
        [invoice.number for invoice in invoices],
        [ticket.number for ticket in shop.tickets],
        [coupon.id for coupon in shop.coupons],
        [product.sku for one in shop.goods for product in one.variants],
        [customer.phone for customer in shop.customers],
    ):
        assert len(keys) == len(set(keys))
    owners = {order.number: order.customer_id for order in bought}
    customers = {customer.id for customer in shop.customers}
    assert set(owners.values()) <= customers
    for row in (*shop.ledger, *shop.coupons, *shop.tickets):
        assert row.customer_id in customers
        assert row.order_number is None or owners[row.order_number] == row.customer_id


def _check_loyalty(shop: Shop, now: datetime) -> None:
    by_customer: dict[str, list[Order]] = {}
    for one in shop.purchases:
        by_customer.setdefault(one.order.customer_id, []).append(one.order)
    for customer in shop.customers:
        assert customer.level is level_for(spent_fen(by_customer.get(customer.id, []), now.date()))
        balance = 0
        for entry in (entry for entry in shop.ledger if entry.customer_id == customer.id):
            balance += entry.change
            assert balance >= 0 and customer.registered_at <= entry.created_at <= now
            assert entry.expires_on is None or entry.expires_on >= now.date()
        assert customer.points == balance
    for coupon in shop.coupons:
        assert coupon.valid_from <= coupon.valid_to
        assert (coupon.state is CouponState.EXPIRED) == (
            coupon.order_number is None and coupon.valid_to < now
        )
        assert (coupon.state is CouponState.USED) == (coupon.order_number is not None)


def _check_tickets(shop: Shop, now: datetime) -> None:
    for ticket in shop.tickets:
        times = [comment.time for comment in ticket.comments]
        assert times == sorted(times) and times[-1] <= now and times[-1] == ticket.updated_at
        assert ticket.created_at <= times[0] and ticket.created_at < ticket.due_at
        assert (len(times) == 1) == (ticket.state is TicketState.OPEN)


@pytest.mark.parametrize(
    ("spent", "level"),
    [
        (0, "普通"),
        (99_999, "普通"),
        (100_000, "银卡"),
        (499_999, "银卡"),
        (500_000, "金卡"),
        (1_999_999, "金卡"),
        (2_000_000, "钻石"),
    ],
)
def test_levels_follow_document_07(spent: int, level: str) -> None:
    assert level_for(spent).label == level


def test_levels_count_a_year_back_from_the_first_of_the_month() -> None:
    def completed(day: date) -> Order:
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)
        return Order(number=str(day), completed_at=moment, amount_fen=100, refunds=[])

    days = [date(2025, 10, 31), date(2025, 11, 1), date(2026, 10, 31), date(2026, 11, 1)]
    assert spent_fen([completed(day) for day in days], date(2026, 11, 21)) == 200
