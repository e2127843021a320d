"""Who shops: fictional names, numbers and addresses from `data/people.yml` and `data/places.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal

import yaml

from backoffice.models import Customer

DATA = Path(__file__).parent / "data"
CUSTOMERS = 200

Tier = Literal["next_day", "normal", "remote"]


@dataclass(frozen=True)
class Place:
    """A district; its tier decides the days on the road (document 01, 下单以后一般几天能送到)."""

    province: str
    city: str
    district: str
    tier: Tier
    house_carrier: bool
    """灵犀物流 delivers there itself."""
    weight: int


@dataclass(frozen=True)
class Home:
    """Where a customer's parcels go."""

    place: Place
    address: str
    """Whole, province and city included."""


@dataclass(frozen=True)
class Shopper:
    """A customer with what the orders are made from."""

    customer: Customer
    home: Home
    appetite: float
    """How often and how dear they buy; the median is 1."""


@dataclass(frozen=True)
class Words:
    """The lists of `people.yml`."""

    surnames: list[str]
    given_names: list[str]
    streets: list[str]
    communities: list[str]
    tags: list[str]
    remarks: list[str]
    couriers: list[str]
    companies: list[str]


def read_words() -> Words:
    return Words(**_yaml("people.yml"))


def read_places() -> list[Place]:
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        return [
            Place(
                province=row["province"],
                city=row["city"],
                district=row["district"],
                tier=_tier(row["tier"]),
                house_carrier=row["house_carrier"] == "1",
                weight=int(row["weight"]),
            )
            for row in csv.DictReader(file)
        ]


def customer_id(number: int) -> str:
    return f"C{number:06}"


def phone(number: int) -> str:
    """Shaped like a mobile number, and nobody's: 1380000 + the customer's number."""
    return f"1380000{number:04}"


def make_shoppers(rng: Random, now: datetime, words: Words, places: list[Place], first: int) -> list[Shopper]:
    """The crowd: every customer from number `first` on."""
    return [_shopper(rng, now, words, places, number) for number in range(first, CUSTOMERS + 1)]


def home_in(rng: Random, words: Words, place: Place) -> Home:
    front = place.province if place.province == place.city else place.province + place.city
    street = f"{rng.choice(words.streets)}{rng.randint(1, 199)}号{rng.choice(words.communities)}"
    door = f"{rng.randint(1, 12)}号楼{rng.randint(1, 18)}0{rng.randint(1, 4)}室"
    return Home(place, f"{front}{place.district}{street}{door}")


def _shopper(rng: Random, now: datetime, words: Words, places: list[Place], number: int) -> Shopper:
    [place] = rng.choices(places, [place.weight for place in places])
    name = rng.choice(words.surnames) + rng.choice(words.given_names)
    company = rng.random() < 0.05
    customer = Customer(
        id=customer_id(number),
        name=name,
        nickname=None,
        phone=phone(number),
        tags=["企业采购"] if company else sorted(rng.sample(words.tags, rng.choice((0, 0, 1, 1, 2)))),
        balance_fen=rng.choice((0, 0, 0, rng.randint(100, 20000))),
        special_invoice_qualified=company and rng.random() < 0.5,
        registered_at=now - timedelta(days=rng.randint(740, 1900), minutes=rng.randint(0, 1439)),
    )
    return Shopper(customer, home_in(rng, words, place), appetite=rng.lognormvariate(0, 1.1))


def _tier(text: str) -> Tier:
    match text:
        case "next_day" | "normal" | "remote":
            return text
        case _:
            raise ValueError(f"places.csv: no such tier: {text}")


def _yaml(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return content
