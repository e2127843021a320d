"""The API's reference in a browser that reaches nothing but the back office."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
CANCEL = '[data-path="/api/v1/orders/{number}/cancel"]'
TOKEN = secrets.token_urlsafe(48)


@contextmanager
def running(folder: Path, demo: str) -> Iterator[str]:
    """The back office as its own process; its address."""
    port = free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LINGXI_")},
        "LINGXI_BACKOFFICE_PORT": str(port),
        "LINGXI_DEMO": demo,
        "LINGXI_SERVICE_TOKEN": TOKEN,
        "LINGXI_RASA_TOKEN": secrets.token_urlsafe(48),
        "LINGXI_CUSTOMER_JWT_SECRET": secrets.token_urlsafe(48),
        "LINGXI_BACKOFFICE_DATABASE_URL": f"sqlite:///{folder}/backoffice.db",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "backoffice"], cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            with suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("shop"), demo="0") as url:
        yield url


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("demo"), demo="1") as url:
        yield url


@pytest.fixture
def page(visit: Callable[..., BrowserContext]) -> Iterator[Page]:
    """A page without any network but this machine's; fails when it asks for more."""
    asked: list[str] = []

    def local_only(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context = visit(390, 800)
    context.route("**/*", local_only)
    yield context.new_page()
    assert asked == []


def test_a_demo_shows_the_routes(page: Page, demo: str) -> None:
    answer = page.goto(f"{demo}/docs")
    assert answer and answer.status == 200
    expect(page.locator(CANCEL)).to_be_visible()
    expect(page.get_by_text("灵犀商城业务系统").first).to_be_visible()


def test_a_shop_asks_for_its_token_kindly(page: Page, shop: str) -> None:
    answer = page.goto(f"{shop}/docs")
    assert answer and answer.status == 401 and "Bearer" in answer.headers["www-authenticate"]
    expect(page.get_by_role("heading", name="接口说明需要服务令牌")).to_be_visible()
    expect(page.get_by_text("LINGXI_SERVICE_TOKEN")).to_be_visible()
    page.get_by_label("服务令牌").fill("错的")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("alert")).to_have_text("令牌不正确，请核对后再试。")
    page.get_by_label("服务令牌").fill("wrong")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_role("alert")).to_have_text("令牌不正确，请核对后再试。")
    page.get_by_label("服务令牌").fill(TOKEN)
    page.get_by_role("button", name="查看").click()
    expect(page.locator(CANCEL)).to_be_visible()
    expect(page.get_by_role("heading", name="接口说明需要服务令牌")).to_be_hidden()


def test_the_description_needs_the_token(shop: str, demo: str) -> None:
    assert httpx.get(f"{shop}/openapi.json").status_code == 401
    assert httpx.get(f"{shop}/openapi.json", headers={"Authorization": "Bearer wrong"}).status_code == 401
    told = httpx.get(f"{shop}/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.status_code == 200 and "/api/v1/orders" in told.json()["paths"]
    assert httpx.get(f"{shop}/docs", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert httpx.get(f"{demo}/openapi.json").status_code == 200
    for path in ("/docs/oauth2-redirect", "/docs/..%2froutes.py", "/docs/routes.py", "/redoc"):
        assert httpx.get(shop + path).status_code == 404
