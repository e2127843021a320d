"""What a recording says: decoded to PCM here, put into words by an OpenAI-compatible endpoint (FunASR, whisper servers).

Decoders run in processes of their own, for a bounded time, on bytes from their input alone: ffmpeg is told the one format that
the first bytes name, so that nothing in a file makes it open another file or address. Without an endpoint nothing is decoded.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import imageio_ffmpeg
from dotenv import load_dotenv

from connectors.errors import SettingsError
from connectors.settings import ROOT

logger = logging.getLogger(__name__)

MAX_BYTES = 2 * 1024 * 1024
MOST_SECONDS = 60
_RATE = 16_000
_DECODE_SECONDS = 20
_ANSWER_SECONDS = 30
_MOST_ANSWER = 64 * 1024
_MOST_TEXT = 1000
_SHORTEST = 44 + _RATE // 5 * 2
"""Bytes of a fifth of a second, with WAV's header: nobody has said anything in less."""
# By the first bytes: what ffmpeg calls the format, and its media type; SILK has a decoder of its own. WeChat puts 0x02 before
# SILK's mark; browsers record WebM (Chromium), Ogg (Firefox) or fragmented MP4 (Safari).
_FORMATS: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (re.compile(rb"\x02?#!SILK_V3"), "silk", "audio/silk"),
    (re.compile(rb"#!AMR-WB\n|#!AMR\n"), "amr", "audio/amr"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "wav", "audio/wav"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "matroska", "audio/webm"),
    (re.compile(rb"OggS"), "ogg", "audio/ogg"),
    (re.compile(rb"....ftyp(?:iso|mp4|M4A|dash|qt)", re.DOTALL), "mov", "audio/mp4"),
    (re.compile(rb"ID3|\xff[\xe2-\xff]"), "mp3", "audio/mpeg"),
)


class Unheard(Exception):
    """A recording could not be put into words; the text says why in a word, and quotes nothing."""


@dataclass(frozen=True)
class Endpoint:
    """Where recordings are put into words: `url` up to /audio/transcriptions."""

    url: str
    model: str
    key: str

    @classmethod
    def from_env(cls) -> Endpoint | None:
        """None where none is set. Raises SettingsError."""
        load_dotenv(ROOT / ".env", override=False)
        url = os.environ.get("LINGXI_TRANSCRIPTION_URL", "").strip().rstrip("/")
        if not url:
            return None
        if not re.match(r"https?://[^/\s]", url):
            raise SettingsError("LINGXI_TRANSCRIPTION_URL: write an address such as http://127.0.0.1:8000/v1")
        model = os.environ.get("LINGXI_TRANSCRIPTION_MODEL", "").strip() or "whisper-1"
        return cls(url, model, os.environ.get("LINGXI_TRANSCRIPTION_KEY", "").strip())

    async def words(self, content: bytes) -> str:
        """What is said in a recording of up to a minute. Raises Unheard."""
        form = aiohttp.FormData()
        form.add_field("file", await wav_of(content), filename="voice.wav", content_type="audio/wav")
        form.add_field("model", self.model)
        form.add_field("language", "zh")
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        patience = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as line,
                line.post(f"{self.url}/audio/transcriptions", data=form, headers=headers) as answer,
            ):
                told = json.loads(await answer.content.read(_MOST_ANSWER)) if answer.status == 200 else None
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise Unheard(type(error).__name__) from None
        text = told.get("text") if isinstance(told, dict) else None
        if not isinstance(text, str):
            raise Unheard(f"status_{answer.status}")
        if not text.strip():
            raise Unheard("nothing_said")
        return text.strip()[:_MOST_TEXT]


def format_of(content: bytes) -> str | None:
    """The format of a recording that we take, or None."""
    return next((name for mark, name, _ in _FORMATS if mark.match(content)), None)


def sound_type(content: bytes) -> str | None:
    """The media type of a recording that we take, or None."""
    return next((kind for mark, _, kind in _FORMATS if mark.match(content)), None)


def is_sound(shown: Mapping[str, Any]) -> bool:
    """Whether a message's medium is a recording."""
    return str(shown.get("type", "")).startswith("audio/")


async def wav_of(content: bytes) -> bytes:
    """The recording as WAV: PCM, 16 bits, mono, 16 kHz, its first minute. Raises Unheard."""
    if len(content) > MAX_BYTES:
        raise Unheard("too_large")
    kind = format_of(content)
    if kind is None:
        raise Unheard("unknown_format")
    told = ["-f", kind]
    if kind == "silk":
        content = await _run([sys.executable, "-m", "connectors.recognition.silk"], content)
        told = ["-f", "s16le", "-ar", str(_RATE), "-ac", "1"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "quiet", "-threads", "1"]
    command += ["-protocol_whitelist", "pipe", *told, "-i", "pipe:0", "-t", str(MOST_SECONDS)]
    command += [
        "-vn",
        "-map_metadata",
        "-1",
        "-ac",
        "1",
        "-ar",
        str(_RATE),
        "-c:a",
        "pcm_s16le",
        "-f",
        "wav",
        "pipe:1",
    ]
    heard = await _run(command, content)
    if len(heard) < _SHORTEST:
        raise Unheard("nothing_recorded")
    return heard


async def _run(command: list[str], content: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", "")},  # no secret of ours where strangers' files are unpacked
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(content), _DECODE_SECONDS)
    except asyncio.TimeoutError:
        raise Unheard("decoding_too_slow") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    if process.returncode:
        raise Unheard("not_decodable")
    return out
