"""What is said beside or after a wish: what stays as it is, what is only asked, what was begun before."""

from __future__ import annotations

from dataclasses import replace

from actions.gateways.after_sales import Variant
from actions.gateways.errors import Rejected
from actions.gateways.payments import PaymentCheck
from actions.gateways.tickets import Ticket
from tests.actions.fakes import OPERATIONS, Shop, invoice, order
from tests.dialogue.talk import Assistant, Customer

POT, DESK = "铸铁炖锅", "实木书桌"
TIMES = (("2026-11-22 上午", "11-22 上午"), ("2026-11-22 下午", "11-22 下午"))


def two_pieces(shop: Shop, state: str = "signed") -> str:
    """An order of two things, beside all others."""
    made = order("202611150009", state, *OPERATIONS, title=f"{POT} 等2件", pieces=2)
    items = tuple(replace(item, title=title) for item, title in zip(made.items, (POT, DESK), strict=True))
    shop.orders["C1"] = [replace(made, items=items), *shop.orders["C1"]]
    return made.number


def said(customer: Customer, *messages: str) -> Customer:
    """The conversation after these messages."""
    for message in messages:
        customer.say(message)
    return customer


def test_what_stays_is_named_beside_a_yes(assistant: Assistant, shop: Shop) -> None:
    number = two_pieces(shop)
    said(assistant.customer(), "那个炖锅我要退", "太重了拿不动", "对就炖锅，书桌可别退我天天用着")
    assert [(wish.order_number, wish.line, wish.kind) for wish in shop.wishes] == [(number, 1, "return")]
    assert shop.wishes[0].reason == "太重了拿不动"


def test_a_mistaken_piece_is_put_right(assistant: Assistant, shop: Shop) -> None:
    two_pieces(shop)
    customer = said(assistant.customer(), "书桌我要退", "颜色太深了", "弄错了，要退的是炖锅，不是书桌")
    assert customer.asked == "after_sales_confirmed" and shop.wishes == []
    said(customer, "对，退吧")
    assert [(wish.line, wish.reason) for wish in shop.wishes] == [(1, "颜色太深了")]


def test_what_an_exchange_replaces_is_not_withdrawn(assistant: Assistant, shop: Shop) -> None:
    shop.variants = (Variant("米白 38 码", 3, True), Variant("米白 40 码", 3, False))
    customer = said(assistant.customer(), "跑步鞋买小了，想退", "还是换40码的吧", "对，就换米白40，不退了")
    assert [wish.kind for wish in shop.wishes] == ["exchange"]
    assert customer.form is None and not any(what[0] == "withdraw" for what in shop.done)


def test_who_only_worries_is_asked_nothing(assistant: Assistant, shop: Shop) -> None:
    customer = said(assistant.customer(), "护眼台灯发货了吗", "那台灯没给我取消吧，别给我退钱哈")
    assert customer.form is None and shop.done == []


def test_an_address_instead_of_a_cancelling(assistant: Assistant, shop: Shop) -> None:
    customer = said(assistant.customer(), "护眼台灯那单取消", "先别取消，没发货的话能改个收货地址不")
    assert (customer.form, customer.asked) == ("orders_change_form", "orders_change_value")
    said(customer, "浙江省杭州市西湖区文三路100号2幢501", "对")
    assert [what[0] for what in shop.done] == ["change"]


def test_the_old_title_is_not_the_new_one(assistant: Assistant, shop: Shop) -> None:
    shop.invoices["C1"] = [invoice("FP202611210001")]
    customer = said(assistant.customer(), "发票抬头要换一下，现在开的是我个人名字")
    assert customer.asked != "invoices_confirmed"
    said(customer, "杭州灵犀科技有限公司，税号91330106MA2H00000X")
    assert customer.asked == "invoices_confirmed"
    assert customer.tracker.get_slot("invoices_title_kind") == "company"
    said(customer, "错了错了 公司名发错了", "浙江样例传媒有限公司，税号不变")
    assert customer.asked == "invoices_confirmed"
    assert customer.tracker.get_slot("invoices_title") == "浙江样例传媒有限公司"
    assert customer.tracker.get_slot("invoices_tax_number") == "91330106MA2H00000X"


def test_who_asks_when_it_comes_is_offered_an_urging(assistant: Assistant, shop: Shop) -> None:
    shop.late = True
    customer = said(assistant.customer(), "电热水壶今天到底送不送")
    assert shop.done == [] and any(each["payload"].startswith("/logistics_urge") for each in customer.buttons)
    said(customer, "好，催吧")
    assert [what[0] for what in shop.done] == ["urge_parcel"]


