"""The dashboard in a browser: asks for the token, shows what was just said, and leads from a number to the conversation."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from analytics.collect import collect
from analytics.lake import Lake
from analytics.sources.sql import open_store
from tests.analytics.conftest import action, bot, user, write
from tests.services import CHROMIUM, find_chromium, free_port

TOKEN = "token-of-the-dashboards-test-0123456789"
PATIENCE = 120_000  # milliseconds: the machine may be busy


def talk(sender: str, at: float, says: str) -> list[tuple]:
    return [action(sender, "action_session_start", at), user(sender, says, at + 1, "orders_ask_status"), bot(sender, "已发货", at + 2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dashboard")
    now = time.time()
    write(folder / "t.db", talk("c1", now - 60, "手机号13812345678，我的货到哪了"))
    collect(Lake(folder / "lake"), open_store(f"sqlite:///{folder / 't.db'}"))
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "analytics", "serve", "--lake", str(folder / "lake"), "--port", str(port)]
    # Not told of pytest, or NiceGUI takes itself for the thing under test.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    process = subprocess.Popen(command, env={**environ, "LINGXI_SERVICE_TOKEN": TOKEN}, cwd=folder)
    try:
        for _ in range(240):
            try:
                httpx.get(f"http://127.0.0.1:{port}/login")
                break
            except httpx.TransportError:
                assert process.poll() is None, "the dashboard ended"
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_without_the_token_nothing_is_shown(address):
    with httpx.Client(base_url=address) as client:
        assert client.get("/").headers["location"] == "/login"
        assert client.get("/anything").status_code == 303
        wrong = client.post("/login", data={"token": "x" * 40})
        assert wrong.status_code == 401 and "令牌不对" in wrong.text
        assert client.get("/").status_code == 303
        assert client.post("/login", data={"token": TOKEN}).headers["location"] == "/"
        assert "灵犀看板" in client.get("/").text


def test_without_a_token_in_the_environment_it_does_not_start(folder):
    environ = {name: value for name, value in os.environ.items() if name != "LINGXI_SERVICE_TOKEN"}
    command = [sys.executable, "-m", "analytics", "serve", "--lake", str(folder / "lake")]
    ended = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)
    assert ended.returncode == 2 and "LINGXI_SERVICE_TOKEN" in ended.stderr


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    browser = os.environ.get(CHROMIUM) or find_chromium()
    if not browser:
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = running.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.fill("#token", TOKEN)
        page.click("button")
        page.wait_for_selector("text=会话量")
        yield page
        running.close()


def test_a_number_leads_to_the_masked_conversation(page):
    page.click("text=会话量")
    page.click(".q-dialog tbody tr")
    said = page.wait_for_selector(".q-message:has-text('我的货到哪了')").inner_text()
    assert "138****5678" in said and "13812345678" not in page.content()
    for _ in range(2):
        page.locator("button:has-text('关上')").last.click()


def test_what_is_said_now_is_shown_soon(page, folder):
    tile = page.locator("[role=button][aria-label='会话量']")
    assert "\n1\n" in tile.inner_text()
    write(folder / "t.db", talk("c2", time.time(), "查订单"))
    collect(Lake(folder / "lake"), open_store(f"sqlite:///{folder / 't.db'}"))
    page.wait_for_function("document.querySelector(\"[role=button][aria-label='会话量']\").innerText.includes('\\n2\\n')")
