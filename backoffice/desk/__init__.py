"""The agents' page: the queue, the conversation, the customer at a glance."""

from __future__ import annotations

from backoffice.desk.routes import router

__all__ = ["router"]
