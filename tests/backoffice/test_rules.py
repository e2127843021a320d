"""The documents' periods at their edges, and the words that decide them. No database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from backoffice.clock import SHANGHAI, frozen_clock
from backoffice.rules import compensations, invoices, orders, price_protection, refunds, returns
from backoffice.rules.cities import complete_address, is_same_city
from backoffice.rules.facts import LineFacts, OrderFacts
from backoffice.rules.points import earned, expiry, returned_expiry
from backoffice.rules.reasons import classify
from backoffice.rules.service_hours import due, in_hours
from backoffice.rules.workdays import add_workdays
from backoffice.states import (
    Category,
    InvoiceState,
    InvoiceType,
    Level,
    OrderState,
    PaymentMethod,
    PriceKind,
    ReturnKind,
    ReturnReason,
    ReturnRule,
    SellerType,
    TicketPriority,
)

SIGNED = datetime(2026, 8, 10, 9, 30, tzinfo=SHANGHAI)
LINE = LineFacts(
    line=1,
    title="蓝牙耳机 云白",
    category=Category.OTHER,
    quantity=1,
    unit_price_fen=20_000,
    paid_fen=20_000,
    price_kind=PriceKind.NORMAL,
    return_rule=ReturnRule.STANDARD,
    opened=False,
    activated=False,
    is_large=False,
    warranty_months=12,
    merchant_price_protection=False,
    current_price_fen=15_000,
    stock=3,
    on_sale=True,
)
ORDER = OrderFacts(
    number="202608080001",
    state=OrderState.SIGNED,
    seller_type=SellerType.SELF,
    seller_name="灵犀自营",
    is_enterprise=False,
    created_at=SIGNED - timedelta(days=2),
    paid_at=SIGNED - timedelta(days=2),
    signed_at=SIGNED,
    completed_at=None,
    cancel_requested_at=None,
    province="浙江省",
    city="杭州市",
    address="浙江省杭州市西湖区样例路 1 号",
    address_changes=0,
    delivery_date=None,
    delivery_date_changes=0,
    carrier=None,
    shipment_state=None,
    reroutes=0,
    amount_fen=20_000,
    gift_card_fen=0,
    refunded_fen=0,
    has_invoice=False,
    lines=(LINE,),
)
SHOES = replace(LINE, title="运动鞋 42 码", category=Category.APPAREL, warranty_months=0)
MERCHANT = replace(ORDER, seller_type=SellerType.MERCHANT)
BUSINESS = replace(ORDER, is_enterprise=True)


def last_moment(day: int) -> datetime:
    """The end of the `day`-th day, the day after signing being the first."""
    return datetime(2026, 8, 10, 23, 59, 59, tzinfo=SHANGHAI) + timedelta(days=day)


@pytest.mark.parametrize(
    ("order", "line", "kind", "reason", "days"),
    [
        (ORDER, LINE, ReturnKind.RETURN, ReturnReason.NO_REASON, 7),
        (ORDER, LINE, ReturnKind.EXCHANGE, ReturnReason.NO_REASON, 7),
        (ORDER, SHOES, ReturnKind.RETURN, ReturnReason.NO_REASON, 15),
        (ORDER, SHOES, ReturnKind.EXCHANGE, ReturnReason.SIZE, 15),
        (MERCHANT, SHOES, ReturnKind.RETURN, ReturnReason.NO_REASON, 7),
        (BUSINESS, SHOES, ReturnKind.RETURN, ReturnReason.NO_REASON, 7),
        (ORDER, LINE, ReturnKind.RETURN, ReturnReason.QUALITY, 7),
        (ORDER, LINE, ReturnKind.EXCHANGE, ReturnReason.QUALITY, 15),
        (ORDER, SHOES, ReturnKind.RETURN, ReturnReason.QUALITY, 15),
        (ORDER, LINE, ReturnKind.REPAIR, ReturnReason.QUALITY, 365),
        (ORDER, LINE, ReturnKind.REFUND, ReturnReason.DAMAGED, 7),
    ],
)
def test_the_last_day_counts_and_the_next_does_not(
    order: OrderFacts, line: LineFacts, kind: ReturnKind, reason: ReturnReason, days: int
) -> None:
    request = returns.Request(kind, reason, (line,))
    allowed = returns.decide(order, request, last_moment(days))
    assert (allowed.ok, allowed.deadline) == (True, date(2026, 8, 10) + timedelta(days=days))
    refused = returns.decide(order, request, last_moment(days) + timedelta(seconds=1))
    assert refused.code == ("warranty_passed" if kind is ReturnKind.REPAIR else "return_window_passed")
    assert refused.deadline == allowed.deadline


def test_a_completed_order_keeps_its_windows() -> None:
    completed = replace(ORDER, state=OrderState.COMPLETED)
    request = returns.Request(ReturnKind.RETURN, ReturnReason.NO_REASON, (SHOES,))
    assert returns.decide(completed, request, last_moment(15)).ok


@pytest.mark.parametrize(
    ("rule", "opened", "activated", "excluded"),
    [
        (ReturnRule.STANDARD, True, False, False),
        (ReturnRule.CUSTOM, False, False, True),
        (ReturnRule.FRESH, False, False, True),
        (ReturnRule.PERIODICAL, False, False, True),
        (ReturnRule.NEAR_EXPIRY, False, False, True),
        (ReturnRule.FLAWED, False, False, True),
        *[
            (rule, opened, False, opened)
            for rule in (
                ReturnRule.MEDIA,
                ReturnRule.DIGITAL_CONTENT,
                ReturnRule.INTIMATE,
                ReturnRule.OPENED_FOOD,
                ReturnRule.FEEDING,
            )
            for opened in (False, True)
        ],
        (ReturnRule.ACTIVATABLE, True, False, False),
        (ReturnRule.ACTIVATABLE, True, True, True),
    ],
)
def test_excluded_goods(rule: ReturnRule, opened: bool, activated: bool, excluded: bool) -> None:
    line = replace(LINE, return_rule=rule, opened=opened, activated=activated)
    bored = returns.decide(ORDER, returns.Request(ReturnKind.RETURN, ReturnReason.NO_REASON, (line,)), SIGNED)
    assert bored.ok is not excluded
    assert bored.code == ("return_excluded" if excluded else "ok")
    faulty = returns.decide(ORDER, returns.Request(ReturnKind.RETURN, ReturnReason.QUALITY, (line,)), SIGNED)
    assert faulty.ok, "faults are not limited by exclusions"


def test_businesses_return_only_what_is_sealed() -> None:
    opened = returns.Request(ReturnKind.RETURN, ReturnReason.NO_REASON, (replace(LINE, opened=True),))
    assert returns.decide(BUSINESS, opened, SIGNED).code == "return_excluded"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, ReturnReason.NO_REASON),
        ("不喜欢", ReturnReason.NO_REASON),
        ("没有质量问题，就是不想要了", ReturnReason.NO_REASON),
        ("质量问题", ReturnReason.QUALITY),
        ("开不了机", ReturnReason.QUALITY),
        ("屏幕碎了", ReturnReason.DAMAGED),
        ("发错货了", ReturnReason.WRONG_ITEM),
        ("少发了一件", ReturnReason.MISSING),
        ("尺码大了", ReturnReason.SIZE),
    ],
)
def test_what_a_reason_comes_to(text: str | None, reason: ReturnReason) -> None:
    assert classify(text) is reason


@pytest.mark.parametrize(
    ("address", "province", "city", "same"),
    [
        ("浙江省杭州市西湖区文三路 1 号", "浙江省", "杭州市", True),
        ("文三路 90 号", "浙江省", "杭州市", True),
        ("杭州滨江区江南大道 5 号", "浙江省", "杭州市", True),
        ("宁波市海曙区", "浙江省", "杭州市", False),
        ("广东深圳南山区科技园", "广东省", "广州市", False),
        ("南京东路 300 号", "上海市", "上海市", True),
        ("北京西路 5 号", "上海市", "上海市", True),
        ("朝阳区望京小区 8 号", "北京市", "北京市", True),
        ("吉林省吉林市船营区", "吉林省", "吉林市", True),
        ("吉林省长春市", "吉林省", "吉林市", False),
        ("昆山市花桥镇", "江苏省", "苏州市", False),
        ("苏州市昆山市花桥镇", "江苏省", "苏州市", True),
    ],
)
def test_the_same_city(address: str, province: str, city: str, same: bool) -> None:
    assert is_same_city(address, province, city) is same


def test_an_address_is_completed_once() -> None:
    assert complete_address("文三路 1 号", "浙江省", "杭州市") == "浙江省杭州市文三路 1 号"
    assert complete_address("杭州市文三路 1 号", "浙江省", "杭州市") == "浙江省杭州市文三路 1 号"
    assert complete_address("世纪大道 1 号", "上海市", "上海市") == "上海市世纪大道 1 号"


@pytest.mark.parametrize(
    ("category", "paid", "seller", "days"),
    [
        (Category.APPLIANCE, date(2026, 8, 8), SellerType.SELF, 30),
        (Category.DIGITAL, date(2026, 8, 8), SellerType.SELF, 15),
        (Category.APPAREL, date(2026, 8, 8), SellerType.SELF, 7),
        (Category.BOOK, date(2026, 6, 1), SellerType.SELF, 30),
        (Category.BOOK, date(2026, 6, 20), SellerType.SELF, 30),
        (Category.BOOK, date(2026, 6, 21), SellerType.SELF, 7),
        (Category.BOOK, date(2026, 10, 31), SellerType.SELF, 7),
        (Category.BOOK, date(2026, 11, 12), SellerType.SELF, 30),
        (Category.APPLIANCE, date(2026, 11, 11), SellerType.MERCHANT, 7),
    ],
)
def test_price_protection_windows(category: Category, paid: date, seller: SellerType, days: int) -> None:
    paid_at = datetime(paid.year, paid.month, paid.day, 12, tzinfo=SHANGHAI)
    order = replace(ORDER, paid_at=paid_at, signed_at=paid_at + timedelta(days=2), seller_type=seller)
    line = replace(LINE, category=category, merchant_price_protection=True)
    last = (paid_at + timedelta(days=2 + days)).date()
    assert price_protection.eligible(order, line, last).ok
    late = price_protection.eligible(order, line, last + timedelta(days=1))
    assert late.code == "price_protection_window_passed"


@pytest.mark.parametrize(
    ("day", "code"), [(0, "compensation_not_late"), (1, "ok"), (7, "ok"), (8, "compensation_window_passed")]
)
def test_who_waits_for_the_shops_parcel_is_paid_for_seven_days(day: int, code: str) -> None:
    waiting = replace(ORDER, state=OrderState.SHIPPED, signed_at=None, promised_date=SIGNED.date())
    assert compensations.eligible(waiting, SIGNED + timedelta(days=day)).code == code


@pytest.mark.parametrize(("level", "fen"), [(Level.BASIC, 500), (Level.GOLD, 500), (Level.DIAMOND, 1_000)])
def test_a_late_parcel_is_worth_more_to_a_diamond(level: Level, fen: int) -> None:
    late = replace(ORDER, promised_date=SIGNED.date() - timedelta(days=1), reached_at=SIGNED)
    assert compensations.eligible(late, SIGNED).ok
    assert compensations.worth(late, level).value_fen == fen


@pytest.mark.parametrize(("paid_fen", "fen"), [(999, 500), (20_000, 1_000), (12_345, 617), (200_000, 5_000)])
def test_a_merchant_that_ships_late_pays_five_percent_within_bounds(paid_fen: int, fen: int) -> None:
    line = replace(LINE, paid_fen=paid_fen)
    waiting = replace(MERCHANT, state=OrderState.PAID, signed_at=None, lines=(line,))
    due = SIGNED - timedelta(days=2) + timedelta(hours=48)
    assert compensations.eligible(waiting, due).code == "compensation_not_late"
    assert compensations.eligible(waiting, due + timedelta(minutes=1)).ok
    assert compensations.worth(waiting, Level.DIAMOND).value_fen == fen


def test_price_protection_holds_from_payment_on() -> None:
    paid = replace(ORDER, state=OrderState.PAID, signed_at=None)
    assert price_protection.eligible(paid, LINE, SIGNED.date()).ok


@pytest.mark.parametrize(
    ("method", "words", "days"),
    [
        (PaymentMethod.WECHAT, "1 至 3 个工作日", 3),
        (PaymentMethod.DEBIT_CARD, "1 至 5 个工作日", 5),
        (PaymentMethod.CREDIT_CARD, "3 至 7 个工作日", 7),
        (PaymentMethod.INSTALMENT, "1 个工作日内冲销", 1),
        (PaymentMethod.BANK_TRANSFER, "5 至 7 个工作日", 7),
        (PaymentMethod.GIFT_CARD, "即时到账", 0),
        (PaymentMethod.BALANCE, "即时到账", 0),
    ],
)
def test_how_long_refunds_take(method: PaymentMethod, words: str, days: int) -> None:
    friday = date(2026, 11, 20)
    assert refunds.eta(method) == words
    assert refunds.arrives_by(method, friday) == add_workdays(friday, days)


def test_working_days_leave_out_weekends() -> None:
    assert add_workdays(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert add_workdays(date(2026, 11, 21), 3) == date(2026, 11, 25)


def test_a_partial_refund_splits_like_the_payment_to_the_fen() -> None:
    split = refunds.parts(9_999, 20_000, PaymentMethod.WECHAT, gift_card_fen=6_667, balance_fen=0)
    assert sum(part.amount_fen for part in split) == 9_999
    assert {part.method: part.amount_fen for part in split}[PaymentMethod.GIFT_CARD] == 3_333


@pytest.mark.parametrize(
    ("level", "points"), [(Level.BASIC, 199), (Level.SILVER, 238), (Level.GOLD, 298), (Level.DIAMOND, 398)]
)
def test_points_earned_by_level(level: Level, points: int) -> None:
    assert earned(19_900, level) == points


def test_points_lapse_at_the_end_of_the_next_year() -> None:
    assert expiry(date(2026, 1, 1)) == expiry(date(2026, 12, 31)) == date(2027, 12, 31)
    assert returned_expiry(date(2025, 12, 30), date(2026, 1, 5)) == date(2026, 2, 4)


@pytest.mark.parametrize(
    ("hour", "minute", "there"), [(7, 59, False), (8, 0, True), (23, 59, True), (0, 0, False)]
)
def test_people_are_there_from_eight_to_midnight(hour: int, minute: int, there: bool) -> None:
    assert in_hours(datetime(2026, 11, 21, hour, minute, tzinfo=SHANGHAI)) is there


def test_promises_of_tickets() -> None:
    now = datetime(2026, 11, 20, 15, 0, tzinfo=SHANGHAI)  # a Friday
    assert due("complaint", TicketPriority.NORMAL, now).date() == date(2026, 11, 25)
    assert due("logistics_investigation", TicketPriority.NORMAL, now) == now + timedelta(hours=48)
    assert due("logistics_investigation", TicketPriority.URGENT, now) == now + timedelta(hours=24)
    assert due("callback", TicketPriority.NORMAL, now) == now + timedelta(hours=4)


def test_a_large_appliance_may_be_booked_thirty_days_ahead() -> None:
    paid = replace(ORDER, state=OrderState.PAID, lines=(replace(LINE, is_large=True),))
    today = date(2026, 8, 10)
    assert orders.change(paid, orders.OrderChange(delivery_date=date(2026, 9, 9)), today).ok
    assert not orders.change(paid, orders.OrderChange(delivery_date=date(2026, 9, 10)), today).ok


def test_a_special_invoice_takes_three_working_days() -> None:
    friday = datetime(2026, 11, 20, 15, 0, tzinfo=SHANGHAI)
    issued = invoices.due(InvoiceType.SPECIAL, InvoiceState.ISSUING, friday)
    assert issued is not None
    assert issued.date() == date(2026, 11, 25)


def test_business_days_are_shanghais_whatever_the_machines_zone() -> None:
    assert frozen_clock(datetime.fromisoformat("2026-11-20T16:30:00+00:00"))().date() == date(2026, 11, 21)
