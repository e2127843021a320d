"""A picture of what is wrong is kept with the slip or ticket that it belongs to."""

from __future__ import annotations

import time
from typing import Any

import pytest

from actions.after_sales import ActionAfterSalesOpen
from actions.chat import ActionChatInform
from tests.actions.fakes import Shop
from tests.actions.talk import run, token
from tests.actions.test_after_sales import SHOES

PICTURE = {"id": "p" * 32, "type": "image/jpeg", "path": "/webhooks/webchat/media/p"}
SLIP = [{"kind": "return", "id": "TH202611210001", "title": "运动鞋", "told": "open"}]


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [SHOES]}


OPENING = {
    "orders_number": SHOES.number, "after_sales_kind": "return", "after_sales_reason": "开胶了", "after_sales_confirmed": True,
}  # fmt: skip


def sent(ago: float = 60) -> list[dict[str, Any]]:
    """A picture, so many seconds ago."""
    return [{"event": "user", "text": "[图片]", "timestamp": time.time() - ago, "metadata": {"media": [PICTURE]}}]


def test_what_was_shown_before_the_slip_goes_with_it(shop: Shop) -> None:
    done = run(ActionAfterSalesOpen(), "确认", "chat_affirm", slots=OPENING, events=sent())
    assert [each[0] for each in shop.done] == ["open", "pictures"] and shop.done[1][2:] == (PICTURE["id"],)
    assert done.said == ["utter_after_sales_opened_return"]
    shop.done.clear()
    run(ActionAfterSalesOpen(), "确认", "chat_affirm", slots=OPENING, events=sent(ago=7200), message_id="m2")
    assert [each[0] for each in shop.done] == ["open"], "two hours ago it was about something else"


@pytest.mark.parametrize(
    ("focus", "customer", "said"),
    [(SLIP, "C1", "utter_chat_picture_kept"), ([{**SLIP[0], "kind": "ticket"}], "C1", "utter_chat_picture_kept_ticket"),
     ([{**SLIP[0], "kind": "order"}], "C1", "utter_chat_inform_spoken"), (SLIP, None, "utter_chat_inform_spoken"), ([], "C1", "utter_chat_inform")],
)  # fmt: skip
def test_a_picture_is_kept_with_what_is_spoken_of(shop: Shop, focus: list[dict[str, Any]], customer: str | None, said: str) -> None:
    shown = run(
        ActionChatInform(), "[图片]", customer=customer, slots={"chat_focus": focus}, events=sent(0),
        message={"metadata": {"media": [PICTURE], **_proof(customer)}},
    )  # fmt: skip
    assert shown.said == [said]
    assert bool(shop.done) == said.startswith("utter_chat_picture")


def test_where_the_shop_does_not_take_it_nothing_is_promised(shop: Shop) -> None:
    shop.down = True
    shown = run(
        ActionChatInform(), "[图片]", slots={"chat_focus": SLIP}, events=sent(0),
        message={"metadata": {"media": [PICTURE], **_proof("C1")}},
    )  # fmt: skip
    assert shown.said == ["utter_chat_inform_spoken"]


def _proof(customer: str | None) -> dict[str, str]:
    return {"customer_token": token(customer)} if customer else {}
