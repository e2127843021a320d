"""A customer at the web chat, for scripts that send pictures: REST has no way to."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import time
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.e2e.stack import Stack

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TURN_SECONDS = 60.0
STILL_SECONDS = 0.5


class WebCustomer:
    """One conversation over the web chat's socket, with the face of `tests.e2e.stack.Customer`."""

    def __init__(self, stack: Stack, name: str | None) -> None:
        self.stack, self.name = stack, name
        self.token = stack.token(name) if name else None
        self.buttons: list[dict[str, str]] = []
        address = stack.urls["rasa"].removeprefix("http://")
        self._line = connect(f"ws://{address}/webhooks/webchat/ws", origin=Origin(stack.urls["rasa"]))
        self._send(type="hello", token=self.token)
        self.sender = str(self._next("welcome")["conversation"])

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(ConnectionClosed):
            self._line.close()

    def say(self, text: str, message_id: str | None = None) -> str:
        """Type something; all that the assistant answers, joined by line ends."""
        return self._message(message_id, text=text)

    def press(self, title: str, message_id: str | None = None) -> str:
        """Press the button whose title holds these words."""
        found = [button["payload"] for button in self.buttons if title in button["title"]]
        assert found, f"no button {title!r} among {[button['title'] for button in self.buttons]}"
        return self._message(message_id, payload=found[0])

    def upload(self) -> str:
        """Send a small picture."""
        address = f"{self.stack.urls['rasa']}/webhooks/webchat/media"
        headers = {"Authorization": f"Bearer {self.sender}", "Origin": self.stack.urls["rasa"]}
        answer = httpx.post(address, content=PICTURE, headers=headers)
        assert answer.status_code == 201, answer.text
        return self._message(None, media=answer.json()["id"])

    def _message(self, message_id: str | None, **said: str) -> str:
        told = message_id or secrets.token_hex(8)
        self._send(type="message", id=told, **said)
        self._next("ack")
        self._wait(told)
        texts: list[str] = []
        self.buttons = []
        for frame in self._rest():
            if frame["type"] == "message" and frame["from"] != "customer":
                texts.append(frame.get("text") or "")
                self.buttons += frame.get("buttons") or []
        return "\n".join(filter(None, texts))

    def _wait(self, message_id: str) -> None:
        """Until Rasa has handled the message and listens again."""
        deadline = time.monotonic() + TURN_SECONDS
        while time.monotonic() < deadline:
            events = self.stack.tracker(self.sender)["events"]
            told = [place for place, event in enumerate(events) if event.get("message_id") == message_id]
            if told and any(event.get("name") == "action_listen" for event in events[told[-1] :]):
                return
            time.sleep(0.1)
        raise AssertionError("the message was not handled in time")

    def _send(self, **frame: Any) -> None:
        self._line.send(json.dumps(frame))

    def _next(self, kind: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(self._line.recv(TURN_SECONDS))
            assert frame["type"] != "error", frame
            if frame["type"] == kind:
                return frame

    def _rest(self) -> list[dict[str, Any]]:
        frames = []
        with contextlib.suppress(TimeoutError):
            while True:
                frames.append(json.loads(self._line.recv(STILL_SECONDS)))
        return frames
