"""Every refusal: the right code, kind words with a next step, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from backoffice.models import Compensation, Coupon, Invoice, PriceProtection, Return, Ticket
from backoffice.states import (
    Carrier,
    Category,
    InvoiceState,
    OrderState,
    PriceKind,
    ReturnKind,
    ReturnReason,
    ReturnRule,
    ReturnState,
    SellerType,
    ShipmentState,
    TicketState,
)
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, NOW, Goods, Shop

MERCHANT = SellerType.MERCHANT


@dataclass(frozen=True)
class Case:
    """How things stand, what is asked, and the code it is refused with."""

    code: str
    path: str
    given: Callable[[Shop], str]
    body: Any = None
    method: str = "POST"
    status: int = 409

    def __str__(self) -> str:
        return f"{self.path.split('/')[-1]}-{self.code}"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def order(*args: Any, **values: Any) -> Callable[[Shop], str]:
    return lambda shop: shop.order(*args, **values)


def signed(days: float, *goods: Goods, **values: Any) -> Callable[[Shop], str]:
    state = values.pop("state", OrderState.SIGNED)
    return order(state, signed_at=days_ago(days), goods=list(goods) or None, **values)


def slip(state: ReturnState, count: int = 1, number_days: float = 2) -> Callable[[Shop], str]:
    """An order with slips in a state; gives the order's number."""

    def given(shop: Shop) -> str:
        number = shop.order(OrderState.SIGNED, signed_at=days_ago(number_days))
        for index in range(count):
            shop.add(
                Return(
                    slip=f"TH20261120{index + 1:04d}",
                    customer_id=ANNA,
                    order_number=number,
                    line=1,
                    open_key=f"{number}:1" if state.is_open else None,
                    kind=ReturnKind.RETURN,
                    state=state,
                    reason="不想要了",
                    reason_code=ReturnReason.NO_REASON,
                    refund_fen=19_900,
                    created_at=days_ago(1),
                )
            )
        return number

    return given


def invoice(
    state: InvoiceState,
    issued_days: float | None = None,
    seller: SellerType = SellerType.SELF,
    **values: Any,
) -> Callable[[Shop], str]:
    def given(shop: Shop) -> str:
        number = shop.order(OrderState.COMPLETED, signed_at=days_ago(200), seller=seller)
        shop.add(
            Invoice(
                **{
                    "number": "FP202611200001",
                    "customer_id": ANNA,
                    "order_number": number,
                    "open_key": number,
                    "title": "测试",
                    "amount_fen": 19_900,
                    "state": state,
                    "created_at": days_ago(190),
                    "issued_at": days_ago(issued_days) if issued_days is not None else None,
                    "due_at": NOW + timedelta(days=1),
                    **values,
                }
            )
        )
        return number

    return given


def ticket(state: TicketState, **values: Any) -> Callable[[Shop], str]:
    def given(shop: Shop) -> str:
        shop.add(
            Ticket(
                number="GD202611200001",
                customer_id=ANNA,
                subject="投诉",
                state=state,
                created_at=days_ago(1),
                due_at=NOW,
                updated_at=days_ago(1),
                **{"kind": "complaint", **values},
            )
        )
        return ""

    return given


def protected(times: int, price_fen: int = 9_900) -> Callable[[Shop], str]:
    def given(shop: Shop) -> str:
        number = shop.order(OrderState.SIGNED, goods=[Goods(product={"price_fen": price_fen})])
        for index in range(times):
            shop.add(
                PriceProtection(
                    number=f"JB20261120{index + 1:04d}",
                    customer_id=ANNA,
                    order_number=number,
                    line=1,
                    paid_unit_fen=19_900 - 100 * index,
                    current_fen=19_800 - 100 * index,
                    quantity=1,
                    amount_fen=100,
                    created_at=days_ago(1),
                )
            )
        return number

    return given


def late(**values: Any) -> Callable[[Shop], str]:
    """An order whose parcel should have come yesterday."""
    shipment = {"promised_date": days_ago(1).date(), **values.pop("shipment", {})}
    return order(values.pop("state", OrderState.SHIPPED), shipment=shipment, **values)


