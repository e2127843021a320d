"""The agents' page in a real browser, over a real back office with a demo shop behind it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass
class Office:
    """A running back office; customers are played over its API."""

    url: str

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


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('office')}/backoffice.db")
    database.migrate()
    noon = system_clock().replace(hour=15, minute=0)
    with database.write() as session:
        seed(session, noon)
    settings = Settings(service_token=TOKEN, customer_jwt_secret="j" * 40, clock=lambda: noon)
    server = uvicorn.Server(uvicorn.Config(create_app(settings, database), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Office(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    server.should_exit = True
    thread.join(10)


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
