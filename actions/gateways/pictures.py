"""Pictures of what is wrong, kept with the slip or ticket that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actions.gateways.http import BackOffice, Caller


class PictureGateway(Protocol):
    """Port to the pictures of slips and tickets."""

    def attach(self, caller: Caller, number: str, conversation_id: str, pictures: Sequence[dict[str, str]]) -> None:
        """Add `{"id", "type"}` of this conversation to the customer's slip (TH…) or ticket (GD…); one that is there already
        is no second one. Raises Rejected (`already_over`), NotFound."""


class HttpPictures:
    """`PictureGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def attach(self, caller: Caller, number: str, conversation_id: str, pictures: Sequence[dict[str, str]]) -> None:
        told = {"number": number, "conversation_id": conversation_id, "pictures": list(pictures)}
        self._http.post("/pictures", caller, told)
