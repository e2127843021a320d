"""The web chat over real sockets, as a widget or an attacker uses it."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import websockets

from tests.connectors.clients import Socket, button, new_id, token
from tests.connectors.running import RunningServer

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
Test = Callable[..., Coroutine[Any, Any, None]]


def on_loop(test: Test) -> Callable[..., None]:
    """Run an async test."""
    import functools

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 60))

    return run


# Opening


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", "https://shop.example.evil"]
)
@on_loop
async def test_other_sites_get_no_socket(server: RunningServer, origin: str | None) -> None:
    with pytest.raises(websockets.InvalidStatusCode) as caught:
        await websockets.connect(server.socket, extra_headers={"Origin": origin} if origin else {})
    assert caught.value.status_code == 403


@on_loop
async def test_the_shops_own_site_may_open_it(server: RunningServer) -> None:
    async with Socket(server, origin="https://shop.example") as socket:
        assert (await socket.hello())["type"] == "welcome"


@on_loop
async def test_first_hello_then_talk(server: RunningServer) -> None:
    async with Socket(server) as socket:
        assert (await socket.say("你好"))["code"] == "hello_first"
        welcome = await socket.hello()
        assert (welcome["customer"], welcome["history"]) == (False, [])
        assert len(welcome["conversation"]) >= 22
        await socket.say("你好")
        await socket.next("message", **{"from": "bot"})
        assert socket.said() == [("customer", "你好"), ("bot", "您说：你好")]


# Resuming


@on_loop
async def test_history_and_what_came_since(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello())["conversation"]
        await socket.say("多")
        await socket.next("message", text="第三条 https://shop.example/help?a=1。")
    async with Socket(server) as reloaded:
        history = (await reloaded.hello(conversation=conversation))["history"]
        assert [each["seq"] for each in history] == [1, 2, 3, 4]
        assert await reloaded.quiet() == []
    async with Socket(server) as reconnected:
        welcome = await reconnected.hello(conversation=conversation, last_seq=2)
        assert (welcome["history"], welcome["last_seq"]) == (None, 2)
        assert [frame["seq"] for frame in await reconnected.quiet()] == [3, 4]


@pytest.mark.parametrize("unknown", ["x" * 43, "u-rest", "' OR 1=1 --", 7])
@on_loop
async def test_an_unknown_conversation_becomes_a_new_one(server: RunningServer, unknown: Any) -> None:
    async with Socket(server) as socket:
        welcome = await socket.hello(conversation=unknown, last_seq=9)
        assert welcome["conversation"] != unknown
        assert welcome["history"] == []


@pytest.mark.parametrize(
    "proof", [lambda: token("C000002"), lambda: None, lambda: token(secret="x" * 40)], ids=["other", "none", "forged"]
)
@on_loop
async def test_a_bound_conversation_shows_nothing_to_others(server: RunningServer, proof: Callable[[], str | None]) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello(token=token("C000001")))["conversation"]
        await socket.say("我的地址是秘密路一号")
        await socket.next("message", **{"from": "bot"})
        async with Socket(server) as other:
            welcome = await other.hello(conversation=conversation, token=proof(), last_seq=0)
            assert welcome["conversation"] != conversation
            assert "秘密" not in json.dumps(welcome, ensure_ascii=False)
            notices = [each["text"] for each in welcome["history"] if each["from"] == "notice"]
            assert len(notices) == (0 if welcome["customer"] else 1)
            assert all("登录" in notice for notice in notices)
            server.agent_says("webchat", conversation, "秘密回复")
            assert not [frame for frame in await other.quiet() if "秘密" in frame.get("text", "")]


@on_loop
async def test_the_same_customer_comes_back(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello(token=token("C000001")))["conversation"]
        await socket.say("你好")
    async with Socket(server) as again:
        welcome = await again.hello(conversation=conversation, token=token("C000001", lifetime=99))
        assert (welcome["conversation"], welcome["customer"]) == (conversation, True)


@on_loop
async def test_a_forged_token_makes_a_visitor_who_is_told(server: RunningServer) -> None:
    async with Socket(server) as socket:
        welcome = await socket.hello(token=token(secret="y" * 40))
        assert welcome["customer"] is False
        assert "登录" in welcome["history"][0]["text"]
        await socket.say("你好")
        await socket.next("message", **{"from": "bot"})
        (heard,) = server.heard(welcome["conversation"])
        assert "customer_token" not in heard["metadata"]


@on_loop
async def test_signed_out_visitors_are_told_how_to_sign_in(server: RunningServer) -> None:
    async with Socket(server) as socket:
        welcome = await socket.hello(signed_out=True)
        assert "重新登录" in welcome["history"][0]["text"]


# Signing in, and tokens that run out


@on_loop
async def test_a_visitor_who_signs_in_owns_the_conversation(server: RunningServer) -> None:
    async with Socket(server) as socket, Socket(server) as stranger:
        conversation = (await socket.hello())["conversation"]
        await stranger.hello(conversation=conversation)
        await socket.send("token", token=token("C000005"))
        await socket.next("signed_in")
        # The visitor's other tab has not proven anything: it may not go on looking.
        assert (await stranger.next("error"))["code"] == "other_customer"
        await socket.say("我的订单")
        assert not [frame for frame in await stranger.quiet() if frame["type"] == "message"]
        assert (await stranger.say("偷看"))["type"] == "error"
    async with Socket(server) as other:
        assert (await other.hello(conversation=conversation, token=token("C000006")))[
            "conversation"
        ] != conversation


@on_loop
async def test_bad_fresh_tokens(server: RunningServer) -> None:
    async with Socket(server) as socket:
        await socket.hello(token=token("C000001"))
        for fresh, code in (
            (token("C000002"), "other_customer"),
            (token("C000001", lifetime=-1), "token_expired"),
            (token("C000001", secret="z" * 40), "token_forged"),
        ):
            await socket.send("token", token=fresh)
            assert (await socket.next("error"))["code"] == code


@on_loop
async def test_an_expired_hello_is_asked_for_a_fresh_token(server: RunningServer) -> None:
    async with Socket(server) as socket:
        assert (await socket.hello(token=token(lifetime=-1)))["code"] == "token_expired"
        assert (await socket.hello(token=token()))["type"] == "welcome"


@on_loop
async def test_a_token_that_runs_out_keeps_the_message_waiting(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello(token=token("C000001", lifetime=1)))["conversation"]
        await asyncio.sleep(2.1)
        message_id = new_id()
        refusal = await socket.say("我的订单", message_id)
        assert (refusal["code"], refusal["id"]) == ("token_expired", message_id)
        assert server.heard(conversation) == []
        await socket.hello(conversation=conversation, token=token("C000001"), last_seq=0)
        assert (await socket.say("我的订单", message_id))["type"] == "ack"
        await socket.next("message", **{"from": "bot"})
        assert [each["message_id"] for each in server.heard(conversation)] == [message_id]


@on_loop
async def test_proof_outlives_the_queue(server: RunningServer) -> None:
    """Accepted as the customer's, handled as the customer's, though the token ran out while it waited."""
    async with Socket(server) as socket:
        conversation = (await socket.hello(token=token("C000001", lifetime=2)))["conversation"]
        for text in ("慢一", "慢二", "慢三"):
            await socket.say(text)
        await socket.next("message", text="您说：慢三")
        for heard in server.heard(conversation):
            assert heard["metadata"]["customer_token"]
        claims = server.heard(conversation)[-1]["metadata"]["customer_token"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"] > time.time() + 60


# Talking


@on_loop
async def test_one_at_a_time_in_order_for_all_tabs(server: RunningServer) -> None:
    async with Socket(server) as one, Socket(server) as two:
        conversation = (await one.hello())["conversation"]
        await two.hello(conversation=conversation)
        for text in ("慢", "二", "三"):
            await one.say(text)
        await two.say("四")
        await one.next("message", text="您说：四")
        await two.next("message", text="您说：四")
        assert [each["text"] for each in server.heard(conversation)] == ["慢", "二", "三", "四"]
        assert one.said() == two.said()
        assert [frame["seq"] for frame in one.frames if frame["type"] == "message"] == list(range(1, 9))
        assert [who for who, _ in one.said()].count("bot") == 4


@on_loop
async def test_the_typing_mark_comes_and_goes(server: RunningServer) -> None:
    async with Socket(server) as socket:
        await socket.hello()
        await socket.say("慢")
        assert (await socket.next("typing"))["on"] is True
        await socket.next("message", **{"from": "bot"})
        assert (await socket.next("typing"))["on"] is False


@on_loop
async def test_buttons_work_until_the_next_message(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello())["conversation"]
        await socket.say("按钮")
        asked = await socket.next("message", **{"from": "bot"})
        pressed = new_id()
        await socket.send("message", id=pressed, payload=button([asked], "确认取消"))
        await socket.next("ack", id=pressed)
        assert (await socket.next("message", id=pressed))["text"] == "确认取消"
        await socket.next("message", text="您说：/affirm")
        await socket.send("message", id=new_id(), payload=button([asked], "再想想"))
        gone = await socket.next("ack", "error")
        assert (gone["code"], gone.get("question")) == ("button_gone", None)
        assert [each["text"] for each in server.heard(conversation)] == ["按钮", "/affirm"]


@on_loop
async def test_a_question_asked_before_what_was_said_since_is_not_open(server: RunningServer) -> None:
    """The next message waited already: its answer is what the customer will see last."""
    async with Socket(server) as socket:
        conversation = (await socket.hello())["conversation"]
        await socket.say("慢，按钮")
        await socket.say("修改")
        first = await socket.next("message", **{"from": "bot"})
        second = await socket.next("message", **{"from": "bot"})
        await socket.send("message", id=new_id(), payload=button([first], "确认取消"))
        gone = await socket.next("ack", "error")
        assert gone["code"] == "button_gone"
        assert gone["question"] == {key: second[key] for key in second if key != "type"}
        assert [each["text"] for each in server.heard(conversation)] == ["慢，按钮", "修改"]


@on_loop
async def test_a_persons_reply_reaches_the_open_socket(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello())["conversation"]
        await socket.say("静")
        server.agent_says("webchat", conversation, "您好，请讲。", agent_name="小李", reply_id="R9")
        reply = await socket.next("message", **{"from": "agent"})
        assert (reply["text"], reply["agent_name"]) == ("您好，请讲。", "小李")
        assert '"A7"' not in json.dumps(socket.frames)  # a staff id is nobody's business


# Crashes


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_restart_loses_and_doubles_nothing(own_server: RunningServer, how: signal.Signals) -> None:
    server, first, second = own_server, new_id(), new_id()

    async def before() -> str:
        async with Socket(server) as socket:
            conversation = str((await socket.hello(token=token("C000001")))["conversation"])
            await socket.say("先查订单", first)
            await socket.next("message", text="先说一句。")
            await socket.say("再查物流", second)
            return conversation

    async def after(conversation: str) -> list[tuple[str, str]]:
        async with Socket(server) as socket:
            await socket.hello(conversation=conversation, token=token("C000001"), last_seq=0)
            await socket.say("再查物流", second)
            await socket.next("message", text="您说：再查物流")
            await socket.quiet()
            return socket.said()

    conversation = asyncio.run(before())
    server.end(how)
    server.start()
    assert sorted(asyncio.run(after(conversation))) == sorted(
        [
            ("customer", "先查订单"),
            ("customer", "再查物流"),
            ("bot", "先说一句。"),
            ("bot", "您说：先查订单"),
            ("bot", "您说：再查物流"),
        ]
    )
    heard = server.heard(conversation)
    assert [each["message_id"] for each in heard] == [first, second]
    assert all("customer_token" in each["metadata"] for each in heard)


# Rough clients


@on_loop
async def test_bad_frames_are_answered_and_then_cut(server: RunningServer) -> None:
    async with Socket(server) as socket:
        await socket.hello()
        for raw, code in (
            (b"\x00\x01", "binary_frame"),
            ("{", "invalid_json"),
            ("x" * 20_000, "frame_too_large"),
        ):
            await socket.line.send(raw)
            assert (await socket.next("error"))["code"] == code

        async def keep_on() -> None:
            while True:
                await socket.line.send("{")
                await socket.next("error")

        with pytest.raises(websockets.ConnectionClosed):
            await keep_on()
        assert socket.line.close_code == 1008


@on_loop
async def test_a_huge_frame_ends_the_line(server: RunningServer) -> None:
    async with Socket(server) as socket:
        await socket.hello()
        await socket.line.send("x" * 3_000_000)
        with pytest.raises(websockets.ConnectionClosed):
            await socket.next("error")


@on_loop
async def test_a_flood_is_slowed_and_nothing_of_it_lost(server: RunningServer) -> None:
    async with Socket(server) as socket:
        conversation = (await socket.hello())["conversation"]
        ids = [new_id() for _ in range(13)]
        answers = [await socket.say(f"第{number}条", each) for number, each in enumerate(ids)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert refused
        for answer in refused:
            assert (answer["code"], answer["text"]) == ("too_fast", "发送太快了，请稍等几秒再发。")
            await asyncio.sleep(answer["retry_after"])
            assert (await socket.say(f"第{ids.index(answer['id'])}条", answer["id"]))["type"] == "ack"
        await socket.next("message", text="您说：第12条")
        assert len(server.heard(conversation)) == 13


@on_loop
async def test_nobody_begins_conversations_without_end(server: RunningServer) -> None:
    async with Socket(server) as socket:

        async def keep_on() -> None:
            while True:
                await socket.hello()

        with pytest.raises(websockets.ConnectionClosed):
            await keep_on()


@on_loop
async def test_a_socket_that_reads_nothing_holds_up_nobody(server: RunningServer) -> None:
    async with Socket(server) as stuck, Socket(server) as tab:
        conversation = (await stuck.hello())["conversation"]
        await tab.hello(conversation=conversation)
        await tab.say("你好")
        long = "长" * 1900
        loop = asyncio.get_running_loop()
        for first in range(0, 500, 25):  # 12 kB each as JSON: more than the line's buffers hold
            said = "\n\n".join(f"{number}{long}" for number in range(first, first + 25))
            await loop.run_in_executor(None, server.agent_says, "webchat", conversation, said)
        await tab.next("message", text=f"499{long}")
        await tab.say("还在吗")
        await tab.next("message", text="您说：还在吗")
        stuck.line.transport.abort()  # a polite goodbye would wait for what it has not read


@on_loop
async def test_lines_that_break_leave_nothing_behind(own_server: RunningServer) -> None:
    for _ in range(5):
        async with Socket(own_server) as socket:
            await socket.hello()
            await socket.say("慢")
            socket.line.transport.abort()
    await asyncio.sleep(1.5)
    async with Socket(own_server) as socket:
        await socket.hello()
        await socket.say("你好")
        await socket.next("message", **{"from": "bot"})
    own_server.end(signal.SIGTERM)
    log = own_server.log.read_text("utf-8")
    assert not [
        line for line in log.splitlines() if "destroyed" in line or "Traceback" in line or "ERROR" in line
    ]


# The page and its files


def fetch(
    server: RunningServer, path: str, data: bytes | None = None, method: str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(server.origin + "/webhooks/webchat" + path, data, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, {k.lower(): v for k, v in refusal.headers.items()}, refusal.read()


def test_the_page_lets_only_the_shop_embed_it(server: RunningServer) -> None:
    status, headers, body = fetch(server, "/")
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert status == 200
    assert policy["frame-ancestors"] == "'self' https://shop.example"
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert b"https://shop.example" in body


@pytest.mark.parametrize("name", ["widget.js", "widget.css", "embed.js", "icon.svg"])
def test_files_are_revalidated(server: RunningServer, name: str) -> None:
    status, headers, body = fetch(server, f"/{name}")
    assert (status, headers["x-content-type-options"]) == (200, "nosniff")
    assert body
    assert fetch(server, f"/{name}", If_None_Match=headers["etag"])[0] == 304


@pytest.mark.parametrize("path", ["/index.html", "/..%2fchannel.py", "/widget.jsx", "/media/"])
def test_nothing_else_is_served(server: RunningServer, path: str) -> None:
    assert fetch(server, path)[0] in (401, 404, 405)


# Pictures


def begin(server: RunningServer, **headers: str) -> str:
    async def begin() -> str:
        async with Socket(server, **headers) as socket:
            return str((await socket.hello())["conversation"])

    return asyncio.run(begin())


def upload(server: RunningServer, conversation: str, content: bytes, **headers: str) -> tuple[int, Any]:
    named = {
        "Origin": server.origin,
        "Authorization": f"Bearer {conversation}",
        "Content_Type": "image/png",
        **headers,
    }
    status, _, body = fetch(server, "/media", content, **named)
    return status, json.loads(body)


def test_a_picture_goes_to_rasa_and_back_to_its_conversation(server: RunningServer) -> None:
    conversation = begin(server)
    status, kept = upload(server, conversation, PNG, Content_Type="text/html")
    assert (status, kept["type"]) == (201, "image/png")
    path = f"/media/{kept['id']}"

    async def send() -> None:
        async with Socket(server) as socket:
            await socket.hello(conversation=conversation)
            await socket.send("message", id=new_id(), media=kept["id"])
            await socket.next("message", **{"from": "bot"})

    asyncio.run(send())
    (heard,) = server.heard(conversation)
    assert heard["text"] == "[图片]"
    assert heard["metadata"]["media"] == [
        {"id": kept["id"], "type": "image/png", "path": f"/webhooks/webchat{path}"}
    ]

    status, headers, body = fetch(server, path, Authorization=f"Bearer {conversation}")
    assert (status, headers["content-type"], body) == (200, "image/png", PNG)
    assert headers["x-content-type-options"] == "nosniff"
    assert fetch(server, path)[0] == 401
    assert fetch(server, path, Authorization=f"Basic {conversation}")[0] == 401
    assert fetch(server, path, Authorization=f"Bearer {begin(server)}")[0] == 404


def test_another_conversations_picture_cannot_be_sent(server: RunningServer) -> None:
    _, kept = upload(server, begin(server), PNG)

    async def send() -> None:
        async with Socket(server) as socket:
            await socket.hello()
            await socket.send("message", id=new_id(), media=kept["id"])
            assert (await socket.next("ack", "error"))["code"] == "media_unknown"

    asyncio.run(send())


def test_what_is_no_picture_is_refused(server: RunningServer) -> None:
    conversation = begin(server)
    assert upload(server, conversation, b"<svg onload=alert(1)>")[1]["code"] == "picture_type"
    assert upload(server, conversation, PNG + bytes(5 * 1024 * 1024))[1]["code"] == "picture_too_large"
    assert upload(server, "x" * 43, PNG)[0] == 401
    assert upload(server, conversation, PNG, Origin="https://evil.example")[0] == 403


def test_a_picture_without_announced_size_is_measured(server: RunningServer) -> None:
    import http.client

    def chunks(count: int) -> Any:
        yield PNG
        for _ in range(count):
            yield bytes(1024 * 1024)

    conversation = begin(server)
    for count, status in ((1, 201), (6, 413)):
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        headers = {"Origin": server.origin, "Authorization": f"Bearer {conversation}"}
        line.request("POST", "/webhooks/webchat/media", chunks(count), headers, encode_chunked=True)
        assert line.getresponse().status == status
        line.close()


def test_pictures_are_bounded_in_number(server: RunningServer) -> None:
    conversation = begin(server)
    statuses = [upload(server, conversation, PNG)[0] for _ in range(11)]
    assert statuses == [201] * 10 + [429]
