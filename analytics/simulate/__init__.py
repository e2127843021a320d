"""Tracker stores of any size, made from a seed, with what is in them known: for tests, the demo and the bench.

The rows are those of Rasa's `events` table as our tracker store writes them, in the order in which they would have been
written. The same plan always makes the same store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from analytics.simulate.dirt import dirt_of
from analytics.simulate.plan import HOURS, Plan
from analytics.simulate.store import write
from analytics.simulate.talk import Row, Truth, Visit, material

__all__ = ["Plan", "Truth", "days", "simulate", "write_simulated"]

_RETURNING = 0.35  # of those who were not helped, within the day


def simulate(plan: Plan, url: str, told: Callable[[], None] = lambda: None) -> Truth:
    """Write a plan's events into a new tracker store; raises `StoreError` where there is one already.

    Args:
        told: is called after every day.
    """
    truth = Truth()

    def each() -> Iterator[list[Row]]:
        for rows in days(plan, truth):
            yield rows
            told()

    write(url, each())
    return truth


def write_simulated(plan: Plan, url: str, told: Callable[[], None]) -> tuple[Truth, Path]:
    """As `simulate`, and what is true of it in a file beside the store: the plan, and all that was counted."""
    truth = simulate(plan, url, told)
    where = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else Path("simulated")
    beside = where.with_suffix(".truth.json")
    planted = {name: getattr(plan, name) for name in ("promotion", "defect", "outage", "bad_agent", "ab_effect", "days")}
    known = {"plan": {**planted, "start": plan.start.isoformat()}, **vars(truth), "personal": sorted(truth.personal)}
    beside.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return truth, beside


def days(plan: Plan, truth: Truth) -> Iterator[list[Row]]:
    """The rows of each day, in the order in which they were stored. `truth` is filled as they come."""
    random = Random(plan.seed)
    late: list[Row] = []  # of visits that went on after midnight
    again: dict[int, list[tuple[float, str, str, dict[str, Any]]]] = {}
    for day in range(plan.days):
        visits = [*_new(plan, random, day), *again.pop(day, [])]
        rows = late
        for moment, sender, bucket, scene in visits:
            visit = Visit(plan, random, truth, sender, bucket, moment)
            visit.play(scene)
            rows.extend(visit.rows)
            if not visit.solved and random.random() < _RETURNING:
                back = visit.now + random.uniform(2 * 3600, 20 * 3600)
                on = day + (back >= plan.midnight(day + 1))
                again.setdefault(max(on, day + 1), []).append((max(back, plan.midnight(day + 1)), sender, bucket, scene))
                if on < plan.days:
                    truth.count(visit.start, "came_again")
        if plan.dirt:
            rows.extend(dirt_of(plan, random, truth, day, rows))
        rows.sort(key=lambda row: row[2])
        end = plan.midnight(day + 1)
        yield [row for row in rows if row[2] < end]
        late = [row for row in rows if row[2] >= end]
    yield late


def _new(plan: Plan, random: Random, day: int) -> Iterator[tuple[float, str, str, dict[str, Any]]]:
    expected = plan.visits(day)
    count = max(0, round(random.gauss(expected, expected**0.5)))
    scenes = material()["scenes"]
    promoted = material()["promotion"]["weights"] if day == plan.promotion else {}
    weights = [scene["weight"] * promoted.get(name, 1) for name, scene in scenes.items()]
    for _ in range(count):
        moment = plan.midnight(day) + random.choices(range(24), HOURS)[0] * 3600 + random.uniform(0, 3600)
        defect = random.random() < plan.defect_share(day)
        scene = material()["defect"] if defect else random.choices(list(scenes.values()), weights)[0]
        yield moment, f"{random.getrandbits(128):032x}", random.choice("ab"), scene
