"""Customers who talk over REST and web chat as clients do: they say it again, with the same id, until it is taken.

Everything is written into the world's book. Reads, writes of `tests.e2e.writes`, and conversations with a person, whose
part at the desk is played here too.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.e2e.desk import Agent
from tests.e2e.test_once import UNKNOWN
from tests.e2e.writes import KINDS, Attempt, Kind
from tests.soak.world import Said, Talk, Wish, World

Told = TypeVar("Told")
READS = ("你好", "运费怎么算", "发票怎么开", "几点上班", "我的订单到哪了", "我有多少积分", "我有哪些优惠券", "我的快递到哪了", "你能做什么", "谢谢",
         "七天无理由怎么算", "我的退货处理到哪一步了")  # fmt: skip
ONCE = ("cancel", "return", "invoice", "urge")  # an order each
ALWAYS = ("complaint", "payment ticket")
BY_NAME = {kind.name: kind for kind in KINDS}
REPLIED = "好的，马上为您看"
PATIENCE = 180.0
"""Seconds after which a customer gives up, which is a fault whatever was down: longer than anything stays down."""


class GaveUp(Exception):
    """Nobody answered in time; it is in the book."""


class Line:
    """One conversation on one channel; has the face of `tests.e2e.stack.Customer`."""

    def __init__(self, world: World, name: str | None, address: str, dice: random.Random) -> None:
        self.world, self.stack, self.name, self.dice = world, world.stack, name, dice
        self.address = {"X-Forwarded-For": address}
        self.token = world.stack.token(name, seconds=6 * 3600) if name else None
        if self.token:
            world.tokens.append(self.token)
        self.buttons: list[dict[str, str]] = []
        self.sender = ""

    def say(self, text: str, to_person: bool = False) -> str:
        """Type something; what is answered."""
        return self._tell(text, "text", to_person)

    def press(self, title: str) -> str:
        """Press the button whose title holds these words. Raises LookupError."""
        found = [button["payload"] for button in self.buttons if title in button["title"]]
        if not found:
            raise LookupError(title)
        return self._tell(found[0], "payload", False)

    def _tell(self, text: str, how: str, to_person: bool) -> str:
        said = Said(self.sender, uuid.uuid4().hex, text, time.time(), to_person=to_person)
        self.world.said.append(said)
        messages = self._until_taken(said, how)
        said.ended = time.time()
        said.answers = [str(each.get("text", "")) for each in messages]
        self.buttons = [button for each in messages for button in each.get("buttons") or []]
        if self.dice.random() < 0.2:
            self._repeat(said, how)
        return "\n".join(said.answers)

    def _gave_up(self, said: Said, why: str) -> GaveUp:
        self.world.wrong.append(f"given up after {PATIENCE:.0f} s ({why}): {said.text[:20]} {said.id}")
        return GaveUp(why)

    def _until_taken(self, said: Said, how: str) -> list[dict[str, Any]]:
        raise NotImplementedError

    def _repeat(self, said: Said, how: str) -> None:
        """Send the very same again, as providers do."""
        raise NotImplementedError

    def agent_said(self) -> list[str]:
        """What people have said so far, in order, and that the bot is back."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave."""


