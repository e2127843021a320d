"""What customers think of the service: ratings and suggestions."""

from __future__ import annotations

from typing import Protocol

from actions.gateways.http import BackOffice, Caller


class FeedbackGateway(Protocol):
    """Port to the feedback book. `caller.customer` may be None."""

    def rate(self, caller: Caller, conversation_id: str, score: int) -> int:
        """Write down a rating of 1 to 5; answers its number."""

    def amend(self, caller: Caller, number: int, conversation_id: str, score: int | None, text: str | None) -> None:
        """Change the score of this conversation's rating, or add its reason. Raises NotFound."""

    def suggest(self, caller: Caller, conversation_id: str, text: str) -> None:
        """Write down a suggestion."""


class HttpFeedback:
    """`FeedbackGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def rate(self, caller: Caller, conversation_id: str, score: int) -> int:
        body = {"conversation_id": conversation_id, "kind": "rating", "score": score}
        return int(self._http.post("/feedback", caller, body)["id"])

    def amend(self, caller: Caller, number: int, conversation_id: str, score: int | None, text: str | None) -> None:
        body = {"conversation_id": conversation_id, "score": score, "text": text and text[:1000]}
        self._http.patch(f"/feedback/{number}", caller, body)

    def suggest(self, caller: Caller, conversation_id: str, text: str) -> None:
        body = {"conversation_id": conversation_id, "kind": "suggestion", "text": text[:1000]}
        self._http.post("/feedback", caller, body)
