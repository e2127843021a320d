"""Complaints are graded by declared rules; what must not happen by itself goes to a person; remedies fit the fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from backoffice.clock import SHANGHAI
from backoffice.models import Return, Ticket
from backoffice.rules import complaints, pickups
from backoffice.rules.complaints import ComplaintFacts
from backoffice.rules.service_points import nearest
from backoffice.states import (
    Category,
    Level,
    OrderState,
    ReturnKind,
    ReturnReason,
    ReturnState,
    TicketPriority,
)
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, NOW, Goods, Shop

NORMAL, URGENT, MAJOR = TicketPriority.NORMAL, TicketPriority.URGENT, TicketPriority.MAJOR


@pytest.mark.parametrize(
    ("facts", "grade", "tag"),
    [
        (ComplaintFacts("客服回复太慢"), NORMAL, None),
        (ComplaintFacts("充电宝着火了"), MAJOR, "人身安全"),
        (ComplaintFacts("插上就漏电"), MAJOR, "人身安全"),
        (ComplaintFacts("孩子误买了游戏机"), MAJOR, "未成年人消费"),
        (ComplaintFacts("再不解决我打12315"), MAJOR, "监管投诉"),
        (ComplaintFacts("我要起诉你们"), MAJOR, "法律途径"),
        (ComplaintFacts("让律师来谈"), MAJOR, "法律途径"),
        (ComplaintFacts("找媒体曝光"), MAJOR, "媒体曝光"),
        (ComplaintFacts("去消协告"), MAJOR, "监管投诉"),
        (ComplaintFacts("太慢", sentiment="angry"), URGENT, "情绪激动"),
        (ComplaintFacts("太慢", sentiment="angry", on_order_before=2), MAJOR, "矛盾升级"),
        (ComplaintFacts("太慢", on_order_before=1), URGENT, "同单重复"),
        (ComplaintFacts("太慢", open_before=2), URGENT, "多次投诉"),
        (ComplaintFacts("太慢", order_fen=500_001), URGENT, "大额订单"),
        (ComplaintFacts("太慢", level=Level.DIAMOND), URGENT, "钻石会员"),
        (ComplaintFacts("太慢", level=Level.GOLD), NORMAL, None),
        (ComplaintFacts("退货被拒"), URGENT, "退款争议"),
        (ComplaintFacts("快递员骂人"), URGENT, "辱骂客户"),
    ],
)
def test_grades(facts: ComplaintFacts, grade: TicketPriority, tag: str | None) -> None:
    graded = complaints.grade(facts)
    assert graded.grade is grade
    assert tag is None or tag in graded.tags


def test_every_rule_is_named_once_and_says_why() -> None:
    names = [rule.name for rule in complaints.RULES]
    assert len(names) == len(set(names))
    assert all(rule.tag and rule.grade is not NORMAL for rule in complaints.RULES)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("我要投诉", True),
        ("投诉", True),
        ("怎么投诉商家？", True),
        ("请问投诉电话是多少", True),
        ("我要投诉你们客服", True),
        ("投诉，帮我登记一下", True),
        ("我要投诉快递员骂人", False),
        ("态度太差了", False),
        ("打12315", False),
        ("投诉，退款拖了半个月", False),
    ],
)
def test_whether_anything_was_told(text: str, bare: bool) -> None:
    assert complaints.is_bare(text) is bare


@pytest.mark.parametrize(
    ("text", "state", "remedy"),
    [
        ("一周了还没到", OrderState.SHIPPED, "urge_parcel"),
        ("怎么还没发货", OrderState.PAID, "urge_shipping"),
        ("显示签收我没收到", OrderState.SIGNED, "report_parcel"),
        ("收到就是碎的", OrderState.SIGNED, "send_back"),
        ("收到就是碎的", None, "send_back"),
        ("不给退款", OrderState.SIGNED, "refund_status"),
        ("客服态度差", OrderState.SIGNED, None),
        ("怎么还没发货", OrderState.CANCELLED, None),
    ],
)
def test_what_helps_at_once(text: str, state: OrderState | None, remedy: str | None) -> None:
    assert complaints.remedy(text, state) == remedy


def test_first_answers_wait_for_the_morning() -> None:
    night = datetime(2026, 11, 21, 2, 0, tzinfo=SHANGHAI)
    assert complaints.respond_by(URGENT, NOW) == NOW + timedelta(minutes=15)
    assert complaints.respond_by(MAJOR, night) == night.replace(hour=8, minute=15)
    assert complaints.close_by(MAJOR, NOW) == NOW + timedelta(hours=24)
    assert complaints.close_by(URGENT, NOW) is None


def complain(office: Office, text: str, **more: Any) -> dict[str, Any]:
    answer = office.send("/tickets", {"kind": "complaint", "subject": text[:20], "text": text, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_complaint_keeps_what_was_said_and_promises_what_the_document_does(
    office: Office, shop: Shop
) -> None:
    number = shop.order(OrderState.SIGNED)
    said = [{"who": "customer", "text": "我要投诉"}]
    filed = complain(
        office, "耳机着火了", order_number=number, sentiment="angry", transcript=said, conversation_id="c1"
    )
    assert (filed["priority_code"], filed["order_number"]) == ("major", number)
    assert {"人身安全", "情绪激动"} <= set(filed["tags"])
    assert filed["due_at"].startswith("2026-11-25"), "three working days, whatever the grade"
    assert filed["respond_by"] == (NOW + timedelta(minutes=15)).isoformat(timespec="seconds")
    assert filed["close_by"] == (NOW + timedelta(hours=24)).isoformat(timespec="seconds")
    kept = shop.get(Ticket, filed["number"])
    assert kept.sentiment == "angry" and kept.transcript[0]["text"] == "我要投诉"


def test_complaining_again_of_the_same_order_is_graver(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    assert complain(office, "包装太简陋", order_number=number)["priority_code"] == "normal"
    again = complain(office, "包装太简陋", order_number=number)
    assert again["priority_code"] == "urgent" and "同单重复" in again["tags"]


def test_the_same_matter_of_one_talk_is_one_ticket_another_matter_is_not(office: Office) -> None:
    talk = {"conversation_id": "c1"}
    first = complain(office, "客服态度太差，骂人", **talk)
    assert complain(office, "那个客服还挂我电话", **talk)["number"] == first["number"]
    assert complain(office, "快递一周没到", **talk)["number"] != first["number"]
    assert complain(office, "客服态度太差", conversation_id="c2")["number"] != first["number"]


def test_a_complaint_taken_back_is_closed_and_the_next_is_a_new_one(office: Office, shop: Shop) -> None:
    number = shop.order(state=OrderState.COMPLETED)
    first = complain(office, "杯子碎了", order_number=number)
    back = office.send(f"/tickets/{first['number']}/withdraw").json()
    assert back["state_code"] == "closed" and back["comments"][-1]["text"] == "客户撤回了投诉。"
    assert complain(office, "杯子碎了", order_number=number)["number"] != first["number"]


def test_a_look_files_nothing(office: Office, shop: Shop) -> None:
    before = shop.everything()
    told = office.send("/tickets/complaint-look", {"text": "我要投诉"}).json()
    assert told["is_bare"] and told["grade_code"] == "normal"
    assert shop.everything() == before


def test_repeated_contact_has_one_ticket_an_order(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.PAID)
    body = {"kind": "repeated_contact", "subject": number, "text": "怎么还没发", "order_number": number}
    first, again = office.send("/tickets", body), office.send("/tickets", {**body, "text": "又来问了"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["number"] == again.json()["number"]
    assert [comment["text"] for comment in again.json()["comments"]] == ["怎么还没发", "又来问了"]


# ── a person first ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("price_fen", "reason", "code"),
    [
        (500_001, "不喜欢", "large_refund"),
        (19_900, "插上漏电", "safety"),
        (19_900, "孩子误买的", "minor"),
    ],
)
def test_what_a_person_has_to_see_is_taken_down_and_waits(
    office: Office, shop: Shop, price_fen: int, reason: str, code: str
) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods(sku=f"S-{code}", price_fen=price_fen)])
    slip = office.send("/returns", {"order_number": number, "kind": "return", "reason": reason}).json()
    assert slip["state_code"] == "reviewing" and slip["review_by_person"]["code"] == code
    ticket = shop.get(Ticket, slip["review_by_person"]["ticket_number"])
    assert ticket.kind == "review" and ticket.order_number == number


def test_small_refunds_need_nobody(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods(price_fen=500_000)])
    slip = office.send("/returns", {"order_number": number, "kind": "return", "reason": "不喜欢"}).json()
    assert slip["state_code"] == "awaiting_goods" and slip["review_by_person"] is None


def rejected_slip(number: str) -> Return:
    return Return(
        slip="TH202611200009",
        customer_id=ANNA,
        order_number=number,
        line=1,
        kind=ReturnKind.RETURN,
        state=ReturnState.REJECTED,
        reason="坏了",
        reason_code=ReturnReason.QUALITY,
        created_at=NOW - timedelta(days=1),
    )


def test_an_argued_refusal_is_a_persons(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    shop.add(rejected_slip(number))
    answer = office.send("/returns", {"order_number": number, "kind": "return", "reason": "凭什么"})
    assert (answer.status_code, answer.json()["code"]) == (409, "review_by_person")
    assert office.get(f"/orders/{number}").json()["allowed"]["return"]["code"] == "review_by_person"
    assert "退款争议" in complain(office, "结果不公平", order_number=number)["tags"]


# ── what can be done ──────────────────────────────────────────────────────────


def options(office: Office, number: str, text: str | None, **more: Any) -> dict[str, Any]:
    answer = office.send("/returns/options", {"order_number": number, "text": text, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    ("days", "text", "proposed"),
    [
        (2, "少发了一副", ["exchange", "refund"]),
        (2, "发错颜色了", ["exchange", "return"]),
        (2, "屏幕碎了", ["exchange", "return", "repair"]),
        (10, "充不进电，坏了", ["exchange", "repair"]),
        (20, "用着用着坏了", ["repair"]),
        (400, "坏了", []),
        (2, "太大了", ["exchange", "return"]),
    ],
)
def test_the_remedy_fits_fault_and_time(
    office: Office, shop: Shop, days: int, text: str, proposed: list[str]
) -> None:
    state = OrderState.SIGNED if days < 10 else OrderState.COMPLETED
    number = shop.order(state, signed_at=NOW - timedelta(days=days))
    assert [each["kind"] for each in options(office, number, text)["proposed"]] == proposed


def test_what_comes_back_is_told_before_and_is_what_comes_back(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, goods=[Goods("BRUSH-1", "电动牙刷", "云白", quantity=2, price_fen=15900)])
    amounts = {each["kind"]: each["refund_amount"] for each in options(office, number, "不喜欢")["kinds"]}
    assert amounts["return"] == "318.00" and amounts["exchange"] is None and amounts["repair"] is None
    slip = office.send("/returns", {"order_number": number, "kind": "return", "reason": "不喜欢"}).json()
    assert slip["refund_amount"] == amounts["return"]


def test_rotten_fruit_is_paid_back_unsent(office: Office, shop: Shop) -> None:
    fruit = Goods("FRUIT-1", "苹果", "5 斤", Category.FRESH, product={"warranty_months": 0})
    number = shop.order(OrderState.SIGNED, signed_at=NOW - timedelta(hours=5), goods=[fruit])
    assert [each["kind"] for each in options(office, number, "烂了三个")["proposed"]] == ["refund"]


def test_what_was_missing_is_sent_after(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    assert options(office, number, "少了充电线")["proposed"][0]["label"] == "补发"
    body = {"order_number": number, "kind": "exchange", "reason": "少了充电线"}
    slip = office.send("/returns", body).json()["slip"]
    office.clock.now = NOW + timedelta(hours=25)
    told = office.get(f"/returns/{slip}").json()
    assert told["state_code"] == "done" and "补发" in told["next_step"]


def test_goods_are_fetched_within_two_days(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    offers = pickups.offers(NOW)
    assert offers[0] == "2026-11-22 上午" and offers[-1] == "2026-11-23 下午", "at three nothing is left of today"
    told = options(office, number, "不喜欢")
    assert [each["value"] for each in next(k for k in told["kinds"] if k["kind"] == "return")["pickups"]] == offers
    body = {"order_number": number, "kind": "return", "reason": "不喜欢", "pickup": offers[0]}
    slip = office.send("/returns", body).json()
    assert slip["pickup"]["value"] == offers[0] and "上午" in slip["next_step"]
    changed = office.send(f"/returns/{slip['slip']}/pickup", {"pickup": offers[2]}).json()
    assert changed["pickup"]["value"] == offers[2]
    late = office.send(f"/returns/{slip['slip']}/pickup", {"pickup": "2026-11-30 上午"})
    assert (late.status_code, late.json()["code"]) == (409, "pickup_out_of_range")


def test_large_goods_are_not_fetched(office: Office, shop: Shop) -> None:
    fridge = Goods("FRIDGE-1", "冰箱", "银", Category.APPLIANCE, product={"is_large": True})
    number = shop.order(OrderState.SIGNED, goods=[fridge])
    body = {"order_number": number, "kind": "return", "pickup": "2026-11-22 上午"}
    assert office.send("/returns", body).json()["code"] == "pickup_not_offered"


def test_a_repair_knows_the_warranty_and_the_nearest_point(office: Office, shop: Shop) -> None:
    inside = shop.order(OrderState.COMPLETED, signed_at=NOW - timedelta(days=100))
    slip = office.send("/returns", {"order_number": inside, "kind": "repair", "reason": "不充电"}).json()
    assert "保修期内" in slip["next_step"] and slip["service_point"]["name"] == "灵犀售后杭州服务点"
    outside = shop.order(OrderState.COMPLETED, signed_at=NOW - timedelta(days=400))
    body = {"order_number": outside, "kind": "repair", "reason": "不充电"}
    assert office.send("/returns", body).json()["code"] == "warranty_passed"
    paid = office.send("/returns", {**body, "is_paid": True}).json()
    assert paid["is_paid_repair"] and "报价" in paid["next_step"]


def test_the_point_in_the_province_where_the_city_has_none() -> None:
    assert nearest("浙江省", "衢州市") == nearest("浙江省", "杭州市")
    assert nearest("西藏自治区", "拉萨市") is None


# ── parcels ───────────────────────────────────────────────────────────────────


def test_a_look_at_an_arrangement_tells_what_exists(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED)
    path = f"/shipments/LXWL{number}/arrange-look"
    bare = office.send(path, {"how": "date"}).json()
    assert bare["permission"]["ok"] and bare["dates"][0] == "2026-11-22" and "上午" in bare["time_slots"]
    wrong = office.send(path, {"how": "time_slot", "value": "22:00-23:00"}).json()
    assert wrong["permission"]["code"] == "time_slot_out_of_range"
    named = office.send(path, {"how": "leave_with", "value": "放门卫就行"}).json()
    assert named["named"] == "门卫"


def test_a_second_report_of_a_parcel_is_known(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED)
    told = [office.send(f"/shipments/LXWL{number}/report", {"problem": "lost"}).json() for _ in range(2)]
    assert [each["is_new"] for each in told] == [True, False]
