"""Whatever anybody sends to a public route: a clear refusal, never a 5xx, a traceback or somebody's words in the log."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from connectors.wechat import codec
from tests.connectors.clients import token
from tests.connectors.running import RunningServer
from tests.connectors.sample.codec import sign
from tests.connectors.wechat.line import AES_KEY, APPID, TOKEN
from tests.scale import SCALE
from tests.standins.sms import KEY_SECRET, PATH_SECRET

TRIES = 150 if SCALE == 1 else 2000 * SCALE  # 50,000 a route in `make soak`
MARK = "一三八零零一三八零零零"
KEYS = codec.Keys(TOKEN, APPID, (codec.aes_key(AES_KEY),))
SEEDS = (
    b"", b"{}", b"[]", b"null", b"<xml/>", b"<xml><a>", b"\x00" * 40, b"\xff\xfe\x00<", b"%PDF-1.4", "“你好”".encode("gb18030"), b"[" * 20_000,
    b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><xml><Content>&c;</Content></xml>',
    f'{{"id": "c0ffee-0001", "text": "{MARK}"}}'.encode(), f'{{"from": "s", "id": "1", "text": "{MARK}"}}'.encode(),
    f"<xml><FromUserName>o1234567</FromUserName><MsgType>text</MsgType><MsgId>1</MsgId><Content>{MARK}</Content></xml>".encode(),
    f'[{{"phone_number":"13800138000","send_time":"1","content":"{MARK}","sequence_id":1}}]'.encode(), b'[{"phone_number":[],"content":1,"send_time":{}}]',
    b'[{"phone_number":"13800138000","biz_id":"x","success":true}]',
    b"<xml><FromUserName>o1234567</FromUserName><MsgType>event</MsgType><Event>CLICK</Event><CreateTime>1</CreateTime></xml>",
)  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    """A body that is nearly right, or not at all."""
    body = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(body) + 1)
        change = chance.randrange(3)
        if change == 0:
            body[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif change == 1:
            del body[at : at + chance.randrange(1, 30)]
        else:
            body[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(body)


def calls(route: str, chance: random.Random) -> tuple[str, str, bytes, dict[str, str]]:
    """Method, target, body and headers of a call that is mostly proven, so that what is behind the proof is tried as well."""
    body = mutated(chance)
    if route == "wechat":
        now, nonce = str(int(time.time())), str(chance.randrange(10**9))
        sealed = codec.encrypt(KEYS, body) if chance.random() < 0.8 else chance.choice(["", "x", "AAAA", "é"])
        query = {"timestamp": now, "nonce": nonce, "msg_signature": codec.signature(TOKEN, now, nonce, sealed)}
        query["signature"] = codec.signature(TOKEN, now, nonce)
        if chance.random() < 0.1:
            query[chance.choice([*query])] = chance.choice(["", "0", "９", "x" * 300, "\x00"])
        envelope = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode() if chance.random() < 0.9 else body
        return chance.choice(["POST"] * 9 + ["GET"]), f"/webhooks/wechat/?{urlencode(query)}", envelope, {}
    if route == "app":
        proof = token(f"C{chance.randrange(50)}") if chance.random() < 0.8 else chance.choice(["", "x", "a.b.c"])
        query = {"after": chance.choice(["0", "-1", "x", "9" * 20, "１"]), "wait": chance.choice(["0", "x"])}
        method = chance.choice(["POST"] * 4 + ["GET"])
        target = "/webhooks/app/messages" + (f"?{urlencode(query)}" if method == "GET" else "")
        return method, target, b"" if method == "GET" else body, {"Authorization": f"Bearer {proof}"}
    if route == "sms":
        secret = PATH_SECRET if chance.random() < 0.9 else chance.choice(["x", "%C3%A9", "%00", "a" * 300])
        return "POST", f"/webhooks/sms/{secret}/{chance.choice(['uplink', 'uplink', 'report'])}", body, {}
    if route == "rest":
        return "POST", "/webhooks/rest/webhook", body, {"Content-Type": chance.choice(["application/json", "text/xml", ""])}
    return "POST", "/webhooks/sample/", body, {"X-Signature": chance.choice([sign(b"other"), "", "é".encode().decode("latin-1")])}


@pytest.fixture
def connection(server: RunningServer) -> Iterator[http.client.HTTPConnection]:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    yield line
    line.close()


@pytest.mark.parametrize("route", ["wechat", "app", "sms", "rest", "sample"])
def test_nothing_that_is_sent_breaks_a_route(
    server: RunningServer, connection: http.client.HTTPConnection, route: str
) -> None:
    chance = random.Random(route)
    for _ in range(TRIES):
        method, target, body, headers = calls(route, chance)
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 500, (answer.status, method, target, body)
        if answer.getheader("connection") == "close":
            connection.close()
    log = server.log.read_text("utf-8", "replace")
    assert "Traceback" not in log
    assert [each for each in (MARK, TOKEN, AES_KEY, KEY_SECRET) if each in log] == []


def test_a_body_of_megabytes_is_refused(server: RunningServer, connection: http.client.HTTPConnection) -> None:
    for target in ("/webhooks/wechat/", "/webhooks/app/messages", f"/webhooks/sms/{PATH_SECRET}/uplink"):
        proof = {"Authorization": f"Bearer {token('C1')}"}
        connection.request("POST", target, b"x" * (10 * 1024 * 1024), proof)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == 413
