"""The REST channel over HTTP."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import urllib.error
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.connectors.clients import new_id, titles, token
from tests.connectors.running import BUTTONS, RunningServer


def test_answers_are_rasas_json(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    assert server.post("/webhooks/rest/webhook", {"sender": sender, "message": "多"}) == (
        200,
        [
            {"recipient_id": sender, "text": "第一条"},
            {"recipient_id": sender, "text": "第二条"},
            {"recipient_id": sender, "text": "第三条 https://shop.example/help?a=1。"},
        ],
    )
    (asked,) = server.post("/webhooks/rest/webhook", {"sender": sender, "message": "按钮"})[1]
    assert titles(asked) == [each["title"] for each in BUTTONS]
    assert {each: asked[each] for each in asked if each != "buttons"} == {
        "recipient_id": sender,
        "text": "您要取消订单 202606010001 吗？",
    }


def test_the_input_channel_is_fixed(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    server.post("/webhooks/rest/webhook", {"sender": sender, "message": "你好", "input_channel": "webchat"})
    assert server.heard(sender)[0]["input_channel"] == "rest"


def test_a_refusal_says_what_to_do(server: RunningServer) -> None:
    status, body = server.post("/webhooks/rest/webhook", b"{")
    assert (status, body["status"], body["code"]) == (400, 400, "invalid_json")
    assert "JSON" in body["detail"]


def test_another_customer_is_told_to_start_anew(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    said = {"sender": sender, "message": "你好", "metadata": {"customer_token": token("C000001")}}
    assert server.post("/webhooks/rest/webhook", said)[0] == 200
    said["metadata"] = {"customer_token": token("C000002")}
    status, body = server.post("/webhooks/rest/webhook", said)
    assert (status, body["code"]) == (403, "conversation_of_other_customer")
    assert "sender" in body["detail"]


def test_a_bound_conversation_asks_for_the_token(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    said = {"sender": sender, "message": "你好", "message_id": "m1"}
    assert server.post("/webhooks/rest/webhook", said)[0] == 200
    proven = {**said, "metadata": {"customer_token": token("C000001")}, "message_id": "m2"}
    assert server.post("/webhooks/rest/webhook", proven)[0] == 200
    # Also what was said before it was bound.
    for message_id in ("m1", "m2", "m3"):
        status, body = server.post("/webhooks/rest/webhook", {**said, "message_id": message_id})
        assert (status, body["code"]) == (403, "conversation_needs_token")
        assert "令牌" in body["detail"]
    path = f"/webhooks/rest/messages?sender={sender}"
    assert server.ask(path)[1]["code"] == "conversation_needs_token"
    foreign = server.ask(path, Authorization=f"Bearer {token('C000002')}")
    assert (foreign[0], foreign[1]["code"]) == (403, "conversation_of_other_customer")
    assert server.ask(path, Authorization=f"Bearer {token('C000001')}") == (200, [])


@pytest.mark.parametrize(
    "sender",
    ["../conversations/x", "..", "a/b", "a?b", "a#b", "a%2fb", "张三", "a b", "a.b", "x" * 129, "a\n"],
)
def test_a_sender_is_of_the_one_alphabet(server: RunningServer, sender: str) -> None:
    status, body = server.post("/webhooks/rest/webhook", {"sender": sender, "message": "你好"})
    assert (status, body["code"]) == (400, "sender_invalid")
    status, body = server.ask(f"/webhooks/rest/messages?{urlencode({'sender': sender})}")
    assert (status, body["code"]) == (400, "sender_invalid")
    assert server.heard(sender) == []


def test_polls_give_what_nobody_asked_for(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    server.post("/webhooks/rest/webhook", {"sender": sender, "message": "你好"})
    assert server.get(f"/webhooks/rest/messages?sender={sender}") == []
    server.agent_says("rest", sender, "您好，我来帮您。", agent_name="小李")
    (reply,) = server.get(f"/webhooks/rest/messages?sender={sender}&after=0")
    assert (reply["text"], reply["from"], reply["agent_name"]) == ("您好，我来帮您。", "agent", "小李")
    assert server.get(f"/webhooks/rest/messages?sender={sender}&after={reply['seq']}") == []
    assert server.get("/webhooks/rest/messages?sender=nobody") == []
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.get("/webhooks/rest/messages?sender=u&after=soon")
    assert caught.value.code == 400


def test_a_killed_server_answers_the_repeat(own_server: RunningServer) -> None:
    said = {"sender": "u1", "message": "慢", "message_id": "m1"}
    first = threading.Thread(target=lambda: _ignore_loss(own_server, said))
    first.start()
    time.sleep(0.5)
    own_server.end(signal.SIGKILL)
    first.join()
    own_server.start()
    assert own_server.post("/webhooks/rest/webhook", said) == (
        200,
        [{"recipient_id": "u1", "text": "您说：慢"}],
    )
    assert len(own_server.heard("u1")) == 1


def test_without_the_demo_there_is_no_rest(tmp_path: Path) -> None:
    running = RunningServer(tmp_path, "--no-demo").start()
    try:
        for path in ("/webhooks/rest/webhook", "/webhooks/rest/"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                running.get(path)
            assert caught.value.code == 404
    finally:
        running.end(signal.SIGKILL)


def _ignore_loss(server: RunningServer, said: dict[str, str]) -> None:
    with contextlib.suppress(OSError):  # the server is killed under this request
        server.post("/webhooks/rest/webhook", said)
