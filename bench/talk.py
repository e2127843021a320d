"""What customers say to each side, and what is measured of the answers."""

from __future__ import annotations

import http.client
import json
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.sides import PROCESSES, Serving

CUSTOMER = "C000001"
REQUEST_SECONDS = 120
PLACES = (10, 300, 2000)
"""Which messages of one long conversation are timed."""
CHUNK = 400  # events added by one request


def script(number: str) -> tuple[str, ...]:
    """What a customer types in one conversation: greeting, status, a rule, a form's turns, nonsense, thanks."""
    return (
        "你好",
        "我的订单到哪了",
        number,
        "运费怎么算",
        f"帮我取消订单{number}",
        "不用了",
        "哔哩吧啦 qwe 咕噜",
        "谢谢",
    )


@dataclass
class Timed:
    """Seconds of each answer and of the whole, and CPU seconds of each process, over all rounds."""

    answers: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PROCESSES, 0.0))

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.answers) / self.wall

    def percentile(self, percent: int) -> float:
        """Milliseconds within which this many of a hundred answers came."""
        return 1000 * statistics.quantiles(self.answers, n=100, method="inclusive")[percent - 1]

    def cpu_of_one(self, process: str) -> float:
        """CPU milliseconds of a process for one message."""
        return 1000 * self.cpu[process] / len(self.answers)

    def cpu_in_all(self) -> float:
        """CPU milliseconds of all processes for one message."""
        return sum(map(self.cpu_of_one, self.cpu))


class Conversation:
    """One customer's conversation over one connection."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self.sender = f"bench-{uuid.uuid4().hex}"
        address = urlsplit(serving.urls["rasa"])
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=REQUEST_SECONDS)

    def say(self, text: str) -> float:
        """Type something; the seconds until the answer. Raises RuntimeError when it is refused."""
        token = self._serving.token(CUSTOMER)
        body = {"sender": self.sender, "metadata": {"customer_token": token}, "message": text}
        content = json.dumps(body)
        started = time.perf_counter()
        self._connection.request("POST", "/webhooks/rest/webhook", content, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        told = answer.read()
        taken = time.perf_counter() - started
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} to {text!r}: {told[:200]!r}")
        return taken

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def converse(serving: Serving, texts: tuple[str, ...]) -> list[float]:
    """A whole conversation; the seconds of each answer."""
    conversation = Conversation(serving)
    try:
        return [conversation.say(text) for text in texts]
    finally:
        conversation.close()


def crowd(serving: Serving, texts: tuple[str, ...], at_once: int, conversations: int, timed: Timed) -> None:
    """This many conversations, so many of them at once; adds to `timed`."""
    before, started = serving.cpu(), time.perf_counter()
    with ThreadPoolExecutor(at_once) as customers:
        for taken in customers.map(lambda _: converse(serving, texts), range(conversations)):
            timed.answers += taken
    timed.wall += time.perf_counter() - started
    for process, seconds in serving.cpu().items():
        timed.cpu[process] += seconds - before[process]


def long_conversation(serving: Serving, texts: tuple[str, ...], places: tuple[int, ...]) -> dict[int, Timed]:
    """What the script takes once (about) so many messages of one conversation lie behind it, for each of `places`.

    What lies between is not said: the events of the script's turns are added again and again, by Rasa's API.
    """
    conversation = Conversation(serving)
    measured = {}
    try:
        for text in texts:
            conversation.say(text)
        said = len(texts)
        turns: list[dict[str, Any]] = []
        for place in places:
            if turns:
                said += _repeat(serving, conversation.sender, turns, place - said)
            before, timed = serving.cpu(), Timed()
            timed.answers = [conversation.say(text) for text in texts]
            said += len(texts)
            timed.wall = sum(timed.answers)
            timed.cpu = {process: seconds - before[process] for process, seconds in serving.cpu().items()}
            measured[place] = timed
            turns = turns or _last_turns(serving.events(conversation.sender), len(texts))
    finally:
        conversation.close()
    return measured


def _last_turns(events: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """The events of the last turns, at most so many."""
    said = [place for place, event in enumerate(events) if event["event"] == "user"]
    return events[said[-number:][0] :]


def _repeat(serving: Serving, sender: str, turns: list[dict[str, Any]], messages: int) -> int:
    """Add these turns until at least so many messages are added; how many were."""
    each = len([event for event in turns if event["event"] == "user"])
    times = max(0, -(-messages // each))
    now = time.time()
    added = [{**event, "timestamp": now} for event in turns] * times
    for place in range(0, len(added), CHUNK):
        serving.add_events(sender, added[place : place + CHUNK])
    return int(times * each)
