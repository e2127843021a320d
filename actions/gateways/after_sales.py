"""The shop's after-sales desk: refunds, returns, exchanges, repairs, each with a return slip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from actions.gateways.http import BackOffice, Caller


@dataclass(frozen=True)
class Return:
    """A return slip.

    Attributes:
        kind_label, state: the shop's words; `state_code`: reviewing, awaiting_goods, inspecting, repairing, refunding,
            refunded, done, rejected, withdrawn, closed.
        refund_amount: yuan with two decimals, or None where no money moves.
        next_step: what the customer does or waits for next, in the shop's words.
    """

    slip: str
    order_number: str
    title: str
    kind_label: str
    state: str
    state_code: str
    refund_amount: str | None
    refund_route: str | None
    refund_eta: str | None
    next_step: str


class AfterSalesGateway(Protocol):
    """Port to the after-sales desk. All calls see only `caller.customer`'s slips."""

    def open(self, caller: Caller, order_number: str, line: int | None, kind: str, reason: str | None) -> Return:
        """Open a slip; kind is refund, return, exchange or repair. Raises Rejected (`return_window_passed`, …)."""

    def recent(self, caller: Caller, only_open: bool = False) -> list[Return]:
        """The customer's slips, newest first."""

    def get(self, caller: Caller, slip: str) -> Return:
        """One slip. Raises NotFound."""

    def withdraw(self, caller: Caller, slip: str) -> Return:
        """Withdraw the request. Raises Rejected."""


class HttpAfterSales:
    """`AfterSalesGateway` over the back office's HTTP API."""

    def __init__(self, http: BackOffice) -> None:
        self._http = http

    def open(self, caller: Caller, order_number: str, line: int | None, kind: str, reason: str | None) -> Return:
        """See `AfterSalesGateway.open`."""
        body = {"order_number": order_number, "line": line, "kind": kind, "reason": reason}
        return _return(self._http.post("/returns", caller, body))

    def recent(self, caller: Caller, only_open: bool = False) -> list[Return]:
        """See `AfterSalesGateway.recent`."""
        answer = self._http.get("/returns", caller, open="true" if only_open else None)
        return [_return(item) for item in answer["items"]]

    def get(self, caller: Caller, slip: str) -> Return:
        """See `AfterSalesGateway.get`."""
        return _return(self._http.get(f"/returns/{slip}", caller))

    def withdraw(self, caller: Caller, slip: str) -> Return:
        """See `AfterSalesGateway.withdraw`."""
        return _return(self._http.post(f"/returns/{slip}/cancel", caller, {}))


def _return(data: dict[str, Any]) -> Return:
    return Return(
        slip=data["slip"],
        order_number=data["order_number"],
        title=data.get("item") or "",
        kind_label=data["kind_label"],
        state=data["state"],
        state_code=data["state_code"],
        refund_amount=data.get("refund_amount"),
        refund_route=data.get("refund_route"),
        refund_eta=data.get("refund_eta"),
        next_step=data.get("next_step") or "",
    )