class Rest(Line):
    """Over REST."""

    def __init__(self, world: World, name: str | None, address: str, dice: random.Random) -> None:
        super().__init__(world, name, address, dice)
        self.sender = f"soak-{uuid.uuid4().hex}"

    def _until_taken(self, said: Said, how: str) -> list[dict[str, Any]]:
        body: dict[str, Any] = {"sender": self.sender, "message": said.text, "message_id": said.id}
        if self.token:
            body["metadata"] = {"customer_token": self.token}
        why = ""
        while time.time() < said.began + PATIENCE:
            began = time.time()
            try:
                answer = httpx.post(f"{self.stack.urls['rasa']}/webhooks/rest/webhook", json=body, headers=self.address, timeout=90)
            except httpx.HTTPError as error:
                why = type(error).__name__
                time.sleep(0.5)
                continue
            if answer.status_code == 200:
                return list(answer.json())
            why = str(answer.status_code)
            if answer.status_code == 429:
                self.world.refused += 1
            elif answer.status_code >= 500:
                self.world.fault(f"rest {answer.status_code}", began)
            else:
                self.world.wrong.append(f"rest refused: {answer.status_code} {answer.text[:120]}")
            time.sleep(min(float(answer.headers.get("Retry-After", 1)), 10))
        raise self._gave_up(said, why)

    def _repeat(self, said: Said, how: str) -> None:
        again = [str(each.get("text", "")) for each in self._until_taken(Said(said.conversation, said.id, said.text, time.time()), how)]
        if again != said.answers:
            self.world.wrong.append(f"a repeat is answered otherwise: {said.answers} then {again}")

    def agent_said(self) -> list[str]:
        headers = {**self.address, **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        url = f"{self.stack.urls['rasa']}/webhooks/rest/messages"
        answer = insist(self.world, lambda: httpx.get(url, params={"sender": self.sender}, headers=headers, timeout=30))
        return people(answer.json())


class Chat(Line):
    """At the web chat."""

    def __init__(self, world: World, name: str | None, address: str, dice: random.Random) -> None:
        super().__init__(world, name, address, dice)
        self.seen: dict[int, dict[str, Any]] = {}
        self._line: ClientConnection | None = None
        self._open(time.time() + PATIENCE)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _open(self, until: float) -> None:
        """Connect, and go on where we were. Raises GaveUp."""
        url = self.stack.urls["rasa"]
        why = ""
        while time.time() < until:
            try:
                self.close()
                self._line = connect(f"{url.replace('http', 'ws')}/webhooks/webchat/ws", additional_headers={"Origin": url, **self.address}, open_timeout=20)
                hello = {"conversation": self.sender or None, "token": self.token, "last_seq": max(self.seen, default=0)}
                self._send("hello", **{name: value for name, value in hello.items() if value is not None})
                welcome = self._next(15, "welcome")
                if self.sender and welcome["conversation"] != self.sender:
                    self.world.wrong.append("the web chat began another conversation")
                self.sender = welcome["conversation"]
                return
            except (OSError, WebSocketException) as error:
                why = type(error).__name__
                time.sleep(0.5)
        self.world.wrong.append(f"no web chat in time: {why}")
        raise GaveUp("web chat")

    def _send(self, kind: str, **fields: Any) -> None:
        assert self._line
        self._line.send(json.dumps({"type": kind, **fields}))

    def _next(self, seconds: float, *kinds: str) -> dict[str, Any]:
        """The next frame of these kinds; messages are kept. Raises OSError (TimeoutError among them), WebSocketException."""
        assert self._line
        until = time.time() + seconds
        while True:
            frame: dict[str, Any] = json.loads(self._line.recv(timeout=max(0.01, until - time.time())))
            for message in [frame] if frame["type"] == "message" else frame.get("history") or []:
                before = self.seen.setdefault(message["seq"], message)
                if before.get("text") != message.get("text"):
                    self.world.wrong.append(f"message {message['seq']} was shown as two")
            if frame["type"] in kinds:
                return frame

    def _until_taken(self, said: Said, how: str) -> list[dict[str, Any]]:
        until = said.began + PATIENCE
        seq = self._acknowledged(said, how, until)
        if said.to_person:
            return []
        rests = False
        while time.time() < until:
            try:
                frame = self._next(20.0 if not rests else 0.3, "message", "typing")  # busy machines pause between two answers
                rests = frame["type"] == "typing" and not frame["on"]
            except TimeoutError:
                answers = [self.seen[each] for each in sorted(self.seen) if each > seq and self.seen[each]["from"] == "bot"]
                if answers:
                    return answers
            except (OSError, WebSocketException):
                self._open(until)
        raise self._gave_up(said, "no answer")

    def _acknowledged(self, said: Said, how: str, until: float) -> int:
        """Send until it is taken; its number."""
        while time.time() < until:
            try:
                self._send("message", id=said.id, **{how: said.text})
                frame = self._next(20, "ack", "error")
            except (OSError, WebSocketException):
                self._open(until)
                continue
            if frame["type"] == "ack" and frame["id"] == said.id:
                return int(frame["seq"])
            if frame.get("code") == "too_fast":
                self.world.refused += 1
                time.sleep(min(float(frame.get("retry_after", 1)), 10))
            elif frame.get("code") == "button_gone":
                raise LookupError("the button is gone")
            elif frame["type"] == "error":
                self.world.wrong.append(f"web chat refused: {frame}")
                time.sleep(1)
        raise self._gave_up(said, "no ack")

    def _repeat(self, said: Said, how: str) -> None:
        self._acknowledged(said, how, time.time() + PATIENCE)

    def agent_said(self) -> list[str]:
        try:
            while True:
                self._next(0.5, "")
        except TimeoutError:
            pass
        except (OSError, WebSocketException):
            self._open(time.time() + PATIENCE)
        return people([self.seen[seq] for seq in sorted(self.seen)])


def people(messages: list[dict[str, Any]]) -> list[str]:
    """What people said, and that the bot is back."""
    return [each["text"] for each in messages if each["from"] == "agent" or "人工服务已经结束" in each.get("text", "")]


def insist(world: World, ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until it is answered with less than 500. Raises GaveUp."""
    until = time.time() + PATIENCE
    why = ""
    while time.time() < until:
        began = time.time()
        try:
            answer = ask()
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
            why = str(answer.status_code)
            if answer.status_code >= 500:
                world.fault(f"{answer.request.url.path.split('/')[1]} {answer.status_code}", began)
        except httpx.HTTPError as error:
            why = type(error).__name__
        time.sleep(0.5)
    world.wrong.append(f"nobody answered for {PATIENCE:.0f} s: {why}")
    raise GaveUp(why)


def until(world: World, ask: Callable[[], Told]) -> Told | None:
    """What `ask` tells as soon as it is something; None after a while."""
    ends = time.time() + PATIENCE
    while time.time() < ends:
        if told := ask():
            return told
        time.sleep(0.5)
    return None


class Wishes:
    """What may be wanted: each order once, handed out evenly over the time there is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        dice = world.dice("wishes")
        taken: set[str] = set()
        self._orders: list[tuple[Kind, str, str]] = []
        for name in ONCE:
            rows = [row for row in world.stack.rows(BY_NAME[name].found) if row["customer"] not in (None, "C000001")]
            fresh = [row for row in rows if row["thing"] not in taken][:120]
            # Returns and invoices are wanted for the same kind of order.
            fresh = fresh[: len(fresh) // 2] if name in ("return", "cancel") else fresh
            taken |= {row["thing"] for row in fresh}
            self._orders += [(BY_NAME[name], str(row["thing"]), str(row["customer"])) for row in fresh]
        dice.shuffle(self._orders)
        self._all = len(self._orders)
        self._customers = [str(row["customer"]) for row in world.stack.rows(BY_NAME["complaint"].found)]

    def next(self, dice: random.Random) -> tuple[Kind, str, str]:
        """A kind of work, the order it is about, and whose it is."""
        with self._lock:
            passed = 1 - max(0.0, self._world.ends - time.time()) / self._world.seconds
            # In a short run as many as there is time for.
            due = self._all * passed if self._world.seconds > 600 else self._all
            if self._orders and self._all - len(self._orders) < due:
                return self._orders.pop()
        customer = dice.choice(self._customers)
        return BY_NAME[dice.choice(ALWAYS)], customer, customer

    def somebody(self, dice: random.Random) -> str:
        """Any customer."""
        return dice.choice(self._customers)


class Customer(threading.Thread):
    """Has one conversation after another until the world is over."""

    def __init__(self, world: World, wishes: Wishes, number: int, think: tuple[float, float]) -> None:
        super().__init__(daemon=True, name=f"customer {number}")
        self._world, self._wishes, self._think = world, wishes, think
        self._dice = world.dice(self.name)
        self._address = f"10.20.{number // 250}.{number % 250 + 1}"
        self._channel = Rest if number % 2 else Chat
        self.doing = ""

    def run(self) -> None:
        time.sleep(self._dice.uniform(0, self._think[1]))
        while not self._world.over():
            try:
                self._dice.choices((self._reads, self._wants, self._person), (3, 4, 2))[0]()
            except (GaveUp, LookupError):
                pass  # it is in the book; another conversation
            except Exception as error:
                self._world.wrong.append(f"{self.name} fell over: {type(error).__name__} {error}"[:300])
        self.doing = ""

    def _line(self, name: str | None) -> Line:
        return self._channel(self._world, name, self._address, self._dice)

    def _pause(self) -> None:
        time.sleep(self._dice.uniform(*self._think))

    def _reads(self) -> None:
        self.doing = "reading"
        line = self._line(self._wishes.somebody(self._dice) if self._dice.random() < 0.8 else None)
        try:
            for text in self._dice.sample(READS, self._dice.randint(2, 5)):
                line.say(text)
                self._pause()
        finally:
            line.close()

    def _wants(self) -> None:
        kind, thing, name = self._wishes.next(self._dice)
        self.doing = kind.name
        if kind.operation and not insist(self._world, lambda: self._order(thing, name)).json()["allowed"][kind.operation]["ok"]:
            return
        self._world.people.add(name)
        line = self._line(name)
        attempt = Attempt(kind, line, thing)  # type: ignore[arg-type]
        wish = Wish(attempt)
        try:
            line.say(self._dice.choice(READS))
            self._pause()
            self._world.wishes.append(wish)
            for text in kind.talk:
                attempt.say(text)
                self._pause()
            if kind.last.startswith("!") and kind.last[1:] not in str(line.buttons):
                return  # another answer is needed first, or something is down: nothing may be done
            wish.confirmed = True
            wish.heard = said = attempt.say(kind.last)
            for _ in range(40):
                if not UNKNOWN.search(said):
                    break
                time.sleep(3)
                said = line.say("好了吗")
                wish.heard += "\n" + said
            self._pause()
            # A grave complaint goes to a person at once, and the bot is silent.
            line.say("谢谢", to_person=len(self._handoffs(line)) > 0)
        finally:
            line.close()

    def _order(self, number: str, name: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._world.stack.environ['LINGXI_SERVICE_TOKEN']}", "X-Customer-Id": name}
        return httpx.get(f"{self._world.stack.urls['backoffice']}/api/v1/orders/{number}", headers=headers, timeout=30)

    def _person(self) -> None:
        self.doing = "person"
        world = self._world
        agent = Agent(world.stack, f"小{self._dice.choice('王李张刘陈杨')}")
        line = self._line(self._wishes.somebody(self._dice))
        try:
            line.say(self._dice.choice(READS))
            if "GD" not in line.say("转人工"):
                return  # told that it did not work: judged as any answer
            found = self._handoffs(line)
            if len(found) != 1:
                world.wrong.append(f"{len(found)} open handoffs in a conversation that was told of one")
                return
            talk = Talk(line.sender, str(found[0]["id"]))
            world.talks.append(talk)
            self._desk(agent, f"/handoffs/{talk.handoff}/take", {"agent_id": agent.name, "agent_name": agent.name})
            for _ in range(self._dice.randint(1, 3)):
                talk.asked.append(f"请问这件事 {uuid.uuid4().hex[:8]}")
                line.say(talk.asked[-1], to_person=True)
                self._pause()
                talk.replies.append(f"{REPLIED} {uuid.uuid4().hex[:8]}")
                body = {"agent_id": agent.name, "text": talk.replies[-1]}
                self._desk(agent, f"/handoffs/{talk.handoff}/replies", body, times=self._dice.choice((1, 1, 2)))
                self._pause()
            until(world, lambda: talk.replies[-1] in line.agent_said())
            self._desk(agent, f"/handoffs/{talk.handoff}/close", None)
            talk.given_back = bool(until(world, lambda: "人工服务已经结束" in "".join(line.agent_said()[-1:])))
            line.say("你好")
            talk.heard = line.agent_said()
        finally:
            line.close()

    def _handoffs(self, line: Line) -> list[Any]:
        """The conversation's open handoffs."""
        question = "select id from handoffs where conversation_id = ? and state in ('waiting', 'connected')"
        return list(self._world.stack.rows(question, line.sender))

    def _desk(self, agent: Agent, path: str, body: Any, times: int = 1) -> None:
        """Press a button at the desk; pressed twice, it is one press."""
        key = uuid.uuid4().hex
        for _ in range(times):
            answer = insist(self._world, lambda: agent.post(path, body, key))
            if answer.status_code >= 300:
                self._world.wrong.append(f"the desk refused {path.rsplit('/', 1)[1]}: {answer.status_code} {answer.text[:120]}")
