"""What speaks to the channels in tests: a browser's socket, and one face for all channels that the contract suite asks."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from typing import Any
from urllib.parse import quote

import jwt
import websockets

from tests.connectors.running import SECRET, RunningServer


def token(customer: str = "C000001", *, lifetime: float = 300, secret: str = SECRET) -> str:
    """A customer token as the shop's site signs it."""
    return jwt.encode({"sub": customer, "exp": int(time.time() + lifetime)}, secret, algorithm="HS256")


def new_id() -> str:
    return secrets.token_hex(8)


class Socket:
    """A widget's end of the line."""

    def __init__(self, server: RunningServer, origin: str | None = None, **headers: str) -> None:
        headers = {"Origin": origin or server.origin, **headers}
        self._connecting = websockets.connect(server.socket, extra_headers=headers, max_size=2**22, close_timeout=1)
        self.frames: list[dict[str, Any]] = []

    async def __aenter__(self) -> Socket:
        self.line = await self._connecting.__aenter__()
        return self

    async def __aexit__(self, *problem: object) -> None:
        await self._connecting.__aexit__(*problem)

    async def send(self, type_: str, **fields: Any) -> None:
        await self.line.send(json.dumps({"type": type_, **fields}))

    async def next(self, *types: str, seconds: float = 30, **fields: Any) -> dict[str, Any]:
        """The next frame of one of these types with these fields; frames before it are kept in `frames`."""
        while True:
            frame = json.loads(await asyncio.wait_for(self.line.recv(), seconds))
            self.frames.append(frame)
            if frame["type"] in types and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def quiet(self, seconds: float = 0.4) -> list[dict[str, Any]]:
        """Everything that comes until nothing comes for a while."""
        start = len(self.frames)
        try:
            while True:
                self.frames.append(json.loads(await asyncio.wait_for(self.line.recv(), seconds)))
        except (asyncio.TimeoutError, websockets.ConnectionClosed):
            return self.frames[start:]

    async def hello(self, **fields: Any) -> dict[str, Any]:
        await self.send("hello", **fields)
        return await self.next("welcome", "error")

    async def say(self, text: str, message_id: str | None = None) -> dict[str, Any]:
        await self.send("message", id=message_id or new_id(), text=text)
        return await self.next("ack", "error")

    def said(self) -> list[tuple[str, str]]:
        """Who said what, as shown."""
        return [(f["from"], f.get("text", "")) for f in self.frames if f["type"] == "message"]


def titles(answer: dict[str, Any]) -> list[str]:
    """The words on an answer's buttons."""
    return [button["title"] for button in answer.get("buttons", [])]


def button(answers: list[dict[str, Any]], title: str) -> str:
    """What a client sends to press the latest button with these words."""
    found = [
        each["payload"] for answer in answers for each in answer.get("buttons", []) if each["title"] == title
    ]
    assert found, f"no button {title!r} in {answers}"
    return str(found[-1])


class RestClient:
    """The REST channel as the contract suite sees it."""

    name = "rest"
    supports_buttons = True
    max_text_length = 2000
    # A client names its conversation, and asks for a person's replies.
    issues_ids = False
    pushes = False
    # Whether a pressed button and typed words are two things on the wire.
    tells_typing_apart = False
    proves_by_token = True

    def message_id(self) -> str:
        return new_id()

    def begin(self, server: RunningServer, customer_token: str | None = None) -> str:
        return f"u-{new_id()}"

    def say(
        self,
        server: RunningServer,
        conversation: str,
        text: str,
        *,
        message_id: str | None = None,
        customer_token: str | None = None,
    ) -> list[dict[str, Any]]:
        data = {"sender": conversation, "message": text, "message_id": message_id or new_id()}
        if customer_token:
            data["metadata"] = {"customer_token": customer_token}
        status, answer = server.post("/webhooks/rest/webhook", data)
        return answer if status == 200 else []

    press = say

    def read(
        self, server: RunningServer, conversation: str, customer_token: str | None = None
    ) -> list[dict[str, Any]]:
        """What was said unasked; nothing where it is refused."""
        headers = {"Authorization": f"Bearer {customer_token}"} if customer_token else {}
        status, found = server.ask(f"/webhooks/rest/messages?sender={conversation}", **headers)
        assert status in (200, 403)
        return found if status == 200 else []

    def replies(self, server: RunningServer, conversation: str) -> list[str]:
        return [each["text"] for each in self.read(server, conversation) if each["from"] == "agent"]


