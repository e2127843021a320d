"""One customer on many channels: a code from where they are signed in, one conversation, answers where they wrote last."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any

import jwt
import pytest

from connectors.binding import MOST_CODES, MOST_TRIES, Binding, Command, command
from connectors.outbox import Outbox
from connectors.store import PROVEN, ConnectorStore
from connectors.tables import CODES
from connectors.wording import say
from tests.connectors.clients import Socket, WebChatClient, token
from tests.connectors.running import SECRET, RunningServer
from tests.connectors.wechat.line import Line, until

WEB = WebChatClient()


@pytest.fixture
def line(server: RunningServer) -> Line:
    shared: Line = server.lines.wechat
    return shared


@pytest.fixture
def openid() -> str:
    return f"o{secrets.token_hex(13)}"


def code_in(answers: list[dict[str, Any]]) -> str:
    (found,) = {each for answer in answers for each in re.findall(r"\d{4} \d{4}", answer.get("text", ""))}
    return str(found)


def test_what_was_begun_on_the_web_goes_on_in_wechat(server: RunningServer, line: Line, openid: str) -> None:
    proof = token("C000042")
    conversation = WEB.begin(server, proof)
    WEB.say(server, conversation, "我要退货", customer_token=proof)
    line.say(openid, "在吗")
    assert line.words(openid, "您说：在吗")
    code = code_in(WEB.say(server, conversation, "绑定", customer_token=proof))
    line.say(openid, f"绑定 {code}")
    assert "绑定成功" in line.words(openid, "绑定成功")[-1]
    line.say(openid, "接着办")
    said = line.words(openid, "您说：接着办")
    assert not [each for each in said if "我要退货" in each], "what was said on the web is not pushed after them"
    heard = server.heard(conversation)[-1]
    assert (heard["text"], heard["input_channel"]) == ("接着办", "wechat")
    assert jwt.decode(heard["metadata"]["customer_token"], SECRET, algorithms=["HS256"])["sub"] == "C000042"

    async def both_see() -> list[tuple[str, str]]:
        async with Socket(server) as socket:
            await socket.hello(conversation=conversation, token=proof)
            history = socket.frames[-1]["history"]
            return [(each["from"], each["text"]) for each in history]

    shown = asyncio.run(both_see())
    assert ("customer", "接着办") in shown and ("bot", "您说：接着办") in shown
    # An agent's reply goes where the customer wrote last.
    server.agent_says("wechat", conversation, "我是小李")
    assert line.words(openid, "我是小李")
    WEB.say(server, conversation, "回到网页", customer_token=proof)
    server.agent_says("webchat", conversation, "网页上见")
    WEB.read(server, conversation, proof)
    line.say(openid, "又在微信")
    pushed = line.words(openid, "您说：又在微信")
    assert not [each for each in pushed if "网页上见" in each or "回到网页" in each]
    line.say(openid, "解绑")
    line.words(openid, say("unbound"))
    line.say(openid, "我的订单")
    line.words(openid, "您说：我的订单")
    after = server.heard()[-1]
    assert after["sender"] != conversation and "customer_token" not in after["metadata"]


def test_what_wechat_does_not_take_goes_by_sms_once(server: RunningServer, line: Line, openid: str) -> None:
    """Window shut and quota used; what went by SMS is not sent again when the customer is back in WeChat."""
    proof, sms = token("C000043"), server.lines.sms
    number = f"+86139{secrets.randbelow(10**8):08}"
    conversation = WEB.begin(server, proof)
    sms.write(number, f"绑定 {code_in(WEB.say(server, conversation, '绑定', customer_token=proof))}")
    line.say(openid, f"绑定 {code_in(WEB.say(server, conversation, '绑定', customer_token=proof))}")
    assert "绑定成功" in line.words(openid, "绑定成功")[-1]

    def by_sms() -> list[str]:
        lines = [each.text.partition("客服回复：")[2] for each in sms.lines[number] if each.who == "shop"]
        return [part for each in lines for part in each.split("\n") if part in "戊己庚辛壬癸"]

    for word in ("甲", "乙", "丙", "丁"):
        server.agent_says("wechat", conversation, word)
        line.words(openid, word)
    server.agent_says("wechat", conversation, "戊")
    server.agent_says("wechat", conversation, "己")
    until(by_sms, lambda said: said == ["戊", "己"], 10)
    line.say(openid, "回来了")
    line.words(openid, "您说：回来了")
    line.wechat.ahead = 49 * 3600
    try:
        server.agent_says("wechat", conversation, "庚")
        until(by_sms, lambda said: said == ["戊", "己", "庚"], 10)
        line.say(openid, "又来了")
        server.agent_says("wechat", conversation, "辛")
        said = line.words(openid, "您说：又来了", "辛")
    finally:
        line.wechat.ahead = 0
    assert not [each for each in said if set("戊己庚") & set(each)], "sent twice"
    line.event(openid, "unsubscribe")
    server.agent_says("wechat", conversation, "壬")
    until(by_sms, lambda said: said == ["戊", "己", "庚", "壬"], 10)
    sms.write(number, "退订")
    line.event(openid, "subscribe")
    line.say(openid, "在")
    line.words(openid, "您说：在")
    line.event(openid, "unsubscribe")
    server.agent_says("wechat", conversation, "癸")
    line.event(openid, "subscribe")
    line.say(openid, "还在")
    line.words(openid, "癸", "您说：还在")
    assert by_sms() == ["戊", "己", "庚", "壬"], "who has refused SMS gets none"


def test_a_visitor_gets_no_code(server: RunningServer) -> None:
    conversation = WEB.begin(server)
    assert [each["text"] for each in WEB.say(server, conversation, "绑定")] == ["您说：绑定"]


def test_at_an_address_the_words_say_how_it_is_done(line: Line, openid: str) -> None:
    line.say(openid, "绑定")
    assert line.words(openid, say("bind_how"))
    line.say(openid, "解绑")
    assert line.words(openid, say("not_bound"))
    line.say(openid, "绑定 0000 0000")
    assert line.words(openid, say("bind_wrong"))
    assert not [each for each in line.server.heard() if "0000" in each["text"]], "a code goes no further"


def test_a_code_is_used_once_and_not_for_long(store: ConnectorStore) -> None:
    binding, mine = Binding(store), store.begin("webchat", "C1").id
    code = binding.offer("C1", conversation_id=mine)
    assert code is not None
    outbox = Outbox(store)
    for address in ("o1", "o2"):
        outbox.reach("wechat", address)
    assert binding.redeem("wechat", "o1", code) == (say("bound", channel=say("channel_wechat")), None)
    assert binding.redeem("wechat", "o2", code) == (say("bind_wrong"), None)
    assert outbox.reach("wechat", "o1").id == mine and outbox.reach("wechat", "o2").customer is None
    late = binding.offer("C1", conversation_id=mine)
    assert late is not None
    with store.engine.begin() as db:
        db.execute(CODES.update().values(at_ms=CODES.c.at_ms - 11 * 60 * 1000))
    assert binding.redeem("wechat", "o2", late) == (say("bind_wrong"), None)


def test_guessing_and_asking_have_an_end(store: ConnectorStore) -> None:
    binding, mine = Binding(store), store.begin("webchat", "C1").id
    codes = [binding.offer("C1", conversation_id=mine) for _ in range(MOST_CODES + 1)]
    assert codes[-1] is None and None not in codes[:-1]
    told = [binding.redeem("wechat", "o1", "12345678")[0] for _ in range(MOST_TRIES + 1)]
    assert told == [say("bind_wrong")] * MOST_TRIES + [say("bind_tries")]
    assert binding.redeem("wechat", "o1", str(codes[0]))[0] == say("bind_tries"), "even a right one"


def test_no_code_lies_in_the_database(store: ConnectorStore, tmp_path: Path) -> None:
    code = Binding(store).offer("C1", conversation_id=store.begin("webchat", "C1").id)
    with store.engine.connect() as db:
        assert code not in [value for row in db.execute(CODES.select()) for value in row]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("绑定", Command()), ("绑定微信。", Command()), ("绑定 1234 5678", Command(code="12345678")),
        ("绑定：12345678", Command(code="12345678")), ("解绑", Command(undo=True)), ("解除绑定！", Command(undo=True)),
        ("绑定13800001234", Command(number="+8613800001234")), ("绑定手机：+86 138 0000 1234", Command(number="+8613800001234")),
        ("绑定 23800001234", None), ("绑定 138000012345", None),
        ("怎么绑定", None), ("绑定 1234", None), ("绑定银行卡", None), ("解绑了还能查吗", None), ("12345678", None),
    ],
)  # fmt: skip
def test_only_the_words_alone_are_about_binding(text: str, meant: Command | None) -> None:
    assert command(text) == meant


def test_a_code_by_telephone_counts_where_it_was_asked_for_and_binds_the_telephone(store: ConnectorStore) -> None:
    binding, outbox, number = Binding(store), Outbox(store), "+8613800001234"
    old, mine = store.begin("webchat", "C1").id, store.begin("webchat", "C1").id
    store.append(old, "bot", {"text": "早"})
    store.append(mine, "bot", {"text": "晚"})
    visitor = outbox.reach("wechat", "o1").id
    code = binding.offer("C1", number=number, place=("wechat", "o1"))
    assert code is not None
    assert binding.redeem("wechat", "o2", code) == (say("bind_wrong"), None), "asked for elsewhere"
    text, proven = binding.redeem("wechat", "o1", code)
    assert "1234" in text and proven == number
    for channel, address in (("wechat", "o1"), ("sms", number)):
        found = outbox.reach(channel, address)
        assert (found.id, found.customer) == (mine, "C1"), "the conversation used last"
    waiting = store.next_waiting(mine)
    assert waiting is not None and (waiting.said, waiting.begun_in, waiting.customer) == (PROVEN, visitor, "C1")
    assert [each.body["text"] for each in store.latest(mine)] == ["晚"], "it is nobody's message"


def test_who_has_no_conversation_yet_keeps_the_one_at_the_address(store: ConnectorStore) -> None:
    binding, outbox = Binding(store), Outbox(store)
    visitor = outbox.reach("wechat", "o1").id
    code = binding.offer("C7", number="+8613800001234", place=("wechat", "o1"))
    assert code is not None and binding.redeem("wechat", "o1", code)[1]
    found = outbox.reach("wechat", "o1")
    assert (found.id, found.customer) == (visitor, "C7")
    waiting = store.next_waiting(visitor)
    assert waiting is not None and waiting.begun_in is None


def test_the_signed_in_see_what_is_bound_and_undo_it(store: ConnectorStore) -> None:
    binding, outbox, mine = Binding(store), Outbox(store), store.begin("webchat", "C1").id

    def answered(text: str) -> str:
        assert binding.answer(mine, secrets.token_hex(4), text, "C1")
        return str(store.latest(mine)[-1].body["text"])

    assert answered("解绑") == say("nothing_bound")
    for channel, address in (("wechat", "o1"), ("sms", "+8613800001234")):
        outbox.reach(channel, address)
        binding.redeem(channel, address, code_in([{"text": answered("绑定")}]).replace(" ", ""))
    assert "微信、短信（尾号 1234）" in answered("绑定")
    assert "微信、短信（尾号 1234）" in answered("解绑")
    for channel, address in (("wechat", "o1"), ("sms", "+8613800001234")):
        assert outbox.reach(channel, address).customer is None and outbox.reach(channel, address).id != mine
