"""What no shop orders and every shop has: floods, redelivered events, clocks that jump."""

from __future__ import annotations

from random import Random

from analytics.simulate.plan import Plan
from analytics.simulate.talk import Row, Truth, Visit, material

FLOOD = 300
REDELIVERED = 15


def dirt_of(plan: Plan, random: Random, truth: Truth, day: int, rows: list[Row]) -> list[Row]:
    """The dirt of a day: a flood every fifth day, some rows twice every day."""
    made = random.sample(rows, min(REDELIVERED, len(rows)))
    truth.dirt["redelivered"] += len(made)
    if day % 5 == 2:
        flood = Visit(plan, random, Truth(), f"flood{day:027}", "a", plan.midnight(day) + 4 * 3600)
        for _ in range(FLOOD):
            flood.now -= 10  # nobody types that fast
            flood.exchange(material()["greetings"])
        truth.dirt["floods"] += 1
        truth.dirt["flood_messages"] += FLOOD
        made = [*made, *flood.rows]
    return made