def compensated(shop: Shop) -> str:
    number = late()(shop)
    coupon = Coupon(
        id="CP1", customer_id=ANNA, name="5 元无门槛券", kind="compensation", value_fen=500,
        valid_from=NOW, valid_to=NOW + timedelta(days=30),
    )  # fmt: skip
    shop.add(coupon)
    shop.add(
        Compensation(
            number="PF202611200001", customer_id=ANNA, order_number=number, kind="late_delivery",
            coupon_id="CP1", created_at=days_ago(1),
        )
    )  # fmt: skip
    return number


def returned(kind: str, **more: Any) -> dict[str, Any]:
    return {"order_number": "{order}", "kind": kind, **more}


UNPAID, PAID, SHIPPED = order(OrderState.UNPAID), order(), order(OrderState.SHIPPED)
CANCELLED = order(OrderState.CANCELLED, cancelled_at=days_ago(1))
SIGNED, COMPLETED = signed(2), signed(3, state=OrderState.COMPLETED)
ASKED_MERCHANT = order(seller=MERCHANT, cancel_requested_at=days_ago(0.5))
PHONE = Goods(
    "PHONE-BLACK", "手机", "黑", product={"return_rule": ReturnRule.ACTIVATABLE}, item={"activated": True}
)
SHOES = Goods("SHOE-42", "运动鞋", "42 码", category=Category.APPAREL, product={"warranty_months": 0})
FISH = Goods("FISH-1", "三文鱼", "500 克", category=Category.FRESH, product={"return_rule": ReturnRule.FRESH})
FRIDGE = Goods("FRIDGE-1", "冰箱", "银", category=Category.APPLIANCE, product={"is_large": True})
SOLD_OUT = Goods(product={"stock": 0, "price_fen": 9_900})
FLASH = Goods(product={"price_fen": 9_900}, item={"price_kind": PriceKind.FLASH})

