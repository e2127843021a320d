"""Customers' pictures are kept with their own open slip or ticket."""

from __future__ import annotations

from backoffice.states import OrderState
from tests.backoffice.conftest import Office
from tests.backoffice.shop import BERT, Shop

PICTURES = [{"id": "p" * 32, "type": "image/jpeg"}, {"id": "q" * 32, "type": "image/png"}]


def test_pictures_are_kept_with_the_slip_once_and_for_its_owner(office: Office, shop: Shop) -> None:
    number = shop.order(state=OrderState.SIGNED)
    slip = office.send("/returns", {"order_number": number, "kind": "return", "reason": "屏幕有划痕"}).json()["slip"]
    told = {"number": slip, "conversation_id": "conv-1", "pictures": PICTURES}
    for _ in range(2):
        answer = office.send("/pictures", told)
        assert answer.status_code == 200 and [each["id"] for each in answer.json()["items"]] == ["p" * 32, "q" * 32]
    assert len(office.get(f"/pictures?number={slip}", customer=None).json()["items"]) == 2
    assert office.send("/pictures", told, customer=BERT).status_code == 404
    assert office.get(f"/pictures/{slip}/{'x' * 32}", customer=None).status_code == 404
    office.send(f"/returns/{slip}/cancel")
    refused = office.send("/pictures", {**told, "pictures": [{**PICTURES[0], "id": "z" * 32}]})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_over")


def test_pictures_are_kept_with_a_ticket(office: Office, shop: Shop) -> None:
    shop.order(state=OrderState.SIGNED)
    ticket = office.send("/tickets", {"kind": "goods_problem", "subject": "外箱破了"}).json()["number"]
    answer = office.send("/pictures", {"number": ticket, "conversation_id": "conv-1", "pictures": PICTURES[:1]})
    assert [each["type"] for each in answer.json()["items"]] == ["image/jpeg"]
