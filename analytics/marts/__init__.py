"""Rows to count: messages, turns, sessions, conversations, customer-days, agent-days, intent-hours and forms."""

from analytics.marts.store import open_figures, open_marts, quality

__all__ = ["open_figures", "open_marts", "quality"]