CANCEL, URGE, RETURNS = "/orders/{order}/cancel", "/orders/{order}/urge", "/returns"
PARCEL, PROTECT, INVOICES = "/shipments/LXWL{order}", "/price-protections", "/invoices"
CASES = [
    Case("order_already_cancelled", CANCEL, CANCELLED),
    Case("order_completed", CANCEL, COMPLETED),
    Case("order_signed", CANCEL, SIGNED),
    Case("order_shipped", CANCEL, SHIPPED),
    Case("order_cancel_reviewing", CANCEL, ASKED_MERCHANT),
    Case("order_no_cancel_request", CANCEL + "/withdraw", PAID),
    Case("order_already_cancelled", CANCEL + "/withdraw", CANCELLED),
    *[
        Case(code, "/orders/{order}", given, body, "PATCH", status)
        for code, given, body, status in [
            ("order_closed", SIGNED, {"remark": "放门口"}, 409),
            ("order_closed", CANCELLED, {"phone": "13900000000"}, 409),
            ("order_shipped_reroutable", SHIPPED, {"address": "西湖区文三路 90 号"}, 409),
            ("order_shipped", SHIPPED, {"address": "宁波市海曙区中山路 1 号"}, 409),
            ("order_shipped", order(OrderState.SHIPPED, carrier=Carrier.SF), {"address": "文三路"}, 409),
            (
                "order_shipped",
                order(OrderState.SHIPPED, parcel=ShipmentState.OUT_FOR_DELIVERY),
                {"address": "文三路"},
                409,
            ),
            ("order_of_merchant", order(seller=MERCHANT), {"remark": "放门口"}, 409),
            ("order_cancel_reviewing", ASKED_MERCHANT, {"remark": "放门口"}, 409),
            ("address_other_city", PAID, {"address": "浙江省宁波市海曙区中山路 1 号"}, 409),
            ("address_change_limit", order(address_changes=1), {"address": "西湖区文三路 90 号"}, 409),
            ("delivery_date_out_of_range", PAID, {"delivery_date": "2026-11-29"}, 409),
            ("delivery_date_out_of_range", PAID, {"delivery_date": "2026-11-20"}, 409),
            ("delivery_date_out_of_range", order(goods=[FRIDGE]), {"delivery_date": "2026-12-22"}, 409),
            (
                "delivery_date_change_limit",
                order(delivery_date_changes=2),
                {"delivery_date": "2026-11-25"},
                409,
            ),
            ("remark_too_long", PAID, {"remark": "备" * 101}, 422),
            ("invalid_request", PAID, {"phone": "12345"}, 422),
        ]
    ],
    Case("order_not_paid", URGE, UNPAID),
    Case("order_shipped", URGE, SHIPPED),
    Case("order_closed", URGE, SIGNED),
    Case("order_cancel_reviewing", URGE, ASKED_MERCHANT),
    Case("shipment_signed", PARCEL + "/urge", SIGNED),
    Case("shipment_returning", PARCEL + "/urge", order(OrderState.SHIPPED, parcel=ShipmentState.RETURNING)),
    Case(
        "at_pickup_point", PARCEL + "/urge", order(OrderState.SHIPPED, parcel=ShipmentState.AT_PICKUP_POINT)
    ),
    *[
        Case(
            code,
            PARCEL + "/arrange",
            given,
            {"how": how, **({"value": value} if value else {})},
            "POST",
            status,
        )
        for code, given, how, value, status in [
            ("shipment_signed", SIGNED, "door", None, 409),
            ("carrier_not_house", order(OrderState.SHIPPED, carrier=Carrier.SF), "door", None, 409),
            (
                "shipment_returning",
                order(OrderState.SHIPPED, parcel=ShipmentState.RETURNING),
                "door",
                None,
                409,
            ),
            (
                "at_pickup_point",
                order(OrderState.SHIPPED, parcel=ShipmentState.AT_PICKUP_POINT),
                "door",
                None,
                409,
            ),
            (
                "out_for_delivery",
                order(OrderState.SHIPPED, parcel=ShipmentState.OUT_FOR_DELIVERY),
                "date",
                "2026-11-23",
                409,
            ),
            ("refuse_not_supported", order(OrderState.SHIPPED, goods=[FISH]), "refuse", None, 409),
            (
                "large_goods_no_pickup",
                order(OrderState.SHIPPED, goods=[FRIDGE]),
                "pickup_point",
                "东门驿站",
                409,
            ),
            ("delivery_date_out_of_range", SHIPPED, "date", "2026-11-29", 409),
            ("delivery_date_out_of_range", SHIPPED, "date", "明天", 409),
            ("time_slot_out_of_range", SHIPPED, "time_slot", "21:00-23:00", 409),
            ("address_other_city", SHIPPED, "reroute", "宁波市海曙区中山路 1 号", 409),
            ("reroute_limit", order(OrderState.SHIPPED, shipment={"reroutes": 1}), "reroute", "文三路", 409),
            ("invalid_request", SHIPPED, "date", None, 422),
        ]
    ],
    Case("shipment_not_signed", PARCEL + "/report", SHIPPED, {"problem": "signed_not_received"}),
    Case("report_window_passed", PARCEL + "/report", signed(8), {"problem": "signed_not_received"}),
    Case("shipment_not_stalled", PARCEL + "/report", SHIPPED, {"problem": "stalled"}),
    Case("shipment_signed", PARCEL + "/report", SIGNED, {"problem": "lost"}),
    Case("order_cancelled", RETURNS, CANCELLED, returned("return")),
    Case("order_not_paid", RETURNS, UNPAID, returned("refund")),
    Case("cancel_instead", RETURNS, PAID, returned("refund")),
    Case("return_not_signed", RETURNS, PAID, returned("return")),
    Case("return_not_signed", RETURNS, SHIPPED, returned("exchange")),
    Case("return_instead", RETURNS, SIGNED, returned("refund", reason="不喜欢")),
    Case("return_window_passed", RETURNS, signed(8), returned("return")),
    Case("return_window_passed", RETURNS, signed(8), returned("return", reason="质量问题")),
    Case("return_window_passed", RETURNS, signed(16), returned("exchange", reason="坏了")),
    Case("return_window_passed", RETURNS, signed(9, SHOES, seller=MERCHANT), returned("return")),
    Case("return_excluded", RETURNS, signed(2, PHONE), returned("return")),
    Case("return_excluded", RETURNS, signed(2, FISH), returned("exchange")),
    Case("return_excluded", RETURNS, signed(2, Goods(), PHONE), returned("return")),
    Case("return_open_exists", RETURNS, slip(ReturnState.AWAITING_GOODS), returned("repair")),
    Case("return_already_refunded", RETURNS, slip(ReturnState.REFUNDED), returned("return")),
    Case("return_attempts_used", RETURNS, slip(ReturnState.WITHDRAWN, count=3), returned("return")),
    Case("exchange_out_of_stock", RETURNS, signed(2, SOLD_OUT), returned("exchange")),
    Case("exchange_variant_unknown", RETURNS, SIGNED, returned("exchange", to_variant="紫色")),
    Case("warranty_passed", RETURNS, signed(366), returned("repair", reason="不充电")),
    Case("warranty_passed", RETURNS, signed(2, SHOES), returned("repair")),
    Case("line_required", RETURNS, signed(2, Goods(), SHOES), returned("repair")),
    Case("invalid_request", RETURNS, SIGNED, returned("return", line=2), status=422),
    Case("return_already_received", "/returns/TH202611200001/cancel", slip(ReturnState.INSPECTING)),
    Case("return_closed", "/returns/TH202611200001/cancel", slip(ReturnState.WITHDRAWN)),
    *[
        Case(code, PROTECT, given, {"order_number": "{order}"})
        for code, given in [
            ("order_not_paid", UNPAID),
            ("order_cancelled", CANCELLED),
            ("price_not_lower", SIGNED),
            ("price_protection_window_passed", signed(40, Goods(product={"price_fen": 9_900}))),
            ("price_protection_excluded", signed(1, FISH)),
            ("price_protection_excluded", signed(1, FLASH)),
            ("price_protection_not_supported", signed(1, seller=MERCHANT)),
            ("price_protection_returned", slip(ReturnState.AWAITING_GOODS)),
            ("price_protection_no_stock", signed(1, SOLD_OUT)),
            ("price_protection_limit", protected(3)),
            ("price_protection_given", protected(1, price_fen=19_800)),
        ]
    ],
    *[
        Case(code, "/compensations", given, {"order_number": "{order}"})
        for code, given in [
            ("order_not_paid", UNPAID),
            ("order_cancelled", CANCELLED),
            ("compensation_not_shipped", PAID),
            ("compensation_not_late", SHIPPED),
            ("compensation_not_late", late(state=OrderState.SIGNED, signed_at=days_ago(1))),
            ("compensation_not_late", order(seller=MERCHANT)),
            ("compensation_not_late", order(OrderState.SHIPPED, seller=MERCHANT)),
            ("compensation_window_passed", late(shipment={"promised_date": days_ago(8).date()})),
            ("compensation_excused", late(delivery_date_changes=1)),
            ("compensation_excused", late(shipment={"arrangement": "改约 2026-11-20 派送"})),
            ("compensation_excused", late(parcel=ShipmentState.RETURNING)),
            ("compensation_exists", compensated),
        ]
    ],
    *[
        Case(code, INVOICES, given, {"order_number": "{order}", **body})
        for code, given, body in [
            ("order_not_paid", UNPAID, {}),
            ("order_cancelled", CANCELLED, {}),
            ("invoice_exists", invoice(InvoiceState.ISSUED, 10), {}),
            ("invoice_window_passed", signed(370, state=OrderState.COMPLETED), {}),
            ("invoice_nothing_to_invoice", signed(2, gift_card_fen=19_900), {}),
            (
                "invoice_tax_id_invalid",
                SIGNED,
                {"title_kind": "company", "title": "样例公司", "tax_id": "123"},
            ),
            ("invoice_special_company_only", SIGNED, {"type": "special"}),
            (
                "invoice_special_not_qualified",
                SIGNED,
                {
                    "type": "special",
                    "title_kind": "company",
                    "title": "样例公司",
                    "tax_id": "91330100MA00000000",
                },
            ),
        ]
    ],
    *[
        Case(code, f"/invoices/FP202611200001/{what}", given, body)
        for code, what, given, body in [
            (
                "invoice_of_merchant",
                "change",
                invoice(InvoiceState.MERCHANT, seller=MERCHANT),
                {"title": "新"},
            ),
            ("invoice_voided", "change", invoice(InvoiceState.VOIDED, 10), {"title": "新"}),
            ("invoice_changing", "change", invoice(InvoiceState.CHANGING, 10), {"title": "新"}),
            ("invoice_change_limit", "change", invoice(InvoiceState.ISSUED, 10, changes=1), {"title": "新"}),
            ("invoice_change_window_passed", "change", invoice(InvoiceState.ISSUED, 181), {"title": "新"}),
            ("invoice_not_issued", "resend", invoice(InvoiceState.ISSUING), None),
            ("invoice_voided", "resend", invoice(InvoiceState.VOIDED, 10), None),
        ]
    ],
    Case("ticket_closed", "/tickets/GD202611200001/comments", ticket(TicketState.CLOSED), {"text": "补充"}),
    Case("ticket_closed", "/tickets/GD202611200001/urge", ticket(TicketState.SOLVED)),
    Case("ticket_closed", "/tickets/GD202611200001/withdraw", ticket(TicketState.SOLVED)),
    Case(
        "ticket_not_complaint", "/tickets/GD202611200001/withdraw", ticket(TicketState.OPEN, kind="callback")
    ),
    Case(
        "ticket_urge_limit",
        "/tickets/GD202611200001/urge",
        ticket(TicketState.OPEN, urged_on=NOW.date(), urged_that_day=2),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_refused_and_nothing_changed(office: Office, shop: Shop, case: Case) -> None:
    number = case.given(shop)
    office.get("/orders")  # what is due by now is settled before, so that only the refused write could change
    before = shop.everything()
    body = case.body
    if body and body.get("order_number"):
        body = {**body, "order_number": number}
    answer = office.send(case.path.replace("{order}", number), body, method=case.method)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (case.status, case.code), problem
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["detail"].endswith(("。", "！")), "kind words that end"
    assert shop.everything() == before


def test_not_shipped_has_no_parcel(office: Office, shop: Shop) -> None:
    answer = office.get(f"/orders/{shop.order()}/shipment")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_shipped")


def test_a_closed_handoff_cannot_be_closed_again(office: Office) -> None:
    handoff = office.send("/handoffs", {"conversation_id": "c", "reason": "转人工"}).json()["id"]
    assert office.send(f"/handoffs/{handoff}/close").json()["state_code"] == "closed"
    assert office.send(f"/handoffs/{handoff}/close").json()["code"] == "handoff_closed"


def test_the_refusal_names_the_goods_and_the_reason(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods(), PHONE])
    problem = office.send("/returns", {"order_number": number, "kind": "return"}).json()
    assert "手机 黑" in problem["detail"]
    assert "激活" in problem["detail"]


def test_coupons_are_listed_with_why_they_cannot_be_used(office: Office, shop: Shop) -> None:
    shop.add(
        Coupon(
            id="CP1",
            customer_id=ANNA,
            name="满 129 减 20",
            kind="platform",
            threshold_fen=12_900,
            value_fen=2_000,
            valid_from=days_ago(20),
            valid_to=days_ago(1),
        )
    )
    coupon = office.get("/coupons").json()["items"][0]
    assert coupon["state_code"] == "expired"
    assert coupon["unusable_reason"] == "2026-11-20 已过期，不能延期"
    assert office.get("/coupons", params={"state_code": "unused"}).json()["total"] == 0
