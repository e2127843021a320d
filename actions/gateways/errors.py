"""What can go wrong between an action and a system of the shop, as a small tree that names the reply.

    GatewayError            utter_chat_backend_failed       the system answered something unexpected
    ├── Unavailable         utter_chat_backend_unavailable  it could not be reached in time
    ├── NotFound            utter_chat_not_found            it does not exist, or is not this customer's
    ├── Rejected            utter_chat_rejected             a rule of the shop says no; `code` says which
    └── OutcomeUnknown      utter_chat_outcome_unknown      a write was sent and its answer lost: done or not, nobody knows yet
"""

from __future__ import annotations

from typing import Any


class GatewayError(Exception):
    """A call to a system of the shop failed; `response` is the domain response that tells the customer."""

    response = "utter_chat_backend_failed"


class Unavailable(GatewayError):
    """The system could not be reached, or did not answer a read in time. Nothing was done."""

    response = "utter_chat_backend_unavailable"


class NotFound(GatewayError):
    """The thing does not exist or belongs to somebody else: the shop answers both alike."""

    response = "utter_chat_not_found"


class Rejected(GatewayError):
    """A business rule refused the request and nothing was changed.

    Attributes:
        code: machine-readable reason, e.g. ``order_shipped``.
        detail: the shop's own kind explanation for the customer, with the next step.
    """

    response = "utter_chat_rejected"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class OutcomeUnknown(GatewayError):
    """A write was sent and no answer came. The same call with the same key is safe, and tells what became of it."""

    response = "utter_chat_outcome_unknown"


def refusal(problem: Any) -> GatewayError:
    """What a 409 or 422 means: a rule's "no" in words for the customer, or else a request of ours that cannot be."""
    if not isinstance(problem, dict):
        return GatewayError("back office answered something unexpected")
    code = str(problem.get("code", ""))
    if problem.get("for_customer") is True:
        return Rejected(code, str(problem.get("detail", "")))
    return GatewayError(f"back office did not take the request: {code}")
