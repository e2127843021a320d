"""What the assistant asks before it does anything with money: invoices, price differences, coupons, payments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backoffice.models import (
    Compensation,
    Coupon,
    Invoice,
    PriceProtection,
    Product,
    Refund,
    ShipmentTrace,
    Ticket,
    TicketComment,
)
from backoffice.rules.invoices import doubtful
from backoffice.states import (
    CancelReason,
    Category,
    CouponKind,
    InvoiceState,
    OrderState,
    PaymentMethod,
    SellerType,
    ShipmentState,
    TicketState,
)
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, BERT, NOW, Goods, Shop

DROPPED = Goods(product={"price_fen": 14_900})
TOP_UP = Goods("TOPUP-100", "话费充值", "100 元", price_fen=10_000)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "ok"),
        ({"title_kind": "company", "tax_id": "91440300708461136T"}, "ok"),
        ({"title_kind": "company", "tax_id": "9144030070846"}, "invoice_tax_id_invalid"),
        ({"title_kind": "company"}, "invoice_tax_id_invalid"),
        ({"type": "special"}, "invoice_special_company_only"),
        (
            {"type": "special", "title_kind": "company", "tax_id": "91440300708461136T"},
            "invoice_special_not_qualified",
        ),
    ],
)
def test_a_heading_is_checked_before_it_is_asked_for(
    office: Office, shop: Shop, asked: dict[str, str], code: str
) -> None:
    answer = office.get("/invoices/check", params=asked).json()
    assert answer["heading"]["code"] == code
    assert shop.count(Invoice) == 0


@pytest.mark.parametrize(
    ("tax_id", "wrong"),
    [
        ("91440300708461136T", False),
        ("91440300708461163T", True),
        ("91110108551385082Q", False),
        ("91110108551385082R", True),
        ("123", False),
    ],
)
def test_a_slip_of_the_pen_in_a_tax_number_is_noticed(tax_id: str, wrong: bool) -> None:
    assert doubtful(tax_id) is wrong


def test_an_invoice_tells_what_may_be_done_with_it(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.COMPLETED, goods=[Goods(), Goods("EAR-BLUE", variant="湖蓝")])
    asked = office.send("/invoices", {"order_number": number}).json()
    assert asked["order_title"] == "蓝牙耳机 LX-B3 等2件"
    assert asked["allowed"]["change"]["ok"]
    assert asked["allowed"]["resend"]["code"] == "invoice_not_issued"
    shop.customer(BERT)
    theirs = shop.order(OrderState.COMPLETED, seller=SellerType.MERCHANT, customer_id=BERT)
    merchants = office.send("/invoices", {"order_number": theirs}, customer=BERT).json()
    assert merchants["allowed"]["change"]["code"] == "invoice_of_merchant"
    assert merchants["state_code"] == InvoiceState.MERCHANT


def test_a_quote_is_what_the_application_then_pays(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods("SHOE-1", "运动鞋"), DROPPED])
    with shop.database.write() as session:
        session.get_one(Product, "EAR-WHITE").price_fen = 14_900
    quote = office.get("/price-protections/quote", params={"order_number": number}).json()
    assert (quote["line"], quote["amount"], quote["refund_eta"]) == (2, "50.00", "1 至 3 个工作日")
    assert shop.count(PriceProtection) == shop.count(Refund) == 0
    other = office.get("/price-protections/quote", params={"order_number": number, "line": 1})
    assert (other.status_code, other.json()["code"]) == (409, "price_not_lower")
    paid = office.send("/price-protections", {"order_number": number}).json()
    assert (paid["line"], paid["amount"]) == (quote["line"], quote["amount"])
    assert (paid["refund_state_code"], paid["arrives_by"]) == ("sent", "2026-11-25")
    office.clock.now = NOW + timedelta(days=8)
    listed = office.get("/price-protections").json()["items"][0]
    assert listed["refund_state_code"] == "arrived"


@pytest.mark.parametrize(("kind", "allowed"), [("repair", True), ("exchange", True), ("return", False)])
def test_only_a_slip_that_asks_for_the_money_back_is_in_the_way_of_a_price_drop(
    office: Office, shop: Shop, kind: str, allowed: bool
) -> None:
    number = shop.order(OrderState.SIGNED, goods=[DROPPED])
    assert office.send("/returns", {"order_number": number, "kind": kind, "reason": "坏了"}).status_code == 201
    quote = office.get("/price-protections/quote", params={"order_number": number}).json()
    assert quote.get("amount") == "50.00" if allowed else quote["code"] == "price_protection_returned"


def test_each_line_is_refused_for_its_own_reason(office: Office, shop: Shop) -> None:
    book = Goods("BOOK-1", "小说", variant="", product={"category": Category.BOOK, "price_fen": 9_900})
    number = shop.order(OrderState.SIGNED, goods=[book, Goods()], signed_at=NOW - timedelta(days=25))
    refused = office.get("/price-protections/quote", params={"order_number": number}).json()["detail"]
    assert office.get(f"/orders/{number}").json()["allowed"]["price_protection"]["detail"] == refused
    assert "“小说”的价保期是签收次日起 7 天" in refused and "云白”的价保期是签收次日起 15 天" in refused


def test_an_order_tells_where_its_money_would_go(office: Office, shop: Shop) -> None:
    number = shop.order(
        OrderState.SIGNED,
        goods=[Goods(paid_fen=19_400)],
        payment_method=PaymentMethod.CASH_ON_DELIVERY,
        points_used=500,
        amount_fen=19_400,
    )
    told = office.get(f"/orders/{number}").json()
    assert (told["refund_route"], told["refund_eta"], told["points_used"]) == (
        "退到账户余额（可以提现）",
        "即时到账",
        500,
    )
    slip = office.send("/returns", {"order_number": number, "kind": "return"}).json()
    assert (slip["refund_amount"], slip["points_back"]) == ("194.00", 500)


def test_what_was_sold_out_tells_the_coupon_that_makes_up_for_it(office: Office, shop: Shop) -> None:
    gone = {"cancelled_at": NOW, "cancel_reason_code": CancelReason.OUT_OF_STOCK}
    number = shop.order(OrderState.CANCELLED, **gone)
    assert office.get(f"/orders/{number}").json()["apology"] is None
    shop.add(
        Coupon(
            id="CP1",
            customer_id=ANNA,
            name="10 元无门槛券",
            kind=CouponKind.COMPENSATION,
            value_fen=1_000,
            valid_from=NOW,
            valid_to=NOW + timedelta(days=7),
        )
    )
    assert office.get(f"/orders/{number}").json()["apology"]["coupon"] == "10 元无门槛券"


def test_a_quote_of_anothers_order_is_not_found(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    theirs = shop.order(OrderState.SIGNED, goods=[DROPPED], customer_id=BERT)
    for path in ("/price-protections/quote", "/compensations/quote", "/payments/check"):
        told = [
            office.get(
                path, params={"order_number": number, **({"problem": "failed"} if "check" in path else {})}
            )
            for number in (theirs, "202001010001")
        ]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].content == told[1].content


def test_the_coupon_of_a_cancelled_order_is_recognised(office: Office, shop: Shop) -> None:
    number = shop.order(discount_fen=2_000)
    shop.add(_coupon("CP1", number, "used"), _coupon("CP2", None, "unused", value_fen=1_000))
    assert [each["returned_from"] for each in office.get("/coupons").json()["items"]] == [None, None]
    office.send(f"/orders/{number}/cancel")
    back = {each["id"]: each for each in office.get("/coupons").json()["items"]}
    assert (back["CP1"]["state_code"], back["CP1"]["returned_from"]) == ("unused", number)
    assert back["CP2"]["returned_from"] is None


def _coupon(coupon: str, order: str | None, state: str, value_fen: int = 2_000) -> Coupon:
    return Coupon(
        id=coupon,
        customer_id=ANNA,
        name="满减券",
        kind="platform",
        value_fen=value_fen,
        state=state,
        valid_from=NOW - timedelta(days=3),
        valid_to=NOW + timedelta(days=3),
        order_number=order,
    )


def look(office: Office, problem: str, number: str | None = None) -> dict[str, Any]:
    params = {"problem": problem, **({"order_number": number} if number else {})}
    found: dict[str, Any] = office.get("/payments/check", params=params).json()
    return found


def test_a_late_notice_is_waited_for_and_then_looked_into(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.UNPAID, created_at=NOW - timedelta(minutes=5))
    early = look(office, "paid_unpaid")
    assert (early["finding_code"], early["needs_person"], early["order_number"]) == (
        "notice_late",
        False,
        number,
    )
    assert early["until"] == "2026-11-21T15:10:00+08:00"
    office.clock.now = NOW + timedelta(minutes=11)
    late = look(office, "paid_unpaid")
    assert (late["finding_code"], late["needs_person"]) == ("no_payment_seen", True)
    assert number in late["seen"] and "没有收到付款" in late["seen"]


def test_a_companys_transfer_is_waited_for(office: Office, shop: Shop) -> None:
    until = NOW + timedelta(hours=60)
    shop.order(OrderState.UNPAID, payment_method=PaymentMethod.BANK_TRANSFER, pay_by=until)
    found = look(office, "paid_unpaid")
    assert (found["finding_code"], found["needs_person"]) == ("transfer_waiting", False)
    assert found["until"] == until.isoformat(timespec="seconds")


def test_money_for_a_lapsed_order_comes_back_by_itself(office: Office, shop: Shop) -> None:
    shop.order(OrderState.UNPAID, pay_by=NOW - timedelta(minutes=1), created_at=NOW - timedelta(minutes=31))
    found = look(office, "paid_unpaid")
    assert (found["finding_code"], found["needs_person"]) == ("comes_back", False)
    assert found["until"].startswith("2026-12-01")
    assert look(office, "failed")["finding_code"] == "order_lapsed"
    office.clock.now = NOW + timedelta(days=11)
    number = found["order_number"]
    assert look(office, "paid_unpaid", number)["needs_person"], "named, however long ago"
    assert look(office, "paid_unpaid")["finding_code"] == "nothing_seen"


def test_a_cancelled_paid_order_shows_its_refund(office: Office, shop: Shop) -> None:
    number = shop.order()
    office.send(f"/orders/{number}/cancel")
    assert look(office, "paid_unpaid")["finding_code"] == "refund_sent"
    office.clock.now = NOW + timedelta(days=6)
    assert look(office, "paid_unpaid", number)["finding_code"] == "refund_arrived"


def test_a_paid_order_is_told_to_be_paid(office: Office, shop: Shop) -> None:
    number = shop.order()
    found = look(office, "paid_unpaid")
    assert (found["finding_code"], found["order_number"], found["needs_person"]) == (
        "payment_seen",
        number,
        False,
    )


def test_charged_twice_is_two_orders_or_needs_a_person(office: Office, shop: Shop) -> None:
    first = shop.order()
    assert look(office, "charged_twice")["finding_code"] == "one_payment_seen"
    second = shop.order()
    found = look(office, "charged_twice", first)
    assert (found["finding_code"], found["needs_person"]) == ("two_orders", False)
    assert {found["order_number"], found["other_order_number"]} == {first, second}
    office.send(f"/orders/{second}/cancel")
    assert look(office, "charged_twice")["finding_code"] == "refund_sent"


def test_a_failed_payment_can_be_tried_again_in_time(office: Office, shop: Shop) -> None:
    assert look(office, "failed")["finding_code"] == "nothing_to_pay"
    number = shop.order(OrderState.UNPAID)
    found = look(office, "failed")
    assert (found["finding_code"], found["order_number"]) == ("still_payable", number)
    assert found["until"] == "2026-11-21T15:20:00+08:00"


def test_a_top_up_has_a_day(office: Office, shop: Shop) -> None:
    assert look(office, "top_up") | {"needs_person": True} == look(office, "top_up")
    shop.order(goods=[TOP_UP], payment_method=PaymentMethod.ALIPAY)
    assert look(office, "top_up")["finding_code"] == "top_up_waiting"
    office.clock.now = NOW + timedelta(days=2)
    late = look(office, "top_up")
    assert (late["finding_code"], late["needs_person"], late["payment_method"]) == (
        "top_up_late",
        True,
        "支付宝",
    )


def test_a_ticket_already_open_is_named(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.UNPAID, created_at=NOW - timedelta(hours=1))
    assert look(office, "paid_unpaid")["ticket_number"] is None
    body = {"kind": "payment_problem", "subject": "付了款", "order_number": number}
    ticket = office.send("/tickets", body).json()
    found = look(office, "paid_unpaid")
    assert (found["ticket_number"], found["ticket_due"]) == (ticket["number"], ticket["due_at"])
    assert shop.count(Ticket) == 1


@pytest.mark.parametrize(
    ("state", "words", "finding", "until"),
    [
        (TicketState.SOLVED, "有一笔重复支付，已原路退回", "settled", "2026-11-25T23:59:00+08:00"),
        (TicketState.SOLVED, "核对过，只付了一次", "settled", None),
        (TicketState.WORKING, "正在核对支付流水", "one_payment_seen", None),
    ],
)
def test_what_a_person_found_of_a_double_payment_is_told(
    office: Office, shop: Shop, state: TicketState, words: str, finding: str, until: str | None
) -> None:
    number = shop.order(OrderState.PAID, payment_method=PaymentMethod.ALIPAY)
    shop.add(
        Ticket(
            number="GD202611200007",
            customer_id=ANNA,
            kind="payment_problem",
            subject="扣款两次",
            state=state,
            order_number=number,
            created_at=NOW,
            due_at=NOW,
            updated_at=NOW,
            comments=[TicketComment(time=NOW, author="客服", text=words)],
        )
    )
    found = look(office, "charged_twice")
    assert (found["finding_code"], found["until"]) == (finding, until)
    assert found["needs_person"] == (finding != "settled")
    assert found["settled_words"] == (words if finding == "settled" else None)
    assert (found["ticket_number"] is None) == (finding == "settled")


def test_a_refused_payment_after_a_risk_check_is_seen_as_cancelled(office: Office, shop: Shop) -> None:
    number = shop.order(
        OrderState.CANCELLED, cancelled_at=NOW, cancel_reason_code=CancelReason.RISK, cancel_reason="防刷单"
    )
    assert look(office, "paid_unpaid", number)["order_state"] == "已取消"


def test_a_late_parcel_is_paid_for_with_the_coupon_that_was_quoted(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED, shipment={"promised_date": NOW.date() - timedelta(days=1)})
    quote = office.get("/compensations/quote", params={"order_number": number}).json()
    assert (quote["kind_code"], quote["amount"], quote["reason"]) == (
        "late_delivery",
        "5.00",
        "预计 11-20 送到，现在还没到",
    )
    assert office.get("/compensations/offers").json()["items"] == [quote]
    assert shop.count(Compensation) == shop.count(Coupon) == 0
    given = office.send("/compensations", {"order_number": number}).json()
    assert (given["coupon"], given["valid_to"]) == ("5 元无门槛券", "2026-12-21T23:59:59+08:00")
    coupon = office.get("/coupons").json()["items"][0]
    assert (coupon["id"], coupon["state_code"]) == (given["coupon_id"], "unused")
    again = office.send("/compensations", {"order_number": number}).json()
    assert (again["code"], "2026-11-21 已经赔过了" in again["detail"]) == ("compensation_exists", True)
    assert office.get("/compensations/offers").json()["items"] == []
    assert office.get("/compensations").json()["items"] == [given]


def test_a_merchant_that_ships_late_pays_by_what_was_paid(office: Office, shop: Shop) -> None:
    number = shop.order(seller=SellerType.MERCHANT, paid_at=NOW - timedelta(hours=60))
    given = office.send("/compensations", {"order_number": number}).json()
    assert (given["kind_code"], given["coupon"]) == ("late_shipping", "9.95 元无门槛券")


def test_a_parcel_that_waits_at_a_pick_up_point_has_come(office: Office, shop: Shop) -> None:
    number = shop.order(
        OrderState.SHIPPED,
        parcel=ShipmentState.AT_PICKUP_POINT,
        shipment={"promised_date": NOW.date() - timedelta(days=1)},
    )
    with shop.database.write() as session:
        trace = session.scalars(select(ShipmentTrace)).one()
        trace.place, trace.time = "西湖区自提点", NOW - timedelta(days=1)
    allowed = office.get(f"/orders/{number}").json()["allowed"]["compensation"]
    assert allowed["code"] == "compensation_not_late"
