"""Simulated shops for the report and the dashboard: made once a run, their truth known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts
from analytics.simulate import Plan, Truth, simulate
from analytics.sources.sql import open_store


@dataclass(frozen=True)
class Shop:
    """A tracker store, and the lake that was collected from it."""

    store: Path
    lake: Path
    truth: Truth
    marts: Any


@cache
def shop(plan: Plan) -> Shop:
    """The shop of a plan."""
    folder = Path(mkdtemp(prefix="lingxi-shop-"))
    store = folder / "tracker.db"
    truth = simulate(plan, f"sqlite:///{store}")
    lake = Lake(folder / "lake")
    collect(lake, open_store(f"sqlite:///{store}"))
    return Shop(store, lake.path, truth, open_marts(lake))


EVENTFUL = Plan(days=21, conversations=130, promotion=None, defect=14, outage=18, ab_effect=0.4)
"""Swollen power banks from 15 to 18 October, an outage on the 19th, a bad agent A07, wording b is better."""
QUIET = Plan(days=21, conversations=50, promotion=None, defect=None, outage=None, bad_agent=None, ab_effect=0.0)
