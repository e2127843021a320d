"""Nobody takes all there is: floods from one address and from many are refused kindly, and everybody else is served."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import signal
import struct
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
import websockets
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors import media
from connectors.errors import Refused
from connectors.limits import Allowances, Guard, Limits, Places, Rate, client_address, networks
from connectors.media import picture_size, picture_type
from connectors.settings import Settings
from connectors.store import ConnectorStore
from tests.connectors.clients import Socket, new_id, token
from tests.connectors.running import RunningServer
from tests.connectors.test_webchat import PNG, begin, fetch, on_loop, upload

T = TypeVar("T")
_ADDRESSES = itertools.count(1)
LIMITS = (
    "conversation_messages=40/6,address_messages=30/6,address_conversations=4/30,address_pictures=4/6,"
    "address_sockets=3"
)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server where an address may do little. Every test comes from an address of its own."""
    running = RunningServer(tmp_path_factory.mktemp("narrow"), "--limits", LIMITS).start()
    yield running
    running.end(signal.SIGKILL)


@pytest.fixture
def address() -> dict[str, str]:
    """The header by which a proxy tells a client's address."""
    return {"X-Forwarded-For": f"203.0.113.{next(_ADDRESSES)}"}


def say(
    server: RunningServer, sender: str, text: str = "你好", **headers: str
) -> tuple[int, Any, str | None]:
    """Status, answer and Retry-After of a message over REST."""
    body = json.dumps({"sender": sender, "message": text}).encode()
    request = urllib.request.Request(
        f"{server.origin}/webhooks/rest/webhook", body, {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer), answer.headers.get("Retry-After")
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal), refusal.headers.get("Retry-After")


def refused_after(least: int, ask: Callable[[], T], status: Callable[[T], int]) -> T:
    """Ask again and again: at least so many are served, and not many more (time passes, and with it new ones come)."""
    for served in range(2 * least + 10):
        answer = ask()
        if status(answer) == 429:
            assert served >= least
            return answer
        assert status(answer) in (200, 201)
    raise AssertionError("nothing was refused")


# Over REST and the web


def test_a_flood_over_rest_is_slowed_as_on_the_web(server: RunningServer) -> None:
    sender = f"u-{new_id()}"
    _, told, wait = refused_after(10, lambda: say(server, sender), lambda each: each[0])
    assert (told["code"], told["detail"]) == ("too_fast", "发送太快了，请稍等几秒再发。")
    assert 1 <= int(wait or 0) <= 3
    assert say(server, f"u-{new_id()}")[0] == 200  # nobody else is slowed


def test_one_address_begins_only_so_many_conversations(
    narrow: RunningServer, address: dict[str, str]
) -> None:
    known = f"u-{new_id()}"
    assert say(narrow, known, **address)[0] == 200
    _, told, wait = refused_after(3, lambda: say(narrow, f"u-{new_id()}", **address), lambda each: each[0])
    assert (told["code"], "稍等" in told["detail"]) == ("too_many_conversations", True)
    assert 1 <= int(wait or 0) <= 4
    assert say(narrow, known, **address)[0] == 200  # whoever talks goes on talking
    assert say(narrow, f"u-{new_id()}", **{"X-Real-IP": "198.51.100.7"})[0] == 200


def test_a_token_changes_no_limit(narrow: RunningServer, address: dict[str, str]) -> None:
    def begin_as_customer() -> tuple[int, Any]:
        proof = {"customer_token": token("C000001")}
        said = {"sender": f"u-{new_id()}", "message": "你好", "metadata": proof}
        return narrow.post("/webhooks/rest/webhook", said, **address)

    refused_after(4, begin_as_customer, lambda each: each[0])


@on_loop
async def test_a_chat_that_cannot_begin_yet_is_told_when(
    narrow: RunningServer, address: dict[str, str]
) -> None:
    async with Socket(narrow, **address) as first, Socket(narrow, **address) as second:
        for _ in range(20):
            refused = await first.hello()
            if refused["type"] == "error":
                break
        assert (refused["code"], 1 <= refused["retry_after"] <= 4) == ("too_many_conversations", True)
        await asyncio.sleep(refused["retry_after"])
        assert (await second.hello())["type"] == "welcome"


def test_one_address_says_only_so_much(narrow: RunningServer, address: dict[str, str]) -> None:
    """Also in several conversations, and over the web as over REST."""
    senders = itertools.cycle([f"u-{new_id()}" for _ in range(3)])
    told = refused_after(30, lambda: say(narrow, next(senders), **address), lambda each: each[0])[1]
    assert told["detail"] == "现在咨询的人太多了，请稍等几秒再发。"

    async def on_the_web() -> list[dict[str, Any]]:
        async with Socket(narrow, **address) as socket:
            await socket.hello()
            return [await socket.say("你好") for _ in range(3)]

    assert "too_fast" in [each.get("code") for each in asyncio.run(on_the_web())]
    assert say(narrow, next(senders), **{"X-Forwarded-For": "198.51.100.8"})[0] == 200


