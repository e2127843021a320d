"""What is done when a rule allows it, told by the answers and the rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from backoffice.clock import SHANGHAI
from backoffice.models import (
    Coupon,
    Customer,
    Invoice,
    Order,
    PointsEntry,
    PriceProtection,
    Product,
    Refund,
    Return,
)
from backoffice.states import (
    CouponKind,
    CouponState,
    InvoiceState,
    Level,
    OrderState,
    PaymentMethod,
    RefundState,
    SellerType,
    ShipmentState,
)
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, NOW, Goods, Shop

HALF = Goods(price_fen=20_000, paid_fen=20_000)


def test_cancelling_gives_back_money_goods_coupon_and_points(office: Office, shop: Shop) -> None:
    number = shop.order(
        goods=[Goods(price_fen=10_000, quantity=2)],
        points_used=500,
        gift_card_fen=5_000,
        balance_fen=3_000,
    )
    shop.add(
        Coupon(
            id="CP1",
            customer_id=ANNA,
            name="满 59 减 10",
            kind=CouponKind.PLATFORM,
            value_fen=1_000,
            state=CouponState.USED,
            valid_from=NOW - timedelta(days=5),
            valid_to=NOW + timedelta(days=5),
            order_number=number,
        )
    )
    answer = office.send(f"/orders/{number}/cancel", {"reason": "买错了"}).json()
    assert (answer["state"], answer["state_code"]) == ("已取消", "cancelled")
    assert (answer["cancel_reason"], answer["cancel_reason_code"]) == ("买错了", "customer")
    told = {(each["route"], each["amount"], each["eta"], each["state_code"]) for each in answer["refunds"]}
    assert told == {
        ("原路退回微信支付", "120.00", "1 至 3 个工作日", "sent"),
        ("原路退回礼品卡", "50.00", "即时到账", "arrived"),
        ("退到账户余额（可以提现）", "30.00", "即时到账", "arrived"),
    }
    assert shop.get(Product, "EAR-WHITE").stock == 12
    assert shop.get(Coupon, "CP1").state is CouponState.UNUSED
    customer = shop.get(Customer, ANNA)
    assert (customer.points, customer.balance_fen) == (500, 3_000)
    entry = shop.all(PointsEntry)[0]
    assert (entry.change, entry.expires_on) == (500, datetime(2026, 12, 31).date())


def test_cancelling_an_unpaid_order_refunds_nothing(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.UNPAID)
    assert office.send(f"/orders/{number}/cancel").json()["refunds"] == []
    assert shop.count(Refund) == 0


def test_cash_on_delivery_goes_to_the_balance(office: Office, shop: Shop) -> None:
    number = shop.order(payment_method=PaymentMethod.CASH_ON_DELIVERY)
    assert office.send(f"/orders/{number}/cancel").json()["refunds"][0]["route"] == "退到账户余额（可以提现）"
    assert shop.get(Customer, ANNA).balance_fen == 19_900


def test_a_merchant_is_asked_and_its_silence_agrees(office: Office, shop: Shop) -> None:
    number = shop.order(seller=SellerType.MERCHANT)
    asked = office.send(f"/orders/{number}/cancel").json()
    assert (asked["state"], asked["state_code"]) == ("取消审核中", "paid")
    assert asked["cancel_request"]["decide_by"] == "2026-11-22T15:00:00+08:00"
    office.clock.now = NOW + timedelta(hours=23)
    assert office.get(f"/orders/{number}").json()["state_code"] == "paid"
    office.clock.now = NOW + timedelta(hours=24)
    assert office.get(f"/orders/{number}").json()["state_code"] == "cancelled"
    assert shop.count(Refund) == 1


def test_a_cancellation_under_review_can_be_withdrawn(office: Office, shop: Shop) -> None:
    number = shop.order(seller=SellerType.MERCHANT)
    office.send(f"/orders/{number}/cancel")
    kept = office.send(f"/orders/{number}/cancel/withdraw").json()
    assert (kept["state"], kept["cancel_request"]) == ("待发货", None)
    office.clock.now = NOW + timedelta(days=3)
    assert office.get(f"/orders/{number}").json()["state_code"] == "paid"


def test_an_unpaid_order_lapses_at_its_time(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.UNPAID)
    office.clock.now = NOW + timedelta(minutes=21)
    order = office.get(f"/orders/{number}").json()
    assert (order["state_code"], order["cancel_reason_code"]) == ("cancelled", "payment_expired")
    assert order["cancelled_at"] == "2026-11-21T15:20:00+08:00"
    assert office.get("/orders", params={"state_code": "cancelled"}).json()["total"] == 1


def test_a_signed_order_completes_on_the_tenth_day_and_earns_points(office: Office, shop: Shop) -> None:
    shop.customer("C9", level=Level.GOLD)
    number = shop.order(OrderState.SIGNED, customer_id="C9", signed_at=NOW)
    office.clock.now = datetime(2026, 11, 30, 23, 59, tzinfo=SHANGHAI)
    assert office.get(f"/orders/{number}", "C9").json()["state_code"] == "signed"
    office.clock.now = datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI)
    assert office.get(f"/orders/{number}", "C9").json()["completed_at"] == "2026-12-01T00:00:00+08:00"
    points = office.get("/points", "C9").json()
    assert (points["balance"], points["worth"]) == (298, "2.98")
    assert points["entries"][0]["expires_on"] == "2027-12-31"


def test_a_change_is_kept_and_the_address_completed(office: Office, shop: Shop) -> None:
    number = shop.order()
    wanted = {
        "recipient": "李样例",
        "phone": "13911112222",
        "address": "余杭区良渚街道 5 号",
        "remark": "放门口",
    }
    order = office.send(f"/orders/{number}", wanted, method="PATCH").json()
    assert order["address"] == "浙江省杭州市余杭区良渚街道 5 号"
    assert (order["recipient"], order["phone_masked"], order["remark"]) == ("李样例", "139****2222", "放门口")
    same = office.send(f"/orders/{number}", {"address": order["address"]}, method="PATCH")
    assert same.status_code == 200, "the same address again is no second change"
    other = office.send(f"/orders/{number}", {"address": "拱墅区样例路 2 号"}, method="PATCH")
    assert other.json()["code"] == "address_change_limit"


def test_a_delivery_date_can_be_moved_twice(office: Office, shop: Shop) -> None:
    number = shop.order()
    days = ["2026-11-25", "2026-11-26", "2026-11-28"]
    codes = [
        office.send(f"/orders/{number}", {"delivery_date": day}, method="PATCH").status_code for day in days
    ]
    assert codes == [200, 200, 409]


def test_urging_tells_the_promise(office: Office, shop: Shop) -> None:
    number = shop.order(seller=SellerType.MERCHANT)
    answer = office.send(f"/orders/{number}/urge").json()
    paid = shop.get(Order, number).paid_at
    assert paid is not None
    assert answer["promised_ship_by"] == (paid + timedelta(hours=48)).isoformat()
    assert answer["ticket_number"] == "GD202611210001"


def test_a_return_of_the_shops_own_goods_is_approved_at_once(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    slip = office.send("/returns", {"order_number": number, "kind": "return", "reason": "不喜欢"}).json()
    assert (slip["slip"], slip["state"], slip["deadline"]) == ("TH202611210001", "待寄回", "2026-11-28")
    assert (slip["refund_amount"], slip["refund_route"]) == ("199.00", "原路退回微信支付")
    assert "售后" in slip["return_address"]
    assert "10 元" in slip["next_step"]
    order = office.get(f"/orders/{number}").json()
    assert order["open_return"] == slip["slip"]
    assert order["allowed"]["return"]["code"] == "return_open_exists"


def test_faults_and_merchants_are_reviewed_and_silence_approves(office: Office, shop: Shop) -> None:
    mine = shop.order(OrderState.SIGNED)
    theirs = shop.order(OrderState.SIGNED, seller=SellerType.MERCHANT, goods=[Goods("CUP-1", "杯子", "白")])
    broken = office.send("/returns", {"order_number": mine, "kind": "return", "reason": "屏幕碎了"}).json()
    bored = office.send("/returns", {"order_number": theirs, "kind": "return"}).json()
    assert (broken["state"], broken["reason_code"]) == ("待审核", "damaged")
    assert bored["state"] == "待审核"
    office.clock.now = NOW + timedelta(hours=25)
    assert office.get(f"/returns/{broken['slip']}").json()["state_code"] == "awaiting_goods"
    assert office.get(f"/returns/{bored['slip']}").json()["state_code"] == "reviewing"
    office.clock.now = NOW + timedelta(hours=49)
    assert office.get(f"/returns/{bored['slip']}").json()["state_code"] == "awaiting_goods"


def test_goods_not_sent_back_close_the_slip(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, signed_at=NOW)
    slip = office.send("/returns", {"order_number": number, "kind": "return"}).json()["slip"]
    office.clock.now = datetime(2026, 11, 28, 23, 59, 0, tzinfo=SHANGHAI)
    assert office.get(f"/returns/{slip}").json()["state_code"] == "awaiting_goods"
    office.clock.now = datetime(2026, 11, 29, 0, 0, tzinfo=SHANGHAI)
    closed = office.get(f"/returns/{slip}").json()
    assert (closed["state"], closed["history"][-1]["state_code"]) == ("已关闭", "closed")


def test_a_parcel_on_its_way_is_intercepted_as_a_whole(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED, goods=[Goods(), Goods("CUP-1", "杯子", "白", price_fen=5_000)])
    slip = office.send("/returns", {"order_number": number, "kind": "refund", "line": 2}).json()
    assert (slip["line"], slip["refund_amount"], slip["state_code"]) == (None, "249.00", "reviewing")
    assert "拦截" in slip["next_step"]
    withdrawn = office.send(f"/returns/{slip['slip']}/cancel").json()
    assert withdrawn["state"] == "已撤销"
    assert office.get(f"/orders/{number}").json()["open_return"] is None


def test_damaged_goods_are_refunded_without_sending_them_back(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED)
    body = {"order_number": number, "kind": "refund", "reason": "少件，缺少充电线"}
    slip = office.send("/returns", body).json()
    assert (slip["state_code"], slip["reason_code"]) == ("reviewing", "missing")
    office.clock.now = NOW + timedelta(hours=24)
    assert office.get(f"/returns/{slip['slip']}").json()["state_code"] == "refunding"
    office.clock.now = NOW + timedelta(days=8)
    assert office.get(f"/returns/{slip['slip']}").json()["state_code"] == "refunded"
    assert [(each.amount_fen, each.state) for each in shop.all(Refund)] == [(19_900, RefundState.ARRIVED)]
    again = office.send("/returns", {"order_number": number, "kind": "return"})
    assert again.json()["code"] == "return_already_refunded"


def test_an_exchange_for_a_size_in_stock(office: Office, shop: Shop) -> None:
    shop.goods(Goods("SHOE-43", "运动鞋", "43 码", product={"stock": 1}))
    number = shop.order(OrderState.SIGNED, goods=[Goods("SHOE-42", "运动鞋", "42 码")])
    body = {"order_number": number, "kind": "exchange", "reason": "小了", "to_variant": "43 码"}
    slip = office.send("/returns", body).json()
    assert (slip["state"], slip["to_variant"], slip["refund_amount"]) == ("待寄回", "43 码", None)
    assert shop.get(Return, slip["slip"]).reason_code == "size"


def test_arranging_and_rerouting_a_parcel(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED)
    parcel = f"/shipments/LXWL{number}/arrange"
    moved = office.send(parcel, {"how": "reroute", "value": "拱墅区样例路 2 号"}).json()
    assert moved["shipment"]["promised_date"] == "2026-11-23"
    assert office.get(f"/orders/{number}").json()["address"] == "浙江省杭州市拱墅区样例路 2 号"
    assert (
        office.send(parcel, {"how": "time_slot", "value": "14:00-16:00"}).json()["arrangement"]
        == "14:00-16:00派送"
    )
    assert "不收费" in office.send(parcel, {"how": "refuse"}).json()["arrangement"]


def test_the_courier_is_told_only_on_the_delivery_day(office: Office, shop: Shop) -> None:
    courier = {"courier_name": "张师傅", "courier_phone": "95013-0001"}
    waiting = shop.order(OrderState.SHIPPED, shipment=courier)
    out = shop.order(OrderState.SHIPPED, parcel=ShipmentState.OUT_FOR_DELIVERY, shipment=courier)
    assert office.get(f"/orders/{waiting}/shipment").json()["courier"] is None
    assert office.get(f"/orders/{out}/shipment").json()["courier"]["name"] == "张师傅"
    assert office.get(f"/orders/{out}").json()["state"] == "派送中"


def test_a_parcel_without_news_is_stalled_and_investigated_once(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SHIPPED, last_news=NOW - timedelta(hours=80))
    assert office.get(f"/shipments/LXWL{number}").json()["stalled"] is True
    first = office.send(f"/shipments/LXWL{number}/report", {"problem": "stalled"}).json()
    again = office.send(f"/shipments/LXWL{number}/report", {"problem": "lost", "text": "还是没有"}).json()
    assert first["due_at"] == "2026-11-22T15:00:00+08:00"
    assert (again["number"], again["comments"][-1]["text"]) == (first["number"], "还是没有")


def test_price_protection_pays_the_difference_and_lowers_what_counts_as_paid(
    office: Office, shop: Shop
) -> None:
    number = shop.order(
        OrderState.SIGNED,
        goods=[Goods(price_fen=20_000, quantity=2, paid_fen=38_000, product={"price_fen": 18_000})],
    )
    first = office.send("/price-protections", {"order_number": number}).json()
    assert (first["paid_unit_price"], first["current_price"], first["amount"]) == (
        "190.00",
        "180.00",
        "20.00",
    )
    again = office.send("/price-protections", {"order_number": number}).json()
    assert again["code"] == "price_protection_given" and "已经退过" in again["detail"]
    slip = office.send("/returns", {"order_number": number, "kind": "return"}).json()
    assert slip["refund_amount"] == "360.00"
    assert shop.count(PriceProtection) == 1


def test_an_invoice_waits_for_completion_and_is_issued_by_itself(office: Office, shop: Shop) -> None:
    number = shop.order(OrderState.SIGNED, signed_at=NOW, gift_card_fen=4_900)
    asked = office.send("/invoices", {"order_number": number, "email": "a@example.com"}).json()
    assert (asked["amount"], asked["state_code"], asked["due_at"]) == ("150.00", "waiting", None)
    path = f"/invoices/{asked['number']}"
    office.clock.now = NOW + timedelta(days=10)
    assert office.get(path).json()["state_code"] == "issuing"
    office.clock.now = NOW + timedelta(days=11)
    assert office.get(path).json()["state_code"] == "issued"
    assert office.send(f"{path}/resend", {"email": "b@example.com"}).json()["email"] == "b@example.com"
    company = {"title_kind": "company", "title": "样例公司", "tax_id": "91330100MA00000000"}
    assert office.send(f"{path}/change", company).json()["state_code"] == "changing"
    office.clock.now = NOW + timedelta(days=20)
    changed = office.get(path).json()
    assert (changed["state_code"], changed["title"], changed["changes"]) == ("issued", "样例公司", 1)


def test_cancelling_voids_the_invoice(office: Office, shop: Shop) -> None:
    number = shop.order()
    office.send("/invoices", {"order_number": number})
    office.send(f"/orders/{number}/cancel")
    assert shop.all(Invoice)[0].state is InvoiceState.VOIDED


def test_tickets_can_be_added_to_and_urged_twice_a_day(office: Office) -> None:
    number = office.send("/tickets", {"kind": "complaint", "subject": "投诉", "text": "态度差"}).json()[
        "number"
    ]
    assert (
        office.send(f"/tickets/{number}/comments", {"text": "补充"}).json()["comments"][-1]["text"] == "补充"
    )
    codes = [office.send(f"/tickets/{number}/urge").status_code for _ in range(3)]
    assert codes == [200, 200, 409]
    office.clock.now = NOW + timedelta(days=1)
    assert office.send(f"/tickets/{number}/urge").status_code == 200
    assert office.get("/tickets", params={"open": True}).json()["total"] == 1


def test_gold_members_go_first_in_the_queue(office: Office, shop: Shop) -> None:
    shop.customer("C9", level=Level.GOLD)
    basic = office.send("/handoffs", {"conversation_id": "a", "reason": "转人工"}).json()
    gold = office.send("/handoffs", {"conversation_id": "b", "reason": "转人工"}, customer="C9").json()
    assert (basic["position"], gold["position"]) == (1, 1)
    assert office.get(f"/handoffs/{basic['id']}").json()["position"] == 2


def test_at_night_a_ticket_is_left_and_in_the_morning_a_person_comes(office: Office) -> None:
    body = {"conversation_id": "night", "reason": "想找人"}
    office.clock.now = datetime(2026, 11, 22, 7, 59, tzinfo=SHANGHAI)
    left = office.send("/handoffs", body, customer=None).json()
    assert (left["state"], left["in_hours"], left["position"]) == ("已留言", False, None)
    assert left["answer_by"] == "2026-11-22T12:00:00+08:00"
    assert left["ticket_number"].startswith("GD20261122")
    assert office.send("/handoffs", body, customer=None).json()["id"] == left["id"]
    office.clock.now = datetime(2026, 11, 22, 8, 0, tzinfo=SHANGHAI)
    came = office.send("/handoffs", body, customer=None).json()
    assert (came["state_code"], came["in_hours"]) == ("waiting", True)
    assert came["id"] != left["id"]
    assert came["ticket_number"] == left["ticket_number"], "the promise goes on with the customer"


def test_feedback_and_nickname_are_kept(office: Office) -> None:
    rated = office.send("/feedback", {"conversation_id": "c", "kind": "rating", "score": 5}, customer=None)
    assert (rated.status_code, rated.json()["score"]) == (201, 5)
    empty = office.send("/feedback", {"conversation_id": "c", "kind": "suggestion"})
    assert empty.status_code == 422
    named = office.send("/customer", {"nickname": "小明"}, method="PATCH")
    assert named.json()["nickname"] == "小明"


def test_goods_are_found_with_stock_prices_and_variants(office: Office, shop: Shop) -> None:
    shop.goods(Goods(product={"attributes": {"防护等级": "IP54"}, "stock": 3}))
    shop.goods(Goods("EAR-BLUE", variant="湖蓝", product={"stock": 0}))
    found = office.get("/products", customer=None, params={"q": "lx-b3 耳机"}).json()
    assert [each["sku"] for each in found["items"]] == ["EAR-WHITE", "EAR-BLUE"], "sold out comes last"
    assert office.get("/products", customer=None, params={"q": "100%"}).json()["total"] == 0
    one = office.get("/products/EAR-WHITE", customer=None).json()
    assert (one["stock_state"], one["attributes"]["防护等级"]) == ("仅剩 3 件", "IP54")
    assert {each["variant"] for each in one["variants"]} == {"云白", "湖蓝"}
