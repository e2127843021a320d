"""Coupons and price protection, as a customer meets them."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from actions.gateways.errors import Rejected
from actions.gateways.promotions import Coupon, Fitting, Protection, Quote
from actions.promotions import (
    ActionPromotionsCoupons,
    ActionPromotionsProtection,
    AskPromotionsConfirmed,
    AskPromotionsLine,
    ValidatePromotionsProtectionForm,
)
from tests.actions.fakes import Shop, order
from tests.actions.talk import run
from tests.actions.test_invoices import Talk

FRYER = order("202611170001", "signed", "price_protection", title="空气炸锅")
TWO = order("202611160002", "signed", "price_protection", title="毛巾", pieces=2)
DROP = Quote("空气炸锅", "399.00", "349.00", "50.00", "原路退回微信支付", "1 至 3 个工作日", 1)
GRANTED = Protection(**vars(DROP), number="JB1", order_number=FRYER.number, refund_code="sent", arrives_by="2026-11-25", created_at="2026-11-20T10:00:00+08:00")
FORM = ValidatePromotionsProtectionForm


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [FRYER], "C2": [TWO]}
    shop.drops = {
        (FRYER.number, None): DROP,
        (TWO.number, 1): Rejected("price_not_lower", "没有降价。"),
        (TWO.number, 2): DROP,
        (TWO.number, None): DROP,
    }


def coupon(name: str, days: float = 10, unusable: str | None = None, **values: Any) -> Coupon:
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    until = (now + datetime.timedelta(days=days)).isoformat(timespec="seconds")
    return Coupon(**{"name": name, "scope": "自营", "state_code": "unused", "valid_to": until, "unusable": unusable, "returned_from": None, **values})


def coupons(text: str) -> tuple[list[str], list[dict[str, Any]]]:
    told = run(ActionPromotionsCoupons(), text, "promotions_ask_coupons")
    return told.said, told.messages


def test_usable_coupons_are_listed_and_those_that_lapse_soon_pointed_at(shop: Shop) -> None:
    assert coupons("我有哪些券")[0] == ["utter_promotions_usable"]
    shop.coupons = [coupon("满 129 减 20"), coupon("旧券", -1, "已过期", state_code="expired")]
    said, told = coupons("我有哪些券")
    assert said == ["utter_promotions_usable_some"]
    assert told[0]["count"] == 1 and "满 129 减 20" in told[0]["coupons"] and "旧券" not in told[0]["coupons"]
    shop.coupons.append(coupon("满 59 减 10", 2))
    said, told = coupons("我有哪些券")
    assert (said, told[0]["soon"]) == (["utter_promotions_usable_soon"], 1)


def test_why_a_coupon_cannot_be_used_is_the_shops_own_reason(shop: Shop) -> None:
    assert coupons("券怎么用不了")[0] == ["utter_promotions_coupons_unusable", "utter_promotions_usable"]
    shop.coupons = [coupon("旧券", -1, "2026-11-01 已过期，不能延期", state_code="expired"), coupon("新券")]
    said, told = coupons("券怎么用不了")
    assert said == ["utter_promotions_coupons_unusable_seen", "utter_promotions_usable_some"]
    assert "已过期，不能延期" in told[0]["coupons"] and "新券" not in told[0]["coupons"]


def test_the_coupon_of_a_cancelled_order_is_named(shop: Shop) -> None:
    assert coupons("订单取消了券没退给我")[0][0] == "utter_promotions_coupons_returned"
    shop.coupons = [
        coupon("满 129 减 20", returned_from="202611190001"),
        coupon("满 59 减 10", -1, "已过期", returned_from="202611010002", state_code="expired"),
    ]
    said, told = coupons("订单取消了券没退给我")
    assert said[:2] == ["utter_promotions_coupon_back", "utter_promotions_coupon_back_lapsed"]
    assert (told[0]["order"], told[1]["order"]) == ("202611190001", "202611010002")


@pytest.mark.parametrize("text", ["那张券再给我补一张嘛", "就晚了一天，续一下行不行", "那折成灵犀币也行"])
def test_a_lapsed_coupon_is_not_made_good(shop: Shop, text: str) -> None:
    shop.coupons = [coupon("旧券", -1, "已过期", state_code="expired")]
    told = run(ActionPromotionsCoupons(), text, "promotions_ask_coupons")
    assert told.said == ["utter_promotions_coupon_extend"]
    assert {"extend", "get", "fits"} <= set(told.slots["chat_focus"][0]["asks"]), "what is asked next is of the coupon"


def test_which_coupon_fits_the_order_that_is_not_paid(shop: Shop) -> None:
    shop.orders = {"C1": [order("202611200005", "unpaid", title="保温杯"), order("202611200006", "signed", title="台灯")]}
    shop.fitting = [
        Fitting("满 59 减 10", "2026-12-01T23:59:59+08:00", None, "79.00"),
        Fitting("满 129 减 20", "2026-12-02T23:59:59+08:00", "还差 40.00 元才够门槛", "89.00"),
    ]
    told = run(ActionPromotionsCoupons(), "没付的那单能用哪张券", "promotions_ask_coupons")
    assert told.said == ["utter_promotions_coupon_fits"] and told.messages[0]["number"] == "202611200005"
    assert "79.00" in told.messages[0]["fitting"] and "还差 40.00 元" in told.messages[0]["fitting"]


def test_a_price_is_not_made_less(shop: Shop) -> None:
    wish = {"promotions_coupons": "bargains"}
    told = run(ActionPromotionsCoupons(), "客服少收我几块呗", "promotions_ask_coupons", entities=wish)
    assert told.said == ["utter_promotions_coupons_bargains"]


def test_lapsed_coupons_are_told_without_false_hope(shop: Shop) -> None:
    assert coupons("券过期了能延期吗")[0] == ["utter_promotions_coupons_expired"]
    shop.coupons = [coupon("旧券", -1, "已过期", state_code="expired")]
    assert coupons("券过期了能延期吗")[0] == ["utter_promotions_coupons_expired_seen"]
    shop.coupons.append(coupon("新券", 1))
    assert coupons("券快过期了")[0] == ["utter_promotions_coupons_expired_soon"]


@pytest.mark.parametrize(("text", "first"), [("优惠券在哪里领", "get"), ("下单忘记用券了", "forgot"), ("我的券不见了", "missing")])
def test_where_to_get_and_what_cannot_be_mended(text: str, first: str) -> None:
    assert coupons(text)[0][0] == f"utter_promotions_coupons_{first}"


def test_the_difference_is_told_and_paid_only_after_a_yes(shop: Shop) -> None:
    talk = Talk(FORM())
    talk.say("刚买就降价了能退差价吗", "promotions_price_protection")
    assert talk.asked == "promotions_confirmed"
    asked = run(AskPromotionsConfirmed(), slots=talk.slots)
    assert (asked.messages[0]["amount"], asked.messages[0]["route"]) == ("50.00", "原路退回微信支付")
    assert shop.done == []
    talk.say("好的", "chat_affirm")
    told = run(ActionPromotionsProtection(), slots=talk.slots)
    assert told.said == ["utter_promotions_protected"] and told.messages[0]["arrives"] == "11-25"
    assert shop.done == [("protect", FRYER.number, "None")]
    assert told.slots["promotions_quote"] is None


def test_a_no_asks_for_nothing(shop: Shop) -> None:
    slots = {"orders_number": FRYER.number, "promotions_confirmed": False}
    assert run(ActionPromotionsProtection(), slots=slots).said == ["utter_promotions_protection_kept"]
    assert shop.done == []


def test_of_several_pieces_one_is_chosen(shop: Shop) -> None:
    talk = Talk(FORM())
    talk.say("这个降价了，退我差价", "promotions_price_protection", "C2")
    assert talk.asked == "promotions_line"
    assert [b["title"] for b in run(AskPromotionsLine(), customer="C2", slots=talk.slots).buttons] == ["毛巾 1", "毛巾 2"]
    talk.say("第二个", customer="C2", ordinal="2")
    assert (talk.slots["promotions_line"], talk.asked) == (2, "promotions_confirmed")
    talk.say("好", "chat_affirm", "C2")
    run(ActionPromotionsProtection(), customer="C2", slots=talk.slots)
    assert shop.done == [("protect", TWO.number, "2")]


def test_a_piece_that_did_not_become_cheaper_is_explained(shop: Shop) -> None:
    talk = Talk(FORM(), orders_last=TWO.number)
    talk.say("价保", "promotions_price_protection", "C2")
    talk.say("/…", customer="C2", promotions_line=1)
    assert talk.asked is None, "no yes is asked for what would be refused"
    told = run(ActionPromotionsProtection(), customer="C2", slots=talk.slots)
    assert told.said == ["utter_promotions_protection_rejected_price_not_lower"]
    assert told.messages[0]["detail"] == "没有降价。" and shop.done == []


def test_the_other_piece_of_the_order_just_told_is_meant_and_never_the_same_again(shop: Shop) -> None:
    first, second = TWO.items
    shop.drops[TWO.number, 2] = Rejected("price_not_lower", "没有降价。")
    focus = [{"kind": "protection", "id": "JB9", "title": first.title, "told": "protect", "order": TWO.number}]
    talk = Talk(FORM(), orders_last=TWO.number, chat_focus=focus)
    talk.say("那另一个呢", "promotions_price_protection", "C2")
    assert (talk.slots["orders_number"], talk.slots["promotions_line"]) == (TWO.number, second.line)


def test_a_piece_that_is_named_by_the_end_of_its_kind_is_read_back_and_the_last_order_names_none(shop: Shop) -> None:
    mask, umbrella = (replace(item, category=kind) for item, kind in zip(TWO.items, ("面膜", "雨伞"), strict=True))
    shop.orders = {"C2": [replace(TWO, items=(mask, umbrella))]}
    talk = Talk(FORM())
    talk.say("上次买的那个降价了，差的退我", "promotions_price_protection", "C2")
    assert talk.asked == "promotions_line", "which of the two is asked"
    talk = Talk(FORM(), orders_last=TWO.number)
    talk.say("那个伞便宜了 差的退我", "promotions_price_protection", "C2")
    assert talk.slots["promotions_line"] == umbrella.line


def test_of_several_pieces_named_each_is_judged(shop: Shop) -> None:
    pan, bowl = (replace(item, title=title, category=title) for item, title in zip(TWO.items, ("炒锅", "水杯"), strict=True))
    shop.orders = {"C2": [replace(TWO, items=(pan, bowl))]}
    talk = Talk(FORM())
    talk.say("炒锅和水杯都便宜了，差的退给我", "promotions_price_protection", "C2")
    assert (talk.slots["promotions_line"], talk.asked) == (2, "promotions_confirmed")
    asked = run(AskPromotionsConfirmed(), customer="C2", slots=talk.slots)
    assert asked.said == ["utter_promotions_pieces_refused", "utter_ask_promotions_confirmed"]
    assert asked.messages[0]["detail"] == "没有降价。"


def test_of_several_pieces_that_fell_the_next_is_offered(shop: Shop) -> None:
    pan, bowl = (replace(item, title=title, category=title) for item, title in zip(TWO.items, ("炒锅", "水杯"), strict=True))
    shop.orders, shop.drops[TWO.number, 1] = {"C2": [replace(TWO, items=(pan, bowl))]}, DROP
    talk = Talk(FORM())
    talk.say("炒锅和水杯都便宜了，差的退给我", "promotions_price_protection", "C2")
    talk.say("好", "chat_affirm", "C2")
    told = run(ActionPromotionsProtection(), customer="C2", slots=talk.slots)
    assert told.said == ["utter_promotions_protected", "utter_promotions_pieces_left"]
    assert [each["title"] for each in told.buttons if "promotions_line" in each["payload"]] == ["水杯"]


def test_a_difference_after_the_last_purchase_is_a_new_request_and_no_look_at_old_ones(shop: Shop) -> None:
    shop.protections = [GRANTED]
    talk = Talk(FORM())
    talk.say("我上次买的那锅降价了 差的补给我", "promotions_price_protection")
    assert talk.slots.get("promotions_wish") != "status"
    talk = Talk(FORM())
    talk.say("上次申请的价保怎么样了", "promotions_price_protection")
    assert talk.slots["promotions_wish"] == "status"


def test_an_order_out_of_protection_is_explained_at_once(shop: Shop) -> None:
    shop.orders["C1"] = [order("202611010009", "signed", title="牛奶")]
    talk = Talk(FORM())
    talk.say("刚买就降价了", "promotions_price_protection")
    assert talk.asked is None
    assert run(ActionPromotionsProtection(), slots=talk.slots).said == ["utter_promotions_protection_rejected"]


def test_how_an_earlier_request_is_going_asks_nothing(shop: Shop) -> None:
    talk = Talk(FORM())
    talk.say("价保的差价什么时候到账", "promotions_price_protection")
    assert (talk.asked, talk.slots["promotions_wish"]) == (None, "status")
    assert run(ActionPromotionsProtection(), slots=talk.slots).said == ["utter_promotions_protections_none"]
    shop.protections = [GRANTED]
    assert run(ActionPromotionsProtection(), slots=talk.slots).said == ["utter_promotions_protection_status_sent"]


def test_every_refusal_of_the_shop_has_words_of_its_own() -> None:
    from tests.actions.talk import DOMAIN

    codes = {
        "order_not_paid", "order_cancelled", "price_not_lower", "price_protection_window_passed", "price_protection_excluded",
        "price_protection_not_supported", "price_protection_returned", "price_protection_no_stock", "price_protection_limit",
        "price_protection_given",
    }  # fmt: skip
    assert {f"utter_promotions_protection_rejected_{code}" for code in codes} <= set(DOMAIN["responses"])
