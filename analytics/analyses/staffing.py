"""How many people a half-hour needs: Erlang C, and a simulated queue that checks it.

Erlang C (A. K. Erlang, 1917): calls come at random (Poisson), take an exponential time, wait in one queue, and nobody
hangs up. It errs on the side of too many people when customers do give up.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

LARGEST_TEAM = 2000


@dataclass(frozen=True)
class Goal:
    """A service level: `share` of all customers wait at most `seconds`; nobody is busier than `occupancy`."""

    share: float = 0.80
    seconds: float = 20.0
    occupancy: float = 0.90


def waiting_probability(agents: int, load: float) -> float:
    """The chance to have to wait at all (Erlang C).

    Args:
        load: offered load in erlangs: arrivals a second times seconds of work each.
    """
    if load <= 0:
        return 0.0
    if agents <= load:
        return 1.0
    blocked = 1.0
    for each in range(1, agents + 1):  # Erlang B, by its recursion: no factorials to overflow
        blocked = load * blocked / (each + load * blocked)
    return agents * blocked / (agents - load * (1 - blocked))


def service_level(agents: int, arrivals: float, work_seconds: float, within_seconds: float) -> float:
    """The share of customers who wait at most `within_seconds`; `arrivals` a second."""
    load = arrivals * work_seconds
    if agents <= load:
        return 0.0 if load > 0 else 1.0
    return 1 - waiting_probability(agents, load) * math.exp(-(agents - load) * within_seconds / work_seconds)


def agents_needed(arrivals: float, work_seconds: float, goal: Goal | None = None) -> int:
    """The fewest people who reach the goal.

    Raises ValueError where more than 2,000 would be needed: such a figure comes of a wrong unit.
    """
    goal = goal or Goal()
    if arrivals <= 0 or work_seconds <= 0:
        return 0
    load = arrivals * work_seconds
    for agents in range(max(1, math.ceil(load / goal.occupancy)), LARGEST_TEAM + 1):
        if service_level(agents, arrivals, work_seconds, goal.seconds) >= goal.share:
            return agents
    raise ValueError(
        f"{load:.0f} erlangs need more than {LARGEST_TEAM} agents; are arrivals per second and work in seconds?"
    )


def simulated_service_level(
    agents: int,
    arrivals: float,
    work_seconds: float,
    within_seconds: float,
    *,
    customers: int = 40_000,
    seed: int = 1,
) -> float:
    """The same share in a queue that is played: no formula, only customers, people and a clock."""
    draw = np.random.default_rng(seed)
    come = np.cumsum(draw.exponential(1 / arrivals, customers))
    work = draw.exponential(work_seconds, customers)
    free = [0.0] * agents
    waits = np.empty(customers)
    for each in range(customers):
        begins = max(come[each], free[0])
        waits[each] = begins - come[each]
        heapq.heapreplace(free, begins + work[each])
    settled = waits[customers // 10 :]  # the queue begins empty
    return float((settled <= within_seconds).mean())
