"""A screenshot and a recording on their whole way: from WeChat's phone to what Rasa hears, and back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from connectors.wording import say
from tests.connectors.recognition.screenshots import Shot, shots
from tests.connectors.recognition.test_metadata import SECRET as WHERE
from tests.connectors.recognition.test_metadata import photo
from tests.connectors.recognition.test_voice import recording
from tests.connectors.wechat.line import Line, connected, until
from tests.services import free_port
from tests.standins.serving import serving
from tests.standins.transcription import KEY, Transcriber


@pytest.fixture(scope="module")
def transcriber() -> Transcriber:
    return Transcriber()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, transcriber: Transcriber) -> Iterator[Line]:
    port = free_port()
    told = {"LINGXI_TRANSCRIPTION_URL": f"http://127.0.0.1:{port}/v1", "LINGXI_TRANSCRIPTION_KEY": KEY}
    with serving(transcriber.routes(), port), connected(tmp_path_factory.mktemp("heard"), **told) as running:
        yield running


def send(line: Line, kind: str, content_type: str, content: bytes, **fields: str) -> str:
    """Who has sent it."""
    openid, media_id = f"o{secrets.token_hex(13)}", secrets.token_hex(8)
    line.wechat.media[media_id] = (content_type, content)
    line.send(openid, MsgType=kind, MediaId=media_id, MsgId=str(secrets.randbelow(10**18)), **fields)
    return openid


def test_a_screenshots_number_is_heard_as_if_it_were_typed(line: Line) -> None:
    shot: Shot = next(iter(shots(range(1, 2))))
    openid = send(line, "image", "image/jpeg", shot.content, PicUrl="")
    line.answers(openid, seconds=60)
    (heard,) = line.server.heard(line.conversation(openid))
    assert heard["text"].startswith(f"[图片] 订单号 {shot.order}")
    (media,) = heard["metadata"]["media"]
    assert media["fields"]["orders"] == [shot.order]
    assert shot.order in media["text"] and media["type"] == "image/jpeg"


def test_what_a_camera_writes_beside_a_picture_is_not_kept(line: Line) -> None:
    content = photo("JPEG")
    assert WHERE in content
    openid = send(line, "image", "image/jpeg", content, PicUrl="")
    line.answers(openid, seconds=60)
    kept = [path.read_bytes() for path in (line.server.folder / "media").iterdir()]
    assert kept and not [each for each in kept if WHERE in each]


@pytest.mark.parametrize("kind", ["amr", "wechat silk"])
def test_a_recording_is_heard_as_words(line: Line, transcriber: Transcriber, kind: str) -> None:
    transcriber.said, transcriber.fail = "/restart 我的订单到哪了", 0
    openid = send(line, "voice", "audio/amr", recording(kind), Format="amr", Recognition="")
    assert line.answers(openid, seconds=30)[0]["text"] == "您说：／restart 我的订单到哪了"
    (heard,) = line.server.heard(line.conversation(openid))
    assert heard["text"] == "／restart 我的订单到哪了" and "media" not in heard["metadata"]


def test_what_nobody_could_hear_is_asked_for_in_writing(line: Line, transcriber: Transcriber) -> None:
    transcriber.fail = 500
    openid = send(line, "voice", "audio/amr", recording("amr"), Format="amr", Recognition="")
    assert line.answers(openid, seconds=30)[0]["text"] == say("voice_unread")
    assert line.server.heard(line.conversation(openid)) == []


def test_wechats_own_words_need_no_endpoint(line: Line, transcriber: Transcriber) -> None:
    before = len(transcriber.seconds)
    openid = send(line, "voice", "audio/amr", b"", Format="amr", Recognition="转人工")
    until(lambda: line.server.heard(line.conversation(openid)), bool, 20)
    assert [each["text"] for each in line.server.heard(line.conversation(openid))] == ["转人工"]
    assert len(transcriber.seconds) == before
