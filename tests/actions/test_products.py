"""Product questions, as a customer meets them. Visitors may ask too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.gateways.knowledge import Found as KnowledgeFound
from actions.gateways.knowledge import Hit
from actions.products import (
    ActionProductsAsk,
    ActionProductsChoose,
    ActionProductsRecommend,
    AskProductsChoice,
    ValidateProductsWhichForm,
    ValidateProductsWishForm,
)
from tests.actions.fakes import Shop, order, product
from tests.actions.talk import run

EARPHONES = product("LX-B3", "灵犀 LX-B3 蓝牙耳机", variants=("云白", "石墨"), 防水="IP54", 包装清单="不含充电器", 重量="46 克")
PHONE = product("P01", "星岚 X20 手机", "2199.00", 防水="IP54", 重量="186 克")
BIG = product("P02", "星岚 X20 Pro 手机", "3599.00", variants=("曜夜黑 8GB+256GB",), 防水="IP68", 重量="209 克")
SHOES = product("P03", "步野 跑鞋", "399.00", stock=0, variants=("黑白 41 码", "黑白 42 码"))
LAST = {"sku": "LX-B3-01", "product_id": "LX-B3", "name": EARPHONES.product.name}


@pytest.fixture(autouse=True)
def goods(shop: Shop) -> None:
    shop.goods = [EARPHONES, PHONE, BIG, SHOES]
    shop.orders = {"C1": [order("202611190001", "paid", title="跑鞋")]}


def ask(text: str, about: str = "detail", **more: Any) -> Any:
    """A message of one of the three intents."""
    return run(ActionProductsAsk(), text, f"products_ask_{about}", **more)


def values(outcome: Any) -> dict[str, Any]:
    """What the last reply was filled with."""
    return dict(outcome.messages[-1])


def test_a_visitor_is_told_what_the_page_says_and_nothing_else() -> None:
    told = ask("LX-B3防水吗", customer=None, entities={"product": "LX-B3"})
    assert told.said == ["utter_products_detail"]
    assert values(told)["facts"] == "防水：IP54"
    assert told.slots["products_last"]["product_id"] == "LX-B3"


def test_what_the_page_does_not_say_is_not_invented_but_a_person_is_offered() -> None:
    told = ask("LX-B3支持NFC吗", entities={"product": "LX-B3"})
    assert told.said == ["utter_products_detail_unknown"]
    assert values(told)["recorded"] == "防水、包装清单、重量"


def test_the_product_last_spoken_of_is_meant() -> None:
    told = ask("那它防水吗", slots={"products_last": LAST})
    assert values(told)["product"] == EARPHONES.product.name


def test_a_part_that_sounds_like_other_goods_is_asked_of_the_product_spoken_of(shop: Shop) -> None:
    shop.goods.append(product("P09", "点点电 充电器"))
    told = ask("包装清单里带充电器吗", slots={"products_last": LAST}, entities={"product_category": "充电器"})
    assert values(told)["facts"] == "包装清单：不含充电器"


def test_another_kind_of_goods_is_another_product() -> None:
    told = ask("那跑鞋有货吗", "stock", slots={"products_last": LAST}, entities={"product_category": "跑鞋"})
    assert told.slots["products_last"]["product_id"] == "P03"


def test_the_goods_of_the_last_order_count_as_spoken_of() -> None:
    told = ask("还有货吗", "stock", slots={"orders_last": "202611190001"})
    assert told.slots["products_last"]["product_id"] == "P03"
    visitor = ask("还有货吗", "stock", customer=None, slots={"orders_last": "202611190001"})
    assert visitor.said == ["utter_products_none"], "whose order it is, nobody has proven"


def test_where_several_fit_the_customer_chooses_and_the_question_is_kept() -> None:
    asked = ask("手机多少钱", "price", entities={"product_category": "手机"})
    assert asked.said == [] and asked.loop == "products_which_form"
    slots = asked.slots | {"requested_slot": "products_choice"}
    shown = run(AskProductsChoice(), slots=slots, form="products_which_form")
    assert [b["title"] for b in shown.buttons] == [PHONE.product.name, BIG.product.name]
    chosen = run(ValidateProductsWhichForm(), "Pro那个", slots=slots, form="products_which_form")
    assert chosen.slots["products_choice"] == "P02-01"
    told = run(ActionProductsChoose(), "Pro那个", slots=slots | chosen.slots)
    assert told.messages[0]["price"] == "3599.00"
    assert told.slots["products_question"] is None


def test_what_the_pages_of_several_tell_is_told_of_each() -> None:
    told = ask("手机防水吗", entities={"product_category": "手机"})
    assert told.said == ["utter_products_among"]
    assert values(told)["products"] == f"{PHONE.product.name}：防水：IP54\n{BIG.product.name}：防水：IP68"
    second = ask("第二个多少钱", "price", slots=told.slots, entities={"ordinal": "2"})
    assert second.slots["products_last"]["product_id"] == "P02"
    silent = ask("手机支持NFC吗", entities={"product_category": "手机"})
    assert silent.loop == "products_which_form"


def test_what_a_part_costs_is_told_from_the_manual_and_the_goods_are_chosen_for_their_own_price(shop: Shop) -> None:
    part = Hit("doc-1", "保修与配件（手机）", 0.7, "手机的充电线单买 29 元。", "", "手册", 1)
    shop.knowledge = {"手机的充电线丢了，单买一根多少钱": KnowledgeFound("answer", (part,))}
    told = ask("手机的充电线丢了，单买一根多少钱", "price", entities={"product_category": "手机"})
    assert told.said == ["utter_faq_answer"] and told.messages[0]["answer"] == part.lead
    shop.knowledge = {"手机多少钱": KnowledgeFound("clarify", (replace(part, score=0.3),))}
    assert ask("手机多少钱", "price", entities={"product_category": "手机"}).loop == "products_which_form"


def test_other_goods_than_those_spoken_of_are_meant_where_they_are_named(shop: Shop) -> None:
    shop.goods.append(product("P09", "炊语 电饭煲", 重量="3 千克"))
    told = ask("电饭煲重量多少", slots={"products_last": LAST}, entities={"product_category": "电饭煲"})
    assert values(told)["facts"] == "重量：3 千克"


@pytest.mark.parametrize(
    ("words", "entities", "sku"),
    [("第二个", {"ordinal": "2"}, "P02-01"), ("", {"products_sku": "P01-01"}, "P01-01"), ("最后一个", {"ordinal": "-1"}, "P02-01")],
)
def test_a_product_can_be_chosen_by_place_or_button(words: str, entities: dict[str, str], sku: str) -> None:
    slots = {"requested_slot": "products_choice", "products_offered": [{"sku": "P01-01", "name": "X20"}, {"sku": "P02-01", "name": "X20 Pro"}]}
    assert run(ValidateProductsWhichForm(), words, slots=slots, entities=entities).slots["products_choice"] == sku


def test_none_of_the_offered_is_an_answer() -> None:
    slots = {"requested_slot": "products_choice", "products_offered": [LAST]}
    none = run(ValidateProductsWhichForm(), "都不是", "chat_deny", slots=slots)
    assert run(ActionProductsChoose(), "都不是", "chat_deny", slots=none.slots).said == ["utter_products_none_chosen"]


def test_words_that_fit_none_are_asked_again() -> None:
    slots = {"requested_slot": "products_choice", "products_offered": [LAST]}
    again = run(ValidateProductsWhichForm(), "嗯呃", slots=slots)
    assert again.said == ["utter_products_choice_unclear"] and again.slots["requested_slot"] == "products_choice"


def test_the_message_that_opens_the_choice_does_not_answer_it() -> None:
    slots = {"products_offered": [LAST], "requested_slot": None}
    opened = run(ValidateProductsWhichForm(), "第一个", slots=slots, entities={"ordinal": "1"})
    assert "products_choice" not in opened.slots


def test_goods_the_shop_does_not_have_are_said_to_be_missing() -> None:
    told = ask("沙发有货吗", "stock", entities={"product_category": "沙发"})
    assert told.said == ["utter_products_none_named"] and values(told)["product"] == "沙发"


@pytest.mark.parametrize(
    ("entities", "said"),
    [({"size": "42"}, "utter_products_stock_out_of_stock"), ({"size": "45"}, "utter_products_stock_no_variant"), ({}, "utter_products_stock_nothing")],
)
def test_stock_is_told_of_the_size_that_was_named(entities: dict[str, str], said: str) -> None:
    told = ask("跑鞋有货吗", "stock", entities={"product_category": "跑鞋", **entities})
    assert told.said == [said]


def test_stock_of_a_colour_is_told_for_the_shops_own_colour_name() -> None:
    told = ask("X20 Pro 黑色有货吗", "stock", entities={"product": "X20 Pro", "colour": "黑色"})
    assert told.said == ["utter_products_stock_in_stock"] and values(told)["which"] == "曜夜黑 8GB+256GB"


def test_a_price_comes_with_the_customers_coupon(shop: Shop) -> None:
    shop.was = "259.00"
    told = ask("LX-B3多少钱", "price", entities={"product": "LX-B3"})
    assert told.said == ["utter_products_price_fallen", "utter_products_coupon"]
    assert told.messages[0]["price"] == "199.00" and told.messages[1]["price"] == "179.00"


def test_a_visitor_hears_the_price_without_coupons() -> None:
    told = ask("LX-B3多少钱", "price", customer=None, entities={"product": "LX-B3"})
    assert told.said == ["utter_products_price_steady", "utter_products_coupon_visitor"]


def test_two_named_products_are_compared_side_by_side() -> None:
    told = ask("LX-B3和X20 Pro有什么区别", entities={"product": ["LX-B3", "X20 Pro"]})
    assert told.said == ["utter_products_compared"]
    assert values(told)["differences"] == "防水：IP54 ／ IP68\n重量：46 克 ／ 209 克"
    cheaper = ask("LX-B3和X20 Pro哪个便宜", "price", entities={"product": ["LX-B3", "X20 Pro"]})
    assert cheaper.said == ["utter_products_compared_prices"]


def test_a_new_question_ends_the_choice_but_no_other_form() -> None:
    open_choice = ask("LX-B3防水吗", form="products_which_form", entities={"product": "LX-B3"})
    other_form = ask("LX-B3防水吗", form="orders_cancel_form", entities={"product": "LX-B3"})
    assert open_choice.loop_ended and not other_form.loop_ended


def test_recommended_are_three_at_most_with_reasons_and_remembered() -> None:
    told = run(ActionProductsRecommend(), "推荐手机", "products_recommend", entities={"product_category": "手机"})
    assert told.said == ["utter_products_recommend"]
    assert "近 90 天卖出 3 件" in values(told)["products"]
    second = ask("第二个多少钱", "price", slots=told.slots, entities={"ordinal": "2"})
    assert second.slots["products_last"]["product_id"] == "P02"


def test_a_budget_afterwards_belongs_to_the_goods_that_were_wished_for() -> None:
    told = run(ActionProductsRecommend(), "推荐手机", "products_recommend", entities={"product_category": "手机"})
    more = run(ActionProductsRecommend(), "两千上下的", "products_recommend", slots=told.slots, entities={"amount": "2000"})
    assert more.said == ["utter_products_recommend"]
    assert more.slots["products_wished"] | {"text": ""} == {"kind": "手机", "text": "", "colour": None, "amounts": [2000]}


def test_which_of_the_recommended_has_a_property_is_told_from_their_pages() -> None:
    told = run(ActionProductsRecommend(), "推荐手机", "products_recommend", entities={"product_category": "手机"})
    offered = [each["name"] for each in told.slots["products_offered"]]
    which = run(ActionProductsRecommend(), "哪个防水", "products_recommend", slots=told.slots)
    assert which.said == ["utter_products_among_offered"] and all(name in values(which)["products"] for name in offered)


def test_pointing_at_what_was_recommended_asks_which() -> None:
    told = run(ActionProductsRecommend(), "推荐手机", "products_recommend", entities={"product_category": "手机"})
    slots = {"products_last": LAST, **told.slots}
    asked = ask("这个多少钱", "price", customer=None, slots=slots)
    assert asked.loop == "products_which_form"
    assert [each["name"] for each in asked.slots["products_offered"]] == [each["name"] for each in told.slots["products_offered"]]


def test_a_visitor_without_a_wish_is_asked_for_one() -> None:
    asked = run(ActionProductsRecommend(), "推荐一款", "products_recommend", customer=None)
    assert asked.said == [] and asked.loop == "products_wish_form"
    slots = {"requested_slot": "products_wish"}
    wish = run(ValidateProductsWishForm(), "手机", customer=None, slots=slots, entities={"product_category": "手机"})
    told = run(ActionProductsRecommend(), "手机", customer=None, slots=wish.slots)
    assert told.said == ["utter_products_recommend"]
    anything = run(ValidateProductsWishForm(), "随便", "chat_deny", customer=None, slots=slots)
    assert run(ActionProductsRecommend(), "随便", customer=None, slots=anything.slots).said == ["utter_products_recommend_open"]


def test_a_customer_without_a_wish_is_advised_by_earlier_purchases() -> None:
    told = run(ActionProductsRecommend(), "推荐一款", "products_recommend")
    assert told.said == ["utter_products_recommend_bought"]


def test_a_shop_that_is_down_is_apologised_for(shop: Shop) -> None:
    shop.down = True
    assert ask("LX-B3多少钱", "price", entities={"product": "LX-B3"}).said == ["utter_chat_backend_unavailable"]


def test_a_product_named_first_is_the_one_asked_about_next(shop: Shop) -> None:
    shop.goods.append(product("P09", "点点电 充电器"))
    named = {"intent": {"name": "chat_inform"}, "entities": [{"entity": "product", "value": "LX-B3"}]}
    events = [{"event": "user", "parse_data": named}, {"event": "user", "parse_data": {}}]
    told = ask("包装清单里带充电器吗", entities={"product_category": "充电器"}, events=events)
    assert values(told)["facts"] == "包装清单：不含充电器"


def test_what_was_hardly_understood_is_not_answered_with_bestsellers() -> None:
    unsure = {"intent": {"name": "products_recommend", "confidence": 0.3}}
    told = run(ActionProductsRecommend(), "五菱用多大的", "products_recommend", message=unsure)
    assert told.said == ["utter_products_none"]
