"""What every channel must do, whatever it is; what it can do is declared on its client in `clients.py`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import yaml

from connectors.base import NOTHING_ASKED, NOW_ASKED, PRESSED_AGAIN, PRESSED_LATE
from connectors.turns import SORRY
from tests.connectors.clients import (
    CHANNELS,
    EVERY_CHANNEL,
    NUMBERED,
    WITH_BUTTONS,
    WITH_TOKENS,
    AppClient,
    RestClient,
    SampleClient,
    WebChatClient,
    WeChatClient,
    button,
    new_id,
    titles,
    token,
)
from tests.connectors.running import BUTTONS, CHANGE, ROOT, SECRET, RunningServer

TokenClient = RestClient | WebChatClient
Client = TokenClient | WeChatClient | AppClient | SampleClient


@pytest.fixture(params=CHANNELS, ids=lambda client: client.name)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


@pytest.fixture(params=WITH_BUTTONS, ids=lambda client: client.name)
def button_client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


@pytest.fixture(params=WITH_TOKENS, ids=lambda client: client.name)
def token_client(request: pytest.FixtureRequest) -> TokenClient:
    chosen: TokenClient = request.param
    return chosen


def test_the_suite_walks_the_channels_that_are_named() -> None:
    named = yaml.safe_load((ROOT / "credentials.yml").read_text("utf-8"))
    assert [each.name for each in EVERY_CHANNEL] == [path.split(".")[1] for path in named]


def texts(answers: list[dict[str, Any]]) -> list[str | None]:
    return [answer.get("text") for answer in answers]


def test_a_message_reaches_rasa_with_its_id_channel_and_proof(server: RunningServer, token_client: TokenClient) -> None:
    conversation = token_client.begin(server, token("C000009"))
    message_id = new_id()
    answers = token_client.say(
        server, conversation, " 你好 ", message_id=message_id, customer_token=token("C000009")
    )
    assert texts(answers) == ["您说：你好"]
    (heard,) = server.heard(conversation)
    assert (heard["text"], heard["message_id"], heard["input_channel"]) == ("你好", message_id, token_client.name)
    assert heard["metadata"]["channel"] == token_client.name
    assert jwt.decode(heard["metadata"]["customer_token"], SECRET, algorithms=["HS256"])["sub"] == "C000009"


def test_a_message_reaches_rasa_with_its_id_and_channel(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), client.message_id()
    assert texts(client.say(server, conversation, " 你好 ", message_id=message_id)) == ["您说：你好"]
    (heard,) = server.heard(conversation)
    assert (heard["text"], heard["message_id"], heard["input_channel"]) == ("你好", message_id, client.name)


def test_an_anonymous_message_carries_no_token(server: RunningServer, token_client: TokenClient) -> None:
    conversation = token_client.begin(server)
    token_client.say(server, conversation, "你好")
    assert "customer_token" not in server.heard(conversation)[0]["metadata"]


@pytest.mark.parametrize(
    "forged", [token(secret="another-secret-of-thirty-two-characters"), "x.y.z", "nonsense"]
)
def test_a_forged_token_proves_nobody(server: RunningServer, token_client: TokenClient, forged: str) -> None:
    conversation = token_client.begin(server)
    token_client.say(server, conversation, "我的订单", customer_token=forged)
    carried = server.heard(conversation)[0]["metadata"].get("customer_token")
    assert carried in (None, forged)


def test_a_repeat_is_handled_once(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), client.message_id()
    first = client.say(server, conversation, "你好", message_id=message_id)
    again = client.say(server, conversation, "你好", message_id=message_id)
    assert texts(first) == ["您说：你好"]
    assert len(server.heard(conversation)) == 1
    # REST answers a repeat again; the web shows what was answered when the conversation is opened.
    assert texts(again) == ([] if client.pushes else ["您说：你好"])


def test_concurrent_repeats_are_handled_once(server: RunningServer, client: Client) -> None:
    conversation, message_id = client.begin(server), client.message_id()
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


def test_buttons_are_offered(server: RunningServer, button_client: Client) -> None:
    assert button_client.supports_buttons
    (answer,) = button_client.say(server, button_client.begin(server), "按钮")
    assert titles(answer) == [each["title"] for each in BUTTONS]
    ids = [each["payload"] for each in answer["buttons"]]
    assert len(set(ids)) == len(BUTTONS)
    assert not [each for each in BUTTONS if each["payload"] in ids]


def test_only_offered_buttons_reach_rasa(server: RunningServer, button_client: Client) -> None:
    other = button_client.begin(server)
    foreign = button(button_client.say(server, other, "按钮"), "确认取消")
    conversation = button_client.begin(server)
    offered = button_client.say(server, conversation, "按钮")
    for made_up in (foreign, "/affirm", "/EXTERNAL_handoff_closed", "btn_0123456789abcdef"):
        button_client.press(server, conversation, made_up)
    assert payloads(server, conversation) == []
    if not button_client.tells_typing_apart:
        offered = button_client.say(server, conversation, "按钮")
    button_client.press(server, conversation, button(offered, "确认取消"))
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


@pytest.mark.parametrize("client", NUMBERED, ids=lambda client: str(client.name))
@pytest.mark.parametrize("answer", ["2", "第二个", "再想想"])
def test_an_option_is_chosen_by_its_number_or_its_words(
    server: RunningServer, client: Client, answer: str
) -> None:
    conversation = client.begin(server)
    client.say(server, conversation, "按钮")
    client.say(server, conversation, answer)
    assert payloads(server, conversation) == ["/deny"]
    client.say(server, conversation, answer)
    assert payloads(server, conversation) == ["/deny"], "the question is no longer open"


def test_a_button_means_what_its_own_question_said(server: RunningServer, button_client: Client) -> None:
    """An old 确认修改 is no 确认取消, though Rasa gets the same from both."""
    conversation = button_client.begin(server)
    old = button_client.say(server, conversation, "修改地址")
    open_now = button_client.say(server, conversation, "按钮")
    told = button_client.press(server, conversation, button(old, "确认修改"))
    assert payloads(server, conversation) == []
    if button_client.name == "wechat":  # one message of the five
        (shown,) = texts(told)
        assert str(shown).startswith(f"{PRESSED_LATE}{NOW_ASKED}\n{open_now[0]['text']}\n1. 确认取消")
        button_client.say(server, conversation, "1")
    else:
        assert texts(told) == [PRESSED_LATE + NOW_ASKED, open_now[0]["text"]]
        assert told[1]["buttons"] == open_now[0]["buttons"]
        button_client.press(server, conversation, button(told, "确认取消"))
    assert payloads(server, conversation) == ["/affirm"]


def test_a_button_of_a_question_that_was_left_is_told_so(server: RunningServer, button_client: Client) -> None:
    conversation = button_client.begin(server)
    old = button_client.say(server, conversation, "按钮")
    button_client.say(server, conversation, "你好")
    assert texts(button_client.press(server, conversation, button(old, "确认取消"))) == [
        PRESSED_LATE + NOTHING_ASKED
    ]
    assert payloads(server, conversation) == []


def test_a_second_tap_is_no_second_yes(server: RunningServer, button_client: Client) -> None:
    conversation, message_id = button_client.begin(server), button_client.message_id()
    offered = button_client.say(server, conversation, "按钮")
    yes, no = button(offered, "确认取消"), button(offered, "再想想")
    first = button_client.press(server, conversation, yes, message_id=message_id)
    assert texts(first) == ["您说：/affirm"]
    repeat = button_client.press(server, conversation, yes, message_id=message_id)
    assert texts(repeat) == ([] if button_client.pushes else ["您说：/affirm"])
    assert texts(button_client.press(server, conversation, yes)) == [PRESSED_AGAIN]
    assert texts(button_client.press(server, conversation, no)) == [PRESSED_LATE + NOTHING_ASKED]
    assert payloads(server, conversation) == ["/affirm"]


def test_taps_at_once_are_one_yes(server: RunningServer, button_client: Client) -> None:
    conversation = button_client.begin(server)
    yes = button(button_client.say(server, conversation, "按钮"), "确认取消")
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: button_client.press(server, conversation, yes), range(5)))
    assert payloads(server, conversation) == ["/affirm"]


def test_a_persons_buttons_work_until_the_customer_says_something(
    server: RunningServer, button_client: Client
) -> None:
    conversation = _spoken(server, button_client)
    for _ in range(2):
        server.agent_says(button_client.name, conversation, "您要哪一种？", buttons=CHANGE)
    sent = button_client.read(server, conversation)
    button_client.press(server, conversation, button(sent[-2:-1], "确认修改"))
    assert payloads(server, conversation) == ["/affirm"]
    told = button_client.press(server, conversation, button(sent[-1:], "不改了"))
    assert texts(told) == [PRESSED_LATE + NOTHING_ASKED]
    assert payloads(server, conversation) == ["/affirm"]


def test_another_customer_never_reaches_a_bound_conversation(server: RunningServer, token_client: TokenClient) -> None:
    conversation = token_client.begin(server, token("C000001"))
    token_client.say(server, conversation, "我的订单", customer_token=token("C000001"))
    assert token_client.say(server, conversation, "给我看看", customer_token=token("C000002")) == []
    assert [each["text"] for each in server.heard(conversation)] == ["我的订单"]


@pytest.mark.parametrize(
    "unproven",
    [None, token(lifetime=-5), token(secret="x" * 40), token("C000002")],
    ids=["none", "expired", "forged", "other"],
)
def test_nothing_of_a_bound_conversation_is_read_without_proof(
    server: RunningServer, token_client: TokenClient, unproven: str | None
) -> None:
    """Neither by asking for it again, nor by an old message's id, nor as a person's reply."""
    proof, message_id = token("C000001"), new_id()
    conversation = token_client.begin(server, proof)
    token_client.say(server, conversation, "我的订单", message_id=message_id, customer_token=proof)
    server.agent_says(token_client.name, conversation, "您的地址是秘密路一号")
    assert token_client.say(server, conversation, "再说一遍", customer_token=unproven) == []
    assert token_client.say(server, conversation, "我的订单", message_id=message_id, customer_token=unproven) == []
    assert token_client.read(server, conversation, unproven) == []
    assert [each["text"] for each in server.heard(conversation)] == ["我的订单"]
    assert "您的地址是秘密路一号" in texts(token_client.read(server, conversation, proof))


def test_an_anonymous_conversation_is_bound_to_its_first_proven_customer(
    server: RunningServer, token_client: TokenClient
) -> None:
    conversation = token_client.begin(server)
    token_client.say(server, conversation, "你好")
    token_client.say(server, conversation, "我的订单", customer_token=token("C000003"))
    token_client.say(server, conversation, "换人了", customer_token=token("C000004"))
    assert [each["text"] for each in server.heard(conversation)] == ["你好", "我的订单"]


def test_long_answers_are_split(server: RunningServer, client: Client) -> None:
    long = "这是很长的一句话。" * (client.max_text_length // 5)
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
    told = "\n".join(client.replies(server, conversation))  # one short message may hold both
    assert told.split("\n") == ["您好，我是小李。", "请稍等。"]


def test_a_conversation_of_another_channel_is_out_of_reach(server: RunningServer, token_client: TokenClient) -> None:
    for other in EVERY_CHANNEL:
        if other is not token_client:
            conversation = _spoken(server, other)
            assert token_client.say(server, conversation, "借用一下") == []
            assert "借用一下" not in [each["text"] for each in server.heard(conversation)]


def test_logs_hold_no_secret_and_no_words(server: RunningServer, token_client: TokenClient) -> None:
    proof, words = token("C000777"), "我的手机号是一三八"
    conversation = token_client.begin(server, proof)
    token_client.say(server, conversation, f"{words}，错", customer_token=proof)
    token_client.say(server, conversation, f"{words}，错", customer_token=token("C000778"))
    log = server.log.read_text("utf-8")
    assert "event=turn_failed" in log
    assert not [
        secret for secret in (proof, proof.split(".")[2], words, SECRET, conversation) if secret in log
    ]


def _spoken(server: RunningServer, client: Client) -> str:
    conversation = client.begin(server)
    client.say(server, conversation, "你好")
    return conversation