def test_who_asks_why_it_is_not_sent_is_offered_an_urging(assistant: Assistant, shop: Shop) -> None:
    customer = said(assistant.customer(), "护眼台灯怎么还没发货")
    assert shop.done == [] and any(each["payload"].startswith("/orders_urge") for each in customer.buttons)
    said(customer, "那催一下吧")
    assert [what[0] for what in shop.done] == ["urge"]


def test_a_ticket_is_no_time_to_fetch(assistant: Assistant, shop: Shop) -> None:
    shop.pickups = TIMES
    shop.tickets = [Ticket("GD202611200001", "回电没有打来", "处理中", "working", "一般", "2026-11-25T18:00:00+08:00", "正在核实")]
    customer = said(assistant.customer(), "跑步鞋我要退，买多了")
    assert customer.asked == "after_sales_pickup"
    said(customer, "对了，我那个GD202611200001有人回了吗")
    answered = [str(event.metadata.get("utter_action")) for event in customer.tracker.events if event.type_name == "bot"]
    assert any(name.startswith("utter_tickets_status") for name in answered)
    assert customer.asked == "after_sales_pickup", "the return goes on"
    said(customer, "上门，时间你看着定")
    assert customer.asked == "after_sales_confirmed"
    assert customer.tracker.get_slot("after_sales_pickup") == TIMES[0][0]


def test_the_first_of_two_parcels(assistant: Assistant, shop: Shop) -> None:
    sent = [each for each in shop.orders["C1"] if each.state_code == "shipped"]
    numbered = {each.number: replace(each, tracking_number=f"LXWL000000002{at}") for at, each in enumerate(sent)}
    shop.orders["C1"] = [numbered.get(each.number, each) for each in shop.orders["C1"]]
    customer = said(assistant.customer(), "电热水壶到哪了", "羽绒被呢", "头一个大概哪天到")
    assert customer.told and "LXWL0000000020" in customer.told[-1]


def test_money_instead_of_what_is_proposed(assistant: Assistant, shop: Shop) -> None:
    shop.proposed, shop.reason_code = (("exchange", "换货"), ("return", "退货")), "damaged"
    customer = said(assistant.customer(), "机械键盘收到就裂了")
    number = customer.tracker.get_slot("orders_last")
    said(customer, "不换，再来一个也是裂的，直接退我钱")
    assert customer.form == "after_sales_form" and customer.tracker.get_slot("orders_number") == number


def test_what_was_not_begun_is_only_let_be(assistant: Assistant, shop: Shop) -> None:
    customer = said(assistant.customer(), "护眼台灯帮我催催发货", "不取消，货我是要的")
    assert customer.form is None and [what[0] for what in shop.done] == ["urge"]
    assert customer.said == ["utter_chat_deny_kept"] or customer.said[0].startswith("utter_chat_deny")


CHARGED, LATE = "GD202611200001", "GD202611200002"


def charged_twice(shop: Shop) -> None:
    """A duplicate payment somebody is looking at, beside another open ticket."""
    quilt = shop.orders["C1"][5]
    due = "2026-11-25T18:00:00+08:00"
    shop.tickets = [
        Ticket(CHARGED, "重复扣款", "处理中", "working", "一般", due, "正在核对", quilt.number, kind="payment_problem"),
        Ticket(LATE, "快递没更新", "处理中", "working", "一般", due, "正在核实", shop.orders["C1"][4].number),
    ]
    seen = PaymentCheck(
        "重复扣款", "one_payment_seen", True, quilt.number, quilt.title, "已发货", "199.00", "云闪付", None, None, "一次付款", CHARGED, due
    )
    shop.payment = seen


def test_words_are_put_on_the_ticket_just_told(assistant: Assistant, shop: Shop) -> None:
    charged_twice(shop)
    customer = said(assistant.customer(), "羽绒被付款重复扣钱了", "给那张单子补一句：两笔都是云闪付出去的，前后差一分钟")
    assert customer.said == ["utter_tickets_added"] and [done[:2] for done in shop.done] == [("add", CHARGED)]


def test_when_there_is_an_answer_is_asked_of_the_ticket_just_told(assistant: Assistant, shop: Shop) -> None:
    charged_twice(shop)
    customer = said(assistant.customer(), "羽绒被付款重复扣钱了", "还没查完呀，最迟几号给我个答复")
    assert CHARGED in customer.told[0] and "11-25 18:00" in customer.told[0] and customer.buttons[0]["title"] == "催一下"


def test_of_several_tickets_the_goods_of_their_orders_tell_one(assistant: Assistant, shop: Shop) -> None:
    charged_twice(shop)
    customer = said(assistant.customer(), "我的工单怎么样了")
    assert customer.said == ["utter_tickets_which"]
    customer.say("号我哪记得，就买羽绒被那单")
    assert customer.said[0] == "utter_tickets_status" and CHARGED in customer.told[0]


