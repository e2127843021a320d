"""A day's worth of trouble, and then every log of every process is searched for what must not be in it."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

from tests.e2e.desk import Agent, ChatVisitor, RestVisitor, until
from tests.e2e.stack import Stack

CUSTOMER = "C000001"
BROKEN = (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"sender": 5, "message": []}')


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that logs all it can."""
    running = Stack(tmp_path_factory.mktemp("logs"))
    running.environ |= {"LOG_LEVEL": "DEBUG", "LOG_LEVEL_LIBRARIES": "DEBUG"}
    try:
        running.start("backoffice", "actions", "rasa")
        yield running
    finally:
        running.kill()


def misbehave(stack: Stack, conversation: str, token: str) -> None:
    """Requests that no client of ours sends, with real ids and tokens in them."""
    rasa, shop, actions = stack.urls["rasa"], stack.urls["backoffice"], stack.urls["actions"]
    proof = f"?token={stack.environ['LINGXI_RASA_TOKEN']}"
    bearer = {"Authorization": f"Bearer {stack.environ['LINGXI_SERVICE_TOKEN']}", "X-Customer-Id": CUSTOMER}
    for told in (proof, "?token=wrong"):
        for path in ("tracker", "story", "tracker?until=x", "nothing"):
            httpx.get(f"{rasa}/conversations/{conversation}/{path.split('?')[0]}{told}&include_events={path}")
        for path in ("tracker/events", "trigger_intent", "execute", "messages"):
            for body in (*BROKEN, json.dumps({"name": "no_such", "text": token, "sender": "user"}).encode()):
                httpx.post(f"{rasa}/conversations/{conversation}/{path}{told}", content=body)
    for body in (*BROKEN, json.dumps({"sender": conversation, "metadata": {"customer_token": token}}).encode()):
        httpx.post(f"{rasa}/webhooks/rest/webhook", content=body)
        httpx.post(f"{actions}/webhook", content=body)
        httpx.post(f"{rasa}/webhooks/webchat/media", content=body, headers={"Authorization": f"Bearer {conversation}", "Origin": rasa})
        httpx.post(f"{shop}/api/v1/tickets", content=body, headers={**bearer, "Idempotency-Key": uuid.uuid4().hex})
        httpx.post(f"{shop}/api/v1/{conversation}/{token}", content=body, headers={"Authorization": f"Bearer {token}"})
    httpx.get(f"{rasa}/webhooks/webchat/media/{conversation}", headers={"Authorization": f"Bearer {token}"})
    port = int(rasa.rsplit(":", 1)[1])
    for line in (f"GET /{conversation}?token={token} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", f"{token}\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
            raw.sendall(line.encode())
            raw.recv(1000)
    url = f"{rasa.replace('http', 'ws')}/webhooks/webchat/ws"
    for origin in (rasa, "http://[", "https://elsewhere.example"):
        with suppress(InvalidStatus, WebSocketException, OSError), connect(url, additional_headers={"Origin": origin}) as line:
            line.send(json.dumps({"type": "hello", "conversation": conversation, "token": token + "x"}))
            line.send("{" + token)
            line.send(b"\xff" + token.encode())
            line.recv(timeout=3)


def test_no_log_tells_a_secret_a_conversation_or_a_person(stack: Stack) -> None:
    agent = Agent(stack)
    rest, chat = RestVisitor(stack, CUSTOMER), ChatVisitor(stack, CUSTOMER)
    handoffs = []
    for visitor in (rest, chat):
        for text in ("我的订单到哪了", "把手机号改成13900001234", "我叫欧阳秘密，电话13912345678", "转人工"):
            visitor.say(text)
        handoffs.append(agent.find(visitor.conversation))
        agent.take(handoffs[-1])
        agent.reply(handoffs[-1], "您好，给您回电13912345678")
        until(partial(agent.delivered, handoffs[-1]))
    stack.kill("rasa")
    for handoff in handoffs:
        agent.reply(handoff, "断线时的回复")
    stack.start("rasa")
    for handoff in handoffs:
        until(partial(agent.delivered, handoff))
        agent.close(handoff)
    stack.kill("actions")
    rest.say("你好")
    stack.start("actions")
    token = stack.token(CUSTOMER)
    for visitor in (rest, chat):
        misbehave(stack, visitor.conversation, token)
        visitor.close()

    secrets = [stack.environ[name] for name in stack.environ if name.startswith("LINGXI_") and name.endswith(("TOKEN", "SECRET"))]
    tokens = [token, rest._customer.token, chat._token]
    card = stack.rows("select name, phone from customers where id = ?", CUSTOMER)
    orders = stack.rows("select recipient, phone, address from orders where customer_id = ?", CUSTOMER)
    people = {str(value) for row in (*card, *orders) for value in tuple(row)} | {"欧阳秘密", "13912345678", "13900001234"}
    for log in sorted(Path(stack.folder).glob("*.log")):
        written = log.read_text("utf-8", "replace")
        assert written.strip(), log.name
        for private in (*secrets, *tokens, rest.conversation, chat.conversation, *people):
            found = [line for line in written.splitlines() if str(private) in line]
            assert not found, f"{log.name}: {private!r}: {found[0][:600]}"
