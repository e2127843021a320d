"""Signatures, encryption and every kind of push, by WeChat's own published examples and by hostile ones."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.store import Message
from connectors.wechat import codec
from connectors.wechat.codec import (
    Clicked,
    Forged,
    ImageIn,
    Keys,
    LinkIn,
    LocationIn,
    Noted,
    Scanned,
    Subscribed,
    TextIn,
    Unreadable,
    Unsubscribed,
    Unsupported,
    VoiceIn,
)

FIXTURES = Path(__file__).parent / "fixtures"
OPENID = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
# "消息加解密说明": its key is all zeros, as is its IV.
OFFICIAL = Keys("AAAAA", "wxba5fad812f8e6fb9", (codec.aes_key("A" * 43),))
OFFICIAL_SEALED = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT"
    "740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8Y"
    "L/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
OFFICIAL_QUERY = {
    "timestamp": "1714112445", "nonce": "415670741", "encrypt_type": "aes",
    "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}  # fmt: skip
# The sample of WeChat's own code for encryption (2014): another key, and an IV that is not zero.
SAMPLE = Keys(
    "spamtest", "wx2c2769f8efd9abc2", (codec.aes_key("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),)
)
SAMPLE_SEALED = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh"
    "0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRj"
    "pA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6"
    "OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
SAMPLE_QUERY = {
    "timestamp": "1409735669", "nonce": "1320562132", "msg_signature": "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
}  # fmt: skip
NOW = 1_764_396_000


def signed(keys: Keys, body: bytes, now: float = NOW, nonce: str = "n0nce") -> tuple[dict[str, str], bytes]:
    """A call as WeChat makes it."""
    query = {"timestamp": str(int(now)), "nonce": nonce}
    query["signature"] = codec.signature(keys.token, query["timestamp"], nonce)
    if keys.aes_keys:
        sealed = codec.encrypt(keys, body)
        query["msg_signature"] = codec.signature(keys.token, query["timestamp"], nonce, sealed)
        body = f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    return query, body


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.xml").read_bytes()


PLAIN = Keys("a-token", "wxa")
SAFE = Keys("a-token", "wxa", (secrets.token_bytes(32),))


def test_the_published_signatures_hold() -> None:
    for timestamp, nonce, told in (
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ):
        query = {"timestamp": timestamp, "nonce": nonce, "signature": told}
        codec.check_call(OFFICIAL, query, int(timestamp) + 5)


def test_the_published_push_is_read() -> None:
    for body in (
        f"<xml><Encrypt><![CDATA[{OFFICIAL_SEALED}]]></Encrypt></xml>",
        f'{{"ToUserName": "gh_97417a04a28d", "Encrypt": "{OFFICIAL_SEALED}"}}',
    ):
        pushed = codec.read(OFFICIAL, OFFICIAL_QUERY, body.encode(), 1714112446)
        assert (pushed.openid, pushed.said) == ("o9AgO5Kd5ggOC-bXrbNODIiE3bGY", Noted("debug_demo"))


def test_the_published_answer_is_sealed_the_same() -> None:
    sealed = codec.encrypt(OFFICIAL, b'{"demo_resp":"good luck"}', random=b"707722b803182950")
    assert sealed == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="


def test_the_sample_with_a_key_that_is_not_zero_is_read() -> None:
    body = f"<xml><Content>abcdteT</Content><Encrypt>{SAMPLE_SEALED}</Encrypt></xml>".encode()
    pushed = codec.read(SAMPLE, SAMPLE_QUERY, body, 1409735670)
    assert pushed == codec.Push("oyORnuP8q7ou2gfYjqLzSIWZf0rs", "6054768590064713728", TextIn("abcdteT", None))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text", TextIn("我的订单 <到哪了> & 快点", None)),
        ("menu_option", TextIn("确认取消", "btn_0123456789abcdef")),
        ("image", ImageIn("media_id-1")),
        ("voice", VoiceIn("media_id-2", "帮我查一下物流。")),
        ("voice_unrecognised", VoiceIn("media_id-3", "")),
        ("location", LocationIn("上海市黄浦区人民大道200号")),
        ("link", LinkIn("蓝牙耳机", "https://shop.example/p/1")),
        ("video", Unsupported("video")),
        ("shortvideo", Unsupported("shortvideo")),
        ("subscribe", Subscribed("store-12")),
        ("unsubscribe", Unsubscribed()),
        ("scan", Scanned("store-12")),
        ("click", Clicked("/orders_ask_status")),
        ("view", Noted("VIEW")),
        ("location_report", Noted("LOCATION")),
        ("template_sent", Noted("TEMPLATESENDJOBFINISH")),
    ],
)
def test_every_kind_of_push_is_read_plain_and_sealed(name: str, said: codec.Said) -> None:
    for keys in (PLAIN, SAFE):
        query, body = signed(keys, fixture(name))
        pushed = codec.read(keys, query, body, NOW)
        assert (pushed.openid, pushed.said) == (OPENID, said)
        assert codec.read(keys, query, body, NOW).id == pushed.id


def test_every_fixture_is_tested_and_events_of_one_second_differ() -> None:
    ids = {name: codec.parse(codec._fields(fixture(name))).id for name in ("subscribe", "scan", "click", "view")}
    assert len(set(ids.values())) == 4


def test_the_key_before_still_opens() -> None:
    old = Keys("a-token", "wxa", (secrets.token_bytes(32),))
    query, body = signed(old, fixture("text"))
    with pytest.raises(Forged):
        codec.read(SAFE, query, body, NOW)
    both = Keys("a-token", "wxa", SAFE.aes_keys + old.aes_keys)
    assert codec.read(both, query, body, NOW).openid == OPENID


@pytest.mark.parametrize("late", [-301, 301, 10**9])
def test_a_call_of_another_time_is_refused(late: int) -> None:
    for keys in (PLAIN, SAFE):
        query, body = signed(keys, fixture("text"))
        with pytest.raises(Forged):
            codec.read(keys, query, body, NOW + late)


def test_what_is_changed_on_the_way_is_refused() -> None:
    query, body = signed(SAFE, fixture("text"))
    for name in query:
        if name != "signature":  # in safe mode it counts for nothing
            for other in ("", "x", query[name][:-1], query[name] + "1", "é"):
                with pytest.raises(Forged):
                    codec.read(SAFE, {**query, name: other}, body, NOW)
    for keys in (Keys("other", "wxa", SAFE.aes_keys), Keys("a-token", "wxb", SAFE.aes_keys)):
        with pytest.raises(Forged):
            codec.read(keys, query, body, NOW)


def test_safe_mode_takes_nothing_plain() -> None:
    query, body = signed(PLAIN, fixture("text"))
    with pytest.raises(Forged):
        codec.read(SAFE, query, body, NOW)


@given(st.binary(max_size=200))
def test_whatever_is_sealed_in_a_good_signature_never_breaks(noise: bytes) -> None:
    sealed = base64.b64encode(noise).decode()
    query = {"timestamp": str(NOW), "nonce": "n", "signature": codec.signature("a-token", str(NOW), "n")}
    query["msg_signature"] = codec.signature("a-token", str(NOW), "n", sealed)
    with pytest.raises((Forged, Unreadable)):
        codec.read(SAFE, query, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode(), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"<xml>", b"<xml/>", "<xml><a>你好</a>".encode("gb18030"), b"\xff\xfe<\x00x\x00", b"\x00" * 50,
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><FromUserName>&e;</FromUserName></xml>',
        b'<?xml version="1.0" encoding="nonsense"?><xml/>',
        b"<xml><FromUserName>o123456</FromUserName><MsgType>text</MsgType></xml>",
        b"<xml><FromUserName>o123456</FromUserName><MsgType>text</MsgType><MsgId>x</MsgId></xml>",
        b"<xml><FromUserName>o12 456</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId></xml>",
        b"<xml><FromUserName>o123456</FromUserName><MsgType>event</MsgType></xml>",
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_way(body: bytes) -> None:
    query, body = signed(PLAIN, body)
    with pytest.raises(Unreadable):
        codec.read(PLAIN, query, body, NOW)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_noise_never_breaks(noise: bytes) -> None:
    query, body = signed(PLAIN, noise)
    with pytest.raises(Unreadable):
        codec.read(PLAIN, query, body, NOW)


@pytest.mark.parametrize("key", ["", "A" * 42, "A" * 44, "*" * 43, "A" * 42 + "=", "密" * 43])
def test_a_wrong_encoding_key_is_told(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.aes_key(key)


def said(seq: int, who: str = "bot", **body: Any) -> Message:
    return Message("c", seq, who, body, None, None, 0)  # type: ignore[arg-type]


def test_texts_that_wait_together_go_as_one_up_to_what_fits() -> None:
    long = "这是很长的一句话。" * 55
    parcels = list(codec.pack([said(1, text="一"), said(2, text="二"), said(4, text=long), said(5, text=long)]))
    assert [[each.seq for each in parcel.messages] for parcel in parcels] == [[1, 2, 4], [5]]
    assert parcels[0].content["text"]["content"].startswith("一\n\n二\n\n这是")
    assert all(len(parcel.content["text"]["content"].encode()) <= codec.MAX_TEXT_BYTES for parcel in parcels)


def test_buttons_are_a_menu_message_and_pictures_an_article() -> None:
    options = [{"title": "好", "payload": "btn_1"}, {"title": "不", "payload": "btn_2"}]
    question, picture, nothing = codec.pack(
        [said(1, text="要取消吗？", buttons=options), said(2, image="https://a.example/b.jpg"), said(3, custom={"x": 1})]
    )
    assert question.content["msgmenu"]["head_content"] == "要取消吗？"
    assert question.content["msgmenu"]["list"] == [
        {"id": "btn_1", "content": "好"}, {"id": "btn_2", "content": "不"},
    ]  # fmt: skip
    assert picture.content["news"]["articles"][0]["picurl"] == "https://a.example/b.jpg"
    assert nothing.content is None


def test_a_person_is_named() -> None:
    (parcel,) = codec.pack([said(1, "agent", text="您好", agent_name="小李")])
    assert parcel.content["text"]["content"] == "【人工客服小李】您好"
