"""After-sales, as a customer meets it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from actions.after_sales import (
    ActionAfterSalesOpen,
    ActionAfterSalesPropose,
    ActionAfterSalesStatus,
    AskAfterSalesConfirmed,
    AskAfterSalesPickup,
    AskAfterSalesVariant,
    ValidateAfterSalesForm,
    ValidateAfterSalesProblemForm,
    meant_variant,
    near,
    wished_looks,
)
from actions.gateways.after_sales import Return, Variant
from actions.gateways.orders import OrderItem
from tests.actions.fakes import Shop, order
from tests.actions.talk import Outcome, run

SHOES = order("202611100003", "signed", "return", "exchange", "repair", title="跑步鞋")
FORM = "after_sales_form"
SIZES = (Variant("黑白 41 码", 3, False), Variant("黑白 42 码", 3, True), Variant("黑白 43 码", 0, False), Variant("藏青 42 码", 1, False))
TIMES = (("2026-11-22 上午", "11-22 上午（8:00-12:00）"), ("2026-11-22 下午", "11-22 下午（12:00-18:00）"))


@pytest.fixture(autouse=True)
def orders(shop: Shop) -> None:
    shop.orders = {"C1": [SHOES]}


def fill(text: str = "", intent: str = "chat_inform", asked: str | None = None, **more: Any) -> Outcome:
    """A turn of the form, with what is known."""
    slots = {"requested_slot": asked, **more.pop("slots", {})}
    return run(ValidateAfterSalesForm(), text, intent, slots=slots, form=FORM, **more)


KNOWN = {"orders_number": SHOES.number, "orders_checked": f"{FORM}:possible"}


def test_a_reason_in_the_first_sentence_is_not_asked_for(shop: Shop) -> None:
    shop.reason_code = "size"
    told = fill("鞋子大了我要退", "after_sales_return", slots={"after_sales_kind": "return"}).slots
    assert told["after_sales_reason"] == "鞋子大了", "why, and not the whole sentence"
    assert told["requested_slot"] == "after_sales_confirmed"


def test_without_a_reason_it_is_asked_for() -> None:
    assert fill("我要退货", "after_sales_return", slots={"after_sales_kind": "return"}).slots["requested_slot"] == "after_sales_reason"


def test_a_fault_opens_what_no_reason_would_not(shop: Shop) -> None:
    shop.refused = {"return": "return_excluded"}
    refused = fill("我要退货", "after_sales_return", slots={"after_sales_kind": "return"}).slots
    assert refused["requested_slot"] is None, "no reason at all would allow it"
    shop.refused = {}
    slots = {**KNOWN, "after_sales_kind": "return"}
    taken = fill("屏幕碎了", asked="after_sales_reason", slots=slots).slots
    assert taken["requested_slot"] == "after_sales_confirmed"


def test_a_time_to_fetch_is_offered_and_understood_in_words(shop: Shop) -> None:
    shop.pickups = TIMES
    slots = {**KNOWN, "after_sales_kind": "return"}
    asked = fill("不喜欢", asked="after_sales_reason", slots=slots).slots
    assert asked["requested_slot"] == "after_sales_pickup"
    slots |= {"after_sales_reason": "不喜欢", "after_sales_pickups": [list(t) for t in TIMES]}
    assert [b["title"] for b in run(AskAfterSalesPickup(), slots=slots).buttons] == [label for _, label in TIMES]

    def answer(text: str, intent: str = "chat_inform", **entities: str) -> Outcome:
        return fill(text, intent, asked="after_sales_pickup", slots=slots, entities=entities)

    assert answer("明天下午", date="2026-11-22", time="下午").slots["after_sales_pickup"] == TIMES[1][0]
    assert answer("明天九点", date="2026-11-22", time="09:00").slots["after_sales_pickup"] == TIMES[0][0]
    assert answer("第二个", ordinal="2").slots["after_sales_pickup"] == TIMES[1][0]
    home = answer("来家里拿吧 俺腿脚不好", "after_sales_return", after_sales_pickup="fetched").slots
    assert home["after_sales_pickup"] is None and home["requested_slot"] == "after_sales_pickup", "no time was named"
    assert "after_sales_reason" not in home, "why it is fetched is no new reason"
    anytime = answer("上门来取，什么时候都行", after_sales_pickup="fetched")
    assert anytime.slots["after_sales_pickup"] == TIMES[0][0]
    by_day = answer("上门，明天白天都行", "logistics_arrange", after_sales_pickup="fetched", date="2026-11-22", time="08:00/18:00")
    assert by_day.slots["after_sales_pickup"] == TIMES[0][0] and by_day.slots["requested_slot"] == "after_sales_confirmed"
    late = answer("来取，明天下午", "logistics_arrange", after_sales_pickup="fetched", date="2026-11-22", time="12:00/18:00")
    assert late.slots["after_sales_pickup"] == TIMES[1][0]
    assert answer("自己寄", "chat_deny").slots["after_sales_pickup"] == "self"
    wrong = answer("下周三", date="2026-11-25")
    assert wrong.said == ["utter_after_sales_pickup_out_of_range"] and wrong.slots["requested_slot"] == "after_sales_pickup"
    pickup = {"after_sales_pickup": TIMES[0][0], "after_sales_kind": "return"}
    assert run(AskAfterSalesConfirmed(), slots={**slots, **pickup}).said == ["utter_ask_after_sales_confirmed_return_fetched"]


@pytest.mark.parametrize(
    ("words", "values", "name"),
    [("换黑白 41 码", [], "黑白 41 码"), ("换41码", ["41"], "黑白 41 码"), ("要藏青色的", ["藏青"], "藏青 42 码"), ("换个大的", [], None)],
)
def test_the_named_colour_or_size_is_found(words: str, values: list[str], name: str | None) -> None:
    found = meant_variant(words, values, SIZES)
    assert (found.name if found else None) == name


def test_an_exchange_looks_at_the_stock(shop: Shop) -> None:
    shop.variants, shop.reason_code = SIZES, "size"
    slots = {**KNOWN, "after_sales_kind": "exchange"}
    asked = fill("小了", asked="after_sales_reason", slots=slots).slots
    assert asked["requested_slot"] == "after_sales_variant"
    offered = run(AskAfterSalesVariant(), slots={**slots, "after_sales_variants": asked["after_sales_variants"]}).buttons
    assert "黑白 43 码" not in [b["title"] for b in offered]
    slots |= {"after_sales_reason": "小了", "after_sales_variants": asked["after_sales_variants"]}
    gone = fill("43码", asked="after_sales_variant", slots=slots, entities={"size": "43"})
    assert gone.said == ["utter_after_sales_variant_out_of_stock"] and gone.slots["requested_slot"] == "after_sales_variant"
    taken = fill("41码", asked="after_sales_variant", slots=slots, entities={"size": "41"}).slots
    assert taken["after_sales_variant"] == "黑白 41 码"


def test_faulty_goods_are_exchanged_for_the_same(shop: Shop) -> None:
    shop.variants, shop.reason_code = SIZES, "quality"
    slots = {**KNOWN, "after_sales_kind": "exchange"}
    assert fill("开胶了", asked="after_sales_reason", slots=slots).slots["after_sales_variant"] == "黑白 42 码"


def test_with_nothing_in_stock_money_is_offered(shop: Shop) -> None:
    shop.variants, shop.reason_code = (Variant("黑白 42 码", 0, True),), "quality"
    slots = {**KNOWN, "after_sales_kind": "exchange"}
    asked = fill("开胶了", asked="after_sales_reason", slots=slots).slots
    assert asked["requested_slot"] == "after_sales_variant"
    said = run(AskAfterSalesVariant(), slots={**slots, "after_sales_variants": asked["after_sales_variants"]})
    assert said.said == ["utter_ask_after_sales_variant_none_left"]


def test_the_reason_is_filed_as_what_it_was_judged_by(shop: Shop) -> None:
    shop.reason_code = "damaged"
    slots = {**KNOWN, "after_sales_kind": "return", "after_sales_reason": "外壳裂了", "after_sales_confirmed": True}
    run(ActionAfterSalesOpen(), slots=slots)
    assert [(wish.reason, wish.reason_code) for wish in shop.wishes] == [("外壳裂了", "damaged")]


def test_a_repair_out_of_warranty_asks_whether_it_may_cost(shop: Shop) -> None:
    shop.refused, shop.warranty_ends, shop.reason_code = {"repair": "warranty_passed"}, "2025-01-02", "quality"
    slots = {**KNOWN, "after_sales_kind": "repair"}
    asked = fill("充不进电", asked="after_sales_reason", slots=slots).slots
    assert asked["requested_slot"] == "after_sales_paid" and asked["after_sales_warranty"] == "商城的说明"
    slots |= {"after_sales_reason": "充不进电", "after_sales_warranty": "商城的说明"}
    assert fill("不修了", "chat_deny", asked="after_sales_paid", slots=slots).slots["requested_slot"] is None
    assert run(ActionAfterSalesOpen(), slots={**slots, "after_sales_paid": False}).said == ["utter_after_sales_kept"]
    run(ActionAfterSalesOpen(), slots={**slots, "after_sales_paid": True, "after_sales_confirmed": True})
    assert shop.done == [("open", SHOES.number, "1", "repair", "充不进电", "True")]


def test_the_slip_is_opened_with_all_that_was_chosen(shop: Shop) -> None:
    slots = {
        "orders_number": SHOES.number, "after_sales_kind": "exchange", "after_sales_reason": "小了", "after_sales_confirmed": True,
        "after_sales_variant": "黑白 41 码", "after_sales_pickup": TIMES[0][0],
    }  # fmt: skip
    done = run(ActionAfterSalesOpen(), "确认", "chat_affirm", slots=slots)
    assert done.said == ["utter_after_sales_opened_exchange"] and done.then is None
    assert shop.done == [("open", SHOES.number, "1", "exchange", "小了", "黑白 41 码", TIMES[0][0])]


def test_a_slip_for_a_person_is_handed_over(shop: Shop) -> None:
    shop.review = "退款超过 5000.00 元"
    slots = {"orders_number": SHOES.number, "after_sales_kind": "return", "after_sales_reason": "买贵了", "after_sales_confirmed": True}
    done = run(ActionAfterSalesOpen(), "确认", "chat_affirm", slots=slots)
    assert done.said == ["utter_after_sales_opened_review"] and done.then == "action_handoff"


def test_an_argued_refusal_goes_to_a_person_with_a_ticket(shop: Shop) -> None:
    shop.refused = {"return": "review_by_person"}
    slots = {"orders_number": SHOES.number, "after_sales_kind": "return", "after_sales_reason": "凭什么不给退"}
    done = run(ActionAfterSalesOpen(), "凭什么", "after_sales_return", slots=slots)
    assert done.said == ["utter_after_sales_person_refund_dispute"] and done.then == "action_handoff"
    assert shop.done == [("ticket", "refund_dispute", "凭什么不给退")]


def test_a_refusal_keeps_the_order_and_the_words_for_the_next_try(shop: Shop) -> None:
    shop.refused = {"refund": "return_instead"}
    slots = {"orders_number": SHOES.number, "after_sales_kind": "refund", "after_sales_reason": "不喜欢"}
    refused = run(ActionAfterSalesOpen(), slots=slots)
    assert refused.said == ["utter_after_sales_open_rejected_return_instead"]
    assert refused.messages[0]["number"] == SHOES.number
    assert refused.slots["after_sales_told"] == {"number": SHOES.number, "text": "不喜欢"}


# ── something is wrong, nothing asked yet ─────────────────────────────────────


def test_what_fits_the_fault_is_proposed_for_the_right_order(shop: Shop) -> None:
    shop.reason_code, shop.proposed = "wrong_item", (("exchange", "换货"), ("return", "退货"))
    told = run(ValidateAfterSalesProblemForm(), "发错颜色了", "after_sales_report_problem", form="after_sales_problem_form").slots
    assert told["orders_number"] == SHOES.number and told["requested_slot"] is None
    said = run(ActionAfterSalesPropose(), slots={"orders_number": SHOES.number, "after_sales_problem": "发错颜色了"})
    assert said.said == ["utter_after_sales_propose_wrong_item"]
    assert [b["payload"] for b in said.buttons] == [
        f'/after_sales_{kind}{{"orders_number": "{SHOES.number}"}}' for kind in ("exchange", "return")
    ]
    kept = said.slots["after_sales_told"]
    pressed = fill(
        f'/after_sales_return{{"orders_number": "{SHOES.number}"}}', "after_sales_return",
        slots={"after_sales_kind": "return", "after_sales_told": kept}, entities={"orders_number": SHOES.number},
    ).slots  # fmt: skip
    assert pressed["after_sales_reason"] == "发错颜色了", "what was said is the reason"


def test_a_problem_without_words_is_asked_for() -> None:
    form = "after_sales_problem_form"
    asked = run(ValidateAfterSalesProblemForm(), "/after_sales_report_problem", "after_sales_report_problem", form=form).slots
    assert asked["requested_slot"] == "after_sales_problem"


def test_danger_goes_to_a_person_at_once(shop: Shop) -> None:
    shop.person = "safety"
    done = run(ActionAfterSalesPropose(), slots={"orders_number": SHOES.number, "after_sales_problem": "漏电把我电到了"})
    assert done.said == ["utter_after_sales_person_review"] and done.then == "action_handoff"
    assert shop.done == [("ticket", "review", "漏电把我电到了")]


def test_where_nothing_can_be_done_the_reason_is_told(shop: Shop) -> None:
    shop.refused = {"return": "return_window_passed"}
    done = run(ActionAfterSalesPropose(), slots={"orders_number": SHOES.number, "after_sales_problem": "坏了"})
    assert done.said == ["utter_after_sales_open_rejected_return_window_passed"]


# ── slips ─────────────────────────────────────────────────────────────────────

SLIP = Return("TH202611210001", SHOES.number, "跑步鞋", "退货", "待寄回", "awaiting_goods", "99.00", "原路", None, "请寄回", kind="return")


def test_when_goods_are_fetched_can_be_changed(shop: Shop) -> None:
    shop.slips, shop.pickups = {"C1": [SLIP]}, TIMES
    assert run(ActionAfterSalesStatus()).said == ["utter_after_sales_status_awaiting_goods"]
    known = {"after_sales_slip": SLIP.slip}
    offered = run(ActionAfterSalesStatus(), entities={**known, "after_sales_pickup": "choose"})
    assert offered.said == ["utter_after_sales_fetch"] and len(offered.buttons) == 2
    chosen = run(ActionAfterSalesStatus(), entities={**known, "after_sales_pickup": TIMES[1][0]})
    assert chosen.said == ["utter_after_sales_fetched"] and shop.done == [("fetch", SLIP.slip, TIMES[1][0])]


def test_an_unknown_slip_is_said_to_be() -> None:
    assert run(ActionAfterSalesStatus(), entities={"after_sales_slip": "TH209901010001"}).said == ["utter_after_sales_not_found"]


BRUSHES = replace(SHOES, title="电动牙刷", items=(OrderItem(1, "电动牙刷 云白", 2),))


def of_two(shop: Shop, kind: str = "return") -> dict[str, Any]:
    """What is known before the last question, of a line that was bought twice."""
    shop.orders, shop.amounts = {"C1": [BRUSHES]}, {"return": "318.00", "refund": "318.00"}
    whole = {"title": "电动牙刷", "count": 2, "amount": shop.amounts.get(kind), "parted": True}
    return {**KNOWN, "after_sales_kind": kind, "after_sales_reason": "不喜欢", "after_sales_whole": whole}


def test_what_is_confirmed_names_the_pieces_and_the_money(shop: Shop) -> None:
    slots = of_two(shop)
    told = fill("不喜欢", asked="after_sales_reason", slots={**slots, "after_sales_reason": None, "after_sales_whole": None}).slots
    assert told["after_sales_whole"] == {**slots["after_sales_whole"], "costs": {}}
    asked = run(AskAfterSalesConfirmed(), slots=slots)
    assert asked.said == ["utter_ask_after_sales_confirmed_return"]
    assert "×2" in asked.messages[0]["pieces"] and "318.00" in asked.messages[0]["back"]


def test_one_piece_names_no_number(shop: Shop) -> None:
    whole = {"title": "跑步鞋", "count": 1, "amount": None, "parted": True}
    asked = run(AskAfterSalesConfirmed(), slots={**KNOWN, "after_sales_kind": "repair", "after_sales_whole": whole})
    assert (asked.messages[0]["pieces"], asked.messages[0]["back"]) == ("", "")


@pytest.mark.parametrize("kind", ["return", "refund", "exchange", "repair"])
def test_fewer_pieces_than_the_line_has_are_never_silently_all(shop: Shop, kind: str) -> None:
    slots = of_two(shop, kind)
    begun = fill("退一个", f"after_sales_{kind}", slots={"after_sales_kind": kind}, entities={"quantity": "1"}).slots
    assert begun["after_sales_quantity"] == 1
    asked = run(AskAfterSalesConfirmed(), slots={**slots, "after_sales_quantity": 1})
    assert asked.said == [f"utter_ask_after_sales_confirmed_whole_{kind}"]
    assert (asked.messages[0]["count"], asked.messages[0]["meant"]) == (2, 1)


@pytest.mark.parametrize("before", [None, 1])
def test_yes_but_only_one_is_no_yes(shop: Shop, before: int | None) -> None:
    slots = {**of_two(shop), "after_sales_quantity": before}
    again = fill("对，就一个", "chat_affirm", asked="after_sales_confirmed", slots=slots, entities={"quantity": "1"}).slots
    assert again["after_sales_confirmed"] is None and again["requested_slot"] == "after_sales_confirmed"
    assert again.get("after_sales_quantity", before) == 1
    both = fill("对，两个都退", "chat_affirm", asked="after_sales_confirmed", slots=slots, entities={"quantity": "2"}).slots
    assert both["after_sales_confirmed"] is True


AT_THE_END = {
    **KNOWN, "after_sales_kind": "exchange", "after_sales_reason": "小了", "after_sales_reason_code": "size",
    "after_sales_variant": "黑白 42 码", "after_sales_variants": ["黑白 41 码", "黑白 42 码"],
}  # fmt: skip


@pytest.mark.parametrize(("words", "intent"), [("好，换41码的", "chat_affirm"), ("换41码", "after_sales_exchange"), ("41码吧", "chat_inform")])
def test_another_size_beside_a_yes_is_read_back_first(shop: Shop, words: str, intent: str) -> None:
    shop.variants, shop.reason_code = SIZES, "size"
    other = fill(words, intent, asked="after_sales_confirmed", slots=AT_THE_END, entities={"size": "41"}).slots
    assert other["after_sales_variant"] == "黑白 41 码"
    assert other.get("after_sales_confirmed") is None and other["requested_slot"] == "after_sales_confirmed"


def test_a_size_that_cannot_be_had_is_no_yes_to_the_one_before(shop: Shop) -> None:
    shop.variants, shop.reason_code = SIZES, "size"
    other = fill("换45码吧", "chat_affirm", asked="after_sales_confirmed", slots=AT_THE_END, entities={"size": "45"})
    assert other.said == ["utter_after_sales_variant_unknown"] and other.slots["requested_slot"] == "after_sales_variant"


def test_the_same_size_again_is_a_plain_yes(shop: Shop) -> None:
    shop.variants, shop.reason_code = SIZES, "size"
    slots = {**AT_THE_END, "after_sales_variant": "黑白 41 码"}
    same = fill("对，就换41码", "chat_affirm", asked="after_sales_confirmed", slots=slots, entities={"size": "41"}).slots
    assert same["after_sales_confirmed"] is True and same["requested_slot"] is None


@pytest.mark.parametrize("words", ["鞋底还开胶了", "好的，鞋面还有个破洞"])
def test_a_fault_told_at_the_end_becomes_the_reason(shop: Shop, words: str) -> None:
    slots = {**KNOWN, "after_sales_kind": "return", "after_sales_reason": "不喜欢", "after_sales_reason_code": "no_reason"}
    told = fill(words, "after_sales_report_problem", asked="after_sales_confirmed", slots=slots).slots
    assert told["after_sales_reason_code"] in ("quality", "damaged") and told["requested_slot"] == "after_sales_confirmed"


def test_a_fault_stays_the_reason_beside_a_mere_wish(shop: Shop) -> None:
    told = {"number": SHOES.number, "text": "鞋底开胶了", "code": "quality"}
    slots = {**KNOWN, "after_sales_kind": "return", "after_sales_told": told}
    filed = fill("不想要了，退吧", "after_sales_return", slots=slots).slots
    assert (filed["after_sales_reason"], filed["after_sales_reason_code"]) == ("鞋底开胶了", "quality")


# ── after it is open, and what cannot be had ──────────────────────────────────


def test_the_time_is_changed_in_words(shop: Shop) -> None:
    shop.pickups, shop.slips = TIMES, {"C1": [SLIP]}
    at = [{"kind": "day", "value": "2026-11-22", "start": 0, "end": 2}, {"kind": "span", "value": "12:00/18:00", "start": 2, "end": 4}]
    asked = {"after_sales_slip": SLIP.slip, "after_sales_pickup": "choose"}
    changed = run(ActionAfterSalesStatus(), "明天下午来取行不行", entities=asked, message={"values": at})
    assert changed.said == ["utter_after_sales_fetched"] and shop.done == [("fetch", SLIP.slip, TIMES[1][0])]
    late = [{"kind": "day", "value": "2026-11-27", "start": 0, "end": 2}]
    told = run(ActionAfterSalesStatus(), "周五来取", entities=asked, message={"values": late})
    assert told.said == ["utter_after_sales_pickup_out_of_range", "utter_after_sales_fetch"] and len(shop.done) == 1


def test_a_part_of_the_money_is_told_to_be_a_persons_matter(shop: Shop) -> None:
    known = {**KNOWN, "after_sales_kind": "return"}
    part = fill("退我一半钱得了，东西我留着", "after_sales_return", slots=known).slots
    assert part["after_sales_partial"] and part["requested_slot"] is None
    said = run(ActionAfterSalesOpen(), slots={**known, "after_sales_partial": True})
    assert said.said == ["utter_after_sales_partial"] and shop.done == []


WEAR = replace(order("202611100007", "signed", "return", title="羊毛手套 等 2 件"), items=(OrderItem(1, "羊毛手套 灰色", 1), OrderItem(2, "护眼台灯", 1)))
POT = order("202611100008", "signed", "return", title="陶瓷炖锅")
GLOVES = {
    "orders_number": WEAR.number, "orders_title": WEAR.title, "orders_checked": f"{FORM}:possible", "after_sales_kind": "return",
    "after_sales_line": "1", "after_sales_reason": "不喜欢", "after_sales_reason_code": "no_reason",
    "after_sales_pieces": [{"line": 1, "title": "羊毛手套 灰色"}, {"line": 2, "title": "护眼台灯"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("对，退台灯就行", {"after_sales_line": 2}),
        ("手套不退，台灯退", {"after_sales_line": 2}),
        ("对，退炖锅", {"orders_number": POT.number}),
        ("炖锅不退哈", {}),
        ("台灯不用退", {}),
        ("对，退那个洗衣机", {}),
    ],
)
def test_a_yes_that_names_another_thing_changes_it_and_asks_again(shop: Shop, words: str, changed: dict[str, Any]) -> None:
    shop.orders = {"C1": [WEAR, POT]}
    correct = {"commands": [{"command": "correct", "slot": "orders_number", "value": words}]}
    told = fill(words, asked="after_sales_confirmed", slots=GLOVES, message=correct)
    assert told.slots.get("after_sales_confirmed") is None and told.slots["requested_slot"] is not None
    asked = ("after_sales_line", "orders_number")
    assert {name: told.slots[name] for name in asked if told.slots.get(name) is not None} == changed


COLOURS = (Variant("白色", 3, True), Variant("黑色", 3, False), Variant("青轴", 2, False))


def test_a_colour_that_is_disliked_is_none_that_is_wanted(shop: Shop) -> None:
    shop.variants, shop.reason_code = COLOURS, "no_reason"
    slots = {**KNOWN, "after_sales_kind": "exchange", "chat_given": {"colour": {"value": "黑色", "at": 0}}}
    disliked = {"values": [{"kind": "reason", "value": "白色的看腻了", "code": "no_reason", "start": 0, "end": 6}]}
    told = fill("白色的看腻了", asked="after_sales_reason", slots=slots, message=disliked).slots
    assert told["after_sales_variant"] == "黑色", "what was wished for at first"


def test_nothing_is_exchanged_for_the_very_same(shop: Shop) -> None:
    shop.variants, shop.reason_code = COLOURS, "no_reason"
    slots = {**KNOWN, "after_sales_kind": "exchange", "after_sales_reason": "手感不好", "after_sales_variants": ["黑色", "青轴"]}
    same = fill("白色", asked="after_sales_variant", slots=slots, entities={"colour": "白色"})
    assert same.said == ["utter_after_sales_variant_same"] and same.slots["after_sales_variant"] is None
    shop.reason_code = "quality"
    faulty = fill("白色", asked="after_sales_variant", slots=slots, entities={"colour": "白色"})
    assert faulty.slots["after_sales_variant"] == "白色", "what is faulty is sent again"


SHIRTS = tuple(Variant(f"{colour} {size}", 2, (colour, size) == ("米色", "M")) for colour in ("墨绿", "米色") for size in ("S", "M", "L", "XL"))


@pytest.mark.parametrize(
    ("values", "variants", "meant"),
    [
        (["+1"], SHIRTS, "米色 L"), (["-1"], SHIRTS, "米色 S"), (["+2"], SHIRTS, "米色 XL"), (["墨绿", "+1"], SHIRTS, "墨绿 L"),
        (["墨绿", "M"], SHIRTS, "墨绿 M"), (["M", "+1"], SHIRTS, "米色 L"), (["XL", "+1"], SHIRTS, "米色 XL"),
        (["+1"], SIZES, "黑白 43 码"), (["42码"], SIZES, None), (["-1"], SIZES, "黑白 41 码"), (["-2"], SIZES, None), (["+0.5"], SIZES, None),
    ],
)  # fmt: skip
def test_the_size_next_to_the_bought_one_is_meant(values: list[str], variants: tuple[Variant, ...], meant: str | None) -> None:
    own = next(variant for variant in variants if variant.own)
    others = tuple(variant for variant in variants if not variant.own)
    found = meant_variant("", wished_looks(values, own, variants), others, own.name)
    assert (found.name if found else None) == meant


def test_where_the_size_is_the_trouble_the_next_ones_come_first() -> None:
    names = [variant.name for variant in SHIRTS if not variant.own]
    own = next(variant for variant in SHIRTS if variant.own)
    assert near(names, own, "size")[:2] == ["米色 S", "米色 L"]


def test_what_fetching_costs_and_how_long_it_takes_is_told_before_the_yes() -> None:
    costs = {"send": "自己寄的钱", "fetched": "取件的钱", "goods_eta": "修一个星期"}
    whole = {"title": "跑步鞋", "count": 1, "amount": None, "parted": True, "costs": costs}
    slots = {**KNOWN, "after_sales_whole": whole, "after_sales_pickups": [list(time) for time in TIMES]}
    kind, fetched = {"after_sales_kind": "return"}, {"after_sales_pickup": TIMES[0][0]}
    assert run(AskAfterSalesPickup(), slots={**slots, **kind}).messages[0]["fee"] == "取件的钱"
    assert run(AskAfterSalesConfirmed(), slots={**slots, **kind, **fetched}).messages[0]["costs"] == "取件的钱"
    assert run(AskAfterSalesConfirmed(), slots={**slots, **kind, "after_sales_pickup": "self"}).messages[0]["costs"] == "自己寄的钱"
    told = run(AskAfterSalesConfirmed(), slots={**slots, **fetched, "after_sales_kind": "repair"}).messages[0]["costs"]
    assert "修一个星期" in told and "取件的钱" in told
