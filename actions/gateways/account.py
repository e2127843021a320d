"""What a customer has in the account: level, points, balance, gift cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class GiftCard:
    """A card with money on it; `valid_to` is a day, ISO 8601."""

    tail: str
    balance: str
    valid_to: str


@dataclass(frozen=True)
class Assets:
    """All of it. Money in yuan as text; days in ISO 8601; `next_level` is None at the top."""

    level: str
    spent: str
    next_level: str | None
    next_level_missing: str | None
    next_level_on: str | None
    points: int
    points_worth: str
    points_expiring: int
    points_expire_on: str
    balance: str
    gift_cards: tuple[GiftCard, ...]
    gift_cards_total: str
    coupons: int
    coupon_expires_on: str | None


class AccountGateway(Protocol):
    """Port to the customer's account."""

    def assets(self, caller: Caller) -> Assets:
        """What the acting customer has."""


class HttpAccount:
    """`AccountGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def assets(self, caller: Caller) -> Assets:
        data = self._http.get("/assets", caller)
        cards = tuple(GiftCard(card["tail"], card["balance"], card["valid_to"]) for card in data["gift_cards"])
        kept = {name: data[name] for name in Assets.__dataclass_fields__ if name != "gift_cards"}
        return Assets(gift_cards=cards, **kept)
