"""What became of a write whose answer was lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from actions.gateways.http import BackOffice, Caller


class OutcomeGateway(Protocol):
    """The shop's memory of what it answered to each key."""

    def known(self, caller: Caller, key: str) -> bool:
        """Whether a write of the caller's with this key was done. A read."""


class HttpOutcomes:
    """`OutcomeGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def known(self, caller: Caller, key: str) -> bool:
        found = self._http.outcome(replace(caller, key=key))
        return found is not None and found[0] < 300
