"""A shop's doors open: many conversations begun within seconds, each by another customer: `python -m bench.opening`.

With the limits of a shop as they are by default; every customer has an address of their own.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.e2e.stack import Stack

FIRST_WORDS = ("你好", "运费怎么算", "我的订单到哪了", "转人工")


def begin(stack: Stack, number: int, at: float) -> tuple[int, float]:
    """One customer's first words at this moment; status, and seconds until the answer."""
    body = {"sender": f"bench-{uuid.uuid4().hex}", "message": FIRST_WORDS[number % len(FIRST_WORDS)]}
    address = {"X-Forwarded-For": f"198.18.{number // 250}.{number % 250 + 1}"}
    time.sleep(max(0.0, at - time.monotonic()))
    started = time.monotonic()
    answer = httpx.post(f"{stack.urls['rasa']}/webhooks/rest/webhook", json=body, headers=address, timeout=120)
    return answer.status_code, time.monotonic() - started


def main() -> None:
    """Serve, begin, print one line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--conversations", type=int, default=300)
    options.add_argument("--seconds", type=float, default=10.0)
    args = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="lingxi-bench-") as folder:
        stack = Stack(Path(folder))
        stack.environ["LINGXI_LIMITS_TIMES"] = "1"
        try:
            stack.start()
            begin(stack, 0, 0.0)
            start = time.monotonic() + 2
            with ThreadPoolExecutor(args.conversations) as customers:
                answers = list(
                    customers.map(
                        lambda number: begin(stack, number, start + number * args.seconds / args.conversations),
                        range(args.conversations),
                    )
                )
        finally:
            stack.kill()
    taken = [seconds for _, seconds in answers]
    p50, p95 = (statistics.quantiles(taken, n=100, method="inclusive")[percent - 1] for percent in (50, 95))
    statuses = dict(Counter(status for status, _ in answers))
    print(f"{args.conversations} conversations begun in {args.seconds:g} s: p50 {p50:.1f} s, p95 {p95:.1f} s, {statuses}")


if __name__ == "__main__":
    main()
