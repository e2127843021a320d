"""A process dies the moment after the shop's commit: what was done is done once, and the customer hears so in the end."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import httpx
import pytest

from tests.e2e.line import Line
from tests.e2e.stack import Stack
from tests.e2e.test_customer_work import assert_refunded_once
from tests.e2e.writes import KINDS, Attempt, Kind, attempts
from tests.scale import SCALE

RESTART_SECONDS = 2.0  # the supervisor's
AT_ONCE = 5
FALSE = re.compile("没有办成|没办成|没有处理|连不上|再说一遍|再试")
UNKNOWN = re.compile("正在确认|仍在确认")
CANCEL = KINDS[0]
CHOSEN, EACH = KINDS if SCALE > 1 else KINDS[:3], min(20, 2 * SCALE)


class Crash:
    """What the line sets off: a process dies, and is started again as the supervisor would."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack, self.name = stack, name
        self.back = threading.Event()

    def __call__(self) -> None:
        self.stack.kill(self.name)
        threading.Timer(RESTART_SECONDS, self._start).start()

    def _start(self) -> None:
        self.stack.start(self.name)
        self.back.set()


@pytest.fixture(scope="module")
def line(stack: Stack) -> Iterator[Line]:
    """The actions reach the back office by a line that can be cut."""
    made = Line(stack.urls["backoffice"])
    for way in ({"LINGXI_BACKOFFICE_URL": made.url}, None):
        stack.own["actions"] = way or {}
        stack.kill("actions")
        stack.start("actions")
        if way:
            yield made
    made.close()


def fresh_shop(stack: Stack) -> None:
    """Seed the demo shop anew."""
    stack.kill("backoffice")
    for file in stack.folder.glob("backoffice.db*"):
        file.unlink()
    stack.__dict__.pop("used_orders", None)
    stack.start("backoffice")


def finished(attempt: Attempt) -> Attempt:
    """Say the last word, and go on asking while the outcome is not known."""
    said = [attempt.say(attempt.kind.last)]
    while UNKNOWN.search(said[-1]) and len(said) < 8:
        time.sleep(3)
        said.append(attempt.customer.say("好了吗"))
    attempt.heard = "\n".join(said)
    return attempt


def true_in_the_end(attempt: Attempt) -> None:
    assert attempt.rows() == 1, (attempt.kind.name, attempt.thing, attempt.rows(), attempt.heard)
    assert re.search(attempt.kind.told, attempt.heard), (attempt.kind.name, attempt.thing, attempt.heard)
    assert not FALSE.search(attempt.heard), (attempt.kind.name, attempt.heard)
    if attempt.kind is CANCEL:
        assert_refunded_once(attempt.customer.stack, attempt.thing)


def said(attempt: Attempt) -> list[str]:
    """What the customer said, as the tracker has it."""
    events = attempt.customer.stack.tracker(attempt.customer.sender)["events"]
    return [event["text"] for event in events if event["event"] == "user"]


@pytest.mark.parametrize("process", ["backoffice", "actions"])
@pytest.mark.parametrize("kind", CHOSEN, ids=lambda kind: kind.name)
def test_killed_at_the_commit(stack: Stack, line: Line, kind: Kind, process: str) -> None:
    if SCALE > 1:
        fresh_shop(stack)  # one shop has not enough orders for all
    tried = 0
    waiting = attempts(stack, kind)
    while tried < EACH and (together := list(islice(waiting, min(AT_ONCE, EACH - tried)))):
        crash = Crash(stack, process)
        line.arm(crash, len(together))
        with ThreadPoolExecutor(len(together)) as customers:
            for attempt in customers.map(finished, together):
                true_in_the_end(attempt)
        assert line.cut, "nothing was written"
        assert crash.back.wait(60)
        tried += len(together)
    assert tried, "the demo shop has none of these"
    print(f"{kind.name}, {process} killed: {tried}")


def test_a_longer_outage_keeps_the_key_and_does_not_double(stack: Stack, line: Line) -> None:
    attempt = next(attempts(stack, CANCEL))
    confirm = next(button["payload"] for button in attempt.customer.buttons if "确认" in button["title"])
    line.arm(lambda: stack.kill("backoffice"))
    try:
        first = attempt.customer.say(confirm)
        second = attempt.customer.say("确认")
    finally:
        stack.start("backoffice")
    assert UNKNOWN.search(first) and UNKNOWN.search(second) and not FALSE.search(first + second)
    attempt.heard = attempt.customer.say("确认")
    true_in_the_end(attempt)
    assert said(attempt) == [f"取消订单{attempt.thing}", "/chat_affirm", "确认", "确认"], "each message once"


def test_another_wish_after_the_outage_gets_both_answers(stack: Stack, line: Line) -> None:
    attempt = next(attempts(stack, CANCEL))
    line.arm(lambda: stack.kill("backoffice"))
    try:
        assert UNKNOWN.search(attempt.say("!确认取消"))
    finally:
        stack.start("backoffice")
    attempt.heard = attempt.customer.say("我有多少积分")
    true_in_the_end(attempt)
    assert "灵犀币" in attempt.heard.splitlines()[-1] or "积分" in attempt.heard


def test_rasa_dies_at_the_commit(stack: Stack, line: Line) -> None:
    attempt = next(attempts(stack, CANCEL))
    confirm = next(button["payload"] for button in attempt.customer.buttons if "确认" in button["title"])
    line.arm(lambda: stack.kill("rasa"))
    try:
        with pytest.raises(httpx.HTTPError):
            attempt.customer.say(confirm, message_id="the-click")
    finally:
        stack.start("rasa")
    attempt.heard = attempt.customer.say(confirm, message_id="the-click")
    true_in_the_end(attempt)
    assert said(attempt) == [f"取消订单{attempt.thing}", "/chat_affirm"], "each message once"