def test_polls_are_limited_and_many(narrow: RunningServer, address: dict[str, str]) -> None:
    path = "/webhooks/rest/messages?sender=nobody"
    assert (
        refused_after(150, lambda: narrow.ask(path, **address), lambda each: each[0])[1]["code"] == "too_fast"
    )


def test_a_conversation_with_much_waiting_takes_no_more(
    narrow: RunningServer, address: dict[str, str]
) -> None:
    sender, refused = f"u-{new_id()}", []

    def post(number: int) -> None:
        with contextlib.suppress(OSError):  # the last ones are still waiting when the server ends
            status, told, wait = say(narrow, sender, f"慢{number}", **address)
            if status == 429:
                refused.append((told["detail"], wait))

    say(narrow, sender, **address)
    for number in range(26):
        threading.Thread(target=post, args=(number,), daemon=True).start()
    deadline = time.monotonic() + 15
    while not refused and time.monotonic() < deadline:
        time.sleep(0.1)
    assert refused[0] == ("前面的消息还在处理，请稍等再发。", "5")


@on_loop
async def test_sockets_are_bounded_and_given_back(narrow: RunningServer, address: dict[str, str]) -> None:
    headers = {"Origin": narrow.origin, **address}
    for _ in range(2):
        lines = [await websockets.connect(narrow.socket, extra_headers=headers) for _ in range(3)]
        with pytest.raises(websockets.InvalidStatusCode) as caught:
            await websockets.connect(narrow.socket, extra_headers=headers)
        assert (caught.value.status_code, caught.value.headers["Retry-After"]) == (429, "10")
        elsewhere = {"Origin": narrow.origin, "X-Forwarded-For": "198.51.100.9"}
        async with websockets.connect(narrow.socket, extra_headers=elsewhere):
            pass
        for line in lines:
            line.transport.abort()
        await asyncio.sleep(0.5)
    # A handshake that fails holds nothing.
    for _ in range(5):
        assert fetch(narrow, "/ws", Origin=narrow.origin, **address)[0] >= 400
    async with Socket(narrow, **address) as socket:
        assert (await socket.hello())["type"] == "welcome"


def test_one_address_sends_only_so_many_pictures(narrow: RunningServer, address: dict[str, str]) -> None:
    """Also when each comes in a conversation of its own."""
    conversations = [begin(narrow, **{"X-Forwarded-For": f"198.51.100.{10 + n}"}) for n in range(6)]
    turns = itertools.cycle(conversations)

    def send() -> tuple[int, dict[str, str], bytes]:
        bearer = {"Origin": narrow.origin, "Authorization": f"Bearer {next(turns)}"}
        return fetch(narrow, "/media", PNG, **bearer, **address)

    _, headers, told = refused_after(4, send, lambda each: each[0])
    assert (json.loads(told)["code"], 1 <= int(headers["retry-after"]) <= 12) == ("too_many_pictures", True)
    assert upload(narrow, conversations[0], PNG, **{"X-Forwarded-For": "198.51.100.9"})[0] == 201


def test_few_bodies_are_in_memory_at_once(server: RunningServer) -> None:
    conversations = [begin(server) for _ in range(6)]
    large = PNG + bytes(4_900_000)
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda each: upload(server, each, large)[0], conversations))
    assert set(statuses) <= {201, 429} and 201 in statuses
    assert upload(server, begin(server), PNG)[0] == 201  # all places are free again


def test_the_disk_is_not_filled(tmp_path: Path) -> None:
    store = ConnectorStore(f"sqlite:///{tmp_path}/c.db")
    kept = Settings(
        demo=True,
        customer_jwt_secret="",
        database_url="",
        media_folder=tmp_path / "media",
        webchat_origins=(),
        media_megabytes=1,
    )
    conversation = store.begin("webchat").id
    large = PNG[:33] + struct.pack(">I4s", 700_000, b"fdAT") + bytes(700_004) + PNG[33:]
    media.keep(store, kept, conversation, large)
    with pytest.raises(Refused, match="pictures_full"):
        media.keep(store, kept, conversation, large)
    assert len(list((tmp_path / "media").iterdir())) == 1
    store.close()


# Pictures that are small files and large pictures


