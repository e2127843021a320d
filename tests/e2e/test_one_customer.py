"""One customer on many channels: begun on the web, gone on with in WeChat, asked about by SMS; people's replies find them."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
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
    told = [notice(shop, customer, slip["number"]) for _ in range(2)]
    assert told == ["sms", "before"], "the account has no such template message"
    until(lambda: sms.has("退款 12.30 元"))
    web.close()


def notice(shop: PhoneStack, customer: str, slip: str) -> str:
    """The shop tells by itself that a refund has arrived; how it was told."""
    headers = {"Authorization": f"Bearer {shop.environ['LINGXI_SERVICE_TOKEN']}", "Idempotency-Key": f"refund:{slip}"}
    values = {"slip": slip, "amount": "12.30", "route": "微信支付"}
    body = {"customer_id": customer, "template": "refund_arrived", "values": values}
    answer = httpx.post(f"{shop.urls['backoffice']}/api/v1/notices", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["told"])


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


def test_what_is_acknowledged_and_not_read_yet_is_answered_once_though_rasa_is_killed(shop: PhoneStack) -> None:
    """A crowd writes at once: while all are acknowledged, the first few are read."""
    openids = [f"o{secrets.token_hex(13)}" for _ in range(40)]
    people = [shop.wechat(each) for each in openids]
    people[0].write("运费怎么算")
    usual = len(until(people[0].read))
    with ThreadPoolExecutor(len(people)) as writing:
        told = list(writing.map(lambda person: person.write("运费怎么算"), people[1:]))
        shop.kill("rasa")
    assert [each["status"] for answer in told for each in answer["deliveries"]] == [200] * len(told)
    with closing(sqlite3.connect(shop.folder / "connectors.db")) as db:
        unread = {key.partition(":")[0] for (key,) in db.execute("select key from pushes where waiting")}
    assert unread, "killed too late to prove anything"
    shop.start("rasa")
    until(lambda: all(len(person.read()) >= usual for person in people), 120)
    for openid, person in zip(openids, people, strict=True):
        assert openid not in unread or len(person.read()) == usual
