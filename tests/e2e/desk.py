"""An agent at the desk's API, and customers who hear people: over REST by asking, on the web chat by listening."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.stack import Customer, Stack

Told = TypeVar("Told")


def until(ask: Callable[[], Told], seconds: float = 90.0) -> Told:
    """What `ask` tells as soon as it is something. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if told := ask():
                return told
        except httpx.HTTPError:
            pass  # a process that is just coming up
        time.sleep(0.1)
    raise AssertionError(f"did not come within {seconds} s")


class Agent:
    """A person at the desk."""

    def __init__(self, stack: Stack, name: str = "小李") -> None:
        self.stack, self.name = stack, name

    def post(self, path: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.stack.environ['LINGXI_SERVICE_TOKEN']}",
            "Idempotency-Key": key or uuid.uuid4().hex,
        }
        return httpx.post(f"{self.stack.urls['backoffice']}/api/v1{path}", json=body, headers=headers, timeout=60)

    def find(self, conversation: str) -> str:
        """The open handoff of a conversation."""
        found = self.stack.rows(
            "select id from handoffs where conversation_id = ? and state in ('waiting', 'connected')", conversation
        )
        assert len(found) == 1, "one open handoff a conversation"
        return str(found[0]["id"])

    def take(self, handoff: str) -> None:
        answer = self.post(f"/handoffs/{handoff}/take", {"agent_id": self.name, "agent_name": self.name})
        assert answer.status_code == 200, answer.text

    def reply(self, handoff: str, text: str, key: str | None = None) -> None:
        answer = self.post(f"/handoffs/{handoff}/replies", {"agent_id": self.name, "text": text}, key)
        assert answer.status_code == 201, answer.text

    def close(self, handoff: str) -> None:
        answer = self.post(f"/handoffs/{handoff}/close")
        assert answer.status_code == 200, answer.text

    def messages(self, handoff: str) -> list[tuple[str, str]]:
        """(who, text) of all that was said since the handoff; notes left out."""
        items = self.stack.api(f"/handoffs/{handoff}/messages?limit=100")["items"]
        return [(each["who_code"], each["text"]) for each in items if each["who_code"] != "system"]

    def heard(self, handoff: str) -> list[str]:
        """What the customer said."""
        return [text for who, text in self.messages(handoff) if who == "customer"]

    def delivered(self, handoff: str) -> bool:
        """Whether the customer has all."""
        return all(each["delivered"] for each in self.stack.api(f"/handoffs/{handoff}/messages?limit=100")["items"])


class RestVisitor:
    """A customer over REST."""

    def __init__(self, stack: Stack, name: str | None) -> None:
        self._customer = Customer(stack, name)
        self._stack = stack
        self.conversation = self._customer.sender

    def say(self, text: str) -> str:
        return self._customer.say(text)

    def heard(self) -> list[str]:
        """What came without being asked for: people's replies, and that the bot is back."""
        asked = {"sender": self.conversation}
        headers = {"Authorization": f"Bearer {self._customer.token}"} if self._customer.token else {}
        address = f"{self._stack.urls['rasa']}/webhooks/rest/messages"
        answer = httpx.get(address, params=asked, headers=headers, timeout=60)
        return _of_people(answer.json())

    def close(self) -> None:
        """Nothing is open."""


class ChatVisitor:
    """A customer at the web chat."""

    def __init__(self, stack: Stack, name: str | None) -> None:
        self._stack = stack
        self._token = stack.token(name) if name else None
        self._seen: dict[int, dict[str, Any]] = {}
        self.conversation = ""
        self._line: ClientConnection | None = None
        self._open()

    def _open(self) -> None:
        url = self._stack.urls["rasa"]
        self._line = connect(f"{url.replace('http', 'ws')}/webhooks/webchat/ws", additional_headers={"Origin": url})
        hello = {"conversation": self.conversation or None, "token": self._token, "last_seq": max(self._seen, default=0)}
        self._send("hello", **{name: value for name, value in hello.items() if value is not None})
        self.conversation = self._next("welcome")["conversation"]

    def say(self, text: str) -> str:
        """Type something; what is answered until the bot rests."""
        before = max(self._seen, default=0)
        message = uuid.uuid4().hex
        self._send("message", id=message, text=text)
        self._next("ack", id=message)
        try:
            # A turn may be over before its "typing" could be shown.
            if self._next("typing", seconds=3)["on"]:
                self._next("typing", on=False)
        except TimeoutError:
            pass
        said = [self._seen[seq] for seq in sorted(self._seen) if seq > before]
        return "\n".join(each["text"] for each in said if each["from"] == "bot")

    def told(self, text: str, words: str) -> str:
        """Type something that the channel itself answers; what it says, with these words in it."""
        self._send("message", id=uuid.uuid4().hex, text=text)
        mine = self._next("ack")["seq"]
        while not (said := [e["text"] for seq, e in self._seen.items() if seq > mine and words in e.get("text", "")]):
            self._next("message")
        return str(said[0])

    def sign_in(self, name: str) -> None:
        """The page has a customer's token now."""
        self._token = self._stack.token(name)
        self._send("token", token=self._token)
        self._next("signed_in")

    def bot(self) -> str:
        """All that the bot has said so far."""
        self.heard()
        return "\n".join(e["text"] for _, e in sorted(self._seen.items()) if e["from"] == "bot" and e.get("text"))

    def heard(self) -> list[str]:
        """People's replies so far, and that the bot is back."""
        try:
            while True:
                self._next("", seconds=0.3)
        except TimeoutError:
            pass
        except (OSError, ConnectionClosed):
            self._open()
        return _of_people([self._seen[seq] for seq in sorted(self._seen)])

    def close(self) -> None:
        if self._line:
            self._line.close()

    def _send(self, kind: str, **fields: Any) -> None:
        assert self._line
        self._line.send(json.dumps({"type": kind, **fields}))

    def _next(self, kind: str, seconds: float = 30.0, **fields: Any) -> dict[str, Any]:
        """The next frame of this kind; messages before it are kept."""
        assert self._line
        while True:
            frame: dict[str, Any] = json.loads(self._line.recv(timeout=seconds))
            if frame["type"] == "message":
                self._seen[frame["seq"]] = frame
            if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                return frame


def _of_people(messages: list[dict[str, Any]]) -> list[str]:
    """`who: text` of what people said, and of the bot's being back; the question how it was is its own topic."""
    return [
        f"{each['from']}: {each['text']}"
        for each in messages
        if each["from"] == "agent" or "人工服务已经结束" in each.get("text", "")
    ]
