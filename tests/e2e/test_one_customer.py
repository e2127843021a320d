"""One customer on many channels: begun on the web, gone on with in WeChat, asked about by SMS; people's replies find them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.e2e.desk import Agent, ChatVisitor, until
from tests.e2e.phones import PhoneStack, binding_code
from tests.e2e.test_customer_work import an_order


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneStack]:
    """The processes with telephones."""
    running = PhoneStack(tmp_path_factory.mktemp("phones"))
    try:
        running.start()
        yield running
    finally:
        running.kill()


def test_one_return_on_three_channels_and_a_person_who_reaches_the_customer(shop: PhoneStack) -> None:
    customer, number = an_order(shop, "signed", "return")
    web = ChatVisitor(shop, customer)
    wechat, sms = shop.wechat(f"o{secrets.token_hex(13)}"), shop.sms(f"+86139{secrets.randbelow(10**8):08}")

    assert "退" in web.say(f"订单{number}我想退货")
    for phone in (wechat, sms):
        phone.write(f"绑定 {binding_code(web.told('绑定', '绑定码是'))}")
        until(lambda phone=phone: phone.has("绑定成功"))

    wechat.write("买多了用不上")
    until(lambda: wechat.has("取件"))
    wechat.write("自己寄回")
    until(lambda: wechat.has("确认"))
    wechat.write("确认退货")
    (slip,) = until(lambda: shop.rows("select slip as number, reason from returns where order_number = ?", number))
    until(lambda: wechat.has(slip["number"]))
    assert slip["reason"] == "买多了用不上"

    sms.write("我的退货到哪一步了")
    until(lambda: sms.has(slip["number"]))
    assert not wechat.times("到哪一步了") and sms.times(slip["number"]) == 1
    heard = [each for each in shop.tracker(web.conversation)["events"] if each["event"] == "user"]
    assert [each["input_channel"] for each in heard] == ["webchat", "wechat", "wechat", "wechat", "sms"]
    assert len(shop.rows("select slip from returns where order_number = ?", number)) == 1

    agent = Agent(shop)
    wechat.write("转人工")
    handoff = until(lambda: wechat.has("GD") and agent.find(web.conversation))
    agent.take(handoff)
    agent.reply(handoff, "我在微信上回您。")
    until(lambda: wechat.has("我在微信上回您。"))
    shop.later()
    agent.reply(handoff, "微信发不出去了，改发短信。")
    until(lambda: sms.has("微信发不出去了，改发短信。"))
    wechat.write("我又来微信了")
    agent.reply(handoff, "还是微信上说。")
    until(lambda: wechat.has("还是微信上说。"))
    assert agent.heard(handoff) == ["我又来微信了"]
    assert not wechat.has("改发短信") and not sms.has("还是微信上说")
    for phone in (wechat, sms):
        assert phone.times("我在微信上回您。") + phone.times("改发短信") == 1
    web.close()


def test_what_a_visitor_had_begun_goes_on_once_they_prove_who_they_are(shop: PhoneStack) -> None:
    """By a code to the telephone on record: the wish and its reason go over, and the telephone is bound."""
    customer, number = an_order(shop, "signed", "return")
    phone = f"+86{shop.rows('select phone from customers where id = ?', customer)[0]['phone']}"
    web = ChatVisitor(shop, customer)
    web.say("你好")
    wechat, sms = shop.wechat(f"o{secrets.token_hex(13)}"), shop.sms(phone)
    wechat.write(f"订单{number}我想退货，买多了用不上")
    until(lambda: wechat.has("绑定"))
    wechat.write(f"绑定 {phone.removeprefix('+86')}")
    code = binding_code(until(lambda: next(iter(sms.read()), "")))
    assert not wechat.has(code)
    wechat.write(f"绑定 {code}")
    until(lambda: wechat.has("绑定成功") and wechat.has("取件"))
    wechat.write("自己寄回")
    until(lambda: wechat.has("确认"))
    wechat.write("确认退货")
    (slip,) = until(lambda: shop.rows("select slip as number, reason from returns where order_number = ?", number))
    assert "买多了用不上" in slip["reason"]
    until(lambda: wechat.has(slip["number"]))
    kept = shop.tracker(web.conversation)
    assert kept["slots"]["chat_wish"] is None and slip["number"] in str(kept["events"])
    for process in ("rasa", "actions", "backoffice"):
        assert code not in shop.log(process) and code.replace(" ", "") not in shop.log(process)
    assert code not in str(kept["events"])
    wechat.write("解绑")
    until(lambda: wechat.has("已经解绑"))
    wechat.write("我的退货到哪一步了")
    until(lambda: wechat.times("绑定手机") or wechat.times("绑定”"))
    web.close()


def test_a_visitor_who_signs_in_on_the_page_is_answered_what_they_asked(shop: PhoneStack) -> None:
    customer, number = an_order(shop, "signed", "return")
    web = ChatVisitor(shop, None)
    assert "登录" in web.say(f"订单{number}我想退货")
    web.sign_in(customer)
    until(lambda: "原因" in web.bot() or "为什么" in web.bot())
    assert "接着办" in web.bot()
    web.close()
