"""An SMS on its whole way: the telephone, the provider, the shop's server, and back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.wording import say
from tests.connectors.sms.conftest import Shop, opened
from tests.standins import sms as standin
from tests.standins.sms import PATH_SECRET

Number = Callable[[], str]


def test_an_sms_is_answered(shop: Shop, number: Number) -> None:
    mine = number()
    assert shop.write(mine, f"你好 {mine[-4:]}") == 200
    assert shop.received(mine) == [f"您说：你好 {mine[-4:]}"]


def test_a_repeated_push_is_handled_once(shop: Shop, number: Number) -> None:
    mine = number()
    body, kind = shop.network.uplink(mine, f"你好 {mine[-4:]}", "ab" * 16, "2026-11-29 12:00:00")
    for _ in range(3):
        assert shop.network.call("uplink", body, kind)[0] == 200
    shop.received(mine)
    assert shop.heard(mine) == [f"你好 {mine[-4:]}"]
    assert len(shop.received(mine)) == 1


def test_options_are_numbered_and_a_digit_chooses(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, "按钮")
    (asked,) = shop.received(mine)
    assert "1. 确认取消" in asked and "3. 转人工" in asked
    shop.write(mine, " ２ ")
    assert shop.received(mine, 2)[1] == "您说：/deny"
    shop.write(mine, "1")
    assert shop.received(mine, 3)[2] == "您说：1", "the question is no longer open"


def test_paragraphs_and_answers_of_a_turn_leave_in_one_sms(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, "多")
    assert shop.received(mine) in (
        ["第一条\n第二条\n第三条 https://shop.example/help?a=1。"],
        ["第一条", "第二条\n第三条 https://shop.example/help?a=1。"],
        ["第一条\n第二条", "第三条 https://shop.example/help?a=1。"],
    )


def test_a_refusal_stops_at_once_and_a_start_resumes(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, f"你好 {mine[-4:]}")
    shop.received(mine)
    for word in ("退订", "ｔｄ", "R"):
        shop.write(mine, word)
    shop.write(mine, f"还在吗 {mine[-4:]}")
    assert shop.say(mine, "您好，我是小李。") == 200
    time.sleep(1)
    assert len(shop.received(mine)) == 1
    assert shop.heard(mine) == [f"你好 {mine[-4:]}"]
    started = shop.network.uplink(mine, "START", "77" * 16, "2026-11-29 12:00:00")
    shop.network.call("uplink", *started)
    assert shop.received(mine, 2)[1] == say("sms_started")
    shop.write(mine, "td")
    shop.network.call("uplink", *started)  # again, late: no new word
    shop.write(mine, f"在吗 {mine[-4:]}")
    time.sleep(0.5)
    assert len(shop.received(mine)) == 2
    shop.write(mine, "恢复")
    shop.write(mine, f"订单呢 {mine[-4:]}")
    shop.settle(mine)
    assert shop.heard(mine) == [f"你好 {mine[-4:]}", f"订单呢 {mine[-4:]}"]


def test_a_persons_reply_goes_out_by_sms(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, f"你好 {mine[-4:]}")
    shop.received(mine)
    assert shop.say(mine, "您好，我是小李。", reply_id=mine) == 200
    assert shop.say(mine, "您好，我是小李。", reply_id=mine) == 200
    assert shop.received(mine, 2)[1:] == ["您好，我是小李。"]


def test_a_template_speaks_for_its_response(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, f"你好 {mine[-4:]}")
    shop.received(mine)
    custom = {"sms_template": "order_cancelled", "params": {"number": "202606010001"}}
    shop.say(mine, None, custom=custom)
    assert shop.received(mine, 2)[1] == "您的订单202606010001已经取消。"


@pytest.mark.parametrize("path", ["/webhooks/sms/wrong-secret-of-the-tests/uplink", "/webhooks/sms/x/report"])
def test_without_the_secret_there_is_nothing(shop: Shop, number: Number, path: str) -> None:
    mine = number()
    body, kind = shop.network.uplink(mine, f"你好 {mine[-4:]}", "cd" * 16, "2026-11-29 12:00:00")
    assert shop.network.call("uplink", body, kind, shop.server.origin + path)[0] == 404
    assert shop.heard(mine) == []


def test_twilios_signature_covers_address_and_form(shop: Shop, number: Number) -> None:
    if shop.provider != "twilio":
        assert shop.network.call("uplink", *shop.network.uplink(number(), "你好", "ef" * 16, "1"))[0] == 200
        return  # the others sign nothing: the secret in the address is what they have
    mine = number()
    body, kind = shop.network.uplink(mine, f"你好 {mine[-4:]}", "ef" * 16, "")
    for changed in (body.replace(b"Body=", b"Body=x"), body + b"&More=1"):
        status, _ = shop.server.post(f"/webhooks/sms/{PATH_SECRET}/uplink", changed, **{"Content-Type": kind})
        assert status == 403
    assert shop.heard(mine) == []


@pytest.mark.parametrize("what", ["uplink", "report"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"[[]]", b'{"a":1}', b"\xff\xfe", b"[" * 5000, b"null", b"a=b&c"]
)
def test_nonsense_is_refused_and_told_why(shop: Shop, what: str, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded" if shop.provider == "twilio" else "application/json"
    try:
        status, answer = shop.network.call(what, body, kind)
    except UnicodeDecodeError:  # the stand-in cannot sign what is no text
        return
    assert status in (400, 403) and b"Traceback" not in answer


def test_what_a_provider_could_not_take_goes_later(shop: Shop, number: Number) -> None:
    mine = number()
    code = {"aliyun": "isp.SYSTEM_ERROR", "tencent": "InternalError.Timeout", "twilio": "20500"}[
        shop.provider
    ]
    shop.network.fail[:] = [code]
    shop.write(mine, f"你好 {mine[-4:]}")
    assert shop.received(mine, seconds=12) == [f"您说：你好 {mine[-4:]}"]
    assert shop.network.fail == []


def test_reports_and_logs_hold_no_number_and_no_words(shop: Shop, number: Number) -> None:
    mine = number()
    shop.write(mine, f"你好 {mine[-4:]}")
    shop.received(mine)
    for _ in range(2):
        assert shop.network.report(mine, shop.receipts(mine)[0], delivered=False) == 200
    assert shop.network.report(mine, "a receipt of nobody's", delivered=True) == 200
    log = shop.server.log.read_text("utf-8")
    assert "event=sms_undelivered channel=sms" in log and "parts=1" in log
    told = "\n".join(line for line in log.splitlines() if "sanic.access" not in line)
    assert not [
        secret for secret in (mine, mine[3:], "你好", standin.KEY_SECRET, PATH_SECRET) if secret in told
    ]


def test_a_day_has_its_limit_and_foreign_addresses_are_nobody(tmp_path: Path, number: Number) -> None:
    with opened(tmp_path, "aliyun", LINGXI_SMS_A_DAY="2", LINGXI_SMS_CALLBACK_ADDRESSES="127.0.0.1") as shop:
        mine = number()
        for count, words in enumerate(("一", "二", "三"), start=1):
            shop.write(mine, words)
            shop.received(mine, count, seconds=2 if count > 2 else 8)
        assert len(shop.received(mine)) == 2
        body, kind = shop.network.uplink(mine, "你好", "ab" * 16, "2026-11-29 12:00:00")
        url, headers = (
            f"/webhooks/sms/{PATH_SECRET}/uplink",
            {"Content-Type": kind, "X-Forwarded-For": "203.0.113.9"},
        )
        assert shop.server.post(url, body, **headers)[0] == 404
        assert "problem=daily_limit" in shop.server.log.read_text("utf-8")
