"""Finding goods by words, what their pages answer, offers, recommendations, assets, ratings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.models import Coupon, Feedback, GiftCard, PriceChange, Product
from backoffice.rules.properties import Page, asked
from backoffice.rules.search import said, search, tokens
from backoffice.rules.wishes import Offer, Wish, recommend
from backoffice.states import Category, CouponKind, Level, OrderState, SellerType
from tests.backoffice.conftest import Office
from tests.backoffice.shop import ANNA, BERT, NOW, Goods, Shop

SHELF = [("a", "灵犀 lx-b3 真无线蓝牙耳机"), ("b", "星岚 x20 5g 智能手机"), ("c", "星岚 x20 pro 5g 智能手机"), ("d", "栖夏 收腰连衣裙")]


@pytest.mark.parametrize(
    ("name", "best"),
    [("LX-B3", ["a"]), ("lxb3", ["a"]), ("X20 Pro", ["c"]), ("X20", ["b", "c"]), ("裙子", ["d"]), ("手机", ["b", "c"]), ("沙发", [])],
)
def test_goods_are_found_by_name(name: str, best: list[str]) -> None:
    assert sorted(found.key for found in search(tokens(name), SHELF) if found.best) == best


@pytest.mark.parametrize("text", ["那它防水吗", "有活动吗", "能便宜点吗", "什么材质", "还有货吗"])
def test_a_sentence_that_names_no_goods_finds_none(text: str) -> None:
    assert search(said(text), SHELF) == []


PAGE = Page(
    name="灵犀 LX-B3 真无线蓝牙耳机",
    attributes={"类目": "手机数码 · 蓝牙耳机", "防水": "耳机 IP54", "续航": "6 小时", "包装清单": "充电线；不含充电器", "双设备连接": "支持"},
    seller_type=SellerType.SELF,
    seller_name="灵犀自营",
    category=Category.DIGITAL,
    warranty_months=12,
    return_policy="七天无理由退货",
    variants=("云白", "石墨"),
)


@pytest.mark.parametrize(
    ("question", "names"),
    [("那它防水吗", ["防水"]), ("能游泳戴吗", ["防水"]), ("能用多久", ["续航"]), ("送充电器吗", ["包装清单"]), ("能连两台手机吗", ["双设备连接"]),
     ("是正品吗", ["正品保障"]), ("保修多久", ["保修"]), ("有哪些颜色", ["可选规格"]), ("支持NFC吗", []), ("怎么样", [])],
)  # fmt: skip
def test_a_page_answers_what_it_says_and_nothing_else(question: str, names: list[str]) -> None:
    assert [fact.name for fact in asked(question, PAGE)] == names


def offer(key: str, name: str, yuan: int, kind: str, sold: int = 0, **page: str) -> Offer:
    return Offer(key, key, name, ("黑色",), yuan * 100, {"类目": f"手机数码 · {kind}", **page}, sold)


PHONES = [
    offer("a", "星岚 X20 手机", 2199, "智能手机", 5, 防水="IP54"),
    offer("b", "星岚 X20 Pro 手机", 3599, "智能手机", 9, 防水="IP68"),
    offer("c", "乐安 老人手机", 199, "老人手机", 30, 字体="超大字", 防水="不防水"),
    offer("d", "听澜 T10 耳机", 599, "耳机音箱", 50),
]


@pytest.mark.parametrize(
    ("wish", "first"),
    [(Wish("手机", "两千左右的手机", amounts=(200_000,)), "a"), (Wish("手机", "3000 以上的手机", amounts=(300_000,)), "b"),
     (Wish("手机", "给爸妈买个手机"), "c"), (Wish("手机", "防水的手机"), "b"), (Wish("手机", "推荐个手机"), "b"), (Wish(), "d")],
)  # fmt: skip
def test_what_is_recommended_follows_what_was_said(wish: Wish, first: str) -> None:
    picks = recommend(wish, PHONES, [])
    assert picks[0].offer.product_id == first and len(picks) <= 3
    assert all(pick.why for pick in picks)


def test_nothing_is_recommended_beyond_the_budget() -> None:
    assert recommend(Wish("手机", "100 以内的手机", amounts=(10_000,)), PHONES, []) == []


# ── the API ───────────────────────────────────────────────────────────────────


@pytest.fixture
def earphones(shop: Shop) -> None:
    page = {"attributes": {"类目": "手机数码 · 蓝牙耳机", "防水": "IP54"}}
    shop.goods(Goods("EAR-BLACK", variant="石墨", product={**page, "stock": 0}))
    shop.goods(Goods("EAR-WHITE", product=page))
    shop.add(
        PriceChange(sku="EAR-WHITE", price_fen=25_900, since=NOW - timedelta(days=100)),
        PriceChange(sku="EAR-WHITE", price_fen=19_900, since=NOW - timedelta(days=3)),
    )


@pytest.mark.usefixtures("earphones")
def test_a_product_is_found_once_by_a_variant_in_stock(office: Office) -> None:
    for query in ({"name": "耳机"}, {"text": "你们那个蓝牙耳机怎么样"}):
        (found,) = office.get("/products/search", customer=None, params=query).json()["items"]
        assert (found["sku"], found["product_id"], found["kind"], found["best"]) == ("EAR-WHITE", "EAR", "蓝牙耳机", True)
    assert office.get("/products/search", customer=None, params={"text": "沙发"}).json() == {"items": [], "total": 0}


@pytest.mark.usefixtures("earphones")
def test_a_question_is_answered_by_the_page(office: Office) -> None:
    answer = office.get("/products/EAR-WHITE/answer", customer=None, params={"question": "防水吗"}).json()
    assert answer["facts"] == [{"name": "防水", "value": "IP54"}]
    silent = office.get("/products/EAR/answer", customer=None, params={"question": "支持NFC吗"}).json()
    assert (silent["facts"], silent["recorded"]) == ([], [{"name": "防水", "value": "IP54"}])
    assert office.get("/products/NOTHING/answer", customer=None, params={"question": "防水吗"}).status_code == 404


@pytest.mark.usefixtures("earphones")
def test_an_offer_tells_of_the_fall_and_of_ones_own_coupons_only(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    for number, (kind, scope, least) in enumerate(
        [(CouponKind.PLATFORM, "自营商品通用", 12_900), (CouponKind.PLATFORM, "自营商品通用", 29_900), (CouponKind.SHOP, "样例旗舰店", 0)]
    ):
        shop.add(
            Coupon(id=f"CP{number}", customer_id=ANNA, name=f"券 {number}", kind=kind, scope=scope, threshold_fen=least, value_fen=2_000,
                   valid_from=NOW - timedelta(days=1), valid_to=NOW + timedelta(days=1))
        )  # fmt: skip
    offer = office.get("/products/EAR-WHITE/offer").json()
    assert (offer["price"], offer["was"], offer["lowest"]) == ("199.00", "259.00", "199.00")
    assert [(coupon["name"], coupon["price_after"]) for coupon in offer["coupons"]] == [("券 0", "179.00")]
    for other in (BERT, None):
        assert office.get("/products/EAR-WHITE/offer", other).json()["coupons"] == []


@pytest.mark.usefixtures("earphones")
def test_a_recommendation_is_in_stock_and_says_why(office: Office, shop: Shop) -> None:
    shop.order(OrderState.COMPLETED)
    asked_for = {"kind": "耳机", "text": "推荐个防水的耳机", "amount": 300}
    answer = office.get("/products/recommendations", customer=None, params=asked_for).json()
    assert [(pick["sku"], pick["why"][0]) for pick in answer["items"]] == [("EAR-WHITE", "防水：IP54")]
    assert answer["open"] is False
    assert office.get("/products/recommendations", customer=None, params={"text": "推荐一下"}).json()["open"] is True


def test_assets_are_ones_own_with_what_lapses_and_the_way_to_the_next_level(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    shop.order(OrderState.COMPLETED, goods=[Goods(price_fen=30_000)])
    for customer, tail in ((ANNA, "8821"), (BERT, "1111")):
        shop.add(
            GiftCard(id=tail, customer_id=customer, tail=tail, face_fen=20_000, balance_fen=8_000, bound_at=NOW, valid_to=NOW + timedelta(days=9))
        )
    assets = office.get("/assets").json()
    assert assets["gift_cards"] == [{"tail": "8821", "face": "200.00", "balance": "80.00", "valid_to": "2026-11-30"}]
    assert (assets["level"], assets["next_level"], assets["spent"], assets["next_level_missing"]) == ("普通", "银卡", "300.00", "700.00")
    assert assets["next_level_on"] == "2026-12-01"
    shop.customer("C9", level=Level.DIAMOND)
    assert office.get("/assets", "C9").json()["next_level"] is None


def test_a_rating_is_mended_by_its_own_conversation_only(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    rating = {"conversation_id": "conv-1", "kind": "rating", "score": 1}
    number = office.send("/feedback", rating).json()["id"]
    mended = {"conversation_id": "conv-1", "score": 2, "text": "等得太久"}
    assert office.send(f"/feedback/{number}", mended, method="PATCH").status_code == 200
    row = shop.get(Feedback, number)
    assert (row.score, row.text) == (2, "等得太久")
    for body, customer in (({**mended, "conversation_id": "conv-2"}, ANNA), (mended, BERT), (mended, None)):
        assert office.send(f"/feedback/{number}", body, customer=customer, method="PATCH").status_code == 404
    assert shop.count(Feedback) == 1


@pytest.mark.usefixtures("earphones")
def test_a_products_own_number_means_a_variant_in_stock(office: Office, shop: Shop) -> None:
    assert office.get("/products/EAR", customer=None).json()["sku"] == "EAR-WHITE"
    states = {each["sku"]: each["stock_state_code"] for each in office.get("/products/EAR", customer=None).json()["variants"]}
    assert states == {"EAR-WHITE": "in_stock", "EAR-BLACK": "out_of_stock"}
    assert shop.count(Product) == 2


def test_for_whom_it_is_and_that_it_is_not_to_be_dear_are_heard() -> None:
    shelf = [
        offer("a", "星岚 X20 手机", 2199, "智能手机", 50),
        offer("b", "福伴 F3 老人智能手机", 629, "老人手机"),
        offer("c", "福伴 F1 老人手机", 179, "老人手机"),
    ]
    old = recommend(Wish("手机", "给老伴买手机，字要大"), shelf, [])
    assert {pick.offer.product_id for pick in old} == {"b", "c"}
    cheap = recommend(Wish("手机", "手机推荐下，实惠点的"), shelf, [])
    assert "a" not in {pick.offer.product_id for pick in cheap}


def test_coupons_are_held_against_an_order(office: Office, shop: Shop) -> None:
    shop.customer(BERT)
    number = shop.order(OrderState.UNPAID, goods=[Goods("MUG-1", "保温杯", price_fen=9_900)])
    other = shop.order(OrderState.UNPAID, goods=[Goods("PEN-1", "签字笔", price_fen=9_900)], seller=SellerType.MERCHANT)
    kinds = [
        ("满 59 减 10", CouponKind.PLATFORM, 5_900, 1_000, "自营商品通用"),
        ("满 129 减 20", CouponKind.PLATFORM, 12_900, 2_000, "自营商品通用"),
        ("免运费券", CouponKind.FREIGHT, 0, 600, "自营普通商品的基础运费"),
        ("5 元无门槛券", CouponKind.COMPENSATION, 0, 500, "全场通用"),
    ]
    shop.add(
        *(
            Coupon(
                id=f"CP{at}", customer_id=ANNA, name=name, kind=kind, threshold_fen=threshold, value_fen=value,
                scope=scope, valid_from=NOW - timedelta(days=3), valid_to=NOW + timedelta(days=3),
            )
            for at, (name, kind, threshold, value, scope) in enumerate(kinds)
        )
    )  # fmt: skip
    held = office.get(f"/coupons/fitting?order_number={number}").json()["items"]
    assert [(each["name"], each["pays"]) for each in held if each["lacks"] is None] == [
        ("满 59 减 10", "89.00"),
        ("5 元无门槛券", "94.00"),
    ]
    lacks = {each["name"]: each["lacks"] for each in held if each["lacks"]}
    assert "还差 30.00 元" in lacks["满 129 减 20"] and "没有运费" in lacks["免运费券"]
    merchant = office.get(f"/coupons/fitting?order_number={other}").json()["items"]
    assert [each["name"] for each in merchant if each["lacks"] is None] == ["5 元无门槛券"]
    assert office.get(f"/coupons/fitting?order_number={number}", BERT).status_code == 404