class WebChatClient:
    """The web chat as the contract suite sees it."""

    name = "webchat"
    supports_buttons = True
    max_text_length = 2000
    issues_ids = True
    pushes = True
    tells_typing_apart = True
    proves_by_token = True

    def message_id(self) -> str:
        return new_id()

    def begin(self, server: RunningServer, customer_token: str | None = None) -> str:
        async def begin() -> str:
            async with Socket(server) as socket:
                return str((await socket.hello(token=customer_token))["conversation"])

        return asyncio.run(begin())

    def say(
        self,
        server: RunningServer,
        conversation: str,
        text: str,
        *,
        message_id: str | None = None,
        customer_token: str | None = None,
        field: str = "text",
    ) -> list[dict[str, Any]]:
        async def say() -> list[dict[str, Any]]:
            async with Socket(server) as socket:
                welcome = await socket.hello(conversation=conversation, token=customer_token)
                if welcome.get("conversation") != conversation:
                    return []
                await socket.send("message", **{"id": message_id or new_id(), field: text})
                answer = await socket.next("ack", "error")
                if answer["code" if answer["type"] == "error" else "type"] == "button_gone":
                    return [each for each in ({"text": answer["text"]}, answer.get("question")) if each]
                if answer["type"] == "error":
                    return []
                await asyncio.to_thread(server.settle, conversation)
                frames = await socket.quiet(0.1)
                return [
                    frame for frame in frames if frame["type"] == "message" and frame["from"] != "customer"
                ]

        return asyncio.run(say())

    def press(self, server: RunningServer, conversation: str, text: str, **more: Any) -> list[dict[str, Any]]:
        return self.say(server, conversation, text, field="payload", **more)

    def read(
        self, server: RunningServer, conversation: str, customer_token: str | None = None
    ) -> list[dict[str, Any]]:
        """All that was said; nothing where it is refused."""

        async def read() -> list[dict[str, Any]]:
            async with Socket(server) as socket:
                welcome = await socket.hello(conversation=conversation, token=customer_token)
                return list(welcome["history"]) if welcome.get("conversation") == conversation else []

        return asyncio.run(read())

    def replies(self, server: RunningServer, conversation: str) -> list[str]:
        return [each["text"] for each in self.read(server, conversation) if each["from"] == "agent"]


class AddressClient:
    """A channel whose provider names who writes: a conversation is known by its id, and written to from its address.

    A channel says how an address looks (`new_address`), how something is written from it (`write`: what is answered at once,
    where the channel answers at once), and what is seen there (`seen`).
    """

    name: str
    supports_buttons = True
    max_text_length = 2000
    issues_ids = True
    pushes = True
    tells_typing_apart = False
    proves_by_token = False

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}

    def message_id(self) -> str:
        return str(secrets.randbelow(10**15))

    def begin(self, server: RunningServer) -> str:
        address = self.new_address()
        conversation = str(server.get(f"/test/conversation?channel={self.name}&address={quote(address)}"))
        self._addresses[conversation] = address
        return conversation

    def say(
        self, server: RunningServer, conversation: str, text: str, *, message_id: str | None = None, **more: Any
    ) -> list[dict[str, Any]]:
        address = self._addresses[conversation]
        before = len(self.seen(server, address))
        told = self.write(server, address, message_id or self.message_id(), text, **more)
        if told is not None:
            return told
        server.settle(conversation)
        return self.seen(server, address)[before:]

    def press(self, server: RunningServer, conversation: str, text: str, **more: Any) -> list[dict[str, Any]]:
        return self.say(server, conversation, text, **more)

    def read(self, server: RunningServer, conversation: str) -> list[dict[str, Any]]:
        server.settle(conversation)
        return self.seen(server, self._addresses[conversation])

    def replies(self, server: RunningServer, conversation: str) -> list[str]:
        return [each["text"] for each in self.read(server, conversation)][1:]  # the first answered the customer

    def new_address(self) -> str:
        raise NotImplementedError

    def write(
        self, server: RunningServer, address: str, message_id: str, text: str, **more: Any
    ) -> list[dict[str, Any]] | None:
        raise NotImplementedError

    def seen(self, server: RunningServer, address: str) -> list[dict[str, Any]]:
        raise NotImplementedError


def with_numbers(text: str) -> dict[str, Any]:
    """What a telephone shows; an option's payload is what one types to choose it."""
    options = re.findall(r"^(\d+)\. (.+)$", text, re.MULTILINE)
    return {"text": text, "buttons": [{"title": title, "payload": number} for number, title in options]}


