"""Two servers over one store and one Redis, in plain mode: a push is handled once whoever takes it, and one fetches the token."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from tests.connectors.running import RunningServer
from tests.connectors.wechat.line import Line, connected
from tests.services import REDIS

Pair = tuple[Line, RunningServer]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    url = os.environ.get(REDIS) or "redis://127.0.0.1:6379/15"
    try:
        redis.Redis.from_url(url).ping()
    except redis.RedisError:
        pytest.skip("no Redis")
    folder = tmp_path_factory.mktemp("wechat-pair")
    shared = ("--database-url", f"sqlite:///{folder}/shared.db", "--redis-url", url)
    appid = f"wx{secrets.token_hex(8)}"  # its token lies in Redis under this name
    with connected(folder / "one", *shared, safe=False, LINGXI_WECHAT_APPID=appid) as line:
        line.wechat.keys = replace(line.wechat.keys, appid=appid)
        two = RunningServer(folder / "two", *shared, environ=line.server.environ).start()
        yield line, two
        two.end(signal.SIGKILL)


@pytest.fixture
def openid() -> str:
    return f"o{secrets.token_hex(13)}"


def everywhere(pair: Pair, openid: str, text: str, number: int) -> list[int]:
    """The same push to both servers at once, as when WeChat has lost patience with the first."""
    line, two = pair
    wechat = line.wechat
    wechat._allow(openid, 5, 1000)
    query, body = wechat.sealed(openid, {"MsgType": "text", "Content": text, "MsgId": number})
    other = replace(wechat, callback=f"{two.origin}/webhooks/wechat/")

    async def both() -> list[int]:
        told = await asyncio.gather(*(each.deliver(query, body) for each in (wechat, other, wechat, other)))
        return [each.status for each in told]

    return line.thread.run(both())


def test_a_push_that_comes_to_both_is_answered_once_and_in_order(pair: Pair, openid: str) -> None:
    line, _ = pair
    for number, text in enumerate(("一", "二", "慢三", "四"), start=1):
        assert everywhere(pair, openid, text, number) == [200] * 4
    said = "\n".join(line.words(openid, "您说：四", seconds=20))
    assert [each for each in said.split("\n") if each] == ["您说：一", "您说：二", "您说：慢三", "您说：四"]


def test_one_of_them_fetches_the_token(pair: Pair) -> None:
    line, two = pair
    line.wechat.calls.clear()
    line.wechat.expire_tokens()
    people = [f"o{secrets.token_hex(13)}" for _ in range(8)]
    other = replace(line.wechat, callback=f"{two.origin}/webhooks/wechat/")

    async def everybody() -> None:
        ways = (line.wechat, other)
        await asyncio.gather(*(ways[n % 2].say(openid, "你好") for n, openid in enumerate(people)))

    line.thread.run(everybody())
    for openid in people:
        assert line.words(openid, "您说：你好", seconds=20)
    assert line.wechat.calls.count("/cgi-bin/stable_token") == 1


def test_a_signature_brings_one_body_only_whoever_hears_it(pair: Pair, openid: str) -> None:
    line, two = pair
    line.wechat._allow(openid, 5, 1000)
    query, body = line.wechat.sealed(openid, {"MsgType": "text", "Content": "退款", "MsgId": 77})
    other = replace(line.wechat, callback=f"{two.origin}/webhooks/wechat/")
    assert line.thread.run(line.wechat.deliver(query, body)).status == 200
    assert line.thread.run(other.deliver(query, body)).status == 200, "WeChat itself delivers again"
    assert line.thread.run(other.deliver(query, body.replace(b"77", b"78"))).status == 403
    assert line.words(openid, "您说：退款") == ["您说：退款"]


def test_what_a_killed_server_was_at_is_answered_by_the_other(pair: Pair, openid: str) -> None:
    line, _ = pair
    line.say(openid, "慢慢来")  # acknowledged, and at work
    line.server.end(signal.SIGKILL)
    assert line.words(openid, "您说：慢慢来", seconds=30) == ["您说：慢慢来"]
