"""The shop's customer records: who is writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Customer:
    """A proven customer's card. `level` is the shop's word (普通, 银卡, 金卡, 钻石)."""

    id: str
    name: str
    level: str


class CustomerGateway(Protocol):
    """Port to the customer records."""

    def get(self, caller: Caller) -> Customer:
        """The acting customer's own card. Raises NotFound."""


class HttpCustomers:
    """`CustomerGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def get(self, caller: Caller) -> Customer:
        data = self._http.get("/customer", caller)
        return Customer(data["id"], data["name"], data["level"])
