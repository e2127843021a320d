"""A browser, and a server whose shop page lies on another origin than its chat."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from tests.connectors.running import RunningServer

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A microphone that beeps, and may be used without a word.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a browser profile of its own; fails the test when a page reports an error."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        # A line that breaks is reported by the browser itself; the tests break it on purpose.
        if (
            message.type == "error"
            and "WebSocket" not in message.text
            and "Failed to load" not in message.text
        ):
            problems.append(message.text)

    def opened(width: int = 900, height: int = 700, **options: object) -> BrowserContext:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(40_000)  # a busy machine takes its time
        context.on("console", note)
        context.on("weberror", lambda error: problems.append(str(error.error)))
        contexts.append(context)
        return context

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Chat on 127.0.0.1, shop on localhost: two origins, as in a real shop."""
    folder = tmp_path_factory.mktemp("server")
    running = RunningServer(folder, "--origins", "http://localhost:{port}").start()
    yield running
    running.end(signal.SIGKILL)


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that the test may kill and start again."""
    running = RunningServer(tmp_path).start()
    yield running
    running.end(signal.SIGKILL)