class WeChatClient(AddressClient):
    """WeChat as the contract suite sees it."""

    name = "wechat"
    max_text_length = 500

    def new_address(self) -> str:
        return f"o{secrets.token_hex(13)}"

    def begin(self, server: RunningServer) -> str:
        conversation = super().begin(server)
        server.lines.wechat.event(self._addresses[conversation], "VIEW")
        return conversation

    def write(self, server: RunningServer, address: str, message_id: str, text: str, option: str = "") -> None:
        fields = {"MsgType": "text", "Content": text.replace("\x0b", ""), "MsgId": message_id}
        server.lines.wechat.send(address, **fields, **({"bizmsgmenuid": option} if option else {}))

    def press(self, server: RunningServer, conversation: str, text: str, **more: Any) -> list[dict[str, Any]]:
        return self.say(server, conversation, text, option=text, **more)

    def replies(self, server: RunningServer, conversation: str) -> list[str]:
        texts = [part for each in self.read(server, conversation) for part in each["text"].split("\n\n")]
        return [each.removeprefix("【人工客服】") for each in texts if each.startswith("【人工客服】")]

    def seen(self, server: RunningServer, address: str) -> list[dict[str, Any]]:
        return [
            {
                "text": each["text"],
                "buttons": [{"title": o["title"], "payload": o["id"]} for o in each.get("options", [])],
            }
            for each in server.lines.wechat.wechat.shown[address]
            if each["from"] == "account"
        ]


class AppClient(AddressClient):
    """The app as the contract suite sees it: every conversation is a proven customer's."""

    name = "app"
    tells_typing_apart = True

    def new_address(self) -> str:
        return f"C{secrets.token_hex(6)}"

    def write(
        self, server: RunningServer, address: str, message_id: str, text: str, field: str = "text"
    ) -> list[dict[str, Any]] | None:
        proof = {"Authorization": f"Bearer {token(address)}"}
        status, told = server.post("/webhooks/app/messages", {"id": message_id, field: text}, **proof)
        if status == 409:
            return [each for each in ({"text": told["detail"]}, told.get("question")) if each]
        return None

    def press(self, server: RunningServer, conversation: str, text: str, **more: Any) -> list[dict[str, Any]]:
        return self.say(server, conversation, text, field="button", **more)

    def replies(self, server: RunningServer, conversation: str) -> list[str]:
        return [each["text"] for each in self.read(server, conversation) if each["from"] == "agent"]

    def seen(self, server: RunningServer, address: str) -> list[dict[str, Any]]:
        _, told = server.ask("/webhooks/app/messages", Authorization=f"Bearer {token(address)}")
        return [each for each in told["messages"] if each["from"] != "customer"]


class SmsClient(AddressClient):
    """SMS as the contract suite sees it: by Aliyun's stand-in, from one telephone a conversation."""

    name = "sms"
    supports_buttons = False
    max_text_length = 440

    def new_address(self) -> str:
        return f"+86139{secrets.randbelow(10**8):08}"

    def write(self, server: RunningServer, address: str, message_id: str, text: str) -> None:
        assert server.lines.sms.write(address, text, message_id=message_id) == 200

    def seen(self, server: RunningServer, address: str) -> list[dict[str, Any]]:
        said = [each.text for each in server.lines.sms.lines.get(address, []) if each.who == "shop"]
        return [with_numbers(text.partition("】")[2].removeprefix("客服回复：")) for text in said]


class SampleClient(AddressClient):
    """A channel of four small files, as the contract suite sees it: no buttons, so options are numbered."""

    name = "sample"
    supports_buttons = False
    max_text_length = 160

    def new_address(self) -> str:
        return f"s{secrets.token_hex(6)}"

    def write(self, server: RunningServer, address: str, message_id: str, text: str) -> None:
        assert server.lines.sample.push(address, message_id, text) == 200

    def seen(self, server: RunningServer, address: str) -> list[dict[str, Any]]:
        return [with_numbers(text) for text in server.lines.sample.shown[address]]


EVERY_CHANNEL = (RestClient(), WebChatClient(), SmsClient(), WeChatClient(), AppClient())
CHANNELS = (*EVERY_CHANNEL, SampleClient())
# Where a number or the words choose; the others take what is typed as typed.
NUMBERED = tuple(each for each in CHANNELS if each.name not in ("rest", "webchat"))
WITH_BUTTONS = tuple(each for each in CHANNELS if each.supports_buttons)
WITH_TOKENS = tuple(each for each in EVERY_CHANNEL if each.proves_by_token)
