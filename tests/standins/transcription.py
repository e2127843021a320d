"""An OpenAI-compatible /v1/audio/transcriptions: takes 16 kHz mono WAV only, and hears what it is told to hear."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "key-of-the-transcriber"


@dataclass
class Transcriber:
    """`said`: what is heard next, and from then on; `seconds`: how long each recording was. `fail`: an HTTP status."""

    said: str = "我的订单到哪了"
    fail: int = 0
    seconds: list[float] = field(default_factory=list)

    def routes(self, prefix: str = "/v1") -> list[web.RouteDef]:
        return [web.post(f"{prefix}/audio/transcriptions", self._hear)]

    async def _hear(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"message": "invalid api key"}}, status=401)
        form = await request.post()
        file: Any = form["file"]
        with wave.open(io.BytesIO(file.file.read())) as heard:
            assert (heard.getnchannels(), heard.getsampwidth(), heard.getframerate()) == (1, 2, 16_000)
            # ffmpeg cannot go back in a pipe to write the length: it says the largest there is.
            self.seconds.append(len(heard.readframes(heard.getnframes())) / 2 / 16_000)
        assert form["model"] == "whisper-1" and form["language"] == "zh"
        if self.fail:
            return web.json_response({"error": {"message": "broken"}}, status=self.fail)
        return web.json_response({"text": self.said})
