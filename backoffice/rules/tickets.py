"""Tickets after they were opened (document 10, 提交的工单在哪里查进度)."""

from __future__ import annotations

from backoffice.rules.facts import Decision, allow, refuse
from backoffice.states import TicketState

URGES_A_DAY = 2
ONCE_PER_ORDER = frozenset({"repeated_contact", "refund_dispute"})
"""Kinds of which an order has one open ticket at a time: saying it again adds to it."""


def comment(state: TicketState) -> Decision:
    if not state.is_open:
        return refuse("ticket_closed", f"工单{state.label}，不能再补充。还有问题请新建工单。")
    return allow()


def withdraw(kind: str, state: TicketState) -> Decision:
    if kind != "complaint":
        return refuse("ticket_not_complaint", "只有投诉可以撤回。这张工单可以补充说明，或者转人工。")
    if not state.is_open:
        return refuse("ticket_closed", f"工单{state.label}，不用再撤回。")
    return allow()


def urge(state: TicketState, urged_today: int) -> Decision:
    if not state.is_open:
        return refuse("ticket_closed", f"工单{state.label}，不需要再催。还有问题请新建工单。")
    if urged_today >= URGES_A_DAY:
        return refuse("ticket_urge_limit", "同一工单每天可以催办 2 次，今天已经催过 2 次，专人会尽快回复您。")
    return allow()
