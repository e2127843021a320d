"""What is another's looks exactly like what does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from backoffice.models import Invoice, Return, Ticket
from backoffice.states import InvoiceState, OrderState, ReturnKind, ReturnReason, ReturnState
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, BERT, NOW, Shop

ORDER, PARCEL = "202611200001", "LXWL202611200001"
SLIP, TICKET, INVOICE = "TH202611200001", "GD202611200001", "FP202611200001"
READS = [
    ("/orders/{}", ORDER),
    ("/orders/{}/shipment", ORDER),
    ("/shipments/{}", PARCEL),
    ("/returns/{}", SLIP),
    ("/invoices/{}", INVOICE),
    ("/tickets/{}", TICKET),
    ("/payments/check?problem=paid_unpaid&order_number={}", ORDER),
]
WRITES: list[tuple[str, str, Any]] = [
    ("/orders/{}/cancel", ORDER, {}),
    ("/orders/{}/cancel/withdraw", ORDER, None),
    ("/orders/{}/urge", ORDER, None),
    ("/shipments/{}/urge", PARCEL, None),
    ("/shipments/{}/arrange", PARCEL, {"how": "door"}),
    ("/shipments/{}/report", PARCEL, {"problem": "lost"}),
    ("/returns/{}/cancel", SLIP, None),
    ("/invoices/{}/change", INVOICE, {"title": "新"}),
    ("/invoices/{}/resend", INVOICE, None),
    ("/tickets/{}/comments", TICKET, {"text": "补充"}),
    ("/tickets/{}/urge", TICKET, None),
    ("/tickets/{}/withdraw", TICKET, None),
]
BODIES = [
    ("/returns", {"kind": "return"}),
    ("/price-protections", {}),
    ("/compensations", {}),
    ("/invoices", {}),
    ("/tickets", {"kind": "complaint", "subject": "投诉"}),
]


@pytest.fixture
def anna_has_things(office: Office, shop: Shop) -> None:
    """Everything is Anna's; Bert asks for it."""
    shop.customer(BERT)
    shop.order(OrderState.SIGNED, number=ORDER, shipment={"tracking_number": PARCEL})
    shop.add(
        Return(
            slip=SLIP,
            customer_id=ANNA,
            order_number=ORDER,
            line=1,
            open_key=f"{ORDER}:1",
            kind=ReturnKind.RETURN,
            state=ReturnState.AWAITING_GOODS,
            reason="不想要了",
            reason_code=ReturnReason.NO_REASON,
            created_at=NOW,
        ),
        Invoice(
            number=INVOICE,
            customer_id=ANNA,
            order_number=ORDER,
            open_key=ORDER,
            title="测试",
            amount_fen=1,
            state=InvoiceState.ISSUED,
            created_at=NOW,
            issued_at=NOW,
        ),
        Ticket(
            number=TICKET,
            customer_id=ANNA,
            kind="complaint",
            subject="投诉",
            created_at=NOW,
            due_at=NOW,
            updated_at=NOW,
        ),
    )


@pytest.mark.usefixtures("anna_has_things")
@pytest.mark.parametrize(("path", "hers"), READS)
def test_reading(office: Office, path: str, hers: str) -> None:
    assert office.get(path.format(hers), ANNA).status_code == 200
    _same_404(office.get(path.format(hers), BERT), office.get(path.format("X" + hers[1:]), BERT))


@pytest.mark.usefixtures("anna_has_things")
@pytest.mark.parametrize(("path", "hers", "body"), WRITES)
def test_writing(office: Office, shop: Shop, path: str, hers: str, body: Any) -> None:
    before = shop.everything()
    stolen = office.send(path.format(hers), body, customer=BERT)
    missing = office.send(path.format("X" + hers[1:]), body, customer=BERT)
    _same_404(stolen, missing)
    assert shop.everything() == before


@pytest.mark.usefixtures("anna_has_things")
@pytest.mark.parametrize(("path", "body"), BODIES)
def test_naming_an_order_in_a_body(office: Office, shop: Shop, path: str, body: Any) -> None:
    before = shop.everything()
    stolen = office.send(path, {**body, "order_number": ORDER}, customer=BERT)
    missing = office.send(path, {**body, "order_number": "209901010001"}, customer=BERT)
    _same_404(stolen, missing)
    assert shop.everything() == before


@pytest.mark.usefixtures("anna_has_things")
@pytest.mark.parametrize(
    "path",
    ["/orders", "/returns", "/invoices", "/tickets", "/coupons", "/price-protections", "/compensations"],
)
def test_lists_hold_only_ones_own(office: Office, path: str) -> None:
    assert office.get(path, BERT).json()["total"] == 0


def test_a_handoff_belongs_to_its_customer(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    handoff = office.send("/handoffs", {"conversation_id": "c", "reason": "转人工"}).json()["id"]
    assert office.send("/handoffs", {"conversation_id": "c", "reason": "x"}, customer=BERT).status_code == 404
    _same_404(office.get(f"/handoffs/{handoff}", BERT), office.get("/handoffs/HO0", BERT))


def test_an_unknown_customer_finds_nothing(office: Office) -> None:
    assert office.get("/customer", "C999999").json()["code"] == "not_found"
    assert office.send("/tickets", {"kind": "a", "subject": "b"}, customer="C999999").status_code == 404


def test_an_order_answers_to_its_legacy_number(office: Office, shop: Shop) -> None:
    number = shop.order(legacy_number="LX20261120000001")
    assert office.get("/orders/LX20261120000001").json()["number"] == number


def _same_404(stolen: Any, missing: Any) -> None:
    assert (stolen.status_code, missing.status_code) == (404, 404)
    assert stolen.content == missing.content
