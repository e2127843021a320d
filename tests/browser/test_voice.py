"""Speaking in the chat window: a real browser's recording becomes the words that the endpoint hears."""

from __future__ import annotations

import io
import signal
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_widget import Visit, bubbles, chat_page, conversation, expect_bubbles
from tests.connectors.running import RunningServer
from tests.services import free_port
from tests.standins.serving import serving
from tests.standins.transcription import KEY, Transcriber


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber()


@pytest.fixture(scope="module")
def hearing(tmp_path_factory: pytest.TempPathFactory, transcriber: Transcriber) -> Iterator[RunningServer]:
    port = free_port()
    told = {"LINGXI_TRANSCRIPTION_URL": f"http://127.0.0.1:{port}/v1", "LINGXI_TRANSCRIPTION_KEY": KEY}
    with serving(transcriber.routes(), port):
        running = RunningServer(tmp_path_factory.mktemp("hearing"), environ=told).start()
        yield running
        running.end(signal.SIGKILL)


def wav(seconds: int = 1) -> dict[str, object]:
    """A recording that lies on the customer's disk."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\x10\x20" * 8000 * seconds)
    return {"name": "留言.wav", "mimeType": "audio/wav", "buffer": out.getvalue()}


def test_what_is_spoken_is_understood_and_only_its_words_are_kept(
    hearing: RunningServer, transcriber: Transcriber, visit: Visit, tmp_path: Path
) -> None:
    page = chat_page(hearing, visit(permissions=["microphone"]))
    transcriber.said = "我的密码是 abc12345，订单到哪了"
    page.get_by_role("button", name="说话").click()
    expect(page.get_by_text("正在录音 0:01")).to_be_visible()
    page.screenshot(path=tmp_path / "recording.png")
    page.get_by_role("button", name="发送", exact=True).click()
    expect(page.locator("#messages .bot .bubble").last).to_contain_text("订单到哪了")
    expect(page.locator("#messages audio")).to_have_count(1)
    page.wait_for_function("document.querySelector('#messages audio').readyState > 0")
    page.screenshot(path=tmp_path / "heard.png")
    assert 0.8 < transcriber.seconds[-1] < 10
    page.reload()
    expect(page.locator(".customer .bubble")).to_contain_text("订单到哪了")
    (heard,) = hearing.heard(conversation(page))
    assert "media" not in heard["metadata"]
    assert not [each for each in (*bubbles(page), heard["text"]) if "abc12345" in each]
    assert list((hearing.folder / "media").iterdir()) == []


def test_a_recording_can_be_dropped_or_chosen_as_a_file(
    hearing: RunningServer, transcriber: Transcriber, visit: Visit
) -> None:
    page = chat_page(hearing, visit(permissions=["microphone"]))
    page.locator("#text").fill("写了一半")
    page.get_by_role("button", name="说话").click()
    expect(page.locator("#recording")).to_be_visible()
    page.get_by_role("button", name="取消录音").click()
    expect(page.locator("#text")).to_have_value("写了一半")
    expect(page.locator(".customer")).to_have_count(0)
    transcriber.said = "转人工"
    page.set_input_files("#file", wav())
    expect(page.get_by_text("您说：转人工")).to_be_visible()
    transcriber.said = ""
    page.set_input_files("#file", wav())
    expect(page.get_by_text("没能听清这条语音")).to_be_visible()
    assert list((hearing.folder / "media").iterdir()) == []


def test_where_nobody_hears_the_customer_is_asked_to_type(server: RunningServer, visit: Visit) -> None:
    page = chat_page(server, visit())
    expect(page.locator("#voice")).to_be_hidden()
    page.set_input_files("#file", wav())
    expect(page.get_by_role("alert")).to_contain_text("请用文字")
    expect_bubbles(page, [])
    answer = page.request.post(
        f"{server.origin}/webhooks/webchat/media",
        data=wav()["buffer"],
        headers={"Authorization": f"Bearer {conversation(page)}", "Origin": server.origin},
    )
    assert (answer.status, answer.json()["code"]) == (415, "voice_off")