def test_the_difference_in_sums_is_no_return(assistant: Assistant, shop: Shop) -> None:
    number = two_pieces(shop)
    passed = Rejected("price_protection_window_passed", "炖锅过了价保期。")
    shop.drops |= {(number, 1): passed, (number, 2): shop.drops[shop.orders["C1"][1].number, None]}
    customer = said(assistant.customer(), "我买的炖锅和书桌降了，炖锅 199 变 180，书桌 199 变 149，差 69 块，这钱退给我")
    assert customer.said[-1] == "utter_ask_promotions_confirmed" and customer.tracker.get_slot("promotions_line") == 2
    assert "过了价保期" in customer.tracker.get_slot("promotions_quote")["refused"]


def test_after_a_protection_another_piece_has_its_own(assistant: Assistant, shop: Shop) -> None:
    number = two_pieces(shop)
    drop = shop.drops[shop.orders["C1"][1].number, None]
    shop.drops |= {(number, 1): drop, (number, 2): Rejected("price_not_lower", "没有降价。")}
    customer = said(assistant.customer(), "炖锅降价了，差价退我", "好的，申请", "一起买的书桌呢，价钱有没有掉")
    assert [done[:2] for done in shop.done] == [("protect", number)]
    assert customer.said == ["utter_promotions_protection_rejected_price_not_lower"]


def test_after_a_protection_the_cheaper_one_has_its_own(assistant: Assistant, shop: Shop) -> None:
    dear, cheap = order("202611150021", "signed", *OPERATIONS, title=POT), order("202611140021", "signed", *OPERATIONS, title=POT)
    items = tuple(replace(item, amount="99.00") for item in cheap.items)
    shop.orders["C1"] = [dear, replace(cheap, amount="99.00", items=items), *shop.orders["C1"]]
    drop = shop.drops[shop.orders["C1"][2].number, None]
    shop.drops |= {(dear.number, None): drop, (cheap.number, None): Rejected("price_not_lower", "没有降价。")}
    customer = said(assistant.customer(), "炖锅降价了，差价退我", "贵的那个", "申请吧", "那便宜的那个呢，能不能也补点")
    assert customer.said == ["utter_promotions_protection_rejected_price_not_lower"], customer.told


def test_whose_mother_bought_it_is_shown_no_list(assistant: Assistant) -> None:
    customer = said(assistant.customer(), "帮我看下 202611990009 什么时候送，我妈买的")
    assert customer.said == ["utter_account_manage_others"] and customer.form is None


def test_goods_in_words_about_the_other_person_are_not_looked_for(assistant: Assistant) -> None:
    customer = said(assistant.customer(), "帮我看下 202611990009 什么时候送，我妈买的", "她手机不会用，我想把地址换到我姑姑家")
    assert customer.said == ["utter_account_manage_others_again"] and customer.form is None


def test_who_lets_the_other_person_ask_says_goodbye(assistant: Assistant) -> None:
    customer = said(assistant.customer(), "帮我看下 202611990009 什么时候送，我妈买的", "好的，那我叫我妈自己登，谢谢啦")
    assert customer.said[0].startswith(("utter_chat_thank", "utter_chat_goodbye", "utter_chat_affirm"))


def test_who_acts_for_the_family_in_future_is_told_of_the_family_account(assistant: Assistant) -> None:
    customer = said(assistant.customer(), "帮我看下 202611990009 什么时候送，我妈买的", "往后我想替她下单付款，有没有什么路子")
    assert customer.tracker.latest_message.entities[-1]["value"] == "others_family"


def test_two_numbered_wishes_are_done_one_after_the_other(assistant: Assistant, shop: Shop) -> None:
    shop.pickups = ()
    customer = said(assistant.customer(), "有两个事：第一，跑步鞋我要退货，颜色不喜欢；第二，护眼台灯帮我催下发货")
    assert customer.form == "after_sales_form" and not any("none_fits" in name for name in customer.said)
    assert [each["intent"] for each in customer.tracker.get_slot("chat_requests")] == ["orders_urge_shipping"]
    assert customer.tracker.get_slot("orders_title") == "跑步鞋"


def test_the_first_thing_is_a_wish_where_goods_are_named(assistant: Assistant, shop: Shop) -> None:
    customer = said(assistant.customer(), "我的订单", "还有头一件事没办，第一件，空气炸锅的发票给我开一下")
    assert not any("none_fits" in name for name in customer.said)


def test_why_an_invoice_says_less_is_asked_of_it_and_who_understood_is_told_nothing_again(assistant: Assistant) -> None:
    customer = said(assistant.customer(), "FP202611210001 这张票开好了吗", "商品一共 219 块，票上咋才开了 199")
    assert customer.said[0].startswith("utter_invoices_invoice_why_amount")
    customer.say("哦哦，优惠的部分不开，懂了")
    assert customer.said == ["utter_chat_affirm_done"]
