"""What every channel must do, whatever it is; what it can do is declared on its client in `clients.py`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest

from connectors.base import NOTHING_ASKED, NOW_ASKED, PRESSED_AGAIN, PRESSED_LATE
from connectors.turns import SORRY
from tests.connectors.clients import (
    EVERY_CHANNEL,
    RestClient,
    WebChatClient,
    button,
    new_id,
    titles,
    token,
)
from tests.connectors.running import BUTTONS, CHANGE, SECRET, RunningServer

Client = RestClient | WebChatClient


@pytest.fixture(params=EVERY_CHANNEL, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


def texts(answers: list[dict[str, Any]]) -> list[str | None]:
    return [answer.get("text") for answer in answers]


def test_a_message_reaches_rasa_with_its_id_channel_and_proof(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server, token("C000009"))
    message_id = new_id()
    answers = client.say(
        server, conversation, " 你好 ", message_id=message_id, customer_token=token("C000009")
    )
    assert texts(answers) == ["您说：你好"]
    (heard,) = server.heard(conversation)
    assert (heard["text"], heard["message_id"], heard["input_channel"]) == ("你好", message_id, client.name)
    assert heard["metadata"]["channel"] == client.name
    assert jwt.decode(heard["metadata"]["customer_token"], SECRET, algorithms=["HS256"])["sub"] == "C000009"


def test_an_anonymous_message_carries_no_token(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, "你好")
    assert "customer_token" not in server.heard(conversation)[0]["metadata"]


@pytest.mark.parametrize(
    "forged", [token(secret="another-secret-of-thirty-two-characters"), "x.y.z", "nonsense"]
)
def test_a_forged_token_proves_nobody(server: RunningServer, client: Client, forged: str) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, "我的订单", customer_token=forged)
    carried = server.heard(conversation)[0]["metadata"].get("customer_token")
    assert carried in (None, forged)


def test_a_repeat_is_handled_once(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), new_id()
    first = client.say(server, conversation, "你好", message_id=message_id)
    again = client.say(server, conversation, "你好", message_id=message_id)
    assert texts(first) == ["您说：你好"]
    assert len(server.heard(conversation)) == 1
    # REST answers a repeat again; the web shows what was answered when the conversation is opened.
    assert texts(again) == ([] if client.pushes else ["您说：你好"])


def test_concurrent_repeats_are_handled_once(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), new_id()
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: client.say(server, conversation, "慢", message_id=message_id), range(5)))
    assert len(server.heard(conversation)) == 1


@pytest.mark.parametrize(
    "typed", ["/affirm", "  /affirm", "\u3000/EXTERNAL_handoff_closed", "\x0b/restart", "//x"]
)
def test_a_typed_payload_is_plain_text(server: RunningServer, client: Client, typed: str) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, typed)
    (heard,) = server.heard(conversation)
    assert heard["text"].startswith("／")


def payloads(server: RunningServer, conversation: str) -> list[str]:
    """What reached Rasa as a payload."""
    return [each["text"] for each in server.heard(conversation) if each["text"].startswith("/")]


def test_buttons_are_offered(server: RunningServer, client: Client) -> None:
    assert client.supports_buttons
    (answer,) = client.say(server, client.begin(server), "按钮")
    assert titles(answer) == [each["title"] for each in BUTTONS]
    ids = [each["payload"] for each in answer["buttons"]]
    assert len(set(ids)) == len(BUTTONS)
    assert not [each for each in BUTTONS if each["payload"] in ids]


def test_only_offered_buttons_reach_rasa(server: RunningServer, client: Client) -> None:
    other = client.begin(server)
    foreign = button(client.say(server, other, "按钮"), "确认取消")
    conversation = client.begin(server)
    offered = client.say(server, conversation, "按钮")
    for made_up in (foreign, "/affirm", "/EXTERNAL_handoff_closed", "btn_0123456789abcdef"):
        client.press(server, conversation, made_up)
    assert payloads(server, conversation) == []
    if not client.tells_typing_apart:
        offered = client.say(server, conversation, "按钮")
    client.press(server, conversation, button(offered, "确认取消"))
    assert payloads(server, conversation) == ["/affirm"]


def test_a_button_with_plain_words_says_them(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server)
    client.press(server, conversation, button(client.say(server, conversation, "按钮"), "转人工"))
    assert server.heard(conversation)[-1]["text"] == "转人工"


@pytest.mark.parametrize("typed", ["/affirm", " /affirm", "/deny"])
def test_a_payload_is_text_when_typed_also_after_it_was_offered(
    server: RunningServer, client: Client, typed: str
) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, "按钮")
    client.say(server, conversation, typed)
    assert payloads(server, conversation) == []
    assert server.heard(conversation)[-1]["text"] == "／" + typed.strip()[1:]


def test_a_button_means_what_its_own_question_said(server: RunningServer, client: Client) -> None:
    """An old 确认修改 is no 确认取消, though Rasa gets the same from both."""
    conversation = client.begin(server)
    old = client.say(server, conversation, "修改地址")
    open_now = client.say(server, conversation, "按钮")
    told = client.press(server, conversation, button(old, "确认修改"))
    assert payloads(server, conversation) == []
    assert texts(told) == [PRESSED_LATE + NOW_ASKED, open_now[0]["text"]]
    assert told[1]["buttons"] == open_now[0]["buttons"]
    client.press(server, conversation, button(told, "确认取消"))
    assert payloads(server, conversation) == ["/affirm"]


def test_a_button_of_a_question_that_was_left_is_told_so(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server)
    old = client.say(server, conversation, "按钮")
    client.say(server, conversation, "你好")
    assert texts(client.press(server, conversation, button(old, "确认取消"))) == [
        PRESSED_LATE + NOTHING_ASKED
    ]
    assert payloads(server, conversation) == []


def test_a_second_tap_is_no_second_yes(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), new_id()
    offered = client.say(server, conversation, "按钮")
    yes, no = button(offered, "确认取消"), button(offered, "再想想")
    first = client.press(server, conversation, yes, message_id=message_id)
    assert texts(first) == ["您说：/affirm"]
    repeat = client.press(server, conversation, yes, message_id=message_id)
    assert texts(repeat) == ([] if client.pushes else ["您说：/affirm"])
    assert texts(client.press(server, conversation, yes)) == [PRESSED_AGAIN]
    assert texts(client.press(server, conversation, no)) == [PRESSED_LATE + NOTHING_ASKED]
    assert payloads(server, conversation) == ["/affirm"]


def test_taps_at_once_are_one_yes(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server)
    yes = button(client.say(server, conversation, "按钮"), "确认取消")
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: client.press(server, conversation, yes), range(5)))
    assert payloads(server, conversation) == ["/affirm"]


def test_a_persons_buttons_work_until_the_customer_says_something(
    server: RunningServer, client: Client
) -> None:
    conversation = _spoken(server, client)
    for _ in range(2):
        server.agent_says(client.name, conversation, "您要哪一种？", buttons=CHANGE)
    sent = client.read(server, conversation)
    client.press(server, conversation, button(sent[-2:-1], "确认修改"))
    assert payloads(server, conversation) == ["/affirm"]
    told = client.press(server, conversation, button(sent[-1:], "不改了"))
    assert texts(told) == [PRESSED_LATE + NOTHING_ASKED]
    assert payloads(server, conversation) == ["/affirm"]


def test_another_customer_never_reaches_a_bound_conversation(server: RunningServer, client: Client) -> None:
    conversation = client.begin(server, token("C000001"))
    client.say(server, conversation, "我的订单", customer_token=token("C000001"))
    assert client.say(server, conversation, "给我看看", customer_token=token("C000002")) == []
    assert [each["text"] for each in server.heard(conversation)] == ["我的订单"]


@pytest.mark.parametrize(
    "unproven",
    [None, token(lifetime=-5), token(secret="x" * 40), token("C000002")],
    ids=["none", "expired", "forged", "other"],
)
def test_nothing_of_a_bound_conversation_is_read_without_proof(
    server: RunningServer, client: Client, unproven: str | None
) -> None:
    """Neither by asking for it again, nor by an old message's id, nor as a person's reply."""
    proof, message_id = token("C000001"), new_id()
    conversation = client.begin(server, proof)
    client.say(server, conversation, "我的订单", message_id=message_id, customer_token=proof)
    server.agent_says(client.name, conversation, "您的地址是秘密路一号")
    assert client.say(server, conversation, "再说一遍", customer_token=unproven) == []
    assert client.say(server, conversation, "我的订单", message_id=message_id, customer_token=unproven) == []
    assert client.read(server, conversation, unproven) == []
    assert [each["text"] for each in server.heard(conversation)] == ["我的订单"]
    assert "您的地址是秘密路一号" in texts(client.read(server, conversation, proof))


def test_an_anonymous_conversation_is_bound_to_its_first_proven_customer(
    server: RunningServer, client: Client
) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, "你好")
    client.say(server, conversation, "我的订单", customer_token=token("C000003"))
    client.say(server, conversation, "换人了", customer_token=token("C000004"))
    assert [each["text"] for each in server.heard(conversation)] == ["你好", "我的订单"]


def test_long_answers_are_split(server: RunningServer, client: Client) -> None:
    long = "这是很长的一句话。" * 400
    status = server.agent_says(client.name, self_begun := _spoken(server, client), long)
    replies = client.replies(server, self_begun)
    assert status == 200
    assert "".join(replies) == long
    assert all(len(reply) <= client.max_text_length and reply.endswith("。") for reply in replies)


def test_a_failed_turn_is_not_silent(server: RunningServer, client: Client) -> None:
    assert texts(client.say(server, client.begin(server), "错")) == [SORRY]


def test_a_silent_turn_is_silent(server: RunningServer, client: Client) -> None:
    """A person has the conversation."""
    assert client.say(server, client.begin(server), "静") == []


def test_a_persons_reply_arrives_once(server: RunningServer, client: Client) -> None:
    conversation = _spoken(server, client)
    assert server.agent_says(client.name, conversation, "您好，我是小李。", reply_id="R1") == 200
    assert server.agent_says(client.name, conversation, "您好，我是小李。", reply_id="R1") == 200
    assert server.agent_says(client.name, conversation, "请稍等。", reply_id="R2") == 200
    assert client.replies(server, conversation) == ["您好，我是小李。", "请稍等。"]


def test_a_conversation_of_another_channel_is_out_of_reach(server: RunningServer, client: Client) -> None:
    for other in EVERY_CHANNEL:
        if other is not client:
            conversation = _spoken(server, other)
            assert client.say(server, conversation, "借用一下") == []
            assert "借用一下" not in [each["text"] for each in server.heard(conversation)]


def test_logs_hold_no_secret_and_no_words(server: RunningServer, client: Client) -> None:
    proof, words = token("C000777"), "我的手机号是一三八"
    conversation = client.begin(server, proof)
    client.say(server, conversation, f"{words}，错", customer_token=proof)
    client.say(server, conversation, f"{words}，错", customer_token=token("C000778"))
    log = server.log.read_text("utf-8")
    assert "event=turn_failed" in log
    assert not [
        secret for secret in (proof, proof.split(".")[2], words, SECRET, conversation) if secret in log
    ]


def _spoken(server: RunningServer, client: Client) -> str:
    conversation = client.begin(server)
    client.say(server, conversation, "你好")
    return conversation
