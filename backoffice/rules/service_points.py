"""Where goods are repaired near the customer (document 04, 附近的售后维修点): one authorised point a city.

Invented for the demonstration shop; a shop replaces the file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "service_points.csv"


@dataclass(frozen=True)
class ServicePoint:
    province: str
    city: str
    name: str
    address: str
    phone: str
    hours: str


@cache
def all_points() -> tuple[ServicePoint, ...]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        return tuple(ServicePoint(**row) for row in csv.DictReader(file))


def nearest(province: str, city: str) -> ServicePoint | None:
    """The point in the city, else in the province; None where there is none (the goods are sent in then)."""
    in_city = [point for point in all_points() if point.city == city]
    in_province = [point for point in all_points() if point.province == province]
    return next(iter(in_city or in_province), None)
