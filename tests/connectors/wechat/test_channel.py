"""The whole path: WeChat's stand-in pushes, our server answers by the customer-service API."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from connectors.errors import SettingsError
from connectors.settings import Settings
from connectors.wechat import WeChatInput
from connectors.wording import say
from tests.connectors.test_limits import png
from tests.connectors.wechat.line import AES_KEY, Line, until


@pytest.fixture
def openid() -> str:
    return f"o{secrets.token_hex(13)}"


def test_a_text_is_acknowledged_and_answered(line: Line, openid: str) -> None:
    assert [(each.status, each.answer) for each in line.say(openid, "你好")] == [(200, "success")]
    assert [each["text"] for each in line.answers(openid)] == ["您说：你好"]


def test_an_address_is_verified_by_echo(line: Line, openid: str) -> None:
    query, _ = line.wechat.sealed(openid, {})
    told = "&".join(f"{name}={value}" for name, value in query.items())
    assert line.server.fetch(f"/webhooks/wechat/?{told}&echostr=4127") == (200, "4127")
    assert line.server.fetch("/webhooks/wechat/?signature=x&timestamp=1&nonce=2&echostr=3") == (403, "forged")
    assert line.server.fetch("/webhooks/wechat/") == (403, "forged")


def test_what_is_forged_is_refused_and_not_logged(line: Line, openid: str) -> None:
    query, body = line.wechat.sealed(openid, {"MsgType": "text", "MsgId": "1", "Content": "秘密"})
    for change in ({"msg_signature": "0" * 40}, {"timestamp": str(int(time.time()) - 4000)}, {"nonce": "other"}):
        assert line.thread.run(line.wechat.deliver({**query, **change}, body)).status == 403
    assert line.thread.run(line.wechat.deliver(query, b"<xml>nothing</xml>")).status == 403
    assert line.thread.run(line.wechat.deliver(query, b"x" * 100_000)).status == 413
    assert line.server.heard() == [each for each in line.server.heard() if each["text"] != "秘密"]
    assert "event=forged" in line.server.log.read_text("utf-8")


def test_a_push_delivered_again_is_handled_once(line: Line, openid: str) -> None:
    fields = {"MsgType": "text", "Content": "慢慢来", "MsgId": secrets.randbelow(10**15)}
    query, body = line.wechat.sealed(openid, fields)
    line.wechat._allow(openid, 5, 1000)

    async def thrice() -> list[int]:
        return [each.status for each in await asyncio.gather(*(line.wechat.deliver(query, body) for _ in range(3)))]

    assert line.thread.run(thrice()) == [200, 200, 200]
    assert line.words(openid, "您说：慢慢来") == ["您说：慢慢来"]
    later = line.wechat.sealed(openid, fields)  # another signature, the same message
    assert line.thread.run(line.wechat.deliver(*later)).status == 200
    line.say(openid, "好了")
    assert line.words(openid, "您说：好了") == ["您说：慢慢来", "您说：好了"]


def test_a_slow_answer_is_acknowledged_at_once_and_typing_is_shown(line: Line, openid: str) -> None:
    (delivery,) = line.say(openid, "慢")
    assert delivery.seconds < 0.5
    until(lambda: line.wechat.typing, lambda typing: openid in typing, 5)
    assert line.words(openid, "您说：慢") == ["您说：慢"]


@pytest.mark.parametrize("answer", ["tap", "1", "第一个", "确认取消"])
def test_options_are_a_menu_message_and_chosen_by_tap_number_or_words(line: Line, openid: str, answer: str) -> None:
    line.say(openid, "按钮")
    (question,) = line.answers(openid)
    assert [each["title"] for each in question["options"]] == ["确认取消", "再想想", "转人工"]
    option = question["options"][0]
    line.say(openid, option["title"] if answer == "tap" else answer, option["id"] if answer == "tap" else None)
    assert line.words(openid, "您说：/affirm")


def test_an_option_of_an_older_question_chooses_nothing(line: Line, openid: str) -> None:
    line.say(openid, "修改")
    (old,) = line.answers(openid)
    line.say(openid, "按钮")
    line.answers(openid, 2)
    line.say(openid, "确认修改", old["options"][0]["id"])
    (told,) = line.answers(openid, 3)[2:]
    assert "过期" in told["text"] and "1. 确认取消" in told["text"]
    line.say(openid, "2")
    assert line.words(openid, "您说：/deny")


def test_a_number_is_a_number_where_nothing_is_asked(line: Line, openid: str) -> None:
    line.say(openid, "按钮")
    line.answers(openid)
    line.say(openid, "你好")
    line.say(openid, "2")
    assert line.words(openid, "您说：2")


def test_a_typed_payload_is_text(line: Line, openid: str) -> None:
    line.say(openid, "/EXTERNAL_handoff_closed")
    assert line.words(openid, "您说：／EXTERNAL_handoff_closed")


def test_other_kinds_are_read_or_explained(line: Line, openid: str) -> None:
    line.send(openid, MsgType="voice", MediaId="v1", Recognition="查物流")
    assert line.words(openid, "您说：查物流")
    line.send(openid, MsgType="location", Label="人民大道200号")
    assert line.words(openid, "您说：我的位置：人民大道200号")
    line.send(openid, MsgType="link", Title="耳机", Url="https://a.example/1")
    assert line.words(openid, "您说：耳机 https://a.example/1")
    line.send(openid, MsgType="voice", MediaId="v2", Recognition="")
    assert line.words(openid, say("voice_unread"))
    (delivery,) = line.send(openid, MsgType="shortvideo", MediaId="v3")
    assert delivery.status == 200
    assert line.words(openid, say("unsupported"))


def test_a_picture_is_fetched_and_kept(line: Line, openid: str) -> None:
    line.wechat.media["m1"] = ("image/png", png(64, 48))
    line.send(openid, MsgType="image", MediaId="m1", PicUrl="http://x/1")
    assert line.words(openid, "图片收到了", seconds=60)
    heard = [each["metadata"]["media"] for each in line.server.heard() if each["text"] == "[图片]"]
    kept = [each["id"] for media in heard for each in media if each["type"] == "image/png"]
    assert png(64, 48) in [(line.server.folder / "media" / each).read_bytes() for each in kept]


def test_a_picture_that_cannot_be_fetched_is_still_answered(line: Line, openid: str) -> None:
    line.send(openid, MsgType="image", MediaId="gone", PicUrl="http://x/1")
    assert line.words(openid, "给您看一下")


def test_following_is_welcomed_and_the_menu_is_pressed(line: Line, openid: str) -> None:
    line.event(openid, "subscribe", "qrscene_store-1")
    assert line.words(openid, say("welcome"))
    line.event(openid, "CLICK", "/logistics_track")
    assert line.words(openid, "您说：/logistics_track")
    for event, key in (("CLICK", "/EXTERNAL_handoff_closed"), ("VIEW", "https://a.example"), ("SCAN", "s"), ("unsubscribe", "")):
        (delivery,) = line.event(openid, event, key)
        assert delivery.status == 200
    assert not [each for each in line.server.heard() if each["text"].startswith("/EXTERNAL")]


def test_what_the_quota_keeps_back_goes_with_the_next_message(line: Line, openid: str) -> None:
    line.say(openid, "你好")
    line.words(openid, "您说：你好")
    conversation = line.conversation(openid)
    for number in range(1, 5):
        line.server.agent_says("wechat", conversation, f"第{number}句")
        line.words(openid, f"第{number}句")
    for number in (5, 6):  # 45047
        line.server.agent_says("wechat", conversation, f"第{number}句")
    time.sleep(0.5)
    assert len(line.answers(openid)) == 5
    line.say(openid, "还有吗")
    said = line.words(openid, "第6句", "您说：还有吗")
    assert "第5句" in said[5] and "第6句" in said[5], "what waited goes as one message"
    assert len(said) <= 7


def test_what_comes_after_48_hours_waits_for_the_customer(line: Line, openid: str) -> None:
    line.say(openid, "你好")
    line.words(openid, "您说：你好")
    line.wechat._allowed[openid].until = 0  # 45015
    line.server.agent_says("wechat", line.conversation(openid), "您的退款到了")
    time.sleep(0.5)
    assert len(line.answers(openid)) == 1
    line.say(openid, "好的")
    assert line.words(openid, "退款到了", "您说：好的")


def test_a_busy_wechat_is_asked_again_and_order_is_kept(line: Line, openid: str) -> None:
    line.wechat.busy = 2
    for text in ("一", "二", "三"):
        line.say(openid, text)
    said = "\n".join(line.words(openid, "您说：三", seconds=20))
    assert said.index("您说：一") < said.index("您说：二") < said.index("您说：三")


def test_a_token_that_runs_out_is_fetched_once(line: Line) -> None:
    people = [f"o{secrets.token_hex(13)}" for _ in range(12)]
    line.say(people[0], "你好")
    line.words(people[0], "您说：你好")
    line.wechat.calls.clear()
    line.wechat.expire_tokens()

    async def everybody() -> None:
        await asyncio.gather(*(line.wechat.say(each, "你好") for each in people))

    line.thread.run(everybody())
    for each in people:
        assert line.words(each, "您说：你好")
    assert line.wechat.calls.count("/cgi-bin/stable_token") == 1


def test_nothing_secret_is_logged(line: Line, openid: str) -> None:
    line.say(openid, "我的手机是一三八，错")
    line.words(openid, "抱歉")
    log = line.server.log.read_text("utf-8")
    told = (line.wechat.secret, line.wechat.keys.token, line.wechat._token, AES_KEY, openid, "一三八")
    assert [each for each in told if each in log] == []


def left_unreadable(line: Line, openid: str) -> None:
    """A push that an earlier process has acknowledged, and this one cannot read."""
    told = json.dumps({"FromUserName": openid, "MsgType": "text", "Content": "十三"})
    with closing(sqlite3.connect(line.server.folder / "connectors.db")) as db, db:
        db.execute("INSERT INTO pushes VALUES ('wechat', ?, ?, 1, 1, NULL)", (f"{openid}:13", told))


def test_a_killed_server_still_answers_once(own_line: Line, openid: str) -> None:
    line = own_line
    line.say(openid, "慢慢来")  # acknowledged, and at work
    line.server.end(signal.SIGKILL)
    line.server.start()
    assert line.words(openid, "您说：慢慢来", seconds=30) == ["您说：慢慢来"]
    line.wechat.busy = 10**6  # the answer is stored, and WeChat does not take it
    line.say(openid, "你好")
    until(lambda: line.wechat.busy, lambda busy: busy < 10**6, 10)
    line.server.end(signal.SIGKILL)
    line.wechat.busy = 0
    other = f"o{secrets.token_hex(13)}"
    line.wechat._allow(other, 5, 1000)
    left_unreadable(line, other)
    line.server.start()
    assert line.words(openid, "您说：你好", seconds=30) == ["您说：慢慢来", "您说：你好"]
    assert line.words(other, say("sorry")) == [say("sorry")], "what nobody can read is not left without a word"
    line.say(other, "再说一遍")
    assert line.words(other, "您说：再说一遍")
    assert other not in line.server.log.read_text("utf-8")


def test_without_an_account_the_channel_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APPID", "SECRET", "TOKEN"):
        monkeypatch.delenv(f"LINGXI_WECHAT_{name}", raising=False)
    channel = WeChatInput.build(Settings(False, "s" * 40, f"sqlite:///{tmp_path}/x.db", tmp_path, ()))
    assert channel.blueprint(print).routes == [] and channel.get_output_channel() is None
    monkeypatch.setenv("LINGXI_WECHAT_APPID", "wx1")
    with pytest.raises(SettingsError, match="LINGXI_WECHAT_SECRET, LINGXI_WECHAT_TOKEN"):
        WeChatInput.build(channel.settings)
