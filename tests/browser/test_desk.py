"""The agents' page in a real browser, over a real back office with a demo shop behind it."""

from __future__ import annotations

import secrets
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Page, expect

from backoffice.app import create_app
from backoffice.clock import system_clock
from backoffice.database import Database
from backoffice.seed import seed
from backoffice.settings import Settings

TOKEN = "desk-test-service-token-of-forty-letters"
Visit = Callable[..., BrowserContext]
ATTACK = "<img src=x onerror=\"document.title='hacked'\"><b>粗</b>"


def _png(width: int, height: int) -> bytes:
    """A picture in one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\xd9\x8a\x4e" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


PICTURE = _png(900, 600)


@dataclass
class Office:
    """A running back office; customers are played over its API."""

    url: str
    now: datetime

    def at(self, hour: int, minute: int = 0) -> None:
        """Sets the shop's clock."""
        self.now = self.now.replace(hour=hour, minute=minute)

    def send(self, path: str, body: Any = None, customer: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": secrets.token_hex(8)}
        if customer:
            headers["X-Customer-Id"] = customer
        answer = httpx.post(f"{self.url}/api/v1{path}", json=body, headers=headers, trust_env=False, timeout=60)
        assert answer.is_success, answer.text
        return answer.json()

    def hand_over(self, customer: str | None = None, **more: Any) -> str:
        lines = [
            {"who": "customer", "text": "我的快递呢", "time": "2026-11-21T10:00:00+08:00"},
            {"who": "assistant", "text": "请问是哪一个订单？", "time": "2026-11-21T10:00:01+08:00"},
            {"who": "customer", "text": ATTACK, "time": "2026-11-21T10:01:00+08:00"},
        ]
        about = {"reason": "angry", "sentiment": "angry", "tags": ["logistics_track"], "transcript": lines}
        body = {"conversation_id": f"c-{secrets.token_hex(6)}", **about, **more}
        return str(self.send("/handoffs", body, customer)["id"])

    def says(self, handoff: str, text: str) -> None:
        said = {"message_id": secrets.token_hex(8), "text": text, "at_ms": int(time.time() * 1000)}
        self.send(f"/handoffs/{handoff}/messages", {"messages": [said]})


class Pictures(BaseHTTPRequestHandler):
    """The assistant, as far as it keeps the pictures that customers sent."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def running_office(tmp_path_factory: pytest.TempPathFactory, pictures: str) -> Iterator[Office]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('office')}/backoffice.db")
    database.migrate()
    noon = system_clock().replace(hour=15, minute=0)
    with database.write() as session:
        seed(session, noon)
    office = Office("", noon)
    settings = Settings(
        service_token=TOKEN, customer_jwt_secret="j" * 40, rasa_api_url=pictures, clock=lambda: office.now
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings, database), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    office.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield office
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def office(running_office: Office) -> Office:
    """At three in the afternoon, whatever the test before has done to the clock."""
    running_office.at(15)
    return running_office


def entered(office: Office, context: BrowserContext, name: str = "小李") -> Page:
    """The page of an agent who has given token and name."""
    page = context.new_page()
    page.goto(f"{office.url}/desk")
    page.get_by_label("服务令牌").fill(TOKEN)
    page.get_by_label("您的称呼").fill(name)
    page.get_by_role("button", name="进入").click()
    expect(page.locator("#desk")).to_be_visible()
    return page


def pick(page: Page, handoff: str) -> None:
    page.locator(f'#queue button[data-id="{handoff}"]').click()
    expect(page.locator("#talk")).to_be_visible()


def test_a_whole_conversation(office: Office, visit: Visit, tmp_path: Path) -> None:
    handoff = office.hand_over("C000001")
    page = entered(office, visit(1280, 800))
    entry = page.locator(f'#queue button[data-id="{handoff}"]')
    expect(entry).to_contain_text("生气")
    expect(entry).to_contain_text("物流")
    pick(page, handoff)
    expect(page.locator("#log")).to_contain_text("我的快递呢")
    expect(page.locator("#card")).to_contain_text("C000001")
    expect(page.locator("#card li").first).to_be_visible()
    expect(page.locator("#reply")).to_be_disabled()
    page.get_by_role("button", name="接入").click()
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.type("您好")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("我来看看")
    page.keyboard.press("Enter")
    expect(page.locator(".said.agent .words").last).to_have_text("您好\n我来看看")
    expect(page.locator(".said.agent").last).to_contain_text("发送中")
    expect(page.locator("#reply")).to_have_value("")
    office.says(handoff, "谢谢，等您消息")
    expect(page.locator(".said.customer .words").last).to_have_text("谢谢，等您消息")
    page.screenshot(path=tmp_path / "desk.png")
    page.get_by_role("button", name="结束服务").click()
    page.get_by_role("button", name="结束", exact=True).click()
    expect(page.locator("#log")).to_contain_text("人工服务已结束")
    expect(page.locator("#reply")).to_be_disabled()
    expect(entry).to_have_count(0)


def test_what_customers_write_is_text_and_never_markup(office: Office, visit: Visit) -> None:
    handoff = office.hand_over(None, slots={"orders_title": ATTACK})
    page = entered(office, visit())
    pick(page, handoff)
    office.says(handoff, ATTACK)
    expect(page.locator(".said.customer .words").last).to_have_text(ATTACK)
    assert page.locator("#log b, #log img, #card b, #card img").count() == 0
    assert page.title() == "人工客服工作台"
    expect(page.locator("#card")).to_contain_text("访客")


def test_a_wrong_token_is_told_and_a_right_one_is_asked_for_once(office: Office, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(f"{office.url}/desk")
    page.get_by_label("服务令牌").fill("wrong")
    page.get_by_label("您的称呼").fill("小李")
    page.get_by_role("button", name="进入").click()
    expect(page.get_by_role("alert").first).to_contain_text("服务令牌不正确")
    page.get_by_label("服务令牌").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible()
    page.reload()
    expect(page.locator("#desk")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("服务令牌")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('desk.token')") is None


def test_it_works_without_a_mouse(office: Office, visit: Visit) -> None:
    first, second = office.hand_over("C000001"), office.hand_over("C000002")
    page = entered(office, visit())
    expect(page.locator(f'#queue button[data-id="{second}"]')).to_be_visible()
    page.keyboard.press("Alt+q")
    while page.evaluate("document.activeElement.dataset.id") != first:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_contain_text("C000001")
    page.keyboard.press("Alt+t")
    expect(page.locator("#reply")).to_be_focused()
    page.keyboard.type("在的")
    page.keyboard.press("Enter")
    expect(page.locator(".said.agent .words").last).to_have_text("在的")
    for handoff in (first, second):
        office.send(f"/handoffs/{handoff}/close")


def test_two_agents_cannot_take_the_same_customer(office: Office, visit: Visit) -> None:
    handoff = office.hand_over("C000002")
    mine, theirs = entered(office, visit()), entered(office, visit(), "小王")
    for page in (mine, theirs):
        pick(page, handoff)
    mine.get_by_role("button", name="接入").click()
    expect(mine.locator("#reply")).to_be_enabled()
    expect(theirs.locator("#talk-facts")).to_contain_text("已接入：小李")
    expect(theirs.locator("#reply")).to_be_disabled()
    expect(theirs.get_by_role("button", name="接入")).to_be_hidden()


def test_a_reply_that_fails_is_kept_and_said_once(office: Office, visit: Visit) -> None:
    handoff = office.hand_over("C000001")
    page = entered(office, visit())
    pick(page, handoff)
    page.get_by_role("button", name="接入").click()
    expect(page.locator("#reply")).to_be_focused()
    lost: list[str] = []

    def lose(route: Any) -> None:
        """The server does the work, and its answer does not arrive."""
        if lost:
            route.continue_()
        else:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()
            route.abort()

    page.route("**/replies", lose)
    page.locator("#reply").fill("只说一遍")
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("没有发出去")
    expect(page.locator("#send")).to_be_enabled()
    expect(page.locator("#reply")).to_have_value("只说一遍")
    page.locator("#reply").press("Enter")
    expect(page.locator("#reply")).to_have_value("")
    expect(page.locator(".said.agent .words", has_text="只说一遍")).to_have_count(1)


def turn_to(page: Page, tab: str) -> None:
    page.locator("#tabs").get_by_role("button", name=tab).click()


def test_what_was_left_at_night_is_found_with_its_promise_and_answered(
    office: Office, visit: Visit, tmp_path: Path
) -> None:
    office.at(2)
    first = office.hand_over("C000003", reason="customer_asked", sentiment="neutral")
    office.at(3)
    second = office.hand_over(None, reason="customer_asked")
    office.at(9)
    page = entered(office, visit(1280, 800))
    expect(page.locator(f'#queue [data-id="{first}"]')).to_have_count(0)
    expect(page.locator('#tabs [data-tab="left"] .number')).to_have_text("2")
    turn_to(page, "待回复")
    entries = page.locator("#queue button")
    expect(entries).to_have_count(2)
    assert [each.get_attribute("data-id") for each in entries.all()] == [first, second]
    expect(entries.first).to_contain_text("夜间留言 · 答应 12:00 前回复")
    pick(page, first)
    expect(page.locator("#promise")).to_contain_text("答应 12:00 前回复")
    page.screenshot(path=tmp_path / "desk-left.png")
    expect(page.get_by_role("button", name="接入")).to_be_hidden()
    page.locator("#reply").fill("您的订单今天 18:00 前发出。")
    page.keyboard.press("Enter")
    expect(page.locator(".said.agent .words").last).to_contain_text("您的订单今天 18:00 前发出。")
    expect(page.locator("#reply")).to_be_disabled()
    expect(entries).to_have_count(1)
    office.at(12, 1)
    expect(entries.first).to_contain_text("已过时限")
    pick(page, second)
    page.get_by_role("button", name="不用回复").click()
    page.get_by_role("button", name="结束", exact=True).click()
    expect(page.locator("#nobody")).to_have_text("留言都回复了。")
    turn_to(page, "已结束")
    expect(page.locator(f'#queue [data-id="{second}"]')).to_be_visible()
    expect(page.locator(f'#queue [data-id="{first}"]')).to_contain_text("我")


def test_mine_are_those_i_have(office: Office, visit: Visit) -> None:
    mine, waiting = office.hand_over("C000001"), office.hand_over("C000002")
    page = entered(office, visit(), "小周")
    pick(page, mine)
    page.get_by_role("button", name="接入").click()
    expect(page.locator("#reply")).to_be_enabled()
    turn_to(page, "我的")
    expect(page.locator("#queue button")).to_have_count(1)
    expect(page.locator(f'#queue [data-id="{mine}"]')).to_be_visible()
    expect(page.locator('#tabs [data-tab="mine"] .number')).to_have_text("1")
    for handoff in (mine, waiting):
        office.send(f"/handoffs/{handoff}/close")


def test_drafts_and_the_chosen_conversation_stay(office: Office, visit: Visit) -> None:
    first, second = office.hand_over("C000001"), office.hand_over("C000002")
    page = entered(office, visit())
    for handoff in (first, second):
        pick(page, handoff)
        page.get_by_role("button", name="接入").click()
        expect(page.locator("#reply")).to_be_enabled()
    page.locator("#reply").fill("给第二位的话")
    pick(page, first)
    expect(page.locator("#card")).to_contain_text("C000001")
    expect(page.locator("#reply")).to_have_value("")
    page.locator("#reply").fill("给第一位的话")
    turn_to(page, "我的")
    page.reload()
    expect(page.locator("#card")).to_contain_text("C000001")
    expect(page.locator("#reply")).to_have_value("给第一位的话")
    expect(page.locator('#tabs [data-tab="mine"]')).to_have_attribute("aria-pressed", "true")
    pick(page, second)
    expect(page.locator("#card")).to_contain_text("C000002")
    expect(page.locator("#reply")).to_have_value("给第二位的话")
    page.locator("#reply").press("Enter")
    expect(page.locator("#reply")).to_have_value("")
    page.reload()
    expect(page.locator("#card")).to_contain_text("C000002")
    expect(page.locator("#reply")).to_have_value("")
    for handoff in (first, second):
        office.send(f"/handoffs/{handoff}/close")


def test_pictures_of_before_the_handoff_are_shown_and_enlarged(office: Office, visit: Visit, tmp_path: Path) -> None:
    sent = {"id": "p" * 32, "type": "image/png", "path": "/webhooks/webchat/media/" + "p" * 32}
    handoff = office.hand_over("C000001", transcript=[{"who": "customer", "text": "[图片]", "media": [sent]}])
    page = entered(office, visit(1280, 800))
    pick(page, handoff)
    picture = page.locator("#log .picture img")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('#log img').naturalWidth === 900")
    picture.click()
    large = page.locator("#large-picture")
    expect(large).to_be_visible()
    box = large.bounding_box()
    assert box is not None and box["width"] > 500
    page.screenshot(path=tmp_path / "desk-large.png")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    office.send(f"/handoffs/{handoff}/close")


def test_a_phone_is_enough(office: Office, visit: Visit, tmp_path: Path) -> None:
    handoff = office.hand_over("C000001")
    page = entered(office, visit(390, 844, has_touch=True, is_mobile=True))
    expect(page.locator(f'#queue [data-id="{handoff}"]')).to_be_visible()
    page.screenshot(path=tmp_path / "desk-390-list.png")
    pick(page, handoff)
    expect(page.locator("#queue")).to_be_hidden()
    page.get_by_role("button", name="接入").click()
    expect(page.locator("#reply")).to_be_enabled()
    page.locator("#reply").fill("您好")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".said.agent .words").last).to_have_text("您好")
    page.screenshot(path=tmp_path / "desk-390-talk.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    send = page.locator("#send").bounding_box()
    assert send is not None and send["y"] + send["height"] <= 844 and send["x"] + send["width"] <= 390
    page.get_by_role("button", name="客户", exact=True).click()
    expect(page.locator("#card")).to_contain_text("C000001")
    page.screenshot(path=tmp_path / "desk-390-card.png")
    page.get_by_role("button", name="回到列表").click()
    expect(page.locator("#log")).to_be_visible()
    page.get_by_role("button", name="回到列表").click()
    expect(page.locator(f'#queue [data-id="{handoff}"]')).to_be_visible()
    office.send(f"/handoffs/{handoff}/close")
