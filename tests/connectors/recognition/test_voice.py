"""Recordings of every kind become the words that the endpoint hears; what is none is refused before it is sent anywhere."""

from __future__ import annotations

import asyncio
import io
import math
import random
import struct
import subprocess
import wave
from collections.abc import Iterator

import imageio_ffmpeg
import pysilk
import pytest

from connectors.errors import SettingsError
from connectors.recognition.voice import MAX_BYTES, Endpoint, Unheard, format_of
from tests.services import free_port
from tests.standins.serving import serving
from tests.standins.transcription import KEY, Transcriber

RATE, SECONDS = 16_000, 2


def _pcm() -> bytes:
    tones = (math.sin(t / RATE * 2 * math.pi * (220 + 110 * (t // 4000))) for t in range(RATE * SECONDS))
    return b"".join(struct.pack("<h", round(12_000 * tone)) for tone in tones)


def _wav(pcm: bytes) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(pcm)
    return out.getvalue()


def _by_ffmpeg(*options: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "wav", "-i", "pipe:0", *options, "pipe:1"]
    return subprocess.run(command, input=_wav(_pcm()), stdout=subprocess.PIPE, check=True).stdout


def _silk(tencent: bool) -> bytes:
    out = io.BytesIO()
    pysilk.encode(io.BytesIO(_pcm()), out, RATE, RATE, tencent=tencent)
    return out.getvalue()


def recording(kind: str) -> bytes:
    """Two seconds."""
    return {
        "wav": lambda: _wav(_pcm()),
        "amr": lambda: _by_ffmpeg("-ar", "8000", "-c:a", "libopencore_amrnb", "-f", "amr"),
        "mp3": lambda: _by_ffmpeg("-c:a", "libmp3lame", "-f", "mp3"),
        "webm": lambda: _by_ffmpeg("-c:a", "libopus", "-b:a", "24k", "-f", "webm"),
        "ogg": lambda: _by_ffmpeg("-c:a", "libopus", "-b:a", "24k", "-f", "ogg"),
        "mp4": lambda: _by_ffmpeg("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"),
        "silk": lambda: _silk(False),
        "wechat silk": lambda: _silk(True),
    }[kind]()


@pytest.fixture
def heard() -> Iterator[tuple[Transcriber, Endpoint]]:
    port, transcriber = free_port(), Transcriber()
    with serving(transcriber.routes(), port):
        yield transcriber, Endpoint(f"http://127.0.0.1:{port}/v1", "whisper-1", KEY)


@pytest.mark.parametrize("kind", ["wav", "amr", "mp3", "silk", "wechat silk", "webm", "ogg", "mp4"])
def test_every_kind_of_recording_is_heard(heard: tuple[Transcriber, Endpoint], kind: str) -> None:
    transcriber, endpoint = heard
    assert asyncio.run(endpoint.words(recording(kind))) == "我的订单到哪了"
    assert transcriber.seconds == [pytest.approx(SECONDS, abs=0.15)]


def test_what_is_no_recording_is_sent_nowhere(heard: tuple[Transcriber, Endpoint]) -> None:
    transcriber, endpoint = heard
    chance = random.Random(4)
    noise = bytes(chance.randrange(256) for _ in range(3000))
    playlist = b"#EXTM3U\nfile:///etc/passwd\n"
    hostile = {
        playlist: "unknown_format",
        b"": "unknown_format",
        b"RIFF\x00\x00\x00\x00WAVE" + playlist: "no",
        b"\x02#!SILK_V3" + noise: "no",
        b"#!AMR\n": "no",
        b"\x1a\x45\xdf\xa3" + noise: "no",
        b"\x00\x00\x00\x18ftypheic" + noise: "unknown_format",
        _wav(b"\x00" * 200): "nothing_recorded",
        b"#!AMR\n" + bytes(MAX_BYTES): "too_large",
    }
    for content, why in hostile.items():
        with pytest.raises(Unheard, match=why):
            asyncio.run(endpoint.words(content))
    assert transcriber.seconds == []
    assert format_of(noise) is None


def test_an_endpoint_that_fails_or_hears_nothing(heard: tuple[Transcriber, Endpoint]) -> None:
    transcriber, endpoint = heard
    for transcriber.said, transcriber.fail, why in (("", 0, "nothing_said"), ("x", 500, "status_500"), ("x", 401, "status_401")):
        with pytest.raises(Unheard, match=why):
            asyncio.run(endpoint.words(recording("wav")))
    with pytest.raises(Unheard):
        asyncio.run(Endpoint(f"http://127.0.0.1:{free_port()}/v1", "whisper-1", "").words(recording("wav")))


def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINGXI_TRANSCRIPTION_URL", "nowhere")
    with pytest.raises(SettingsError, match="LINGXI_TRANSCRIPTION_URL"):
        Endpoint.from_env()
    monkeypatch.setenv("LINGXI_TRANSCRIPTION_URL", "")
    assert Endpoint.from_env() is None
