"""The demo shop's page: goods, a picker of customers, and the web chat. Only where LINGXI_DEMO=1."""

from __future__ import annotations

from backoffice.demo.routes import router

__all__ = ["router"]