def png(width: int, height: int) -> bytes:
    header = struct.pack(">II5B", width, height, 8, 0, 0, 0, 0)
    chunk = (
        struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    return b"\x89PNG\r\n\x1a\n" + chunk + PNG[33:]


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + bytes(6) + b";"


def jpeg(width: int, height: int) -> bytes:
    app = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + app + frame + b"\xff\xd9"


def webp(width: int, height: int) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + bytes(4)
    body += struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


MAKERS = (png, gif, jpeg, webp)


@pytest.mark.parametrize("make", MAKERS)
def test_a_picture_says_its_size(make: Callable[[int, int], bytes]) -> None:
    assert picture_type(make(640, 480)) is not None
    assert picture_size(make(640, 480)) == (640, 480)


@pytest.mark.parametrize("make", MAKERS)
def test_a_picture_that_unpacks_to_gigabytes_is_refused(
    server: RunningServer, make: Callable[[int, int], bytes]
) -> None:
    conversation = begin(server)
    assert upload(server, conversation, make(8000, 6000))[0] == 201
    status, told = upload(server, conversation, make(16000, 16000))
    assert (status, told["code"]) == (413, "picture_too_wide")
    assert upload(server, conversation, make(640, 480)[:9])[1]["code"] == "picture_type"


@examples(max_examples=300, deadline=None)
@given(st.sampled_from(MAKERS), st.integers(0, 60), st.binary(max_size=40), st.integers(0, 80))
def test_broken_headers_are_no_pictures(
    make: Callable[[int, int], bytes], place: int, noise: bytes, length: int
) -> None:
    whole = make(640, 480)
    size = picture_size((whole[:place] + noise + whole[place + len(noise) :])[:length])
    assert size is None or (size[0] > 0 and size[1] > 0)


# Counting


def test_no_table_grows_without_end() -> None:
    allowances = Allowances(Rate(2, 1), most_keys=100)
    for number in range(1000):
        allowances.take(str(number))
        assert allowances.take("busy") == 0 or number > 0
    assert len(allowances) == 100
    assert allowances.take("busy") > 0  # who is seen all the time is not the one forgotten
    places = Places(an_address=2, in_all=3)
    assert [places.take("a"), places.take("a"), places.take("a"), places.take("b"), places.take("c")] == [
        True,
        True,
        False,
        True,
        False,
    ]
    for address in ("a", "a", "b"):
        places.give_back(address)
    assert places.take("c")


def test_one_that_is_used_up_takes_nothing_from_the_rest() -> None:
    guard = Guard(Limits(all_messages=Rate(50, 1)))
    refused = 0
    for _ in range(100):
        try:
            guard.message("a", "noisy")
        except Refused:
            refused += 1
    assert refused == 90
    for number in range(40):
        guard.message("b", str(number))
    with pytest.raises(Refused, match="too_fast"):  # what all together may do is used up
        guard.message("c", "c")


TRUSTED = networks("127.0.0.0/8,::1,10.0.0.0/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "real", "counted"),
    [
        ("203.0.113.1", [], [], "203.0.113.1"),
        ("203.0.113.1", ["198.51.100.1"], ["198.51.100.2"], "203.0.113.1"),  # a stranger's word
        ("127.0.0.1", [], [], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.1"], [], "203.0.113.1"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.1"], [], "203.0.113.1"),  # what the client wrote itself
        ("127.0.0.1", ["198.51.100.1", "203.0.113.1, 10.1.1.1"], [], "203.0.113.1"),
        ("127.0.0.1", ["203.0.113.1:4711"], [], "203.0.113.1"),
        ("127.0.0.1", ["nonsense"], [], "127.0.0.1"),
        ("127.0.0.1", ["nonsense, 10.1.1.1"], [], "10.1.1.1"),
        ("127.0.0.1", [], ["203.0.113.1"], "203.0.113.1"),
        ("::1", ["[2001:db8:1:2:3::4]:99"], [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", [], [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.1", [], [], "203.0.113.1"),
        ("", ["203.0.113.1"], [], ""),
    ],
)
def test_whom_a_request_is_counted_to(peer: str, forwarded: list[str], real: list[str], counted: str) -> None:
    headers = {"x-forwarded-for": forwarded, "x-real-ip": real}
    assert client_address(peer, headers, TRUSTED) == counted


@given(st.text(max_size=20), st.lists(st.text(max_size=60), max_size=3))
def test_no_header_breaks_the_counting(peer: str, forwarded: list[str]) -> None:
    for end in (peer, "127.0.0.1"):
        assert len(client_address(end, {"x-forwarded-for": forwarded}, TRUSTED)) <= 64
